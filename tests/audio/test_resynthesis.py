"""Levels back to sound."""

import numpy as np
import pytest

from notegen.audio.features import BANDS, FLOOR, analyse, levels_of
from notegen.audio.recording import RATE
from notegen.audio.resynthesis import sound_of

SAMPLES = round(1.5 * RATE)


def tone(hertz):
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(SAMPLES) / RATE)).astype(np.float32)


def noise():
    """Noise whose loudness rises and falls twice a second."""
    loudness = 0.11 - 0.1 * np.cos(np.arange(SAMPLES) * 4 * np.pi / RATE)
    return (loudness * np.random.default_rng(0).uniform(-1, 1, SAMPLES)).astype(np.float32)


@pytest.fixture
def again(recorded):
    """Return a function that analyses samples: their levels, the sound made of these, and its levels."""

    def make(samples):
        levels, loudest = analyse(recorded(samples))
        made = sound_of(levels, loudest, RATE, len(samples))
        return levels, made, levels_of([made.astype(np.float32)], loudest)

    return make


MIDDLE = slice(5, -5)  # around the sound lies silence


def test_noise_has_nearly_its_levels(again):
    wanted, _, found = again(noise())
    apart = (found - wanted)[MIDDLE][wanted[MIDDLE] > -25]
    assert np.abs(apart).mean() < 3
    assert abs(apart.mean()) < 1.5


@pytest.mark.parametrize("hertz", [110, 440, 3000])
def test_a_tone_is_as_loud_as_it_was_in_its_own_band_and_soft_in_others(again, hertz):
    wanted, _, found = (levels if levels.ndim == 1 else levels[MIDDLE] for levels in again(tone(hertz)))
    band = int(wanted[0].argmax())
    assert np.abs((found - wanted)[:, band]).mean() < 2.5
    far = np.abs(np.arange(BANDS) - band) > 6
    assert found[:, far].max() < -20


def test_white_noise_stays_white_from_band_to_band(again):
    rng = np.random.default_rng(1)
    wanted, _, found = again(rng.uniform(-0.3, 0.3, 4 * RATE).astype(np.float32))
    apart = (found - wanted)[MIDDLE].mean(axis=0)
    assert np.abs(apart).max() < 3


def test_loudness_follows_in_time(again):
    wanted, _, found = again(noise())
    loud, quiet = (slice(round(at * 43), round(at * 43) + 5) for at in (0.7, 0.95))
    assert wanted[loud].mean() - wanted[quiet].mean() > 8
    assert found[loud].mean() - found[quiet].mean() == pytest.approx(
        wanted[loud].mean() - wanted[quiet].mean(), rel=0.25
    )


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 48_000])
def test_a_tone_stays_where_it_is_at_every_rate(recorded, rate):
    levels, loudest = analyse(recorded(tone(1000)))
    made = sound_of(levels, loudest, rate, rate)
    assert made.shape == (rate,)
    found = np.abs(np.fft.rfft(made * np.hanning(rate))).argmax()  # hertz
    assert found == pytest.approx(1000, rel=0.05)
    assert np.sqrt((made**2).mean()) == pytest.approx(0.3 / 2**0.5, rel=0.3)


@pytest.mark.parametrize("level", [FLOOR, -30.0])
def test_what_lies_at_the_floor_is_silent(level):
    levels = np.full((40, BANDS), FLOOR, np.float32)
    levels[:, :40] = level
    made = sound_of(levels, 20.0, RATE, 39 * 512)
    if level == FLOOR:
        assert not made.any()
    else:
        spectrum = np.abs(np.fft.rfft(made * np.hanning(len(made))))
        low, high = np.split(spectrum, [len(spectrum) // 4])
        assert (high**2).sum() < 1e-3 * (low**2).sum()


def test_6_decibels_are_twice_the_amplitude():
    levels = np.random.default_rng(0).uniform(-40, 0, (40, BANDS)).astype(np.float32)
    quiet, loud = (sound_of(levels, loudest, RATE, 15_000) for loudest in (-20.0, -13.98))
    assert np.sqrt((loud**2).mean() / (quiet**2).mean()) == pytest.approx(2, rel=0.01)


def test_what_would_be_too_loud_is_made_quieter_and_does_not_clip():
    levels = np.random.default_rng(0).uniform(-40, 0, (40, BANDS)).astype(np.float32)
    made, louder = (sound_of(levels, loudest, RATE, 15_000) for loudest in (60.0, 80.0))
    assert np.abs(made).max() == pytest.approx(0.98)
    np.testing.assert_allclose(made, louder, atol=0.02)


def test_behind_the_levels_lies_silence(recorded):
    levels, loudest = analyse(recorded(noise()))
    made = sound_of(levels, loudest, RATE, 3 * RATE)
    assert made.shape == (3 * RATE,)
    assert made[: RATE // 2].any()
    assert not made[len(levels) * 512 :].any()


def test_the_same_levels_give_the_same_bytes(recorded):
    levels, loudest = analyse(recorded(noise()))
    once, twice = (sound_of(levels, loudest, 44_100, 44_100) for _ in range(2))
    assert once.tobytes() == twice.tobytes()
