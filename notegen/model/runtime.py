"""The network's forward pass in NumPy: what `notegen.model.network` computes, without Keras."""

import numpy as np

from notegen.codecs.vocabulary import PAD, Ids
from notegen.model.bundle import Bundle, Weights
from notegen.model.network import GIVEN
from notegen.model.predictor import LogProbabilities, State, log_softmax
from notegen.model.units_runtime import Floats, States, layer

_STRETCH = 512  # tokens whose input products are computed together
_WINDOWS = 2048  # windows that are read together


class Runtime:
    """A network that reads tokens and says what may come next: a `notegen.model.predictor.Predictor`.

    Its state is that of its layers; of a network that reads windows, the last tokens of each row, with
    padding in front where there are fewer.

    Parameters
    ----------
    bundle : Bundle
        Of tokens; the classic model has a runtime of its own.
    """

    def __init__(self, bundle: Bundle) -> None:
        self.config, weights = bundle.network, bundle.weights
        self.vocabulary = self.config.vocabulary
        self._embedding, self._places, self._prior = (weights.get(name) for name in GIVEN)
        self._told = [weights[f"told{i}"] for i in range(len(self.config.told))]
        self._layers = [
            layer(self.config.unit, *(weights[f"{name}.{part}"] for part in ("input", "recurrent", "bias")))
            for name in self.config.names()
        ]
        self._kernel, self._bias = _kernel(weights), weights["logits.bias"]

    def start(self, batch: int = 1) -> State:
        """Return the state before the first token, of so many rows."""
        if self.config.window:
            return [np.full((batch, self.config.window), PAD, np.int32)]
        return list(self._zeros(batch))

    def read(self, ids: Ids, state: State) -> State:
        """Read stretches of tokens, shape (batch, time), and return the state behind them."""
        if self.config.window:  # which needs no reading before it is asked what follows
            return [np.concatenate([state[0], ids], axis=1)[:, -self.config.window :]]
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
        most = max(1, _WINDOWS // len(ids)) if self.config.window else _STRETCH
        go_on = self._slide if self.config.window else self._carry_on
        pieces = []
        for start in range(0, ids.shape[1], most):
            x, state = go_on(ids[:, start : start + most], state)
            pieces.append(x)
        return np.concatenate(pieces, axis=1), state

    def logits(self, hidden: Floats, ids: Ids) -> Floats:
        """Turn the last layer's output (…, units) behind ids (…) into logits (…, vocabulary)."""
        logits: Floats = hidden @ self._kernel + self._bias
        if self._prior is not None:
            logits += self._prior[ids % self.vocabulary]
        return logits

    def _carry_on(self, ids: Ids, state: State) -> tuple[Floats, State]:
        """Read on from the state that is carried, layer by layer."""
        x, after = self._projected(ids), []
        each = len(state) // len(self._layers)
        for i, one in enumerate(self._layers):
            if i:
                x = x @ one.inputs + one.bias[0]  # (batch, time, gates)
            out = np.empty((*ids.shape, self.config.units), dtype=np.float32)
            states = state[i * each : (i + 1) * each]
            for t in range(ids.shape[1]):
                states = one.step(one, x[:, t], states)
                out[:, t] = states[0]
            x = out
            after += states
        return x, after

    def _slide(self, ids: Ids, state: State) -> tuple[Floats, State]:
        """Read the window that ends with each token from its beginning, all of them side by side."""
        (batch, time), window = ids.shape, self.config.window
        read = np.concatenate([state[0], ids], axis=1)  # (batch, window + time)
        projected = self._projected(read)
        states = self._zeros(batch * time)
        for at in range(1, window + 1):
            here = slice(at, at + time)  # (batch, time): what each window has at this place
            x = projected[:, here].reshape(batch * time, -1)
            states = self._step(x, states)
            begun = (read[:, here] != PAD).reshape(-1, 1)
            states = [each * begun for each in states]
        last = states[-(len(states) // len(self._layers))]  # the last layer's output
        return last.reshape(batch, time, -1), [read[:, -window:]]

    def _step(self, x: Floats, state: States) -> States:
        """Read one token in all layers, given the first one's product of it."""
        after: States = []
        each = len(state) // len(self._layers)
        for i, one in enumerate(self._layers):
            if i:
                x = after[-each] @ one.inputs + one.bias[0]
            after += one.step(one, x, state[i * each : (i + 1) * each])
        return after

    def _projected(self, ids: Ids) -> Floats:
        """Return the first layer's products of its inputs, shape (batch, time, gates)."""
        first = self._layers[0]
        if self._embedding is None:
            projected: Floats = first.inputs[ids]
        else:
            beside, token = np.divmod(ids, self.vocabulary)
            vectors = [self._embedding[token]]
            if self._places is not None:
                vectors.append(self._places[beside])
            for table in self._told:
                beside, value = np.divmod(beside, len(table))
                vectors.append(table[value])
            projected = np.concatenate(vectors, axis=-1) @ first.inputs
        projected += first.bias[0]
        return projected

    def _zeros(self, rows: int) -> States:
        return [np.zeros((rows, width), np.float32) for width in self.config.states()]


def _kernel(weights: Weights) -> Floats:
    """Return the matrix from the last layer's output to logits, shape (units, vocabulary)."""
    if "logits.kernel" in weights:
        return weights["logits.kernel"]
    table = np.ascontiguousarray(weights["embedding"].T)
    return weights["logits.projection"] @ table if "logits.projection" in weights else table
