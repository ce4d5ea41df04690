"""A recurrent layer in columns: as fast as TensorFlow multiplies matrices on a processor.

TensorFlow runs Keras' own layers at half the speed of their matrix products. Here states and gates stand as
columns, ``(units, rows)``: the product of the large recurrent matrix with the small state then needs no copy
of the matrix, a gate is one stretch of memory, and all gates are computed in one compiled pass. What belongs
to no single step, the gradients of inputs and weights, stands outside of the loop.
"""

from functools import cache
from typing import Any, NamedTuple

import tensorflow as tf

from notegen.model.units import Unit


def columns(
    kind: Unit, x: Any, kernel: Any, recurrent: Any, bias: Any, hidden: Any, memory: Any, keeps: Any
) -> Any:
    """Compute a layer.

    Parameters
    ----------
    kind : Unit
    x : tensor, shape (rows, time, features)
        Without a kernel the products of the inputs.
    kernel : tensor of float32, or None
    recurrent, bias : tensor of float32
        Gates in the unit's order.
    hidden, memory : tensor of float32, shape (rows, units)
        Of an LSTM hidden and cell, else twice the same.
    keeps : tensor of float32, shape (rows, time)

    Returns
    -------
    outputs : tensor, shape (rows, time, units)
    hidden, memory : tensor of float32, shape (rows, units)
    """
    weights = [recurrent, bias] if kernel is None else [recurrent, bias, kernel]
    keep = tf.transpose(keeps)[:, None]  # (time, 1, rows)
    states = tf.transpose(hidden), tf.transpose(memory)
    out, hidden, memory = _compute(kind, tf.transpose(x, (1, 2, 0)), keep, *states, *weights)
    return tf.transpose(out, (2, 0, 1)), tf.transpose(hidden), tf.transpose(memory)


class _Steps(NamedTuple):
    """A step of a unit and its gradient, and what they need of a layer."""

    forward: Any
    backward: Any
    kind: Unit
    recurrent: Any  # (units, gates)
    onward: Any  # (time, 1, rows): what is kept of a step's state


def _compute(kind: Unit, x: Any, keep: Any, hidden: Any, memory: Any, *weights: Any) -> Any:
    """Compute a layer of which all is columns, and say how its gradient is computed."""

    @tf.custom_gradient  # type: ignore[untyped-decorator]  # TensorFlow has no types
    def compute(x: Any, keep: Any, hidden: Any, memory: Any, *weights: Any) -> Any:
        bias = weights[1]
        recurrent, *kernel = (tf.cast(each, x.dtype) for each in (weights[0], *weights[2:]))
        onward = tf.concat([keep[1:], tf.ones_like(keep[:1])], 0)
        steps = _Steps(*_compiled(kind, x.dtype), kind, recurrent, onward)
        hidden, memory = tf.cast(keep[0] * hidden, x.dtype), keep[0] * memory
        biases = tf.reshape(bias, (kind.biases, -1, 1))
        outs, left, (last, full) = _forward(steps, x, hidden, memory, biases, kernel)

        def gradient(d_outs: Any, d_hidden: Any, d_memory: Any) -> Any:
            d_zs, d_hidden, d_memory = _backward(steps, left, d_outs, d_hidden, d_memory)
            hiddens = tf.concat([hidden[None], outs[:-1] * tf.cast(keep[1:], x.dtype)], 0)
            d_states = (keep[0] * tf.cast(each, tf.float32) for each in (d_hidden, d_memory))
            d_x, d_recurrent, d_bias, *d_kernel = _outside(kind, x, hiddens, d_zs, kernel)
            return d_x, None, *d_states, d_recurrent, tf.reshape(d_bias, bias.shape), *d_kernel

        return (outs, tf.cast(last, tf.float32), full), gradient

    return compute(x, keep, hidden, memory, *weights)


def _forward(steps: _Steps, x: Any, hidden: Any, memory: Any, biases: Any, kernel: list[Any]) -> Any:
    """Return the outputs, what each step leaves and the memory before it, and the states at the end."""
    (units, rows), time = hidden.shape, tf.shape(x)[0]
    recurrent, *kernel = (tf.transpose(each) for each in (steps.recurrent, *kernel))

    def rows_of(height: int, dtype: Any) -> Any:
        return tf.TensorArray(dtype, time, element_shape=(height, rows))

    def step(t: Any, hidden: Any, memory: Any, _: Any, outs: Any, lefts: Any, before: Any) -> Any:
        inner = tf.matmul(recurrent, hidden)
        before = before.write(t, memory)
        projected = tf.matmul(kernel[0], x[t]) if kernel else x[t]
        left, out, hidden, memory, full = steps.forward(inner, projected, biases, memory, steps.onward[t])
        return t + 1, hidden, memory, full, outs.write(t, out), lefts.write(t, left), before

    kept = rows_of(units, x.dtype), rows_of(steps.kind.kept * units, x.dtype), rows_of(units, tf.float32)
    start = 0, hidden, memory, memory, *kept
    _, last, _, full, *kept = tf.while_loop(lambda t, *_: t < time, step, start, maximum_iterations=time)
    outs, lefts, before = (each.stack() for each in kept)
    return outs, (lefts, before), (last, full)


def _backward(steps: _Steps, left: Any, d_outs: Any, d_hidden: Any, d_memory: Any) -> Any:
    """Return the gradients of all products, shape (time, gates, rows), and of the states before the first."""
    lefts, before = left
    time, half, height = tf.shape(d_outs)[0], d_outs.dtype, steps.kind.kept * steps.recurrent.shape[0]

    def step(t: Any, d_hidden: Any, d_memory: Any, d_zs: Any) -> Any:
        d_z, d_memory = steps.backward(lefts[t], before[t], d_outs[t], d_hidden, d_memory, steps.onward[t])
        _, d_inner = steps.kind.sides(d_z)
        return t - 1, tf.matmul(steps.recurrent, d_inner), d_memory, d_zs.write(t, d_z)

    d_zs = tf.TensorArray(half, time, element_shape=(height, d_outs.shape[2]))
    start = time - 1, tf.cast(d_hidden, half), d_memory, d_zs
    _, d_hidden, d_memory, d_zs = tf.while_loop(lambda t, *_: t >= 0, step, start, maximum_iterations=time)
    return d_zs.stack(), d_hidden, d_memory


def _outside(kind: Unit, x: Any, hiddens: Any, d_zs: Any, kernel: list[Any]) -> list[Any]:
    """Return the gradients of inputs, recurrent matrix, biases, and kernel: products over all steps."""
    time, rows = tf.shape(x)[0], x.shape[2]
    d_projected, d_inner = kind.sides(_flat(d_zs))  # (gates, time * rows)

    def product(columns: Any, side: Any) -> Any:
        return tf.cast(tf.matmul(_flat(columns), side, transpose_b=True), tf.float32)

    d_biases = [tf.reduce_sum(tf.cast(d, tf.float32), 1) for d in (d_projected, d_inner)][: kind.biases]
    d_x = tf.matmul(kernel[0], d_projected) if kernel else d_projected
    d_x = tf.transpose(tf.reshape(d_x, (-1, time, rows)), (1, 0, 2))
    return [d_x, product(hiddens, d_inner), tf.stack(d_biases), *(product(x, d_projected) for _ in kernel)]


def _flat(columns: Any) -> Any:
    """Lay the columns of all steps side by side: (time, height, rows) to (height, time * rows)."""
    return tf.reshape(tf.transpose(columns, (1, 0, 2)), (columns.shape[1], -1))


@cache
def _compiled(kind: Unit, half: Any) -> tuple[Any, Any]:
    """Return a step and its gradient, each compiled into one pass over memory."""

    def forward(inner: Any, projected: Any, biases: Any, memory: Any, onward: Any) -> Any:
        inner, projected = tf.cast(inner, tf.float32), tf.cast(projected, tf.float32)
        left, hidden, memory = kind.forward(projected, inner, biases, memory, 0)
        left, out = tf.cast(tf.concat(left, 0), half), tf.cast(hidden, half)
        return left, out, tf.cast(onward * hidden, half), onward * memory, memory

    def backward(left: Any, before: Any, d_out: Any, d_hidden: Any, d_memory: Any, onward: Any) -> Any:
        d_hidden = tf.cast(d_out, tf.float32) + onward * tf.cast(d_hidden, tf.float32)
        d_z, d_memory = kind.backward(tf.cast(left, tf.float32), before, d_hidden, onward * d_memory)
        return tf.cast(tf.concat(d_z, 0), half), d_memory

    def compiled(function: Any) -> Any:
        return tf.function(function, jit_compile=True, autograph=False)

    return compiled(forward), compiled(backward)
