"""Scores of many parts, made by chance."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

from notegen.codecs import vocabulary as v
from notegen.melody import GRID
from notegen.score import DRUM_CHANNEL, KEY, METER, NOTE, TEMPO, Score, Track, meter_of, table

METERS = [(2, 4), (3, 4), (4, 4), (2, 2), (6, 8), (12, 8), (3, 8), (3, 2), (5, 4), (7, 8)]
FEWER = settings(max_examples=30)  # scores take a while to be made
LONG = [288, 289, 576, 1000, 3000]


@st.composite
def changes(draw):
    """Meters, and the ticks of bar lines; with or without a pickup, and with odd bars between meters."""
    at, meters, lines = 0, [], []
    first = draw(st.sampled_from(METERS))
    if draw(st.booleans()):
        pickup = 3 * draw(st.integers(1, GRID * 4 * first[0] // first[1] // 3 - 1))
        meters, lines, at = [(0, *meter_of(pickup, first[1], GRID))], [0], pickup
    for meter in [first, *draw(st.lists(st.sampled_from(METERS), max_size=2))]:
        meters.append((at, *meter))
        for _ in range(draw(st.integers(1, 4))):
            lines.append(at)
            at += 4 * GRID * meter[0] // meter[1]
        at += draw(st.sampled_from([0, 0, 0, 12, 17]))
    return meters, lines


@st.composite
def scores(draw):
    """Up to 16 parts, drums among them, on the grid; equal pitches overlap, and notes may be very long."""
    meters, lines = draw(changes())
    several = st.sets(st.sampled_from(lines), max_size=3).map(sorted)
    keys = [(line, *draw(st.sampled_from(v.KEYS))) for line in draw(several)]
    tempos = [(line, draw(st.integers(200_000, 3_000_000))) for line in draw(several)]
    channels = st.sampled_from([0, 1, 2, DRUM_CHANNEL])
    tracks = draw(
        st.lists(st.builds(Track, st.just(""), st.integers(0, 127), channels), min_size=1, max_size=16)
    )
    onsets = st.integers(0, lines[-1] // 12 + 8).map(lambda step: 12 * step) | st.integers(0, lines[-1] + 90)
    durations = st.sampled_from([6, 12, 24, 48, *LONG]) | st.integers(1, 40)
    pitches = st.integers(58, 63) | st.integers(0, 127)
    rows = st.tuples(onsets, durations, pitches, st.integers(1, 127), st.integers(0, len(tracks) - 1))
    notes = sorted(draw(st.lists(rows, min_size=1, max_size=16)))
    return Score(
        notes=table(notes, NOTE),
        tracks=tuple(tracks),
        tempos=table(tempos, TEMPO),
        meters=table(meters, METER),
        keys=table(keys, KEY),
        resolution=GRID,
    )


def content(score):
    """What the codec keeps of a score."""
    rows = (score.notes, score.meters, score.keys, score.tempos)
    parts = [(track.program, track.is_drum) for track in score.tracks]
    return [table.tolist() for table in rows], parts, score.resolution


def band(bars=4):
    """Return a tune, chords under it, and drums, in 4/4 on the grid."""
    rng = np.random.default_rng(0)
    notes = []
    for bar in range(bars):
        start = 96 * bar
        notes += [(start + 24 * i, 24, 72 + int(rng.integers(-5, 6)), 100, 0) for i in range(4)]
        notes += [(start, 96, pitch, 60, 1) for pitch in (60, 64, 67)]
        notes += [(start + 12 * i, 6, 42 if i % 2 else 36, 90, 2) for i in range(8)]
    return Score(
        notes=table(sorted(notes), NOTE),
        tracks=(Track("tune", 73, 0), Track("chords", 4, 1), Track("drums", 0, DRUM_CHANNEL)),
        tempos=table([(0, 500_000)], TEMPO),
        meters=table([(0, 4, 4)], METER),
        keys=table([(0, 0, 0)], KEY),
        resolution=GRID,
    )
