"""A walk through a recording: what leads the sampler over frames.

Each token drawn is taken to stand for a frame of the recording: the next one if that is heard as this token,
else the one most like it. So the network's predictions meet the memory of the piece, which asks with real
frames. What is just being played does not vote: it would have the walk go on as the recording does.
"""

import numpy as np
from numpy.typing import NDArray

from notegen.audio.features import FRAME_RATE
from notegen.audio.frames import Ids, Levels, Span
from notegen.codecs.grammar import Mask
from notegen.evaluation.frames import MOST_MOMENTS, Text
from notegen.model import memory as memories
from notegen.model.memory import Memory, Say

_PLAYING = round(0.5 * FRAME_RATE)  # frames around the present one that do not vote
_OWN = 10.0  # votes that a moment gains each time the take itself comes by
_UNHEARD = 8  # frames that a token of another recording may last
_LIKE = 5.0  # decibels by which the next frame may be farther from an entry than from its own


class Walk:
    """Leads the sampler through a batch of takes.

    Parameters
    ----------
    heard : Text
        The recording.
    levels : array of float32, shape (frames, BANDS)
    entries : array of float32, shape (entries, BANDS)
        The codebook.
    span : Span
        The frames that are walked over; the takes go on from the last of them.
    places : array of int32, shape (time + 1,)
        The places of the new frames, and of the one behind them.
    say : Say
    takes : int
    """

    def __init__(
        self,
        heard: Text,
        levels: Levels,
        entries: Levels,
        span: Span,
        places: NDArray[np.int32],
        say: Say,
        takes: int,
    ) -> None:
        first = max(span.start, span.stop - 1 - MOST_MOMENTS)
        self._span, self._say, self._places = Span(first, span.stop), say, places
        self._tokens, self._levels, self._keys = heard.tokens, levels, heard.keys
        self._entries, self._vocabulary = entries, len(entries) + 1
        known = slice(first, span.stop - 1)
        self._memory = Memory(heard.keys[known], heard.tokens[first + 1 : span.stop], self._vocabulary)
        self._counts = np.ones((takes, span.stop - 1 - first), np.float32)
        self._at = np.full(takes, span.stop - 1)
        self._path: list[NDArray[np.int64]] = []
        self._longest = _longest_runs(heard.tokens[slice(*self._span)], self._vocabulary)
        self._last, self._run = np.zeros(takes, np.int32), np.zeros(takes, np.int64)
        self.alive = np.ones(takes, dtype=bool)

    @property
    def path(self) -> NDArray[np.int64]:
        """The frames walked over, shape (takes, time)."""
        return np.stack(self._path, axis=1)

    def mask(self) -> Mask:
        """Return what may come next: every token but one that lasts longer than it does in the recording."""
        mask = np.ones((len(self._at), self._vocabulary), dtype=bool)
        mask[:, 0] = False
        if self._vocabulary == 2:
            return mask  # a recording of one entry has nothing else to play
        stuck = self._run >= self._longest[self._last]
        mask[stuck, self._last[stuck]] = False
        return mask

    def advise(self, log_probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mix the vote of the memory in."""
        if not self._say.share:
            return log_probabilities
        counts = self._counts.copy()
        for row, at in zip(counts, self._at - self._span.start, strict=True):
            row[max(0, at - _PLAYING) : at + _PLAYING + 1] = 0
        votes, nearness = self._memory.vote(self._keys[self._at], self._say.width, counts)
        return memories.mix(log_probabilities, votes, self._say.share * nearness)

    def advance(self, tokens: Ids) -> Ids:
        """Walk on to the frames that tokens stand for."""
        if len(self._path) == len(self._places) - 1:
            self.alive[:] = False
            return tokens
        self._run = np.where(tokens == self._last, self._run + 1, 1)
        self._last = tokens
        following = np.array([self._next(at, token) for at, token in zip(self._at, tokens, strict=True)])
        went_on = following == self._at + 1
        self._counts[went_on, self._at[went_on] - self._span.start] += _OWN
        self._at = following
        self._path.append(following)
        ids: Ids = tokens + np.int32(self._vocabulary) * self._places[len(self._path)]
        return ids

    def _next(self, at: int, token: int) -> int:
        """Return the frame that a token stands for, coming from a frame."""
        onward = at + 1 if at + 1 < self._span.stop else at
        if onward > at and self._is(onward, token):
            return int(onward)
        same = self._span.start + np.flatnonzero(self._tokens[slice(*self._span)] == token)
        if len(same) > 1:
            same = same[same != at]  # or the walk would stand still
        if not len(same):  # an entry of another recording: the frame that is nearest to it
            entry = self._entries[token - 1]
            return self._span.start + int(
                ((self._levels[slice(*self._span)] - entry) ** 2).sum(axis=1).argmin()
            )
        return int(same[((self._keys[same] - self._keys[onward]) ** 2).sum(axis=1).argmin()])

    def _is(self, frame: int, token: int) -> bool:
        """Whether a frame is heard as a token, or nearly."""
        own = int(self._tokens[frame])
        if own == token:
            return True
        wanted, nearest = (
            float(((self._levels[frame] - self._entries[each - 1]) ** 2).mean()) ** 0.5
            for each in (token, own)
        )
        return bool(wanted < nearest + _LIKE)


def _longest_runs(tokens: Ids, vocabulary: int) -> NDArray[np.int64]:
    """Return for how many frames each token lasts at most, shape (vocabulary,); 8 of one that is missing."""
    starts = np.flatnonzero(np.diff(tokens, prepend=-1))
    longest = np.full(vocabulary, _UNHEARD)
    longest[np.unique(tokens)] = 0
    np.maximum.at(longest, tokens[starts], np.diff(np.append(starts, len(tokens))))
    return longest
