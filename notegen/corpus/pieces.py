"""Pieces as what is trained on: how long each is, and its ids when they are asked for.

A corpus in memory has its pieces in a list, a built one on disk; these functions do for both.
"""

from collections.abc import Iterator, Sequence, Sized
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import Ids
from notegen.corpus.scan import Piece


def lengths(pieces: Sequence[Sized]) -> NDArray[np.int64]:
    """Return how many tokens each piece has, shape (pieces,); those of a built corpus are not read.

    Parameters
    ----------
    pieces : sequence of Piece or of arrays of ids
        What has an attribute ``lengths`` is asked for it.

    Examples
    --------
    >>> lengths([Piece("a.mid", "A", np.arange(5)), Piece("b.mid", "B", np.arange(3))]).tolist()
    [5, 3]
    """
    known: NDArray[np.int64] | None = getattr(pieces, "lengths", None)
    return np.array([len(piece) for piece in pieces], dtype=np.int64) if known is None else known


def ids(pieces: Sequence[Piece]) -> "IdsOf":
    """Return the ids of pieces as a sequence that reads them when it is indexed.

    Examples
    --------
    >>> rows = ids([Piece("a.mid", "A", np.arange(5)), Piece("b.mid", "B", np.arange(3))])
    >>> len(rows), rows[1].tolist(), rows.lengths.tolist()
    (2, [0, 1, 2], [5, 3])
    """
    return IdsOf(pieces)


class IdsOf(Sequence[Ids]):
    """The ids of pieces; see `ids`."""

    def __init__(self, pieces: Sequence[Piece]) -> None:
        self.pieces = pieces
        self._read: Any = getattr(pieces, "ids", None)  # which spares their names

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many tokens each piece has, shape (pieces,)."""
        return lengths(self.pieces)

    def __len__(self) -> int:
        return len(self.pieces)

    @overload
    def __getitem__(self, index: int) -> Ids: ...
    @overload
    def __getitem__(self, index: slice) -> "IdsOf": ...
    def __getitem__(self, index: int | slice) -> "Ids | IdsOf":
        if isinstance(index, slice):
            return IdsOf(self.pieces[index])
        found: Ids = self._read(index) if self._read else self.pieces[index].ids
        return found

    def __iter__(self) -> Iterator[Ids]:
        return (self[i] for i in range(len(self)))
