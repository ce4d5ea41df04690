"""Bars from the middle of held-out pieces: what they cost, given both sides and given the left one alone."""

import argparse
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from notegen_cli.sources import open_corpus
from threadpoolctl import threadpool_limits

from benchmarks._inputs import corpus
from notegen.codecs import notes, parts
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Piece
from notegen.corpus.tracks import tracks_of
from notegen.errors import DataError, NotegenError, RangeError
from notegen.generation.middle import steady
from notegen.generation.missing import Missing
from notegen.generation.particles import BAR, PARTICLES, drafts, weights
from notegen.generation.sampling import Prompt, read
from notegen.model.assemble import Ensemble
from notegen.model.bundle import MarkovConfig, load
from notegen.model.predictor import Predictor
from notegen.score import Score, table

BARS, LEFT, RIGHT = 4, 8, 4  # that are missing, and that stand on either side at most


class Bars(NamedTuple):
    """Missing bars, and what truly stands there."""

    missing: Missing
    ids: Ids


def run(arguments: list[str]) -> dict[str, object]:
    """Measure the same middles given the left, given both sides, and as one of many drafts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks infilling")
    parser.add_argument("--data", help="a folder of files, a collection or a built corpus")
    parser.add_argument("--model", default="folk")
    parser.add_argument("--test-every", type=int, default=0, help="hold out files whose number divides by it")
    parser.add_argument("--middles", type=int, default=40, help="at most, evenly spread over the test side")
    options = parser.parse_args(arguments)
    bundle = load(options.model)
    ensemble, found = Ensemble.of(bundle), _found(options, bundle.codec)
    fills = bundle.codec == "parts" and not isinstance(bundle.config, MarkovConfig)
    with threadpool_limits(1):  # a step is too small to share: two threads are slower than one
        rows = np.array([_measure(ensemble.predictor, each, fills, seed=i) for i, each in enumerate(found)])
    count = np.array([note_count(each.ids) for each in found])
    left, both, chosen = rows.sum(axis=0) / count.sum()
    errors = np.std((rows - rows[:, :1]) / count.mean(), axis=0, ddof=1) / math.sqrt(len(rows))
    print(f"{len(found)} middles of {BARS} bars, {count.sum():,} notes; nats per note")
    names = "left", "both sides", f"one of {PARTICLES} drafts"
    for name, nats, error in zip(names, (left, both, chosen), errors.tolist(), strict=True):
        print(f"  {name:20}{nats:.3f}  less by {left - nats:.3f} ± {error:.3f}" * (not math.isnan(nats)))
    return {
        "middles": len(found),
        "notes": int(count.sum()),
        "nats_left": round(float(left), 4),
        "nats_both": None if math.isnan(both) else round(float(both), 4),
        "nats_particles": round(float(chosen), 4),
    }


def _found(options: argparse.Namespace, codec: str) -> list[Bars]:
    """Return the middles that are asked for."""
    asked = (options.data,), tracks_of(codec), options.test_every
    tunes = open_corpus(*asked) if options.data else corpus()
    found = list(_middles(tunes.test, codec))
    if not found:
        raise DataError("no piece of the test side has bars with other music on both sides")
    spread = np.linspace(0, len(found) - 1, min(len(found), options.middles)).astype(int)
    return [found[i] for i in spread.tolist()]


def _middles(pieces: Sequence[Piece], codec: str) -> Iterator[Bars]:
    """Yield the bars of pieces, four at a time, that have other music on both sides."""
    for piece in pieces:
        score = notes.decode(piece.ids) if codec == "notes" else parts.decode(piece.ids)
        numbers = None if codec == "notes" else tuple(parts.numbers(piece.ids))
        lines = score.bars()
        for first in range(BARS, len(lines) - 1 - BARS, BARS):
            begin, end = max(0, first - LEFT), min(len(lines) - 1, first + BARS + RIGHT)
            stretch = score.cut(int(lines[begin]), int(lines[end]))
            try:
                yield _bars(stretch, first - begin, numbers)
            except NotegenError:  # nothing is played on one side, or the meter changes
                continue


def _bars(stretch: Score, first: int, numbers: tuple[int, ...] | None) -> Bars:
    lines, stop = stretch.bars(), first + BARS
    if len(lines) <= stop + 1:
        raise RangeError("nothing is played behind these bars")
    edges = int(lines[first]), int(lines[stop])
    whole, onset = steady(stretch, *edges), stretch.notes["onset"]
    inside = (onset >= edges[0]) & (onset < edges[1])
    if not inside.any() or onset[0] >= edges[0] or onset[-1] < edges[1]:
        raise RangeError("nothing is played in these bars, or before them, or behind them")
    missing = Missing(
        replace(whole, notes=table(whole.notes[~inside], whole.notes.dtype)), first, stop, numbers
    )
    ids = missing.encode(whole)
    begins = np.flatnonzero((ids == v.BAR) | (ids == v.PICKUP))
    return Bars(missing, ids[begins[first] : begins[stop]])


def _measure(model: Predictor, bars: Bars, fills: bool, seed: int) -> tuple[float, float, float]:
    """Return the nats of the true bars: given the left, given both sides, and as one of many drafts.

    A draft that is drawn by weight from K has the density p(x) E[w(x) / mean(w(x), w_2, ..., w_K)], where
    K - 1 others are drawn: what is measured is one drawing of them.
    """
    missing, ids = bars
    prompt = read(model, missing.before)
    left = _nats(model, prompt, ids)
    both = math.nan
    if fills:
        both = _nats(model, read(model, replace(missing, fills=True).prompt), ids)
    others = drafts(model, missing, prompt, PARTICLES - 1, np.random.default_rng(seed))
    found = weights(model, missing, prompt, [ids, *(draft.ids for draft in others)])
    mean = np.logaddexp.reduce(found) - math.log(len(found))
    return left, both, left - float(found[0] - mean)


def _nats(model: Predictor, prompt: Prompt, ids: Ids) -> float:
    """Return what tokens cost behind a prompt; not the bar line with which they begin."""
    said, _ = model.predict(np.concatenate([prompt.last, ids[:-1]])[None], prompt.state)
    return -float(said[0, np.arange(len(ids)), ids][len(BAR) :].sum())
