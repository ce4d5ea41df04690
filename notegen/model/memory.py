"""Memory of the piece: what followed when it was like this before.

Earlier moments of the piece are kept as keys, each with the token that followed it. A moment asks with a
key of its own: the nearer an earlier one, the more its token counts. The vote is mixed into the network's
prediction, with less of a say the farther away the nearest moment is. No training is needed. The idea is
the cache of Grave, Joulin and Usunier ("Improving neural language models with a continuous cache", 2017).
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.float32]
Tokens = NDArray[np.int32]
Probabilities = NDArray[np.float64]

WIDTHS = (0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 2.8)
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
_REACH = 3.0  # widths away, the say of the nearest moment has fallen to exp(-1/2)
_CHUNK = 128  # questions that are answered at a time


@dataclass(frozen=True)
class Say:
    """How a memory votes.

    Parameters
    ----------
    width : float
        The standard deviation of the bell around each moment, in the unit of the keys.
    share : float
        The vote's weight in the mixture, where a moment is the same as an earlier one.
    """

    width: float = 1.0
    share: float = 0.5


class Memory:
    """Moments of a piece.

    Parameters
    ----------
    keys : array of float32, shape (moments, width)
        What each moment was like.
    followers : array of int, shape (moments,)
        Which token followed it.
    vocabulary : int
    """

    def __init__(self, keys: Keys, followers: Tokens, vocabulary: int) -> None:
        self._keys, self._followers = keys, followers
        self._squares = (keys**2).sum(axis=1)
        self._vocabulary = vocabulary

    def vote(
        self,
        keys: Keys,
        width: float,
        counts: Keys | None = None,
    ) -> tuple[Probabilities, Probabilities]:
        """Ask what followed moments like these.

        Parameters
        ----------
        keys : array of float32, shape (questions, width)
        width : float
            See `Say`.
        counts : array of float32, shape (questions, moments), optional
            How often each moment counts; those that count 0 times do not vote.

        Returns
        -------
        votes : array of float, shape (questions, vocabulary)
            Sums to 1; all zeros where no moment counts.
        nearness : array of float, shape (questions,)
            1 where a moment was the same, and less the farther the nearest one is.
        """
        votes, nearness = np.zeros((len(keys), self._vocabulary)), np.zeros(len(keys))
        for at in range(0, len(keys), _CHUNK):
            part = slice(at, at + _CHUNK)
            chosen = None if counts is None else counts[part]
            votes[part], nearness[part] = self._answer(keys[part], width, chosen)
        return votes, nearness

    def _answer(self, keys: Keys, width: float, counts: Keys | None) -> tuple[Probabilities, Probabilities]:
        squares = self._squares - 2 * (keys @ self._keys.T)  # (questions, moments)
        squares += (keys**2).sum(axis=1)[:, None]
        np.maximum(squares, 0, out=squares)
        if counts is not None:
            squares[counts <= 0] = np.inf
        least = squares.min(axis=1, initial=np.inf)
        near = np.isfinite(least)
        least = np.where(near, least, 0)
        weights = np.exp((least[:, None] - squares) / np.float32(2 * width**2))
        if counts is not None:
            weights *= counts
        votes = np.empty((len(keys), self._vocabulary))
        for row, weighed in zip(votes, weights, strict=True):
            row[:] = np.bincount(self._followers, weights=weighed, minlength=self._vocabulary)
        votes /= np.maximum(votes.sum(axis=1, keepdims=True), np.finfo(float).tiny)
        return votes, near * np.exp(-least.astype(np.float64) / (2 * (_REACH * width) ** 2))


def mix(log_probabilities: Probabilities, votes: Probabilities, say: Probabilities) -> Probabilities:
    """Return logarithms of a mixture: `say` (questions,) of the votes, the rest of the prediction."""
    mixed = (1 - say)[:, None] * np.exp(log_probabilities) + say[:, None] * votes
    logarithms: Probabilities = np.log(np.maximum(mixed, np.finfo(float).tiny))
    return logarithms


class Trial(NamedTuple):
    """Moments of a piece that a memory does not hold.

    `keys` (moments, width), the `targets` that followed, and the `probabilities` that the network gave these.
    """

    memory: Memory
    keys: Keys
    targets: Tokens
    probabilities: Probabilities


def fit(trials: list[Trial]) -> Say:
    """Choose how memories vote, by the likelihood of what they do not hold."""
    bits = dict.fromkeys((Say(width, share) for width in WIDTHS for share in SHARES), 0.0)
    for memory, keys, targets, probabilities in trials:
        for width in WIDTHS:
            votes, nearness = memory.vote(keys, width)
            voted = votes[np.arange(len(targets)), targets]
            for share in SHARES:
                say = share * nearness
                bits[Say(width, share)] -= float(np.log2((1 - say) * probabilities + say * voted).sum())
    return min(bits, key=lambda each: bits[each])
