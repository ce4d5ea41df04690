"""Example seeds, written for notegen."""

from importlib import resources
from pathlib import Path


def example_seed() -> Path:
    """Return the path of the bundled example: eight bars of a jig in D."""
    return Path(str(resources.files("notegen_corpora") / "morning-ferry.mid"))
