"""A recurrent layer for rows in which pieces stand end to end.

It computes what Keras' layers do, with the same weights, and forgets its state where a piece begins.

With TensorFlow on a processor it is computed in columns (see `notegen.model.columns`), elsewhere by Keras'
operations alone.
"""

from typing import Any

import keras
from keras import ops

from notegen.model.units import UNITS, Unit


class Recurrent(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """A recurrent layer that can be told to forget.

    Parameters
    ----------
    units : int
    unit : str
        "lstm", "gru" or "rnn".
    dropout : float
        Share of the recurrent matrix that is zeroed, while training: anew each time the layer is called, and
        alike in all steps of a row, so that it costs nothing (Merity et al. 2018, "Regularizing and
        optimizing LSTM language models").
    forget_bias : float
        The bias that an LSTM's forget gate begins with.
    vocabulary : int
        If inputs are ids, how many there are: a row of the input matrix is looked up for each.
    """

    def __init__(
        self,
        units: int,
        unit: str = "lstm",
        *,
        dropout: float = 0.0,
        forget_bias: float = 1.0,
        vocabulary: int = 0,
        **rest: Any,
    ) -> None:
        super().__init__(**rest)
        self.units, self.unit, self.vocabulary = units, unit, vocabulary
        self.dropout, self.forget_bias = dropout, forget_bias
        if dropout:
            self.seeds = keras.random.SeedGenerator()

    def build(self, shape: Any, *_: Any) -> None:
        """Make the weights as Keras' layers make them: input, recurrent, bias."""

        def make(name: str, shape: tuple[int, ...], initializer: Any) -> Any:
            return self.add_weight(name=name, shape=shape, initializer=initializer, autocast=False)

        kind = UNITS[self.unit]
        width = len(kind.order) * self.units
        self.kernel = make("kernel", (self.vocabulary or shape[-1], width), "glorot_uniform")
        self.recurrent = make("recurrent", (self.units, width), "orthogonal")
        self.bias = make("bias", (2, width) if kind.biases == 2 else (width,), self._bias)

    def _bias(self, shape: tuple[int, ...], dtype: Any = None) -> Any:
        """Return the bias to begin with: 0, but for an LSTM's forget gate, the second of four."""
        bias = ops.zeros(shape, dtype)
        if self.unit != "lstm":
            return bias
        forget = ops.full((self.units,), self.forget_bias, dtype)
        return ops.slice_update(bias, (self.units,), forget)

    def compute_output_spec(self, inputs: Any, states: Any, _keeps: Any, **_: Any) -> Any:
        """Return the shapes of the outputs and of the states."""
        after = [keras.KerasTensor(each.shape, "float32") for each in states]
        return keras.KerasTensor((*inputs.shape[:2], self.units), self.compute_dtype), after

    def call(self, inputs: Any, states: Any, keeps: Any, training: bool = False) -> Any:
        """Read rows.

        Parameters
        ----------
        inputs : tensor, shape (rows, time, features), or of ids (rows, time)
        states : list of tensors, shape (rows, units)
            Hidden and cell of an LSTM, else hidden alone.
        keeps : tensor, shape (rows, time)
            0 where the state is to be forgotten before the input is read, else 1.

        Returns
        -------
        outputs : tensor, shape (rows, time, units)
        states : list of tensors of float32, shape (rows, units)
        """
        kind, kernel, recurrent = UNITS[self.unit], self.kernel.value, self.recurrent.value
        if training and self.dropout:
            recurrent = keras.random.dropout(recurrent, self.dropout, seed=self.seeds)
        kernel, recurrent, bias = (_regroup(each, kind) for each in (kernel, recurrent, self.bias.value))
        if self.vocabulary:
            inputs, kernel = ops.take(ops.cast(kernel, self.compute_dtype), inputs, axis=0), None
        x, keeps = ops.cast(inputs, self.compute_dtype), ops.cast(keeps, "float32")
        states = [ops.cast(each, "float32") for each in states]
        out, *after = _way()(kind, x, kernel, recurrent, bias, states[0], states[-1], keeps)
        return out, after[-len(states) :]


def _way() -> Any:
    """Return what computes a layer on this backend and its devices."""
    if keras.backend.backend() != "tensorflow":
        return _scan
    import tensorflow as tf

    from notegen.model.columns import columns

    return _scan if tf.config.list_logical_devices("GPU") else columns


def _regroup(weights: Any, kind: Unit) -> Any:
    """Put Keras' gates in the order in which the unit computes them."""
    gates = ops.split(weights, len(kind.order), axis=-1)
    return ops.concatenate([gates[i] for i in kind.order], -1)


def _scan(
    kind: Unit, x: Any, kernel: Any, recurrent: Any, bias: Any, hidden: Any, memory: Any, keeps: Any
) -> Any:
    """Compute the layer with Keras' operations alone, on any backend and device; see `columns`."""
    recurrent, biases = ops.cast(recurrent, x.dtype), ops.reshape(bias, (kind.biases, -1))

    def step(state: Any, now: Any) -> Any:
        projected, keep = now
        hidden, memory = (keep[:, None] * each for each in state)
        inner = ops.matmul(ops.cast(hidden, x.dtype), recurrent)
        projected, inner = (ops.cast(each, "float32") for each in (projected, inner))
        _, hidden, memory = kind.forward(projected, inner, biases, memory, 1)
        return (hidden, memory), (hidden, memory)  # Keras' scan wants as many outputs as there are states

    projected = x if kernel is None else ops.matmul(x, ops.cast(kernel, x.dtype))
    steps = (ops.transpose(projected, (1, 0, 2)), ops.transpose(keeps))
    (hidden, memory), (out, _) = ops.scan(step, (hidden, memory), steps)
    return ops.cast(ops.transpose(out, (1, 0, 2)), x.dtype), hidden, memory
