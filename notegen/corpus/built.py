"""A built corpus, read: its pieces are views into its shards."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from notegen.codecs.vocabulary import Ids
from notegen.corpus.facts import Facts, totals
from notegen.corpus.scan import Duplicate, Piece, Refusal
from notegen.corpus.settle import KEPT, ORDER
from notegen.corpus.split import SIDES
from notegen.corpus.store import Store, reading


class Built(NamedTuple):
    """What a built corpus holds, as `Corpus` would find it in the files that it was built from."""

    name: str
    pieces: list[Piece]
    refused: list[Refusal]
    duplicates: list[Duplicate]
    notice: str
    sides: dict[str, list[Piece]]
    totals: dict[str, object]


def read_built(folder: Path) -> Built:
    """Read a built corpus; its ids stay on disk until they are looked at.

    Raises
    ------
    DataError
        If its build was not finished, or it was built with another vocabulary, or is damaged.
    """
    with reading(folder) as store:
        ask, meta = store.connection.execute, store.meta()
        pieces, sides = _pieces(store)
        return Built(
            meta["name"],
            pieces,
            [Refusal(*row) for row in ask(_REFUSED)],
            [Duplicate(*row) for row in ask(_AGAIN)],
            meta["notice"],
            sides,
            totals(map(Facts._make, ask(_FACTS))),
        )


_PIECES = f"""
SELECT name, title, shard, start, stop, side, families.place
FROM {KEPT.replace("WHERE", "JOIN families USING (family) WHERE")} {ORDER}"""
_REFUSED = """
SELECT name, reason FROM refused JOIN sources ON sources.id = refused.source
ORDER BY sources.place, refused.rowid"""
_AGAIN = f"""
SELECT pieces.name, firsts.name FROM pieces
JOIN sources ON sources.id = pieces.source JOIN pieces AS firsts ON firsts.id = pieces.first
WHERE pieces.first <> pieces.id {ORDER}"""
_FACTS = f"SELECT {', '.join(Facts._fields)} FROM {KEPT} {ORDER}"


def _pieces(store: Store) -> tuple[list[Piece], dict[str, list[Piece]]]:
    """Return the kept pieces in order, and by side: there family by family, as `split` gives them."""
    shards: dict[int, Ids] = {}
    pieces, side_of, places = [], [], []
    for name, title, shard, start, stop, side, place in store.connection.execute(_PIECES):
        if shard not in shards:
            shards[shard] = store.shard(shard)
        pieces.append(Piece(name, title, shards[shard][start:stop]))
        side_of.append(side)
        places.append(place)
    sides: dict[str, list[Piece]] = {side: [] for side in SIDES}
    for i in np.argsort(np.array(places), kind="stable").tolist():
        sides[side_of[i]].append(pieces[i])
    return pieces, sides
