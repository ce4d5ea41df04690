"""Learning rates for the default network: a short training on a fifth of the tunes at each."""

import argparse
import math

import numpy as np

from benchmarks._inputs import corpus
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.model.network import NetworkConfig
from notegen.training.augment import transposing
from notegen.training.engine import Engine
from notegen.training.material import Tokens
from notegen.training.recipe import Recipe

RATES = (3e-3, 6e-3, 1e-2, 2e-2)
PASSES = 6


def run(arguments: list[str]) -> dict[str, object]:
    """Train at each rate; print bits per note on half of the validation tunes after each pass."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks rates")
    parser.add_argument("rates", nargs="*", type=float, default=RATES)
    options = parser.parse_args(arguments)
    tunes = corpus()
    train = [piece.ids for piece in tunes.train[::5]]
    valid = [piece.ids for piece in tunes.valid[::2]]
    config = NetworkConfig(v.SIZE)
    divisor = math.log(2) * sum(map(note_count, valid))
    material = Tokens(train, valid, config, divisor, "bits per note", transposing())
    found = {}
    for rate in options.rates:
        found[f"{rate:g}"] = _train(material, Recipe(batch=16, epochs=PASSES, rate=rate))
        print(f"{rate:<8g}", *(f"{bits:.3f}" for bits in found[f"{rate:g}"]), flush=True)
    return {"bits_per_note": found}


def _train(material: Tokens, recipe: Recipe) -> list[float]:
    engine = Engine(material.config, rows=recipe.batch, time=recipe.steps, clip=recipe.clip, seed=recipe.seed)
    held, updates, found = material.held_out(recipe.batch, recipe.steps), 0, []
    for epoch in range(recipe.epochs):
        steps = material.learned(recipe.batch, recipe.steps, np.random.default_rng([recipe.seed, epoch]))
        for i, step in enumerate(steps):
            engine.learn(step, recipe.rate_at(updates, (epoch + i / len(steps)) / recipe.epochs))
            updates += 1
        found.append(sum(map(engine.loss, held)) / material.divisor)
    return found
