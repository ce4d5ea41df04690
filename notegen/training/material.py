"""Material: what is learned from, as the steps of a pass."""

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import Ids
from notegen.corpus import lengths
from notegen.model.bundle import Config, Weights
from notegen.model.network import NetworkConfig
from notegen.training import workers
from notegen.training.packing import Augment, Packed, Steps, cut, whole
from notegen.training.sliding import Sliding

Repeats = NDArray[np.float64]  # how often each piece comes round in a pass
Remake = Callable[[int, np.random.Generator], Ids]


class Material(Protocol):
    """What a `Trainer` learns from."""

    @property
    def config(self) -> Config:
        """The network."""

    @property
    def given(self) -> Weights:
        """Tables of the network that are not trained."""

    @property
    def divisor(self) -> float:
        """By what the summed loss of all that is held out is divided to become the figure."""

    @property
    def figure(self) -> str:
        """What that is, such as "bits per note"."""

    def learned(self, rows: int, time: int, rng: np.random.Generator) -> Steps:
        """Return the steps of a pass, shuffled, each of so many rows and tokens a row.

        Of several workers each reads its own of the rows.
        """

    def held_out(self, rows: int, time: int) -> Steps:
        """Return the steps that validation is measured on."""

    def identity(self) -> list[int]:
        """Return numbers that tell this material from another."""


@dataclass(frozen=True)
class Tokens:
    """Pieces as rows of ids: a `Material`.

    Parameters
    ----------
    train, valid : sequences of arrays of ids
    config : NetworkConfig
    divisor, figure
        See `Material`.
    augment : callable, optional
        Changes each piece anew in each pass.
    longest : int
        Longer pieces are cut, at other places in each pass; 0 for never.
    repeats : float or array of float, shape (pieces,)
        How often each piece comes round in a pass, on average over the passes.
    given : dict of arrays
    remake : callable, optional
        Makes a piece anew in each pass, given its number, where `augment` will not do because it makes the
        piece longer or shorter. A pass is then made as a whole.
    start : dict of arrays
        The weights that the network has before, if it is not new.
    """

    train: Sequence[Ids]
    valid: Sequence[Ids]
    config: NetworkConfig
    divisor: float
    figure: str
    augment: Augment | None = None
    longest: int = 0
    repeats: float | Repeats = 1
    given: Weights = field(default_factory=dict)
    remake: Remake | None = None
    start: Weights = field(default_factory=dict)

    def learned(self, rows: int, time: int, rng: np.random.Generator) -> Steps:
        """Return the steps of a pass: all pieces, in an order drawn anew."""
        chosen = _chosen(np.broadcast_to(np.asarray(self.repeats, float), len(self.train)), rng)
        pieces: Sequence[Ids] = self.train
        if self.remake is not None:
            pieces, chosen = [self.remake(i, rng) for i in chosen.tolist()], np.arange(len(chosen))
        found = cut(lengths(pieces)[chosen], self.longest, rng)
        found[:, 0] = chosen[found[:, 0]]
        seed = int(rng.integers(2**32))
        order, window, mine = rng.permutation(found), self.config.window, workers.mine(rows)
        if window:
            return Sliding(pieces, order, rows, time, self.augment, seed, mine, every=window)
        return Packed(pieces, order, rows, time, self.augment, seed, mine)

    def held_out(self, rows: int, time: int) -> Steps:
        """Return the steps of the validation pieces, the longest first: so the rows end together."""
        found = whole(lengths(self.valid))
        order = np.argsort(-found[:, 2], kind="stable")
        kind = Sliding if self.config.window else Packed
        return kind(self.valid, found[order], rows, time, mine=workers.mine(rows))

    def identity(self) -> list[int]:
        """Return how many pieces and ids there are, and a checksum of them and how often they come round."""
        checksum = 0
        tables = chain(self.given.values(), self.start.values(), [np.asarray(self.repeats, float)])
        for array in chain(self.train, tables):
            checksum = zlib.crc32(array.tobytes(), checksum)
        return [len(self.train), int(lengths(self.train).sum()), checksum]


def shares(sources: NDArray[np.int64], sizes: NDArray[np.int64], weights: Sequence[float]) -> Repeats:
    """Return how often pieces come round so that a pass hears their sources in given shares.

    A pass is as long as without weights: what is heard more often takes the place of what is heard less.

    Parameters
    ----------
    sources : array of int, shape (pieces,)
        Which source each piece is of.
    sizes : array of int, shape (pieces,)
        How many tokens each piece has.
    weights : sequence of float
        The share of each source in the tokens that are heard; only their proportions matter.

    Returns
    -------
    array of float, shape (pieces,)

    Examples
    --------
    >>> shares(np.array([0, 0, 1]), np.array([10, 10, 60]), [3, 1]).tolist()  # 60 tokens of 80, and 20
    [3.0, 3.0, 0.3333333333333333]
    """
    there = np.bincount(sources, weights=sizes, minlength=len(weights))
    wanted = np.array(weights) / sum(weights) * there.sum()
    repeats: Repeats = (wanted / np.maximum(there, 1))[sources]
    return repeats


def _chosen(repeats: Repeats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return which pieces a pass takes, each as often as `repeats` says; a fraction is a piece's chance.

    Of pieces of the same repeats so many are taken as these add up to, whatever is drawn.
    """
    if (repeats == repeats.round()).all():
        return np.repeat(np.arange(len(repeats)), repeats.astype(np.int64))
    order = rng.permutation(len(repeats))
    order = order[np.argsort(repeats[order], kind="stable")]
    ends = np.floor(np.cumsum(repeats[order]) + rng.random()).astype(np.int64)
    return np.repeat(order, np.diff(ends, prepend=0))
