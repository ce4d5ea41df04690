"""Baselines: what simple models pay for the same tokens.

They are counted on the training side of a corpus, their settings are chosen on the validation side, and
their costs on the test side have the form of `likelihood.token_nats`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Piece
from notegen.evaluation.likelihood import Costs
from notegen.model.ngram import choose

HIGHEST = 10  # tokens of the longest gram


class Text(NamedTuple):
    """The sides of a corpus, written as tokens in one of several ways."""

    train: list[Ids]
    valid: list[Ids]
    test: list[Ids]
    vocabulary: int


@dataclass(frozen=True)
class Baseline:
    """What a simple model pays on the test side.

    Attributes
    ----------
    costs : list of arrays of float, shape (tokens - 1,)
        Nats of each token after the first of each piece.
    order : int
        Tokens of a gram, one more than of its context; 0 for the uniform distribution.
    smoothing : str
        "kneser-ney" or "witten-bell"; empty for the uniform distribution.
    text : str
        In which way of writing the tokens it was counted.
    """

    costs: Costs
    order: int = 0
    smoothing: str = ""
    text: str = ""


def token_baselines(sides: dict[str, Sequence[Piece]]) -> dict[str, Baseline]:
    """Return the baselines on the tokens of a corpus.

    Parameters
    ----------
    sides : dict
        ``train``, ``valid`` and ``test``, as in ``Corpus.sides``.

    Returns
    -------
    dict
        ``uniform`` over the vocabulary, ``order 1`` (one token of context, interpolated with none) and
        ``n-gram``; `fit` tells how the latter two are chosen.
    """
    rows = {side: [piece.ids for piece in pieces] for side, pieces in sides.items()}
    size = v.MELODY if all((ids < v.MELODY).all() for ids in rows["train"]) else v.SIZE
    return fit({"tokens": Text(rows["train"], rows["valid"], rows["test"], size)}, (1,))


def fit(texts: dict[str, Text], markov: tuple[int, ...]) -> dict[str, Baseline]:
    """Return a uniform distribution, interpolated Markov models of some orders, and the best n-gram.

    The way of writing, the smoothing and, for ``n-gram``, the order of up to `HIGHEST` tokens are those
    that are likeliest on the validation side. A corpus without a training or a validation side has the
    uniform distribution alone.

    Parameters
    ----------
    texts : dict
        The same pieces in one or more ways of writing; the first is that of ``uniform``.
    markov : tuple of int
        How many tokens of context; each gives an entry such as ``order 1``.
    """
    plain = next(iter(texts.values()))
    found = {"uniform": Baseline([np.full(len(ids) - 1, np.log(plain.vocabulary)) for ids in plain.test])}
    if not (plain.train and plain.valid):
        return found
    models, nats = {}, {}
    for name, text in texts.items():
        models[name], _, _, table = choose(text.train, text.valid, HIGHEST, text.vocabulary)
        nats.update({(name, *setting): paid for setting, paid in table.items()})
    grams = {f"order {context}": (context + 1,) for context in markov}
    for entry, orders in {**grams, "n-gram": range(1, HIGHEST + 1)}.items():
        name, smoothing, order = min((row for row in nats if row[2] in orders), key=nats.__getitem__)
        costs = [models[name].nats(ids, smoothing, order) for ids in texts[name].test]
        found[entry] = Baseline(costs, order, smoothing, name)
    return found
