"""Whole-process time of `notegen compose`, beside importing TensorFlow and beside importing the base."""

import statistics
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from notegen_corpora import example_seed

from benchmarks._inputs import PROGRAM, in_turn, program, ratio

RUNS = 7


def run(_: list[str]) -> dict[str, object]:
    """Time four takes of eight bars of the example seed, turn by turn with the imports."""
    with TemporaryDirectory() as folder:
        out = str(Path(folder, "takes"))
        tasks = {
            "compose": program(
                PROGRAM, "compose", str(example_seed()), "--seed", "1", "--output", out, cwd=folder
            ),
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
