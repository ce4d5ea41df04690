"""Grains: which frames of a recording are played where certain levels are wished.

Long runs of the source that come near to what is wished, joined where what follows sounds like what would
have followed: the cheapest path by dynamic programming, as in unit selection (A. Hunt and A. Black, "Unit
selection in a concatenative speech synthesis system using a large speech database", ICASSP 1996). Costs are
in decibels.
"""

from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.audio.beats import phase
from notegen.audio.features import FRAME_RATE

SHORTEST = 8  # frames of a grain: 0.19 s
_JOIN = 30.0  # of any join
_DIFFERENCE = 4.0  # of each decibel between what would have followed and what does
_LOUDNESS = 1.0  # of the difference in loudness, beside the one by bands
_PLACE = 3.0  # of a frame off in the beat, squared
_OFF = 16.0  # the most that this costs
_BEAT = 2.0  # of another beat in the bar
_PULSE = 30.0  # of a join, how much the same counts between what would have followed and what does
_AGAIN = 40.0  # of a join into what was just played
_RECENT = round(4 * FRAME_RATE)  # frames
_LOOKED_BACK = 6  # runs
_CLOSE = 20  # frames in front of what was played that count as it
_OUTLINE = 16  # cosines by which joins are compared; their products stay too small to be spread over threads
_FINE = 256  # places a beat that are told apart
_LEFT, _ENTERED = 32, 48  # frames between which joins are considered, at each new frame
_CHUNK = 1 << 21  # target costs that are worked out at a time

Levels = NDArray[np.float32]
Frames = NDArray[np.int64]
Costs = NDArray[np.float64]


class _Source(NamedTuple):
    """The frames that can be played."""

    features: Levels  # (frames, features)
    outlines: Levels  # (frames, _OUTLINE)
    places: Frames  # (frames,), `_FINE` a beat
    off: Levels  # (beats * _FINE,), what it costs to be off by so many places


class _Exits(NamedTuple):
    """The cheapest frames to leave at one time; each array has shape (exits,)."""

    frames: Frames
    runs: Frames  # rows of `_Runs`
    costs: Costs


class _Runs(NamedTuple):
    """Runs of the source, as far as any path uses them; each array has shape (runs,)."""

    began: Frames  # the new frame; -1 for those that were under way before
    frames: Frames  # the source's frame at that time
    before: Frames  # the run before


def choose(
    targets: Levels,
    places: Frames,
    levels: Levels,
    source_places: Frames,
    *,
    beat_places: int = 16,
    after: int | None = None,
) -> Frames:
    """Return the frame of the source that is played at each new frame.

    Parameters
    ----------
    targets : array of float32, shape (time, bands)
        The levels wished, in decibels.
    places : array of int64, shape (time,)
        The place in the bar of each new frame, `beat_places` a beat; all 0 where there is no beat.
    levels : array of float32, shape (frames, bands)
        The source.
    source_places : array of int64, shape (frames,)
    beat_places : int
    after : int, optional
        The frame of the source that the first new frame follows; any if left out.

    Returns
    -------
    array of int64, shape (time,)

    Examples
    --------
    >>> levels = np.random.default_rng(0).uniform(-60, 0, (200, 80)).astype(np.float32)
    >>> wished = np.r_[50:80, 120:150]
    >>> path = choose(levels[wished], np.zeros(60, int), levels, np.zeros(200, int))
    >>> np.array_equal(path, wished), joins(path).tolist()
    (True, [30])
    """
    if not len(targets):
        return np.zeros(0, np.int64)
    beats = int(max(places.max(), source_places.max())) // beat_places + 1
    there, begins = _finer(source_places, beat_places)
    period = float(np.median(np.diff(begins))) if len(begins) > 1 else 0.0
    source = _Source(_features(levels), _outlines(levels), there, _place_costs(beats, period))
    rows = _target_costs(_features(targets), _finer(places, beat_places)[0], source)
    started = np.zeros(len(levels))
    if after is not None:
        started[np.arange(len(levels)) != after] = np.inf
    return _cheapest(rows, started, source, len(targets))


def joins(path: Frames) -> Frames:
    """Return the new frames, from 1 on, that do not follow the one before in the source.

    Examples
    --------
    >>> joins(np.array([5, 6, 7, 2, 3])).tolist()
    [3]
    """
    return np.flatnonzero(np.diff(path) != 1) + 1


def longest_run(path: Frames) -> int:
    """Return the length in frames of the longest run of the source.

    Examples
    --------
    >>> longest_run(np.array([5, 6, 7, 2, 3]))
    3
    """
    return int(np.diff([0, *joins(path), len(path)]).max())


def _cheapest(rows: Iterator[Levels], cost: Costs, source: _Source, time: int) -> Frames:
    """Return the cheapest path; `cost` is that of each frame just before it.

    A run is entered with its first frames in one step, so that none is too short.
    """
    shortest = max(1, min(SHORTEST, time, len(cost) // 3))
    run, used = np.arange(len(cost)), len(cost)
    runs = _Runs(*np.tile(np.arange(used + time * _ENTERED, dtype=np.int32), (3, 1)))
    runs.began[:] = -1
    exits = deque([_leave(cost, run)], shortest)
    recent: deque[Levels] = deque(maxlen=shortest)
    for at, row in enumerate(rows):
        cost, run = np.append(np.inf, cost[:-1]) + row, np.append(-1, run[:-1])
        recent.append(row)
        if len(recent) == shortest and len(exits[0].frames):
            began = at - shortest + 1
            frames, before, total = _enter(exits[0], recent, source, runs, began)
            better = total < cost[frames + shortest - 1]
            new = np.arange(used, used + better.sum())
            used += len(new)
            runs.began[new], runs.frames[new], runs.before[new] = began, frames[better], before[better]
            reached = frames[better] + shortest - 1
            cost[reached], run[reached] = total[better], new
        exits.append(_leave(cost, run))
    return _followed(runs, int(run[cost.argmin()]), time)


def _followed(runs: _Runs, run: int, time: int) -> Frames:
    """Return the path that ends with a run."""
    path = np.empty(time, np.int64)
    while time:
        began = max(int(runs.began[run]), 0)
        path[began:time] = runs.frames[run] - runs.began[run] + np.arange(began, time)
        run, time = int(runs.before[run]), began
    return path


def _leave(cost: Costs, run: Frames) -> _Exits:
    """Return the cheapest frames to leave."""
    frames = _least(cost, _LEFT)
    return _Exits(frames, run[frames], cost[frames])


def _least(values: NDArray[np.floating], count: int) -> Frames:
    """Return where the least values lie that are finite, at most so many."""
    found = np.argpartition(values, count)[:count] if len(values) > count else np.arange(len(values))
    finite: Frames = found[np.isfinite(values[found])]
    return finite


def _enter(
    exits: _Exits, recent: deque[Levels], source: _Source, runs: _Runs, began: int
) -> tuple[Frames, Frames, Costs]:
    """Return frames to begin a run with, the best run before each, and the cost up to the last row."""
    count = len(source.places) - len(recent) + 1
    ahead: Costs = np.sum([row[step : step + count] for step, row in enumerate(recent)], axis=0)
    frames = _least(ahead, _ENTERED)
    price = exits.costs[:, None] + _join_costs(exits, frames, source)
    price += _AGAIN * _played(exits, frames, runs, began)
    left = price.argmin(axis=0)
    return frames, exits.runs[left], price[left, np.arange(len(frames))] + ahead[frames]


def _join_costs(exits: _Exits, frames: Frames, source: _Source) -> Levels:
    """Return the cost of joining frames behind exits, shape (exits, frames)."""
    last = len(source.places) - 1
    around = np.arange(-1, 2)
    followed = np.minimum(exits.frames + 1, last)
    wished, given = (
        source.outlines[np.clip(at[:, None] + around, 0, last)].reshape(len(at), -1)
        for at in (followed, frames)
    )
    off = (source.places[followed, None] - source.places[frames]) % len(source.off)
    difference = _distance(wished, given) / np.float32(np.sqrt(len(around)))
    costs: Levels = _JOIN + _DIFFERENCE * difference + _PULSE * source.off[off]
    return costs


def _played(exits: _Exits, frames: Frames, runs: _Runs, now: int) -> NDArray[np.bool_]:
    """Tell which frames lead into what was played lately before each exit, shape (exits, frames)."""
    run, end = exits.runs, np.full(len(exits.runs), now)
    found = np.zeros((len(run), len(frames)), bool)
    for _ in range(_LOOKED_BACK):
        shift = runs.frames[run] - runs.began[run]
        first, last = np.maximum(runs.began[run], now - _RECENT) + shift, end + shift
        found |= (frames >= first[:, None] - _CLOSE) & (frames < last[:, None])
        run, end = runs.before[run], runs.began[run]
    return found


def _target_costs(targets: Levels, places: Frames, source: _Source) -> Iterator[Levels]:
    """Yield the cost of playing each frame of the source at each new frame, shape (frames,)."""
    step = max(1, _CHUNK // len(source.places))
    for at in range(0, len(targets), step):
        costs = _distance(targets[at : at + step], source.features)
        costs += source.off[(places[at : at + step, None] - source.places) % len(source.off)]
        if len(source.places) > 1:
            costs[:, -1] = np.inf  # behind the last frame's centre there is no whole frame of sound
        yield from costs


def _finer(places: Frames, beat_places: int) -> tuple[Frames, Frames]:
    """Return places of which a beat has `_FINE`, and the frames at which beats begin.

    A place may last for two frames, but a beat begins at one.
    """
    place = places % beat_places
    begins = np.flatnonzero(np.diff(place) < 0) + 1
    if len(begins) < 2:
        return (2 * places + 1) * _FINE // (2 * beat_places), begins
    return places // beat_places * _FINE + phase(begins, len(places), _FINE), begins


def _place_costs(beats: int, period: float) -> Levels:
    """Return what it costs to be off by each number of fine places, shape (beats * _FINE,)."""
    off = np.arange(beats * _FINE)
    near = np.minimum(off % _FINE, -off % _FINE)
    other = (near != np.minimum(off, len(off) - off)) * _BEAT
    costs: Levels = (np.minimum(_PLACE * (near * period / _FINE) ** 2, _OFF) + other).astype(np.float32)
    return costs


def _features(levels: Levels) -> Levels:
    """Return frames whose distances are decibels: the bands' root mean square, with the loudness."""
    loudness = _LOUDNESS * levels.mean(axis=1, keepdims=True)
    return np.concatenate([levels / np.float32(np.sqrt(levels.shape[1])), loudness], axis=1)


def _outlines(levels: Levels) -> Levels:
    """Return the first terms of each frame's cosine transform; their distances are decibels too."""
    bands = levels.shape[1]
    angles = np.pi / bands * np.outer(np.arange(bands) + 0.5, np.arange(min(_OUTLINE, bands)))
    waves = np.cos(angles) * np.sqrt(2)
    waves[:, 0] = 1
    terms: Levels = levels @ (waves / bands).astype(np.float32)
    return terms


def _distance(some: Levels, others: Levels) -> Levels:
    """Return the Euclidean distance of each frame to each other frame, shape (some, others)."""
    squares: Levels = (some**2).sum(axis=1)[:, None] + (others**2).sum(axis=1) - 2 * (some @ others.T)
    return np.sqrt(np.maximum(squares, 0), out=squares)
