"""Figures of sound, on levels that the tests draw themselves."""

import numpy as np
import pytest

from notegen.audio.features import BANDS, FLOOR, FRAME_RATE
from notegen.evaluation import sound


def music(seconds, bpm=120, chords=None, seed=0):
    """Return levels of chords that ring off, one a beat: of few ones in turn, or each time another."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * FRAME_RATE)) * bpm / 60 / FRAME_RATE  # in beats
    beat = time.astype(int)
    played = rng.uniform(-40, -10, (chords or beat[-1] + 1, BANDS))[beat % (chords or len(time))]
    return np.maximum(played - 60 / bpm * 40 * (time % 1)[:, None], FLOOR).astype(np.float32)


def wind(seconds, seed=0):
    """Return levels that swell slowly, each band at times of its own."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * FRAME_RATE)) / FRAME_RATE
    turns = rng.uniform(0.2, 2, (BANDS, round(2 * seconds))).cumsum(axis=1)
    swells = [np.interp(time, at, rng.normal(-30, 6, len(at))) for at in turns]
    return np.stack(swells, axis=1, dtype=np.float32)


def held(levels, seconds):
    return np.repeat(levels[50:51], round(seconds * FRAME_RATE), axis=0)


def test_more_of_the_same_music_measures_the_same():
    levels = music(60)
    figures = sound.measure(levels[:1292], levels[1292:])
    assert figures.flux_ratio == pytest.approx(1, abs=0.1)
    assert figures.pulse_ratio == pytest.approx(1, abs=0.1)
    assert figures.level_outside == 0
    assert figures.tempo_error == pytest.approx(0, abs=0.01)
    assert figures.loop_error == pytest.approx(figures.source_loop_error, rel=0.1)
    assert not figures.frozen


def test_flux_is_the_mean_step_in_decibels():
    levels = np.full((4, BANDS), -30, np.float32)
    levels[2:, :40] += 6
    assert sound.flux(levels) == pytest.approx(1)


def test_a_held_sound_is_frozen_even_if_it_is_noisy():
    source, noise = music(30), np.random.default_rng(1).normal(0, 2, (860, BANDS)).astype(np.float32)
    still = held(source, 20)[:860]
    assert sound.measure(source, still).flux_ratio == 0
    for take in (still, still + noise):
        figures = sound.measure(source, take)
        assert figures.frozen
        assert figures.still == pytest.approx(20, abs=0.5)


def test_a_rest_of_two_seconds_is_not_frozen_but_one_of_four_is():
    source = music(30)
    for seconds, frozen in ((2, False), (4, True)):
        figures = sound.measure(source, np.concatenate([source[:430], held(source, seconds), source[:430]]))
        assert figures.still == pytest.approx(seconds, abs=0.6)
        assert figures.frozen == frozen


def test_what_its_source_does_too_is_not_frozen():
    source = np.concatenate([music(30), held(music(30), 4), music(30)])
    assert not sound.measure(source, np.concatenate([music(10), held(source, 7)])).frozen
    assert sound.measure(source, np.concatenate([music(10), held(source, 10)])).frozen


def test_silence_at_the_end_of_the_source_is_no_excuse():
    silence = np.full((430, BANDS), FLOOR, np.float32)
    source = np.concatenate([silence, music(30), silence])
    assert sound.measure(source, held(music(30), 10)).frozen


def test_a_level_is_the_mean_power_of_the_bands():
    levels = np.full((3, BANDS), -60, np.float32)
    levels[1, :40] = 0
    assert sound.frame_levels(levels).tolist() == pytest.approx([-60, -3.01, -60], abs=0.01)


@pytest.mark.parametrize("shift", [-30, 0, 20])
def test_levels_outside_of_the_sources_range_are_told_in_decibels(shift):
    source = music(30)
    figures = sound.measure(source, source + np.float32(shift))
    low, high = figures.source_levels
    middle = np.median(sound.frame_levels(source))
    assert figures.level == pytest.approx(middle + shift, abs=1e-3)
    assert figures.level_outside == pytest.approx(
        max(low - middle - shift, middle + shift - high, 0), abs=1e-3
    )
    assert (figures.level_outside > 0) == (shift != 0)


def test_another_tempo_is_told_and_an_octave_apart():
    source = music(30, bpm=100)
    assert sound.measure(source, music(30, bpm=106)).tempo_error == pytest.approx(0.06, abs=0.01)
    double = sound.measure(source, music(30, bpm=200))
    assert double.tempo_error == pytest.approx(1, abs=0.02)
    assert double.tempo_error_folded == pytest.approx(0, abs=0.01)


def test_a_source_without_a_pulse_has_no_tempo_to_keep():
    figures = sound.measure(wind(30), wind(30, seed=1))
    assert (figures.tempo_error, figures.tempo_error_folded, figures.pulse_ratio) == (None, None, None)
    assert figures.loop_error is not None


def test_a_take_without_a_pulse_keeps_no_tempo():
    figures = sound.measure(music(30), wind(30))
    assert figures.tempo is None
    assert figures.tempo_error == figures.tempo_error_folded == 1
    assert figures.pulse_ratio < 0.3


def test_the_pulse_is_weaker_where_beats_come_unevenly():
    source, rng = music(60), np.random.default_rng(2)
    torn = np.concatenate([source[start : start + 30] for start in rng.integers(0, 2000, 50)])
    assert sound.measure(source, torn).pulse_ratio < 0.6


def test_music_that_repeats_has_no_loop_error():
    loop = np.tile(music(4, chords=8)[:172], (6, 1))
    assert sound.loop_error(loop, 60 * FRAME_RATE / 21.5) == 0
    assert sound.loop_error(loop, None) == 0
    assert sound.loop_error(music(24), 120) > 5


def test_loops_of_less_than_a_second_and_a_half_do_not_count():
    assert sound.loop_error(np.tile(music(0.5), (60, 1))[:860], None) == 0
    uneven = np.tile(music(1.2)[:51], (30, 1))
    assert sound.loop_error(uneven[:180], None) > 0


@pytest.mark.parametrize("seconds", [0.1, 1, 3])
def test_short_takes_are_measured_as_far_as_they_go(seconds):
    figures = sound.measure(music(30), music(seconds))
    assert figures.loop_error is None
    assert figures.tempo is None
    assert figures.flux > 0


def test_a_source_of_half_a_second_is_measured_as_far_as_it_goes():
    figures = sound.measure(music(0.5), music(20))
    assert figures.source_tempo is None
    assert figures.source_still == figures.still == 0
    assert not figures.frozen
