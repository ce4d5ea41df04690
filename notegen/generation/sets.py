"""Sets: many pieces from nothing, to be compared with what people wrote.

Nothing is asked of them but the grammar, nothing flawed is drawn anew, and each ends where its model ends it.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar, Mask
from notegen.codecs.notes import decode
from notegen.codecs.vocabulary import Ids
from notegen.generation.sampling import Taste, read, sample
from notegen.model.bundle import Bundle
from notegen.model.predictor import LogProbabilities, Predictor, State
from notegen.model.runtime import Runtime
from notegen.score import DEFAULT_TEMPO, TEMPO, Score, Track, table

MOST_BARS = 256  # a piece that is still going on then is cut there

_FILE_RESOLUTION = 480
_JIG_TEMPO = 370_370  # microseconds a quarter: 108 dotted quarters a minute

Report = Callable[[int], None]  # how many pieces are complete


def draw_set(model: Bundle, count: int, seed: int, report: Report | None = None) -> list[Ids]:
    """Draw pieces from a model's own distribution.

    Parameters
    ----------
    model : Bundle
        Of notes.
    count : int
        How many.
    seed : int
        The same number gives the same pieces.
    report : callable, optional
        Told how many are complete, now and then.

    Returns
    -------
    list of arrays of ids
        Whole pieces, from ``start`` to ``end``.
    """
    model.expect("notes")
    return _draw(Runtime(model), count, seed, report)


def draw_chain(pieces: Iterable[Ids], count: int, seed: int, report: Report | None = None) -> list[Ids]:
    """Draw pieces in which each token depends on the one before it alone: what any model has to beat.

    The chain is counted in `pieces`, and smoothed as Witten and Bell do it. Other parameters, and what is
    returned, are as in `draw_set`.
    """
    return _draw(_Chain(pieces), count, seed, report)


def as_tune(ids: Ids) -> Score:
    """Return a piece from nothing as a score that can be heard: with a tempo, and the resolution of files."""
    line = decode(ids).quantize(_FILE_RESOLUTION)
    numerator, denominator = line.meter_at(0)
    compound = numerator % 3 == 0 and numerator > 3 and denominator >= 8
    tempo = _JIG_TEMPO if compound else DEFAULT_TEMPO
    return replace(line, tempos=table([(0, tempo)], TEMPO), tracks=(Track("melody"),))


def _draw(model: Predictor, count: int, seed: int, report: Report | None) -> list[Ids]:
    start, end = np.array([v.START], dtype=np.int32), np.array([v.END], dtype=np.int32)
    grammar = Grammar(count)
    grammar.advance(np.full(count, v.START))
    guide = _Free(grammar, report or (lambda _: None))
    with threadpool_limits(1):
        rng = np.random.default_rng(seed)
        drafts = sample(model, read(model, start), guide, Taste(), rng, start[:0])
    return [np.concatenate([start, _to_the_last_note(draft.ids), end]) for draft in drafts]


def _to_the_last_note(ids: Ids) -> Ids:
    """Leave out what a piece that was cut begins after its last note."""
    ends = np.flatnonzero(v.KIND[ids] == v.INDEX["release"])
    return ids[: ends[-1] + 1] if len(ends) else ids[:0]


class _Free:
    """Leads the sampler by the grammar alone: a `notegen.generation.sampling.Guide`."""

    def __init__(self, grammar: Grammar, report: Report) -> None:
        self.grammar, self.report = grammar, report
        self.alive: Mask = np.ones(len(grammar.kind), dtype=bool)

    def mask(self) -> Mask:
        mask = self.grammar.mask()
        mask[~self.alive, v.END] = True
        return mask

    def advise(self, log_probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        return log_probabilities

    def advance(self, tokens: Ids) -> Ids:
        beyond = (tokens == v.BAR) & (self.grammar.bars >= MOST_BARS)
        alive = self.alive & (tokens != v.END) & ~beyond
        if (alive != self.alive).any():
            self.report(int((~alive).sum()))
        self.alive = alive
        self.grammar.advance(np.where(alive, tokens, v.END))
        return tokens


class _Chain:
    """A first-order Markov chain: a `notegen.model.predictor.Predictor` without a state."""

    vocabulary = v.SIZE

    def __init__(self, pieces: Iterable[Ids]) -> None:
        counts = np.zeros((v.SIZE, v.SIZE))
        for ids in pieces:
            np.add.at(counts, (ids[:-1], ids[1:]), 1)
        single = counts.sum(axis=0) + 1
        kinds = np.maximum(1, (counts > 0).sum(axis=1, keepdims=True))
        smooth = (counts + kinds * single / single.sum()) / (counts.sum(axis=1, keepdims=True) + kinds)
        self._table: LogProbabilities = np.log(smooth)

    def start(self, batch: int = 1) -> State:  # noqa: ARG002 (there is none)
        return []

    def read(self, ids: Ids, state: State) -> State:  # noqa: ARG002 (the last token says all)
        return state

    def predict(self, ids: Ids, state: State) -> tuple[LogProbabilities, State]:
        return self._table[ids], state
