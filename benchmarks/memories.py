"""Kinds of memory of the piece in hand, in bits per note on validation tunes, and what the best one costs."""

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from benchmarks._inputs import corpus
from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.evaluation.likelihood import Costs, Likelihood
from notegen.model import predictor as predictors
from notegen.model.bundle import load
from notegen.model.habits import FOLK, Habits, Moments, Trial, fit, nats
from notegen.model.predictor import log_softmax
from notegen.model.recall import Remembering, trials
from notegen.model.runtime import Runtime

HISTORY, STEPS = 2_000, 200  # tokens; how many steps are timed behind them

Floats = NDArray[np.float64]
Kind = Callable[[Runtime, Ids], Floats]  # a piece's nats of each token after the first


def run(arguments: list[str]) -> dict[str, object]:
    """Measure on every n-th validation tune; weights are fitted on one half and read on the other."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks memories")
    parser.add_argument("--model", default="folk")
    parser.add_argument("--every", type=int, default=3, help="take each n-th validation tune")
    options = parser.parse_args(arguments)
    network = Runtime(load(options.model))
    pieces = [piece.ids for piece in corpus().valid[:: options.every]]
    rows: dict[str, Likelihood] = {}
    with threadpool_limits(1):
        for name, kind in KINDS.items():
            rows[name] = Likelihood.of([kind(network, piece) for piece in pieces], pieces)
            _print(name, rows[name])
        found = list(trials(network, pieces, [v.BAR]))
        for name, tables in TABLES.items():
            rows[name] = _held_out(found, tables, pieces)
            _print(name, rows[name])
        milliseconds = _step_times(network, pieces)
    print("a step of four takes, in ms:", {name: round(each, 3) for name, each in milliseconds.items()})
    bits = {name: row.bits_per_note for name, row in rows.items()}
    return {"bits_per_note": bits, "step_ms": milliseconds}


def no_memory(network: Runtime, piece: Ids) -> Floats:
    """Return what the network alone pays."""
    predicted, _ = network.predict(piece[None, :-1], network.start())
    return _costs(predicted[0], piece)


def cache(network: Runtime, piece: Ids, *, sharpness: float, share: float, reach: float) -> Floats:
    """Let earlier moments vote by the cosine of the last layer's states (Grave, Joulin and Usunier, 2017).

    Parameters
    ----------
    sharpness : float
        A vote weighs exp(sharpness (cosine - 1)).
    share, reach : float
        All votes together have share x exp(reach (largest cosine - 1)) of the mixture.
    """
    hidden, _ = network.hidden(piece[None, :-1], network.start())
    predicted = log_softmax(network.logits(hidden, piece[None, :-1]))[0]
    keys = hidden[0] / np.linalg.norm(hidden[0], axis=1, keepdims=True)
    cosine = np.where(np.tri(len(keys), k=-1), keys @ keys.T, -np.inf)  # (now, earlier)
    nearest = cosine.max(axis=1)
    nearest[0] = 0
    weights = np.exp(sharpness * (cosine - nearest[:, None]))
    right = piece[1:] == piece[1:, None]  # (now, earlier): whether it votes for what came
    voted = (weights * right).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-30)
    say = share * np.exp(reach * (nearest - 1))
    say[0] = 0
    costs: Floats = -np.log((1 - say) * np.exp(-_costs(predicted, piece)) + say * voted)
    return costs


def steps_of_the_last_layer(network: Runtime, piece: Ids, *, rate: float) -> Floats:
    """Take a gradient step on the softmax layer after each token (Krause and others, 2018)."""
    hidden, _ = network.hidden(piece[None, :-1], network.start())
    logits = network.logits(hidden, piece[None, :-1])[0]
    alike = rate * hidden[0] @ hidden[0].T
    slopes, costs = np.zeros_like(logits), np.zeros(len(logits))
    for i, token in enumerate(piece[1:].tolist()):
        predicted = log_softmax(logits[i] + alike[i, :i] @ slopes[:i])
        costs[i] = -predicted[token]
        slopes[i] = -np.exp(predicted)
        slopes[i, token] += 1
    return costs


KINDS: dict[str, Kind] = {
    "none": no_memory,
    "cache of states": partial(cache, sharpness=80, share=0.5, reach=80),
    "cache of states, a long reach": partial(cache, sharpness=80, share=0.9, reach=10),
    "gradient steps on the last layer": partial(steps_of_the_last_layer, rate=0.03),
}
TABLES = {
    "same tokens: their length": ("length",),
    "same tokens: length, distance": ("length", "distance"),
    "same tokens: length, distance, between": ("length", "distance", "between"),
}


def _held_out(found: list[Trial], tables: tuple[str, ...], pieces: list[Ids]) -> Likelihood:
    """Fit habits of some tables on each half of the pieces, and let them predict the other one."""
    found = [_blind(trial, tables) for trial in found]
    costs: Costs = [np.zeros(0)] * len(found)
    for half in (0, 1):
        habits = fit(found[half::2], FLAT)
        for i in range(1 - half, len(found), 2):
            costs[i] = nats(found[i], habits)
    return Likelihood.of(costs, pieces)


def _blind(trial: Trial, tables: tuple[str, ...]) -> Trial:
    """Return a trial whose moments are all of one class in all other tables."""
    columns = {name: each * (name in tables) for name, each in trial.moments._asdict().items()}
    return trial._replace(moments=Moments(**columns))


FLAT = Habits(FOLK.length, (0.0,) * len(FOLK.distance), (0.0,) * len(FOLK.between))


def _costs(predicted: Floats, piece: Ids) -> Floats:
    return -predicted[np.arange(len(piece) - 1), piece[1:]]


def _step_times(network: Runtime, pieces: list[Ids]) -> dict[str, float]:
    """Return the median time of a step of four takes behind a long history, in milliseconds."""
    told = np.resize(np.concatenate(pieces), HISTORY + STEPS).astype(np.int32)
    models = {"without": network, "with": Remembering(network, FOLK, [v.BAR])}
    read = {name: model.read(told[None, :HISTORY], model.start()) for name, model in models.items()}
    states = {name: predictors.repeat(state, 4) for name, state in read.items()}
    taken: dict[str, list[float]] = {name: [] for name in models}
    for token in told[HISTORY:].tolist():
        for name, model in models.items():
            begun = time.perf_counter()
            _, states[name] = model.predict(np.full((4, 1), token), states[name])
            taken[name].append(time.perf_counter() - begun)
    return {name: 1e3 * float(np.median(each)) for name, each in taken.items()}


def _print(name: str, row: Likelihood) -> None:
    parts = ", ".join(f"{part} {bits:.3f}" for part, bits in row.parts.items())
    print(f"{name:40}{row.bits_per_note:.4f} bits per note ({parts})", flush=True)
