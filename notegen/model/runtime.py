"""The network's forward pass in NumPy: what `notegen.model.network` computes, without Keras.

Gates come in Keras' order: input, forget, candidate, output. A logistic function is taken as
(1 + tanh(x / 2)) / 2, so that one call of tanh serves all four; the weights are scaled for it once.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import Ids
from notegen.model.bundle import Bundle
from notegen.model.network import GIVEN
from notegen.model.predictor import LogProbabilities, State, log_softmax

Floats = NDArray[np.float32]

_STRETCH = 512  # tokens whose input products are computed together


class _Layer(NamedTuple):
    inputs: Floats  # (width, 4 units)
    recurrent: Floats  # (units, 4 units)
    bias: Floats  # (4 units,)


class Runtime:
    """A network that reads tokens and says what may come next: a `notegen.model.predictor.Predictor`.

    Parameters
    ----------
    bundle : Bundle
        Of tokens; the classic model has a runtime of its own.
    """

    def __init__(self, bundle: Bundle) -> None:
        config, weights = bundle.network, bundle.weights
        self.units = config.units
        half = np.ones(4 * self.units, dtype=np.float32)
        half[: 2 * self.units] = half[3 * self.units :] = 0.5
        self.vocabulary = config.vocabulary
        self._embedding, self._places, self._prior = (weights.get(name) for name in GIVEN)
        self._layers = [
            _Layer(*(weights[f"lstm{i}.{part}"] * half for part in ("input", "recurrent", "bias")))
            for i in range(config.layers)
        ]
        self._kernel, self._bias = weights["logits.kernel"], weights["logits.bias"]

    def start(self, batch: int = 1) -> State:
        """Return the state before the first token: hidden and cell of each layer, (batch, units)."""
        return [np.zeros((batch, self.units), dtype=np.float32)] * (2 * len(self._layers))

    def read(self, ids: Ids, state: State) -> State:
        """Read stretches of tokens, shape (batch, time), and return the state behind them."""
        return self.hidden(ids, state)[1]

    def predict(self, ids: Ids, state: State) -> tuple[LogProbabilities, State]:
        """Read stretches of tokens, and say what may follow each; see `Predictor`."""
        hidden, state = self.hidden(ids, state)
        return log_softmax(self.logits(hidden, ids)), state

    def hidden(self, ids: Ids, state: State) -> tuple[Floats, State]:
        """Read stretches of tokens, and return what the last layer makes of them.

        Parameters
        ----------
        ids : array of int, shape (batch, time)
        state : State
            Of the same batch.

        Returns
        -------
        hidden : array of float32, shape (batch, time, units)
            The last layer's output; `logits` turns it into predictions.
        state : State
        """
        pieces = []
        for start in range(0, ids.shape[1], _STRETCH):
            x = self._vectors(ids[:, start : start + _STRETCH])  # (batch, time, width)
            after = []
            for layer, hidden, cell in zip(self._layers, state[::2], state[1::2], strict=True):
                x, *left = _run(layer, x, hidden, cell)
                after += left
            state = after
            pieces.append(x)
        return np.concatenate(pieces, axis=1), state

    def logits(self, hidden: Floats, ids: Ids) -> Floats:
        """Turn the last layer's output (…, units) behind ids (…) into logits (…, vocabulary)."""
        logits: Floats = hidden @ self._kernel + self._bias
        if self._prior is not None:
            logits += self._prior[ids % self.vocabulary]
        return logits

    def _vectors(self, ids: Ids) -> Floats:
        """Return what the first layer reads, shape (batch, time, width)."""
        assert self._embedding is not None
        if self._places is None:
            return self._embedding[ids]
        place, token = np.divmod(ids, self.vocabulary)
        return np.concatenate([self._embedding[token], self._places[place]], axis=-1)


def _run(layer: _Layer, x: Floats, hidden: Floats, cell: Floats) -> tuple[Floats, Floats, Floats]:
    """Run one LSTM layer over (batch, time, width); return (batch, time, units) and the last state."""
    units = hidden.shape[1]
    projected = x @ layer.inputs + layer.bias  # (batch, time, 4 units)
    out = np.empty((*x.shape[:2], units), dtype=np.float32)
    for t in range(x.shape[1]):
        gates: Any = np.tanh(projected[:, t] + hidden @ layer.recurrent)  # (batch, 4 units)
        gates = gates.reshape(-1, 4, units)
        take, keep, show = (0.5 + 0.5 * gates[:, i] for i in (0, 1, 3))
        cell = keep * cell + take * gates[:, 2]
        hidden = show * np.tanh(cell)
        out[:, t] = hidden
    return out, hidden, cell
