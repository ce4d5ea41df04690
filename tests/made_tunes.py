"""Tunes made by chance, and folders of them, none a version of another."""

import numpy as np

from notegen.formats import midi
from notegen.keys import Key
from notegen.score import KEY, Score, table

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
