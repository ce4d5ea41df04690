"""Sets: many pieces from nothing, to be compared with what people wrote.

Nothing is asked of them but the grammar, nothing flawed is drawn anew, and each ends where its model ends it.
"""

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar, Mask
from notegen.codecs.notes import decode
from notegen.codecs.vocabulary import Ids
from notegen.errors import DataError
from notegen.formats.abc_codec import Abc
from notegen.generation import text
from notegen.generation.sampling import Taste, read, sample
from notegen.generation.text import Report
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle
from notegen.model.markov import Markov
from notegen.model.predictor import Predictor
from notegen.score import DEFAULT_TEMPO, TEMPO, Score, Track, table

MOST_BARS = 256  # a piece that is still going on then is cut there

_ROUNDS = 6  # how often a piece is begun anew before what of it can be read is kept
_FILE_RESOLUTION = 480
_JIG_TEMPO = 370_370  # microseconds a quarter: 108 dotted quarters a minute


def draw_set(model: Bundle | Ensemble, count: int, seed: int, report: Report | None = None) -> list[Ids]:
    """Draw pieces from a model's own distribution, with its memory of each piece.

    Parameters
    ----------
    model : Bundle or Ensemble
        Of music.
    count : int
        How many.
    seed : int
        The same number gives the same pieces.
    report : callable, optional
        Told how many are complete, now and then.

    Returns
    -------
    list of arrays of ids
        Whole pieces in note tokens, from ``start`` to ``end``. Of a model of ABC a piece ends before a bar
        that cannot be read, however often it is drawn; see `notegen.generation.text`.

    Raises
    ------
    DataError
        If a model of ABC writes a piece of which nothing can be read.
    """
    return draw_counted(model, count, seed, report)[0]


def draw_counted(
    model: Bundle | Ensemble, count: int, seed: int, report: Report | None = None
) -> tuple[list[Ids], int]:
    """Draw pieces, and say how many bars of text could not be read and were drawn anew; see `draw_set`."""
    ensemble = Ensemble.of(model)
    codec = ensemble.codec
    if isinstance(codec, Abc):
        return _write(ensemble.predictor, codec, count, seed, report)
    return _draw(ensemble.predictor, count, seed, report), 0


def draw_chain(pieces: Iterable[Ids], count: int, seed: int, report: Report | None = None) -> list[Ids]:
    """Draw pieces in which each token depends on the one before it alone: what any model has to beat.

    The chain is counted in `pieces`, and smoothed as Witten and Bell do it. Other parameters, and what is
    returned, are as in `draw_set`.
    """
    return _draw(Markov(list(pieces), 1, "witten-bell"), count, seed, report)


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


def _write(
    model: Predictor, spoken: Abc, count: int, seed: int, report: Report | None
) -> tuple[list[Ids], int]:
    """Draw pieces as text; those that come to a bar that cannot be read are begun anew a few times."""
    rng, frame = np.random.default_rng(seed), text.Frame(MOST_BARS, is_free=True)
    pieces: list[text.Written | None] = [None] * count
    refused = 0
    with threadpool_limits(1):
        prompt = read(model, np.array([v.START], dtype=np.int32))
        for _ in range(_ROUNDS):
            waiting = [i for i, each in enumerate(pieces) if each is None or not each.is_complete]
            if not waiting:
                break
            drawn = text.write(model, spoken, prompt, frame, len(waiting), Taste(), rng, report)
            for i, each in zip(waiting, drawn, strict=True):
                pieces[i], refused = each, refused + each.redrawn
    written = [each for each in pieces if each is not None and each.notes]
    if len(written) < count:
        raise DataError("the model writes tunes of which nothing can be read; train it for longer")
    return [spoken.decode(each.ids) for each in written], refused


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
