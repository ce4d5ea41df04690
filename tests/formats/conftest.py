"""Scores whose rhythms can be written exactly, as a strategy for hypothesis, and what is heard of a score."""

import pytest
from hypothesis import strategies as st

from notegen.keys import Key
from notegen.score import DRUM_CHANNEL, KEY, METER, NOTE, TEMPO, Score, Track, table

Q = 24  # ticks a quarter
QUARTERS = [[24], [12, 12], [6, 6, 6, 6], [18, 6], [12, 6, 6], [8, 8, 8], [16, 8], [4] * 6, [3] * 8]
EIGHTHS = [[12], [12], [6, 6], [4, 4, 4], [3, 3, 6]]
METERS = [(4, 4), (3, 4), (2, 4), (6, 8), (9, 8), (12, 8), (2, 2), (5, 4), (7, 8), (3, 8), (5, 8)]
KEYS = [
    key for key in (Key.of_tonic(tonic, mode) for tonic in range(12) for mode in range(7)) if key != (0, 0)
]


@st.composite
def layers(draw, meter, length, low, *, change):
    """Draw one line of notes, chords and rests from `low` up, as (onset, duration, pitches).

    No note is held over a change of key, where it may have to change its name. A second, lower line
    has plain rhythms, for a beat of a track has one division.
    """
    rhythms = QUARTERS if meter[1] <= 4 else EIGHTHS
    count = length // sum(rhythms[0])
    cells = draw(
        st.lists(st.sampled_from(rhythms[:1] if low == 44 else rhythms), min_size=count, max_size=count)
    )
    line, at = [], 0
    for duration in (duration for cell in cells for duration in cell):
        what = draw(st.sampled_from(["note", "note", "note", "chord", "rest", "held"]))
        pitches = draw(st.sets(st.integers(low, low + 11), min_size=1, max_size=3 if what == "chord" else 1))
        if what == "held" and line and sum(line[-1][:2]) == at != change:
            line[-1] = (line[-1][0], line[-1][1] + duration, line[-1][2])
        elif what != "rest":
            line.append((at, duration, pitches))
        at += duration
    return line


@st.composite
def scores(draw):
    """Draw a score of one to three tracks, each of one or two lines, with or without a pickup."""
    meter = draw(st.sampled_from(METERS))
    bar = 4 * Q * meter[0] // meter[1]
    pickup = draw(st.sampled_from([0, 0, Q if meter[1] <= 4 else Q // 2]))
    bars = draw(st.integers(1, 3))
    tracks, rows = [], []
    for i in range(draw(st.integers(1, 3))):
        drums = i > 0 and draw(st.booleans())
        name = draw(st.sampled_from(["Violin", "Flûte", 'a "b" <c> & d%', "e\nf", ""]))
        tracks.append(Track(name, 0 if drums else draw(st.integers(0, 127)), DRUM_CHANNEL if drums else i))
        for low in draw(st.sampled_from([(60,), (60, 44)])) if not drums else (36,):
            line = draw(layers(meter, pickup + bars * bar, low, change=pickup + bar))
            rows += [(at, long, pitch, 80, i) for at, long, pitches in line for pitch in pitches]
    rows.append((0, Q // (1 if meter[1] <= 4 else 2), 84, 80, 0))  # something sounds, at the beginning
    first, second = draw(
        st.lists(st.sampled_from(KEYS), min_size=2, max_size=2, unique_by=lambda k: k.fifths)
    )
    changes = draw(st.booleans()) and bars > 1
    speeds = draw(st.lists(st.integers(40, 200), min_size=2, max_size=2, unique=True))
    at = pickup + bar
    meters = [(0, *_meter(pickup)), (pickup, *meter)] if pickup else [(0, *meter)]
    return Score(
        notes=table(sorted(rows, key=lambda row: (row[0], row[4], row[2])), NOTE),
        tracks=tuple(tracks),
        meters=table(meters, METER),
        keys=table([(0, *first), (at, *second)] if changes else [(0, *first)], KEY),
        tempos=table([(i * at, round(60e6 / speeds[i])) for i in range(1 + changes)], TEMPO),
        resolution=Q,
        title=draw(st.sampled_from(["A tune", "小調 & <b>", "100% %d"])),
    )


def _meter(length):
    return (1, 4) if length == Q else (1, 8)


@pytest.fixture(scope="session")
def written_scores():
    return scores()


@pytest.fixture(scope="session")
def heard():
    """Return a function that gives (onset, duration, pitch, track) of all notes, on the grid of 24."""

    def notes(score, *, tracks=True):
        rows = score.quantize(Q).notes.tolist()
        return sorted((at, long, pitch, track if tracks else 0) for at, long, pitch, _, track in rows)

    return notes
