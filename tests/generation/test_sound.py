"""Continuing a recording: where takes go on from, and that they go on."""

import numpy as np
import pytest
from made_frames import made_codebook, made_sound
from made_sound import heard, knowing, made_tune

from notegen.audio.features import FRAME_RATE
from notegen.audio.recording import RATE
from notegen.errors import RangeError, UsageError
from notegen.evaluation.sound import frame_levels, measure
from notegen.generation import sound as module
from notegen.generation.sound import compose
from notegen.model.bundle import Bundle
from notegen.model.classic import ClassicConfig


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    return heard(tmp_path_factory.mktemp("sounds") / "tune.wav", made_tune(10))


@pytest.fixture(scope="module")
def model(sound):
    return knowing(sound)


@pytest.fixture(scope="module")
def takes(model, sound):
    return compose(model, sound, seconds=6, variations=3, seed=5)


@pytest.fixture(scope="module")
def classic():
    """A classic model that says nothing but a constant."""
    config = ClassicConfig(units=2, layers=1)
    weights = {name: np.zeros(shape, np.float32) for name, shape in config.shapes().items()}
    weights["norm.variance"] += 1
    weights["frame.bias"] += np.float32(0.5)
    return Bundle(config, weights, {}, "spectrum")


def paths(takes):
    return [take.path.tolist() for take in takes]


def test_takes_are_as_many_and_as_long_as_was_wanted(takes, model, sound):
    assert len(takes) == 3
    for take in takes:
        assert 6 <= (len(take.path) - 1) / FRAME_RATE < 6 + 1 / FRAME_RATE
        assert take.tokens.shape == take.path.shape
        assert 0 < take.tokens.min() <= take.tokens.max() < model.network.vocabulary
        assert 0 <= take.path.min() <= take.path.max() < len(sound.levels)
        assert 0 < take.bits_per_frame < 10
        assert (take.seed, take.magnitudes) == (5, None)


def test_takes_differ(takes):
    assert len({tuple(path) for path in paths(takes)}) == 3


def test_a_take_is_made_of_long_stretches_of_the_recording(takes):
    for take in takes:
        joins = np.count_nonzero(np.diff(take.path) != 1)
        assert 0 < joins < 4 * 6


def test_the_same_seed_gives_the_same_takes_and_another_others(takes, model, sound):
    again = compose(model, sound, seconds=6, variations=3, seed=5)
    assert paths(again) == paths(takes)
    assert [take.bits_per_frame for take in again] == [take.bits_per_frame for take in takes]
    assert paths(compose(model, sound, seconds=6, variations=3, seed=6)) != paths(takes)


def test_a_seed_that_is_drawn_is_told(model, sound):
    first, second = (compose(model, sound, seconds=1) for _ in range(2))
    assert first[0].seed == first[1].seed != second[0].seed
    assert paths(compose(model, sound, seconds=1, seed=first[0].seed)) == paths(first)


def test_no_take_freezes_where_notes_change(model, sound):
    takes = compose(model, sound, seconds=15, variations=3, temperature=0.7, seed=1)
    for take in takes:
        found = measure(sound.levels, sound.levels[take.path])
        assert not found.frozen
        assert 0.6 < found.flux_ratio < 1.5
        assert found.level_outside == 0
        assert found.tempo == pytest.approx(120, rel=0.04)


def test_less_temperature_is_safer(model, sound):
    safe, wild = (
        sum(take.bits_per_frame for take in takes)
        for takes in (
            compose(model, sound, seconds=3, variations=3, temperature=each, seed=2) for each in (0.5, 1.5)
        )
    )
    assert safe < wild


def test_the_memory_has_a_say(sound):
    """A piece that comes again and again is told better by its memory than by its bigrams."""
    heeded, ignored = (
        compose(knowing(sound, share=share), sound, seconds=8, variations=1, seed=3)[0].bits_per_frame
        for share in (0.9, 0.0)
    )
    assert heeded < ignored - 0.3


def test_the_shortest_take_is_one_tenth_of_a_second(model, sound):
    (take,) = compose(model, sound, seconds=0.1, variations=1, seed=0)
    assert len(take.path) == 6


def test_what_fades_out_is_gone_on_with_at_its_usual_level(tmp_path):
    samples = made_tune(12)
    samples[7 * RATE :] *= np.linspace(1, 0, 5 * RATE)[:, None] ** 3
    sound = heard(tmp_path / "fading.wav", samples)
    usual = np.median(frame_levels(sound.levels[: 6 * 43]))
    for take in compose(knowing(sound), sound, seconds=5, variations=2, seed=4):
        assert take.path.max() < 10.5 * FRAME_RATE
        assert np.median(frame_levels(sound.levels[take.path])) == pytest.approx(usual, abs=6)


def test_silence_at_either_end_is_not_played(tmp_path):
    silence = np.zeros((2 * RATE, 1))
    sound = heard(tmp_path / "between.wav", np.concatenate([silence, made_tune(6), silence]))
    for take in compose(knowing(sound), sound, seconds=6, variations=2, seed=4):
        assert take.path.min() >= 2 * FRAME_RATE - 3
        assert take.path.max() <= 8 * FRAME_RATE + 3


def test_silence_that_is_longer_than_the_music_is_not_gone_on_from(tmp_path):
    samples = made_tune(12)
    samples[5 * RATE :] = 0
    sound = heard(tmp_path / "behind.wav", samples)
    for take in compose(knowing(sound), sound, seconds=3, variations=2, seed=4):
        assert take.path.max() <= 5 * FRAME_RATE + 3


def test_of_a_long_recording_only_the_end_is_read(model, sound, monkeypatch):
    class EnoughError(Exception):
        """What was wanted is known."""

    def count(_, ids):
        raise EnoughError(len(ids))

    monkeypatch.setattr(module, "_READ", 100)
    monkeypatch.setattr(module, "read", count)
    with pytest.raises(EnoughError, match=r"^100$"):
        compose(model, sound, seconds=1, seed=0)


def test_a_model_of_another_recording_is_used(tmp_path, sound):
    other = heard(tmp_path / "other.wav", made_tune(6, 44_100, 2, seed=3, bpm=100))
    (take,) = compose(knowing(other), sound, seconds=5, variations=1, seed=0)
    assert take.path.max() < len(sound.levels)
    assert not measure(sound.levels, sound.levels[take.path]).frozen


def test_the_classic_model_gives_one_take_of_magnitudes(classic, sound):
    first, second = (compose(classic, sound, seconds=2, variations=3, seed=seed) for seed in (1, 2))
    assert len(first) == 1
    assert first[0].magnitudes.shape == (88, 1025)
    assert len(first[0].tokens) == len(first[0].path) == 0
    np.testing.assert_array_equal(first[0].magnitudes, second[0].magnitudes)
    assert np.ptp(first[0].magnitudes) == 0 < first[0].magnitudes.min()


def test_what_is_shorter_than_the_classic_models_window_is_told(classic, tmp_path):
    short = heard(tmp_path / "short.wav", made_tune(0.6))
    with pytest.raises(UsageError, match=r"reads 40 at a time"):
        compose(classic, short)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"seconds": 0}, r"0 seconds were asked for; 0\.1 to 3600 are possible"),
        ({"seconds": 3601}, "3601 seconds"),
        ({"seconds": float("nan")}, "nan seconds"),
        ({"variations": 0}, "0 variations were asked for; 1 to 256 are possible"),
        ({"variations": 257}, "257 variations"),
        ({"temperature": 0.0}, "temperature is 0"),
        ({"temperature": float("nan")}, "temperature is nan"),
        ({"seed": -1}, "random seed is -1"),
    ],
    ids=str,
)
def test_options_out_of_range_are_told(model, sound, options, said):
    with pytest.raises(UsageError, match=said):
        compose(model, sound, **options)


def test_a_model_of_notes_is_refused(bundle, sound):
    with pytest.raises(UsageError, match="is a model of notes; use it with notegen compose"):
        compose(bundle, sound)


@pytest.mark.parametrize("sounding", [0, 30])
def test_what_is_all_but_silent_is_told(sounding):
    entries = np.vstack([made_codebook(2), np.full((1, 80), -60, np.float32)])
    tokens = np.full(40, 3)
    tokens[sounding] = 1
    sound = made_sound(tokens, entries)
    with pytest.raises(RangeError, match=r"made\.wav is all but silent"):
        compose(knowing(made_sound([1, 2] * 20, entries)), sound)
