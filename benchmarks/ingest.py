"""Many MIDI files to a built corpus: speed, memory of all processes, and the same with Dask.

Tunes are random walks of 64 notes, written for the occasion. Memory is what all processes of a build hold
together: resident (RSS), where pages that processes share count once for each, and proportional (PSS,
on Linux alone), where they count once. With Dask, one of two workers is killed half-way.
"""

import argparse
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil

from benchmarks._inputs import PROGRAM
from notegen.corpus.build import Progress, build

SIZES = (1_000, 10_000, 100_000)
DASK = 10_000  # files, at most
NOTES = 64
_HEAD = b"MThd\0\0\0\x06\0\0\0\x01\x01\xe0MTrk"
_METER = bytes.fromhex("00 ff 58 04 04 02 18 08")
_END = bytes.fromhex("00 ff 2f 00")
_EIGHTH, _QUARTER = (0x81, 0x70), (0x83, 0x60)  # 240 and 480 ticks


def run(arguments: list[str]) -> dict[str, object]:
    """Build corpora of the sizes that are given, or of 1,000, 10,000 and 100,000 files."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks ingest")
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--keep", type=Path, help="a folder for files and corpora that stay")
    options = parser.parse_args(arguments)
    found: dict[str, object] = {}
    with TemporaryDirectory() as name:
        folder = options.keep or Path(name)
        for size in options.sizes:
            for key, value in _local(folder, size).items():
                found[f"{key}_{_short(size)}"] = value
            found["files_per_s"] = found[f"files_per_s_{_short(size)}"]
        size = max([size for size in options.sizes if size <= DASK], default=min(options.sizes))
        found |= _dask(folder, size)
    return found


def _short(size: int) -> str:
    return f"{size // 1000}k" if size % 1000 == 0 else str(size)


def write_tunes(folder: Path, count: int) -> None:
    """Write so many MIDI files, a thousand in a folder."""
    if folder.exists():
        return
    rng = np.random.default_rng(0)
    for first in range(0, count, 1000):
        some = folder / f"{first // 1000:04}"
        some.mkdir(parents=True)
        for i, events in enumerate(_events(rng, min(1000, count - first))):
            body = _METER + events.tobytes() + _END
            (some / f"{first + i:07}.mid").write_bytes(_HEAD + len(body).to_bytes(4, "big") + body)


def _events(rng: np.random.Generator, count: int) -> np.ndarray:
    """Return notes on and off as the bytes of a track, shape (tunes, notes, 9)."""
    events = np.zeros((count, NOTES, 9), dtype=np.uint8)
    pitches = np.clip(64 + np.cumsum(rng.integers(-4, 5, (count, NOTES)), axis=1), 36, 96)
    is_long = rng.random((count, NOTES, 1)) < 0.3
    events[..., 1], events[..., 2], events[..., 3] = 0x90, pitches, 80
    events[..., 4:6] = np.where(is_long, _QUARTER, _EIGHTH)
    events[..., 6], events[..., 7] = 0x80, pitches
    return events


def _local(folder: Path, size: int) -> dict[str, float]:
    """Build in the processes of this computer, and watch their memory."""
    tunes, built = folder / f"tunes-{size}", folder / f"built-{size}"
    write_tunes(tunes, size)
    shutil.rmtree(built, ignore_errors=True)
    begun = time.perf_counter()
    with subprocess.Popen([PROGRAM, "corpus", "build", tunes, "--output", built]) as process:
        peaks = _peaks(process)
    seconds = time.perf_counter() - begun
    if process.returncode:
        sys.exit(f"the build of {size} files fails")
    print(
        f"{size:9,} files: {seconds:7.1f} s, {size / seconds:7.0f} files/s, "
        f"peak {peaks[0]:5.0f} MB resident, {peaks[1]:5.0f} MB proportional"
    )
    names = ("seconds", "files_per_s", "rss_mb", "pss_mb")
    return dict(zip(names, (seconds, size / seconds, *peaks), strict=True))


def _peaks(process: subprocess.Popen[bytes]) -> tuple[float, float]:
    """Return the peaks of RSS and PSS in MB, over a process and all that it starts, ten times a second."""
    peaks = np.zeros(2)
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        sums = np.zeros(2)
        for one in (parent, *_children(parent)):
            try:
                memory = one.memory_full_info()
                sums += memory.rss / 1e6, getattr(memory, "pss", 0) / 1e6
            except psutil.Error:  # it has just ended
                continue
        peaks = np.maximum(peaks, sums)
        time.sleep(0.1)
    return float(peaks[0]), float(peaks[1])


def _children(parent: psutil.Process) -> list[psutil.Process]:
    try:
        return list(parent.children(recursive=True))
    except psutil.Error:
        return []


def _dask(folder: Path, size: int) -> dict[str, object]:
    """Build the same files with Dask, of whose two workers one is killed half-way; compare the shards."""
    tunes, built, other = (folder / f"{name}-{size}" for name in ("tunes", "built", "dask"))
    shutil.rmtree(other, ignore_errors=True)
    killed: list[int] = []

    def kill(progress: Progress) -> None:
        if progress.done >= progress.files / 2 and not killed:
            workers[0].kill()
            killed.append(progress.done)

    with TemporaryDirectory() as name, _cluster(Path(name)) as (scheduler, workers):
        begun = time.perf_counter()
        summary = build([tunes], other, scheduler=scheduler, report=kill)
        seconds = time.perf_counter() - begun
    names = sorted(path.name for path in built.glob("shard-*"))
    same = names == sorted(path.name for path in other.glob("shard-*")) and all(
        (built / name).read_bytes() == (other / name).read_bytes() for name in names
    )
    print(
        f"{size:9,} files with Dask, a worker killed after {killed[0]:,}: {seconds:.1f} s, "
        f"{summary.kept + summary.duplicates:,} pieces, shards {'the same' if same else 'DIFFER'}"
    )
    return {"dask_files_per_s": size / seconds, "dask_same_shards": same}


@contextmanager
def _cluster(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """Start a scheduler and two workers on this computer."""
    quiet = ("--host", "127.0.0.1", "--no-dashboard")
    said = folder / "scheduler.json"
    with ExitStack() as stack:

        def start(*command: str) -> subprocess.Popen[bytes]:
            process = subprocess.Popen([sys.executable, "-m", *command, *quiet], stderr=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        start("distributed.cli.dask_scheduler", "--port", "0", "--scheduler-file", str(said))
        while not (said.exists() and said.read_text().endswith("}")):
            time.sleep(0.1)
        address = json.loads(said.read_text())["address"]
        alone = ("--no-nanny", "--nthreads", "1", "--local-directory", str(folder))
        yield address, [start("distributed.cli.dask_worker", address, *alone) for _ in range(2)]
