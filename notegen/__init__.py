"""notegen: symbolic music generation, from a folder of tunes to continuations of your own.

>>> import notegen as ng
>>> score = ng.Score.of([(0, 480, 62), (480, 480, 66), (960, 960, 69)], meter=(4, 4))
>>> takes = ng.compose(ng.load("folk"), score, bars=2, variations=2, seed=7)
>>> len(takes), takes[0].score.meter_at(0)
(2, (4, 4))

Names are imported when they are first used, so that ``import notegen`` costs next to nothing.
"""

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "Bundle": "notegen.model.bundle",
    "Corpus": "notegen.corpus",
    "Ensemble": "notegen.model.assemble",
    "Key": "notegen.keys",
    "NotegenError": "notegen.errors",
    "Recipe": "notegen.training.recipe",
    "Roll": "notegen.rendering.layout",
    "Score": "notegen.score",
    "Take": "notegen.generation.compose",
    "Track": "notegen.score",
    "compose": "notegen.generation.compose",
    "draw": "notegen.rendering.pianoroll",
    "engrave": "notegen.rendering.engrave",
    "evaluate": "notegen.evaluation.likelihood",
    "load": "notegen.model.bundle",
    "melody": "notegen.melody",
    "read": "notegen.formats",
    "render": "notegen.rendering.sound",
    "train": "notegen.training.train",
    "write": "notegen.formats",
}

if TYPE_CHECKING:
    from notegen.corpus import Corpus
    from notegen.errors import NotegenError
    from notegen.evaluation.likelihood import evaluate
    from notegen.formats import read, write
    from notegen.generation.compose import Take, compose
    from notegen.keys import Key
    from notegen.melody import melody
    from notegen.model.assemble import Ensemble
    from notegen.model.bundle import Bundle, load
    from notegen.rendering.engrave import engrave
    from notegen.rendering.layout import Roll
    from notegen.rendering.pianoroll import draw
    from notegen.rendering.sound import render
    from notegen.score import Score, Track
    from notegen.training.recipe import Recipe
    from notegen.training.train import train

__all__ = [
    "Bundle",
    "Corpus",
    "Ensemble",
    "Key",
    "NotegenError",
    "Recipe",
    "Roll",
    "Score",
    "Take",
    "Track",
    "__version__",
    "compose",
    "draw",
    "engrave",
    "evaluate",
    "load",
    "melody",
    "read",
    "render",
    "train",
    "write",
]


def __getattr__(name: str) -> Any:
    from importlib import import_module

    if name not in _HOME:
        raise AttributeError(f"module 'notegen' has no attribute '{name}'")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
