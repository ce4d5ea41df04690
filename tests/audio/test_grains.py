"""Grains: what is wished is played, in runs long enough, on the beat, and joined where it fits."""

import numpy as np
import pytest

from notegen.audio import grains
from notegen.audio.grains import SHORTEST, choose, joins


def texture(frames, seed=0):
    """Return levels that wander from frame to frame, as those of music do; shape (frames, 80)."""
    rng = np.random.default_rng(seed)
    steps = rng.normal(0, 12, (frames + 8, 80)).cumsum(axis=0)
    smooth = sum(steps[i : i + frames] for i in range(8)) / 8
    return np.clip(-30 + smooth - steps.mean(axis=0), -60, 0).astype(np.float32)


def nowhere(frames):
    """Return the places of music without a beat."""
    return np.zeros(frames, np.int64)


def lengths(path):
    """Return the length of each run in frames."""
    return np.diff([0, *joins(path), len(path)])


@pytest.mark.parametrize("noise", [0, 6])
def test_what_is_wished_is_played_though_it_is_blurred(noise):
    levels = texture(600)
    wished = np.r_[100:160, 400:440, 210:290]
    targets = levels[wished] + np.random.default_rng(1).normal(0, noise, (180, 80)).astype(np.float32)
    path = choose(targets, nowhere(180), levels, nowhere(600))
    assert (np.abs(path - wished) <= 1).mean() > 0.9
    assert len(joins(path)) == 2


def test_the_sound_goes_on_where_the_seed_ended():
    levels = texture(300)
    path = choose(levels[121:200], nowhere(79), levels, nowhere(300), after=120)
    assert path.tolist() == list(range(121, 200))


def test_no_grain_is_too_short_however_restless_the_wish():
    levels = texture(500)
    starts = np.random.default_rng(2).integers(490, size=80)
    targets = np.concatenate([levels[start : start + 5] for start in starts])
    path = choose(targets, nowhere(400), levels, nowhere(500), after=499)
    assert lengths(path).min() >= SHORTEST
    assert len(joins(path)) > 5


def test_the_place_in_the_beat_is_kept():
    levels, places = texture(1000), np.arange(1000) * 16 // 20 % 64
    targets = texture(400, seed=3)  # of no use for telling where to go
    path = choose(targets, places[7:407], levels, places)
    off = (path - np.arange(7, 407) + 10) % 20 - 10
    assert np.abs(off).max() <= 1
    assert len(joins(path)) > 0


def test_of_two_equal_beats_the_right_one_in_the_bar_is_played():
    places = np.arange(640) * 16 // 20 % 64
    levels = np.tile(texture(20), (32, 1))
    path = choose(levels[:80], places[240:320], levels, places)
    assert np.array_equal(path % 80, np.arange(240, 320) % 80)


def test_a_join_keeps_the_pulse_and_not_only_the_places_wished():
    levels, places = np.zeros((400, 80), np.float32), np.arange(400) * 16 // 20 % 64
    path = choose(levels[:23], places[119:142], levels, places, after=117)  # one frame ahead
    assert path.tolist() == list(range(118, 141))


@pytest.mark.parametrize("first", [False, True])
def test_of_two_equal_passages_the_one_that_fits_behind_is_joined(first):
    passage, lead, other = texture(60, 1), texture(30, 2), texture(30, 3)
    halves = [[lead, passage], [other, passage]]
    levels = np.concatenate([*halves[not first], other[::-1], *halves[first], other, lead])
    path = choose(passage[:50], nowhere(50), levels, nowhere(len(levels)), after=len(levels) - 1)
    start = 30 if first else 150
    assert path.tolist() == list(range(start, start + 50))


def test_the_end_of_the_source_is_no_place_to_stay():
    levels = texture(200)
    path = choose(np.tile(levels[190], (300, 1)), nowhere(300), levels, nowhere(200), after=180)
    assert path.max() < 199
    assert path.min() >= 0


def test_silence_around_the_music_is_played_only_where_it_is_wished():
    levels = np.full((400, 80), -60, np.float32)
    levels[50:350] = texture(300)
    path = choose(levels[100:300], nowhere(200), levels, nowhere(400), after=399)
    assert ((path >= 50) & (path < 350)).all()
    still = choose(levels[:40], nowhere(40), levels, nowhere(400), after=200)
    assert ((still < 50) | (still >= 350)).mean() > 0.7


def test_a_wish_that_stands_still_does_not_play_the_same_frames_over_and_over():
    rng = np.random.default_rng(4)
    levels = texture(900)
    for start in range(50, 850, 100):
        levels[start : start + 50] = rng.normal(-20, 1, (50, 80))
    path = choose(np.full((400, 80), -20, np.float32), nowhere(400), levels, nowhere(900))
    wished = (path - 50) % 100 < 50
    assert wished.mean() > 0.9
    for start in range(0, 300, 20):
        assert len(np.unique(path[start : start + 100])) == 100


@pytest.mark.parametrize("frames", [1, 2, 3, 22, 60])
@pytest.mark.parametrize("time", [1, 7, 300])
@pytest.mark.parametrize("end", [False, True])
def test_sources_of_any_length_do_for_any_time(frames, time, end):
    path = choose(
        texture(time), nowhere(time), texture(frames), nowhere(frames), after=frames - 1 if end else None
    )
    assert path.shape == (time,)
    assert path.min() >= 0
    assert path.max() <= max(0, frames - 2)


def test_nothing_is_chosen_for_nothing():
    assert choose(texture(9)[:0], nowhere(0), texture(9), nowhere(9)).tolist() == []
    assert joins(np.zeros(0, np.int64)).tolist() == []
    assert grains.longest_run(np.zeros(0, np.int64)) == 0


def test_the_same_wish_has_the_same_path():
    levels, targets = np.zeros((300, 80), np.float32), texture(100)  # all frames alike: only ties
    first, second = (choose(targets, nowhere(100), levels, nowhere(300)) for _ in range(2))
    assert np.array_equal(first, second)


def test_joins_at_one_time_are_found_though_the_source_is_searched_in_parts(monkeypatch):
    levels = texture(500)
    wished = np.r_[100:160, 300:360]
    whole = choose(levels[wished], nowhere(120), levels, nowhere(500))
    monkeypatch.setattr(grains, "_CHUNK", 1000)
    assert np.array_equal(choose(levels[wished], nowhere(120), levels, nowhere(500)), whole)
