"""Music that is played in many ways comes back as it was written."""

from dataclasses import replace

import numpy as np
import pytest

from notegen.melody import GRID, LONGEST
from notegen.score import METER, NOTE, Score, Track, table
from notegen.settle import settle

TICK = 20  # ticks of a score of 480 a quarter in one of the grid
EIGHTHS = range(0, 64 * 12, 12)
BAND = Track("Tune", 0, 0), Track("Bass", 33, 1)


def written(places, track=0, length=12, meter=(4, 4)):
    """A score of one track whose notes begin on grid ticks."""
    rows = [(at * TICK, length * TICK, 60 + i % 5, 80, track) for i, at in enumerate(places)]
    return Score(notes=table(rows, NOTE), tracks=BAND, meters=table([(0, *meter)], METER))


def performed(score, spread=12, late=0, swing=0.5, seed=0):
    """Return a score played a little beside the beat (ticks of 480 a quarter), or with swung eighths."""
    rng, rows = np.random.default_rng(seed), score.notes.copy()
    beat, place = np.divmod(rows["onset"], 480)
    off = np.where(place == 240, round(480 * swing), place)
    rows["onset"] = np.maximum(0, np.rint(beat * 480 + off + late + rng.normal(0, spread, len(rows))))
    rows["duration"] = rows["duration"] * rng.uniform(0.7, 0.95, len(rows))
    return replace(score, notes=table(rows[np.argsort(rows["onset"], kind="stable")], NOTE))


def ticks(score):
    return score.notes["onset"] // TICK


@pytest.mark.parametrize("spread", [3, 12, 20])
@pytest.mark.parametrize("late", [0, 25, -8])
def test_what_was_played_stands_where_it_was_meant(spread, late):
    places = [at for bar in range(8) for at in (0, 24, 36, 48, 60, 72)]
    meant = written([96 * (i // 6) + at for i, at in enumerate(places)])
    found = settle(performed(meant, spread, late))
    assert found.ticks.tolist() == ticks(meant).tolist()
    assert found.score.quantize(GRID).notes["onset"].tolist() == ticks(meant).tolist()


@pytest.mark.parametrize("swing", [0.57, 0.62, 2 / 3, 0.7])
@pytest.mark.parametrize("spread", [0, 6])
def test_swung_eighths_are_eighths(swing, spread):
    meant = written(EIGHTHS)
    assert settle(performed(meant, spread, swing=swing)).ticks.tolist() == ticks(meant).tolist()


def test_ends_of_swung_eighths_are_even_too():
    swung = written(EIGHTHS)
    rows = swung.notes.copy()
    rows["onset"] += np.where(rows["onset"] % 480, 80, 0)
    rows["duration"] = np.diff(rows["onset"], append=64 * 240)
    assert set(settle(replace(swung, notes=table(rows, NOTE))).score.notes["duration"].tolist()) == {12}


@pytest.mark.parametrize(
    ("places", "meter"),
    [
        ([at for beat in range(32) for at in (24 * beat, 24 * beat + 8, 24 * beat + 16)], (4, 4)),  # triplets
        ([at for beat in range(32) for at in (24 * beat, 24 * beat + 18)], (4, 4)),  # dotted
        ([at for beat in range(32) for at in (36 * beat, 36 * beat + 24)], (6, 8)),
        ([at for beat in range(32) for at in range(24 * beat, 24 * beat + 24, 6)], (4, 4)),
    ],
    ids=["triplets", "dotted", "6/8", "sixteenths"],
)
def test_what_was_written_stays_as_it_is(places, meter):
    score = written(places, meter=meter)
    found = settle(score)
    assert found.score is score
    assert found.ticks.tolist() == ticks(score).tolist()


def test_a_track_that_was_played_is_moved_and_one_that_was_not_stays():
    bass = written(range(0, 64 * 12, 24), track=1, length=24)
    tune = performed(written(EIGHTHS))
    rows = np.concatenate([tune.notes, bass.notes])
    both = replace(tune, notes=table(rows[np.argsort(rows["onset"], kind="stable")], NOTE))
    found = settle(both)
    for track, meant in ((0, [*EIGHTHS]), (1, [*range(0, 64 * 12, 24)])):
        assert found.ticks[both.notes["track"] == track].tolist() == meant
        assert found.score.notes["onset"][found.score.notes["track"] == track].tolist() == meant


def test_a_few_notes_beside_the_beat_do_not_tell_that_they_were_played():
    rows = [*written(EIGHTHS).notes.tolist(), (7000, 480, 40, 80, 1)]
    score = replace(written(EIGHTHS), notes=table(sorted(rows), NOTE))
    assert settle(score).score is score


def test_no_note_no_matter():
    empty = Score(notes=table([], NOTE), tracks=BAND)
    assert settle(empty).score is empty


def test_damaged_times_are_left_to_who_reads_them():
    far = written([0, LONGEST + 24])
    assert settle(far).score is far
