"""The note codec: a melody to tokens and back.

A piece is ``start``, bars, ``end``. A bar is ``bar`` and its notes; a note is ``pitch``, counted from
the tonic, and ``release``, the place in the bar where it ends, so that every note says where in the
bar the next one stands. A ``position`` comes before a note that does not begin where the last one
ended (or, at the beginning of a bar, on the bar line). ``meter`` and ``key`` stand before the first
bar, and before each bar from which another one is in force. A pickup is ``pickup`` and the position
of its beginning, counted as if the bar were whole. Notes that last over a bar line stand where they
begin.

`encode` and `decode` are inverse to each other for every melody (see `notegen.melody`).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.errors import FormatError, RangeError
from notegen.keys import Key
from notegen.melody import GRID, LONGEST, pickup_length
from notegen.score import KEY, METER, NOTE, Score, meter_of, table

Row = tuple[int, int, int]
_POSITION, _PITCH, _RELEASE = v.FIRST["position"], v.FIRST["pitch"] + v.LOWEST, v.FIRST["release"]


class Lines(NamedTuple):
    """Melodies side by side: the columns of all notes, and for each melody its size and its maps.

    Ticks are counted from each melody's own beginning, and ``until`` is the tick up to which its bars
    are written at least. Maps are lists of (tick, numerator, denominator) and (tick, fifths, mode).
    """

    onset: NDArray[np.int64]
    duration: NDArray[np.int64]
    pitch: NDArray[np.int64]
    sizes: list[int]
    meters: list[list[Row]]
    keys: list[list[Row]]
    until: list[int]


def encode(line: Score, until: int = 0) -> Ids:
    """Write a melody as tokens.

    Parameters
    ----------
    line : Score
        As `notegen.melody.melody` returns it.
    until : int
        The tick up to which bars are written at least, even without notes.

    Returns
    -------
    array of int32, shape (tokens,)

    Raises
    ------
    RangeError
        If the piece has a meter that the vocabulary lacks, or is far longer than any piece.
    """
    onset, duration, pitch = (line.notes[name].astype(np.int64) for name in ("onset", "duration", "pitch"))
    until = max(until, int(onset[-1]) + 1)
    if until > LONGEST:
        raise RangeError("the piece is longer than 50,000 bars of 4/4; its times are damaged")
    maps = [line.meters.tolist()], [line.keys.tolist()]
    return encode_many(Lines(onset, duration, pitch, [len(onset)], *maps, [until]))[0]


def encode_many(lines: Lines) -> list[Ids]:
    """Write melodies as tokens, all in one go: what `encode` does for one.

    The melodies are laid end to end on one clock, each from a bar line on.
    """
    bars = _lay_bars(lines)
    sizes = np.array(lines.sizes)
    last = np.cumsum(sizes)
    first = last - sizes
    clock = np.repeat(bars.start[bars.first], sizes)
    onset = lines.onset + clock
    end = onset + lines.duration
    bar = np.searchsorted(bars.start, onset, side="right") - 1
    ready = np.append(0, end[:-1])  # where a note begins by itself, but not before its bar
    ready[first] = 0
    moved = onset != np.maximum(ready, bars.start[bar])
    place = onset - bars.start[bar] + bars.offset[bar]
    release = place + lines.duration
    more = (release - 1) // v.LONGEST_RELEASE  # tokens of the longest release before the last
    length = moved + more + 2
    notes_end = np.cumsum(length)
    heads_end = np.cumsum(bars.head_length)
    at = heads_end[bar] + notes_end - length
    ids = np.full(int(heads_end[-1] + notes_end[-1]) + 1, _RELEASE + v.LONGEST_RELEASE - 1, dtype=np.int32)
    ids[-1] = v.END
    ids[at[moved]] = _POSITION + place[moved]
    ids[at + moved] = _PITCH + lines.pitch - bars.tonic[bar]
    ids[at + moved + more + 1] = _RELEASE + release - v.LONGEST_RELEASE * more - 1
    begin = (
        heads_end
        - bars.head_length
        + np.append(0, notes_end)[np.searchsorted(bar, np.arange(len(bars.start)))]
    )
    ids[begin] = v.BAR
    for i, head in bars.heads.items():
        ids[begin[i] : begin[i] + len(head)] = head
    starts = begin[bars.first]
    starts[1:] += 1  # a head begins with the end of the melody before
    return np.split(ids, starts[1:])


class _Bars(NamedTuple):
    """All bars of melodies that are laid end to end; arrays have shape (bars,)."""

    start: NDArray[np.int64]  # on the common clock
    offset: NDArray[np.int64]  # what a place in the bar is counted from: above 0 in a pickup
    tonic: NDArray[np.int64]
    first: NDArray[np.int64]  # shape (melodies,): each one's first bar
    heads: dict[int, list[int]]  # what stands before the notes, where it is not ``bar`` alone
    head_length: NDArray[np.int64]


class _Clock:
    """Lays the bars of one melody after another on a common clock."""

    def __init__(self) -> None:
        self.now = self.bars = 0
        self.segments: list[tuple[int, int, int]] = []  # beginning, length of a bar, how many bars
        self.tonics: list[tuple[int, int]] = []  # from which bar on
        self.heads: dict[int, list[int]] = {}
        self.offsets: dict[int, int] = {}
        self.first: list[int] = []

    def add(self, meters: list[Row], keys: list[Row], until: int) -> None:
        """Lay the bars of a melody."""
        base = self.bars
        self.first.append(base)
        pickup = pickup_length(meters)
        spans = self._add_meters(meters, until)
        heads = {bar: [v.meter_id(meter[1:])] for (bar, *_), meter in zip(spans, meters, strict=True)}
        if pickup:  # the meter that follows it counts for it
            heads[base] = heads.pop(spans[1][0])
            self.offsets[base] = spans[1][2] - pickup
        for tick, fifths, mode in keys:
            bar, begin, size = next(span for span in reversed(spans) if span[1] <= tick)
            at = bar + (tick - begin) // size
            if at >= self.bars:
                continue
            heads.setdefault(at, []).append(v.key_id(Key(fifths, mode)))
            self.tonics.append((at, v.tonic(heads[at][-1])))
        for at, head in heads.items():
            if at >= self.bars:
                continue  # a change behind the last bar that is written
            self.heads[at] = [*head, v.BAR]
        opening = [v.PICKUP, _POSITION + self.offsets[base]] if pickup else [v.BAR]
        self.heads[base] = [*([v.END] if base else []), v.START, *heads[base], *opening]

    def _add_meters(self, meters: list[Row], until: int) -> list[Row]:
        """Add the bars under each meter; return where these begin: bar, tick, and length of a bar."""
        spans, zero = [], self.now
        for i, (tick, *meter) in enumerate(meters):
            size = int(v.METER_LENGTH[v.meter_id((meter[0], meter[1])) - v.FIRST["meter"]])
            stop = min(meters[i + 1][0], until) if i + 1 < len(meters) else until
            count = max(0, -(-(stop - tick) // size))
            spans.append((self.bars, tick, size))
            self.segments.append((zero + tick, size, count))
            self.bars += count
            self.now = zero + tick + size * count
        return spans


def _lay_bars(lines: Lines) -> _Bars:
    clock = _Clock()
    for meters, keys, until in zip(lines.meters, lines.keys, lines.until, strict=True):
        clock.add(meters, keys, until)
    begin, size, bars = np.array(clock.segments, dtype=np.int64).T
    within = np.arange(clock.bars) - np.repeat(np.cumsum(bars) - bars, bars)
    start = np.repeat(begin, bars) + within * np.repeat(size, bars)
    changes, values = np.array(clock.tonics, dtype=np.int64).T
    tonic = np.repeat(values, np.diff(np.append(changes, clock.bars)))
    offset = np.zeros(clock.bars, dtype=np.int64)
    offset[list(clock.offsets)] = list(clock.offsets.values())
    head_length = np.ones(clock.bars, dtype=np.int64)
    head_length[list(clock.heads)] = [len(head) for head in clock.heads.values()]
    return _Bars(start, offset, tonic, np.array(clock.first), clock.heads, head_length)


def decode(ids: Ids) -> Score:
    """Read tokens back as a melody of resolution 24.

    A piece may lack its ``end``; tokens that stand for nothing yet (a pitch without its release)
    are left out then.

    Raises
    ------
    FormatError
        If the tokens break the grammar.
    """
    notes: list[tuple[int, int, int, int, int]] = []
    meters: list[tuple[int, int, int]] = []
    keys: list[tuple[int, int, int]] = []
    bar = next_bar = cursor = pitch = tonic = 0
    length, pickup = v.WHOLE, False
    kinds = [v.TABLE[k].name for k in v.KIND[ids].tolist()]
    for i, (kind, value) in enumerate(zip(kinds, v.VALUE[ids].tolist(), strict=True)):
        if kind == "meter":
            meters.append((next_bar, *v.METERS[value]))
            length = int(v.METER_LENGTH[value])
        elif kind == "key":
            keys.append((next_bar, *v.KEYS[value]))
            tonic = v.tonic(v.FIRST["key"] + value)
        elif kind in ("bar", "pickup"):
            bar, pickup = next_bar, kind == "pickup"
            next_bar = bar + length
            cursor = max(cursor, bar)
        elif kind == "position" and pickup and kinds[i - 1] == "pickup":
            meters.insert(0, (0, *pickup_meter(length - value, meters)))
            next_bar, bar = length - value, -value
            cursor = 0
            meters[1] = (next_bar, *meters[1][1:])
        elif kind == "position":
            cursor = bar + value
        elif kind == "pitch":
            pitch = value - v.LOWEST + tonic
        elif kind == "release" and i and kinds[i - 1] == "release":
            notes[-1] = (notes[-1][0], notes[-1][1] + value + 1, *notes[-1][2:])
            cursor += value + 1
        elif kind == "release":
            notes.append((cursor, bar + value + 1 - cursor, pitch, 80, 0))
            cursor = bar + value + 1
        elif kind == "end":
            break
    if not meters:
        raise FormatError("the tokens do not begin with a meter")
    if any(duration < 1 or not 0 <= pitch <= 127 for _, duration, pitch, _, _ in notes):
        raise FormatError("the tokens hold a note that ends before it begins, or has no MIDI pitch")
    return Score(
        notes=table(notes, NOTE), meters=table(meters, METER), keys=table(keys, KEY), resolution=GRID
    )


def pickup_meter(pickup: int, meters: list[Row]) -> tuple[int, int]:
    """Return the meter of a pickup of so many ticks before the first of a list of meters.

    Raises
    ------
    FormatError
        If none is so short.
    """
    meter = meter_of(pickup, meters[0][2], GRID)
    if meter is None:
        raise FormatError(f"no meter stands for a pickup of {pickup} ticks")
    return meter


def note_count(ids: Ids) -> int:
    """Return how many notes a row of tokens holds."""
    return int(np.isin(v.KIND[ids], (v.INDEX["pitch"], v.INDEX["drum"])).sum())
