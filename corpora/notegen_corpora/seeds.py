"""Example seeds, written for notegen."""

from importlib import resources
from pathlib import Path
from typing import Literal

Seed = Literal["morning-ferry", "late-tram"]


def example_seed(name: Seed = "morning-ferry") -> Path:
    """Return the path of a bundled example.

    Parameters
    ----------
    name : {"morning-ferry", "late-tram"}
        Eight bars of a jig in D, or eight bars of a pop song in G as it might be played: melody, chords and
        bass, a little beside the beat and none as loud as the next.
    """
    return Path(str(resources.files("notegen_corpora") / f"{name}.mid"))
