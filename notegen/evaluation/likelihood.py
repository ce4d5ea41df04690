"""Likelihood: bits per note of held-out pieces, and what they are spent on.

Bits per note are a piece's summed negative log-likelihood in bits, over all of its tokens after
``start``, divided by its number of notes. It is the one likelihood that compares across
tokenizations. It has three parts, by the kind of the token that is paid for: pitch (pitches), rhythm
(positions and releases), and bars (bar lines, pickups, meters, keys and the end). Of pieces of many parts it
has two more: parts (whose the next notes are, and what plays them) and velocity; drums count as pitches
there, and tempos to the bars. Of text only the sum is told: what one of its characters is spent on often
cannot be said.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Codec, Notes
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Piece
from notegen.errors import EmptyError
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle
from notegen.model.predictor import Predictor

Costs = list[NDArray[np.float64]]  # nats of each token of each piece after its first

NOTES = Notes()
PARTS = ("pitch", "rhythm", "bars")
PARTS_OF_MANY = ("pitch", "rhythm", "parts", "velocity", "bars")  # of pieces of many parts

_BATCH = 32  # pieces that are read together,
_STRETCH = 64  # so many tokens at a time
_TOLD = {"notes": PARTS, "parts": PARTS_OF_MANY}  # codec -> parts
_PART_OF = {
    **{"pitch": "pitch", "drum": "pitch", "position": "rhythm", "release": "rhythm"},
    **{"part": "parts", "program": "parts", "velocity": "velocity"},
}  # all other kinds go to bars
_PART = np.array([PARTS_OF_MANY.index(_PART_OF.get(kind.name, "bars")) for kind in v.TABLE])  # kind -> part


@dataclass(frozen=True)
class Likelihood:
    """How well pieces were predicted.

    Attributes
    ----------
    pieces, notes, tokens : int
        How many; the first token of a piece, ``start``, is not counted.
    bits_per_note : float
    parts : dict, optional
        The bits per note that went to ``pitch``, ``rhythm`` and ``bars``, and of pieces of many parts to
        ``parts`` and ``velocity`` too; they add up to all. None of text.
    nats_per_token, perplexity : float
        Perplexity is the exponential of nats per token.
    """

    pieces: int
    notes: int
    tokens: int
    bits_per_note: float
    parts: dict[str, float] | None
    nats_per_token: float
    perplexity: float

    @classmethod
    def of(cls, costs: Costs, pieces: list[Ids], codec: Codec = NOTES) -> "Likelihood":
        """Sum up what the tokens of pieces cost.

        Parameters
        ----------
        costs : list of arrays of float, shape (tokens - 1,)
            Nats of each token after the first, as `token_nats` and `NGram.nats` return them.
        pieces : list of arrays of ids
            In note tokens.
        codec : Codec
            What the costs are of; the note tokens themselves if not given.

        Raises
        ------
        EmptyError
            If there are no notes.

        Examples
        --------
        >>> piece = np.array([v.START, v.FIRST["pitch"], v.FIRST["release"], v.END])
        >>> found = Likelihood.of([np.log([8.0, 4.0, 2.0])], [piece])
        >>> {part: round(bits, 4) for part, bits in found.parts.items()}
        {'pitch': 3.0, 'rhythm': 2.0, 'bars': 1.0}
        >>> round(found.bits_per_note, 4), round(found.perplexity, 4)  # the cube root of 8 x 4 x 2
        (6.0, 4.0)
        """
        notes = sum(map(note_count, pieces))
        if not notes:
            raise EmptyError("there are no notes to measure by")
        paid = np.concatenate(costs)
        bits = float(paid.sum() / np.log(2) / notes)
        parts = _parts(paid, pieces, notes, _TOLD[codec.name]) if codec.name in _TOLD else None
        per_token = float(paid.mean())
        return cls(len(pieces), notes, len(paid), bits, parts, per_token, float(np.exp(per_token)))


def token_nats(model: Predictor, pieces: list[Ids], codec: Codec = NOTES) -> Costs:
    """Return the negative log-likelihood of each token after the first in nats.

    Parameters
    ----------
    model : Predictor
    pieces : list of arrays of ids
        In note tokens.
    codec : Codec
        Rewrites them as what the model reads.

    Returns
    -------
    list of arrays of float64, shape (tokens - 1,)
    """
    pieces = [codec.encode(ids) for ids in pieces]
    out: Costs = [np.zeros(0)] * len(pieces)
    order = np.argsort([len(piece) for piece in pieces], kind="stable")
    with threadpool_limits(1):  # a step is too small to share: two threads are slower than one
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH].tolist()
            for row, cost in zip(rows, _batch_nats(model, [pieces[row] for row in rows]), strict=True):
                out[row] = cost
    return out


def nats(model: Predictor, pieces: list[Ids], codec: Codec = NOTES) -> NDArray[np.float64]:
    """Return each piece's summed negative log-likelihood in nats, shape (pieces,); see `token_nats`."""
    return np.array([cost.sum() for cost in token_nats(model, pieces, codec)])


def evaluate(model: Bundle | Ensemble, pieces: Sequence[Piece]) -> dict[str, Any]:
    """Measure a model on pieces of a corpus, such as ``corpus.test``.

    A bundle is measured with its memory of each piece; ``Ensemble((bundle,), memory=0)`` is without.

    Returns
    -------
    dict
        ``pieces``, ``notes``, ``tokens``, ``bits_per_note``, ``parts`` (of these, by what they go to; None of
        a model of text), ``nats_per_token`` and ``perplexity``; see `Likelihood`.

    Raises
    ------
    EmptyError
        If there are no notes.
    UsageError
        If the model is not one of music.
    """
    ensemble, rows = Ensemble.of(model), [piece.ids for piece in pieces]
    costs = token_nats(ensemble.predictor, rows, ensemble.codec)
    return asdict(Likelihood.of(costs, rows, ensemble.codec))


def by_tune(costs: Costs, pieces: Sequence[Piece]) -> list[dict[str, Any]]:
    """Return what each tune costs, the most surprising first.

    Returns
    -------
    list of dict
        ``name``, ``title``, ``notes`` and ``bits_per_note``.
    """
    rows = [
        {
            "name": piece.name,
            "title": piece.title,
            "notes": note_count(piece.ids),
            "bits_per_note": float(cost.sum() / np.log(2) / note_count(piece.ids)),
        }
        for cost, piece in zip(costs, pieces, strict=True)
    ]
    return sorted(rows, key=lambda row: (-row["bits_per_note"], row["name"]))


def _parts(
    paid: NDArray[np.float64], pieces: list[Ids], notes: int, told: tuple[str, ...]
) -> dict[str, float]:
    """Return the bits per note that went to each part."""
    part = np.concatenate([_PART[v.KIND[ids[1:]]] for ids in pieces])
    sums = np.bincount(part, weights=paid, minlength=len(PARTS_OF_MANY)) / np.log(2) / notes
    found = dict(zip(PARTS_OF_MANY, sums.tolist(), strict=True))
    return {name: found[name] for name in told}


def _batch_nats(model: Predictor, pieces: list[Ids]) -> Costs:
    ids = v.pad(pieces)
    state, costs = model.start(len(pieces)), np.zeros((len(pieces), ids.shape[1] - 1))
    for start in range(0, costs.shape[1], _STRETCH):
        stretch = slice(start, min(start + _STRETCH, costs.shape[1]))
        predicted, state = model.predict(ids[:, stretch], state)
        following = ids[:, stretch.start + 1 : stretch.stop + 1, None]
        costs[:, stretch] = -np.take_along_axis(predicted, following, axis=2)[:, :, 0]
    return [cost[: len(piece) - 1] for cost, piece in zip(costs, pieces, strict=True)]
