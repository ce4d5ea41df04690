"""The recipe: how a network is trained."""

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    embedding, units, layers, dropout
        The network; see `notegen.model.network.NetworkConfig`.
    batch, steps : int
        Rows of pieces that are learned from side by side, and tokens through which errors are
        propagated back.
    rate : float
        Adam's learning rate at its peak; it rises over the first `warmup` updates and falls along a
        half cosine to a hundredth.
    clip : float
        Largest norm of the gradient.
    epochs, patience : int
        Passes over the corpus, and how many without a better validation end the training.
    seed : int
    """

    embedding: int = 128
    units: int = 256
    layers: int = 1
    dropout: float = 0.2
    batch: int = 32
    steps: int = 64
    rate: float = 1e-2
    warmup: int = 100
    clip: float = 1.0
    epochs: int = 30
    patience: int = 4
    seed: int = 0

    def rate_at(self, updates: int, done: float) -> float:
        """Return the learning rate after so many updates, when a share of all epochs is done."""
        rise = min(1.0, (updates + 1) / self.warmup)
        fall = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        return self.rate * rise * fall
