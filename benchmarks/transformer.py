"""A Transformer of the shipped network's size, trained on the same tunes for as much processor time.

A decoder as it is common now: layers normalised in front, rotary positions, GELU, dropout, Adam with a warmup
and a cosine, averaged weights. It reads whole tunes up to a context of 512 tokens, in every key as the
network does; of longer ones, as pieces of many parts are, it learns from excerpts, and each half context is
predicted from the half before it.
"""

import argparse
import math
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from benchmarks._inputs import asked, data_options
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.training import devices
from notegen.training.augment import transposing

BATCH = 4096  # tokens of an update
STEP = 64  # lengths are rounded up to multiples of it
WARMUP = 100  # updates
FRESH = 0.002  # of the averaged weights are those of the last update


def build(vocabulary: int, width: int, layers: int, heads: int, dropout: float) -> Any:
    """Return a Keras model from ids (rows, time) to logits (rows, time, vocabulary)."""
    import keras
    from keras import ops

    class Attention(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
        """Causal attention with rotary positions (Su et al., RoFormer, 2021)."""

        def build(self, shape: Any) -> None:
            self.inward = keras.layers.Dense(3 * width, use_bias=False)
            self.outward = keras.layers.Dense(width, use_bias=False)
            self.inward.build(shape)
            self.outward.build(shape)

        def call(self, x: Any) -> Any:
            rows, size = ops.shape(x)[0], ops.shape(x)[1]
            parts = ops.reshape(self.inward(x), (rows, size, 3, heads, width // heads))
            query, key, value = (parts[:, :, i] for i in range(3))  # (rows, time, heads, depth)
            scores = ops.einsum("bthd,bshd->bhts", _rotated(query), _rotated(key))
            scores = scores / math.sqrt(width // heads)
            place = ops.arange(size)
            scores = ops.where(place[None, :] <= place[:, None], scores, -1e9)
            out = ops.einsum("bhts,bshd->bthd", ops.softmax(scores), value)
            return self.outward(ops.reshape(out, (rows, size, width)))

    ids = keras.Input((None,), dtype="int32")
    x = keras.layers.Embedding(vocabulary, width)(ids)
    for _ in range(layers):
        heard = Attention()(keras.layers.LayerNormalization()(x))
        x = x + keras.layers.Dropout(dropout)(heard)
        inner = keras.layers.Dense(4 * width, activation="gelu")(keras.layers.LayerNormalization()(x))
        x = x + keras.layers.Dropout(dropout)(keras.layers.Dense(width)(inner))
    return keras.Model(ids, keras.layers.Dense(vocabulary)(keras.layers.LayerNormalization()(x)))


def _rotated(x: Any) -> Any:
    """Turn pairs of numbers by their place; shape (rows, time, heads, depth)."""
    from keras import ops

    half = x.shape[-1] // 2
    speeds = ops.cast(10_000.0 ** (-np.arange(half) / half), "float32")
    angles = ops.cast(ops.arange(ops.shape(x)[1]), "float32")[:, None] * speeds
    sine, cosine = ops.sin(angles)[None, :, None], ops.cos(angles)[None, :, None]
    one, other = x[..., :half], x[..., half:]
    return ops.concatenate([one * cosine - other * sine, one * sine + other * cosine], -1)


def _batches(pieces: list[Ids], context: int, rng: np.random.Generator) -> Iterator[tuple[Ids, Ids]]:
    """Yield the inputs and targets of a pass: tunes of about one length side by side."""
    transpose = transposing()
    cut = []
    for piece in pieces:
        first = int(rng.integers(max(1, len(piece) - context)))
        cut.append(transpose(piece, rng)[first : first + context + 1])
    order = sorted(range(len(cut)), key=lambda i: len(cut[i]) + rng.random() * STEP)
    groups: list[list[int]] = [[]]
    for i in order:
        if len(groups[-1]) * len(cut[i]) >= BATCH:
            groups.append([])
        groups[-1].append(i)
    for i in rng.permutation(len(groups)):
        yield _padded([cut[each] for each in groups[i]])


def _padded(rows: list[Ids]) -> tuple[Ids, Ids]:
    size = -(-(max(map(len, rows)) - 1) // STEP) * STEP
    ids = np.zeros((len(rows), size + 1), np.int32)
    for each, row in zip(ids, rows, strict=True):
        each[: len(row)] = row
    return ids[:, :-1], ids[:, 1:]


def train(model: Any, pieces: list[Ids], minutes: float, rate: float, context: int) -> None:
    """Train for so many minutes of processor time, and leave the averaged weights in the model."""
    import keras

    optimizer = keras.optimizers.Adam(rate, global_clipnorm=1.0)
    crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0)
    model.compile(optimizer, crossentropy)
    mean = model.get_weights()
    rng, began, updates, tokens, said = np.random.default_rng(0), time.process_time(), 0, 0, 0.0
    while True:
        for inputs, targets in _batches(pieces, context, rng):
            done = (time.process_time() - began) / 60 / minutes
            if done >= 1:
                model.set_weights(mean)
                print(f"{updates} updates, {tokens / 1e6:.1f} million tokens", flush=True)
                return
            fall = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * done))
            optimizer.learning_rate.assign(rate * min(1.0, (updates + 1) / WARMUP) * fall)
            loss = float(model.train_on_batch(inputs, targets))
            updates, tokens = updates + 1, tokens + int((targets > 0).sum())
            fresh = max(FRESH, 10 / (updates + 10))  # of few updates, the first ones soon count no more
            mean = [a + fresh * (b - a) for a, b in zip(mean, model.get_weights(), strict=True)]
            if time.monotonic() - said > 60:
                said = time.monotonic()
                print(f"{done:4.0%}  {updates} updates, {loss:.3f} nats a token", flush=True)


def measure(model: Any, pieces: list[Ids], context: int) -> float:
    """Return bits per note."""
    nats, half = 0.0, context // 2
    for piece in pieces:
        for first in range(0, max(1, len(piece) - 1 - half), half):
            row = piece[first : first + context + 1]
            (inputs, targets), skip = _padded([row]), half if first else 0
            logits = model.predict_on_batch(inputs)[0].astype(np.float64)
            paid = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(len(logits)), targets[0]]
            nats += float(paid[skip : len(row) - 1].sum())
    return nats / math.log(2) / sum(map(note_count, pieces))


def run(arguments: list[str]) -> dict[str, object]:
    """Train, and measure on the validation and the test tunes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks transformer")
    parser.add_argument("--minutes", type=float, default=40, help="of processor time, all cores added up")
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--layers", type=int, default=5)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--context", type=int, default=512, help="tokens that it looks back at, at most")
    data_options(parser)
    options = parser.parse_args(arguments)
    tunes = asked(options)
    train_ids, valid, test = ([piece.ids for piece in side] for side in tunes.sides.values())
    keras, _ = devices.load(1)
    keras.utils.set_random_seed(0)
    size = v.SIZE if tunes.tracks == "all" else v.MELODY
    model = build(size, options.width, options.layers, heads=4, dropout=options.dropout)
    print(f"{model.count_params():,} parameters", flush=True)
    train(model, train_ids, options.minutes, options.rate, options.context)
    return {
        "corpus": tunes.name,
        "parameters": int(model.count_params()),
        "minutes": options.minutes,
        "valid_bits_per_note": measure(model, valid, options.context),
        "test_bits_per_note": measure(model, test, options.context),
    }
