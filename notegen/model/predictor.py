"""What all models of tokens have in common: they read, and say how likely each token is to follow."""

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import Ids

State = list[NDArray[Any]]  # what was read, as far as a model keeps it; first axis: the batch
LogProbabilities = NDArray[np.float64]


class Predictor(Protocol):
    """A model of tokens, whatever it is made of."""

    @property
    def vocabulary(self) -> int:
        """How many tokens there are."""

    def start(self, batch: int = 1) -> State:
        """Return the state before the first token."""

    def read(self, ids: Ids, state: State) -> State:
        """Read stretches of tokens, shape (batch, time), and return the state behind them."""

    def predict(self, ids: Ids, state: State) -> tuple[LogProbabilities, State]:
        """Read stretches of tokens, and say what may follow each.

        Parameters
        ----------
        ids : array of int, shape (batch, time)
        state : State
            Of the same batch; it is not changed.

        Returns
        -------
        log_probabilities : array of float, shape (batch, time, vocabulary)
        state : State
            Behind the last token of each row.
        """


def repeat(state: State, times: int) -> State:
    """Return a state in which each row stands so many times."""
    return [np.repeat(each, times, axis=0) for each in state]


def take(state: State, rows: NDArray[np.int64]) -> State:
    """Return a state of chosen rows."""
    return [each[rows] for each in state]


def join(states: list[State]) -> State:
    """Return one state of the rows of several."""
    return [np.concatenate(each) for each in zip(*states, strict=True)]


def log_softmax(logits: NDArray[np.floating]) -> LogProbabilities:
    """Return log-probabilities along the last axis."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    result: LogProbabilities = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return result
