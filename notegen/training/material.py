"""Material: what is learned from, as the steps of a pass."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Protocol

import numpy as np

from notegen.codecs.vocabulary import Ids
from notegen.corpus import lengths
from notegen.model.bundle import Config, Weights
from notegen.training import workers
from notegen.training.packing import Augment, Packed, Steps, cut, whole


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
    repeats : int
        How often each piece comes round in a pass.
    given : dict of arrays
    """

    train: Sequence[Ids]
    valid: Sequence[Ids]
    config: Config
    divisor: float
    figure: str
    augment: Augment | None = None
    longest: int = 0
    repeats: int = 1
    given: Weights = field(default_factory=dict)

    def learned(self, rows: int, time: int, rng: np.random.Generator) -> Packed:
        """Return the steps of a pass: all pieces, in an order drawn anew."""
        sizes = lengths(self.train)
        found = np.concatenate([cut(sizes, self.longest, rng) for _ in range(self.repeats)])
        seed = int(rng.integers(2**32))
        mine = workers.mine(rows)
        return Packed(self.train, rng.permutation(found), rows, time, self.augment, seed, mine)

    def held_out(self, rows: int, time: int) -> Packed:
        """Return the steps of the validation pieces, the longest first: so the rows end together."""
        found = whole(lengths(self.valid))
        order = np.argsort(-found[:, 2], kind="stable")
        return Packed(self.valid, found[order], rows, time, mine=workers.mine(rows))

    def identity(self) -> list[int]:
        """Return how many pieces and ids there are, how often they come round, and a checksum."""
        checksum = 0
        for array in chain(self.train, self.given.values()):
            checksum = zlib.crc32(array.tobytes(), checksum)
        return [len(self.train), int(lengths(self.train).sum()), self.repeats, checksum]
