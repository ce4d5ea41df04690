"""Sampling: a batch of takes drawn together, token by token."""

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.grammar import Mask
from notegen.codecs.vocabulary import Ids
from notegen.errors import UsageError
from notegen.model.runtime import Floats, State, log_softmax


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


class Network(Protocol):
    """What is drawn from: a `notegen.model.runtime.Runtime`, or what looks like one."""

    def start(self, batch: int = 1) -> State:
        """Return the state before the first token."""

    def read(self, ids: Ids, state: State) -> tuple[Floats, State]:
        """Read stretches of tokens, shape (batch, time); return the output and the state behind them."""

    def logits(self, hidden: Floats, ids: Ids) -> Floats:
        """Turn outputs and the tokens before them into logits."""


class Guide(Protocol):
    """Leads the sampler through a batch of takes: knows where they stand and what may come next."""

    alive: Mask  # (takes,): which of them go on

    def mask(self) -> Mask:
        """Return what may come next, shape (takes, vocabulary)."""

    def advise(self, log_probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the network's log-probabilities, changed by what the guide knows."""

    def advance(self, tokens: Ids) -> Ids:
        """Take one token each, and return the ids that the network is to read."""


class Prompt(NamedTuple):
    """Where takes begin: the network's state behind the ids that were read, its last output, the last id."""

    state: State  # of a batch of one
    hidden: Floats  # (1, units)
    last: Ids  # (1,)


class Draft(NamedTuple):
    """New tokens of one take, and their summed negative log-likelihood under the model in nats."""

    ids: Ids
    nats: float


def read(runtime: Network, ids: Ids) -> Prompt:
    """Let a network read tokens of any number, in one pass."""
    hidden, state = runtime.read(ids[None], runtime.start())
    return Prompt(state, hidden[:, -1], ids[-1:])


def sample(
    runtime: Network,
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
    state = [(np.repeat(h, takes, axis=0), np.repeat(c, takes, axis=0)) for h, c in prompt.state]
    hidden = np.repeat(prompt.hidden, takes, axis=0)  # (takes, units)
    heads = np.repeat(prompt.last, takes)
    nats, lengths = np.zeros(takes), np.zeros(takes, dtype=np.int64)
    rows: list[Ids] = []
    while True:
        if len(rows) < len(forced):
            tokens, cost = np.full(takes, forced[len(rows)], dtype=np.int32), np.zeros(takes)
        else:
            log_probabilities = guide.advise(log_softmax(runtime.logits(hidden, heads)))
            tokens = draw(log_probabilities, guide.mask(), taste, rng)
            cost = -log_probabilities[np.arange(takes), tokens]
        heads = guide.advance(tokens)
        if not guide.alive.any():
            break
        nats += np.where(guide.alive, cost, 0.0)
        lengths += guide.alive
        rows.append(tokens)
        out, state = runtime.read(heads[:, None], state)
        hidden = out[:, -1]
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
