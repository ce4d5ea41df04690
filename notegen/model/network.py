"""The network in Keras: an embedding, LSTM layers, and a softmax over the vocabulary.

It reads ids and the states that the ids before them left, and returns logits and the states that
they leave. Layers are plain Keras, so that the same network builds on every backend.
"""

from dataclasses import dataclass
from typing import Any


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
    """

    vocabulary: int
    embedding: int = 128
    units: int = 256
    layers: int = 1
    dropout: float = 0.2


def build(config: NetworkConfig, policy: str = "float32") -> Any:
    """Build the Keras model.

    Returns
    -------
    keras.Model
        From ``[ids, h1, c1, h2, c2, …]`` to ``[logits, h1, c1, h2, c2, …]``: ids of shape (batch,
        time), states of shape (batch, units), logits of shape (batch, time, vocabulary).
    """
    import keras

    ids = keras.Input((None,), dtype="int32", name="ids")
    states = [keras.Input((config.units,), name=f"state{i}") for i in range(2 * config.layers)]
    x = keras.layers.Embedding(config.vocabulary, config.embedding, dtype=policy, name="embedding")(ids)
    after = []
    for i in range(config.layers):
        x = keras.layers.Dropout(config.dropout, dtype=policy)(x)
        layer = keras.layers.LSTM(
            config.units, return_sequences=True, return_state=True, dtype=policy, name=f"lstm{i}"
        )
        x, hidden, cell = layer(x, initial_state=states[2 * i : 2 * i + 2])  # x: (batch, time, units)
        after += [hidden, cell]
    x = keras.layers.Dropout(config.dropout, dtype=policy)(x)
    logits = keras.layers.Dense(config.vocabulary, dtype="float32", name="logits")(x)
    return keras.Model([ids, *states], [logits, *after])


def weights(model: Any, config: NetworkConfig) -> dict[str, Any]:
    """Return the weights as NumPy arrays, by the names that the bundle and the runtime use."""
    named = {"embedding": model.get_layer("embedding").get_weights()[0]}
    for i in range(config.layers):
        for part, array in zip(
            ("input", "recurrent", "bias"), model.get_layer(f"lstm{i}").get_weights(), strict=True
        ):
            named[f"lstm{i}.{part}"] = array
    named["logits.kernel"], named["logits.bias"] = model.get_layer("logits").get_weights()
    return named


def set_weights(model: Any, config: NetworkConfig, named: dict[str, Any]) -> None:
    """Put weights by name into a model; the inverse of `weights`."""
    model.get_layer("embedding").set_weights([named["embedding"]])
    for i in range(config.layers):
        model.get_layer(f"lstm{i}").set_weights(
            [named[f"lstm{i}.{part}"] for part in ("input", "recurrent", "bias")]
        )
    model.get_layer("logits").set_weights([named["logits.kernel"], named["logits.bias"]])


def fast_policy() -> str:
    """Return ``mixed_bfloat16`` where the processor multiplies bfloat16 itself, else ``float32``."""
    from pathlib import Path

    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "mixed_bfloat16" if "avx512_bf16" in flags or "amx_bf16" in flags else "float32"
