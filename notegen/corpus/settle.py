"""The end of a build: which pieces are there already, which are versions of one another, and their sides."""

from array import array
from collections.abc import Iterator

from notegen.codecs.vocabulary import Ids
from notegen.corpus.dedupe import groups
from notegen.corpus.split import assign
from notegen.corpus.store import Store

KEPT = "pieces JOIN sources ON sources.id = pieces.source WHERE first = pieces.id"
ORDER = "ORDER BY sources.place, pieces.id"  # that of the sources, whichever job read them

_FIRSTS = f"""
UPDATE pieces SET family = NULL, first = ranked.first FROM (
    SELECT pieces.id AS id, first_value(pieces.id) OVER (PARTITION BY content {ORDER}) AS first
    FROM pieces JOIN sources ON sources.id = pieces.source
) AS ranked WHERE ranked.id = pieces.id"""


def settle(store: Store) -> None:
    """Decide for all pieces what `Corpus` decides for pieces in memory, with the same outcome."""
    with store.connection as connection:
        connection.execute(_FIRSTS)
        kept = array("q", (row for (row,) in connection.execute(f"SELECT pieces.id FROM {KEPT} {ORDER}")))
        families = groups(_ids(store), store.folder)
        connection.executemany(
            "UPDATE pieces SET family = ? WHERE id = ?", zip(map(int, families), kept, strict=True)
        )
        connection.execute("DELETE FROM families")
        ordered = array("q")
        sides = assign(_digests(store, ordered))
        connection.executemany(
            "INSERT INTO families VALUES (?, ?, ?)", zip(ordered, range(len(sides)), sides, strict=True)
        )
        store.note(finished="yes")


def _ids(store: Store) -> Iterator[Ids]:
    """Yield the ids of the kept pieces; one shard is open at a time."""
    number, shard = -1, None
    for wanted, start, stop in store.connection.execute(f"SELECT shard, start, stop FROM {KEPT} {ORDER}"):
        if shard is None or wanted != number:
            number, shard = wanted, store.shard(wanted)
        yield shard[start:stop]


def _digests(store: Store, families: "array[int]") -> Iterator[str]:
    """Yield the least hash of each family in sorted order, and take down which family it is."""
    query = "SELECT family, min(intervals) FROM pieces WHERE first = id GROUP BY family ORDER BY 2, 1"
    for family, digest in store.connection.execute(query):
        families.append(family)
        yield digest
