import hashlib
import json
from functools import partial

import pytest
import soundfile

from notegen import __version__
from notegen.rendering import fluid, fonts


@pytest.fixture
def run(run, monkeypatch, tmp_path, tune):
    """Return a function that runs ``notegen render`` in a folder with two tunes: code, output, errors."""
    monkeypatch.delenv(fonts.VARIABLE, raising=False)
    for i, name in enumerate(("jig.mid", "reel.mid")):
        tune((6, 8), bars=1, seed=i).write(tmp_path / name)
    return partial(run, "render")


def sounds(folder):
    return sorted(path.name for path in folder.iterdir() if path.suffix not in (".mid", ".sf2"))


def test_a_file_becomes_sound_beside_it_with_its_origin(run, tmp_path):
    code, out, err = run("jig.mid", "--engine", "builtin")
    assert (code, err) == (0, "")
    assert sounds(tmp_path) == ["jig.wav", "jig.wav.json"]
    told = json.loads((tmp_path / "jig.wav.json").read_text())
    origin = hashlib.sha256((tmp_path / "jig.mid").read_bytes()).hexdigest()
    assert told["source"] == {"file": "jig.mid", "sha256": origin}
    assert told["notegen"] == __version__
    assert (told["engine"], told["rate"], told["depth"]) == ("builtin", 44100, "16")
    assert told["seconds"] == pytest.approx(soundfile.info("jig.wav").duration)
    assert len(told["soundfont_sha256"]) == 64
    assert isinstance(told["gain_db"], float)
    assert out.startswith("jig.wav: 0:0")
    assert out.count("\n") == 1
    assert f"builtin, {told['soundfont']}" in out


def test_several_files_are_rendered_in_one_go(run, tmp_path):
    code, out, _ = run("jig.mid", "reel.mid", "--engine", "builtin", "--rate", 8000)
    assert code == 0
    assert sounds(tmp_path) == ["jig.wav", "jig.wav.json", "reel.wav", "reel.wav.json"]
    assert out.count("\n") == 2


@pytest.mark.parametrize("name", ["x.flac", "x.ogg", "new/x.wav"])
def test_the_output_chooses_format_and_place(run, tmp_path, name):
    assert run("jig.mid", "--engine", "builtin", "--output", name, "--rate", 22050)[0] == 0
    assert soundfile.info(tmp_path / name).samplerate == 22050
    assert (tmp_path / f"{name}.json").exists()


@pytest.mark.parametrize("there", ["reel.wav", "reel.wav.json"])
def test_files_that_exist_are_refused_before_any_work(run, tmp_path, there):
    (tmp_path / there).write_text("mine")
    code, _, err = run("jig.mid", "reel.mid", "--engine", "builtin")
    assert code == 2
    assert f"{there} exists already" in err
    assert sounds(tmp_path) == [there]
    assert run("jig.mid", "reel.mid", "--engine", "builtin", "--force")[0] == 0
    assert (tmp_path / there).read_bytes()[:4] != b"mine"


def test_one_output_for_several_files_is_refused(run, tmp_path):
    code, _, err = run("jig.mid", "reel.mid", "--output", "x.wav")
    assert code == 2
    assert "--output names one file" in err
    assert sounds(tmp_path) == []


def test_two_files_of_one_name_are_refused(run, tmp_path):
    (tmp_path / "jig.abc").write_text("X:1\nK:D\nDEFG|\n")
    code, _, err = run("jig.mid", "jig.abc")
    assert code == 2
    assert "to one" in err


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["gone.mid"], 1, "gone.mid: cannot be read"),
        (["jig.mid", "--output", "x.aac"], 2, "end the name"),
        (["jig.mid", "--output", "x.ogg", "--depth", "24"], 2, "no depth"),
        (["jig.mid", "--soundfont", "gone.sf2"], 1, "gone.sf2"),
        (["jig.mid", "--rate", "7"], 2, "7"),
        (["silent.mid"], 1, "silent.mid: there are no notes to play"),
    ],
)
def test_what_goes_wrong_is_one_sentence(run, tmp_path, arguments, code, said):
    empty = b"MThd\0\0\0\6\0\0\0\1\1\xe0" + b"MTrk\0\0\0\4\0\xff\x2f\0"
    (tmp_path / "silent.mid").write_bytes(empty)
    found, _, err = run(*arguments)
    assert found == code
    assert said in err
    assert "Traceback" not in err
    assert sounds(tmp_path) == []


def test_fluidsynth_without_its_library_is_told(run, monkeypatch):
    monkeypatch.setattr(fluid, "binding", lambda: None)
    code, _, err = run("jig.mid", "--engine", "fluidsynth")
    assert code == 2
    assert "sudo apt install libfluidsynth3" in err
    assert err.count("\n") == 1


def test_a_font_that_the_variable_names_is_played(run, tmp_path, monkeypatch, timgm_copy):
    monkeypatch.setenv(fonts.VARIABLE, str(timgm_copy))
    assert run("jig.mid", "--engine", "builtin")[0] == 0
    assert json.loads((tmp_path / "jig.wav.json").read_text())["soundfont"] == "other.sf2"


@pytest.fixture
def timgm_copy(tmp_path):
    path = tmp_path / "other.sf2"
    path.write_bytes(next(fonts._carried()).read_bytes())
    return path


def test_an_abc_tune_is_rendered(run, tmp_path):
    (tmp_path / "tune.abc").write_text("X:1\nL:1/8\nM:4/4\nK:D\nDEFG|\n")
    assert run("tune.abc", "--engine", "builtin")[0] == 0
    assert soundfile.info(tmp_path / "tune.wav").duration > 0.5
