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

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.errors import FormatError, RangeError
from notegen.melody import GRID, pickup_length
from notegen.score import KEY, METER, NOTE, Score, Table, meter_of, table

_MOST_BARS = 50_000
_POSITION, _PITCH, _RELEASE = v.FIRST["position"], v.FIRST["pitch"] + v.LOWEST, v.FIRST["release"]


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
    moved = onset != np.maximum(np.append(0, (onset + duration)[:-1]), starts[bar])
    pickup = pickup_length(line.meters)
    place = onset - starts[bar]  # in the bar
    if pickup:
        place[bar == 0] += _whole_bar(line.meters) - pickup
    more = (place + duration - 1) // v.LONGEST_RELEASE  # tokens of the longest release before the last
    heads, head_length = _heads(line, starts)
    note_length = moved + more + 2
    before = np.cumsum(head_length)  # tokens of the heads up to each bar
    at = before[bar] + np.cumsum(note_length) - note_length + 1
    ids = np.full(int(before[-1] + note_length.sum()) + 2, _RELEASE + v.LONGEST_RELEASE - 1, dtype=np.int32)
    ids[0], ids[-1] = v.START, v.END
    ids[at[moved]] = _POSITION + place[moved]
    ids[at + moved] = _PITCH + pitch - _tonics(line.keys, onset)
    ids[at + moved + more + 1] = _RELEASE + place + duration - v.LONGEST_RELEASE * more - 1
    notes_before = np.append(0, np.cumsum(note_length))[np.searchsorted(bar, np.arange(len(starts)))]
    begin = before - head_length + notes_before + 1
    ids[begin] = v.BAR
    for i, head in heads.items():
        ids[begin[i] : begin[i] + len(head)] = head
    return ids


def _heads(line: Score, starts: NDArray[np.int64]) -> tuple[dict[int, list[int]], NDArray[np.int64]]:
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


def _tonics(keys: Table, onset: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the tonic in force at each onset, in semitones from C."""
    tonics = np.array([v.tonic(v.key_id(v.Key(fifths, mode))) for _, fifths, mode in keys.tolist()])
    result: NDArray[np.int64] = tonics[np.searchsorted(keys["tick"], onset, side="right") - 1]
    return result


def _whole_bar(meters: Table) -> int:
    return int(v.WHOLE * meters["numerator"][1] // meters["denominator"][1])


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
            meters.insert(0, (0, *_pickup_meter(length - value, meters)))
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
    return Score(notes=table(notes, NOTE), meters=table(meters, METER), keys=table(keys, KEY), resolution=GRID)


def _pickup_meter(pickup: int, meters: list[tuple[int, int, int]]) -> tuple[int, int]:
    meter = meter_of(pickup, meters[0][2], GRID)
    if meter is None:
        raise FormatError(f"no meter stands for a pickup of {pickup} ticks")
    return meter


def note_count(ids: Ids) -> int:
    """Return how many notes a row of tokens holds."""
    return int((v.KIND[ids] == v.INDEX["pitch"]).sum())
