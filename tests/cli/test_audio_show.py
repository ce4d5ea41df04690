"""notegen audio show, through the program's entry point."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from functools import partial

import numpy as np
import pytest
import soundfile

RATE = 22_050
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def run(run, monkeypatch):
    """Return a function that runs ``notegen audio show`` in a terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    return partial(run, "audio", "show")


@pytest.fixture
def save(tmp_path):
    """Return a function that writes a rising tone of so many seconds."""

    def write(name, seconds=4.0, level=0.5):
        time = np.arange(round(RATE * seconds)) / RATE
        soundfile.write(tmp_path / name, level * np.sin(2 * np.pi * (200 + 300 * time) * time), RATE)
        return name

    return write


@pytest.fixture
def take(save, tmp_path):
    said = {"seam": 2.0, "takes": [{"file": "song-1.wav", "joins": [2.0, 3.0]}]}
    (tmp_path / "song.json").write_text(json.dumps(said))
    return save("song-1.wav")


def test_a_file_is_printed(run, save):
    code, out, err = run(save("song.wav"))
    lines = out.splitlines()
    assert (code, err) == (0, "")
    assert (lines[0], len(lines)) == ("song.wav  0:04.0", 22)
    assert "\x1b" not in out and "█" in out
    assert max(map(len, lines)) == 80


def test_a_take_has_its_seam_marked(run, take):
    out = run(take)[1].splitlines()
    assert out[-1].startswith(" new ") and out[-1].index("╙") in (42, 43)
    assert run(take, "--output", "take.svg")[0] == 0
    texts = [element.text for element in ET.parse("take.svg").iter(f"{SVG}text")]
    assert "new" in texts and "2 joins" in texts


def test_several_files_stand_below_each_other(run, save, take):
    song = save("song.flac", 6.0)
    out = run(song, take)[1]
    assert out.index("song.flac") < out.index("\n\nsong-1.wav")
    code, out, err = run(song, take, "--output", "both.svg")
    assert (code, out, err) == (0, "both.svg  2 files, 10.0 s\n", "")
    widths = [float(element.get("width")) for element in ET.parse("both.svg").iter(f"{SVG}image")]
    assert widths == [1125, 750]


def test_a_png_is_written_and_told(run, save, tmp_path):
    assert run(save("song.ogg"), "--output", "song.png") == (0, "song.png  4.0 s\n", "")
    assert (tmp_path / "song.png").read_bytes().startswith(b"\x89PNG")


def test_a_terminal_with_colours_gets_them(run, save, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("COLORTERM", "truecolor")
    song = save("song.wav")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[38;2;" in run(song)[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(song)[1]


def test_another_kind_of_picture_is_bad_usage(run, save, tmp_path):
    code, out, err = run(save("song.wav"), "--output", "song.pdf")
    assert (code, out) == (2, "")
    assert "end the name in .png or .svg" in err
    assert not (tmp_path / "song.pdf").exists()


def test_an_existing_picture_is_kept_unless_forced(run, save, tmp_path):
    (tmp_path / "song.svg").write_text("mine")
    code, _, err = run(save("song.wav"), "--output", "song.svg")
    assert (code, err.count("\n")) == (2, 1)
    assert (tmp_path / "song.svg").read_text() == "mine"
    assert run("song.wav", "--output", "song.svg", "--force")[0] == 0
    assert (tmp_path / "song.svg").read_text().startswith("<svg")


@pytest.mark.parametrize("output", [[], ["--output", "a.png"]], ids=["text", "picture"])
def test_a_file_that_cannot_be_drawn_is_told_by_its_name(run, save, tmp_path, output):
    (tmp_path / "letter.wav").write_text("Dear Sir or Madam,\n" * 50)
    save("silence.wav", level=0)
    save("short.wav", 0.2)
    reasons = {"letter": "as sound", "silence": "silent", "short": "0.5 s are needed", "gone": "No such file"}
    for name, reason in reasons.items():
        code, out, err = run(f"{name}.wav", *output)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert err.startswith(f"notegen: {name}.wav") and reason in err
    assert not (tmp_path / "a.png").exists()


def test_no_file_is_bad_usage(run):
    assert run()[0] == 2


def test_a_terminal_without_blocks_gets_ascii(take, tmp_path):
    command = [sys.executable, "-c", "from notegen_cli.main import main; main()", "audio", "show", take]
    environment = {"PYTHONIOENCODING": "ascii", "COLUMNS": "80", "PYTHONUTF8": "0"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode("ascii").splitlines()
    assert any("###" in line for line in lines)
    assert "!----" in lines[-1] and "+" in lines[-1]
