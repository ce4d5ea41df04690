"""Keys as often as they are written, though pieces were heard in others too.

In training a share of the pieces is moved to other keys, and so the model expects rare keys too often. Its
softmax is a classifier whose classes were shown in other proportions than they have; that is mended by
weighing them by the quotients of the proportions (Saerens, Latinne and Decaestecker, "Adjusting the outputs
of a classifier to new a priori probabilities", 2002).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.model.assemble import alone
from notegen.model.bundle import Bundle
from notegen.model.predictor import Predictor

_FIRST, _COUNT = v.FIRST["key"], len(v.KEYS)
_UNSEEN = 0.5  # of a piece, for each key

Head = tuple[int, ...]  # what a piece says before its first key


def with_written_keys(bundle: Bundle, pieces: Sequence[Ids]) -> Bundle:
    """Return a network that expects pieces to begin in each key as often as these do.

    Parameters
    ----------
    bundle : Bundle
        A network of note tokens; its biases of the keys are changed.
    pieces : sequence of arrays of ids
        What it was trained on, as it is written.
    """
    begun = Counter(found for found in map(_beginning, pieces) if found)
    if not begun:
        return bundle
    heads: Counter[Head] = Counter()
    written = np.full(_COUNT, _UNSEEN)
    for (head, key), count in begun.items():
        heads[head] += count
        written[key] += count
    model = alone(bundle)
    expected = sum(count * _expected(model, head) for head, count in heads.items())
    bias = bundle.weights["logits.bias"].copy()
    bias[_FIRST : _FIRST + _COUNT] += np.log(written / written.sum() / expected * heads.total())
    return replace(bundle, weights={**bundle.weights, "logits.bias": bias})


def _beginning(ids: Ids) -> tuple[Head, int] | None:
    """Return what a piece says before its first key, and that key's number."""
    places = np.flatnonzero((ids >= _FIRST) & (ids < _FIRST + _COUNT))
    if not len(places):
        return None
    return tuple(ids[: places[0]].tolist()), int(ids[places[0]]) - _FIRST


def _expected(model: Predictor, head: Head) -> NDArray[np.float64]:
    """Return the probability of each key behind a head, given that it is a key."""
    said, _ = model.predict(np.array([head], np.int32), model.start())
    likely = np.exp(said[0, -1, _FIRST : _FIRST + _COUNT].astype(np.float64))
    shares: NDArray[np.float64] = likely / likely.sum()
    return shares
