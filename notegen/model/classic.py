"""The classic model: forty frames of a spectrogram predict the next one.

The network of the course from which much of this field began: batch normalisation, LSTM layers with
dropout, and a dense layer, with the mean squared error as its loss. It is kept as the baseline that it is:
fed with its own predictions, it comes to a standstill.
"""

from dataclasses import dataclass
from typing import Any

BINS = 1025  # of a window of 2048 samples
SIGNATURE = (("float32", 3), ("float32", 2))  # dtype and dimensions of what is read and predicted
EPSILON = 1e-3  # of the batch normalisation: is added to the variance


@dataclass(frozen=True)
class ClassicConfig:
    """The shape of the classic model.

    Parameters
    ----------
    window : int
        Frames that predict the next one.
    units, layers : int
        Width of each LSTM layer, and how many there are.
    dropout : float
        Share of values that are zeroed, while training, behind each layer.
    """

    window: int = 40
    units: int = 128
    layers: int = 3
    dropout: float = 0.2

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the names and shapes of the weights."""
        shapes: dict[str, tuple[int, ...]] = {f"norm.{part}": (BINS,) for part in _NORM}
        for i in range(self.layers):
            shapes[f"lstm{i}.input"] = (self.units if i else BINS, 4 * self.units)
            shapes[f"lstm{i}.recurrent"] = (self.units, 4 * self.units)
            shapes[f"lstm{i}.bias"] = (4 * self.units,)
        return shapes | {"frame.kernel": (self.units, BINS), "frame.bias": (BINS,)}

    def states(self) -> list[int]:
        """Return no widths: each window is read from its beginning."""
        return []


_NORM = ("scale", "offset", "mean", "variance")  # Keras' gamma and beta, and its moving statistics
_LSTM = ("input", "recurrent", "bias")


def build(config: ClassicConfig, policy: str = "float32") -> Any:
    """Build the Keras model.

    Returns
    -------
    keras.Model
        From ``[windows]`` to ``[frames]``: windows of shape (batch, window, BINS), the frames behind them of
        shape (batch, BINS). Each bin is normalised over the frames of a batch.
    """
    import keras

    windows = keras.Input((config.window, BINS), dtype="float32", name="windows")
    x = keras.layers.BatchNormalization(epsilon=EPSILON, dtype="float32", name="norm")(windows)
    for i in range(config.layers):
        last = i == config.layers - 1
        layer = keras.layers.LSTM(config.units, return_sequences=not last, dtype=policy, name=f"lstm{i}")
        x = layer(x)  # (batch, window, units); behind the last layer (batch, units)
        x = keras.layers.Dropout(config.dropout, dtype=policy)(x)
    frames = keras.layers.Dense(BINS, dtype="float32", name="frame")(x)
    return keras.Model([windows], [[frames]])  # of a list of one, Keras returns what is in it


def loss(frames: Any, targets: Any, _config: ClassicConfig) -> tuple[Any, Any]:
    """Return the squared error a bin, summed over frames, and how many frames it is of."""
    from keras import ops

    errors = ops.square(ops.cast(frames, "float32") - targets)  # (batch, BINS)
    return ops.sum(errors) / BINS, ops.cast(ops.shape(targets)[0], "float32")


def weights(model: Any, config: ClassicConfig) -> dict[str, Any]:
    """Return the weights as NumPy arrays, by the names that the bundle and the runtime use."""
    return {
        f"{layer}.{part}": array
        for layer, parts in _parts(config).items()
        for part, array in zip(parts, model.get_layer(layer).get_weights(), strict=True)
    }


def set_weights(model: Any, config: ClassicConfig, named: dict[str, Any]) -> None:
    """Put weights by name into a model; the inverse of `weights`."""
    for layer, parts in _parts(config).items():
        model.get_layer(layer).set_weights([named[f"{layer}.{part}"] for part in parts])


def _parts(config: ClassicConfig) -> dict[str, tuple[str, ...]]:
    """Return the names of the weights of each layer, in Keras' order."""
    layers = {f"lstm{i}": _LSTM for i in range(config.layers)}
    return {"norm": _NORM, **layers, "frame": ("kernel", "bias")}
