"""Networks of piano rolls: what they are told besides the tokens, and how they are asked.

A network is told three things of the token that will follow: which pitch the frame before had there, counted
from above, as voices move by steps; how many frames there were, modulo 24, as bars of 2, 3, 4, 6, 8 or 12
frames go into that; and how far the piece is transposed, as the rolls of the benchmark are in C major or A
minor, or near it.
"""

import numpy as np

from notegen.codecs import rolls
from notegen.codecs.vocabulary import Ids
from notegen.model.predictor import LogProbabilities, Predictor, State, log_softmax

ROUND = 24  # frames
SHIFTS = range(-6, 6)  # semitones
TOLD = (rolls.SIZE, ROUND, len(SHIFTS))  # how many values each has that is told


def _spelling(shift: int) -> Ids:
    """Return what stands for each token in a piece moved by so many semitones, shape (rolls.SIZE,).

    A pitch that leaves the piano becomes padding.
    """
    moved = np.arange(rolls.SIZE, dtype=np.int32)
    pitches = moved[rolls.PITCH :] + shift
    moved[rolls.PITCH :] = np.where((pitches >= rolls.PITCH) & (pitches < rolls.SIZE), pitches, rolls.PAD)
    return moved


_SPELLINGS = np.array([_spelling(shift) for shift in SHIFTS])  # (keys, tokens)


def voices(ids: Ids) -> Ids:
    """Return which pitch the frame before has where the next token stands, or 0, shape (tokens,).

    Examples
    --------
    >>> roll = np.zeros((2, 88), bool)
    >>> roll[0, [0, 4]] = roll[1, 6] = True
    >>> voices(rolls.encode(roll)[:-1]).tolist()  # of start, 8, 4, frame, 10, frame
    [0, 0, 0, 8, 4, 10]
    """
    ends = np.flatnonzero(ids < rolls.PITCH)  # the first is what the piece begins with
    frame = np.cumsum(ids < rolls.PITCH) - 1
    at = ends[frame - 1] + 1 + np.arange(len(ids)) - ends[frame]
    pitches: Ids = np.where((frame > 0) & (at < ends[frame]), ids[np.minimum(at, len(ids) - 1)], 0)
    return pitches


def tell(ids: Ids, key: int, shown: Ids | None = None, ended: int = 0) -> Ids:
    """Return what a network reads of a row of tokens.

    Parameters
    ----------
    ids : array of int, shape (time,)
    key : int
        Index into `SHIFTS`.
    shown : array of int, shape (time,), optional
        Their `voices`, if the row does not begin its piece.
    ended : int
        Frames before them.

    Returns
    -------
    array of int32, shape (time,)
    """
    spelling = _SPELLINGS[key]
    frames = (ended + np.cumsum(ids == rolls.FRAME)) % ROUND
    told = (key * ROUND + frames) * rolls.SIZE + spelling[voices(ids) if shown is None else shown]
    return (spelling[ids] + rolls.SIZE * told).astype(np.int32)


def moved(ids: Ids, rng: np.random.Generator) -> Ids:
    """Return what a network learns from: what it reads of a piece in a key drawn."""
    return tell(ids, int(rng.integers(len(SHIFTS))))


class InKeys:
    """A network that is asked in several keys at once: a `Predictor` of the tokens of `notegen.codecs.rolls`.

    Its log-probabilities are the mean of those in all keys, normalised over the tokens that may follow. A
    piece never ends: how long the pieces are is given. Its state is of each row the last tokens, from the one
    before the last whole frame on, and how many frames have ended; then the network's own.

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
        last = np.empty(batch, object)
        last[:] = [np.zeros(0, np.int32)] * batch
        own = self._apart(self._network.start(batch * len(self._keys)))
        return [last, np.zeros(batch, np.int64), *own]

    def read(self, ids: Ids, state: State) -> State:
        """Read stretches of tokens, shape (batch, time), and return the state behind them."""
        told, after = self._tell(ids, state)
        return [*after, *self._apart(self._network.read(told, _together(state[2:])))]

    def predict(self, ids: Ids, state: State) -> tuple[LogProbabilities, State]:
        """Read stretches of tokens, and say what may follow each; see `Predictor`."""
        told, after = self._tell(ids, state)
        said, left = self._network.predict(told, _together(state[2:]))
        said = said.reshape(len(ids), -1, *said.shape[1:])  # (batch, keys, time, tokens)
        mean = np.zeros((*ids.shape, rolls.SIZE))
        for i, key in enumerate(self._keys):
            mean += said[:, i][..., _SPELLINGS[key]] / len(self._keys)
        allowed = rolls.follows(ids.ravel()).reshape(mean.shape)
        allowed[..., rolls.END] = False
        mean[~allowed] = -np.inf
        return log_softmax(mean), [*after, *self._apart(left)]

    def _tell(self, ids: Ids, state: State) -> tuple[Ids, State]:
        """Return what the network reads, shape (batch x keys, time), and the state but for its own."""
        last, ended = state[0].copy(), state[1]
        told = []
        for i, row in enumerate(ids):
            known = np.concatenate([last[i], row])
            shown = voices(known)[len(last[i]) :]
            told += [tell(row, key, shown, int(ended[i])) for key in self._keys]
            last[i] = known[np.flatnonzero(known < rolls.PITCH)[-2:][0] :]
        return np.array(told), [last, ended + (ids == rolls.FRAME).sum(axis=1)]

    def _apart(self, state: State) -> State:
        """Return a network's state, its first axis being the batch alone."""
        return [each.reshape(-1, len(self._keys), *each.shape[1:]) for each in state]


def _together(state: State) -> State:
    """Return the state as the network knows it; the inverse of `_apart`."""
    return [each.reshape(-1, *each.shape[2:]) for each in state]
