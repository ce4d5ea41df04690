"""Piano rolls of Boulanger-Lewandowski's benchmark: nats per frame, with and without memory.

A frame is scored as its pitches from the highest to the lowest and the token that ends it: its nats are their
sum. All that is chosen is chosen on the validation pieces; the test pieces are read once, at the end.
"""

import argparse
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks._rolls import SHIFTS, TOLD, InKeys, moved, tell
from notegen.codecs import rolls
from notegen.codecs.vocabulary import Ids
from notegen.evaluation.likelihood import token_nats
from notegen.model.bundle import Bundle
from notegen.model.habits import BETWEEN, DISTANCES, LENGTHS, Habits, fit
from notegen.model.predictor import Predictor
from notegen.model.recall import Remembering, trials
from notegen.model.runtime import Runtime
from notegen.training.engine import Engine
from notegen.training.material import Tokens
from notegen.training.recipe import Recipe

SMALL = 200_000  # tokens: what has fewer to learn from is held back more
RECIPES = {
    True: Recipe(units=512, dropout=0.4, recurrent_dropout=0.4, rate=5e-3),
    False: Recipe(units=512, dropout=0.25, recurrent_dropout=0.2, rate=5e-3),
}
MINUTES = 25.0
TELLING = 60  # seconds between two lines
FEW = 40_000  # tokens of validation pieces: of more, some pieces are taken, evenly
_FIRST = Habits(  # where the fit begins: the more is the same, the better
    tuple(np.linspace(-6, 3, len(LENGTHS)).tolist()),
    (0.0,) * len(DISTANCES),
    (0.0,) * (len(BETWEEN) + 2),
)


@dataclass(frozen=True)
class Rolls:
    """The pieces of a file, from their start to the end of the last frame: how long they are is given."""

    train: list[Ids]
    valid: list[Ids]
    test: list[Ids]

    @classmethod
    def read(cls, path: Path) -> "Rolls":
        """Read ``<side>_frames``, all frames one under the other, and ``<side>_lengths``."""
        with np.load(path) as file:
            sides = {
                side: np.split(file[f"{side}_frames"], np.cumsum(file[f"{side}_lengths"])[:-1])
                for side in ("train", "valid", "test")
            }
        ids = {side: [rolls.encode(roll)[:-1] for roll in pieces] for side, pieces in sides.items()}
        valid = ids["valid"][:: -(-sum(map(len, ids["valid"])) // FEW)]
        return cls(ids["train"], valid, ids["test"])


def run(arguments: list[str]) -> dict[str, object]:
    """Train a network, fit its memory, and read the test pieces with it and without."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks polyphonic")
    parser.add_argument("--data", type=Path, required=True, help="an npz file of rolls")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of training")
    options = parser.parse_args(arguments)
    data = Rolls.read(options.data)
    begun = time.monotonic()
    network = _train(data, options.minutes)
    minutes = (time.monotonic() - begun) / 60
    parameters = sum(each.size for each in network.weights.values())
    for name, shifts in (("one key", (0,)), (f"{len(SHIFTS)} keys", SHIFTS)):
        print(f"validation, in {name}: {_nats(InKeys(Runtime(network), shifts), data.valid):.3f}", flush=True)
    model = InKeys(Runtime(network))
    remembering = _fitted(model, data.valid)
    print(f"validation, with memory: {_nats(remembering, data.valid):.3f}", flush=True)
    return {
        "test_nats_per_frame": round(_nats(model, data.test), 4),
        "with_memory": round(_nats(remembering, data.test), 4),
        "parameters": parameters,
        "minutes": round(minutes, 1),
    }


def _train(data: Rolls, minutes: float) -> Bundle:
    """Train for so long, while the learning rate falls from its peak to nearly nothing."""
    recipe = RECIPES[sum(map(len, data.train)) < SMALL]
    config = replace(recipe.network(rolls.SIZE), told=TOLD)
    valid = [tell(ids, SHIFTS.index(0)) for ids in data.valid]
    material = Tokens(data.train, valid, config, _frames(data.valid), "nats per frame", moved)
    engine = Engine(config, rows=recipe.batch, time=recipe.steps, clip=recipe.clip, seed=recipe.seed)
    begun = told = time.monotonic()
    done, epoch, updates = 0.0, 0, 0
    best, weights = math.inf, engine.weights()
    while done < 1:
        for step in material.learned(recipe.batch, recipe.steps, np.random.default_rng([recipe.seed, epoch])):
            engine.learn(step, recipe.rate_at(updates, done))
            updates += 1
            done = (time.monotonic() - begun) / 60 / minutes
            if done >= 1 or time.monotonic() - told > TELLING:
                told = time.monotonic()
                nats = sum(map(engine.loss, material.held_out(recipe.batch, recipe.steps))) / material.divisor
                print(f"{done:4.0%}, {epoch} passes: {nats:.3f} nats a frame of validation", flush=True)
                if nats < best:
                    best, weights = nats, engine.weights()
            if done >= 1:
                break
        epoch += 1
    return Bundle(config, weights)


def _fitted(model: Predictor, pieces: list[Ids]) -> Remembering:
    """Return the model with a memory fitted to some of the pieces."""
    habits = fit(trials(model, pieces, [rolls.FRAME]), _FIRST)
    return Remembering(model, habits, [rolls.FRAME])


def _nats(model: Predictor, pieces: list[Ids]) -> float:
    """Return nats per frame."""
    return float(sum(costs.sum() for costs in token_nats(model, pieces))) / _frames(pieces)


def _frames(pieces: list[Ids]) -> int:
    return sum(int((ids == rolls.FRAME).sum()) for ids in pieces)
