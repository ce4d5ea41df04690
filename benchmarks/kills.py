"""A training that is killed at random moments, again and again, beside the same training left alone."""

import argparse
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import notegen_corpora
import numpy as np

from notegen.corpus import Corpus
from notegen.corpus.build import build
from notegen.model.bundle import load

KILLS = 20
LONGEST = 20.0  # seconds after which a process is killed at the latest
KEPT_EVERY = 2.0  # seconds between checkpoints, instead of minutes: so that killed processes come further


def run(arguments: list[str]) -> dict[str, object]:
    """Train twice on Aird's collection, and compare the weights."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks kills")
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train", nargs=2, type=Path, help=argparse.SUPPRESS)  # what a process of it does
    options = parser.parse_args(arguments)
    if options.train:
        _train(*options.train)
        return {}
    with TemporaryDirectory() as name:
        folder = Path(name)
        left, killed = folder / "left.notegen", folder / "killed.notegen"
        corpus = _built(folder)
        begun = time.monotonic()
        subprocess.run(_command(corpus, left), check=True)
        print(f"left alone: {time.monotonic() - begun:.0f} s", flush=True)
        kills = _kill(_command(corpus, killed), options.kills, random.Random(options.seed))
        ours, theirs = load(left), load(killed)
        same = all(np.array_equal(array, theirs.weights[name]) for name, array in ours.weights.items())
        curves = ours.provenance["curve"] == theirs.provenance["curve"]
        files = sorted(path.name for path in folder.glob("*killed*"))
    return {"kills": kills, "same_weights": same, "same_curve": curves, "files": files}


def _built(folder: Path) -> Path:
    tunes = notegen_corpora.COLLECTIONS["aird"]
    source = folder / "tunes"
    source.mkdir()
    for i, (_, score) in enumerate(tunes.scores()):
        if not isinstance(score, Exception):
            score.write(source / f"{i:04}.mid")
    build([source], folder / "tunes.corpus")
    return folder / "tunes.corpus"


def _command(corpus: Path, out: Path) -> list[str]:
    return [sys.executable, "-m", "benchmarks", "kills", "--train", str(corpus), str(out)]


def _train(corpus: Path, out: Path) -> None:
    """Train until the end, or until something happens."""
    from notegen.training.loop import Trainer
    from notegen.training.recipe import Recipe
    from notegen.training.train import train

    Trainer.CHECKPOINT_SECONDS = Trainer.FEW_SECONDS = KEPT_EVERY
    train(Corpus.open(corpus), Recipe(units=64, embedding=32, batch=16, epochs=4, patience=99), out=out)


def _kill(command: list[str], kills: int, rng: random.Random) -> int:
    """Run a command that goes on where it was until it has ended, killing it so many times."""
    done = 0
    while True:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            code = process.wait(rng.uniform(0, LONGEST) if done < kills else None)
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            done += 1
            print(f"killed {done} times", flush=True)
            continue
        if code:
            raise SystemExit(f"the training failed with exit code {code}")
        return done
