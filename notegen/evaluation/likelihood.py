"""Likelihood: bits per note of held-out pieces.

Bits per note are a piece's summed negative log-likelihood in bits, over all of its tokens after
``start``, divided by its number of notes. It is the one likelihood that compares across
tokenizations.
"""

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Piece
from notegen.errors import EmptyError
from notegen.model.bundle import Bundle
from notegen.model.runtime import Runtime

_BATCH = 32


def nats(runtime: Runtime, pieces: list[Ids]) -> NDArray[np.float64]:
    """Return each piece's summed negative log-likelihood in nats, shape (pieces,)."""
    out = np.zeros(len(pieces))
    order = np.argsort([len(piece) for piece in pieces], kind="stable")
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        longest = max(len(pieces[row]) for row in rows)
        ids = np.zeros((len(rows), longest), dtype=np.int32)  # filled up with padding
        for row, piece in zip(ids, (pieces[row] for row in rows), strict=True):
            row[: len(piece)] = piece
        hidden, _ = runtime.read(ids[:, :-1], runtime.start(len(rows)))
        for i, row in enumerate(rows):
            size = len(pieces[row]) - 1
            out[row] = -log_softmax(runtime.logits(hidden[i, :size], ids[i, :size]))[
                np.arange(size), ids[i, 1 : size + 1]
            ].sum()
    return out


def bits_per_note(runtime: Runtime, pieces: list[Ids]) -> float:
    """Return the bits per note of all pieces together.

    Raises
    ------
    EmptyError
        If there are no notes.
    """
    notes = sum(map(note_count, pieces))
    if not notes:
        raise EmptyError("there are no notes to measure by")
    return float(nats(runtime, pieces).sum() / np.log(2) / notes)


def evaluate(model: Bundle, pieces: list[Piece]) -> dict[str, float]:
    """Measure a model on pieces of a corpus, such as ``corpus.test``.

    Returns
    -------
    dict
        ``pieces``, ``notes``, ``tokens``, ``bits_per_note`` and ``nats_per_token``.
    """
    model.expect("notes")
    rows = [piece.ids for piece in pieces]
    bits, notes = bits_per_note(Runtime(model), rows), sum(map(note_count, rows))
    tokens = sum(len(ids) - 1 for ids in rows)
    return {
        "pieces": len(rows),
        "notes": notes,
        "tokens": tokens,
        "bits_per_note": bits,
        "nats_per_token": bits * notes * float(np.log(2)) / tokens,
    }


def log_softmax(logits: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return log-probabilities along the last axis."""
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    result: NDArray[np.float64] = wide - np.log(np.exp(wide).sum(axis=-1, keepdims=True))
    return result
