"""The recipe: how a network is trained."""

import math
from dataclasses import dataclass

from notegen.model.network import NetworkConfig, Unit


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    unit, embedding, units, layers, dropout, recurrent_dropout, tied, forget_bias, window
        The network; see `notegen.model.network.NetworkConfig`.
    batch, steps : int
        Rows of pieces that are learned from side by side, and tokens through which errors are
        propagated back; where there is a window, it takes the place of the steps.
    rate : float
        Adam's learning rate at its peak; it rises over the first `warmup` updates and falls along a
        half cosine to a hundredth.
    clip : float
        Largest norm of the gradient.
    average : float
        What is measured and kept are weights averaged over the updates, each of which leaves this much of
        the average as it was (over fewer, at the beginning); 0 for the weights themselves.
    epochs, patience : int
        Passes over the corpus, and how many without a better validation end the training.
    seed : int
    """

    unit: Unit = "lstm"
    embedding: int = 128
    units: int = 256
    layers: int = 1
    dropout: float = 0.2
    recurrent_dropout: float = 0.0
    tied: bool = True
    forget_bias: float = 1.0
    window: int = 0
    batch: int = 32
    steps: int = 64
    rate: float = 1e-2
    warmup: int = 100
    clip: float = 1.0
    average: float = 0.998
    epochs: int = 30
    patience: int = 4
    seed: int = 0

    def __post_init__(self) -> None:
        if self.window:
            object.__setattr__(self, "steps", self.window)

    def network(self, vocabulary: int) -> NetworkConfig:
        """Return the network to be trained, of so many tokens; without an embedding nothing can be tied."""
        return NetworkConfig(
            vocabulary, self.embedding, self.units, self.layers, self.dropout, unit=self.unit,
            recurrent_dropout=self.recurrent_dropout, tied=self.tied and self.embedding > 0,
            forget_bias=self.forget_bias, window=self.window,
        )  # fmt: skip

    def rate_at(self, updates: int, done: float) -> float:
        """Return the learning rate after so many updates, when a share of all epochs is done."""
        rise = min(1.0, (updates + 1) / self.warmup)
        fall = 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
        return self.rate * rise * fall
