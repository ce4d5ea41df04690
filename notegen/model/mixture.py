"""Mixtures of opinions whose weights depend on how much of the past each of them knows.

A mixture is geometric: its probabilities go as the product of those of the opinions, each to the power of its
weight. An opinion has a weight for each depth (see `notegen.model.viewpoints.Opinion`), so that a memory that
has heard a long past before may speak up, and is hardly heard otherwise. After Pearce, Conklin and Wiggins
(Methods for combining statistical models of music, 2004), who take weights from the entropy of an opinion;
here they are learned.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notegen.model.viewpoints import LONGEST, Opinion

Floats = NDArray[np.floating]
Ints = NDArray[np.int64]
Weights = NDArray[np.float64]  # (opinions, depths)

_DEPTHS = LONGEST + 3  # nothing is known; of nothing, of the moment, of one note, of two and so on
_PULL = 3e-3  # towards equal weights
_STEPS = 5  # of Newton's method; there is one best mixture
_LEAST = 1e-6  # nats: less is rounding


def fit(opinions: Sequence[Opinion], said: Ints) -> Weights:
    """Return the weights under which what was said is likely.

    Parameters
    ----------
    opinions : sequence of Opinion
        Of one alphabet; what they say of a note must not come from that note.
    said : array of int, shape (notes,)
        Which column of the alphabet it was.

    Returns
    -------
    array of float, shape (opinions, depths)
    """
    logs, cell = _stacked(opinions)
    weights = np.full(len(opinions) * _DEPTHS, 1 / len(opinions))
    even = weights

    def cost(weights: Weights) -> float:
        paid = -_log_mixed(weights[cell], logs)[np.arange(len(said)), said].sum(dtype=np.float64)
        return float(paid / max(1, len(said)) + _PULL / 2 * ((weights - even) ** 2).sum())

    for _ in range(_STEPS):
        slope, curvature = _slopes(weights, logs, cell, said)
        pulled = slope + _PULL * (weights - even), curvature + _PULL * np.eye(len(weights))
        step, now = np.linalg.solve(pulled[1], pulled[0]), cost(weights)
        while cost(weights - step) > now + _LEAST:
            step /= 2
        weights = weights - step
    return weights.reshape(len(opinions), _DEPTHS)


def mixed(opinions: Sequence[Opinion], weights: Weights) -> Floats:
    """Return the log-probabilities of a mixture, shape (notes, alphabet)."""
    logs, cell = _stacked(opinions)
    return _log_mixed(weights.ravel()[cell], logs)


def _stacked(opinions: Sequence[Opinion]) -> tuple[Floats, Ints]:
    """Return (notes, opinions, alphabet) what is said, and (notes, opinions) which weight that has."""
    logs = np.stack([opinion.log_probabilities for opinion in opinions], axis=1)
    depth = np.stack([opinion.depth for opinion in opinions], axis=1)
    return logs, depth + _DEPTHS * np.arange(len(opinions))


def _log_mixed(weights: Weights, logs: Floats) -> Floats:
    """Return the log-probabilities of notes, from weights (notes, opinions) and what the opinions say."""
    logits: Floats = np.einsum("ne,nea->na", weights.astype(np.float32), logs)
    logits -= logits.max(axis=1, keepdims=True)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return logits


def _slopes(weights: Weights, logs: Floats, cell: Ints, said: Ints) -> tuple[Weights, Weights]:
    """Return the first and second derivatives of the mean nats by the weights."""
    size, count = len(weights), max(1, len(said))
    found = np.exp(_log_mixed(weights[cell], logs))
    mean = np.einsum("nea,na->ne", logs, found)
    surplus = mean - logs[np.arange(len(said)), :, said]
    slope = np.bincount(cell.ravel(), surplus.ravel(), size) / count
    spread = (logs - mean[:, :, None]) * np.sqrt(found)[:, None]
    bend = spread @ spread.swapaxes(1, 2)  # (notes, opinions, opinions)
    pair = cell[:, :, None] * size + cell[:, None]
    return slope, np.bincount(pair.ravel(), bend.ravel(), size**2).reshape(size, size) / count
