"""Building a corpus that is read faster than its files, in as many processes as there are cores."""

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import closing
from itertools import chain
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from notegen.corpus.plan import plan
from notegen.corpus.pool import carefully, distributed, results
from notegen.corpus.settle import settle
from notegen.corpus.sources import sources
from notegen.corpus.store import Result, Store, building
from notegen.corpus.tracks import Tracks
from notegen.corpus.work import Job

_DONE = "WHERE job IN (SELECT job FROM jobs)"


class Progress(NamedTuple):
    """Where a build stands: files that are done, those that were done before, all of them, and the time."""

    done: int
    known: int
    files: int
    seconds: float

    @property
    def files_per_second(self) -> float:
        """How fast it goes."""
        return (self.done - self.known) / self.seconds if self.seconds else 0.0

    @property
    def seconds_left(self) -> float:
        """How long it will take if it goes on like this."""
        return (self.files - self.done) / (self.files_per_second or 1.0)


class Summary(NamedTuple):
    """What a built corpus holds: files, and their pieces by what became of them."""

    files: int
    kept: int
    duplicates: int
    refused: int


def build(
    paths: Iterable[str | PathLike[str]],
    folder: str | PathLike[str],
    *,
    tracks: Tracks = "melody",
    scheduler: str | None = None,
    jobs: int = -1,
    name: str = "",
    notice: str = "",
    report: Callable[[Progress], None] | None = None,
) -> Summary:
    """Read folders, zip archives and files into a built corpus, or bring one up to date.

    What is known and unchanged is not read again, what is gone is dropped. A build that was interrupted
    goes on where it was. The outcome does not depend on the number of processes or on who they are.

    Parameters
    ----------
    paths : iterable of paths
        As for `Corpus.open`.
    folder : path
        Where the built corpus is or will be.
    tracks : str
        What of a score is read: its ``melody``, or ``all`` tracks.
    scheduler : str, optional
        The address of a Dask scheduler whose workers do the work, such as ``tcp://10.0.0.1:8786``. They
        must reach the files under the same paths. Without it, processes on this computer do.
    jobs : int
        How many processes; -1 is one for each core. With a scheduler, its workers count.
    name : str
        What the corpus is called; without it, the names of the paths.
    notice : str
        Terms of use, as far as they are known.
    report : callable, optional
        Told how far it is, at each job that is done.

    Raises
    ------
    DataError
        If there is nothing to read, the folder cannot be written to, or the scheduler cannot be reached.
    UsageError
        If the folder holds something else, even a corpus of other tracks, or another process builds in it.
    """
    named = [Path(path) for path in paths]
    with building(Path(folder), tracks) as store:
        plan(store, chain.from_iterable(map(sources, named)))
        with store.connection:
            store.note(name=name or ", ".join(path.absolute().name for path in named), notice=notice)
        _read_all(store, scheduler, jobs, report or (lambda _: None))
        if not store.meta()["finished"]:
            settle(store)
            store.sweep()
        return Summary(
            *(
                store.count(f"SELECT count(*) FROM {rows}")
                for rows in ("sources", "pieces WHERE first = id", "pieces WHERE first <> id", "refused")
            )
        )


def _read_all(
    store: Store, scheduler: str | None, processes: int, report: Callable[[Progress], None]
) -> None:
    """Do all jobs that are pending; those that a process died of are done again with care."""
    files, known = (store.count(f"SELECT count(*) FROM sources {where}") for where in ("", _DONE))
    done, begun_at = known, time.monotonic()
    report(Progress(done, known, files, 0.0))
    while pending := store.pending():
        for number, result in _results(store, pending, scheduler, processes):
            store.add(number, result)
            done += store.count(f"SELECT count(*) FROM sources WHERE job = {number}")
            report(Progress(done, known, files, time.monotonic() - begun_at))


def _results(
    store: Store, pending: list[int], scheduler: str | None, processes: int
) -> Iterator[tuple[int, Result]]:
    """Yield what jobs bring; if a process dies, what those bring that it may have died of."""
    under_way: dict[int, Job] = {}

    def begin() -> Iterator[tuple[int, Job]]:
        for number in pending:
            under_way[number] = Job(store.job(number), store.tracks)
            yield number, under_way[number]

    try:
        if scheduler is None:
            found = results(begin(), processes, len(pending))
        else:
            found = distributed(begin(), scheduler)
        with closing(found):
            for number, result in found:
                del under_way[number]
                yield number, result
    except BrokenExecutor:
        yield from carefully(list(under_way.items()))
