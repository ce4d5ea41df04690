"""Training speed: tokens a second beside plain Keras, beside PyTorch, and as a share of a matrix product.

Each contender is a process that lives as long as its size is measured, and all have the same threads. They
take one step after the other, so that a slow moment of the machine meets all of them; ratios are medians
over such turns. Operations are counted as six a weight and token. Everything runs on the processor.
"""

import argparse
import math
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, NamedTuple

from benchmarks._inputs import ratio
from benchmarks._train_worker import LAYERS, SIDE, STEPS, VOCABULARY
from notegen.model.network import NetworkConfig, fast_policy

SIZES = tuple((units, batch) for units in (256, 512) for batch in (64, 256))  # the last one is the headline
RATIOS = {
    "ratio_torch_float32": "torch float32",
    "ratio_torch_bf16": "torch bf16",
    "ratio_keras": "Keras",
}
_QUIET = {"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}  # no accelerator, and no word of it

Row = dict[str, Any]
Times = dict[str, list[float]]  # seconds, by contender


class Worker(NamedTuple):
    """A contender's name, its process, and what that writes beside its times."""

    name: str
    process: subprocess.Popen[str]
    errors: IO[str]

    def step(self) -> float:
        """Have a step taken, and return its seconds."""
        assert self.process.stdin is not None
        self.process.stdin.write("step\n")
        self.process.stdin.flush()
        return float(self.said())

    def said(self) -> str:
        """Return the next line that the process prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        if not line:
            self.errors.seek(0)
            raise SystemExit(f"{self.errors.read()}\n{self.name} has ended")
        return line


def run(arguments: list[str]) -> dict[str, object]:
    """Measure all sizes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks train")
    parser.add_argument("--torch", default=sys.executable, help="an interpreter that has PyTorch")
    parser.add_argument("--turns", type=int, default=5)
    options = parser.parse_args(arguments)
    contenders = _contenders(options.torch)
    rows = []
    for units, batch in SIZES:
        rows.append(row(units, batch, in_turn(contenders, units, batch, options.turns)))
        print(_said(rows[-1]), flush=True)
    last = rows[-1]
    figures = {name: last.get(name) for name in (*RATIOS, "share_of_matmul_peak")}
    return {"tokens_per_s": last["tokens_per_s"]["notegen"], **figures, "rows": rows}


def _contenders(torch: str) -> dict[str, str]:
    """Return the names of the contenders and who interprets them; say who is left out."""
    found = dict.fromkeys(("notegen", "Keras", "matmul"), sys.executable)
    if subprocess.run([torch, "-c", "import torch"], capture_output=True).returncode:
        print(f"left out: PyTorch, which {torch} does not have; name another interpreter with --torch")
        return found
    found["torch float32"] = torch
    if fast_policy() == "float32":
        print("left out: PyTorch in bfloat16, which this processor does not multiply by itself")
        return found
    return found | {"torch bf16": torch}


def in_turn(contenders: dict[str, str], units: int, batch: int, turns: int) -> Times:
    """Return the seconds of each contender's steps, taken turn by turn."""
    with ExitStack() as stack:
        workers = [
            stack.enter_context(_worker(name, python, units, batch)) for name, python in contenders.items()
        ]
        taken: Times = {worker.name: [] for worker in workers}
        for _ in range(turns):
            for worker in workers:
                taken[worker.name].append(worker.step())
    return taken


@contextmanager
def _worker(name: str, python: str, units: int, batch: int) -> Iterator[Worker]:
    """Start a contender, and wait until it is ready; it ends with its input."""
    cores = str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    with (
        TemporaryFile("w+") as errors,
        subprocess.Popen(
            [python, "-m", "benchmarks._train_worker", name, str(units), str(batch)],
            cwd=Path(__file__).parent.parent,
            env=os.environ | _QUIET | {"OMP_NUM_THREADS": cores},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        ) as process,
    ):
        worker = Worker(name, process, errors)
        while worker.said() != "ready":
            pass
        yield worker


def row(units: int, batch: int, taken: Times) -> Row:
    """Return the medians of a size; a ratio above 1 says that notegen is faster."""
    shapes = NetworkConfig(VOCABULARY, units, units, LAYERS).shapes().values()
    tokens = batch * STEPS
    work = 6 * sum(map(math.prod, shapes)) * tokens / (2 * SIDE**3)  # in products of matrices
    speeds = {name: tokens / statistics.median(times) for name, times in taken.items() if name != "matmul"}
    ratios = {key: ratio(taken, name, "notegen") for key, name in RATIOS.items() if name in taken}
    share = work * ratio(taken, "matmul", "notegen")
    size = {"layers": LAYERS, "units": units, "batch": batch}
    return {**size, "tokens_per_s": speeds, **ratios, "share_of_matmul_peak": share}


def _said(found: Row) -> str:
    """Return a size's figures as lines."""
    lines = [f"{found['layers']} x {found['units']}, batch {found['batch']}"]
    lines += [f"  {name:14} {speed:9,.0f} tokens/s" for name, speed in found["tokens_per_s"].items()]
    lines += [f"  notegen beside {name}: {found[key]:.2f}" for key, name in RATIOS.items() if key in found]
    return "\n".join([*lines, f"  share of a matrix product's speed: {found['share_of_matmul_peak']:.2f}"])
