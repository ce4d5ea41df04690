"""What several benchmarks use: the collections, as a corpus and as MIDI files, and timing."""

import argparse
import itertools
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import get_args

import notegen_corpora
from notegen_cli.sources import open_corpus

from notegen.corpus import Corpus
from notegen.corpus.tracks import Tracks
from notegen.errors import NotegenError
from notegen.formats import midi
from notegen.score import Score

COLLECTIONS = [notegen_corpora.COLLECTIONS[name] for name in ("ryan", "oneill", "aird")]  # melodies
PROGRAM = str(Path(sys.executable).with_name("notegen"))


def tunes() -> Iterator[tuple[str, Score | NotegenError]]:
    """Read all tunes of the three collections."""
    return itertools.chain(*(entry.scores() for entry in COLLECTIONS))


def corpus() -> Corpus:
    """Return the corpus that the shipped model was trained on, with its split."""
    return Corpus.of(", ".join(entry.title for entry in COLLECTIONS), tunes())


def data_options(parser: argparse.ArgumentParser) -> None:
    """Let a benchmark be asked for another corpus than that of the shipped model; see `asked`."""
    parser.add_argument("--data", help="a folder of files, a collection or a built corpus")
    parser.add_argument("--tracks", choices=get_args(Tracks), default="melody", help="what is read of it")
    parser.add_argument("--test-every", type=int, default=0, help="hold out files whose number divides by it")


def asked(options: argparse.Namespace) -> Corpus:
    """Return the corpus that was asked for, or that of the shipped model."""
    return open_corpus((options.data,), options.tracks, options.test_every) if options.data else corpus()


@contextmanager
def midi_folder() -> Iterator[list[Path]]:
    """Write the collections as MIDI files into a folder that goes away again."""
    with TemporaryDirectory() as name:
        paths = []
        for i, (_, score) in enumerate(tunes()):
            if isinstance(score, Score):
                paths.append(Path(name, f"{i:05}.mid"))
                paths[-1].write_bytes(midi.encode(score))
        yield paths


def seconds(task: Callable[[], object]) -> float:
    """Return how long a call takes."""
    begun = time.perf_counter()
    task()
    return time.perf_counter() - begun


def in_turn(tasks: dict[str, Callable[[], object]], runs: int) -> dict[str, list[float]]:
    """Time tasks turn by turn, so that a slow moment of the machine meets all of them."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(runs):
        for name, task in tasks.items():
            taken[name].append(seconds(task))
    return taken


def ratio(taken: dict[str, list[float]], first: str, second: str) -> float:
    """Return the median of first / second, turn by turn."""
    return statistics.median(a / b for a, b in zip(taken[first], taken[second], strict=True))


def program(*command: str, cwd: str | None = None) -> Callable[[], object]:
    """Return a task that runs a program as a whole process."""
    return lambda: subprocess.run(command, cwd=cwd, check=True, capture_output=True)
