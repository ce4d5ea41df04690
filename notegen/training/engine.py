"""The engine: the network, its optimiser and its state, behind a few verbs. TensorFlow is used here alone."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.errors import MissingExtraError
from notegen.model import classic, network
from notegen.model.bundle import Config
from notegen.model.classic import ClassicConfig
from notegen.training.batches import Step

Arrays = dict[str, NDArray[Any]]


class Engine:
    """Keras and TensorFlow behind four verbs: learn, measure, and give or take the state."""

    def __init__(
        self, config: Config, *, given: Arrays | None = None, clip: float = 1.0, seed: int = 0
    ) -> None:
        keras, tf = _import()
        keras.utils.set_random_seed(seed)
        self.config = config
        self.kind: Any = classic if isinstance(config, ClassicConfig) else network
        self.model = self.kind.build(config, network.fast_policy())
        network.give(self.model, given or {})
        self.optimizer = keras.optimizers.Adam(1e-3, global_clipnorm=clip)
        self.optimizer.build(self.model.trainable_variables)
        self._states: list[Any] = []
        self._step = self._compile(tf)

    def _compile(self, tf: Any) -> Any:
        inputs, targets = (tf.TensorSpec((None,) * rank, dtype) for dtype, rank in self.kind.SIGNATURE)
        states = [tf.TensorSpec((None, width), tf.float32) for width in self.config.states()]

        def step(inputs: Any, targets: Any, states: Any, learn: Any) -> Any:
            def forward(training: bool) -> Any:
                out, *after = self.model([inputs, *states], training=training)
                total, count = self.kind.loss(out, targets, self.config)
                return total, count, [tf.cast(s, tf.float32) for s in after]

            def update() -> Any:
                with tf.GradientTape() as tape:
                    total, count, after = forward(True)
                    loss = total / tf.maximum(count, 1.0)
                variables = self.model.trainable_variables
                self.optimizer.apply(tape.gradient(loss, variables), variables)
                return total, count, after

            return tf.cond(learn, update, lambda: forward(False))

        return tf.function(step, input_signature=[inputs, targets, states, tf.TensorSpec((), tf.bool)])

    def rate(self, value: float) -> None:
        """Set the learning rate."""
        self.optimizer.learning_rate.assign(value)

    def learn(self, step: Step) -> float:
        """Take one update; return its mean loss: nats a token, of the classic model squared error a bin."""
        total, count = self._run(step, True)
        return total / max(1.0, count)

    def loss(self, step: Step) -> float:
        """Return the summed loss of a step's targets: their negative log-likelihood in nats."""
        return self._run(step, False)[0]

    def _run(self, step: Step, learn: bool) -> tuple[float, float]:
        import tensorflow as tf

        if step.begins:
            self._states = [tf.zeros((len(step.inputs), width)) for width in self.config.states()]
        total, count, self._states = self._step(
            tf.constant(step.inputs), tf.constant(step.targets), self._states, tf.constant(learn)
        )
        return float(total), float(count)

    def weights(self) -> Arrays:
        """Return the network's weights by name."""
        named: Arrays = self.kind.weights(self.model, self.config)
        return named

    def state(self) -> list[NDArray[Any]]:
        """Return every variable of the model and the optimiser."""
        return [np.asarray(variable) for variable in self._variables()]

    def set_state(self, state: list[NDArray[Any]]) -> None:
        """Put back what `state` returned."""
        for variable, value in zip(self._variables(), state, strict=True):
            variable.assign(value)

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.optimizer.variables]


def require() -> None:
    """Check that training is possible, without the seconds that an import takes.

    Raises
    ------
    MissingExtraError
        If TensorFlow is not installed.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingExtraError("training", "train")


def _import() -> tuple[Any, Any]:
    """Import Keras and TensorFlow without what the latter has to say of the machine."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    require()
    with _silent():
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices()
    return keras, tf


@contextmanager
def _silent() -> Iterator[None]:
    """Send what native code writes to standard error nowhere."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
