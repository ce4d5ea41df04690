"""Material: what is learned from, as batches and steps."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from notegen.codecs.vocabulary import Ids
from notegen.model.bundle import Config, Weights
from notegen.training.batches import Augment, Batch, Step, batches, steps


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

    def batches(self, size: int, rng: np.random.Generator) -> list[Any]:
        """Return the batches of a pass, shuffled; `steps` knows what they are."""

    def held_out(self, size: int) -> list[Any]:
        """Return the batches that validation is measured on."""

    def steps(self, batch: Any, longest: int) -> Iterator[Step]:
        """Cut a batch into steps of at most so many tokens."""

    def identity(self) -> list[int]:
        """Return numbers that tell this material from another."""


@dataclass(frozen=True)
class Tokens:
    """Pieces as rows of ids: a `Material`.

    Parameters
    ----------
    train, valid : list of arrays of ids
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

    train: list[Ids]
    valid: list[Ids]
    config: Config
    divisor: float
    figure: str
    augment: Augment | None = None
    longest: int = 0
    repeats: int = 1
    given: Weights = field(default_factory=dict)

    def batches(self, size: int, rng: np.random.Generator) -> list[Batch]:
        """Return the batches of a pass."""
        pieces = [piece for _ in range(self.repeats) for piece in cut(self.train, self.longest, rng)]
        return batches(pieces, size, rng, self.augment)

    def held_out(self, size: int) -> list[Batch]:
        """Return the batches of the validation pieces."""
        return batches(self.valid, size)

    def steps(self, batch: Batch, longest: int) -> Iterator[Step]:
        """Cut a batch into steps of even length."""
        return steps(batch.padded(), longest)

    def identity(self) -> list[int]:
        """Return how many pieces and ids there are, how often they come round, and a checksum."""
        checksum = 0
        for array in (*self.train, *self.given.values()):
            checksum = zlib.crc32(array.tobytes(), checksum)
        return [len(self.train), sum(map(len, self.train)), self.repeats, checksum]


def cut(pieces: list[Ids], longest: int, rng: np.random.Generator) -> list[Ids]:
    """Cut pieces longer than `longest` into stretches that share their ends, from a random place on.

    Each id but a piece's first stays the target of one prediction.

    Examples
    --------
    >>> [row.tolist() for row in cut([np.arange(6)], 3, np.random.default_rng(2))]
    [[0, 1, 2], [2, 3, 4], [4, 5]]
    """
    out = []
    for piece in pieces:
        if not 0 < longest < len(piece):
            out.append(piece)
            continue
        first = int(rng.integers(1, longest))
        starts = [0, *range(first, len(piece) - 1, longest - 1)]
        stops = [*starts[1:], len(piece) - 1]
        out += [piece[start : stop + 1] for start, stop in zip(starts, stops, strict=True)]
    return out
