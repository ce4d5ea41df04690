"""Sampling: a batch of takes drawn together, token by token."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.grammar import Mask
from notegen.codecs.vocabulary import Ids
from notegen.errors import UsageError
from notegen.model import predictor as predictors
from notegen.model.predictor import Predictor, State


@dataclass(frozen=True)
class Taste:
    """How to draw from a distribution.

    Parameters
    ----------
    temperature : float
        1 is the model's own distribution; less is safer, more is wilder.
    top_p : float
        Draw from the likeliest tokens that together have this probability; 1 for all.
    top_k : int
        Draw from so many likeliest tokens; 0 for all.

    Raises
    ------
    UsageError
        If a value is out of range.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.temperature <= 10:
            raise UsageError(f"temperature is {self.temperature:g}, but must be above 0 and at most 10")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"top-p is {self.top_p:g}, but must be above 0 and at most 1")
        if self.top_k < 0:
            raise UsageError(f"top-k is {self.top_k}, but must be at least 1, or 0 for no limit")


class Guide(Protocol):
    """Leads the sampler through a batch of takes: knows where they stand and what may come next."""

    alive: Mask  # (takes,): which of them go on

    def mask(self) -> Mask:
        """Return what may come next, shape (takes, vocabulary)."""

    def advise(self, log_probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the model's log-probabilities, changed by what the guide knows."""

    def advance(self, tokens: Ids) -> Ids:
        """Take one token each, and return the ids that the model is to read."""


class Prompt(NamedTuple):
    """Where takes begin: the last id, and the model's state before it."""

    state: State  # of a batch of one
    last: Ids  # (1,)


class Draft(NamedTuple):
    """New tokens of one take, and their summed negative log-likelihood under the model in nats."""

    ids: Ids
    nats: float


def read(model: Predictor, ids: Ids) -> Prompt:
    """Let a model read tokens of any number, in one pass."""
    state = model.start()
    if len(ids) > 1:
        state = model.read(ids[None, :-1], state)
    return Prompt(state, ids[-1:])


def sample(
    model: Predictor,
    prompt: Prompt,
    guide: Guide,
    taste: Taste,
    rng: np.random.Generator,
    forced: Ids,
) -> list[Draft]:
    """Draw a batch of takes that go on from a prompt until their guide ends them.

    Parameters
    ----------
    guide : Guide
        Where the takes stand behind the prompt.
    forced : array of ids, shape (tokens,)
        What each take begins with; it is not counted in its likelihood.

    Returns
    -------
    list of Draft
        Without the token that ends a take.
    """
    takes = len(guide.alive)
    state, heads = predictors.repeat(prompt.state, takes), np.repeat(prompt.last, takes)
    nats, lengths, going = np.zeros(takes), np.zeros(takes, dtype=np.int64), np.arange(takes)
    rows: list[Ids] = []
    while True:
        said, state = model.predict(heads[going, None], state)
        predicted = np.zeros((takes, said.shape[-1]))
        predicted[going] = said[:, 0]
        if len(rows) < len(forced):
            tokens, cost = np.full(takes, forced[len(rows)], dtype=np.int32), np.zeros(takes)
        else:
            log_probabilities = guide.advise(predicted)
            tokens = draw(log_probabilities, guide.mask(), taste, rng)
            cost = -log_probabilities[np.arange(takes), tokens]
        heads = guide.advance(tokens)
        if not guide.alive.any():
            break
        if not guide.alive[going].all():
            state = predictors.take(state, np.flatnonzero(guide.alive[going]))
            going = np.flatnonzero(guide.alive)
        nats += np.where(guide.alive, cost, 0.0)
        lengths += guide.alive
        rows.append(tokens)
    drawn = np.array(rows, dtype=np.int32).T.reshape(takes, len(rows))
    return [Draft(drawn[i, : lengths[i]], float(nats[i])) for i in range(takes)]


def draw(log_probabilities: NDArray[np.float64], mask: Mask, taste: Taste, rng: np.random.Generator) -> Ids:
    """Draw a token for each row from what its mask allows.

    Parameters
    ----------
    log_probabilities : array of float, shape (batch, vocabulary)
    mask : array of bool, shape (batch, vocabulary)

    Returns
    -------
    array of int32, shape (batch,)
    """
    scores = np.where(mask, log_probabilities / taste.temperature, -np.inf)
    scores -= scores.max(axis=1, keepdims=True)
    probabilities = np.exp(scores)
    if taste.top_k:
        nth = -min(taste.top_k, probabilities.shape[1])
        least = np.partition(probabilities, nth, axis=1)[:, nth]
        probabilities[probabilities < least[:, None]] = 0.0
    if taste.top_p < 1:
        probabilities = _nucleus(probabilities / probabilities.sum(axis=1, keepdims=True), taste.top_p)
    edges = np.cumsum(probabilities, axis=1)
    at = rng.random(len(edges)) * edges[:, -1]
    ids: Ids = (edges <= at[:, None]).sum(axis=1).astype(np.int32)
    return ids


def _nucleus(probabilities: NDArray[np.float64], top_p: float) -> NDArray[np.float64]:
    """Zero all but the likeliest tokens that together reach a probability (Holtzman et al., 2020)."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=1)
    ranked[np.cumsum(ranked, axis=1) - ranked >= top_p] = 0.0
    kept = np.empty_like(probabilities)
    np.put_along_axis(kept, order, ranked, axis=1)
    return kept
