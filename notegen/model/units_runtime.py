"""The units of recurrent layers in NumPy: what `notegen.model.units` computes, one step at a time.

Gates come in Keras' order. A logistic function is taken as (1 + tanh(x / 2)) / 2, so that one call of tanh
serves all gates of an LSTM; the weights are scaled for it once.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.model.network import Unit

Floats = NDArray[np.float32]
States = list[Floats]  # (rows, units) each; the first is what the layer gives


class Layer(NamedTuple):
    """A recurrent layer.

    Parameters
    ----------
    step : callable
        From the layer, the product of the input with the first bias, and the states, to the states behind.
    inputs, recurrent : array of float32, shape (width, gates), (units, gates)
    bias : array of float32, shape (1 or 2, gates)
        Of the product of the input, and of that of the state.
    """

    step: Callable[["Layer", Floats, States], States]
    inputs: Floats
    recurrent: Floats
    bias: Floats


def layer(unit: Unit, inputs: Floats, recurrent: Floats, bias: Floats) -> Layer:
    """Return a layer of Keras' weights."""
    step, scales = _UNITS[unit]
    scale = np.repeat(np.array(scales, np.float32), len(recurrent))
    return Layer(step, inputs * scale, recurrent * scale, np.atleast_2d(bias * scale))


def _lstm(layer: Layer, projected: Floats, states: States) -> States:
    hidden, cell = states
    gates: Any = np.tanh(projected + hidden @ layer.recurrent)  # (rows, 4 units)
    gates = gates.reshape(len(hidden), 4, -1)
    take, keep, show = (0.5 + 0.5 * gates[:, i] for i in (0, 1, 3))
    cell = keep * cell + take * gates[:, 2]
    return [show * np.tanh(cell), cell]


def _gru(layer: Layer, projected: Floats, states: States) -> States:
    (hidden,) = states
    units = hidden.shape[1]
    inner = hidden @ layer.recurrent + layer.bias[1]  # (rows, 3 units)
    gates = 0.5 + 0.5 * np.tanh(projected[:, : 2 * units] + inner[:, : 2 * units])
    update, reset = gates[:, :units], gates[:, units:]
    candidate = np.tanh(projected[:, 2 * units :] + reset * inner[:, 2 * units :])
    return [candidate + update * (hidden - candidate)]


def _rnn(layer: Layer, projected: Floats, states: States) -> States:
    return [np.tanh(projected + states[0] @ layer.recurrent)]


_UNITS = {"lstm": (_lstm, (0.5, 0.5, 1, 0.5)), "gru": (_gru, (0.5, 0.5, 1)), "rnn": (_rnn, (1,))}
