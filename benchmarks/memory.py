"""Memory of training on a built corpus, beside one a tenth its size: resident, mapped files too."""

import argparse
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks._inputs import corpus
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Corpus
from notegen.corpus.facts import facts
from notegen.corpus.store import Record, Result, building

GIGABYTES = 4.0  # of token ids
PIECE = 5_000  # tokens, as a piece of several minutes has
SHARD = 500  # pieces
BATCHES = 300


def run(arguments: list[str]) -> dict[str, object]:
    """Train a while on two built corpora of made pieces, each in a process of its own."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks memory")
    parser.add_argument("gigabytes", nargs="?", type=float, default=GIGABYTES)
    parser.add_argument("--in", dest="folder", type=Path, help=argparse.SUPPRESS)  # what a process of it does
    options = parser.parse_args(arguments)
    if options.folder:
        return _train(options.folder)
    found: dict[str, object] = {}
    rss, peak = [], []
    with TemporaryDirectory() as name:
        for size in (options.gigabytes / 10, options.gigabytes):
            folder = Path(name, f"{size:g}.corpus")
            _write(folder, size)
            command = [sys.executable, "-m", "benchmarks", "memory", "--in", str(folder)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            said = json.loads(done.stdout.splitlines()[-1])
            print(
                f"{size:4.1f} GB of ids in {said['pieces']:,} pieces, {said['batches']} batches: "
                f"{said['rss_mb']:.0f} MB resident at most, {said['peak_mb']:.0f} MB with beginning and end"
            )
            rss.append(said["rss_mb"])
            peak.append(said["peak_mb"])
            found[f"rss_mb_{size:g}gb"] = round(rss[-1], 1)
    return {**found, "rss_ratio": round(rss[1] / rss[0], 3), "peak_ratio": round(peak[1] / peak[0], 3)}


def _write(folder: Path, gigabytes: float) -> None:
    """Write a built corpus of one shard again and again; each piece counts as kept, without versions."""
    rng = np.random.default_rng(0)
    tunes = [piece.ids for piece in corpus().train]
    made = [_medley(tunes, rng) for _ in range(SHARD)]
    ids, known = np.concatenate(made), [facts(piece) for piece in made]
    with building(folder) as store:
        for job in range(int(gigabytes * 1e9 / ids.nbytes)):
            name = f"made/{job:06}.zip"
            with store.connection as index:
                index.execute("INSERT INTO sources VALUES (?, ?, '', 0, 0, 0, ?, ?)", (job, name, job, job))
            records = [
                Record(job, f"{name}/{i:03}.mid", f"{i:03}", i * PIECE, (i + 1) * PIECE, each, "", "")
                for i, each in enumerate(known)
            ]
            store.add(job, Result(ids, records, []))
        with store.connection as index:
            index.execute("UPDATE pieces SET first = id, family = id")
            index.execute(
                "INSERT INTO families SELECT id, id * 1000003 % 1000000007,"
                " CASE id % 20 WHEN 0 THEN 'valid' WHEN 1 THEN 'test' ELSE 'train' END FROM pieces"
            )
            store.note(name="made", notice="", finished="yes")


def _medley(tunes: list[Ids], rng: np.random.Generator) -> Ids:
    """Return so many ids of tunes drawn, one after the other as if they were one."""
    drawn = [tunes[i] for i in rng.integers(len(tunes), size=60)]
    return np.concatenate([drawn[0][:-1], *(tune[3:-1] for tune in drawn[1:])])[:PIECE]


def _train(folder: Path) -> dict[str, object]:
    """Train on a built corpus for some batches; return the most memory after any of them, and at any time."""
    from notegen.training.loop import Progress, Recipe
    from notegen.training.train import train

    seen: list[float] = []

    def watch(_: Progress) -> None:
        seen.append(_memory("VmRSS"))
        if len(seen) == BATCHES:
            raise KeyboardInterrupt

    built = Corpus.open(folder)
    out = folder.with_suffix(".notegen")
    with suppress(KeyboardInterrupt):
        train(built, Recipe(epochs=1), out=out, force=True, report=watch)
    return {
        "pieces": len(built.pieces),
        "batches": len(seen),
        "rss_mb": max(seen),
        "peak_mb": _memory("VmHWM"),
    }


def _memory(which: str) -> float:
    """Return the memory of this process that is resident now (VmRSS), or was at most (VmHWM), in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split(f"{which}:")[1].split()[0]) / 1024
