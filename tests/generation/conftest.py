"""A model that writes what notation can say, and the small sound font."""

from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.model.network import NetworkConfig


@pytest.fixture(scope="session")
def eighths(random_bundle):
    """Return a model that knows eighths and their multiples, the shorter the likelier, from C4 to C6."""
    made = random_bundle(NetworkConfig(v.MELODY, embedding=2, units=2, layers=1), scale=0)
    bias = made.weights["logits.bias"]
    bias[:] = -30
    bias[v.BAR] = 0
    bias[v.FIRST["pitch"] + v.LOWEST + np.arange(58, 83)] = 0  # semitones above D's tonic, which is 2
    ends = np.arange(12, v.LONGEST_RELEASE, 12)
    bias[v.FIRST["release"] - 1 + ends] = -ends / 12
    made.provenance["valid_bits_with_memory"] = 9.0
    return made


@pytest.fixture(scope="session", autouse=True)
def _small_font():
    """Play with the font that pretty_midi carries, as other fonts take long to load."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "NOTEGEN_SOUNDFONT", str(Path(find_spec("pretty_midi").origin).with_name("TimGM6mb.sf2"))
        )
        yield
