"""How well the pitches of a set of melodies are foretold, by cross-validation.

The measure of the literature on melodic expectation (see `notegen.evaluation.pitches`), and a model of it:
viewpoints with a short- and a long-term memory (`notegen.model.viewpoints`), mixed by weights that are
learned from the other folds alone (`notegen.model.mixture`).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import Ids
from notegen.errors import EmptyError
from notegen.model.mixture import fit, mixed
from notegen.model.viewpoints import VIEWPOINTS, Opinion, View, notes_of

Nats = NDArray[np.float64]  # (notes,)

FOLDS = 10


def folds(count: int) -> NDArray[np.int64]:
    """Deal so many melodies out to `FOLDS` folds, always in the same way; return the fold of each."""
    return np.random.default_rng(0).permutation(count) % FOLDS


def cross_validate(pieces: list[Ids], corpus: Sequence[Ids] = ()) -> dict[str, Nats]:
    """Return the negative log-likelihood of each pitch, for each part of the model and for all of it.

    What is foretold of a melody comes from its own notes so far, from the melodies of other folds, and from a
    corpus if there is one. The alphabet is all pitches from the lowest to the highest of the set.

    Parameters
    ----------
    pieces : list of arrays of token ids
        The set.
    corpus : sequence of arrays of token ids, optional
        Melodies beside the set, none of them a version of one in it.

    Returns
    -------
    dict of arrays of float, shape (notes,)
        ``short-term`` and ``long-term`` memory over all viewpoints, each viewpoint with both, all of them
        (``set alone``), and with a corpus ``corpus alone`` and ``set and corpus``.

    Raises
    ------
    EmptyError
        If there are fewer melodies than folds.
    """
    if len(pieces) < FOLDS:
        raise EmptyError(f"{len(pieces)} melodies cannot be dealt out to {FOLDS} folds")
    notes = notes_of(pieces)
    alphabet = range(int(notes.pitch.min()), int(notes.pitch.max()) + 1)
    views = [View(viewpoint, notes, alphabet) for viewpoint in VIEWPOINTS]
    short = [view.short_term() for view in views]
    beside = _told(views, list(corpus), alphabet)
    fold = folds(len(pieces))[notes.piece]
    said = notes.pitch - alphabet[0]
    nats: dict[str, Nats] = {}
    for held in range(FOLDS):
        train = fold != held
        long = [view.long_term(train) for view in views]
        for name, opinions in _parts(short, long, beside).items():
            weights = fit([opinion.of(train) for opinion in opinions], said[train])
            found = mixed([opinion.of(~train) for opinion in opinions], weights)
            paid = nats.setdefault(name, np.empty(len(said)))
            paid[~train] = -found[np.arange(len(found)), said[~train]]
    return nats


def _told(views: list[View], corpus: list[Ids], alphabet: range) -> list[Opinion]:
    """Return what a corpus, if there is one, tells of notes as they are seen."""
    if not corpus:
        return []
    notes = notes_of(corpus)
    pairs = zip(views, VIEWPOINTS, strict=True)
    return [view.told_by(View(viewpoint, notes, alphabet)) for view, viewpoint in pairs]


def _parts(short: list[Opinion], long: list[Opinion], beside: list[Opinion]) -> dict[str, list[Opinion]]:
    """Return the mixtures to be compared, by name."""
    pairs = zip(VIEWPOINTS, short, long, strict=True)
    parts = {viewpoint.name: [*memories] for viewpoint, *memories in pairs}
    parts |= {"short-term": short, "long-term": long, "set alone": short + long}
    return {**parts, "corpus alone": beside, "set and corpus": short + long + beside} if beside else parts
