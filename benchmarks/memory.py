"""Training on a corpus that is larger than the memory the process may use, beside one a tenth its size."""

import argparse
import json
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks._inputs import corpus
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Corpus, Known, Piece

GIGABYTES = 4.0  # of token ids
LIMIT = 2.5  # gigabytes of memory of its own that the process may have
PIECE = 5_000  # tokens, as a piece of several minutes has
DISTINCT = 4_000  # pieces
BATCHES = 10


def run(arguments: list[str]) -> dict[str, object]:
    """Train a while on two corpora of made pieces, each in a process of its own with little memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory")
    parser.add_argument("gigabytes", nargs="?", type=float, default=GIGABYTES)
    parser.add_argument("--in", dest="file", type=Path, help=argparse.SUPPRESS)  # what a process of it does
    options = parser.parse_args(arguments)
    if options.file:
        return _train(options.file)
    found: dict[str, object] = {}
    with TemporaryDirectory() as name:
        for size in (options.gigabytes / 10, options.gigabytes):
            file = Path(name, f"{size:g}.npy")
            _write(file, size)
            command = [sys.executable, "-m", "benchmarks", "memory", "--in", str(file)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            said = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{size:4.1f} GB of ids, at most {LIMIT} GB of memory: {said['batches']} batches, "
                f"{said['own_mb']:.0f} MB of memory of its own at most"
            )
            found[f"own_mb_{size:g}gb"] = said["own_mb"]
    return found


def _write(file: Path, gigabytes: float) -> None:
    """Write pieces made of tunes of the collections, some thousands of them again and again."""
    rng = np.random.default_rng(0)
    tunes = [piece.ids for piece in corpus().train]
    count = int(gigabytes * 1e9 / 4 / PIECE)
    ids = np.lib.format.open_memmap(file, "w+", np.int32, (count, PIECE))
    made = np.array([_medley(tunes, rng) for _ in range(min(count, DISTINCT))])
    for at in range(0, count, len(made)):
        ids[at : at + len(made)] = made[: count - at]
    ids.flush()


def _medley(tunes: list[Ids], rng: np.random.Generator) -> Ids:
    drawn = [tunes[i] for i in rng.integers(len(tunes), size=60)]
    return np.concatenate([drawn[0][:-1], *(tune[3:-1] for tune in drawn[1:])])[:PIECE]


def _train(file: Path) -> dict[str, object]:
    """Train on a file of ids for some batches; return the most memory that is no page of a file."""
    resource.setrlimit(resource.RLIMIT_DATA, (int(LIMIT * 1e9),) * 2)
    from notegen.training.loop import Progress, Recipe
    from notegen.training.train import train

    ids = np.load(file, mmap_mode="r")
    pieces = [Piece(f"{i}", "", np.asarray(row)) for i, row in enumerate(ids)]
    sides = {"train": pieces[60:], "valid": pieces[:30], "test": pieces[30:60]}
    seen: list[float] = []

    def watch(_: Progress) -> None:
        seen.append(_own())
        if len(seen) == BATCHES:
            raise KeyboardInterrupt

    try:
        made = Corpus("made", pieces, known=Known(sides, {}))
        train(made, Recipe(batch=4, epochs=1), out=file.with_suffix(".notegen"), force=True, report=watch)
    except KeyboardInterrupt:
        pass
    return {"batches": len(seen), "own_mb": max(seen)}


def _own() -> float:
    """Return the memory of this process that is no page of a file, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) / 1024
