"""The network in Keras: an embedding, recurrent layers, and a softmax over the vocabulary.

It reads ids, where pieces begin among them, and the states that the ids before them left, and returns logits
and the states that they leave. The same network builds on every backend of Keras.

Of a network with places an id is ``token + vocabulary * place``, where the place is that of the token to be
predicted. What its tokens and places look like is given and not trained, and so are the logits that it
begins from, by the token before: it learns what these do not tell.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

from notegen.errors import UsageError

SIGNATURE = (("int32", 2), ("int32", 2), ("float32", 2))  # dtype and dimensions: inputs, targets, keeps
PLACE_WIDTH, TOLD_WIDTH = 10, 32  # of a place's vector, and of that of what is told
Unit = Literal["lstm", "gru", "rnn"]
GATES: dict[Unit, int] = {"lstm": 4, "gru": 3, "rnn": 1}
MOST_WINDOW = 1024
_SPREAD = 0.5  # of an embedding's first values: from Keras' 0.05 it takes passes to tell tokens apart
GIVEN = ("embedding", "places", "prior")  # what is not trained where there are places


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of a network.

    Parameters
    ----------
    vocabulary : int
        How many tokens there are.
    embedding, units, layers : int
        Width of the embedding (0: the first layer has a row of its input matrix for each token, as if it read
        them one-hot), width of each recurrent layer, and how many layers there are.
    dropout : float
        Share of values that are zeroed, while training, before each layer and the softmax.
    places : int
        How many places there are; 0 if ids are tokens alone.
    unit : str
        What layers are made of: "lstm", "gru" or "rnn".
    recurrent_dropout : float
        Share of the recurrent matrix that is zeroed, while training.
    tied : bool
        Whether the softmax looks for the embedding of what follows, instead of learning a matrix of its own.
    forget_bias : float
        The bias that an LSTM's forget gate begins with.
    window : int
        From how many tokens the next is predicted, each time from an empty state; 0 if the state is carried
        from token to token.
    told : tuple of int
        What else is told with each token, and learned from: of each thing how many values there are. Of three
        things an id is ``token + vocabulary * (a + told[0] * (b + told[1] * c))``.

    Raises
    ------
    UsageError
        If no network is like this.
    """

    vocabulary: int
    embedding: int = 128
    units: int = 256
    layers: int = 1
    dropout: float = 0.2
    places: int = 0
    unit: Unit = "lstm"
    recurrent_dropout: float = 0.0
    tied: bool = False
    forget_bias: float = 1.0
    window: int = 0
    told: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "told", tuple(self.told))  # bundles hold lists
        if self.unit not in GATES:
            raise UsageError(f"a unit is one of {', '.join(GATES)}, and not {self.unit}")
        for name in ("dropout", "recurrent_dropout"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name):g}, but must be at least 0 and below 1")
        if not 0 <= self.window <= MOST_WINDOW:
            raise UsageError(f"a window is of 1 to {MOST_WINDOW} tokens, or 0 for none; it is {self.window}")
        if not self.embedding and self.tied:
            raise UsageError("there is no embedding to tie the softmax to: give it a width, or do not tie it")
        if self.told and (self.places or not self.embedding):
            raise UsageError("what is told with each token stands beside an embedding, and beside no places")
        if self.places and (self.tied or not self.embedding):
            raise UsageError("a network of frames is given its embedding: it has one, and is not tied to it")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of the weights."""
        shapes: dict[str, tuple[int, ...]] = {}
        if self.embedding:
            shapes["embedding"] = (self.vocabulary, self.embedding)
        if self.places:
            shapes |= {"places": (self.places, PLACE_WIDTH), "prior": (self.vocabulary, self.vocabulary)}
        shapes |= {f"told{i}": (size, TOLD_WIDTH) for i, size in enumerate(self.told)}
        width = (self.embedding or self.vocabulary) + PLACE_WIDTH * (self.places > 0)
        width += TOLD_WIDTH * len(self.told)
        gates = GATES[self.unit] * self.units
        for i, name in enumerate(self.names()):
            shapes[f"{name}.input"] = (self.units if i else width, gates)
            shapes[f"{name}.recurrent"] = (self.units, gates)
            shapes[f"{name}.bias"] = (2, gates) if self.unit == "gru" else (gates,)
        if not self.tied:
            shapes["logits.kernel"] = (self.units, self.vocabulary)
        elif self.units != self.embedding:
            shapes["logits.projection"] = (self.units, self.embedding)
        return shapes | {"logits.bias": (self.vocabulary,)}

    def told_steps(self) -> list[int]:
        """Return by how much an id grows with each thing that is told."""
        return [self.vocabulary * math.prod(self.told[:i]) for i in range(len(self.told))]

    def names(self) -> list[str]:
        """Return the names of the recurrent layers."""
        return [f"{self.unit}{i}" for i in range(self.layers)]

    def states(self) -> list[int]:
        """Return the widths of the states that are carried from token to token."""
        return [self.units] * (self.layers * (2 if self.unit == "lstm" else 1))


def build(config: NetworkConfig, policy: str = "float32") -> Any:
    """Build the Keras model.

    Returns
    -------
    keras.Model
        From ``[ids, keeps, *states]`` to ``[logits, *states]``: ids of shape (rows, time), keeps alike and 0
        where a piece begins (else 1), states of shape (rows, units), of an LSTM hidden and cell of each
        layer, else hidden alone, logits of shape (rows, time, vocabulary), with a window of the last token
        alone: (rows, 1, vocabulary).
    """
    import keras

    from notegen.model.recurrent import Recurrent

    ids = keras.Input((None,), dtype="int32", name="ids")
    keeps = keras.Input((None,), name="keeps")
    states = [keras.Input((width,), name=f"state{i}") for i, width in enumerate(config.states())]
    tokens = keras.ops.mod(ids, config.vocabulary) if config.places or config.told else ids
    x, table = _read(ids, tokens, config, policy)
    after: list[Any] = []
    for i, name in enumerate(config.names()):
        one_hot = not (i or config.embedding)
        if not one_hot:
            x = keras.layers.Dropout(config.dropout, dtype=policy)(x)
        layer = Recurrent(
            config.units, config.unit, dropout=config.recurrent_dropout, forget_bias=config.forget_bias,
            vocabulary=config.vocabulary if one_hot else 0, dtype=policy, name=name,
        )  # fmt: skip
        x, left = layer(x, states[len(after) :][: len(states) // config.layers], keeps)
        after += left  # x: (rows, time, units)
    if config.window:
        x = x[:, -1:]
    logits = _logits(keras.layers.Dropout(config.dropout, dtype=policy)(x), table, config)
    if config.places:
        logits = logits + _table(config.vocabulary, config.vocabulary, "prior", "float32")(tokens)
    return keras.Model([ids, keeps, *states], [logits, *after])


def _read(ids: Any, tokens: Any, config: NetworkConfig, policy: str) -> tuple[Any, Any]:
    """Return what the first layer reads, and the embedding."""
    import keras

    if not config.embedding:
        return tokens, None
    table = _table(config.vocabulary, config.embedding, "embedding", policy, trained=not config.places)
    if config.told:
        told = [
            _table(size, TOLD_WIDTH, f"told{i}", policy, trained=True)(ids // step % size)
            for i, (size, step) in enumerate(zip(config.told, config.told_steps(), strict=True))
        ]
        return keras.layers.Concatenate(dtype=policy)([table(tokens), *told]), table
    if not config.places:
        return table(tokens), table
    place = _table(config.places, PLACE_WIDTH, "places", policy)(ids // config.vocabulary)
    return keras.layers.Concatenate(dtype=policy)([table(tokens), place]), table


def _logits(x: Any, table: Any, config: NetworkConfig) -> Any:
    """Return the logits, in float32 under any policy."""
    from keras import layers

    from notegen.model.tied import Tied

    if config.tied:
        if config.units != config.embedding:
            x = layers.Dense(config.embedding, use_bias=False, dtype="float32", name="projection")(x)
        return Tied(table, dtype="float32", name="logits")(x)
    start = "zeros" if config.places else "glorot_uniform"  # from zeros it begins with what is given
    return layers.Dense(config.vocabulary, kernel_initializer=start, dtype="float32", name="logits")(x)


def loss(logits: Any, targets: Any, config: NetworkConfig) -> tuple[Any, Any]:
    """Return the summed cross-entropy in nats, and how many tokens it is of; padding (0) is not counted."""
    from keras import ops

    tokens = ops.mod(targets[:, -1:] if config.window else targets, config.vocabulary)
    nats = ops.sparse_categorical_crossentropy(tokens, ops.cast(logits, "float32"), from_logits=True)
    seen = ops.cast(ops.not_equal(tokens, 0), "float32")
    return ops.sum(nats * seen), ops.sum(seen)


def weights(model: Any, config: NetworkConfig) -> dict[str, Any]:
    """Return the weights as NumPy arrays, by the names that the bundle and the runtime use."""
    return {name: variable.numpy() for name, variable in _variables(model, config).items()}


def set_weights(model: Any, config: NetworkConfig, named: dict[str, Any]) -> None:
    """Put weights by name into a model; the inverse of `weights`."""
    for name, variable in _variables(model, config).items():
        variable.assign(named[name])


def give(model: Any, tables: dict[str, Any]) -> None:
    """Set the tables of a model that are given and not trained."""
    for name, table in tables.items():
        model.get_layer(name).set_weights([table])


def _variables(model: Any, config: NetworkConfig) -> dict[str, Any]:
    """Return the variables of a model by the names of its weights."""
    shapes, layer = config.shapes(), model.get_layer
    told = [f"told{i}" for i in range(len(config.told))]
    found = {name: layer(name).embeddings for name in (*GIVEN, *told) if name in shapes}
    for name in config.names():
        parts = {"input": layer(name).kernel, "recurrent": layer(name).recurrent, "bias": layer(name).bias}
        found |= {f"{name}.{part}": variable for part, variable in parts.items()}
    if "logits.kernel" in shapes:
        found["logits.kernel"] = layer("logits").kernel
    if "logits.projection" in shapes:
        found["logits.projection"] = layer("projection").kernel
    return found | {"logits.bias": layer("logits").bias}


def _table(rows: int, width: int, name: str, policy: str, *, trained: bool = False) -> Any:
    """Return a layer that looks up rows of a table."""
    import keras

    start = keras.initializers.RandomUniform(-_SPREAD, _SPREAD)
    return keras.layers.Embedding(rows, width, start, trainable=trained, dtype=policy, name=name)


def fast_policy() -> str:
    """Return ``mixed_bfloat16`` where the processor multiplies bfloat16 itself, else ``float32``."""
    from pathlib import Path

    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "mixed_bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"
