"""Fixtures that several tests share: small tunes, and a small model with random weights."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from made_models import chain
from made_tunes import make_song, make_tune

from notegen.codecs import vocabulary as v
from notegen.model.bundle import Bundle, load
from notegen.model.network import NetworkConfig

# a busy machine is no failure
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


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
    said = {"corpus": "none", "valid_bits_per_note": 9.0, "valid_bits_with_memory": 9.0}
    said |= {"notegen": "0", "date": "2000-01-01"}
    make_bundle(NetworkConfig(v.MELODY, embedding=8, units=12, layers=2), provenance=said).save(path)
    return path


@pytest.fixture(scope="session")
def bundle(bundle_path) -> Bundle:
    return load(bundle_path)


@pytest.fixture(scope="session")
def song_chain_path(tmp_path_factory) -> Path:
    """Return the file of a model of many parts: a chain counted in songs of a tune, chords and drums."""
    path = tmp_path_factory.mktemp("models") / "songs.notegen"
    chain([make_song(seed) for seed in range(12)]).save(path)
    return path


@pytest.fixture(scope="session")
def song_chain(song_chain_path) -> Bundle:
    return load(song_chain_path)
