"""Who reads the jobs of a build: this process, others beside it, or the workers of a Dask scheduler."""

import signal
import warnings
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import BrokenExecutor
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from threading import current_thread, main_thread
from typing import Any

import numpy as np

from notegen.corpus.sources import Source
from notegen.corpus.store import Result
from notegen.corpus.tracks import Tracks
from notegen.corpus.work import Job, read_job
from notegen.errors import DataError, MissingExtraError, NotegenError

_WAIT = 30  # seconds for a scheduler to answer, and for its first worker

Numbered = tuple[int, Job]
Results = Generator[tuple[int, Result], None, None]


def results(jobs: Iterable[Numbered], processes: int, most: int) -> Results:
    """Yield what jobs bring, with their numbers, as they are done in so many processes, or in this one.

    Parameters
    ----------
    jobs : iterable of (int, Job)
    processes : int
        -1 is one for each core.
    most : int
        How many jobs there are.

    Raises
    ------
    BrokenExecutor
        If a process dies, as by a file that takes down a library; jobs may be lost then.
    """
    if processes != 1 and most > 1:
        from joblib import cpu_count, parallel_config
        from joblib.externals.loky import get_reusable_executor

        with parallel_config(backend="loky"):
            yield from _parallel(jobs, min(cpu_count() if processes < 0 else processes, most))
        get_reusable_executor().shutdown()  # they would hold their memory for minutes
    else:
        yield from (_numbered(Path.cwd(), *job) for job in jobs)


def distributed(jobs: Iterable[Numbered], scheduler: str) -> Results:
    """Yield what jobs bring, with their numbers, as the workers of a Dask scheduler do them.

    Workers may come and go: what one had under way is done by others, and while there is none the next
    one is waited for. joblib's own way to Dask is not taken, as it counts the workers once, and does
    everything in the calling process if there is one.

    Raises
    ------
    MissingExtraError
        If Dask is not installed.
    DataError
        If there is no scheduler, or no worker, or they cannot do it.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise MissingExtraError("building with Dask", "dask") from error
    try:
        with Client(scheduler, timeout=_WAIT, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=_WAIT)
            yield from _submitted(client, iter(jobs))
    except NotegenError:
        raise
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise DataError(f"{scheduler}: the Dask scheduler or its workers cannot do it ({said})") from error


def _submitted(client: Any, jobs: Iterator[Numbered]) -> Results:
    """Keep all workers busy, and no more than that under way, so that memory stays flat."""
    from distributed import KilledWorker, as_completed

    under_way: dict[str, Numbered] = {}
    running = as_completed(loop=client.loop, with_results=True, raise_errors=False)

    def submit() -> None:
        room = 2 * max(1, sum(client.ncores().values())) - len(under_way)
        for number, job in islice(jobs, max(0, room)):
            future = client.submit(_read_there, Path.cwd(), job, pure=False)
            under_way[future.key] = number, job
            running.add(future)

    submit()
    for future, outcome in running:
        number, job = under_way.pop(future.key)
        if future.status == "finished":
            yield number, outcome
        elif isinstance(outcome[1], KilledWorker):  # worker after worker died of it
            yield from carefully([(number, job)])
        else:
            raise outcome[1]
        submit()


def _read_there(base: Path, job: Job) -> Result:
    """Read a job on another computer, which has to have the files."""
    paths = [base / source.path for _, source in job.sources]
    if not any(path.exists() for path in paths):
        raise DataError(
            f"{paths[0]}: a Dask worker does not find it; workers must reach files under the same paths"
        )
    return read_job(base, job)


def carefully(jobs: Iterable[Numbered]) -> Results:
    """Yield what jobs bring in a process apart; a source that takes the process down is refused."""
    with closing(_Apart()) as apart:
        for number, job in jobs:
            yield number, apart.read(job) or _joined([_alone(apart, *one, job.tracks) for one in job.sources])


class _Apart:
    """A process that reads jobs; if it dies of one, another takes its place."""

    def __init__(self) -> None:
        self.executor: Any = None

    def read(self, job: Job) -> Result | None:
        """Return what a job brings, or nothing if the process dies of it."""
        from joblib.externals.loky import ProcessPoolExecutor

        self.executor = self.executor or ProcessPoolExecutor(max_workers=1)
        try:
            with _out_of_reach():
                future = self.executor.submit(read_job, Path.cwd(), job)
            result: Result = future.result()
            return result
        except BrokenExecutor:
            self.close()
            return None

    def close(self) -> None:
        """End the process."""
        if self.executor:
            self.executor.shutdown()
        self.executor = None


def _alone(apart: _Apart, number: int, source: Source, tracks: Tracks) -> Result:
    reason = "reading it takes the whole process down"
    nothing = Result(np.empty(0, dtype=np.int32), [], [(number, source.name, reason)])
    return apart.read(Job([(number, source)], tracks)) or nothing


def _joined(parts: list[Result]) -> Result:
    """Lay results end to end."""
    pieces, at = [], 0
    for part in parts:
        pieces += [piece._replace(start=piece.start + at, stop=piece.stop + at) for piece in part.pieces]
        at += len(part.ids)
    return Result(
        np.concatenate([part.ids for part in parts]), pieces, [row for part in parts for row in part.refused]
    )


def _parallel(jobs: Iterable[Numbered], processes: int) -> Results:
    from joblib import Parallel, delayed

    run = Parallel(n_jobs=processes, return_as="generator_unordered", pre_dispatch="2*n_jobs", batch_size=1)
    base = Path.cwd()
    with _out_of_reach():
        found = run(delayed(_numbered)(base, number, job) for number, job in jobs)
    try:
        for done in found:  # noqa: UP028 (`yield from` would close it before the warning is silenced)
            yield done
    finally:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that what was under way is given up
            found.close()


@contextmanager
def _out_of_reach() -> Iterator[None]:
    """Let Ctrl-C not reach the processes that are started: the one that started them ends them."""
    if current_thread() is not main_thread():  # the only one that may say what becomes of signals
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as processes inherit it
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before or signal.SIG_DFL)


def _numbered(base: Path, number: int, job: Job) -> tuple[int, Result]:
    return number, read_job(base, job)
