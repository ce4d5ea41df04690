"""Batches: pieces of like length side by side, cut into steps, the state carried from step to step.

No window reaches from one piece into another: a batch's pieces begin together with an empty state,
and what is shorter than the longest is filled up with padding that the loss does not see. A batch is
made when it is needed, so that a corpus may be larger than memory.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import PAD, Ids, pad, pitches, transpose

Augment = Callable[[Ids, np.random.Generator], Ids]


class Step(NamedTuple):
    """A stretch of one batch: ids to read and ids to predict, each of shape (batch, time).

    Of the classic model, windows and frames: see `notegen.training.windows`.
    """

    inputs: Ids
    targets: Ids
    begins: bool  # whether the state is to be emptied before
    predictions: int  # how many targets are no padding


class Batch(NamedTuple):
    """Pieces that are learned from together, and how they are changed before."""

    pieces: list[Ids]  # as they lie in memory, or on the disk
    augment: Augment | None = None
    seed: int = 0

    def padded(self) -> Ids:
        """Return the pieces side by side, shape (pieces, length of the longest)."""
        if self.augment is None:
            return pad(self.pieces)
        rng = np.random.default_rng(self.seed)
        return pad([self.augment(piece, rng) for piece in self.pieces])


def batches(
    pieces: Sequence[Ids], size: int, rng: np.random.Generator | None = None, augment: Augment | None = None
) -> list[Batch]:
    """Group pieces into batches of about one length.

    Parameters
    ----------
    pieces : sequence of arrays of ids
    size : int
        Pieces a batch.
    rng : numpy.random.Generator, optional
        Shuffles batches, and pieces of like length; without it the order is by length.
    augment : callable, optional
        Changes each piece before it is used, if there is a generator.
    """
    lengths = np.array([len(piece) for piece in pieces], dtype=np.float64)
    if rng is not None:
        lengths *= rng.uniform(0.95, 1.05, len(pieces))
    order = np.argsort(lengths, kind="stable")
    groups = [order[i : i + size] for i in range(0, len(order), size)]
    if rng is None:
        return [Batch([pieces[i] for i in group]) for group in groups]
    groups = [groups[i] for i in rng.permutation(len(groups))]
    seeds = rng.integers(2**32, size=len(groups)).tolist()
    return [
        Batch([pieces[i] for i in group], augment, seed) for group, seed in zip(groups, seeds, strict=True)
    ]


def steps(batch: Ids, longest: int) -> Iterator[Step]:
    """Cut a batch into steps of even length, at most `longest` tokens each."""
    time = batch.shape[1] - 1
    length = -(-time // -(-time // longest))
    for start in range(0, time, length):
        stop = min(start + length, time)
        targets = batch[:, start + 1 : stop + 1]
        yield Step(batch[:, start:stop], targets, start == 0, int(weight(targets).sum()))


def weight(targets: Ids) -> NDArray[np.float32]:
    """Return 1 for each token to predict and 0 for padding."""
    weights: NDArray[np.float32] = (targets != PAD).astype(np.float32)
    return weights


def transposing(low: int = -5, high: int = 6, share: float = 0.3) -> Augment:
    """Return an augmentation that moves a share of the pieces by a random number of semitones.

    Tokens count pitches from the tonic, so most of what there is to learn is alike in all keys; what
    is moved teaches the rarer keys. A piece is moved less far where a pitch would leave the range of
    MIDI.
    """

    def augment(ids: Ids, rng: np.random.Generator) -> Ids:
        if rng.random() >= share:
            return ids
        sounding = pitches(ids)
        down, up = max(low, -int(sounding.min())), min(high, 127 - int(sounding.max()))
        return transpose(ids, int(rng.integers(down, up + 1)))

    return augment
