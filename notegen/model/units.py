"""The units of recurrent layers: what one step computes, and its gradient.

Each computes what Keras' layer of its name does, with the same weights (of the GRU that with ``reset_after``,
where one product serves all gates). All have a memory: the LSTM's cell, of the others the output itself.

A step reads two products, of the input and of the state before, and stands them side by side with the gates
along an axis: 1 where rows are rows, 0 where they are columns (see `notegen.model.recurrent`). Gates that are
computed alike stand together; `order` tells where each is found among Keras' own.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

Tensors = tuple[Any, ...]


class Unit(NamedTuple):
    """How a unit is computed, in float32.

    Parameters
    ----------
    order : tuple of int
        Keras' numbers of the gates, in the order in which they are computed here.
    biases, kept : int
        How many biases there are: 1, or 2 where the product of the state has one of its own; and how many
        times the width of the layer `forward` leaves for the gradient.
    forward : callable
        From both products, biases, the memory before and the axis to what the gradient needs again, the
        output, and the memory.
    backward : callable
        From what `forward` left, the memory before it, and the gradients of output and memory to those of the
        products, and of the memory before. Gates stand along axis 0.
    sides : callable
        From the gradients that `backward` leaves to those of the input's product, and of the state's.
    """

    order: tuple[int, ...]
    biases: int
    kept: int
    forward: Callable[[Any, Any, Any, Any, int], tuple[Tensors, Any, Any]]
    backward: Callable[[Any, Any, Any, Any], tuple[Tensors, Any]]
    sides: Callable[[Any], tuple[Any, Any]]


def _lstm(projected: Any, inner: Any, biases: Any, cell: Any, axis: int) -> tuple[Tensors, Any, Any]:
    z = inner + projected + biases[0]
    units = z.shape[axis] // 4
    ifo, c = ops.split(z, [3 * units], axis)
    ifo, c = ops.sigmoid(ifo), ops.tanh(c)
    i, f, o = ops.split(ifo, 3, axis)
    cell = f * cell + i * c
    return (ifo, c), o * ops.tanh(cell), cell


def _lstm_back(left: Any, cell: Any, d_out: Any, d_cell: Any) -> tuple[Tensors, Any]:
    i, f, o, c = ops.split(left, 4)
    tanh = ops.tanh(f * cell + i * c)
    d_cell = d_cell + d_out * o * (1 - tanh * tanh)
    d_z = (
        d_cell * c * i * (1 - i),
        d_cell * cell * f * (1 - f),
        d_out * tanh * o * (1 - o),
        d_cell * i * (1 - c * c),
    )
    return d_z, d_cell * f


def _gru(projected: Any, inner: Any, biases: Any, out: Any, axis: int) -> tuple[Tensors, Any, Any]:
    units = projected.shape[axis] // 3
    ours, c_ours = ops.split(projected + biases[0], [2 * units], axis)
    theirs, c_theirs = ops.split(inner + biases[1], [2 * units], axis)
    gates = ops.sigmoid(ours + theirs)
    update, reset = ops.split(gates, 2, axis)
    c = ops.tanh(c_ours + reset * c_theirs)
    out = update * out + (1 - update) * c
    return (gates, c, c_theirs), out, out


def _gru_back(left: Any, out: Any, d_out: Any, d_memory: Any) -> tuple[Tensors, Any]:
    update, reset, c, c_theirs = ops.split(left, 4)
    d_out = d_out + d_memory
    d_c = d_out * (1 - update) * (1 - c * c)
    d_update = d_out * (out - c) * update * (1 - update)
    d_reset = d_c * c_theirs * reset * (1 - reset)
    return (d_update, d_reset, d_c * reset, d_c), d_out * update


def _gru_sides(d_z: Any) -> tuple[Any, Any]:
    """Tell the candidate's product of the input from that of the state, which is reset."""
    units = d_z.shape[0] // 4
    return ops.concatenate([d_z[: 2 * units], d_z[3 * units :]], 0), d_z[: 3 * units]


def _rnn(projected: Any, inner: Any, biases: Any, _out: Any, _axis: int) -> tuple[Tensors, Any, Any]:
    out = ops.tanh(inner + projected + biases[0])
    return (out,), out, out


def _rnn_back(left: Any, _out: Any, d_out: Any, d_memory: Any) -> tuple[Tensors, Any]:
    return ((d_out + d_memory) * (1 - left * left),), ops.zeros_like(d_memory)


def _same(d_z: Any) -> tuple[Any, Any]:
    return d_z, d_z


UNITS = {
    "lstm": Unit((0, 1, 3, 2), 1, 4, _lstm, _lstm_back, _same),
    "gru": Unit((0, 1, 2), 2, 4, _gru, _gru_back, _gru_sides),
    "rnn": Unit((0,), 1, 1, _rnn, _rnn_back, _same),
}
