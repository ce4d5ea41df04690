"""Accompaniment: tracks that no model continues go on as they did, are held, or fall silent.

What goes on repeats its own last bars: as many as the track repeats itself by, or the last few bars in which
it plays, if it has been resting.
"""

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.melody import GRID
from notegen.score import NOTE, Score, Table, rescale, table

Others = Literal["loop", "hold", "empty"]
OTHERS: tuple[Others, ...] = ("loop", "hold", "empty")

_PERIODS = (1, 2, 4, 8)  # bars after which music comes back
_HEARD = 16  # bars that tell the period
_RESTING = 8  # bars of silence after which a track is not missed
_CLOSE = 0.05  # of likeness; longer periods win over what is hardly better

_Bar = frozenset[tuple[int, int]]  # notes by the grid tick of the bar and the pitch


class Stretch(NamedTuple):
    """Where new bars stand, in the seed's ticks.

    Parameters
    ----------
    seam : int
        Nothing new begins before it.
    bar : int
        The beginning of the first bar with anything new.
    length : int
        Of a bar.
    bars : int
        How many bars there are from `bar` on.
    """

    seam: int
    bar: int
    length: int
    bars: int

    @property
    def end(self) -> int:
        """The tick at which the last bar ends."""
        return self.bar + self.length * self.bars


def accompany(score: Score, track: int, stretch: Stretch, others: Others) -> Table:
    """Return what a track plays in new bars.

    Parameters
    ----------
    score : Score
        The seed.
    track : int
    stretch : Stretch
    others : str
        "loop": its last bars again; "hold": what sounds at the seam, to the end; "empty": nothing.

    Returns
    -------
    structured array of `NOTE`, sorted by onset
    """
    own = score.notes[score.notes["track"] == track]
    if others == "empty" or not len(own):
        return table([], NOTE)
    return _held(own, stretch) if others == "hold" else _looped(score, own, stretch)


def _held(own: Table, stretch: Stretch) -> Table:
    """Strike the last notes again at the seam, and hold them."""
    ends = own["onset"] + own["duration"]
    rows = own[ends >= ends.max() - _grid(stretch)].copy()
    rows = rows[np.unique(rows["pitch"], return_index=True)[1]]
    rows["onset"], rows["duration"] = stretch.seam, max(1, stretch.end - stretch.seam)
    return table(rows, NOTE)


def _grid(stretch: Stretch) -> int:
    """Return the shortest time that is heard as one, in the seed's ticks: a sixteenth of a bar."""
    return max(1, stretch.length // 16)


def _looped(score: Score, own: Table, stretch: Stretch) -> Table:
    known = [stretch.bar - stretch.length * back for back in range(_HEARD, 0, -1)]
    starts = np.array([start for start in known if start >= 0] or [stretch.bar], dtype=np.int64)
    bars = [_bar(own, start, stretch.length, score.resolution) for start in starts.tolist()]
    if not any(bars[-_RESTING:]):
        return table([], NOTE)
    while _is_resting(bars):
        bars.pop()
    source = starts[: len(bars)][-_period(bars) :]
    pieces = []
    for i in range(stretch.bars):
        start = int(source[i % len(source)])
        rows = own[(own["onset"] >= start) & (own["onset"] < start + stretch.length)].copy()
        rows["onset"] += stretch.bar + i * stretch.length - start
        pieces.append(rows[rows["onset"] >= stretch.seam])
    rows = np.concatenate(pieces)
    rows["duration"] = np.minimum(rows["duration"], stretch.end - rows["onset"])
    return table(rows, NOTE)


def _bar(own: Table, start: int, length: int, resolution: int) -> _Bar:
    rows = own[(own["onset"] >= start) & (own["onset"] < start + length)]
    ticks: NDArray[np.int64] = rescale(rows["onset"] - start, resolution, GRID)
    return frozenset(zip(ticks.tolist(), rows["pitch"].tolist(), strict=True))


def _is_resting(bars: list[_Bar]) -> bool:
    """Whether a track ends in a rest that was not there a period before."""
    period = _period(bars)
    again = period < len(bars) and not bars[-1 - period] and any(bars[-period:])
    return not bars[-1] and not again


def _period(bars: list[_Bar]) -> int:
    """Return after how many bars a track is most like itself; of nearly equal periods the longest."""
    likeness = {period: _likeness(bars, period) for period in _PERIODS if period <= len(bars)}
    best = max(likeness.values())
    return max(period for period, found in likeness.items() if found >= best - _CLOSE)


def _likeness(bars: list[_Bar], period: int) -> float:
    """Return how like bars are to those so many before them, from 0 to 1 (Jaccard)."""
    pairs = [(bars[i], bars[i - period]) for i in range(period, len(bars))]
    shares = [len(one & other) / len(one | other) for one, other in pairs if one | other]
    return float(np.mean(shares)) if shares else 0.0
