"""A softmax that has no matrix of its own: logits are products with the embedding."""

from typing import Any

import keras
from keras import ops


class Tied(keras.layers.Layer):  # type: ignore[misc]  # Keras has no types
    """Logits from a network's embedding, with a bias (Inan et al. 2017, Press and Wolf 2017).

    Parameters
    ----------
    table : keras.layers.Embedding
        Of vectors as wide as what the layer reads.
    """

    def __init__(self, table: Any, **rest: Any) -> None:
        super().__init__(**rest)
        self.table = table

    def build(self, _: Any) -> None:
        """Make the bias, from zeros."""
        self.bias = self.add_weight(name="bias", shape=(self.table.input_dim,), initializer="zeros")

    def call(self, inputs: Any) -> Any:
        """Return logits, shape (…, tokens), of inputs of shape (…, width)."""
        return ops.matmul(inputs, ops.transpose(self.table.embeddings)) + self.bias
