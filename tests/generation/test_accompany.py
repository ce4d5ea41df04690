import numpy as np
import pytest

from notegen.generation.accompany import Stretch, accompany
from notegen.score import NOTE, Score, Track, table

BAR = 1920
BEAT = [(0, 36), (480, 38), (960, 36), (1440, 38)]
FILL = [(0, 36), (480, 41), (720, 43), (960, 45)]
NONE: list[tuple[int, int]] = []


def played(*bars, start=0):
    """Return a score whose second track plays bars of (tick in the bar, pitch)."""
    rows = [(start + i * BAR + at, 60, pitch, 90, 1) for i, bar in enumerate(bars) for at, pitch in bar]
    return Score(notes=table(sorted(rows), NOTE), tracks=(Track("tune"), Track("kit", 0, 9)))


def stretch(bars, new=2, start=0):
    return Stretch(start + bars * BAR, start + bars * BAR, BAR, new)


def again(score, place, others="loop"):
    """Return what the track plays anew, bar by bar."""
    rows = accompany(score, 1, place, others)
    bars = [[] for _ in range(place.bars)]
    for row in rows:
        bar, at = divmod(int(row["onset"]) - place.bar, BAR)
        bars[bar].append((at, int(row["pitch"])))
    return bars


def test_a_track_goes_on_by_its_own_period():
    assert again(played(BEAT, BEAT, BEAT), stretch(3)) == [BEAT, BEAT]
    assert again(played(BEAT, FILL, BEAT, FILL), stretch(4, new=3)) == [BEAT, FILL, BEAT]
    four = [BEAT, BEAT, BEAT, FILL]
    assert again(played(*four, *four), stretch(8, new=4)) == four


def test_bars_that_never_come_back_come_again_all_together():
    three = [BEAT, FILL, [(0, 49)], [(480, 36)]]
    assert again(played(*three), stretch(4, new=4)) == three


@pytest.mark.parametrize("bars", [2, 3, 4, 8, 12])
def test_a_track_that_has_been_resting_comes_in_again(bars):
    assert again(played(*[BEAT] * (bars - 1), NONE), stretch(bars)) == [BEAT, BEAT]
    assert again(played(*[BEAT] * bars, NONE, NONE), stretch(bars + 2)) == [BEAT, BEAT]


def test_a_bar_of_rest_that_belongs_to_the_period_stays():
    four = [BEAT, BEAT, FILL, NONE]
    assert again(played(*four, *four), stretch(8, new=4)) == four


def test_a_track_that_has_rested_for_long_is_not_missed():
    assert again(played(*[BEAT] * 4, *[NONE] * 9), stretch(13)) == [NONE, NONE]


def test_bars_are_counted_back_from_the_seam_behind_a_pickup():
    assert again(played(BEAT, BEAT, start=480), stretch(2, start=480)) == [BEAT, BEAT]


def test_a_seed_without_a_whole_bar_goes_on_too():
    place = Stretch(seam=960, bar=0, length=BAR, bars=3)
    assert again(played(BEAT[:2]), place) == [NONE, BEAT[:2], BEAT[:2]]


def test_an_unfinished_bar_is_filled_from_the_seam_on():
    place = Stretch(seam=2 * BAR + 700, bar=2 * BAR, length=BAR, bars=2)
    assert again(played(BEAT, BEAT, BEAT[:2]), place) == [BEAT[2:], BEAT]


def test_no_note_lasts_beyond_the_last_bar():
    rows = [(0, BAR, 60, 80, 0), (0, 3 * BAR, 40, 80, 1), (BAR, 3 * BAR, 40, 80, 1)]
    score = Score(notes=table(rows, NOTE), tracks=(Track(), Track()))
    new = accompany(score, 1, stretch(2), "loop")
    assert (new["onset"] + new["duration"]).max() == stretch(2).end == 4 * BAR


def test_played_time_and_loudness_are_those_of_the_seed():
    score = played(BEAT, BEAT)
    notes = score.notes.copy()
    notes["onset"][1:] += np.arange(7) % 3
    notes["velocity"] += np.arange(8).astype(np.int16)
    again = accompany(Score(notes=table(notes, NOTE), tracks=score.tracks), 1, stretch(2), "loop")
    assert again["velocity"].tolist() in ([90, 91, 92, 93, 94, 95, 96, 97], [94, 95, 96, 97] * 2)
    assert set((again["onset"] % BAR).tolist()) <= set((notes["onset"] % BAR).tolist())


def test_the_last_chord_is_struck_at_the_seam_and_held():
    rows = [(0, BAR, 50, 70, 1), *((BAR, BAR - early, pitch, 75, 1) for early, pitch in ((0, 60), (30, 64)))]
    score = Score(notes=table(rows, NOTE), tracks=(Track(), Track()))
    held = accompany(score, 1, stretch(2), "hold")
    assert held.tolist() == [(2 * BAR, 2 * BAR, 60, 75, 1), (2 * BAR, 2 * BAR, 64, 75, 1)]


def test_what_is_held_from_an_unfinished_bar_on_ends_with_the_last():
    place = Stretch(seam=700, bar=0, length=BAR, bars=2)
    (held,) = accompany(played([(0, 36)]), 1, place, "hold")
    assert (held["onset"], held["onset"] + held["duration"]) == (700, 2 * BAR)


@pytest.mark.parametrize("others", ["loop", "hold", "empty"])
def test_a_track_without_notes_stays_without(others):
    assert not len(accompany(played(BEAT), 0, stretch(1), others))


def test_nothing_is_played_where_nothing_is_asked_for():
    assert not len(accompany(played(BEAT), 1, stretch(1), "empty"))
