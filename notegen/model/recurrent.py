"""An LSTM layer for rows in which pieces stand end to end.

It computes what `keras.layers.LSTM` does, with the same weights, and forgets its state where a piece begins.

On a processor TensorFlow runs Keras' own layer at half the speed of its matrix products. Here states and
gates stand as columns, ``(units, rows)``: the product of the large recurrent matrix with the small state then
needs no copy of the matrix, a gate is one stretch of memory, and all gates are computed in one compiled pass.
What belongs to no single step, the gradients of inputs and weights, stands outside of the loop.
"""

from typing import Any

import keras
from keras import ops


class Recurrent(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """An LSTM layer that can be told to forget.

    Parameters
    ----------
    units : int
    """

    def __init__(self, units: int, **rest: Any) -> None:
        super().__init__(**rest)
        self.units = units

    def build(self, shape: Any, *_: Any) -> None:
        """Make the weights as `keras.layers.LSTM` makes them: input, recurrent, bias; gates i, f, c, o."""

        def make(name: str, shape: tuple[int, ...], initializer: Any) -> Any:
            return self.add_weight(name=name, shape=shape, initializer=initializer, autocast=False)

        self.kernel = make("kernel", (shape[-1], 4 * self.units), "glorot_uniform")
        self.recurrent = make("recurrent", (self.units, 4 * self.units), "orthogonal")
        self.bias = make("bias", (4 * self.units,), _remembering)

    def compute_output_spec(self, inputs: Any, hidden: Any, cell: Any, _keeps: Any) -> Any:
        """Return the shapes of the outputs and of both states."""
        states = [keras.KerasTensor(each.shape, "float32") for each in (hidden, cell)]
        return keras.KerasTensor((*inputs.shape[:2], self.units), self.compute_dtype), *states

    def call(self, inputs: Any, hidden: Any, cell: Any, keeps: Any) -> Any:
        """Read rows.

        Parameters
        ----------
        inputs : tensor, shape (rows, time, features)
        hidden, cell : tensor, shape (rows, units)
        keeps : tensor, shape (rows, time)
            0 where the state is to be forgotten before the input is read, else 1.

        Returns
        -------
        outputs : tensor, shape (rows, time, units)
        hidden, cell : tensor of float32, shape (rows, units)
        """
        weights = [each.value for each in (self.kernel, self.recurrent, self.bias)]
        states = [ops.cast(each, "float32") for each in (hidden, cell, keeps)]
        return (_columns if _on_processor() else _scan)(
            ops.cast(inputs, self.compute_dtype), *weights, *states
        )


def _remembering(shape: tuple[int, ...], dtype: Any = None) -> Any:
    """Return the bias to begin with: 1 for the forget gate, else 0."""
    units = shape[0] // 4
    return ops.concatenate([ops.zeros(units, dtype), ops.ones(units, dtype), ops.zeros(2 * units, dtype)])


def _on_processor() -> bool:
    if keras.backend.backend() != "tensorflow":
        return False
    import tensorflow as tf

    return not tf.config.list_logical_devices("GPU")


def _scan(x: Any, kernel: Any, recurrent: Any, bias: Any, hidden: Any, cell: Any, keeps: Any) -> Any:
    """Compute the layer with Keras' operations alone, on any backend and device."""
    kernel, recurrent = ops.cast(kernel, x.dtype), ops.cast(recurrent, x.dtype)

    def step(state: Any, now: Any) -> Any:
        projected, keep = now
        hidden, cell = (keep[:, None] * each for each in state)
        z = ops.cast(projected + ops.matmul(ops.cast(hidden, x.dtype), recurrent), "float32") + bias
        i, f, c, o = ops.split(z, 4, axis=1)
        cell = ops.sigmoid(f) * cell + ops.sigmoid(i) * ops.tanh(c)
        hidden = ops.sigmoid(o) * ops.tanh(cell)
        return (hidden, cell), (hidden, cell)  # Keras' scan wants as many outputs as there are states

    projected = ops.transpose(ops.matmul(x, kernel), (1, 0, 2))
    (hidden, cell), (out, _) = ops.scan(step, (hidden, cell), (projected, ops.transpose(keeps)))
    return ops.cast(ops.transpose(out, (1, 0, 2)), x.dtype), hidden, cell


def _columns(x: Any, kernel: Any, recurrent: Any, bias: Any, hidden: Any, cell: Any, keeps: Any) -> Any:
    """Compute the layer as columns; see the module."""
    import tensorflow as tf

    columns = tf.transpose(x, (1, 2, 0))  # (time, features, rows)
    keep = tf.transpose(keeps)[:, None]  # (time, 1, rows)
    out, hidden, cell = _lstm(
        columns, _regroup(kernel), _regroup(recurrent), _regroup(bias), tf.transpose(hidden),
        tf.transpose(cell), keep,
    )  # fmt: skip
    return tf.transpose(out, (2, 0, 1)), tf.transpose(hidden), tf.transpose(cell)


def _regroup(weights: Any) -> Any:
    """Put the gates i, f, c, o in the order i, f, o, c: three alike stand together."""
    import tensorflow as tf

    i, f, c, o = tf.split(weights, 4, axis=-1)
    return tf.concat([i, f, o, c], -1)


def _lstm(x: Any, kernel: Any, recurrent: Any, bias: Any, hidden: Any, cell: Any, keep: Any) -> Any:
    """Compute the layer with columns, and say how its gradient is computed.

    Parameters
    ----------
    x : tensor, shape (time, features, rows)
    kernel, recurrent, bias : tensor of float32
        Gates in the order i, f, o, c.
    hidden, cell : tensor of float32, shape (units, rows)
    keep : tensor of float32, shape (time, 1, rows)

    Returns
    -------
    outputs : tensor, shape (time, units, rows)
    hidden, cell : tensor of float32, shape (units, rows)
    """
    import tensorflow as tf

    gates_forward, gates_backward = _gates(x.dtype)
    units, kind = recurrent.shape[0], x.dtype

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def compute(x: Any, kernel: Any, recurrent: Any, bias: Any, hidden: Any, cell: Any, keep: Any) -> Any:
        time, rows = tf.shape(x)[0], x.shape[2]
        onward = tf.concat([keep[1:], tf.ones_like(keep[:1])], 0)  # what is kept of a step's state
        kernel, recurrent = tf.cast(kernel, kind), tf.cast(recurrent, kind)
        kernel_t, recurrent_t = tf.transpose(kernel), tf.transpose(recurrent)
        hidden, cell = tf.cast(keep[0] * hidden, kind), keep[0] * cell

        def rows_of(height: int, dtype: Any) -> Any:
            return tf.TensorArray(dtype, time, element_shape=(height, rows))

        def forward(t: Any, hidden: Any, cell: Any, _: Any, outs: Any, gates: Any, before: Any) -> Any:
            z = tf.matmul(recurrent_t, hidden)
            before = before.write(t, cell)
            gate, out, hidden, cell, full = gates_forward(
                z, tf.matmul(kernel_t, x[t]), bias[:, None], cell, onward[t]
            )
            return t + 1, hidden, cell, full, outs.write(t, out), gates.write(t, gate), before

        kept = [rows_of(units, kind), rows_of(4 * units, kind), rows_of(units, tf.float32)]
        _, last, _, full, *kept = tf.while_loop(
            lambda t, *_: t < time, forward, (0, hidden, cell, cell, *kept), maximum_iterations=time
        )
        outs, gates, before = (each.stack() for each in kept)

        def gradient(d_outs: Any, d_hidden: Any, d_cell: Any) -> Any:
            def backward(t: Any, d_hidden: Any, d_cell: Any, d_zs: Any) -> Any:
                d_z, d_cell = gates_backward(gates[t], before[t], d_outs[t], d_hidden, d_cell, onward[t])
                return t - 1, tf.matmul(recurrent, d_z), d_cell, d_zs.write(t, d_z)

            start = (time - 1, tf.cast(d_hidden, kind), d_cell, rows_of(4 * units, kind))
            _, d_first, d_cell, d_zs = tf.while_loop(
                lambda t, *_: t >= 0, backward, start, maximum_iterations=time
            )
            d_zs = d_zs.stack()
            hiddens = tf.concat([hidden[None], outs[:-1] * tf.cast(keep[1:], kind)], 0)
            side = tf.reshape(tf.transpose(d_zs, (1, 0, 2)), (4 * units, -1))  # (gates, time * rows)
            d_kernel, d_recurrent = (
                tf.cast(tf.matmul(_flat(each), side, transpose_b=True), tf.float32) for each in (x, hiddens)
            )
            d_bias = tf.reduce_sum(tf.cast(side, tf.float32), 1)
            d_x = tf.matmul(kernel[None], d_zs)
            d_hidden = keep[0] * tf.cast(d_first, tf.float32)
            return d_x, d_kernel, d_recurrent, d_bias, d_hidden, keep[0] * d_cell, tf.zeros_like(keep)

        return (outs, tf.cast(last, tf.float32), full), gradient

    return compute(x, kernel, recurrent, bias, hidden, cell, keep)


def _flat(columns: Any) -> Any:
    """Lay the columns of all steps side by side: (time, height, rows) to (height, time * rows)."""
    import tensorflow as tf

    return tf.reshape(tf.transpose(columns, (1, 0, 2)), (columns.shape[1], -1))


def _gates(kind: Any) -> tuple[Any, Any]:
    """Return a step's gates and their gradient, each compiled into one pass over memory."""
    import tensorflow as tf

    def forward(z: Any, projected: Any, bias: Any, cell: Any, onward: Any) -> Any:
        z = tf.cast(z, tf.float32) + tf.cast(projected, tf.float32) + bias
        units = z.shape[0] // 4
        ifo, c = tf.sigmoid(z[: 3 * units]), tf.tanh(z[3 * units :])
        i, f, o = tf.split(ifo, 3)
        cell = f * cell + i * c
        hidden = o * tf.tanh(cell)
        gates = tf.cast(tf.concat([ifo, c], 0), kind)
        return gates, tf.cast(hidden, kind), tf.cast(onward * hidden, kind), onward * cell, cell

    def backward(gates: Any, cell: Any, d_out: Any, d_hidden: Any, d_cell: Any, onward: Any) -> Any:
        i, f, o, c = tf.split(tf.cast(gates, tf.float32), 4)
        tanh = tf.tanh(f * cell + i * c)
        d_hidden = tf.cast(d_out, tf.float32) + onward * tf.cast(d_hidden, tf.float32)
        d_cell = onward * d_cell + d_hidden * o * (1 - tanh * tanh)
        d_z = [
            d_cell * c * i * (1 - i),
            d_cell * cell * f * (1 - f),
            d_hidden * tanh * o * (1 - o),
            d_cell * i * (1 - c * c),
        ]
        return tf.cast(tf.concat(d_z, 0), kind), d_cell * f

    def compiled(function: Any) -> Any:
        return tf.function(function, jit_compile=True, autograph=False)

    return compiled(forward), compiled(backward)
