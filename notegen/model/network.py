"""The network in Keras: an embedding, LSTM layers, and a softmax over the vocabulary.

It reads ids, where pieces begin among them, and the states that the ids before them left, and returns logits
and the states that they leave. The same network builds on every backend of Keras.

Of a network with places an id is ``token + vocabulary * place``, where the place is that of the token to be
predicted. What its tokens and places look like is given and not trained, and so are the logits that it
begins from, by the token before: it learns what these do not tell.
"""

from dataclasses import dataclass
from typing import Any

SIGNATURE = (("int32", 2), ("int32", 2), ("float32", 2))  # dtype and dimensions: inputs, targets, keeps
PLACE_WIDTH = 10  # of a place's vector
GIVEN = ("embedding", "places", "prior")  # what is not trained where there are places


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of a network.

    Parameters
    ----------
    vocabulary : int
        How many tokens there are.
    embedding, units, layers : int
        Width of the embedding, width of each LSTM layer, and how many layers there are.
    dropout : float
        Share of values that are zeroed, while training, before each layer and the softmax.
    places : int
        How many places there are; 0 if ids are tokens alone.
    """

    vocabulary: int
    embedding: int = 128
    units: int = 256
    layers: int = 1
    dropout: float = 0.2
    places: int = 0

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of the weights."""
        shapes: dict[str, tuple[int, ...]] = {"embedding": (self.vocabulary, self.embedding)}
        if self.places:
            shapes |= {"places": (self.places, PLACE_WIDTH), "prior": (self.vocabulary, self.vocabulary)}
        width = self.embedding + PLACE_WIDTH * (self.places > 0)
        for i in range(self.layers):
            shapes[f"lstm{i}.input"] = (self.units if i else width, 4 * self.units)
            shapes[f"lstm{i}.recurrent"] = (self.units, 4 * self.units)
            shapes[f"lstm{i}.bias"] = (4 * self.units,)
        return shapes | {"logits.kernel": (self.units, self.vocabulary), "logits.bias": (self.vocabulary,)}

    def states(self) -> list[int]:
        """Return the widths of the states that are carried from token to token."""
        return [self.units] * (2 * self.layers)


def build(config: NetworkConfig, policy: str = "float32") -> Any:
    """Build the Keras model.

    Returns
    -------
    keras.Model
        From ``[ids, keeps, h1, c1, h2, c2, …]`` to ``[logits, h1, c1, h2, c2, …]``: ids of shape (rows,
        time), keeps alike and 0 where a piece begins (else 1), states of shape (rows, units), logits of
        shape (rows, time, vocabulary).
    """
    import keras

    from notegen.model.recurrent import Recurrent

    ids = keras.Input((None,), dtype="int32", name="ids")
    keeps = keras.Input((None,), name="keeps")
    states = [keras.Input((config.units,), name=f"state{i}") for i in range(2 * config.layers)]
    tokens = keras.ops.mod(ids, config.vocabulary) if config.places else ids
    x = _table(config.vocabulary, config.embedding, "embedding", policy, trained=not config.places)(tokens)
    if config.places:
        place = _table(config.places, PLACE_WIDTH, "places", policy)(ids // config.vocabulary)
        x = keras.layers.Concatenate(dtype=policy)([x, place])
    after = []
    for i in range(config.layers):
        x = keras.layers.Dropout(config.dropout, dtype=policy)(x)
        layer = Recurrent(config.units, dtype=policy, name=f"lstm{i}")
        x, hidden, cell = layer(x, *states[2 * i : 2 * i + 2], keeps)  # x: (rows, time, units)
        after += [hidden, cell]
    x = keras.layers.Dropout(config.dropout, dtype=policy)(x)
    start = "zeros" if config.places else "glorot_uniform"  # from zeros it begins with what is given
    logits = keras.layers.Dense(config.vocabulary, kernel_initializer=start, dtype="float32", name="logits")(
        x
    )
    if config.places:
        logits = logits + _table(config.vocabulary, config.vocabulary, "prior", "float32")(tokens)
    return keras.Model([ids, keeps, *states], [logits, *after])


def loss(logits: Any, targets: Any, config: NetworkConfig) -> tuple[Any, Any]:
    """Return the summed cross-entropy in nats, and how many tokens it is of; padding (0) is not counted."""
    from keras import ops

    tokens = ops.mod(targets, config.vocabulary)
    nats = ops.sparse_categorical_crossentropy(tokens, ops.cast(logits, "float32"), from_logits=True)
    seen = ops.cast(ops.not_equal(tokens, 0), "float32")
    return ops.sum(nats * seen), ops.sum(seen)


def weights(model: Any, config: NetworkConfig) -> dict[str, Any]:
    """Return the weights as NumPy arrays, by the names that the bundle and the runtime use."""
    named = {name: model.get_layer(name).get_weights()[0] for name in _tables(config)}
    for i in range(config.layers):
        for part, array in zip(
            ("input", "recurrent", "bias"), model.get_layer(f"lstm{i}").get_weights(), strict=True
        ):
            named[f"lstm{i}.{part}"] = array
    named["logits.kernel"], named["logits.bias"] = model.get_layer("logits").get_weights()
    return named


def set_weights(model: Any, config: NetworkConfig, named: dict[str, Any]) -> None:
    """Put weights by name into a model; the inverse of `weights`."""
    give(model, {name: named[name] for name in _tables(config)})
    for i in range(config.layers):
        model.get_layer(f"lstm{i}").set_weights(
            [named[f"lstm{i}.{part}"] for part in ("input", "recurrent", "bias")]
        )
    model.get_layer("logits").set_weights([named["logits.kernel"], named["logits.bias"]])


def give(model: Any, tables: dict[str, Any]) -> None:
    """Set the tables of a model that are given and not trained."""
    for name, table in tables.items():
        model.get_layer(name).set_weights([table])


def _tables(config: NetworkConfig) -> tuple[str, ...]:
    return GIVEN if config.places else GIVEN[:1]


def _table(rows: int, width: int, name: str, policy: str, *, trained: bool = False) -> Any:
    """Return a layer that looks up rows of a table."""
    import keras

    return keras.layers.Embedding(rows, width, trainable=trained, dtype=policy, name=name)


def fast_policy() -> str:
    """Return ``mixed_bfloat16`` where the processor multiplies bfloat16 itself, else ``float32``."""
    from pathlib import Path

    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "mixed_bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"
