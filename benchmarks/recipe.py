"""The training recipe, one change at a time: short trainings, in bits per note on validation tunes."""

import argparse
import math
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks._inputs import corpus
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.training.augment import transposing
from notegen.training.engine import Engine
from notegen.training.material import Tokens
from notegen.training.recipe import Recipe

SHARE = "share"  # of the tunes that are transposed: the one change that is not of the recipe
CHANGES: dict[str, dict[str, Any]] = {
    "default": {},
    "not averaged": {"average": 0.0},
    "rate 0.003": {"rate": 3e-3},
    "rate 0.006": {"rate": 6e-3},
    "rate 0.02": {"rate": 2e-2},
    "dropout 0": {"dropout": 0.0},
    "dropout 0.4": {"dropout": 0.4},
    "recurrent dropout 0.3": {"recurrent_dropout": 0.3},
    "tied": {"tied": True},
    "untied": {"tied": False},
    "one-hot": {"tied": False, "embedding": 0},
    "forget bias 3": {"forget_bias": 3.0},
    "1 x 384": {"units": 384},
    "2 x 192": {"units": 192, "layers": 2},
    "gru": {"unit": "gru"},
    "8 rows": {"batch": 8},
    "32 rows": {"batch": 32},
    "32 steps": {"steps": 32},
    "128 steps": {"steps": 128},
    "window 40": {"window": 40},
    "none transposed": {SHARE: 0.0},
    "all transposed": {SHARE: 1.0},
}


def run(arguments: list[str]) -> dict[str, object]:
    """Train with each change; print bits per note on half of the validation tunes after each pass."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks recipe")
    parser.add_argument("changes", nargs="*", metavar="CHANGE", help=f"any of: {', '.join(CHANGES)}")
    parser.add_argument("--passes", type=int, default=6)
    parser.add_argument("--one-in", type=int, default=5, help="of the training tunes")
    options = parser.parse_args(arguments)
    if unknown := set(options.changes) - set(CHANGES):
        parser.error(f"there is no change called {', '.join(sorted(unknown))}")
    tunes = corpus()
    train = [piece.ids for piece in tunes.train[:: options.one_in]]
    valid = [piece.ids for piece in tunes.valid[::2]]
    found = {}
    for name in options.changes or CHANGES:
        changes = dict(CHANGES[name])
        augment = transposing(share=changes.pop(SHARE, 0.3))
        recipe = replace(Recipe(batch=16, epochs=options.passes), **changes)
        divisor = math.log(2) * sum(map(note_count, valid))
        material = Tokens(train, valid, recipe.network(v.MELODY), divisor, "bits per note", augment)
        found[name] = _train(material, recipe)
        print(f"{name:<24}", *(f"{bits:.3f}" for bits in found[name]), flush=True)
    return {"bits_per_note": found}


def _train(material: Tokens, recipe: Recipe) -> list[float]:
    engine = Engine(
        material.config, rows=recipe.batch, time=recipe.steps, clip=recipe.clip, average=recipe.average,
        seed=recipe.seed,
    )  # fmt: skip
    held, updates, found = material.held_out(recipe.batch, recipe.steps), 0, []
    for epoch in range(recipe.epochs):
        steps = material.learned(recipe.batch, recipe.steps, np.random.default_rng([recipe.seed, epoch]))
        for i, step in enumerate(steps):
            engine.learn(step, recipe.rate_at(updates, (epoch + i / len(steps)) / recipe.epochs))
            updates += 1
        with engine.averaged():
            found.append(sum(map(engine.loss, held)) / material.divisor)
    return found
