"""A built corpus, opened: its pieces stay on disk until they are looked at."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.corpus.facts import Facts, totals
from notegen.corpus.scan import Duplicate, Piece, Refusal
from notegen.corpus.settle import KEPT, ORDER
from notegen.corpus.split import SIDES
from notegen.corpus.store import Store, reading
from notegen.corpus.stored import PLACE, Stored, StoredPieces
from notegen.corpus.tracks import Tracks


class Built(NamedTuple):
    """What a built corpus holds, as `Corpus` would find it in the files that it was built from."""

    name: str
    pieces: Sequence[Piece]
    refused: Sequence[Refusal]
    duplicates: Sequence[Duplicate]
    notice: str
    sides: dict[str, Sequence[Piece]]
    totals: dict[str, object]
    notes: dict[str, int]  # by side
    tracks: Tracks


def read_built(folder: Path) -> Built:
    """Open a built corpus.

    Raises
    ------
    DataError
        If its build was not finished, or it was built with another vocabulary, or is damaged.
    """
    with reading(folder) as store:
        ask, meta = store.connection.execute, store.meta()
        pieces, sides = _pieces(store)
        refused, again = (
            np.fromiter((row for (row,) in ask(query)), dtype=np.uint32) for query in (_REFUSED, _AGAIN)
        )
        return Built(
            meta["name"],
            pieces,
            Stored(folder, refused, _REFUSAL, Refusal),
            Stored(folder, again, _DUPLICATE, Duplicate),
            meta["notice"],
            sides,
            totals(map(Facts._make, ask(_FACTS))),
            dict.fromkeys(SIDES, 0) | dict(ask(_NOTES)),
            store.tracks,
        )


_IN_FAMILY = KEPT.replace("WHERE", "JOIN families USING (family) WHERE")
_PIECES = f"""
SELECT pieces.id, shard, start, stop - start, families.place, side FROM {_IN_FAMILY} {ORDER}"""
_NOTES = f"SELECT side, sum(notes) FROM {_IN_FAMILY} GROUP BY side"
_FACTS = f"SELECT {', '.join(Facts._fields)} FROM {KEPT} {ORDER}"
_REFUSED = """
SELECT refused.rowid FROM refused JOIN sources ON sources.id = refused.source
ORDER BY sources.place, refused.rowid"""
_REFUSAL = "SELECT name, reason FROM refused WHERE rowid = ?"
_AGAIN = f"""
SELECT pieces.id FROM pieces JOIN sources ON sources.id = pieces.source WHERE first <> pieces.id {ORDER}"""
_DUPLICATE = """
SELECT pieces.name, firsts.name FROM pieces JOIN pieces AS firsts ON firsts.id = pieces.first
WHERE pieces.id = ?"""


def _pieces(store: Store) -> tuple[StoredPieces, dict[str, Sequence[Piece]]]:
    """Return the kept pieces in order, and by side: there family by family, as `split` gives them."""
    columns = np.dtype([*PLACE.descr, ("family", "u4"), ("side", "U5")])
    found: NDArray[Any] = np.fromiter(store.connection.execute(_PIECES), dtype=columns)
    order = np.argsort(found["family"], kind="stable")
    parts = [order[found["side"][order] == side] for side in SIDES]
    by_side = np.concatenate(parts)
    places = found[["id", "shard", "start", "length"]][by_side].astype(PLACE)
    rows = np.empty(len(found), dtype=np.uint32)
    rows[by_side] = np.arange(len(found), dtype=np.uint32)
    shards = {number: store.shard_file(number) for number in np.unique(places["shard"]).tolist()}
    bounds = pairwise([0, *np.cumsum(list(map(len, parts))).tolist()])
    sides: dict[str, Sequence[Piece]] = {
        side: StoredPieces(store.folder, range(*bound), places, shards)
        for side, bound in zip(SIDES, bounds, strict=True)
    }
    return StoredPieces(store.folder, rows, places, shards), sides
