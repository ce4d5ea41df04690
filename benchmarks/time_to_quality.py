"""Seconds of training until held-out tunes cost few bits per note, beside plain Keras `fit`.

Both train the network that `notegen train` suggests for the three collections, on the same split, with Adam,
and are measured on the same validation tunes after each part of a pass; the time that this takes is not
counted. Keras' side is what its guides show: shuffled pieces in batches padded to their longest, `fit`,
float32, at the learning rate that was best of several (docs/experiments.md), and not compiled by XLA, which
would be slower. Each side is a process of its own; they train in turn, so that a slow moment of the machine
meets both.
"""

import argparse
import json
import math
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks._inputs import corpus
from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids, pad
from notegen.corpus import Corpus, ids
from notegen.training.train import suggest

TARGET = 5.0  # bits per note
MARKS = (6.5, 6.0, 5.5, 5.0, 4.5, 4.0, 3.75)  # for the table; the best n-gram has 3.75
PARTS = 4  # of a pass, after each of which is measured
RATE = 4e-2  # of Keras' Adam: the best of those tried
SIDES = ("notegen", "keras")


def run(arguments: list[str]) -> dict[str, object]:
    """Train on both sides in turn until each is under the target."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks time_to_quality")
    parser.add_argument("--target", type=float, default=TARGET, help="bits per note to fall under")
    parser.add_argument("--rate", type=float, default=RATE, help="learning rate of Keras' side")
    parser.add_argument("--passes", type=float, default=20, help="give up after so many")
    parser.add_argument("--side", choices=SIDES, help="train on one side alone")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.worker:
        _work(options.side, options.rate)
        return {}
    sides = [options.side] if options.side else SIDES
    curves = _turns({side: _start(side, options.rate) for side in sides}, options.target, options.passes)
    rows = [row for mark in MARKS if (row := _when(curves, mark)) and mark >= options.target]
    for row in rows:
        print(*(f"{name} {value:.4g}" for name, value in row.items()))
    return {"target": options.target, **(_when(curves, options.target) or {}), "rows": rows}


def _when(curves: dict[str, list[tuple[float, float]]], target: float) -> dict[str, float] | None:
    """Return after how many seconds each side was under a figure, or None if one never was."""
    taken = {
        side: next((seconds for seconds, bits in curve if bits < target), None)
        for side, curve in curves.items()
    }
    if None in taken.values() or len(taken) < len(SIDES):
        return None
    ours, theirs = (float(taken[side] or 0) for side in SIDES)
    return {"bits": target, "seconds": ours, "seconds_keras": theirs, "ratio_keras_fit": theirs / ours}


def _start(side: str, rate: float) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "benchmarks", "time_to_quality", "--worker", "--side", side]
    return subprocess.Popen(
        [*command, "--rate", str(rate)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _turns(
    workers: "dict[str, subprocess.Popen[str]]", target: float, passes: float
) -> dict[str, list[tuple[float, float]]]:
    """Let the workers train a part of a pass in turn until each is good enough; return seconds and bits."""
    curves: dict[str, list[tuple[float, float]]] = {side: [(0.0, math.inf)] for side in workers}
    for part in range(1, math.ceil(passes * PARTS) + 1):
        for side, worker in workers.items():
            seconds, bits = curves[side][-1]
            if bits < target:
                continue
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
            said = json.loads(worker.stdout.readline())
            curves[side].append((seconds + said["seconds"], said["bits"]))
            print(
                f"{side:8} pass {part / PARTS:5.2f}  {curves[side][-1][0]:7.0f} s  {said['bits']:.3f}",
                flush=True,
            )
    for worker in workers.values():
        worker.kill()
    return curves


def _work(side: str, rate: float) -> None:
    """Train a part of a pass for each line that comes in; print its seconds, and the bits per note then."""
    tunes = corpus()
    parts = _notegen(tunes) if side == "notegen" else _keras(tunes, rate)
    for _ in sys.stdin:
        begun = time.perf_counter()
        measure = next(parts)
        seconds = time.perf_counter() - begun
        print(
            json.dumps({"seconds": seconds, "bits": measure() / math.log(2) / tunes.notes_of("valid")}),
            flush=True,
        )


def _notegen(tunes: Corpus) -> Iterator[Any]:
    """Train as `notegen train` does; yield after each part what measures the nats of validation."""
    from notegen.model.network import NetworkConfig
    from notegen.training.augment import transposing
    from notegen.training.engine import Engine
    from notegen.training.material import Tokens

    recipe = suggest(tunes)
    config = NetworkConfig(v.MELODY, recipe.embedding, recipe.units, recipe.layers, recipe.dropout)
    material = Tokens(ids(tunes.train), ids(tunes.valid), config, 1.0, "nats", transposing())
    engine = Engine(config, rows=recipe.batch, time=recipe.steps, clip=recipe.clip, seed=recipe.seed)
    held, updates = material.held_out(recipe.batch, recipe.steps), 0
    for epoch in range(recipe.epochs):
        steps = material.learned(recipe.batch, recipe.steps, np.random.default_rng([recipe.seed, epoch]))
        stops = {len(steps) * (part + 1) // PARTS for part in range(PARTS)}
        for i, step in enumerate(steps, 1):
            engine.learn(step, recipe.rate_at(updates, (epoch + i / len(steps)) / recipe.epochs))
            updates += 1
            if i in stops:
                yield lambda: sum(map(engine.loss, held))


def _keras(tunes: Corpus, rate: float) -> Iterator[Any]:
    """Train with `fit` on padded batches; yield after each part what measures the nats of validation."""
    import keras
    import tensorflow as tf

    recipe = suggest(tunes)
    keras.utils.set_random_seed(recipe.seed)
    model = keras.Sequential(
        [
            keras.layers.Embedding(v.MELODY, recipe.embedding),
            keras.layers.Dropout(recipe.dropout),
            *(keras.layers.LSTM(recipe.units, return_sequences=True) for _ in range(recipe.layers)),
            keras.layers.Dropout(recipe.dropout),
            keras.layers.Dense(v.MELODY),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=v.PAD)
    model.compile(keras.optimizers.Adam(rate, global_clipnorm=recipe.clip), loss, jit_compile=False)
    shape = tf.TensorSpec((None, None), tf.int32)
    read = tf.function(lambda inputs: model(inputs, training=False), input_signature=[shape])
    order = np.random.default_rng(recipe.seed)
    pieces = [piece.ids for piece in tunes.train]
    held = [piece.ids for piece in tunes.valid]
    share = len(pieces) // PARTS
    while True:
        drawn = order.permutation(len(pieces))
        for part in range(PARTS):
            chosen = [pieces[i] for i in drawn[part * share : (part + 1) * share]]
            batches = _padded(tf, chosen, recipe.batch)
            model.fit(batches, epochs=1, verbose=0, shuffle=False)
            yield lambda: sum(_nats(read, tf, batch) for batch in _padded(tf, held, recipe.batch))


def _padded(tf: Any, pieces: list[Ids], size: int) -> Any:
    """Return batches of inputs and targets, each padded to its longest piece."""
    shape = tf.TensorSpec((None, None), tf.int32)

    def made() -> Iterator[tuple[Ids, Ids]]:
        for at in range(0, len(pieces), size):
            batch = pad(pieces[at : at + size])
            yield batch[:, :-1], batch[:, 1:]

    return tf.data.Dataset.from_generator(made, output_signature=(shape, shape)).prefetch(2)


def _nats(read: Any, tf: Any, batch: Any) -> float:
    inputs, targets = batch
    nats = tf.nn.sparse_softmax_cross_entropy_with_logits(targets, read(inputs))
    return float(tf.reduce_sum(tf.where(targets != v.PAD, nats, 0.0)))
