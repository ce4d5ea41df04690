"""What a build has to do: which sources are new, changed or gone, and which are read together."""

import os
from collections.abc import Iterable
from itertools import pairwise

from notegen.corpus.sources import Source
from notegen.corpus.store import Store

_FILES, _BYTES = 256, 4 << 20  # of a job
_JOBS = 400  # jobs grow before there are many more: each leaves a file


def plan(store: Store, found: Iterable[Source]) -> None:
    """Compare what there is to read with what is known; cut what is new into jobs.

    Jobs follow the order of the sources alone, so that whoever does them makes the same shards. Jobs
    that were planned before and not done stay as they are.
    """
    with store.connection as connection:
        connection.execute(
            "CREATE TEMP TABLE seen (place INTEGER PRIMARY KEY, path BLOB, member TEXT, size INTEGER,"
            " stamp INTEGER, offset INTEGER, UNIQUE (path, member))"
        )
        connection.executemany(
            "INSERT OR IGNORE INTO seen (path, member, size, stamp, offset) VALUES (?, ?, ?, ?, ?)",
            ((os.fsencode(s.path), s.member, s.size, s.stamp, s.offset) for s in found),
        )
        changes = [connection.execute(statement).rowcount for statement in (_GONE, _MOVED, _NEW)]
        if any(changes):
            store.note(finished="")
        _cut(store)
        connection.execute("DROP TABLE seen")


_GONE = """
DELETE FROM sources WHERE NOT EXISTS (
    SELECT 1 FROM seen WHERE seen.path = sources.path AND seen.member = sources.member
    AND seen.size = sources.size AND seen.stamp = sources.stamp
)"""
_MOVED = """
UPDATE sources SET place = seen.place, offset = seen.offset FROM seen
WHERE seen.path = sources.path AND seen.member = sources.member
AND (seen.place <> sources.place OR seen.offset <> sources.offset)"""
_NEW = """
INSERT OR IGNORE INTO sources (path, member, size, stamp, offset, place)
SELECT path, member, size, stamp, offset, place FROM seen ORDER BY place"""


def _cut(store: Store) -> None:
    """Give the new sources to jobs."""
    fresh = "FROM sources WHERE job IS NULL"
    files = max(_FILES, -(-store.count(f"SELECT count(*) {fresh}") // _JOBS))
    size = max(_BYTES, -(-store.count(f"SELECT total(size) {fresh}") // _JOBS))
    first = store.count(
        "SELECT max(ifnull((SELECT max(job) FROM sources), -1), ifnull(max(job), -1)) + 1 FROM jobs"
    )
    bounds: list[int] = []  # the place at which each job begins
    held = held_size = 0
    for place, bytes_ in store.connection.execute(f"SELECT place, size {fresh} ORDER BY place"):
        if not bounds or held == files or held_size + bytes_ > size:
            bounds.append(place)
            held = held_size = 0
        held, held_size = held + 1, held_size + bytes_
    store.connection.executemany(
        "UPDATE sources SET job = ? WHERE job IS NULL AND place >= ? AND place < ?",
        ((first + i, *bound) for i, bound in enumerate(pairwise([*bounds, 1 << 62]))),
    )
