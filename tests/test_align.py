from dataclasses import replace

import numpy as np
import pytest
from made_tunes import make_song

from notegen.align import align
from notegen.score import EVENT, KEY, METER, TEMPO, Score, Track, table

SONG = make_song(bars=8)
SIXTEENTH = 120
BAR = 1920


def later(score, ticks):
    notes = score.notes.copy()
    notes["onset"] += ticks
    return replace(score, notes=table(notes, notes.dtype))


def without_meters(score):
    return replace(score, meters=table([], METER))


def march(start, bars=6, length=BAR):
    """Return bars that each begin with a long low note, from a tick on."""
    rows = []
    for at in range(start, start + bars * length, length):
        rows += [(at, length // 2, 40)]
        rows += [(at + i * 480, 240, 64 + (i + at // length) % 5) for i in range(length // 480)]
    return Score.of(sorted(rows))


@pytest.mark.parametrize("late", [0, 9])
def test_music_on_its_bar_lines_stays_as_it_is(late):
    score = later(SONG, late)
    assert align(score) == (score, 0, None)


@pytest.mark.parametrize("late", [12, 20, 39])
def test_music_that_is_a_little_late_is_moved_onto_its_grid(late):
    moved = align(later(SONG, late))
    assert (moved.shift, moved.meter) == (-late, None)
    assert moved.score.notes.tolist() == SONG.notes.tolist()


def test_music_that_is_a_little_early_is_moved_too():
    early = later(SONG, BAR - 30)
    moved = align(early)
    assert moved.shift == 30
    assert moved.score.notes["onset"][0] == BAR


@pytest.mark.parametrize("beats", [1, 2, 3])
def test_downbeats_are_found_where_music_stands_beside_its_bars(beats):
    moved = align(march(beats * 480 + 55))
    assert moved.score.notes["onset"][0] % BAR == 0
    assert moved.meter is None


@pytest.mark.parametrize("start", [0, 480, 1000])
def test_a_bar_to_every_beat_is_none(start):
    score = replace(march(start), meters=table([(0, 1, 4)], METER))
    moved = align(score)
    assert moved.meter == (4, 4)
    assert moved.score.meters.tolist() == [(0, 4, 4)]
    assert moved.score.notes["onset"][0] % BAR == 0
    assert moved.score.notes["onset"][0] == score.notes["onset"][0] + moved.shift


@pytest.mark.parametrize("meter", [(3, 4), (6, 8), (7, 8), (5, 16), (1, 32), (2, 2), (9, 8)])
def test_any_meter_can_be_aligned(meter):
    bar = Score().bar_length(meter)
    score = Score.of([(i * bar + 40, bar, 60 + i % 7) for i in range(12)], meter=meter)
    assert align(score).score.notes["onset"].tolist() == (score.notes["onset"] + align(score).shift).tolist()


def test_what_is_moved_once_stays():
    rng = np.random.default_rng(0)
    for late in rng.integers(0, 2 * BAR, 20).tolist():
        moved = align(march(late)).score
        again = align(moved)
        assert (again.shift, again.meter) == (0, None)


def test_no_note_is_lost_before_the_beginning():
    rng = np.random.default_rng(1)
    for late in rng.integers(0, 2 * BAR, 20).tolist():
        score = march(late)
        moved = align(score)
        assert moved.score.notes["onset"].tolist() == (score.notes["onset"] + moved.shift).tolist()


def test_music_that_is_played_freely_stays():
    rng = np.random.default_rng(2)
    onsets = np.sort(rng.integers(0, 20 * BAR, 200)).tolist()
    score = Score.of([(onset, 200, 60) for onset in onsets])
    assert align(score).score is score


def test_swing_is_no_shift():
    rows = [(480 * (i // 2) + 320 * (i % 2), 160, 60 + i % 5) for i in range(64)]
    score = Score.of(rows)
    assert align(score).score is score


def test_a_shuffle_of_a_few_ticks_around_the_grid_is_no_shift():
    rng = np.random.default_rng(3)
    score = Score.of([(max(0, 240 * i + int(rng.normal(0, 25))), 200, 60) for i in range(64)])
    assert align(score).shift == 0


def test_several_meters_are_believed():
    score = replace(later(SONG, 30), meters=table([(0, 1, 4), (480, 4, 4)], METER))
    assert align(score).score is score


@pytest.mark.parametrize(
    "score",
    [Score(), replace(later(SONG, 30), tracks=(Track(channel=9),) * 3)],
    ids=["nothing", "drums"],
)
def test_without_pitches_nothing_is_moved(score):
    assert align(score) == (score, 0, None)


def test_drums_have_no_say_but_come_along():
    score = later(SONG, 30)
    notes = score.notes.copy()
    drums = notes["track"] == 2
    notes["onset"][drums] += 11
    moved = align(replace(score, notes=table(notes, notes.dtype)))
    assert moved.shift == -30
    drums = moved.score.notes["track"] == 2
    assert set((moved.score.notes["onset"][drums] % SIXTEENTH).tolist()) == {11}


def test_the_maps_are_moved_with_the_notes_but_for_what_holds_from_the_beginning():
    maps = {
        "tempos": table([(0, 500_000), (BAR + 30, 400_000)], TEMPO),
        "keys": table([(0, 2, 0), (BAR + 30, 0, 0)], KEY),
        "events": table([(0, 0, 0xB0, 7, 100), (10, 0, 0xB0, 64, 0), (BAR, 0, 0xB0, 64, 127)], EVENT),
    }
    moved = align(replace(later(SONG, 30), **maps)).score
    assert moved.tempos["tick"].tolist() == moved.keys["tick"].tolist() == [0, BAR]
    assert moved.events["tick"].tolist() == [0, 0, BAR - 30]


def test_without_a_written_meter_there_are_four_quarters():
    moved = align(without_meters(later(SONG, 30)))
    assert (moved.shift, moved.meter) == (-30, None)
    assert moved.score.meters.tolist() == [(0, 4, 4)]


def test_the_file_does_not_come_along():
    score = replace(later(SONG, 30), source=object())
    assert align(score).score.source is None


def test_notes_without_length_are_no_obstacle():
    score = Score.of([(240 * i + 30, 0, 60 + i % 3) for i in range(16)])
    assert align(score).shift == -30


@pytest.mark.parametrize("resolution", [1, 24, 96, 100, 960])
def test_any_division_can_be_aligned(resolution):
    score = Score.of([(resolution * i, resolution, 60 + i % 3) for i in range(16)], resolution=resolution)
    assert align(score).shift == 0
