"""The classic model's forward pass in NumPy, fed with its own predictions.

Each window is read from its beginning, yet nothing is computed twice. A frame lies in as many windows as
they are long, and these move on by it together: one row of a batch for each of them. With every frame one
window ends, and tells the next frame, and one begins.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from notegen.errors import UsageError
from notegen.model.bundle import Bundle, Weights
from notegen.model.classic import BINS, EPSILON, ClassicConfig

Floats = NDArray[np.float32]


class _Layer(NamedTuple):
    inputs: Floats  # (width, 4 units)
    recurrent: Floats  # (units, 4 units)
    bias: Floats  # (4 units,)


def predict(bundle: Bundle, frames: Floats, steps: int) -> Floats:
    """Continue a spectrogram.

    Parameters
    ----------
    bundle : Bundle
        Of a classic model.
    frames : array of float32, shape (frames, BINS)
        Magnitudes as the model was trained on; see `notegen.audio.spectra`. The last window of them is read.
    steps : int
        How many frames to add.

    Returns
    -------
    array of float32, shape (steps, BINS)
        Magnitudes of 0 and greater; each was read before the next was predicted.

    Raises
    ------
    UsageError
        If the bundle is of another model, or there are fewer frames than a window holds.
    """
    config = bundle.config
    if not isinstance(config, ClassicConfig):
        raise UsageError(f"{bundle.name or 'the model'} is no classic model, which reads spectrograms")
    if len(frames) < config.window:
        raise UsageError(f"there are {len(frames)} frames; the model reads {config.window} at a time")
    with threadpool_limits(1):  # a step is too small to share: two threads are slower than one
        return _continued(config, bundle.weights, frames[-config.window :], steps)


def _continued(config: ClassicConfig, weights: Weights, seed: Floats, steps: int) -> Floats:
    """Return the frames behind a window."""
    window, layers = config.window, _layers(weights, config)
    states = np.zeros((config.layers, 2, window, config.units), np.float32)  # hidden and cell
    out = np.empty((steps, BINS), np.float32)
    for i in range(window - 1 + steps):
        states[:, :, i % window] = 0  # this window begins here
        x = _normalised(seed[i] if i < window else out[i - window], weights)[None]  # alike for all windows
        for layer, (hidden, cell) in zip(layers, states, strict=True):
            _advance(layer, x, hidden, cell)
            x = hidden  # (window, units)
        if i >= window - 1:
            last = x[(i + 1) % window]  # of the window that ends here
            out[i - window + 1] = np.maximum(last @ weights["frame.kernel"] + weights["frame.bias"], 0)
    return out


def _layers(weights: Weights, config: ClassicConfig) -> list[_Layer]:
    """Return the LSTM layers, scaled so that one tanh serves all gates; see `notegen.model.runtime`."""
    half = np.full(4 * config.units, 0.5, np.float32)
    half[2 * config.units : 3 * config.units] = 1
    return [
        _Layer(*(weights[f"lstm{i}.{part}"] * half for part in ("input", "recurrent", "bias")))
        for i in range(config.layers)
    ]


def _normalised(frame: Floats, weights: Weights) -> Floats:
    """Apply the batch normalisation, with the statistics of the training."""
    deviation = np.sqrt(weights["norm.variance"] + np.float32(EPSILON))
    level = (frame - weights["norm.mean"]) / deviation
    scaled = level * weights["norm.scale"] + weights["norm.offset"]
    single: Floats = scaled.astype(np.float32, copy=False)
    return single


def _advance(layer: _Layer, x: Floats, hidden: Floats, cell: Floats) -> None:
    """Move an LSTM layer's state on by one step, in place; x is of shape (batch, width) or (1, width)."""
    gates = np.tanh(x @ layer.inputs + layer.bias + hidden @ layer.recurrent)  # (batch, 4 units)
    take, keep, candidate, show = np.split(gates, 4, axis=1)
    cell *= 0.5 + 0.5 * keep
    cell += (0.5 + 0.5 * take) * candidate
    hidden[:] = (0.5 + 0.5 * show) * np.tanh(cell)
