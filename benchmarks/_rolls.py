"""Networks of piano rolls: what they are told besides the tokens, and how they are asked.

The rolls of the benchmark are in C major or A minor, or near it. A network that learns from transposed pieces
is told by the first token how far a piece is moved, and by the token that ends a frame how many frames there
were, modulo 24, as bars of 2, 3, 4, 6, 8 or 12 frames go into that.
"""

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import rolls
from notegen.codecs.vocabulary import Ids
from notegen.model.predictor import LogProbabilities, Predictor, State, log_softmax

ROUND = 24  # frames
SHIFTS = range(-6, 6)  # semitones
VOCABULARY = rolls.SIZE + len(SHIFTS) + ROUND
_STARTS, _FRAMES = rolls.SIZE, rolls.SIZE + len(SHIFTS)


def _spelling(shift: int) -> Ids:
    """Return what a network reads for each token of a piece moved by so many semitones, shape (rolls.SIZE,).

    A pitch that leaves the piano becomes padding.
    """
    moved = np.arange(rolls.SIZE, dtype=np.int32)
    pitches = moved[rolls.PITCH :] + shift
    moved[rolls.PITCH :] = np.where((pitches >= rolls.PITCH) & (pitches < rolls.SIZE), pitches, rolls.PAD)
    moved[rolls.START], moved[rolls.FRAME] = _STARTS + SHIFTS.index(shift), _FRAMES
    return moved


_SPELLINGS = np.array([_spelling(shift) for shift in SHIFTS])  # (keys, tokens)


def tell(ids: Ids, key: int, ended: int = 0) -> Ids:
    """Return what a network reads of a row of tokens.

    Parameters
    ----------
    ids : array of int, shape (time,)
    key : int
        Index into `SHIFTS`.
    ended : int
        Frames before them.

    Returns
    -------
    array of int32, shape (time,)
    """
    ends = ids == rolls.FRAME
    frames = np.where(ends, (ended + np.cumsum(ends) - 1) % ROUND, 0)
    return (_SPELLINGS[key][ids] + frames).astype(np.int32)


def moved(ids: Ids, rng: np.random.Generator) -> Ids:
    """Return what a network learns from: what it reads of a piece in a key drawn."""
    return tell(ids, int(rng.integers(len(SHIFTS))))


class InKeys:
    """A network that is asked in several keys at once: a `Predictor` of the tokens of `notegen.codecs.rolls`.

    Its log-probabilities are the mean of those in all keys, normalised over the tokens that may follow. A
    piece never ends: how long the pieces are is given. Its state is how many frames have ended, and the
    network's own.

    Parameters
    ----------
    network : Predictor
        Trained on what `moved` returns.
    shifts : sequence of int
        Of `SHIFTS`.
    """

    vocabulary = rolls.SIZE

    def __init__(self, network: Predictor, shifts: range | tuple[int, ...] = SHIFTS) -> None:
        self._network = network
        self._keys = [SHIFTS.index(shift) for shift in shifts]

    def start(self, batch: int = 1) -> State:
        """Return the state before the first token."""
        return [np.zeros(batch, np.int64), *self._apart(self._network.start(batch * len(self._keys)))]

    def read(self, ids: Ids, state: State) -> State:
        """Read stretches of tokens, shape (batch, time), and return the state behind them."""
        own = self._network.read(self._tell(ids, state), _together(state[1:]))
        return [_ended(ids, state)[:, -1], *self._apart(own)]

    def predict(self, ids: Ids, state: State) -> tuple[LogProbabilities, State]:
        """Read stretches of tokens, and say what may follow each; see `Predictor`."""
        said, own = self._network.predict(self._tell(ids, state), _together(state[1:]))
        said = said.reshape(len(ids), -1, *said.shape[1:])  # (batch, keys, time, VOCABULARY)
        ended = _ended(ids, state)
        mean = np.zeros((*ids.shape, rolls.SIZE))
        for i, key in enumerate(self._keys):
            columns = np.broadcast_to(_SPELLINGS[key], mean.shape).copy()
            columns[..., rolls.FRAME] += (ended % ROUND).astype(np.int32)
            mean += np.take_along_axis(said[:, i], columns, axis=2) / len(self._keys)
        allowed = rolls.follows(ids.ravel()).reshape(mean.shape)
        allowed[..., rolls.END] = False
        mean[~allowed] = -np.inf
        return log_softmax(mean), [ended[:, -1], *self._apart(own)]

    def _tell(self, ids: Ids, state: State) -> Ids:
        """Return what the network reads, shape (batch x keys, time)."""
        rows = zip(ids, state[0].tolist(), strict=True)
        return np.array([tell(row, key, ended) for row, ended in rows for key in self._keys])

    def _apart(self, state: State) -> State:
        """Return a network's state, its first axis being the batch alone."""
        return [each.reshape(-1, len(self._keys), *each.shape[1:]) for each in state]


def _ended(ids: Ids, state: State) -> NDArray[np.int64]:
    """Return how many frames have ended behind each token, shape (batch, time)."""
    ended: NDArray[np.int64] = state[0][:, None] + np.cumsum(ids == rolls.FRAME, axis=1)
    return ended


def _together(state: State) -> State:
    """Return the state as the network knows it; the inverse of `_apart`."""
    return [each.reshape(-1, *each.shape[2:]) for each in state]
