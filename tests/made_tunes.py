"""Tunes and songs made by chance, and folders of them, none a version of another."""

from dataclasses import replace

import numpy as np

from notegen.formats import midi
from notegen.keys import Key
from notegen.score import DRUM_CHANNEL, KEY, NOTE, Score, Track, table

NOTES = 40
SCALE = [pitch for pitch in range(60, 85) if pitch % 12 in Key.parse("D").scale]


def make_tune(meter=(4, 4), bars=4, *, resolution=480, seed=0, **rest):
    """Return a tune in D major of eighths and quarters that fills its bars; other seeds, other notes."""
    rng = np.random.default_rng(seed)
    eighth, notes, at = resolution // 2, [], 0
    degree = len(SCALE) // 2
    for bar in range(bars):
        stop = (bar + 1) * 8 * meter[0] // meter[1]
        while at < stop:
            duration = min(int(rng.choice([1, 1, 2])), stop - at)
            notes.append((at * eighth, duration * eighth, SCALE[degree]))
            at += duration
            degree = int(np.clip(degree + rng.choice([-3, -2, -1, 1, 2, 3]), 0, len(SCALE) - 1))
    rest.setdefault("keys", table([(0, *Key.parse("D"))], KEY))
    return Score.of(notes, meter=meter, resolution=resolution, **rest)


def make_song(seed=0, bars=8):
    """Return a tune over chords and drums, all by chance; each track has its own loudness."""
    tune = make_tune(bars=bars, seed=seed)
    rng, half = np.random.default_rng(seed), 2 * tune.resolution
    notes = [tuple(row) for row in tune.notes.tolist()]
    for at in range(0, bars * 2 * half, half):
        root = int(rng.integers(45, 57))
        notes += [(at, half, root + above, 60, 1) for above in (0, 4, 7)]
        notes += [(at, 60, 36, 100, 2), (at + half // 2, 60, int(rng.choice([38, 42])), 90, 2)]
    tracks = Track("Tune", 73, 0), Track("Chords", 24, 1), Track("Kit", 0, DRUM_CHANNEL)
    return replace(tune, notes=table(sorted(notes), NOTE), tracks=tracks)


def tune_bytes(seed):
    """Return a MIDI file of eighths that wander."""
    steps = np.random.default_rng(seed).integers(-4, 5, NOTES)
    pitches = np.clip(66 + np.cumsum(steps), 40, 92).tolist()
    return midi.encode(Score.of([(240 * i, 240, pitch) for i, pitch in enumerate(pitches)], resolution=480))


def write_tunes(folder, seeds):
    """Write one MIDI file for each seed, by its number."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        (folder / f"{seed:05}.mid").write_bytes(tune_bytes(seed))
    return folder
