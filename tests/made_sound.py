"""Sound that tests make themselves: it has a beat, and its notes change."""

import numpy as np

from notegen.audio import codebook, frames
from notegen.audio.recording import RATE
from notegen.audio.sound import hear
from notegen.model.bundle import Bundle
from notegen.model.network import NetworkConfig


def made_tune(seconds=6.0, rate=RATE, channels=1, *, seed=0, bpm=120, level=0.5):
    """Return plucked notes, one a beat, over faint noise: samples of shape (frames, channels)."""
    rng = np.random.default_rng(seed)
    time, beat = np.arange(round(rate * seconds)) / rate, 60 / bpm
    notes = rng.choice([0, 2, 4, 5, 7, 9, 11, 12], int(seconds / beat) + 1)
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (notes[(time / beat).astype(int)] / 12)) / rate
    plucked = np.exp(-4 * (time % beat)) * (np.sin(phase) + 0.3 * np.sin(2 * phase))
    tune = level * plucked[:, None] * np.linspace(1, 0.7, channels)
    return tune + 0.003 * rng.standard_normal(tune.shape)


def knowing(sound, *, size=64, scale=0.1, share=0.5):
    """Return a model of one recording: its codebook, its bigrams, and what random weights say."""
    entries = codebook.fit(sound.levels, size)
    vocabulary = len(entries) + 1
    config = NetworkConfig(vocabulary, entries.shape[1], units=8, layers=1, places=frames.PLACES)
    rng = np.random.default_rng(0)
    weights = {name: scale * rng.standard_normal(shape) for name, shape in config.shapes().items()}
    weights |= frames.tables(entries, [frames.tokens(sound.levels, entries)])
    weights = {name: array.astype(np.float32) for name, array in weights.items()}
    return Bundle(config, weights, {"memory": {"width": 0.7, "share": share}}, "frames")


def heard(path, samples, rate=RATE, subtype=None):
    """Write samples to a file and hear it."""
    import soundfile

    soundfile.write(path, samples, rate, subtype)
    return hear(path)
