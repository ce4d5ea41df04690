"""notegen show, through the program's entry point."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import partial

import pytest
from notegen_cli.main import main

from notegen.score import Score

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def run(run, monkeypatch):
    """Return a function that runs ``notegen show`` in a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    return partial(run, "show")


@pytest.fixture
def jig(tmp_path, tune):
    tune((6, 8), bars=4).write(tmp_path / "jig.mid")
    return "jig.mid"


@pytest.fixture
def take(tmp_path, jig, bundle_path, monkeypatch):
    """Continue the jig by two bars."""
    monkeypatch.chdir(tmp_path)
    command = ["notegen", "compose", jig, "--model", str(bundle_path), "--bars", "2", "--seed", "1"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit):
        main()
    return "jig-takes/jig-1.mid"


def test_a_file_is_printed(run, jig):
    code, out, err = run(jig)
    assert (code, err) == (0, "")
    assert out.startswith("jig.mid\n   1            2            3            4\n")
    assert "\x1b" not in out


def test_the_text_is_as_wide_as_the_terminal(run, jig, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, run(jig)[1].splitlines())) <= 40


def test_a_take_has_its_seam_marked(run, take):
    assert "5 new" in run(take)[1]
    assert run(take, "--output", "take.svg")[0] == 0
    texts = [element.text for element in ET.parse("take.svg").iter(f"{SVG}text")]
    assert "new" in texts


def test_several_files_stand_below_each_other(run, jig, take):
    out = run(jig, take)[1]
    assert out.index("jig.mid") < out.index("\n\njig-1.mid\n")
    code, out, _ = run(jig, take, "--output", "both.svg")
    titles = [element.text for element in ET.parse("both.svg").iter(f"{SVG}text") if element.get("class")]
    assert (code, titles) == (0, ["jig.mid", "jig-1.mid"])
    assert out.startswith("both.svg  2 files, 10 bars, ")


def test_a_png_is_written_and_told(run, jig, tmp_path):
    code, out, err = run(jig, "--output", "jig.png")
    assert (code, err) == (0, "")
    assert out.startswith("jig.png  4 bars, ") and out.endswith(" notes\n")
    assert (tmp_path / "jig.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["jig.pdf", "jig"])
def test_another_kind_of_picture_is_bad_usage(run, jig, name, tmp_path):
    code, out, err = run(jig, "--output", name)
    assert (code, out) == (2, "")
    assert "end the name in .png or .svg" in err
    assert not (tmp_path / name).exists()


def test_an_existing_picture_is_kept_unless_forced(run, jig, tmp_path):
    (tmp_path / "jig.svg").write_text("mine")
    code, _, err = run(jig, "--output", "jig.svg")
    assert (code, err.count("\n")) == (2, 1)
    assert (tmp_path / "jig.svg").read_text() == "mine"
    assert run(jig, "--output", "jig.svg", "--force")[0] == 0
    assert (tmp_path / "jig.svg").read_text().startswith("<svg")


def test_a_missing_file_is_told(run, jig):
    code, out, err = run(jig, "gone.mid")
    assert (code, out) == (1, "")
    assert err.startswith("notegen: gone.mid: cannot be read")


@pytest.mark.parametrize("output", [[], ["--output", "a.png"]], ids=["text", "picture"])
def test_a_file_that_cannot_be_drawn_is_told_by_its_name(run, tmp_path, output):
    Score().write(tmp_path / "empty.mid")
    Score.of([(0, 10, 60), (96 * 6000, 10, 60)], resolution=24).write(tmp_path / "endless.mid")
    for name, reason in (("empty.mid", "no note"), ("endless.mid", "6,001 bars")):
        code, out, err = run(name, *output)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert err.startswith(f"notegen: {name}: ") and reason in err


def test_no_file_is_bad_usage(run):
    assert run()[0] == 2


def program(arguments, cwd, encoding):
    command = [sys.executable, "-c", "from notegen_cli.main import main; main()", "show", *arguments]
    environment = {"PYTHONIOENCODING": encoding, "COLUMNS": "80", "PYTHONUTF8": "0"}
    return subprocess.run(command, cwd=cwd, capture_output=True, check=False, env=environment)


def test_a_terminal_without_blocks_gets_ascii(jig, tmp_path):
    (tmp_path / jig).rename(tmp_path / "gigue à la carte.mid")
    done = program(["gigue à la carte.mid"], tmp_path, "ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode("ascii").splitlines()
    assert lines[0].startswith("gigue ") and lines[0].endswith(" la carte.mid")
    assert any(line.startswith("C5 |") for line in lines)
    assert any(notes in done.stdout for notes in (b"''", b".."))


def test_a_terminal_with_blocks_gets_them(jig, tmp_path):
    for encoding in ("utf-8", "cp437"):
        assert {"▀▀", "▄▄"} & set(
            re.findall("▀▀|▄▄", program([jig], tmp_path, encoding).stdout.decode(encoding))
        )
