"""Several models as one: the weighted mean of what they predict."""

from collections.abc import Sequence

import numpy as np

from notegen.codecs.vocabulary import Ids
from notegen.errors import UsageError
from notegen.model.predictor import LogProbabilities, Predictor, State


class Blend:
    """Models that read the same and vote: a `notegen.model.predictor.Predictor`.

    Its probabilities are the weighted mean of theirs; its state is their states end to end.

    Parameters
    ----------
    models : sequence of Predictor
        Of one vocabulary.
    weights : sequence of float
        How much each of them counts, none below zero; only their proportions matter. A model of weight 0 is
        not asked.

    Raises
    ------
    UsageError
        If there is not one weight a model, no weight is above zero, or the models read different tokens.

    Examples
    --------
    >>> class Fixed:
    ...     vocabulary = 2
    ...     def __init__(self, p): self.p = np.log([p, 1 - p])
    ...     def start(self, batch=1): return []
    ...     def predict(self, ids, state): return np.broadcast_to(self.p, (*ids.shape, 2)), state
    >>> blend = Blend([Fixed(0.9), Fixed(0.1)], [3, 1])
    >>> nats, _ = blend.predict(np.zeros((1, 1), dtype=int), blend.start())
    >>> np.exp(nats)[0, 0].round(4).tolist()  # 3/4 of 0.9 and 1/4 of 0.1
    [0.7, 0.3]
    """

    def __init__(self, models: Sequence[Predictor], weights: Sequence[float]) -> None:
        if len(models) != len(weights):
            raise UsageError(f"{len(models)} models have {len(weights)} weights; give each of them one")
        if not all(0 <= weight < np.inf for weight in weights) or not any(weights):
            raise UsageError("weights of models must be zero or more, and one of them above zero")
        if len({model.vocabulary for model in models}) > 1:
            raise UsageError("models that read different tokens cannot be blended")
        asked = [(model, weight) for model, weight in zip(models, weights, strict=True) if weight]
        self.vocabulary = models[0].vocabulary
        self._models = [model for model, _ in asked]
        self._shares = [np.log(weight / sum(weights)) for _, weight in asked]
        ends = np.cumsum([len(model.start()) for model in self._models]).tolist()
        self._parts = [
            slice(end - len(model.start()), end) for model, end in zip(self._models, ends, strict=True)
        ]

    def start(self, batch: int = 1) -> State:
        """Return the state before the first token: those of all models, one behind the other."""
        return [each for model in self._models for each in model.start(batch)]

    def read(self, ids: Ids, state: State) -> State:
        """Read stretches of tokens, shape (batch, time), and return the state behind them."""
        left = [model.read(ids, state[part]) for model, part in self._each()]
        return [each for states in left for each in states]

    def predict(self, ids: Ids, state: State) -> tuple[LogProbabilities, State]:
        """Read stretches of tokens, and say what may follow each; see `Predictor`."""
        said = [model.predict(ids, state[part]) for model, part in self._each()]
        mean = said[0][0] + self._shares[0]
        for (nats, _), share in zip(said[1:], self._shares[1:], strict=True):
            mean = np.logaddexp(mean, nats + share)
        return mean, [each for _, states in said for each in states]

    def _each(self) -> list[tuple[Predictor, slice]]:
        """Return the models, and where in the state that of each stands."""
        return list(zip(self._models, self._parts, strict=True))
