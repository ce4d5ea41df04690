"""Performed seeds, continued by a shipped model: new bars groove as the seed does."""

import numpy as np
import pytest
from notegen_corpora import example_seed

from notegen import formats
from notegen.generation.compose import compose
from notegen.model.bundle import load
from notegen.score import NOTE, Score, Track, table

BAR, BEAT = 1920, 480
CHORDS = (60, 64, 67), (57, 60, 64), (53, 57, 60), (55, 59, 62)
SCALE = 72, 74, 76, 77, 79, 81, 83, 84
ENOUGH = 8  # notes at a place of the bar, for a mean of them to say something


def piano(spread, swing=0.5, late=0, bars=8):
    """Two hands on a piano: so many ticks beside the beat, with an accent on each first beat."""
    rng, rows, at = np.random.default_rng(3), [], 3
    for beat in range(4 * bars):
        tick, first = beat * BEAT, beat % 4 == 0
        chord = CHORDS[beat // 4 % 4]
        rows += [(tick, 440, pitch, 62 + 12 * first) for pitch in (chord if beat % 2 else (chord[0] - 12,))]
        for off in (0, round(swing * BEAT)):
            at = int(np.clip(at + rng.integers(-2, 3), 0, 7))
            rows.append((tick + off, 200, SCALE[at], 92 - 16 * (off > 0)))
    played = [
        (max(0, round(tick + late + rng.normal(0, spread))), long, pitch, int(loud + rng.normal(0, 4)), 0)
        for tick, long, pitch, loud in rows
    ]
    return Score(notes=table(sorted(played), NOTE), tracks=(Track("Piano"),))


SEEDS = {
    "a click": piano(3),
    "a human": piano(12),
    "a loose one": piano(20),
    "laid back": piano(10, late=14),
    "swung": piano(8, swing=0.62),
    "a band": formats.read(example_seed("late-tram")),
}


def places(notes, swing):
    """Return the place in the beat that each note was meant for, in eighths, and by how much it missed it."""
    beat = np.rint((notes["onset"] - swing / 2) / BEAT * 2)  # the nearest half of a beat, swung or not
    return beat % 2, notes["onset"] - beat * BEAT / 2 - np.where(beat % 2, swing, 0)


@pytest.fixture(scope="module")
def pop():
    return load("pop")


@pytest.mark.parametrize("name", SEEDS)
def test_new_bars_keep_within_the_spread_of_the_seed(pop, name):
    """By track and place in the beat: the mean offset lies within one deviation of the seed's own mean."""
    seed, swing = SEEDS[name], 0.12 * BEAT if name == "swung" else 0
    takes = compose(pop, seed, bars=8, variations=4, seed=1)
    new = np.concatenate([take.score.notes[len(seed.notes) :] for take in takes])
    checked = 0
    for track in np.unique(seed.notes["track"]).tolist():
        old, young = (rows[rows["track"] == track] for rows in (seed.notes, new))
        (place, offset), (there, found) = places(old, swing), places(young, swing)
        near = abs(found) < BEAT / 8  # sixteenths stand elsewhere, and the seed has none
        for each in (0, 1):
            mine, theirs = offset[place == each], found[near & (there == each)]
            if min(len(mine), len(theirs)) < ENOUGH:
                continue
            checked += 1
            assert abs(theirs.mean() - mine.mean()) <= mine.std() + 1
            assert theirs.std() <= 1.5 * mine.std() + 1
    assert checked >= 2


@pytest.mark.parametrize("name", SEEDS)
def test_new_bars_are_as_loud_as_the_seed(pop, name):
    seed = SEEDS[name]
    takes = compose(pop, seed, bars=8, variations=4, seed=1)
    for track in np.unique(seed.notes["track"]).tolist():
        mine = seed.notes["velocity"][seed.notes["track"] == track]
        new = np.concatenate([take.score.notes[len(seed.notes) :] for take in takes])
        theirs = new["velocity"][new["track"] == track]
        assert abs(theirs.mean() - mine.mean()) <= mine.std()
        assert mine.min() <= theirs.min() and theirs.max() <= mine.max()
