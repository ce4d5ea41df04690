"""Recordings and models of frames, made by hand: their tokens are known, and no file is read."""

from pathlib import Path

import numpy as np

from notegen.audio.features import BANDS
from notegen.audio.frames import PLACES, Clock, tables
from notegen.audio.recording import RATE, Recording
from notegen.audio.sound import Sound
from notegen.model.bundle import Bundle
from notegen.model.network import NetworkConfig


def made_codebook(entries, seed=0):
    """Return entries that are some 18 dB from one another."""
    return np.random.default_rng(seed).uniform(-50, -5, (entries, BANDS)).astype(np.float32)


def made_sound(tokens, entries, noise=0.0, beats=(), bar=1):
    """Return a recording whose frames are these entries, but for some noise."""
    rng = np.random.default_rng(1)
    levels = entries[np.asarray(tokens) - 1] + noise * rng.standard_normal((len(tokens), BANDS))
    file = Recording(Path("made.wav"), RATE, 1, 512 * len(tokens), "WAV", "PCM_16")
    clock = Clock(np.array(beats, np.int64), bar, len(tokens))
    return Sound(file, levels.astype(np.float32), 0.0, clock)


def made_model(entries, rows, scale=0.0, **provenance):
    """Return a model that knows the bigrams of rows; with `scale` it adds what random weights say."""
    config = NetworkConfig(len(entries) + 1, BANDS, units=4, layers=1, places=PLACES)
    rng = np.random.default_rng(2)
    weights = {
        name: (scale * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in config.shapes().items()
    }
    return Bundle(config, weights | tables(entries, rows), provenance, "frames")
