"""The codec `frames`: a recording as tokens, and tokens as frames again.

A token is an entry of the codebook, counted from 1; 0 is padding. The place of a frame says where in the beat
and in the bar it lies, as the position in the bar does for notes. An id is the token of one frame and the
place of the next: ``token + vocabulary * place``.
"""

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.audio import beats, codebook
from notegen.audio.beats import PHASES
from notegen.audio.features import BANDS, FLOOR, FRAME_RATE

_BARS = (1, 2, 3, 4, 6, 8)  # beats in a bar
_FIRST = {bar: 1 + PHASES * sum(_BARS[:i]) for i, bar in enumerate(_BARS)}  # the first place in such a bar
PLACES = 1 + PHASES * sum(_BARS)  # place 0 is that of music without a beat
_SECTION, _FEWEST = 512, 16  # frames of a section, at most and at least
_FAINT = 6.0  # decibels above the floor, below which is silence
_FADED = 15.0  # decibels below what is usual
_PLACE_WEIGHT = np.float32(1.0)  # of places in keys: half a beat is as far as 2 to 3 dB
_SHARE = 10  # sections, of which one is for validation and one for testing

Levels = NDArray[np.float32]
Ids = NDArray[np.int32]
Tables = dict[str, NDArray[np.float32]]


class Span(NamedTuple):
    """A range of frames."""

    start: int
    stop: int


@dataclass(frozen=True)
class Clock:
    """The beat of a recording.

    Parameters
    ----------
    beats : array of int64
        The frames on which beats fall; fewer than two if there is no beat.
    bar : int
        Beats after which the music is most like itself.
    frames : int
        How long the recording is.
    """

    beats: NDArray[np.int64]
    bar: int
    frames: int

    @classmethod
    def of(cls, levels: Levels) -> "Clock":
        """Find the beat of levels of shape (frames, BANDS)."""
        found = beats.track(levels)
        return cls(found, beats.bar(levels, found), len(levels))

    @property
    def tempo(self) -> float | None:
        """Beats a minute; None where there is no beat."""
        if len(self.beats) < 2:
            return None
        return float(60 * FRAME_RATE * (len(self.beats) - 1) / (self.beats[-1] - self.beats[0]))

    def places(self, more: int = 0) -> NDArray[np.int32]:
        """Return the places of all frames and of `more` frames behind them, shape (frames + more,)."""
        if len(self.beats) < 2:
            return np.zeros(self.frames + more, np.int32)
        own = beats.place(self.beats, self.bar, self.frames)
        behind = beats.onward(self.beats, self.bar, self.frames, more)
        return (np.concatenate([own, behind]) + _FIRST[self.bar]).astype(np.int32)


def in_bar(places: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return places counted from the beginning of their bar; 0 without a beat.

    Examples
    --------
    >>> in_bar(np.array([0, 1, 17, 49], np.int32)).tolist()  # the last two are in bars of two and of three
    [0, 0, 0, 0]
    """
    firsts = np.array([0, *_FIRST.values()])
    counted: NDArray[np.int64] = places - firsts[np.searchsorted(firsts, places, side="right") - 1]
    return counted.astype(np.int64)


def tokens(levels: Levels, entries: Levels) -> Ids:
    """Return the token of each frame, shape (frames,)."""
    return codebook.assign(levels, entries) + np.int32(1)


def ids(tokens: Ids, places: NDArray[np.int32], vocabulary: int) -> Ids:
    """Return ids of tokens (frames,) from the places (frames + 1,) of these frames and the one behind.

    Examples
    --------
    >>> ids(np.array([1, 2], np.int32), np.array([7, 8, 9], np.int32), 10).tolist()
    [81, 92]
    """
    return tokens + np.int32(vocabulary) * places[1:]


def tables(entries: Levels, rows: list[Ids]) -> Tables:
    """Return what a network of these frames is given: see `notegen.model.network`.

    Parameters
    ----------
    entries : array of float32, shape (entries, BANDS)
        The codebook, in decibels.
    rows : list of arrays of int
        Tokens to count pairs in.

    Returns
    -------
    dict
        ``embedding``, ``places`` and ``prior``, as half precision holds them.
    """
    embedding = np.concatenate([np.zeros((1, BANDS), np.float32), 1 + 2 * entries / -FLOOR])  # -1 to 1
    found = {"embedding": embedding, "places": place_vectors(), "prior": bigram(rows, len(embedding))}
    return {name: table.astype(np.float16).astype(np.float32) for name, table in found.items()}


def entries_of(weights: Tables) -> Levels:
    """Return the codebook of a network; the inverse of `tables`."""
    entries: Levels = (weights["embedding"][1:] - 1) * np.float32(-FLOOR / 2)
    return entries


def bigram(rows: list[Ids], vocabulary: int) -> NDArray[np.float32]:
    """Return the logarithms of an interpolated bigram, shape (vocabulary, vocabulary): after a row, a column.

    Witten and Bell's smoothing (1991), with unigrams and these with a uniform distribution.
    """
    counts = np.zeros((vocabulary, vocabulary))
    for row in rows:
        np.add.at(counts, (row[:-1], row[1:]), 1)
    single = counts.sum(axis=0)
    kinds = np.count_nonzero(single)
    unigram = (single + kinds / vocabulary) / max(1.0, single.sum() + kinds)
    kinds = np.maximum(1, np.count_nonzero(counts, axis=1))[:, None]
    logarithms: NDArray[np.float32] = np.log(
        (counts + kinds * unigram) / (counts.sum(axis=1, keepdims=True) + kinds)
    ).astype(np.float32)
    return logarithms


def sounding(levels: Levels) -> Span:
    """Return the frames between the silence at either end."""
    heard = np.flatnonzero(levels.max(axis=1) > FLOOR + _FAINT)
    return Span(int(heard[0]), int(heard[-1]) + 1) if len(heard) else Span(0, len(levels))


def before_fade(levels: Levels) -> int:
    """Return how many frames there are before the recording dies away at its end.

    That is behind the last frame that is no more than 15 dB below the median of all seconds' loudest frames.
    """
    power = 10 * np.log10(np.mean(10 ** (levels / 10), axis=1))
    second = round(FRAME_RATE)
    whole = power[: len(power) // second * second].reshape(-1, second)
    usual = float(np.median(whole.max(axis=1))) if len(whole) else float(power.max())
    return int(np.flatnonzero(power > usual - _FADED)[-1]) + 1


def keys(levels: Levels, places: NDArray[np.int32]) -> Levels:
    """Return what a memory knows frames by, shape (frames, BANDS + 10).

    Distances between keys are in decibels (root mean square of all bands), with a bit for the place.
    """
    return np.concatenate([levels / np.float32(BANDS**0.5), _PLACE_WEIGHT * place_vectors()[places]], axis=1)


@cache
def place_vectors() -> NDArray[np.float32]:
    """Return what places look like, shape (PLACES, 10).

    Cosines and sines of the angles in the beat (1, 2 and 4 times) and in the bar (1 and 2 times).
    """
    out = np.zeros((PLACES, 10))
    for bar, first in _FIRST.items():
        at = np.arange(bar * PHASES) / PHASES  # in beats
        turns = [at, 2 * at, 4 * at, at / bar, 2 * at / bar]
        angles = 2 * np.pi * np.array(turns if bar > 1 else turns[:3])
        waves = np.stack([np.cos(angles), np.sin(angles)], axis=1).reshape(-1, len(at)).T
        out[first : first + len(at), : waves.shape[1]] = waves
    vectors: NDArray[np.float32] = out.astype(np.float32)
    vectors.flags.writeable = False
    return vectors


def sections(frames: int, *, test: bool) -> dict[str, list[Span]]:
    """Divide frames into what is learned from, chosen by and tested with.

    Of ten sections the fifth is for validation and the tenth, if `test` is set, for testing. Sections are of
    512 frames (12 s), and shorter in short recordings.

    Returns
    -------
    dict
        ``train``, ``valid`` and ``test``: spans of frames. Neighbours that are learned from are one span.

    Examples
    --------
    >>> sections(160, test=True)["valid"], sections(160, test=True)["train"]
    ([Span(start=64, stop=80)], [Span(start=0, stop=64), Span(start=80, stop=144)])
    """
    length = max(_FEWEST, min(_SECTION, frames // (2 * _SHARE)))
    sides: dict[str, list[Span]] = {"train": [], "valid": [], "test": []}
    for i, start in enumerate(range(0, frames, length)):
        side = {4: "valid", _SHARE - 1: "test" if test else "train"}.get(i % _SHARE, "train")
        span = Span(start, min(start + length, frames))
        last = sides[side][-1:]
        if last and last[0].stop == start:
            span = Span(last[0].start, span.stop)
            sides[side].pop()
        sides[side].append(span)
    return sides
