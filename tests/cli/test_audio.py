"""notegen audio train, compose, evaluate and show, through the program's entry point."""

import io
import json
import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from functools import partial

import numpy as np
import pytest
import soundfile
from made_sound import made_tune
from notegen_cli.main import main

from notegen.model.bundle import load

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

RATE = 22_050


@pytest.fixture(autouse=True, scope="module")
def _once_a_pass():
    """Learn from a recording once in a pass, and not two hundred times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("notegen.training.sound._PASS", 1)
        yield


@pytest.fixture(scope="session")
def songs(tmp_path_factory):
    """A folder with a tune of six seconds."""
    folder = tmp_path_factory.mktemp("songs")
    soundfile.write(folder / "song.wav", made_tune(6, RATE, 2), RATE)
    return folder


@pytest.fixture(scope="module")
def trained(songs, tmp_path_factory, _once_a_pass):
    """A small model that ``audio train`` made of the tune: its path, exit code, output and errors."""
    path, out, err = tmp_path_factory.mktemp("models") / "song.notegen", io.StringIO(), io.StringIO()
    arguments = [songs / "song.wav", "--output", path, "--units", 8, "--epochs", 1, "--seed", 1]
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["notegen", "audio", "train", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            main()
    return path, stopped.value.code or 0, out.getvalue(), err.getvalue()


@pytest.fixture
def model(trained):
    return trained[0]


@pytest.fixture
def song(songs, tmp_path):
    """The tune, in the folder where the program runs."""
    (tmp_path / "song.wav").write_bytes((songs / "song.wav").read_bytes())
    return "song.wav"


@pytest.fixture
def compose(run, model):
    """Return a function that continues a recording for one second with the small model."""
    return partial(run, "audio", "compose", "--model", model, "--seconds", 1, "--seed", 1)


@pytest.fixture
def save(tmp_path):
    """Return a function that writes samples to a file where the program runs."""

    def write(name, samples, subtype="FLOAT"):
        soundfile.write(tmp_path / name, samples, RATE, subtype)
        return name

    return write


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_model_is_trained_and_its_figures_are_told(trained):
    path, code, out, err = trained
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "1 recording, 6 s"
    assert "epoch 1: " in out and "bits per frame on validation" in out
    bits = load(path).provenance["test_bits_per_frame"]
    assert lines[-1] == (
        f"{path}: {bits['memory']:.3f} bits per frame on what was held out, {bits['network']:.3f} without "
        f"the memory of the piece; a bigram has {bits['bigram']:.3f}"
    )
    assert "This is little to learn from: below 20 s it is learned by heart." in err
    assert load(path).config.units == 8
    left = sorted(each.name for each in path.parent.iterdir())
    assert left == ["song.csv", "song.notegen", "song.svg"]  # and no checkpoint


def test_a_bundle_is_not_trained_over(run, song, model):
    before = model.read_bytes()
    code, _, err = run("audio", "train", song, "--output", model)
    assert (code, err.count("exists already")) == (2, 1)
    assert model.read_bytes() == before


def test_a_recording_is_continued(compose, song, tmp_path):
    code, out, err = compose(song)
    assert (code, err) == (0, "")
    assert tree(tmp_path) == [
        "song-takes/song-1.wav",
        "song-takes/song-2.wav",
        "song-takes/song.json",
        "song.wav",
    ]
    lines = out.splitlines()
    assert lines[0] == "song.wav: 0:06, 22050 Hz, stereo, 120 beats a minute"
    assert lines[1].startswith("model ") and lines[1].endswith("song.notegen, random seed 1")
    assert lines[2].startswith("  song-takes/song-1.wav  1 s, ")
    assert "bits per frame" in lines[2] and "joins a second" in lines[2] and "flux" in lines[2]
    assert lines[-1] == "how they were made: song-takes/song.json"
    seed, take = (soundfile.read(name, dtype="int16")[0] for name in (song, "song-takes/song-1.wav"))
    assert take.shape == (7 * RATE, 2)
    assert np.array_equal(take[: 6 * RATE], seed)


def test_the_sidecar_is_printed_as_json(compose, song):
    code, out, err = compose(song, "--json", "--variations", 1)
    assert (code, err) == (0, "")
    said = json.loads(out, parse_constant=pytest.fail)
    with open(said["sidecar"]) as file:  # noqa: PTH123
        assert json.load(file) == {name: said[name] for name in said if name not in ("folder", "sidecar")}
    assert said["folder"] == "song-takes"
    assert (said["seed"], said["seam"], said["options"]["temperature"]) == (1, 6.0, 0.9)
    assert [take["file"] for take in said["takes"]] == ["song-1.wav"]


def test_later_takes_have_later_numbers_unless_forced(compose, song, tmp_path):
    one = partial(compose, song, "--variations", 1, "--output", "mine")
    assert [one()[0], one("--seed", 2)[0]] == [0, 0]
    wanted = ["mine/song-1.wav", "mine/song-2.json", "mine/song-2.wav", "mine/song.json", "song.wav"]
    assert tree(tmp_path) == wanted
    first, second = ((tmp_path / "mine" / f"song-{i}.wav").read_bytes() for i in (1, 2))
    assert one("--seed", 2, "--force")[0] == 0
    assert tree(tmp_path) == wanted
    assert (tmp_path / "mine" / "song-1.wav").read_bytes() == second != first


def test_the_other_decoder_is_used(compose, song):
    code, out, _ = compose(song, "--decoder", "phase", "--json", "--variations", 1)
    assert code == 0
    said = json.loads(out)
    assert said["options"]["decoder"] == "phase"
    assert "joins" not in said["takes"][0]
    assert soundfile.info("song-takes/song-1.wav").frames == 7 * RATE


def test_without_a_model_one_is_trained_and_kept(run, song, tmp_path, monkeypatch):
    """Later calls use it, whatever their random seed; for another recording another is trained."""
    continued = partial(run, "audio", "compose", song, "--seconds", 0.5, "--variations", 1)
    code, out, err = continued("--seed", 3)
    assert code == 0, err
    assert "Traceback" not in err
    assert tree(tmp_path) == [
        "song-takes/song-1.wav",
        "song-takes/song.json",
        "song-takes/song.notegen",
        "song.wav",
    ]
    kept = tmp_path / "song-takes" / "song.notegen"
    assert "song-takes/song.notegen, random seed 3" in out
    before = kept.stat().st_mtime_ns, kept.read_bytes()

    def refuse(*_, **__):
        raise AssertionError("it is trained again")

    monkeypatch.setattr("notegen.training.sound.train", refuse)
    code, out, err = continued("--seed", 4)
    assert (code, err) == (0, "")
    assert "song-takes/song-2.wav" in out
    assert (kept.stat().st_mtime_ns, kept.read_bytes()) == before
    soundfile.write(song, made_tune(6, seed=1), RATE)
    assert "it is trained again" in continued()[2]


def test_a_model_is_measured(run, song, model):
    code, out, err = run("audio", "evaluate", model, song)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "15 frames held out; bits per frame:"
    assert [line.split(maxsplit=1)[1] for line in lines[1:]] == [
        "all entries of the codebook alike",
        "entries by how often they come",
        "interpolated bigram",
        "the network",
        "the network with its memory of the piece",
    ]
    code, out, _ = run("audio", "evaluate", model, song, "--json")
    said = json.loads(out)
    assert code == 0
    wanted = load(model).provenance["test_bits_per_frame"]
    assert {name: round(said[name], 4) for name in wanted} == wanted
    assert said["files"] == ["song.wav"]


def test_that_a_model_knows_its_recordings_whole_is_told(run, song, model):
    """As of the model that compose trains."""
    bundle = load(model)
    del bundle.provenance["test_bits_per_frame"]
    bundle.save("whole.notegen")
    code, _, err = run("audio", "evaluate", "whole.notegen", song)
    assert (code, err.count("\n")) == (0, 1)
    assert "whole.notegen was trained without holding anything out" in err


def test_what_is_too_short_to_be_measured_is_told(run, save, model):
    short = save("short.wav", made_tune(2))
    code, out, err = run("audio", "evaluate", model, short)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert "too short to hold something out" in err


def test_a_take_is_shown_with_its_seam(run, compose, song, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    assert compose(song)[0] == 0
    code, out, err = run("audio", "show", "song-takes/song-1.wav")
    assert (code, err) == (0, "")
    assert out.startswith("song-1.wav  0:07.0")
    assert out.splitlines()[-1].startswith(" new ")


def test_clipped_sound_is_continued(compose, save):
    loud = save("loud.wav", np.clip(20 * made_tune(4), -1, 1), "PCM_16")
    code, out, err = compose(loud, "--json")
    assert (code, err) == (0, "")
    assert not any(take["still"] > 3 for take in json.loads(out)["takes"])
    seed, take = (soundfile.read(name, dtype="int16")[0] for name in (loud, "loud-takes/loud-1.wav"))
    assert np.array_equal(take[: len(seed)], seed)


UNHEARD = {
    "silence": (np.zeros(2 * RATE), "is silent from beginning to end"),
    "short": (0.5 * np.ones(RATE // 5), "lasts 0.20 s; at least 0.5 s are needed"),
    "nan": (np.full(2 * RATE, np.nan), "infinite or no numbers"),
    "empty": (np.zeros(0), "holds no sound"),
    "text": (None, "cannot be read as sound"),
    "missing": (None, "cannot be read: No such file or directory"),
}


@pytest.mark.parametrize("kind", UNHEARD)
@pytest.mark.parametrize("command", ["compose", "train", "evaluate"])
def test_what_cannot_be_heard_is_told_in_a_sentence(run, save, model, tmp_path, kind, command):
    samples, said = UNHEARD[kind]
    if samples is not None:
        save(f"{kind}.wav", samples)
    elif kind == "text":
        (tmp_path / "text.wav").write_text("Dear Sir or Madam,\n" * 99)
    before, name = tree(tmp_path), f"{kind}.wav"
    arguments = {
        "compose": [name],
        "train": [name, "--output", "a.notegen"],
        "evaluate": [model, name],
    }
    code, out, err = run("audio", command, *arguments[command])
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(f"notegen: {name}") and said in err
    assert tree(tmp_path) == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seconds", 0], "0 seconds were asked for; 0.1 to 3600 are possible"),
        (["--variations", 0], "0 variations were asked for; 1 to 256 are possible"),
        (["--temperature", 0], "temperature is 0, but must be above 0"),
        (["--seed", -1], "the random seed is -1, but must not be negative"),
        (["--decoder", "magic"], "'magic' is not one of 'grains', 'phase'"),
        (["--seconds", "long"], "'long' is not a valid float"),
    ],
    ids=str,
)
@pytest.mark.parametrize("with_model", [True, False])
def test_options_out_of_range_are_bad_usage(run, song, model, tmp_path, arguments, said, with_model):
    chosen = ["--model", model] if with_model else []
    code, out, err = run("audio", "compose", song, *chosen, *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert tree(tmp_path) == ["song.wav"]


@pytest.mark.parametrize(
    "option", [["--units", 0], ["--epochs", 0], ["--dropout", 1], ["--entries", 1]], ids=str
)
def test_a_training_that_makes_no_sense_is_bad_usage(run, song, tmp_path, option):
    assert run("audio", "train", song, "--output", "a.notegen", *option)[0] == 2
    assert tree(tmp_path) == ["song.wav"]


@pytest.mark.parametrize(
    "arguments", [[], ["compose"], ["train"], ["evaluate"], ["train", "song.wav"], ["sing"]], ids=str
)
def test_what_is_missing_or_unknown_is_bad_usage(run, arguments):
    code, out, err = run("audio", *arguments)
    assert (code, out) == (2, "")
    assert err.startswith("Usage: ")


def test_models_are_used_for_what_they_are_of(run, song, model, bundle_path, tmp_path):
    for command in (["compose", song, "--model", bundle_path], ["evaluate", bundle_path, song]):
        code, _, err = run("audio", *command)
        assert (code, err.count("\n")) == (2, 1)
        assert err.endswith("random.notegen is a model of notes; use it with notegen compose\n")
    code, out, err = run("compose", "--model", model, "--bars", 2, "--meter", "4/4")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.endswith("song.notegen is a model of recordings; use it with notegen audio compose\n")
    assert tree(tmp_path) == ["song.wav"]


@pytest.mark.parametrize("damaged", [True, False])
def test_a_model_that_is_missing_or_damaged_is_told(run, song, model, tmp_path, damaged):
    if damaged:
        (tmp_path / "a.notegen").write_bytes(model.read_bytes()[:5000])
    for arguments in (["compose", song, "--model", "a.notegen"], ["evaluate", "a.notegen", song]):
        code, out, err = run("audio", *arguments)
        assert (code, out, err.count("\n")) == (1, "", 1)
        assert "a.notegen" in err


def test_a_file_where_the_folder_should_be_is_bad_usage(compose, song, tmp_path):
    (tmp_path / "song-takes").write_text("mine")
    code, _, err = compose(song)
    assert (code, err) == (2, "notegen: song-takes is a file; name a folder with --output\n")
    assert (tmp_path / "song-takes").read_text() == "mine"


def test_a_file_where_the_folder_should_be_is_told_before_anything_is_trained(
    run, song, tmp_path, monkeypatch
):
    def refuse(*_, **__):
        raise AssertionError("it is trained first")

    monkeypatch.setattr("notegen.training.sound.train", refuse)
    (tmp_path / "mine").write_text("a letter")
    code, _, err = run("audio", "compose", song, "--output", "mine")
    assert (code, err) == (2, "notegen: mine is a file; name a folder with --output\n")
