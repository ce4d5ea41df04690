"""Everything that `notegen evaluate` says of a model: likelihood, statistics, originality."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from notegen.codecs.codec import Codec
from notegen.codecs.notes import decode, note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Corpus
from notegen.corpus.originality import RUNS, Index, share
from notegen.corpus.scan import Piece
from notegen.corpus.tracks import NAMES, tracks_of
from notegen.errors import DataError, UsageError
from notegen.evaluation import statistics
from notegen.evaluation.baselines import Baseline, token_baselines
from notegen.evaluation.likelihood import NOTES, Likelihood, by_tune, token_nats
from notegen.evaluation.pitches import pitch_baselines, pitch_nats
from notegen.evaluation.statistics import Comparison
from notegen.generation.sets import draw_chain, draw_counted
from notegen.model.assemble import MEMORY, Ensemble, alone
from notegen.model.bundle import Bundle
from notegen.model.predictor import Predictor
from notegen.report import continuing
from notegen.report.continuing import Continued
from notegen.report.copying import originality

FEW = 20  # test tunes, below which figures are rough
MOST = 500  # test tunes that sets are compared with: the time grows with their square
DRAWN, CONTINUED = 200, 20  # pieces: melodies from nothing, and seeds of all tracks that go on
CALLED = {"melody": "tunes", "all": "pieces"}  # what pieces are called, by the tracks that are read
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
    continued : list of Continued
        The takes of a model of all tracks, of which no set is drawn.
    """

    said: dict[str, Any]
    comparisons: list[Comparison] = field(default_factory=list)
    drawn: list[Ids] = field(default_factory=list)
    continued: list[Continued] = field(default_factory=list)


def assess(
    model: Bundle,
    corpus: Corpus,
    *,
    pieces: int | None = None,
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
    pieces : int, optional
        How many are drawn for the statistics and for originality, or of a model of all tracks: how many test
        pieces are continued; 0 for neither. `DRAWN`, or `CONTINUED`, if not given.
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
        If the model is not one of music, the corpus has other tracks than it reads, or bits per pitch are
        asked of one that does not read melodies.
    """
    ensemble = Ensemble((model,), memory)
    if pitches and model.codec != "notes":
        raise UsageError(f"there are no bits per pitch of {model.name}: it reads text, or many parts")
    if tracks_of(model.codec) != corpus.tracks:
        raise UsageError(f"{model.name} reads {NAMES[tracks_of(model.codec)]}, and {corpus.name} has others")
    test = unseen(corpus, [model])
    said = _measured(ensemble, corpus, test, say)
    if pitches:
        say("predicting pitches")
        said |= _pitches(ensemble.predictor, corpus.sides | {"test": test})
    said["warnings"] = _warnings(model, len(test), len(corpus.test), said["called"])
    if pieces == 0:
        return Assessment(said)
    index = model.index or Index.of(corpus.train)
    if model.codec == "parts":
        return _continued(said, continuing.draw(ensemble, test, pieces or CONTINUED, seed, say), index, seed)
    pieces = pieces or DRAWN
    say(f"drawing {pieces} tunes")
    drawn, refused = draw_counted(
        ensemble, pieces, seed, lambda done: say(f"drawing {pieces} tunes, {done} done")
    )
    if refused:
        said["warnings"].append(f"bars that could not be read, and were drawn anew: {refused:,}.")
    floor = draw_chain((piece.ids for piece in corpus.train), pieces, seed)
    say("comparing sets")
    some = [piece.ids for piece in test][:: -(-len(test) // MOST)]
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


def _measured(ensemble: Ensemble, corpus: Corpus, test: Sequence[Piece], say: Say) -> dict[str, Any]:
    """Return what test pieces cost, and what they cost without memory and under simple models."""
    (model,), codec = ensemble.models, ensemble.codec
    called = CALLED[corpus.tracks]
    say(f"reading {len(test)} {called}")
    rows = [piece.ids for piece in test]
    costs = token_nats(ensemble.predictor, rows, codec)
    without = token_nats(alone(model), rows, codec) if ensemble.memory else None
    say("counting n-grams")
    baselines = token_baselines(corpus.sides | {"test": test})
    tokens = codec if corpus.tracks == "all" else NOTES
    return {
        "model": Path(model.name).stem,
        "sha256": model.digest,
        "called": called,
        "corpus": corpus.name,
        "notice": corpus.notice,
        "side": "test",
        "memory": ensemble.memory,
        **asdict(Likelihood.of(costs, rows, codec)),
        "without_memory": _figures(Likelihood.of(without, rows, codec)) if without else None,
        "bits_per_pitch": None,
        "baselines": {name: _priced(each, rows, tokens) for name, each in baselines.items()},
        "tunes": by_tune(costs, test),
        **dict.fromkeys(("statistics", "continuations", "originality")),
    }


def _continued(said: dict[str, Any], made: list[Continued], index: Index, seed: int) -> Assessment:
    """Compare takes of a model of all tracks with how test pieces go on."""
    if not made:
        said["warnings"].append("no test piece is long enough to be cut in two and continued.")
        return Assessment(said)
    said["continuations"] = {"seed": seed, **continuing.figures(made)}
    said["originality"] = continuing.copied(index, made)
    return Assessment(said, continued=made)


def _figures(likelihood: Likelihood) -> dict[str, Any]:
    names = ("bits_per_note", "parts", "nats_per_token", "perplexity")
    return {name: getattr(likelihood, name) for name in names}


def _priced(baseline: Baseline, rows: list[Ids], codec: Codec) -> dict[str, Any]:
    said = _figures(Likelihood.of(baseline.costs, rows, codec))
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


def _warnings(model: Bundle, count: int, held_out: int, called: str) -> list[str]:
    """Say what the figures cannot be trusted in, or are not of."""
    said, name = [], Path(model.name).stem
    if count < FEW:
        said.append(f"{count} test {called} are few: take the figures as rough ones.")
    if model.index is None:
        said.append(
            f"{name} does not say what it was trained on; originality is measured against this corpus."
        )
    if count < held_out:
        said.append(f"left out of the test {called}: {held_out - count} that {name} was trained on.")
    return said
