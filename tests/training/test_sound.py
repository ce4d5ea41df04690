"""Training on recordings: six seconds of sound, and a network that fits into a thumbnail."""

import os
import shutil
from dataclasses import replace

import numpy as np
import pytest
from made_frames import made_codebook, made_sound
from made_sound import heard, made_tune
from made_trainings import StopAt

import notegen
from notegen.audio.frames import Span
from notegen.errors import RangeError, UsageError
from notegen.evaluation.frames import choose_say, evaluate, say_of
from notegen.generation.sound import compose
from notegen.model.bundle import load
from notegen.model.memory import Say
from notegen.training import sound as module
from notegen.training.recipe import Recipe
from notegen.training.sound import divided, kept, suggest, train

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

RECIPE = Recipe(units=8, batch=4, steps=16, dropout=0.1, rate=0.02, warmup=5, epochs=2, seed=1)
CLASSIC = Recipe(units=4, layers=1, dropout=0, batch=64, rate=0.01, warmup=5, epochs=2, seed=1)


@pytest.fixture(autouse=True, scope="module")
def _once_a_pass():
    """Learn from a recording once in a pass, and not two hundred times."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_PASS", 1)
        yield


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return heard(tmp_path_factory.mktemp("sounds") / "tune.wav", made_tune(6))


@pytest.fixture(scope="module")
def trained(sound, tmp_path_factory):
    """A whole training: its folder, its bundle and its reports."""
    folder, reports = tmp_path_factory.mktemp("trained"), []
    return folder, train([sound], RECIPE, out=folder / "a.notegen", report=reports.append), reports


@pytest.fixture(scope="module")
def stopped(sound, tmp_path_factory):
    """A training that was stopped in its first epoch: its folder."""
    folder = tmp_path_factory.mktemp("stopped")
    with pytest.raises(KeyboardInterrupt):
        train([sound], RECIPE, out=folder / "a.notegen", report=StopAt(1))
    return folder


def lasting(frames, silent=0):
    """Return a recording of so many frames, of which the first and the last are silent."""
    entries = np.vstack([made_codebook(4), np.full((1, 80), -60, np.float32)])
    tokens = 1 + np.arange(frames) % 4
    if silent:
        tokens[:silent] = tokens[-silent:] = 5
    return made_sound(tokens, entries)


def test_the_bundle_says_where_it_comes_from(trained):
    folder, bundle, _ = trained
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "a.notegen"]
    assert bundle.codec == "frames"
    said = load(folder / "a.notegen").provenance
    assert said == bundle.provenance
    assert (said["corpus"], said["seconds"], said["epochs"], said["finished"]) == ("tune.wav", 6.0, 2, True)
    assert said["recipe"]["units"] == 8
    assert said["notegen"] == notegen.__version__


def test_the_training_reports_bits_per_frame_that_fall(trained):
    ends = [report for report in trained[2] if report.bits is not None]
    assert [report.epoch for report in ends] == [1, 2]
    assert {report.figure for report in trained[2]} == {"bits per frame"}
    assert ends[1].best <= ends[0].best < np.log2(trained[1].network.vocabulary)


def test_the_stated_figures_are_those_of_the_bundle(trained, sound):
    bundle, sides = trained[1], [divided(sound, test=True)]
    said = bundle.provenance
    assert say_of(bundle) == choose_say(bundle, [sound], sides) == Say(**said["memory"])
    found = evaluate(bundle, [sound], sides)
    assert said["test_bits_per_frame"] == {name: round(value, 4) for name, value in found.items()}
    assert said["test_bits_per_frame"]["frames"] == sum(len(range(*span)) - 1 for span in sides[0]["test"])


def test_the_same_seed_gives_the_same_weights_whatever_is_held_out_to_test_with(trained, sound, tmp_path):
    """Other sound in the test stretch changes its own figures, and nothing else."""
    (test,) = divided(sound, test=True)["test"]
    levels = sound.levels.copy()
    levels[slice(*test)] = levels[slice(*test)][::-1] / 2
    other = train([replace(sound, levels=levels)], RECIPE, out=tmp_path / "b.notegen")
    for name, array in trained[1].weights.items():
        assert array.tobytes() == other.weights[name].tobytes()
    figures = [bundle.provenance["test_bits_per_frame"] for bundle in (trained[1], other)]
    assert figures[0]["frames"] == figures[1]["frames"]
    assert figures[0]["network"] != figures[1]["network"]


def test_a_training_that_is_stopped_twice_leaves_a_bundle_and_comes_to_the_same_end(
    trained, stopped, sound, tmp_path
):
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    out = tmp_path / "a.notegen"
    for epochs in (0, 1):  # before any is best, and after
        if epochs:
            with pytest.raises(KeyboardInterrupt):
                train([sound], RECIPE, out=out, report=StopAt(trained[2][0].steps + 1))
        left = load(out)
        assert (left.provenance["finished"], left.provenance["epochs"]) == (False, epochs)
        assert "test_bits_per_frame" not in left.provenance
        assert compose(left, sound, seconds=0.5, variations=1, seed=0)[0].bits_per_frame > 0
        assert (tmp_path / "a.notegen.checkpoint").exists()
        assert kept(out, sound) is None

    bundle = train([sound], RECIPE, out=out)
    assert (bundle.provenance["finished"], bundle.provenance["epochs"]) == (True, 2)
    assert not (tmp_path / "a.notegen.checkpoint").exists()
    for name, array in trained[1].weights.items():
        assert array.tobytes() == bundle.weights[name].tobytes()
    assert bundle.provenance["curve"] == trained[1].provenance["curve"]


def test_a_stopped_training_does_not_go_on_with_another_recording(stopped, sound, tmp_path):
    """One of the same length, so that the network is the same too."""
    shutil.copytree(stopped, tmp_path, dirs_exist_ok=True)
    levels = np.ascontiguousarray(sound.levels[:, ::-1])
    with pytest.raises(UsageError, match="is of another"):
        train([replace(sound, levels=levels)], RECIPE, out=tmp_path / "a.notegen")


def test_a_model_is_kept_for_just_its_recording(trained, sound):
    path = trained[0] / "a.notegen"
    found = kept(path, sound)
    assert found is not None
    assert found.digest == trained[1].digest
    assert kept(path, replace(sound, levels=sound.levels + np.float32(0.01))) is None
    assert kept(trained[0] / "none.notegen", sound) is None


def test_a_model_of_another_version_or_a_damaged_one_is_not_kept(trained, sound, tmp_path):
    old = replace(trained[1], provenance={**trained[1].provenance, "notegen": "0"})
    old.save(tmp_path / "old.notegen")
    assert kept(tmp_path / "old.notegen", sound) is None
    (tmp_path / "half.notegen").write_bytes((trained[0] / "a.notegen").read_bytes()[:999])
    assert kept(tmp_path / "half.notegen", sound) is None


def test_a_model_is_not_trained_over_without_force(trained, sound):
    path = trained[0] / "a.notegen"
    before = path.read_bytes()
    with pytest.raises(UsageError, match=r"a\.notegen exists already"):
        train([sound], RECIPE, out=path)
    assert path.read_bytes() == before


def test_several_recordings_are_learned_from_and_nothing_is_held_out_unless_wanted(trained, sound, tmp_path):
    short, recipe = heard(tmp_path / "short.wav", made_tune(0.5, seed=1)), replace(RECIPE, epochs=1, seed=2)
    bundle = train([sound, short], recipe, out=tmp_path / "a.notegen", entries=20, test=False)
    said = bundle.provenance
    assert (said["corpus"], said["seconds"]) == ("tune.wav, short.wav", 6.5)
    assert bundle.network.vocabulary == 21
    assert say_of(bundle) == Say(**said["memory"])
    assert "test_bits_per_frame" not in said
    assert not (tmp_path / "a.csv").exists()  # a step on the way to something else
    assert bundle.weights["lstm0.input"].tobytes() != trained[1].weights["lstm0.input"].tobytes()


@pytest.fixture(scope="module")
def classic(tmp_path_factory):
    """A classic model: its folder, its bundle, its recording and how many steps it took."""
    folder, reports = tmp_path_factory.mktemp("classic"), []
    sound = heard(folder / "tune.wav", made_tune(20))
    bundle = train([sound], CLASSIC, out=folder / "a.notegen", classic=True, report=reports.append)
    return folder, bundle, sound, len(reports)


def test_the_classic_model_learns_from_spectra(classic):
    folder, bundle, sound, _ = classic
    assert bundle.codec == "spectrum"
    errors = bundle.provenance["squared_error"]
    assert 0 < errors["copying"] < 100**2
    assert 0 < errors["network"] < 100**2
    assert "memory" not in bundle.provenance
    (take,) = compose(bundle, sound, seconds=0.5, variations=1, seed=0)
    assert take.magnitudes.shape[1] == 1025
    header, *rows = (folder / "a.csv").read_text().splitlines()
    assert header.endswith(",valid_squared_error")
    assert rows[-1].endswith(f",{bundle.provenance['curve'][-1][2]:.4f}")


def test_a_classic_model_that_was_stopped_comes_to_the_same_end(classic, tmp_path):
    """The statistics of its normalisation are part of its state."""
    _, bundle, sound, steps = classic
    out = tmp_path / "a.notegen"
    with pytest.raises(KeyboardInterrupt):
        train([sound], CLASSIC, out=out, classic=True, report=StopAt(steps // 2 + 2))
    again = train([sound], CLASSIC, out=out, classic=True)
    assert again.provenance["curve"] == bundle.provenance["curve"]
    for name, array in bundle.weights.items():
        assert array.tobytes() == again.weights[name].tobytes()


def test_what_is_too_short_for_the_classic_model_is_told(sound, tmp_path):
    with pytest.raises(RangeError, match=r"6\.0 s are too short for the classic model"):
        train([sound], CLASSIC, out=tmp_path / "a.notegen", classic=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("test", [True, False])
@pytest.mark.parametrize("frames", [2, 15, 16, 17, 22, 65, 80, 145, 300, 12_000])
def test_a_recording_is_divided_into_spans_that_do_not_overlap(frames, test):
    sides = divided(lasting(frames), test=test)
    assert sides["train"] and sides["valid"]
    spans = [*sides["train"], *sides["test"]]
    if sides["valid"] != sides["train"]:
        spans += sides["valid"]
    covered = np.concatenate([np.arange(*span) for span in spans])
    assert len(np.unique(covered)) == len(covered) >= frames - 1  # a last frame alone is left over
    assert covered.min() == 0 and covered.max() < frames
    assert all(span.stop - span.start > 1 for span in spans)
    assert test or not sides["test"]


@pytest.mark.parametrize("frames", [2, 16, 60])
def test_what_is_very_short_is_both_learned_from_and_chosen_by(frames):
    sides = divided(lasting(frames), test=True)
    assert sides["train"] == sides["valid"] == [Span(0, frames)]
    assert sides["test"] == []


def test_a_tenth_each_is_held_out():
    sides = divided(lasting(12_000), test=True)
    held = {name: sum(stop - start for start, stop in spans) for name, spans in sides.items()}
    assert 1000 < held["valid"] < 1300
    assert 1000 < held["test"] < 1300


def test_silence_at_either_end_is_left_out():
    sides = divided(lasting(400, silent=50), test=True)
    spans = [span for side in sides.values() for span in side]
    assert min(span.start for span in spans) == 50
    assert max(span.stop for span in spans) == 350


def test_a_single_frame_of_sound_is_too_little():
    sound = lasting(41, silent=20)
    with pytest.raises(RangeError, match=r"made\.wav: there is too little sound to learn from"):
        divided(sound, test=True)


def test_longer_recordings_take_fewer_passes(monkeypatch):
    monkeypatch.setattr(module, "_PASS", 40_960)
    five, fifteen, hours = (
        suggest([{"train": [Span(0, round(43 * seconds))]}]) for seconds in (300, 900, 7200)
    )
    assert five.epochs == fifteen.epochs == 8
    assert hours.epochs == 4
    assert suggest([], classic=True).layers == 3
