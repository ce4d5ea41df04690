"""From bundles to one predictor: a network or a chain, two of them blended, and memory of the piece."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from notegen.codecs.codec import Codec
from notegen.errors import UsageError
from notegen.formats import abc_codec
from notegen.model import habits
from notegen.model.blend import Blend
from notegen.model.bundle import MUSIC, Bundle, MarkovConfig
from notegen.model.habits import Habits
from notegen.model.markov import Markov
from notegen.model.predictor import Predictor
from notegen.model.recall import Remembering
from notegen.model.runtime import Runtime

MEMORY = 0.5  # as much as the likelihood of human tunes asks for
BLEND = 0.5


@dataclass(frozen=True)
class Ensemble:
    """One or two models of music, and how they are asked.

    Parameters
    ----------
    models : tuple of Bundle
        One, or two that read the same.
    memory : float
        How much the piece in hand has to say, from 0 to 1; see `notegen.model.recall`.
    blend : float
        The weight of the second model, from 0 to 1.

    Raises
    ------
    UsageError
        If a model is not one of music, if there are more than two or these do not read the same, or if a
        number is out of range.
    """

    models: tuple[Bundle, ...]
    memory: float = MEMORY
    blend: float = BLEND

    def __post_init__(self) -> None:
        for model in self.models:
            model.expect(*MUSIC)
        if not 1 <= len(self.models) <= 2:
            raise UsageError(f"{len(self.models)} models were named; one or two can be asked")
        if len({(model.codec, model.symbols) for model in self.models}) > 1:
            first, second = self.models
            raise UsageError(f"{first.name} and {second.name} do not read the same, and cannot be blended")
        for name in ("memory", "blend"):
            if not 0 <= getattr(self, name) <= 1:
                raise UsageError(f"{name} is {getattr(self, name):g}, but must be between 0 and 1")

    @classmethod
    def of(cls, model: "Bundle | Ensemble") -> "Ensemble":
        """Return an ensemble of one model, or the ensemble itself."""
        return cls((model,)) if isinstance(model, Bundle) else model

    @property
    def name(self) -> str:
        """What people call it."""
        if len(self.models) == 1:
            return self.models[0].name
        first, second = self.models
        return f"{first.name} and {second.name} ({self.blend:.0%})"

    @property
    def codec(self) -> Codec:
        """What it reads."""
        return abc_codec.codec(self.models[0].codec, self.models[0].symbols)

    @property
    def human_bits(self) -> float:
        """Bits per note of human tunes under the first model, with memory if there is some; 0 if unknown."""
        figure = "valid_bits_with_memory" if self.memory else "valid_bits_per_note"
        return float(self.models[0].provenance.get(figure, 0.0))

    @cached_property
    def predictor(self) -> Predictor:
        """What predicts as they do."""
        each = [alone(model) for model in self.models]
        base = Blend(each, [1 - self.blend, self.blend]) if len(each) > 1 else each[0]
        return remembering(base, self.models[0], self.memory) if self.memory else base


def alone(model: Bundle) -> Predictor:
    """Return what predicts as one model does that remembers nothing."""
    config = model.config
    if not isinstance(config, MarkovConfig):
        return Runtime(model)
    pieces = np.split(model.weights["ids"].astype(np.int32), model.weights["ends"][:-1].astype(np.int64))
    return Markov(pieces, config.order, config.smoothing, config.vocabulary)


def remembering(base: Predictor, model: Bundle, memory: float = MEMORY) -> Predictor:
    """Let a predictor remember the piece in hand, in the way of the pieces that a model was trained on."""
    return Remembering(base, habits_of(model), abc_codec.codec(model.codec, model.symbols).bars, memory)


def habits_of(model: Bundle) -> Habits:
    """Return how the pieces that a model was trained on repeat themselves; as folk tunes, if unknown."""
    try:
        said = model.provenance["habits"]
        return Habits(**{name: tuple(map(float, weights)) for name, weights in said.items()})
    except (KeyError, TypeError, ValueError, AttributeError):
        return habits.FOLK
