"""Particles: drafts of missing bars, weighed by how well what follows them follows.

A model that reads from left to right knows nothing of the bars on the right. But it says how likely they are
behind each draft, and a draft that is drawn from many with this for its weight comes near to being drawn from
the model's own distribution given both sides: sampling importance resampling (Rubin, "Using the SIR algorithm
to simulate posterior distributions", 1988).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.generation.constraints import Guide
from notegen.generation.missing import Missing
from notegen.generation.rules import Rules
from notegen.generation.sampling import Draft, Prompt, Taste, sample
from notegen.model import predictor as predictors
from notegen.model.predictor import Predictor

PARTICLES = 32  # drafts of which one is taken
_TOGETHER = 8  # that are read at a time: their predictions take room

_FREE, _PLAIN = Rules(), Taste()

BAR = np.array([v.BAR], dtype=np.int32)  # what missing bars begin with


def drafts(
    model: Predictor,
    missing: Missing,
    prompt: Prompt,
    count: int,
    rng: np.random.Generator,
    rules: Rules = _FREE,
    taste: Taste = _PLAIN,
) -> list[Draft]:
    """Draw missing bars so many times, behind their prompt."""
    guide = Guide(missing.grammar(count), missing.constraints(rules))
    return sample(model, prompt, guide, taste, rng, BAR)


def weights(model: Predictor, missing: Missing, prompt: Prompt, drafts: Sequence[Ids]) -> NDArray[np.float64]:
    """Return how likely the first bars on the right are behind each draft.

    Returns
    -------
    array of float, shape (drafts,)
        Natural logarithms.
    """
    pairs = [(ids, missing.following(missing.rows(ids))) for ids in drafts]
    found: list[float] = []
    for start in range(0, len(pairs), _TOGETHER):
        some = pairs[start : start + _TOGETHER]
        rows = v.pad([np.concatenate([prompt.last, *pair]) for pair in some])
        said, _ = model.predict(rows[:, :-1], predictors.repeat(prompt.state, len(some)))
        for row, each, (draft, right) in zip(rows, said, some, strict=True):
            at = np.arange(len(draft), len(draft) + len(right))
            found.append(float(each[at, row[at + 1]].sum()))
    return np.array(found)


def pick(weights: NDArray[np.float64], rng: np.random.Generator) -> int:
    """Draw one of several by their weights, natural logarithms.

    Examples
    --------
    >>> pick(np.array([-1000.0, -3.0, -1000.0]), np.random.default_rng(0))
    1
    """
    return int(np.argmax(weights + rng.gumbel(size=len(weights))))
