"""What a built corpus holds, as sequences that read an item when it is indexed and keep none of them.

A piece costs 20 bytes of memory, and its ids are copied from its shard: no page of the file stays mapped.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import copy
from pathlib import Path
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import Ids
from notegen.corpus.scan import Piece
from notegen.corpus.store import Shard, reading
from notegen.errors import DataError

T = TypeVar("T")

PLACE = np.dtype([("id", "u4"), ("shard", "u4"), ("start", "i8"), ("length", "i4")])  # of a piece

_AT_ONCE = 1000  # rows of the index


class Stored(Sequence[T]):
    """Rows of the index of a built corpus, made into items; a slice is as lazy.

    Parameters
    ----------
    folder : Path
        The built corpus.
    rows : range or array of int
        The number of each item.
    query : str
        Asks the index for what an item is made of, given its `_key`.
    make : callable
        Makes the item of the row that is found.

    Raises
    ------
    DataError
        By what reads an item, if the corpus is no longer as it was when it was opened.
    """

    def __init__(
        self, folder: Path, rows: range | NDArray[np.uint32], query: str, make: Callable[..., T]
    ) -> None:
        self._folder, self._rows = folder.absolute(), rows
        self._query, self._make = query, make

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> "Stored[T]": ...
    def __getitem__(self, index: int | slice) -> "T | Stored[T]":
        if isinstance(index, slice):
            some = copy(self)
            some._rows = self._rows[index]
            return some
        return next(self._items([self._rows[index]]))

    def __iter__(self) -> Iterator[T]:
        for first in range(0, len(self), _AT_ONCE):
            yield from self._items(self._rows[first : first + _AT_ONCE])

    def _items(self, rows: Iterable[Any]) -> Iterator[T]:
        """Ask for rows at once; each item is made when its turn comes."""
        numbers = [int(row) for row in rows]
        with reading(self._folder) as store:
            found = [store.connection.execute(self._query, self._key(row)).fetchone() for row in numbers]
        if None in found:
            raise DataError(f"{self._folder}: has been built again since it was opened; open it again")
        return (self._item(*each) for each in zip(numbers, found, strict=True))

    def _key(self, row: int) -> tuple[int, ...]:
        return (row,)

    def _item(self, _: int, found: tuple[Any, ...]) -> T:
        return self._make(*found)


class StoredPieces(Stored[Piece]):
    """Pieces of a built corpus.

    Parameters
    ----------
    folder : Path
        The built corpus.
    rows : range or array of int
        Which of the places are those of the pieces.
    places : array of PLACE
        Rows of the index, and where the ids lie.
    shards : dict
        All shards by their numbers.
    """

    def __init__(
        self,
        folder: Path,
        rows: range | NDArray[np.uint32],
        places: NDArray[np.void],
        shards: dict[int, Shard],
    ) -> None:
        # a piece that was built again may have the number of another one, but never its place
        super().__init__(
            folder, rows, "SELECT name, title FROM pieces WHERE id = ? AND shard = ? AND start = ?", Piece
        )
        self._places, self._shards = places, shards

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How many tokens each piece has, shape (pieces,); the pieces are not read."""
        rows = np.asarray(self._rows, dtype=np.intp)
        found: NDArray[np.int64] = self._places["length"][rows].astype(np.int64)
        return found

    def ids(self, index: int) -> Ids:
        """Return the ids of a piece alone, which is cheap.

        Raises
        ------
        DataError
            If they cannot be read any more.
        """
        return self._ids(int(self._rows[index]))

    def _ids(self, row: int) -> Ids:
        _, shard, start, length = self._places[row].item()
        return self._shards[shard].read(start, length)

    def _key(self, row: int) -> tuple[int, ...]:
        return tuple(self._places[row].item()[:3])

    def _item(self, row: int, found: tuple[Any, ...]) -> Piece:
        name, title = found
        return Piece(name, title, self._ids(row))
