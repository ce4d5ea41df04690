"""Forms of takes, through the program's entry point: in this process, or in ones of their own."""

import json
import os
import subprocess
import sys
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

from notegen import formats
from notegen.errors import RangeError
from notegen.generation import forms

ALL = ("wav", "png", "pdf", "musicxml", "abc")
LOADED = """
from notegen_cli.main import main
import sys
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
parts = [name for name in sys.modules if name.startswith(("notegen.rendering", "notegen.notation"))]
outside = {"verovio", "typst", "soundfile", "fluidsynth", "resvg_py", "music21", "symusic", "pretty_midi"}
small = ["", ".spelling", ".metre", ".rhythm", ".rounding"]  # names, beats, and what was played on them
small = {f"notegen.notation{name}" for name in small}
print(sorted({*parts, *(outside & set(sys.modules))} - small), file=sys.stderr)
"""


@pytest.fixture(autouse=True)
def _small_font(monkeypatch):
    font = Path(find_spec("pretty_midi").origin).with_name("TimGM6mb.sf2")
    monkeypatch.setenv("NOTEGEN_SOUNDFONT", str(font))


@pytest.fixture
def run(run, tune, bundle_path):
    """Return a function that continues a jig by a bar in one take: exit code, output and errors."""
    tune((6, 8), bars=2).write("jig.mid")
    few = ["--bars", "1", "--variations", "1", "--seed", "3", "--model", bundle_path]
    return partial(run, "compose", *few)


def options(*names):
    return [f"--{name}" for name in names]


def names(folder="jig-takes"):
    return sorted(path.name for path in Path(folder).iterdir())


def test_all_forms_are_written_and_told(run):
    pytest.importorskip("verovio")
    code, out, err = run("jig.mid", *options(*ALL, "sheet"))
    assert (code, err) == (0, "")
    assert names() == sorted(["jig-1.mid", *(f"jig-1.{form}" for form in ALL), "jig.html", "jig.json"])
    assert "beside each: .wav, .png, .pdf, .musicxml, .abc\n" in out
    assert f"all on one page: {Path('jig-takes', 'jig.html')}\n" in out
    said = json.loads(Path("jig-takes/jig.json").read_text())
    assert said["options"]["forms"] == [*ALL, "sheet"]
    assert said["seam"] == 2 * 3 * 480


@pytest.mark.parametrize("form", ["png", "abc", "musicxml"])
def test_one_form_alone_is_written(run, form):
    out = run("jig.mid", f"--{form}")[1]
    assert names() == sorted(["jig-1.mid", f"jig-1.{form}", "jig.json"])
    assert f"beside each: .{form}\n" in out and "on one page" not in out


def test_without_forms_nothing_is_told_of_them(run):
    out = run("jig.mid")[1]
    assert names() == ["jig-1.mid", "jig.json"]
    assert "beside" not in out and "on one page" not in out


def test_the_json_is_that_of_the_sidecar(run):
    code, out, err = run("jig.mid", "--json", *options("wav", "abc"))
    said = json.loads(out)
    assert (code, err) == (0, "")
    assert (said.pop("folder"), said.pop("sidecar")) == ("jig-takes", str(Path("jig-takes", "jig.json")))
    assert said == json.loads(Path("jig-takes/jig.json").read_text())
    assert said["sound"]["soundfont"] == "TimGM6mb.sf2"


def test_the_next_run_passes_over_what_forms_are_left(run):
    Path("jig-takes").mkdir()
    Path("jig-takes/jig-1.wav").write_text("mine")
    assert run("jig.mid", "--abc")[0] == 0
    assert names() == ["jig-1.wav", "jig-2.abc", "jig-2.json", "jig-2.mid"]
    assert run("jig.mid", "--wav", "--force")[0] == 0
    assert Path("jig-takes/jig-1.wav").read_bytes().startswith(b"RIFF")


def test_the_new_bars_alone_have_no_seam(run):
    assert run("jig.mid", "--only-new", *options("abc", "musicxml"))[0] == 0
    assert json.loads(Path("jig-takes/jig.json").read_text())["seam"] is None
    for form in ("abc", "musicxml"):
        assert "new" not in Path(f"jig-takes/jig-1.{form}").read_text().replace("notegen", "")


def test_a_missing_extra_is_told_before_anything_is_written(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    code, out, err = run("jig.mid", "--pdf", "--abc")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert 'pip install "notegen[engrave]"' in err
    assert names(".") == ["jig.mid"]


def test_a_form_that_fails_is_one_line_and_leaves_the_takes(run, monkeypatch):
    def fail(*_):
        raise RangeError("the picture would be too tall")

    monkeypatch.setitem(forms.WRITERS, "png", fail)
    code, _, err = run("jig.mid", "--png")
    assert (code, err.count("\n")) == (1, 1)
    assert "the picture would be too tall" in err
    assert names() == ["jig-1.mid", "jig.json"]
    assert len(formats.read("jig-takes/jig-1.mid").bars()) - 1 == 3


def test_a_seed_in_musicxml_is_continued(run):
    seed = formats.read("jig.mid")
    seed.write("jig.musicxml")
    code, out, err = run("jig.musicxml", "--musicxml", "--output", "here")
    assert (code, err) == (0, "")
    assert "2 bars, 6/8, D major" in out
    assert names("here") == ["jig-1.mid", "jig-1.musicxml", "jig.json"]
    take = formats.read("here/jig-1.mid").notes
    assert take[: len(seed.notes)].tolist() == seed.notes.tolist()
    assert len(take) > len(seed.notes)


def program(tmp_path, tune, bundle_path, *arguments):
    """Run the program in a process of its own; return what it loaded."""
    tune((6, 8), bars=2).write(tmp_path / "jig.mid", force=True)
    few = ["jig.mid", "--bars", "1", "--variations", "1", "--seed", "3", "--model", str(bundle_path)]
    command = [sys.executable, "-c", LOADED, "compose", *few, *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    return done.stderr.splitlines()[-1]


def test_without_forms_nothing_of_them_is_loaded(tmp_path, tune, bundle_path):
    assert program(tmp_path, tune, bundle_path) == "[]"
    assert "notegen.rendering.pianoroll" in program(tmp_path, tune, bundle_path, "--png", "--force")


def test_the_same_command_writes_the_same_bytes(tmp_path, tune, bundle_path, monkeypatch):
    """In processes of their own, as what a process has drawn before must not show."""
    pytest.importorskip("verovio")
    for name, number in (("a", "1"), ("b", "2")):
        monkeypatch.setitem(os.environ, "PYTHONHASHSEED", number)
        program(tmp_path, tune, bundle_path, *options(*ALL, "sheet"), "--output", name)
    first, second = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in "ab")
    assert len(first) == 3 + len(ALL)
    assert first == second
