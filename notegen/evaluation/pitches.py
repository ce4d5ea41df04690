"""Bits per pitch: how well the pitches of a melody are predicted, whatever their rhythm.

The figure of the literature on melodic expectation (Conklin and Witten, Multiple viewpoint systems for
music prediction, 1995; Pearce, The construction and evaluation of statistical models of melodic structure,
2005): the negative log-likelihood in bits of the chromatic pitch of each note, given the notes before it,
divided by the number of notes.

What is given are all tokens up to the end of the note before, and for a first note meter and key. Nothing
of the note itself is given, neither its onset nor its duration, and not that the tune goes on, of which
nothing is to be paid for either. Between the end of a note and the next pitch, tokens may say that a bar,
a meter or a key begins, or where in the bar the pitch stands. So the pitch's probability is the sum over
all rows of such tokens, each with the probability that the model gives it: a distribution over the 128
pitches of MIDI that does not depend on what comes. Rows that are less likely than `LEAST` are left out,
and of as long rows all but the `MOST` likeliest; what is left is brought to a sum of 1.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import INDEX, Ids
from notegen.corpus import Piece
from notegen.evaluation.baselines import Baseline, Text, fit
from notegen.evaluation.likelihood import Costs
from notegen.model import predictor as predictors
from notegen.model.predictor import LogProbabilities, Predictor, State

LEAST = 1e-3  # of the probability of what may stand between two notes
MOST = 16  # ways on that are followed for a note; a model that has learned something has one or two
_LONGEST = 8  # tokens between two notes

_BATCH = 32  # pieces that are read together
_AT_ONCE = 512  # notes that are predicted together

# What may stand between the end of a note and the next pitch, by kind of the token before.
_FOLLOWS = {
    "release": ("pitch", "position", "bar", "meter", "key"),
    "start": ("meter",),
    "meter": ("key", "bar", "pickup"),
    "key": ("bar", "pickup"),
    "bar": ("pitch", "position", "bar", "meter", "key"),
    "pickup": ("position",),
    "position": ("pitch",),
}
_ALLOWED = np.zeros((len(v.TABLE), v.MELODY), dtype=bool)  # (kind, id)
for _kind, _followers in _FOLLOWS.items():
    _ALLOWED[INDEX[_kind]] = np.isin(v.KIND[: v.MELODY], [INDEX[follower] for follower in _followers])

_PITCH = slice(v.FIRST["pitch"], v.FIRST["pitch"] + v.PITCHES)
_BELOW = v.LOWEST + 3  # columns for pitches below MIDI's: the lowest token above the lowest tonic
_COLUMNS = np.arange(v.PITCHES) - v.LOWEST + _BELOW  # of the pitch tokens above a tonic of 0
_MIDI = 128


class _Places(NamedTuple):
    """Moments between two notes, in as many rows."""

    state: State
    predicted: LogProbabilities  # (places, vocabulary)
    last: Ids  # (places,): the last token read
    tonic: NDArray[np.int64]  # (places,): in semitones from C
    note: NDArray[np.int64]  # (places,): which note they lead to
    weight: NDArray[np.float64]  # (places,): how likely this row of tokens is


def pitch_nats(model: Predictor, pieces: list[Ids]) -> Costs:
    """Return the negative log-likelihood of each note's pitch in nats.

    Returns
    -------
    list of arrays of float64, shape (notes,)
    """
    return [
        -np.log(predicted[np.arange(len(predicted)), v.pitches(piece)])
        for piece, predicted in zip(pieces, predictions(model, pieces), strict=True)
    ]


def predictions(model: Predictor, pieces: list[Ids]) -> list[NDArray[np.float64]]:
    """Return the probability of each of MIDI's pitches at each note, arrays of shape (notes, 128)."""
    sizes = list(map(note_count, pieces))
    found = np.zeros((sum(sizes), _MIDI))
    with threadpool_limits(1):  # a step is too small to share: two threads are slower than one
        for places in _before_notes(model, pieces):
            found[places.note] = _look_ahead(model, places)
    return [found[end - size : end] for size, end in zip(sizes, np.cumsum(sizes).tolist(), strict=True)]


def pitch_baselines(sides: dict[str, Sequence[Piece]]) -> dict[str, Baseline]:
    """Return the baselines on the pitches of a corpus.

    Parameters
    ----------
    sides : dict
        ``train``, ``valid`` and ``test``, as in ``Corpus.sides``.

    Returns
    -------
    dict
        ``uniform`` over the pitches that occur in the corpus, Markov models of ``order 1`` and ``order 2``,
        and the best ``n-gram``; see `baselines.fit`. Pitches are counted as they are (``absolute``) or
        above the tonic of the tune's first key (``relative``).
    """
    return fit({"absolute": _text(sides, relative=False), "relative": _text(sides, relative=True)}, (1, 2))


def _text(sides: dict[str, Sequence[Piece]], *, relative: bool) -> Text:
    """Write the pitches of a corpus as the numbers of the pitches that occur in it."""
    rows = {
        side: [v.pitches(piece.ids) - relative * _tonics(piece.ids)[0] for piece in pieces]
        for side, pieces in sides.items()
    }
    alphabet = np.unique(np.concatenate([row for side in rows.values() for row in side]))
    train, valid, test = (
        [np.append(len(alphabet), np.searchsorted(alphabet, row)) for row in rows[side]]
        for side in ("train", "valid", "test")
    )
    return Text(train, valid, test, len(alphabet))


def _before_notes(model: Predictor, pieces: list[Ids]) -> Iterator[_Places]:
    """Read pieces, and yield the places in which their notes are predicted, many at a time."""
    if not pieces:
        return
    first = np.cumsum([0, *map(note_count, pieces)])
    tonics = np.concatenate([_tonics(piece)[_known(piece)] for piece in pieces])
    order = np.argsort([len(piece) for piece in pieces], kind="stable").tolist()
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        ids = v.pad([pieces[row] for row in rows])
        note = np.full(ids.shape, -1)  # (batch, time): which note is predicted there
        for i, row in enumerate(rows):
            note[i, _known(pieces[row])] = np.arange(first[row], first[row + 1])
        yield from _read(model, ids, note, tonics)


def _known(ids: Ids) -> NDArray[np.int64]:
    """Return where the last token stands that is given for each note, shape (notes,)."""
    kind = v.KIND[ids]
    begun = np.maximum.accumulate(np.isin(kind, [INDEX["bar"], INDEX["pickup"]]))
    given = np.flatnonzero(~begun | (kind == INDEX["release"]))
    known: NDArray[np.int64] = given[np.searchsorted(given, np.flatnonzero(kind == INDEX["pitch"])) - 1]
    return known


def _tonics(ids: Ids) -> NDArray[np.int64]:
    """Return the tonic in force at each token, in semitones from C; that of the first key before it."""
    keys = np.flatnonzero(v.KIND[ids] == INDEX["key"])
    last = np.maximum(np.searchsorted(keys, np.arange(len(ids)), side="right") - 1, 0)
    tonics: NDArray[np.int64] = (v.VALUE[ids[keys[last]]] + 3) % 12 - 3
    return tonics


def _read(
    model: Predictor, ids: Ids, note: NDArray[np.int64], tonics: NDArray[np.int64]
) -> Iterator[_Places]:
    """Read a batch of pieces token by token, and keep the state where a note is predicted."""
    state, kept, size = model.start(len(ids)), [], 0
    for t in range(ids.shape[1]):
        predicted, state = model.predict(ids[:, t : t + 1], state)
        at = np.flatnonzero(note[:, t] >= 0)
        some = note[at, t]
        after = predictors.take(state, at)
        kept.append(_Places(after, predicted[at, 0], ids[at, t], tonics[some], some, np.ones(len(at))))
        size += len(at)
        if size >= _AT_ONCE or t == ids.shape[1] - 1:
            yield _join(kept)
            kept, size = [], 0


def _join(parts: list[_Places]) -> _Places:
    states, *columns = zip(*parts, strict=True)
    return _Places(predictors.join(list(states)), *map(np.concatenate, columns))


def _look_ahead(model: Predictor, places: _Places) -> NDArray[np.float64]:
    """Return the distribution over the next pitch in each place, shape (places, 128)."""
    notes = len(places.note)
    found = np.full((notes, _BELOW + v.PITCHES), np.finfo(float).tiny)
    places = places._replace(note=np.arange(notes))
    for _ in range(_LONGEST):
        likely = np.exp(places.predicted) * _ALLOWED[v.KIND[places.last]]  # (places, vocabulary)
        likely *= (places.weight / likely.sum(axis=1))[:, None]
        np.add.at(found, (places.note[:, None], _COLUMNS + places.tonic[:, None]), likely[:, _PITCH])
        likely[:, _PITCH] = 0.0
        row, token = np.nonzero(likely >= LEAST)
        if not len(row):
            break
        weight = likely[row, token]
        kept = _likeliest(places.note[row], weight)
        places = _step(model, places, row[kept], token[kept].astype(np.int32), weight[kept])
    found = found[:, _BELOW : _BELOW + _MIDI]
    distribution: NDArray[np.float64] = found / found.sum(axis=1, keepdims=True)
    return distribution


def _likeliest(note: NDArray[np.int64], weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return which `MOST` ways on are the likeliest for each note, as indices."""
    order = np.lexsort((-weight, note))
    ranked = note[order]
    rank = np.arange(len(order)) - np.searchsorted(ranked, ranked)
    return order[rank < MOST]


def _step(
    model: Predictor, places: _Places, row: NDArray[np.int64], token: Ids, weight: NDArray[np.float64]
) -> _Places:
    """Go on from places with one token each; a place may be gone on from in several ways, or not at all."""
    predicted, state = model.predict(token[:, None], predictors.take(places.state, row))
    tonic = np.where(v.KIND[token] == INDEX["key"], (v.VALUE[token] + 3) % 12 - 3, places.tonic[row])
    return _Places(state, predicted[:, 0], token, tonic, places.note[row], weight)
