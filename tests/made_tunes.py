"""Folders of random tunes, none a version of another."""

import numpy as np

from notegen.formats import midi
from notegen.score import Score

NOTES = 40


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
