"""Fixtures that several tests share: small tunes, and a small model with random weights."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings

from notegen.codecs import vocabulary as v
from notegen.keys import Key
from notegen.model.bundle import Bundle, load
from notegen.model.network import NetworkConfig
from notegen.score import KEY, Score, table

settings.register_profile("unhurried", deadline=None)  # a busy machine is no failure
settings.load_profile("unhurried")

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


def make_bundle(config, scale=0.3, provenance=None):
    """Return a bundle of random weights; of all zeros with `scale` 0."""
    rng = np.random.default_rng(0)
    weights = {
        name: (scale * rng.standard_normal(shape)).astype(np.float32)
        for name, shape in config.shapes().items()
    }
    return Bundle(config, weights, provenance or {})


@pytest.fixture(scope="session")
def tune():
    return make_tune


@pytest.fixture(scope="session")
def random_bundle():
    return make_bundle


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("models") / "random.notegen"
    said = {"corpus": "none", "valid_bits_per_note": 9.0, "notegen": "0", "date": "2000-01-01"}
    make_bundle(NetworkConfig(v.SIZE, embedding=8, units=12, layers=2), provenance=said).save(path)
    return path


@pytest.fixture(scope="session")
def bundle(bundle_path) -> Bundle:
    return load(bundle_path)
