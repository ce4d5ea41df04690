"""Packing: pieces laid end to end in rows, and the rows cut into steps that are full.

A step holds as many tokens as any other, whatever the lengths of the pieces: nothing is filled up but at
the end of a pass. Where a piece begins, what the network has read before is forgotten, so that no piece is
told by the one before it in its row. A step is made when it is needed, so that a corpus may be larger than
memory.
"""

import heapq
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import PAD, Ids

Augment = Callable[[Ids, np.random.Generator], Ids]
Lengths = Sequence[int] | NDArray[np.integer[Any]]
Stretches = NDArray[np.int64]  # shape (stretches, 3): a piece, and from where to where it is read


class Step(NamedTuple):
    """What one update is made from.

    Of the classic model, windows and frames: see `notegen.training.windows`.
    """

    inputs: Ids  # shape (rows, time)
    targets: Ids  # shape (rows, time)
    keeps: NDArray[np.float32] | None  # shape (rows, time): 0 where a piece begins, else 1
    predictions: int  # how many targets are no padding, in the rows of all workers


class Steps(Sequence[Step]):
    """The steps of a pass, made when they are asked for, in any order."""

    @abstractmethod
    def step(self, index: int) -> Step:
        """Make a step."""

    @overload
    def __getitem__(self, index: int) -> Step: ...
    @overload
    def __getitem__(self, index: slice) -> list[Step]: ...
    def __getitem__(self, index: int | slice) -> Step | list[Step]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        if not 0 <= index < len(self):
            raise IndexError(index)
        return self.step(index)


class Packed(Steps):
    """The steps of a pass over pieces.

    Parameters
    ----------
    pieces : sequence of arrays of ids
    stretches : array, shape (stretches, 3)
        What is read of them, in this order: each stretch goes to the row that is the shortest so far.
    rows, time : int
        The shape of a step.
    augment : callable, optional
        Changes a piece before a stretch of it is used.
    seed : int
        Of what `augment` draws.
    mine : range, optional
        The rows to read, if other workers read the others.

    Examples
    --------
    >>> pieces = [np.array([5, 6, 7]), np.array([8, 9])]
    >>> (step,) = Packed(pieces, whole([3, 2]), rows=1, time=4)
    >>> step.inputs.tolist(), step.targets.tolist(), step.keeps.tolist(), step.predictions
    ([[5, 6, 8, 0]], [[6, 7, 9, 0]], [[0.0, 1.0, 0.0, 1.0]], 3)
    """

    def __init__(
        self,
        pieces: Sequence[Ids],
        stretches: Stretches,
        rows: int,
        time: int,
        augment: Augment | None = None,
        seed: int = 0,
        mine: range | None = None,
    ) -> None:
        self.pieces, self.stretches, self.time = pieces, stretches, time
        self.augment, self.seed = augment, seed
        sizes = stretches[:, 2] - stretches[:, 1] - 1  # predictions
        self.lanes = _lanes(sizes, rows)
        self.ends = [np.cumsum(sizes[lane]) for lane in self.lanes]
        self.totals = np.array([int(ends[-1]) if len(ends) else 0 for ends in self.ends])
        self.mine = range(rows) if mine is None else mine
        self.kept: dict[int, tuple[int, Ids]] = {}  # the stretch that each row stands in

    def __len__(self) -> int:
        return -(-int(self.totals.max(initial=0)) // self.time)

    def step(self, index: int) -> Step:
        """Return what stands at this place of all rows to be read."""
        shape = (len(self.mine), self.time)
        inputs, targets = np.full(shape, PAD, np.int32), np.full(shape, PAD, np.int32)
        keeps = np.ones(shape, np.float32)
        for place, row in enumerate(self.mine):
            self._fill(row, index * self.time, inputs[place], targets[place], keeps[place])
        return Step(inputs, targets, keeps, self._predictions(index))

    def _fill(self, row: int, first: int, inputs: Ids, targets: Ids, keeps: NDArray[np.float32]) -> None:
        """Fill a row of a step with what stands from a place of its lane on."""
        ends, lane = self.ends[row], self.lanes[row]
        for i in range(int(np.searchsorted(ends, first, side="right")), len(lane)):
            start = int(ends[i - 1]) if i else 0  # of the stretch, in the lane
            if start >= first + self.time:
                break
            ids = self._ids(row, int(lane[i]))
            begin, stop = max(start, first), min(int(ends[i]), first + self.time)
            there, here = slice(begin - first, stop - first), slice(begin - start, stop - start)
            inputs[there], targets[there] = ids[:-1][here], ids[1:][here]
            if start >= first:
                keeps[begin - first] = 0

    def _ids(self, row: int, stretch: int) -> Ids:
        """Return the ids of a stretch, read and changed once while a row stands in it."""
        if row not in self.kept or self.kept[row][0] != stretch:
            piece, start, stop = self.stretches[stretch].tolist()
            ids = self.pieces[piece]
            if self.augment is not None:  # the piece as a whole: its beginning tells its key
                ids = self.augment(ids, np.random.default_rng([self.seed, stretch]))
            self.kept[row] = stretch, ids[start:stop]
        return self.kept[row][1]

    def _predictions(self, index: int) -> int:
        return int(np.clip(self.totals - index * self.time, 0, self.time).sum())


def _lanes(sizes: NDArray[np.int64], rows: int) -> list[NDArray[np.int64]]:
    """Return the stretches of each row: each goes to the row that is the shortest so far."""
    lanes: list[list[int]] = [[] for _ in range(rows)]
    heap = [(0, row) for row in range(rows)]
    for i, size in enumerate(sizes.tolist()):
        if size > 0:
            total, row = heap[0]
            lanes[row].append(i)
            heapq.heapreplace(heap, (total + size, row))
    return [np.array(lane, np.int64) for lane in lanes]


def whole(lengths: Lengths) -> Stretches:
    """Return pieces of these lengths as one stretch each."""
    stops = np.asarray(lengths, np.int64)
    return np.column_stack([np.arange(len(stops)), np.zeros_like(stops), stops])


def cut(lengths: Lengths, longest: int, rng: np.random.Generator) -> Stretches:
    """Cut pieces longer than `longest` into stretches that share their ends, from a random place on.

    Each id but a piece's first stays the target of one prediction.

    Examples
    --------
    >>> cut([6], 3, np.random.default_rng(2)).tolist()
    [[0, 0, 3], [0, 2, 5], [0, 4, 6]]
    """
    uncut = whole(lengths)
    if not longest:
        return uncut
    out = [uncut[uncut[:, 2] <= longest]]
    for piece, _, length in uncut[uncut[:, 2] > longest].tolist():
        first = int(rng.integers(1, longest))
        starts = np.array([0, *range(first, length - 1, longest - 1)])
        stops = np.array([*starts[1:], length - 1]) + 1
        out.append(np.column_stack([np.full(len(starts), piece), starts, stops]))
    return np.concatenate(out)
