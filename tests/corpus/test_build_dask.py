"""Building with Dask: a real scheduler and two workers, one of which is killed half-way."""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from made_tunes import write_tunes

from notegen.corpus import Corpus, plan, pool
from notegen.corpus.build import build
from notegen.corpus.sources import Source
from notegen.corpus.work import Job
from notegen.errors import DataError

pytest.importorskip("distributed", reason="it comes with the extra dask")

SLOW = """
import sys, time
def slow(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".mid"):
        time.sleep(0.02)
sys.addaudithook(slow)
"""


@contextmanager
def process(*command, path=""):
    """Run a module for as long as the block lasts, with a folder from which Python imports at its start."""
    arguments = [sys.executable, "-m", *map(str, command)]
    environment = {**os.environ, "PYTHONPATH": str(path)}
    with subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env=environment) as started:
        try:
            yield started
        finally:
            started.kill()


def address(path, seconds=60):
    """Return where a scheduler can be reached, once it is there."""
    for _ in range(10 * seconds):
        if path.exists() and path.read_text().endswith("}"):
            return json.loads(path.read_text())["address"]
        time.sleep(0.1)
    raise TimeoutError("the scheduler does not come up")


@contextmanager
def cluster(folder, workers):
    """Start a scheduler and slow workers on this computer; yield its address and their processes."""
    (folder / "sitecustomize.py").write_text(SLOW)
    quiet = ("--no-dashboard", "--host", "127.0.0.1")
    where = ("--port", 0, "--scheduler-file", folder / "scheduler.json")
    alone = ("--no-nanny", "--nthreads", 1, "--memory-limit", 0, "--local-directory", folder)
    with ExitStack() as stack:
        stack.enter_context(process("distributed.cli.dask_scheduler", *where, *quiet))
        found = address(folder / "scheduler.json")
        command = ("distributed.cli.dask_worker", found, *alone, *quiet)
        yield found, [stack.enter_context(process(*command, path=folder)) for _ in range(workers)]


def test_workers_make_the_same_shards_even_if_one_is_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "_FILES", 8)
    tunes = write_tunes(tmp_path / "tunes", range(200))
    build([tunes], tmp_path / "one", jobs=1)
    killed = []

    def kill_one(progress):
        if progress.done > 60 and not killed:
            workers[0].kill()
            workers[0].wait()
            killed.append(progress.done)

    with cluster(tmp_path, 2) as (scheduler, workers):
        build([tunes], tmp_path / "dask", scheduler=scheduler, report=kill_one)
        assert workers[0].returncode == -9
        assert workers[1].poll() is None
    assert killed[0] < 100
    names = sorted(path.name for path in (tmp_path / "one").glob("shard-*"))
    assert len(names) == 25
    for name in names:
        assert (tmp_path / "dask" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    pieces = [piece.name for piece in Corpus.open(tmp_path / "dask").pieces]
    assert pieces == [piece.name for piece in Corpus.open(tmp_path / "one").pieces]
    assert len(set(pieces)) == 200


def test_a_worker_that_does_not_have_the_files_says_so_instead_of_refusing_them(tmp_path):
    job = Job([(1, Source(Path("gone.mid"))), (2, Source(Path("there.mid")))])
    with pytest.raises(DataError, match=r"gone\.mid: a Dask worker does not find it"):
        pool._read_there(tmp_path, job)
    (tmp_path / "there.mid").write_bytes(b"")
    assert [name for _, name, _ in pool._read_there(tmp_path, job).refused] == ["gone.mid", "there.mid"]


def test_where_there_is_no_scheduler_that_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("notegen.corpus.pool._WAIT", 1)
    tunes = write_tunes(tmp_path / "tunes", range(2))
    with pytest.raises(DataError, match=r"tcp://127.0.0.1:9: the Dask scheduler"):
        build([tunes], tmp_path / "built", scheduler="tcp://127.0.0.1:9")
