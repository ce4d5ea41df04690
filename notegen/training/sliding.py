"""Sliding windows over pieces: so many tokens predict the next, each time from an empty state.

A window costs as much as a stretch of as many predictions. So a pass learns of each stretch of a window's
length one target, drawn anew, and reads as many tokens as a pass over packed pieces does.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import PAD, Ids
from notegen.training.packing import Augment, Step, Steps, Stretches


class Sliding(Steps):
    """The steps of a pass of windows.

    A window is as much as there is of its piece before the target: where that is less than a step is long,
    padding stands in front, and what is read of that is forgotten.

    Parameters
    ----------
    pieces : sequence of arrays of ids
    stretches : array, shape (stretches, 3)
        Where targets are: a piece, and from where to where. The first id is none.
    rows, time : int
        Windows a step, and their length.
    augment : callable, optional
        Changes a piece before a window of it is used.
    seed : int
        Of what is drawn.
    mine : range, optional
        The rows to read, if other workers read the others.
    every : int
        Of how many targets that follow one another one is learned; with 1 all, and in their order.

    Examples
    --------
    >>> pieces = [np.array([5, 6, 7]), np.array([8, 9])]
    >>> (step,) = Sliding(pieces, np.array([[0, 0, 3], [1, 0, 2]]), rows=3, time=2)
    >>> step.inputs.tolist(), step.targets.tolist(), step.predictions
    ([[0, 5], [5, 6], [0, 8]], [[0, 6], [0, 7], [0, 9]], 3)
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
        *,
        every: int = 1,
    ) -> None:
        self.pieces, self.stretches, self.rows, self.time = pieces, stretches, rows, time
        self.augment, self.seed = augment, seed
        self.mine = range(rows) if mine is None else mine
        self.sizes = np.maximum(stretches[:, 2] - stretches[:, 1] - 1, 0)  # targets
        self.ends = np.cumsum(self.sizes)
        self.targets = _drawn(int(self.ends[-1]) if len(self.ends) else 0, every, seed)

    def __len__(self) -> int:
        return -(-len(self.targets) // self.rows)

    def step(self, index: int) -> Step:
        """Return windows; each has its target in the last column, which alone is none of padding."""
        shape = len(self.mine), self.time
        inputs, targets = np.full(shape, PAD, np.int32), np.full(shape, PAD, np.int32)
        keeps = np.ones(shape, np.float32)
        keeps[:, 0] = 0
        found = self.targets[index * self.rows : (index + 1) * self.rows]
        for place, row in enumerate(self.mine):
            if row < len(found):
                ids = self._window(int(found[row]))
                first = self.time + 1 - len(ids)
                inputs[place, first:], targets[place, -1], keeps[place, first] = ids[:-1], ids[-1], 0
        return Step(inputs, targets, keeps, len(found))

    def _window(self, target: int) -> Ids:
        """Return a target and what stands before it, by its number among all."""
        stretch = int(np.searchsorted(self.ends, target, side="right"))
        piece, start, _ = self.stretches[stretch].tolist()
        at = start + 1 + target - int(self.ends[stretch] - self.sizes[stretch])
        ids = self.pieces[piece]
        if self.augment is not None:  # the piece as a whole: its beginning tells its key
            ids = self.augment(ids, np.random.default_rng([self.seed, target]))
        window: Ids = ids[max(0, at - self.time) : at + 1]
        return window


def _drawn(count: int, every: int, seed: int) -> NDArray[np.int64]:
    """Return numbers below `count`: one of each `every` that follow one another, in any order."""
    if every == 1:
        return np.arange(count)
    rng = np.random.default_rng(seed)
    firsts = np.arange(0, count, every)
    return rng.permutation(rng.integers(firsts, np.minimum(firsts + every, count)))
