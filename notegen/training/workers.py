"""Workers: machines that train one network together, each on its own rows of every step.

The environment variable ``TF_CONFIG`` names them, as TensorFlow has it: ``{"cluster": {"worker":
["host:port", …]}, "task": {"type": "worker", "index": 0}}``. The first is the chief, which alone writes.
"""

import io
import json
import os
import re
import zlib
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.errors import DataError, UsageError
from notegen.training.checkpoint import Found

Sum = Callable[[NDArray[np.int32]], NDArray[np.int32]]  # an array of each worker's to their sum


class Cluster(NamedTuple):
    """Who trains together, and which of them this process is."""

    workers: list[str]  # "host:port"
    task: int


def cluster() -> Cluster | None:
    """Return what ``TF_CONFIG`` says, or None if this process trains alone.

    Raises
    ------
    UsageError
        If it is not what TensorFlow asks for, or names machines that are no workers.
    """
    try:
        said = json.loads(os.environ.get("TF_CONFIG") or "{}")
        jobs = said.get("cluster") or {}
        if not jobs:
            return None
        task, workers = said["task"], list(jobs["worker"])
        index = int(task["index"])
        right = set(jobs) == {"worker"} and task["type"] == "worker" and 0 <= index < len(workers)
        right = right and all(re.fullmatch(r".+:\d+", worker) for worker in workers)
    except (ValueError, TypeError, KeyError, AttributeError):
        right = False
    if not right:
        raise UsageError(
            'TF_CONFIG must be like {"cluster": {"worker": ["host:port", "host:port"]}, '
            '"task": {"type": "worker", "index": 0}}'
        )
    return Cluster(workers, index) if len(workers) > 1 else None


def is_chief() -> bool:
    """Whether this process writes and tells: the first of several workers does, and one that is alone."""
    found = cluster()
    return found is None or found.task == 0


def others() -> list[str]:
    """Return the other workers, which a training waits for before it begins."""
    found = cluster()
    return [] if found is None else [*found.workers[: found.task], *found.workers[found.task + 1 :]]


def mine(rows: int) -> range:
    """Return which rows of a step this worker reads: as many as any other.

    Raises
    ------
    UsageError
        If they cannot be shared evenly.
    """
    found = cluster()
    if found is None:
        return range(rows)
    check_even(rows, len(found.workers), "workers")
    share = rows // len(found.workers)
    return range(found.task * share, (found.task + 1) * share)


def check_even(rows: int, count: int, of_what: str) -> None:
    """See that rows can be shared evenly; UsageError if not."""
    if rows % count:
        raise UsageError(
            f"{rows} rows cannot be shared evenly by {count} {of_what}; "
            f"choose a batch of {max(1, round(rows / count)) * count}"
        )


def check_alike(facts: object, summed: Sum) -> None:
    """See that all workers have the same before them; what they do would not fit together otherwise.

    Raises
    ------
    UsageError
        If one has another corpus or other settings than the chief.
    """
    found = cluster()
    if found is None:
        return
    checksums = np.zeros(len(found.workers), np.int32)
    checksums[found.task] = zlib.crc32(json.dumps(facts, sort_keys=True).encode()) >> 1
    checksums = summed(checksums)
    for worker, checksum in zip(found.workers, checksums, strict=True):
        if checksum != checksums[0]:
            raise UsageError(
                f"worker {worker} has another corpus or other settings than {found.workers[0]}; "
                "start all workers with the same command"
            )


def shared(found: Found | None, summed: Sum) -> Found | None:
    """Return what the chief found, to every worker; what the others found does not count."""
    if cluster() is None:
        return found
    data = b"" if found is None or not is_chief() else _bytes_of(found)
    size = int(summed(np.array([len(data)], np.int32))[0])
    words = np.zeros(-(-size // 4), np.int32)
    words.view(np.uint8)[: len(data)] = np.frombuffer(data, np.uint8)
    return _found_in(summed(words).tobytes()[:size]) if size else None


def _bytes_of(found: Found) -> bytes:
    file = io.BytesIO()
    arrays = {f"state.{i:04}": array for i, array in enumerate(found.state)}
    arrays |= {f"best.{name}": array for name, array in found.best.items()}
    np.savez(file, allow_pickle=False, said=np.array(json.dumps([found.place, found.news])), **arrays)
    return file.getvalue()


def _found_in(data: bytes) -> Found:
    with np.load(io.BytesIO(data)) as file:
        arrays: dict[str, NDArray[Any]] = dict(file)
    place, news = json.loads(str(arrays.pop("said")))
    state = [arrays[name] for name in sorted(arrays) if name.startswith("state.")]
    best = {name.removeprefix("best."): each for name, each in arrays.items() if name.startswith("best.")}
    return Found(place, state, best, news)


def gone(message: str) -> DataError:
    """Return the error to raise when TensorFlow says that it cannot reach a worker."""
    found, named = cluster(), re.search(r"/job:worker/(?:replica:\d+/)?task:(\d+)", message)
    name = "another worker"
    if found and named and found.task != int(named[1]) < len(found.workers):
        name = f"worker {found.workers[int(named[1])]}"
    return DataError(
        f"{name} is gone, or cannot be reached; start all workers again with the same command: "
        "the training goes on from its last checkpoint"
    )
