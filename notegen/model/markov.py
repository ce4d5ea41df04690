"""Markov chains: n-grams that say what may follow, as networks do."""

from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import MELODY, Ids
from notegen.model.ngram import Floats, Hashes, Level, NGram, Smoothing, contexts
from notegen.model.predictor import LogProbabilities, State


class _Table(NamedTuple):
    """The grams of one length: what has followed a context, and how much is left for other tokens."""

    contexts: Hashes  # sorted
    begins: NDArray[np.int64]  # (contexts + 1,): where the grams of each context begin
    tokens: NDArray[np.int32]  # (grams,)
    kept: Floats  # (grams,): the share of a token that no shorter context has a say in
    freed: Floats  # (contexts,): the share that shorter contexts divide


class Markov:
    """A chain of any order: a `notegen.model.predictor.Predictor`.

    Its state is the last ``order`` tokens of each row, and its probabilities are those of
    `notegen.model.ngram.NGram` with grams of one token more.

    Parameters
    ----------
    pieces : list of arrays of ids
        What is counted.
    order : int
        How many tokens are looked back at.
    smoothing : "kneser-ney" or "witten-bell"
    vocabulary : int
        How many tokens there are.

    Raises
    ------
    EmptyError
        If there is nothing to count.

    Examples
    --------
    >>> chain = Markov([np.array([1, 2, 1, 2, 1, 3])], order=1, smoothing="witten-bell", vocabulary=4)
    >>> nats, _ = chain.predict(np.array([[1]]), chain.start())
    >>> np.exp(nats)[0, 0].round(4).tolist()  # of 2: (2 + 2 (2 + 3 / 4) / (5 + 3)) / (3 + 2)
    [0.0375, 0.1375, 0.5375, 0.2875]
    """

    def __init__(
        self, pieces: list[Ids], order: int, smoothing: Smoothing = "kneser-ney", vocabulary: int = MELODY
    ) -> None:
        self.order, self.vocabulary = order, vocabulary
        counted = NGram(pieces, order + 1, vocabulary)
        is_kneser_ney = smoothing == "kneser-ney"
        levels = [*(counted.continued if is_kneser_ney else counted.raw[:-1]), counted.raw[-1]]
        self._bits, self._blank = counted.bits, counted.blank
        smooth = _kneser_ney if is_kneser_ney else _witten_bell
        first, *self._tables = (_table(level, self._bits, *smooth(level)) for level in levels)
        self._anywhere = np.full((1, vocabulary), 1 / vocabulary)  # what follows no token in particular
        _mix_in(self._anywhere, first, np.zeros(1, dtype=np.uint64))

    def start(self, batch: int = 1) -> State:
        """Return the state before the first token: blanks, shape (batch, order)."""
        return [np.full((batch, self.order), self._blank)]

    def read(self, ids: Ids, state: State) -> State:
        """Read stretches of tokens, shape (batch, time), and return the state behind them."""
        return [np.hstack([*state, ids])[:, ids.shape[1] :]]

    def predict(self, ids: Ids, state: State) -> tuple[LogProbabilities, State]:
        """Read stretches of tokens, and say what may follow each; see `Predictor`."""
        heard = np.hstack([*state, ids])  # (batch, order + time)
        time = ids.shape[1]
        before = (heard[:, back : back + time].ravel() for back in range(self.order, 0, -1))
        found = self._anywhere.repeat(ids.size, axis=0)
        for table, hashes in zip(self._tables, islice(contexts(before, ids.size), 1, None), strict=True):
            _mix_in(found, table, hashes >> self._bits)
        return np.log(found).reshape(*ids.shape, self.vocabulary), [heard[:, time:]]


def _mix_in(found: Floats, table: _Table, hashes: Hashes) -> None:
    """Turn what shorter contexts predict into what these predict, as far as they are known."""
    at = np.minimum(np.searchsorted(table.contexts, hashes), len(table.contexts) - 1)
    rows = np.flatnonzero(table.contexts[at] == hashes)
    at = at[rows]
    begins = table.begins[at]
    size = table.begins[at + 1] - begins
    ends = np.cumsum(size)
    gram = np.arange(len(rows) and ends[-1]) + np.repeat(begins - ends + size, size)
    left = np.ones(len(found))
    left[rows] = table.freed[at]
    found *= left[:, None]
    found[np.repeat(rows, size), table.tokens[gram]] += table.kept[gram]


def _table(level: Level, bits: np.uint64, kept: Floats, freed: Floats, totals: Floats) -> _Table:
    tokens = (level.grams & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.int32)
    kept = kept / np.repeat(totals, np.diff(level.begins))
    return _Table(level.contexts, level.begins, tokens, kept, freed / totals)


def _kneser_ney(level: Level) -> tuple[Floats, Floats, Floats]:
    """Return what is kept of each gram's count, and of each context what is freed, and of how much."""
    kept = level.counts - level.discounts[np.minimum(level.counts, 3)]
    return kept, level.discounts[1:] @ level.kinds, level.totals


def _witten_bell(level: Level) -> tuple[Floats, Floats, Floats]:
    kinds = level.kinds.sum(axis=0)
    return level.counts.astype(np.float64), kinds, level.totals + kinds
