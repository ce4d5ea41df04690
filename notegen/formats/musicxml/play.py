"""Written parts to a score: bars are laid end to end in the order of play.

A bar is as long as the part that fills it, so that no part runs ahead of another.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate, zip_longest
from operator import itemgetter
from typing import Any

import numpy as np

from notegen.errors import FormatError
from notegen.formats.bars import regular
from notegen.formats.musicxml.parts import Changes, Note, Part, add, in_force
from notegen.score import KEY, METER, NOTE, TEMPO, Score, Table, Track, table

_RESOLUTION, _FINEST, _ROUNDED = 480, 0x7FFF, 30_240  # ticks a quarter; 2 to 9 divide the last
_LONGEST = 1_000_000  # quarters; days of music

Bars = list[tuple[int, Fraction]]  # numbers of bars in the order of play, and where they begin


def play(parts: Sequence[Part], tracks: tuple[Track, ...], order: Sequence[int], title: str) -> Score:
    """Play parts, each of them a track, with their bars in an order.

    Raises
    ------
    FormatError
        If the piece is too long to be one.
    """
    columns = zip_longest(*(part.bars for part in parts), fillvalue=(False, Fraction(0)))
    lengths = [max(column)[1] for column in columns]  # a part that only rests may do so for too long
    starts = list(accumulate((lengths[bar] for bar in order), add, initial=Fraction(0)))
    if starts[-1] > _LONGEST:
        raise FormatError("the file claims to last for days; its times are damaged")
    bars = list(zip(order, starts, strict=False))  # the last of the starts is the end
    played = [(*row, i) for i, part in enumerate(parts) for row in _tie(part.notes, bars)]
    played.sort(key=lambda row: (row[0], row[4], row[2]))
    resolution = _resolution({time.denominator for row in played for time in row[:2]})
    ticks = [_tick(start, resolution) for start in starts]
    rows = []
    for onset, end, *rest in played:
        tick = _tick(onset, resolution)
        rows.append((tick, max(1, _tick(end, resolution) - tick), *rest))
    pitched = [part for part, track in zip(parts, tracks, strict=True) if not track.is_drum] or parts
    tempos = sorted((change for part in parts for change in part.changes["tempo"]), key=itemgetter(0))
    score = Score(
        notes=table(rows, NOTE),
        tracks=tracks,
        tempos=_map(tempos, bars, resolution, TEMPO),
        meters=_map(_first(parts, "meter"), bars, resolution, METER),
        keys=_map(_first(pitched, "key"), bars, resolution, KEY),
        resolution=resolution,
        title=title,
    )
    return replace(score, meters=regular(score, np.array(ticks)))


def _tie(notes: Sequence[Note], bars: Bars) -> list[Any]:
    """Return notes in play as [onset, end, pitch, velocity], those that a tie joins as one."""
    of_bar = defaultdict(list)
    for note in notes:
        of_bar[note.place[0]].append(note)
    played: list[list[Any]] = []
    waiting: dict[tuple[int, Fraction], list[list[Any]]] = defaultdict(list)  # by pitch and end
    for bar, start in bars:
        for note in of_bar[bar]:
            onset = add(start, note.place[1])
            end = add(onset, note.duration)
            before = waiting[note.pitch, onset] if note.tied else []
            if before:
                row = before.pop()
                row[1] = end
            else:
                row = [onset, end, note.pitch, note.velocity]
                played.append(row)
            if note.ties:
                waiting[note.pitch, end].append(row)
    return played


def _first(parts: Sequence[Part], kind: str) -> Changes:
    """Return the changes of the first part that has any."""
    return next((part.changes[kind] for part in parts if part.changes[kind]), [])


def _map(changes: Changes, bars: Bars, resolution: int, dtype: np.dtype[Any]) -> Table:
    """Return changes in play; after a jump, what the text has in force there is in force again."""
    of_bar = defaultdict(list)
    for (bar, offset), value in changes:
        of_bar[bar].append((offset, value))
    rows: dict[int, tuple[int, ...]] = {}
    for bar, start in bars:
        for offset, value in [(Fraction(0), in_force(changes, (bar, Fraction(0)))), *of_bar[bar]]:
            if value:
                rows[_tick(start + offset, resolution)] = value
    kept: list[tuple[int, ...]] = []
    for tick, value in sorted(rows.items()):
        if not kept or kept[-1][1:] != value:
            kept.append((tick, *value))
    return table(kept, dtype)


def _resolution(denominators: set[int]) -> int:
    """Return ticks a quarter that hold all times exactly, or nearly where there are none."""
    exact = math.lcm(*denominators)
    return next((each for each in (math.lcm(_RESOLUTION, exact), exact) if each <= _FINEST), _ROUNDED)


def _tick(quarters: Fraction, resolution: int) -> int:
    return math.floor(quarters * resolution + Fraction(1, 2))
