"""A built corpus: a folder with an index and shards.

``index.sqlite`` names sources, pieces and refusals; ``shard-000000.npy`` holds the ids of all pieces of a
job end to end, as int32. A job is a number of sources that are read together. Its shard is renamed to
its name before the one transaction that records the job, and a shard that nothing names is removed when
the next build begins: so nothing is there twice or in part, wherever a build was interrupted.
"""

import io
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np

import notegen
from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.corpus.facts import Facts
from notegen.corpus.sources import Source
from notegen.corpus.tracks import NAMES, Tracks
from notegen.errors import DataError, UsageError
from notegen.files import check_folder, write_atomically

INDEX = "index.sqlite"
_LOCK = ".lock"
_FORMAT = "1"
_ID = np.dtype(np.int32)
_VOCABULARIES: dict[str, Tracks] = {
    json.dumps(v.describe(v.MELODY)): "melody",
    json.dumps(v.describe(v.SIZE)): "all",
}

_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE sources (
    id INTEGER PRIMARY KEY, path BLOB NOT NULL, member TEXT NOT NULL, size INTEGER NOT NULL,
    stamp INTEGER NOT NULL, offset INTEGER NOT NULL, place INTEGER NOT NULL, job INTEGER,
    UNIQUE (path, member)
);
CREATE INDEX sources_of_job ON sources (job);
CREATE TABLE jobs (job INTEGER PRIMARY KEY);  -- those that are done
CREATE TABLE pieces (
    id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES sources ON DELETE CASCADE,
    name TEXT NOT NULL, title TEXT NOT NULL,
    shard INTEGER NOT NULL, start INTEGER NOT NULL, stop INTEGER NOT NULL,
    notes INTEGER NOT NULL, tokens INTEGER NOT NULL, bars INTEGER NOT NULL,
    meter TEXT NOT NULL, key TEXT NOT NULL, lowest INTEGER NOT NULL, highest INTEGER NOT NULL,
    content TEXT NOT NULL, intervals TEXT NOT NULL,  -- hashes
    first INTEGER,  -- the first piece with these notes: itself, if it is kept
    family INTEGER
);
CREATE INDEX pieces_of_source ON pieces (source);
CREATE TABLE families (family INTEGER PRIMARY KEY, place INTEGER NOT NULL, side TEXT NOT NULL);
CREATE TABLE refused (
    source INTEGER NOT NULL REFERENCES sources ON DELETE CASCADE, name TEXT NOT NULL, reason TEXT NOT NULL
);
CREATE INDEX refused_of_source ON refused (source);
"""


class Record(NamedTuple):
    """A piece of a job: its source, where in the job's ids it lies, and what is known of it."""

    source: int
    name: str
    title: str
    start: int
    stop: int
    facts: Facts
    content: str
    intervals: str


class Result(NamedTuple):
    """What a job brings: the ids of its pieces end to end, their records, and (source, name, reason)."""

    ids: Ids
    pieces: list[Record]
    refused: list[tuple[int, str, str]]


class Shard(NamedTuple):
    """A shard as a file: at which byte its ids begin, and how many bytes there are in all."""

    path: Path
    begin: int
    size: int

    def read(self, start: int, count: int) -> Ids:
        """Copy ids from the file.

        Raises
        ------
        DataError
            If it is gone, or is not as it was.
        """
        try:
            with self.path.open("rb", buffering=0) as file:
                whole = os.fstat(file.fileno()).st_size == self.size
                file.seek(self.begin + start * _ID.itemsize)
                data = file.read(count * _ID.itemsize) if whole else b""
        except OSError as error:
            raise DataError(
                f"{self.path}: cannot be read any more: {error.strerror}; put it back or build it again"
            ) from error
        if len(data) < count * _ID.itemsize:
            raise DataError(f"{self.path}: has changed since it was opened; put it back or build it again")
        return np.frombuffer(data, dtype=_ID)


class Store:
    """A built corpus that is open; see `building` and `reading`."""

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder, self.connection = folder, connection
        self.lock = Lock()  # what is to be done next is asked for by other threads

    def meta(self) -> dict[str, str]:
        """Return what is known of the whole corpus."""
        return dict(self.connection.execute("SELECT key, value FROM meta"))

    @property
    def tracks(self) -> Tracks:
        """What was read of the sources."""
        return _VOCABULARIES[self.meta()["vocabulary"]]

    def note(self, **values: str) -> None:
        """Write down what is known of the whole corpus."""
        rows = ((key, readable(value)) for key, value in values.items())
        self.connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    def count(self, query: str) -> int:
        """Return the one number that a query asks for."""
        with self.lock:
            return int(self.connection.execute(query).fetchone()[0])

    def pending(self) -> list[int]:
        """Return the jobs that are still to be done."""
        query = "SELECT DISTINCT job FROM sources WHERE job NOT IN (SELECT job FROM jobs) ORDER BY job"
        return [job for (job,) in self.connection.execute(query)]

    def job(self, number: int) -> list[tuple[int, Source]]:
        """Return the sources of a job, with their numbers."""
        query = "SELECT id, path, member, size, stamp, offset FROM sources WHERE job = ? ORDER BY place"
        with self.lock:
            rows = self.connection.execute(query, (number,)).fetchall()
        return [(row, Source(Path(os.fsdecode(path)), *rest)) for row, path, *rest in rows]

    def add(self, job: int, result: Result) -> None:
        """Keep what a job brought: its shard first, then all of its records at once."""
        if len(result.ids):
            shard = io.BytesIO()
            np.save(shard, result.ids)
            write_atomically(self._shard(job), shard.getvalue(), force=True)
        rows = (
            (piece.source, piece.name, piece.title, job, piece.start, piece.stop, *piece.facts, *piece[-2:])
            for piece in result.pieces
        )
        with self.lock, self.connection as connection:
            connection.executemany(
                "INSERT INTO pieces (source, name, title, shard, start, stop, notes, tokens, bars, meter, "
                f"key, lowest, highest, content, intervals) VALUES ({', '.join('?' * 15)})",
                rows,
            )
            connection.executemany("INSERT INTO refused VALUES (?, ?, ?)", result.refused)
            connection.execute("INSERT INTO jobs VALUES (?)", (job,))

    def shard(self, number: int) -> Ids:
        """Return a shard, memory-mapped.

        Raises
        ------
        DataError
            If it cannot be opened, or is damaged.
        """
        return np.asarray(self._mapped(number))

    def shard_file(self, number: int) -> Shard:
        """Return where the ids of a shard lie; the errors are those of `shard`."""
        ids = self._mapped(number)
        return Shard(self._shard(number).absolute(), ids.offset, ids.offset + ids.nbytes)

    def _mapped(self, number: int) -> "np.memmap[Any, np.dtype[np.int32]]":
        path = self._shard(number)
        try:
            ids: np.memmap[Any, np.dtype[np.int32]] = np.load(path, mmap_mode="r", allow_pickle=False)
            if ids.dtype != np.int32 or ids.ndim != 1:
                raise ValueError
            return ids
        except OSError as error:
            raise DataError(f"{path}: cannot be read: {error.strerror}") from error
        except ValueError as error:
            raise DataError(f"{path}: is damaged; remove the folder and build it again") from error

    def sweep(self) -> None:
        """Remove the shards that no piece is in."""
        rows = self.connection.execute("SELECT DISTINCT shard FROM pieces")
        named = {self._shard(number) for (number,) in rows}
        for path in (*self.folder.glob("shard-*.npy"), *self.folder.glob(".shard-*")):
            if path not in named:
                path.unlink()

    def _shard(self, number: int) -> Path:
        return self.folder / f"shard-{number:06}.npy"


def readable(text: str) -> str:
    """Return a text without what no text file can hold, such as parts of a name that is no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def is_built(path: Path) -> bool:
    """Tell whether a path is the folder of a built corpus."""
    return os.path.isfile(path / INDEX)  # noqa: PTH113 (which raises nothing, whatever the path)


@contextmanager
def building(folder: Path, tracks: Tracks = "melody") -> Iterator[Store]:
    """Open a built corpus to build it further, or begin one.

    Raises
    ------
    UsageError
        If the folder holds something else, even a corpus of other tracks, or another process builds in it.
    DataError
        If it is no folder, cannot be written to, or was built with another vocabulary.
    """
    check_folder(folder)
    if not is_built(folder) and {path.name for path in folder.iterdir()} - {_LOCK}:
        raise UsageError(f"{folder}: is no built corpus, and there is something in it; choose another folder")
    with _said(folder), _alone(folder), closing(_connect(folder / INDEX)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        store = Store(folder, connection)
        if not store.count("SELECT count(*) FROM sqlite_master"):
            with connection:
                connection.execute("BEGIN")  # which is not implied when tables are made
                for statement in _SCHEMA.split(";"):
                    connection.execute(statement)
                vocabulary = next(each for each, read in _VOCABULARIES.items() if read == tracks)
                store.note(format=_FORMAT, vocabulary=vocabulary, notegen=notegen.__version__, finished="")
        _check(store)
        if store.tracks != tracks:
            raise UsageError(
                f"{folder}: is a built corpus of {NAMES[store.tracks]}; "
                f"choose another folder for one of {NAMES[tracks]}"
            )
        store.sweep()
        yield store


@contextmanager
def reading(folder: Path) -> Iterator[Store]:
    """Open a built corpus to read it.

    Raises
    ------
    DataError
        If its build was not finished, or it was built with another vocabulary, or is damaged.
    """
    path = (folder / INDEX).absolute()
    with _said(folder), closing(_connect(path.as_uri() + "?mode=ro", uri=True)) as connection:
        store = Store(folder, connection)
        _check(store)
        if not store.meta().get("finished"):
            raise DataError(f"{folder}: its build was not finished; run `notegen corpus build` again")
        yield store


def _connect(path: Path | str, *, uri: bool = False) -> sqlite3.Connection:
    return sqlite3.connect(path, uri=uri, check_same_thread=False)


def _check(store: Store) -> None:
    meta = store.meta()
    if meta.get("format") != _FORMAT or meta.get("vocabulary") not in _VOCABULARIES:
        raise DataError(
            f"{store.folder}: was built by notegen {meta.get('notegen')}, whose tokens are others; "
            "build it again in another folder"
        )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep other processes from building in a folder; the system lets go of it even if this one is killed."""
    with closing(sqlite3.connect(folder / _LOCK, timeout=0)) as lock:
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
            raise UsageError(f"{folder}: another process is building in it") from error
        yield


@contextmanager
def _said(folder: Path) -> Iterator[None]:
    """Turn what SQLite raises into one sentence."""
    try:
        yield
    except sqlite3.Error as error:
        raise DataError(f"{folder}: its index cannot be used: {error}") from error
