"""One contender of the benchmark `train`, in a process of its own: a step for each line that comes in.

    python -m benchmarks._train_worker CONTENDER UNITS BATCH

It prints "ready" after a first step, and then the seconds of each. Every contender imports what it needs and
nothing else, so that another interpreter, which has PyTorch and not notegen, can run it. All learn the same
network from random tokens: an embedding, two LSTM layers, a softmax; Adam, gradients clipped by their norm.
"""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

VOCABULARY, STEPS, LAYERS = 130, 128, 2
RATE, CLIP = 1e-3, 1.0
SIDE = 4096  # of the matrices whose product is the ceiling

Task = Callable[[], object]


def notegen(units: int, batch: int) -> Task:
    """Return a step of notegen's engine."""
    import numpy as np

    from notegen.model.network import NetworkConfig
    from notegen.training.engine import Engine
    from notegen.training.packing import Step

    config = NetworkConfig(VOCABULARY, units, units, LAYERS, dropout=0.0)
    engine = Engine(config, rows=batch, time=STEPS, clip=CLIP, seed=0)
    keeps = np.ones((batch, STEPS), np.float32)
    step = Step(*_tokens(batch), keeps, batch * STEPS)
    return lambda: engine.learn(step, RATE)


def keras(units: int, batch: int) -> Task:
    """Return a step of a plain Keras network, as a user would write it."""
    import keras
    import tensorflow as tf

    layers = [keras.layers.LSTM(units, return_sequences=True) for _ in range(LAYERS)]
    ends = keras.layers.Embedding(VOCABULARY, units), keras.layers.Dense(VOCABULARY)
    model = keras.Sequential([ends[0], *layers, ends[1]])
    optimizer = keras.optimizers.Adam(RATE, global_clipnorm=CLIP)
    entropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    @tf.function
    def step(inputs: Any, targets: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = entropy(targets, model(inputs, training=True))
        gradients = tape.gradient(loss, model.trainable_variables)
        optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return loss

    inputs, targets = map(tf.constant, _tokens(batch))
    return lambda: float(step(inputs, targets))


def torch(units: int, batch: int, *, bf16: bool = False) -> Task:
    """Return a step of the same network in PyTorch."""
    import torch

    embedding = torch.nn.Embedding(VOCABULARY, units)
    lstm = torch.nn.LSTM(units, units, LAYERS, batch_first=True)
    dense = torch.nn.Linear(units, VOCABULARY)
    weights = [*embedding.parameters(), *lstm.parameters(), *dense.parameters()]
    optimizer = torch.optim.Adam(weights, RATE)
    inputs, targets = (torch.randint(1, VOCABULARY, (batch, STEPS)) for _ in range(2))

    def step() -> object:
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits = dense(lstm(embedding(inputs))[0])  # (batch, time, vocabulary)
        loss = torch.nn.functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, CLIP)
        optimizer.step()
        return loss.item()

    return step


def torch_bf16(units: int, batch: int) -> Task:
    """Return the same in PyTorch, with bfloat16 where PyTorch's autocast uses it."""
    return torch(units, batch, bf16=True)


def matmul(*_: int) -> Task:
    """Return a large product of matrices, of the numbers and by the library that notegen's engine takes."""
    os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"
    import tensorflow as tf

    from notegen.model.network import fast_policy

    dtype = tf.bfloat16 if fast_policy() == "mixed_bfloat16" else tf.float32
    factor = tf.cast(tf.random.normal((SIDE, SIDE)), dtype)
    product = tf.function(lambda: tf.matmul(factor, factor)[0, 0])
    return lambda: float(product())


def _tokens(batch: int) -> Any:
    """Return ids to read and ids to predict, without padding, each of shape (batch, time)."""
    import numpy as np

    return np.random.default_rng(0).integers(1, VOCABULARY, (2, batch, STEPS), dtype=np.int32)


CONTENDERS = {
    "notegen": notegen,
    "Keras": keras,
    "torch float32": torch,
    "torch bf16": torch_bf16,
    "matmul": matmul,
}


def main(name: str, units: str, batch: str) -> None:
    """Take a step for each line, and say how long it took."""
    task = CONTENDERS[name](int(units), int(batch))
    task()
    print("ready", flush=True)
    for _ in sys.stdin:
        begun = time.perf_counter()
        task()
        print(time.perf_counter() - begun, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
