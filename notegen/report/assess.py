"""Everything that `notegen evaluate` says of a model: likelihood, statistics, originality."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from notegen.codecs.notes import decode, note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Corpus
from notegen.corpus.originality import RUNS, Index, share
from notegen.corpus.scan import Piece
from notegen.errors import DataError, UsageError
from notegen.evaluation import statistics
from notegen.evaluation.baselines import Baseline, token_baselines
from notegen.evaluation.likelihood import Likelihood, by_tune, token_nats
from notegen.evaluation.pitches import pitch_baselines, pitch_nats
from notegen.evaluation.statistics import Comparison
from notegen.generation.sets import draw_chain, draw_counted
from notegen.model.assemble import MEMORY, Ensemble
from notegen.model.bundle import Bundle
from notegen.model.predictor import Predictor

FEW = 20  # test tunes, below which figures are rough
MOST = 500  # test tunes that sets are compared with: the time grows with their square
KNOWN = 0.9  # the share of its 8-note runs from which on a tune stands in a training corpus

Say = Callable[[str], None]  # told what is being done


@dataclass(frozen=True, eq=False)
class Assessment:
    """What was found out about a model.

    Attributes
    ----------
    said : dict
        Plain values, as ``notegen evaluate --json`` prints them.
    comparisons : list of Comparison
        The statistics with their distributions; empty if no set was drawn.
    drawn : list of arrays of ids
        The generated set.
    """

    said: dict[str, Any]
    comparisons: list[Comparison]
    drawn: list[Ids]


def assess(
    model: Bundle,
    corpus: Corpus,
    *,
    pieces: int = 200,
    seed: int = 0,
    memory: float = MEMORY,
    pitches: bool = False,
    say: Say = lambda _: None,
) -> Assessment:
    """Measure a model on the test side of a corpus.

    Parameters
    ----------
    model : Bundle
        Of music.
    corpus : Corpus
        The baselines are counted on its training side, and chosen on its validation side.
    pieces : int
        How many are drawn for the statistics and for originality; 0 for neither.
    seed : int
        Of the drawing.
    memory : float
        How much the memory of each piece has to say; see `notegen.model.recall`. The likelihood is measured
        without it too.
    pitches : bool
        Whether to measure bits per pitch too.
    say : callable, optional
        Told what is being done.

    Returns
    -------
    Assessment

    Raises
    ------
    DataError
        If the corpus has nothing to test with; see `unseen`.
    UsageError
        If the model is not one of music, or bits per pitch are asked of one of text.
    """
    ensemble, plain = Ensemble((model,), memory), Ensemble((model,), 0.0)
    if pitches and model.codec != "notes":
        raise UsageError(f"there are no bits per pitch of {model.name}: it reads text, or many parts")
    test = unseen(corpus, [model])
    say(f"reading {len(test)} tunes")
    rows = [piece.ids for piece in test]
    costs = token_nats(ensemble.predictor, rows, ensemble.codec)
    likelihood = Likelihood.of(costs, rows, ensemble.codec)
    without = _without(plain, rows) if memory else None
    say("counting n-grams")
    sides = corpus.sides | {"test": test}
    said: dict[str, Any] = {
        "model": Path(model.name).stem,
        "sha256": model.digest,
        "corpus": corpus.name,
        "notice": corpus.notice,
        "side": "test",
        "memory": memory,
        **asdict(likelihood),
        "without_memory": without,
        "bits_per_pitch": None,
        "baselines": {name: _priced(each, rows) for name, each in token_baselines(sides).items()},
        "tunes": by_tune(costs, test),
    }
    if pitches:
        say("predicting pitches")
        said |= _pitches(ensemble.predictor, sides)
    index = model.index or Index.of(corpus.train)
    said["warnings"] = _warnings(model, len(test), len(corpus.test))
    if pieces and model.codec == "parts":
        said["warnings"].append("sets are drawn from models of melodies alone.")
    if not pieces or model.codec == "parts":
        return Assessment(said | {"statistics": None, "originality": None}, [], [])
    say(f"drawing {pieces} tunes")
    drawn, refused = draw_counted(
        ensemble, pieces, seed, lambda done: say(f"drawing {pieces} tunes, {done} done")
    )
    if refused:
        said["warnings"].append(f"bars that could not be read, and were drawn anew: {refused:,}.")
    floor = draw_chain((piece.ids for piece in corpus.train), pieces, seed)
    say("comparing sets")
    some = rows[:: -(-len(rows) // MOST)]
    comparisons = statistics.compare(*([decode(ids) for ids in each] for each in (some, drawn, floor)))
    said["statistics"] = {"pieces": pieces, "seed": seed, "features": statistics.rows(comparisons)}
    said["originality"] = originality(index, drawn, test)
    return Assessment(said, comparisons, drawn)


def unseen(corpus: Corpus, models: Sequence[Bundle]) -> Sequence[Piece]:
    """Return the test pieces of a corpus without those that stand in what a model was trained on.

    Raises
    ------
    DataError
        If nothing is left, or there was nothing.
    """
    if not corpus.test:
        raise DataError(f"{corpus.name}: too few pieces to hold any out; three different ones are needed")
    left = corpus.test
    for index in (model.index for model in models):
        if index is not None:
            left = [
                piece for piece in left if (share([index.matches(piece.ids).lengths], RUNS[0]) or 0.0) < KNOWN
            ]
    if not left:
        raise DataError(f"{corpus.name}: all of its test tunes stand in what the model was trained on")
    return left


def originality(index: Index, drawn: list[Ids], test: Sequence[Piece]) -> dict[str, Any]:
    """Say how much of drawn pieces, and of held-out ones by people, stands in a training corpus.

    Returns
    -------
    dict
        ``runs``: for each length the shares of both sets; ``longest``: the longest run of both.
    """
    sets = {"generated": drawn, "human": [piece.ids for piece in test]}
    lengths = {name: [index.matches(ids).lengths for ids in rows] for name, rows in sets.items()}
    return {
        "runs": {str(n): {name: share(found, n) for name, found in lengths.items()} for n in RUNS},
        "longest": {
            "generated": _longest(index, drawn, [{"piece": i + 1} for i in range(len(drawn))]),
            "human": _longest(index, sets["human"], [{"of": piece.title or piece.name} for piece in test]),
        },
    }


def _longest(index: Index, rows: list[Ids], whose: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Say which of some pieces has the longest run of the corpus, and of which piece."""
    found = [(run, who) for run, who in zip(map(index.longest, rows), whose, strict=True) if run]
    if not found:
        return None
    run, who = max(found, key=lambda each: each[0].notes)
    return {"notes": run.notes, "title": run.title or run.name, **who}


def _without(plain: Ensemble, rows: list[Ids]) -> dict[str, Any]:
    """Return what the same tunes cost a model that remembers nothing."""
    return _figures(Likelihood.of(token_nats(plain.predictor, rows, plain.codec), rows, plain.codec))


def _figures(likelihood: Likelihood) -> dict[str, Any]:
    names = ("bits_per_note", "parts", "nats_per_token", "perplexity")
    return {name: getattr(likelihood, name) for name in names}


def _priced(baseline: Baseline, rows: list[Ids]) -> dict[str, Any]:
    said = _figures(Likelihood.of(baseline.costs, rows))
    return said | ({"order": baseline.order, "smoothing": baseline.smoothing} if baseline.order else {})


def _pitches(model: Predictor, sides: dict[str, Sequence[Piece]]) -> dict[str, Any]:
    """Return bits per pitch, of the model and of the baselines."""
    rows = [piece.ids for piece in sides["test"]]
    divisor = np.log(2) * sum(map(note_count, rows))
    return {
        "bits_per_pitch": float(sum(cost.sum() for cost in pitch_nats(model, rows)) / divisor),
        "pitch_baselines": {
            name: {
                "bits_per_pitch": float(sum(cost.sum() for cost in each.costs) / divisor),
                "order": each.order,
            }
            for name, each in pitch_baselines(sides).items()
        },
    }


def _warnings(model: Bundle, count: int, held_out: int) -> list[str]:
    """Say what the figures cannot be trusted in, or are not of."""
    said, name = [], Path(model.name).stem
    if count < FEW:
        said.append(f"{count} test tunes are few: take the figures as rough ones.")
    if model.index is None:
        said.append(
            f"{name} does not say what it was trained on; originality is measured against this corpus."
        )
    if count < held_out:
        said.append(f"left out of the test tunes: {held_out - count} that {name} was trained on.")
    return said
