"""The note codec: a melody to tokens and back.

A piece is ``start``, bars, ``end``. A bar is ``bar`` and its notes; a note is ``pitch`` and
``duration``, with a ``position`` before them if it does not begin where the last note ended (or, at
the beginning of a bar, on the bar line). ``meter`` and ``key`` stand before the first bar, and before
each bar from which another one is in force. A pickup is ``pickup`` and the position of its beginning,
counted as if the bar were whole. Notes that last over a bar line stand where they begin.

`encode` and `decode` are inverse to each other for every melody (see `notegen.melody`).
"""

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.errors import FormatError, RangeError
from notegen.melody import GRID, pickup_length
from notegen.score import KEY, METER, NOTE, Score, Table, meter_of, table

_MOST_BARS = 50_000
_POSITION, _PITCH, _DURATION = v.FIRST["position"], v.FIRST["pitch"], v.FIRST["duration"]


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
        If the piece has a meter that the vocabulary lacks, or more than 50,000 bars.
    """
    if max(line.end, until) > _MOST_BARS * v.WHOLE:
        raise RangeError("the piece is longer than 50,000 bars; its times are damaged or it is no piece")
    onset, duration, pitch = (line.notes[name] for name in ("onset", "duration", "pitch"))
    starts = line.bars(max(until, int(onset[-1]) + 1))[:-1]
    bar = np.searchsorted(starts, onset, side="right") - 1
    cursor = np.maximum(np.append(0, (onset + duration)[:-1]), starts[bar])  # where a note begins by itself
    moved = onset != cursor
    full = (duration - 1) // v.WHOLE  # whole notes, each a token, before the duration's rest
    heads, head_length = _heads(line, starts)
    note_length = moved + full + 2
    before = np.cumsum(head_length)  # tokens of the heads up to each bar
    at = before[bar] + np.cumsum(note_length) - note_length + 1
    ids = np.full(int(before[-1] + note_length.sum()) + 2, _DURATION + v.WHOLE - 1, dtype=np.int32)
    ids[0], ids[-1] = v.START, v.END
    ids[at[moved]] = _POSITION + (onset - starts[bar])[moved]
    pickup = pickup_length(line.meters)
    if pickup:
        ids[at[moved & (bar == 0)]] += _whole_bar(line.meters) - pickup
    ids[at + moved] = _PITCH + pitch
    ids[at + moved + full + 1] = _DURATION + duration - v.WHOLE * full - 1
    notes_before = np.append(0, np.cumsum(note_length))[np.searchsorted(bar, np.arange(len(starts)))]
    place = before - head_length + notes_before + 1
    ids[place] = v.BAR
    for i, head in heads.items():
        ids[place[i] : place[i] + len(head)] = head
    return ids


def _heads(line: Score, starts: np.ndarray) -> tuple[dict[int, list[int]], np.ndarray]:
    """Return what stands before the notes of those bars that do not begin with ``bar`` alone."""
    pickup = pickup_length(line.meters)
    rows = line.meters.tolist()
    changes = {tick: (n, d) for tick, n, d in (rows[1:] if pickup else rows)}
    if pickup:
        changes = {0: changes.pop(rows[1][0]), **changes}
    keys = {tick: v.key_id(v.Key(fifths, mode)) for tick, fifths, mode in line.keys.tolist()}
    heads: dict[int, list[int]] = {}
    for tick in sorted(changes.keys() | keys.keys()):
        i = int(np.searchsorted(starts, tick))
        if i == len(starts):
            continue
        meter = [v.meter_id(changes[tick])] if tick in changes else []
        heads[i] = [*meter, *([keys[tick]] if tick in keys else []), v.BAR]
    if pickup:
        heads[0][-1:] = [v.PICKUP, _POSITION + _whole_bar(line.meters) - pickup]
    length = np.ones(len(starts), dtype=np.int64)
    for i, head in heads.items():
        length[i] = len(head)
    return heads, length


def _whole_bar(meters: Table) -> int:
    return int(v.WHOLE * meters["numerator"][1] // meters["denominator"][1])


def decode(ids: Ids) -> Score:
    """Read tokens back as a melody of resolution 24.

    A piece may lack its ``end``; tokens that stand for nothing yet (a pitch without its duration)
    are left out then.

    Raises
    ------
    FormatError
        If the tokens break the grammar.
    """
    notes: list[tuple[int, int, int, int, int]] = []
    meters: list[tuple[int, int, int]] = []
    keys: list[tuple[int, int, int]] = []
    bar = next_bar = cursor = pitch = 0
    length, pickup = v.WHOLE, False
    kinds = [v.TABLE[k].name for k in v.KIND[ids].tolist()]
    for i, (kind, value) in enumerate(zip(kinds, v.VALUE[ids].tolist(), strict=True)):
        if kind == "meter":
            meters.append((next_bar, *v.METERS[value]))
            length = int(v.METER_LENGTH[value])
        elif kind == "key":
            keys.append((next_bar, *v.KEYS[value]))
        elif kind in ("bar", "pickup"):
            bar, pickup = next_bar, kind == "pickup"
            next_bar = bar + length
            cursor = max(cursor, bar)
        elif kind == "position" and pickup and kinds[i - 1] == "pickup":
            meters.insert(0, (0, *_pickup_meter(length - value, meters)))
            next_bar, bar = length - value, -value
            meters[1] = (next_bar, *meters[1][1:])
        elif kind == "position":
            cursor = bar + value
        elif kind == "pitch":
            pitch = value
        elif kind == "duration" and i and kinds[i - 1] == "duration":
            notes[-1] = (notes[-1][0], notes[-1][1] + value + 1, *notes[-1][2:])
            cursor += value + 1
        elif kind == "duration":
            notes.append((cursor, value + 1, pitch, 80, 0))
            cursor += value + 1
        elif kind == "end":
            break
    if not meters:
        raise FormatError("the tokens do not begin with a meter")
    return Score(notes=table(notes, NOTE), meters=table(meters, METER), keys=table(keys, KEY), resolution=GRID)


def _pickup_meter(pickup: int, meters: list[tuple[int, int, int]]) -> tuple[int, int]:
    meter = meter_of(pickup, meters[0][2], GRID)
    if meter is None:
        raise FormatError(f"no meter stands for a pickup of {pickup} ticks")
    return meter


def note_count(ids: Ids) -> int:
    """Return how many notes a row of tokens holds."""
    return int((v.KIND[ids] == v.INDEX["pitch"]).sum())
