"""Whole-process time of `notegen compose`, beside importing TensorFlow and beside importing the base."""

import argparse
import statistics
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from notegen_corpora import example_seed
from notegen_corpora.seeds import Seed

from benchmarks._inputs import PROGRAM, in_turn, program, ratio

RUNS = 7
SEEDS: dict[str, Seed] = {"tune": "morning-ferry", "pop": "late-tram"}


def run(arguments: list[str]) -> dict[str, object]:
    """Time four takes of eight bars of an example seed, turn by turn with the imports."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks compose")
    parser.add_argument("--seed-kind", choices=SEEDS, default="tune", help="a melody, or three tracks")
    seed = example_seed(SEEDS[parser.parse_args(arguments).seed_kind])
    with TemporaryDirectory() as folder:
        out = str(Path(folder, "takes"))
        tasks = {
            "compose": program(PROGRAM, "compose", str(seed), "--seed", "1", "--output", out, cwd=folder),
            "base": program(sys.executable, "-c", "import numpy, symusic, click"),
        }
        peer = find_spec("tensorflow") is not None
        if peer:
            tasks["tensorflow"] = program(sys.executable, "-c", "import tensorflow")
        in_turn(tasks, 1)  # the first run reads files that later ones find in memory
        taken = in_turn(tasks, RUNS)
    for name, times in taken.items():
        middle = statistics.median(times)
        print(f"{name:12} median {middle:.3f} s of {RUNS}, {min(times):.3f} to {max(times):.3f}")
    return {
        "seconds": statistics.median(taken["compose"]),
        "ratio_tensorflow_import": ratio(taken, "compose", "tensorflow") if peer else None,
        "ratio_base_import": ratio(taken, "compose", "base"),
    }
