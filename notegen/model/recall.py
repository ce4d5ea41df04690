"""Memory of the piece in hand: what followed when the same tokens stood before.

Each earlier moment of the piece at which the present token stood votes for the token that followed it. The
votes are weighed and mixed with a model's prediction p:

    p'(x) = (1 - e) ((1 - m) p(x) / (1 - e) + m sum_j w_j [x followed j]) / (1 - m + m sum_j w_j)

where m is the memory's share, e the model's probability of the end, which was never heard before it comes and
so stays as it is, and w_j a product of weights (`notegen.model.habits`):

- how many tokens up to j are the same as those up to now: the more, the likelier it goes on so;
- how many bars back j lies: music repeats itself after 4, 8 or 16 bars, and seldom after 5;
- how much of what lies between was a repetition: that tells when to stop.

Where nothing similar was heard no weight is large, and the model speaks alone. No training is needed, and
nothing is asked of the model but its predictions. The mixture is the pointer sentinel of Merity, Xiong,
Bradbury and Socher ("Pointer sentinel mixture models", 2017), with lengths that are counted in the place of
attention that is learned.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import END, Ids
from notegen.errors import UsageError
from notegen.model.habits import FARTHEST, Habits, Moments, Trial, classify
from notegen.model.predictor import LogProbabilities, Predictor, State

MOST = FARTHEST  # moments that are remembered; the oldest are forgotten first
_RUN = 16  # tokens that are repeated by intention
_LEAST = 1e-6  # of the model is left at a memory of 1, for where nothing was heard


@dataclass(frozen=True, slots=True)
class _Past:
    """What one row has read; its arrays are never changed, so that branches share them."""

    told: Ids  # (3, moments): each token, how many bars had begun, how many moments repeated `_RUN` tokens
    same: Ids  # (moments,): how many tokens up to each are those up to the last one; of that itself 0
    at: NDArray[np.int64]  # the moments of which that is not 0

    def then(self, tokens: Ids, begins: Ids) -> "_Past":
        """Return the past with more tokens, which begin bars (1) or do not (0)."""
        known, same, at = len(self.same), self.same, self.at
        told = np.empty((3, known + len(tokens)), dtype=np.int32)
        told[:, :known] = self.told
        _, bars, heard = self.told[:, -1].tolist() if known else (0, 0, 0)
        steps = zip(tokens.tolist(), begins.tolist(), strict=True)
        for now, (token, begin) in enumerate(steps, known):
            at = (told[0, :now] == token).nonzero()[0]
            lengths = same[at - 1] + 1  # before the first moment stands the last one's 0
            same = np.zeros(now + 1, dtype=np.int32)
            same[at] = lengths
            bars, heard = bars + begin, heard + (len(at) > 0 and lengths.max() >= _RUN)
            told[:, now] = token, bars, heard
        past = _Past(told, same, at)
        return past if len(same) <= MOST else past._bounded()

    def _bounded(self) -> "_Past":
        """Forget the oldest moments."""
        same = np.minimum(self.same[-MOST:], np.arange(1, MOST + 1, dtype=np.int32))
        return _Past(self.told[:, -MOST:], same, np.flatnonzero(same))


_NOTHING = _Past(np.zeros((3, 0), dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64))


class Remembering:
    """A model that also learns from the piece in hand: a `Predictor` around a `Predictor`.

    Parameters
    ----------
    base : Predictor
    habits : Habits
        How much earlier moments say.
    bar : array of int
        The tokens that begin a bar, or what stands for one.
    memory : float
        From 0 to 1: at 0 predictions are the model's own, bit for bit; at 0.5 habits count as they were
        fitted; above, what was heard counts for more than it does in music.

    Raises
    ------
    UsageError
        If the memory is out of range.

    Examples
    --------
    >>> from notegen.model.habits import FOLK
    >>> class Even:  # a model that has learned nothing
    ...     vocabulary = 12
    ...     def start(self, batch=1): return []
    ...     def predict(self, ids, state): return np.full((*ids.shape, 12), -np.log(12)), state
    >>> theme = [3, 4, 5, 3, 6, 7, 3, 8, 9, 3, 10, 11]  # four bars, each with two notes
    >>> model = Remembering(Even(), FOLK, bar=[3])
    >>> predicted, _ = model.predict(np.array([theme + theme[:5]]), model.start())
    >>> int(predicted[0, -1].argmax()), float(np.exp(predicted[0, -1].max()).round(2))
    (7, 0.76)
    """

    def __init__(self, base: Predictor, habits: Habits, bar: Sequence[int], memory: float = 0.5) -> None:
        if not 0 <= memory <= 1:
            raise UsageError(f"memory is {memory:g}, but must be between 0 and 1")
        self.base, self.habits, self.memory = base, habits, memory
        self.vocabulary = base.vocabulary
        self._begins = _begins(bar, base.vocabulary)

    def start(self, batch: int = 1) -> State:
        """Return the state before the first token: the model's own, and what each row has read."""
        return [*self.base.start(batch), _column([_NOTHING] * batch)]

    def read(self, ids: Ids, state: State) -> State:
        """Read stretches of tokens, shape (batch, time), and return the state behind them."""
        return [*self.base.read(ids, state[:-1]), _column(self._after(state[-1], ids))]

    def predict(self, ids: Ids, state: State) -> tuple[LogProbabilities, State]:
        """Read stretches of tokens, and say what may follow each; see `Predictor`."""
        predicted, after = self.base.predict(ids, state[:-1])
        if not self.memory:
            return predicted, [*after, _column(self._after(state[-1], ids))]
        predicted, pasts = predicted.copy(), list(state[-1])
        for t in range(ids.shape[1]):
            pasts = self._after(pasts, ids[:, t : t + 1])
            self._mix(pasts, predicted[:, t])
        return predicted, [*after, _column(pasts)]

    def _after(self, pasts: Iterable[_Past], ids: Ids) -> list[_Past]:
        return [past.then(row, self._begins[row]) for past, row in zip(pasts, ids, strict=True)]

    def _mix(self, pasts: list[_Past], predicted: LogProbabilities) -> None:
        """Mix what earlier moments vote for into log-probabilities (batch, vocabulary)."""
        moments, row, followers = _ask(pasts)
        weights = self.memory * self.habits.weigh(moments)
        votes = np.bincount(row * self.vocabulary + followers, weights, predicted.size)
        keep = max(1 - self.memory, _LEAST)
        whole = keep + votes.reshape(predicted.shape).sum(axis=1)
        end, going = predicted[:, END].copy(), _going_on(predicted[:, END])
        predicted += np.log(keep / whole)[:, None]
        cell = np.flatnonzero(votes)
        row, voted = np.divmod(cell, self.vocabulary)
        voices = np.log(votes[cell] * going[row] / whole[row])
        predicted[row, voted] = np.logaddexp(predicted[row, voted], voices)
        predicted[:, END] = end


def _ask(pasts: list[_Past]) -> tuple[Moments, NDArray[np.int64], Ids]:
    """Return which earlier moments vote, in which rows, and for which tokens."""
    row = np.repeat(np.arange(len(pasts)), [len(past.at) for past in pasts])
    at = np.concatenate([past.at for past in pasts])
    same = np.concatenate([past.same[past.at] for past in pasts])
    bars, heard = (np.concatenate([past.told[i][past.at] for past in pasts]) for i in (1, 2))
    followers = np.concatenate([past.told[0][past.at + 1] for past in pasts])
    now = np.array([[len(past.same) - 1, *past.told[1:, -1].tolist()] for past in pasts])[row]
    return classify(same, now[:, 1] - bars, now[:, 0] - at, now[:, 2] - heard), row, followers


def trials(base: Predictor, pieces: Iterable[Ids], bar: Sequence[int]) -> Iterator[Trial]:
    """Yield what earlier moments of pieces would have voted, for `notegen.model.habits.fit`."""
    begins = _begins(bar, base.vocabulary)
    for piece in pieces:
        piece = piece[: -1 if piece[-1] == END else None]
        predicted, _ = base.predict(piece[None, :-1], base.start())
        came = np.take_along_axis(predicted[0], piece[1:, None], axis=1)[:, 0]
        probabilities = np.exp(came) / _going_on(predicted[0, :, END])
        asked, past = [], _NOTHING
        for token in piece[:-1, None]:
            past = past.then(token, begins[token])
            asked.append(_ask([past]))
        rows, _, votes = zip(*asked, strict=True)
        moments = Moments(*map(np.concatenate, zip(*rows, strict=True)))
        owner = np.repeat(np.arange(len(votes)), list(map(len, votes)))
        right = np.concatenate(votes) == piece[1:][owner]
        yield Trial(moments, owner, right, probabilities)


def _going_on(end: LogProbabilities) -> LogProbabilities:
    """Return the probability that the piece goes on, from the logarithm of that it ends."""
    going: LogProbabilities = np.maximum(-np.expm1(end), _LEAST)
    return going


def _begins(bar: Sequence[int], vocabulary: int) -> Ids:
    """Return 1 for each token that begins a bar and 0 for all others, shape (vocabulary,)."""
    return np.isin(np.arange(vocabulary), bar).astype(np.int32)


def _column(pasts: list[_Past]) -> NDArray[np.object_]:
    column = np.empty(len(pasts), dtype=object)
    column[:] = pasts
    return column
