"""The codec of parts: a whole score to tokens and back.

A piece is ``start``, its head, bars, ``end``. The head says meter, key and tempo, and then of each part its
number and its ``program``. A bar is ``bar`` and its notes, by onset, then part, then pitch from high to low;
where ``meter``, ``key`` or ``tempo`` change, they stand before it. Before a note stands what is new about
it: a ``position`` if it does not begin with the note before (or, at the beginning of a bar, on the bar
line), its ``part`` if the note before was another's, and a ``velocity`` if it is not as loud as the part's
last one. The note itself is ``pitch`` and ``release``, as in melodies (`notegen.codecs.notes`), or ``drum``,
which has no end.

Bars may be missing: in the place of each stands a ``gap``, and behind the last bar ``fill`` and the missing
ones. They are written, and read, as if they stood in their place: part, velocities, meter and key are those
before the gap.

`encode` and `decode` are inverse to each other for every arranged score (see `notegen.arrange`).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.parts_reader import Reader
from notegen.codecs.vocabulary import Ids
from notegen.errors import RangeError
from notegen.keys import Key
from notegen.melody import LONGEST, pickup_length
from notegen.score import Score, Track

_POSITION, _PITCH, _RELEASE = v.FIRST["position"], v.FIRST["pitch"] + v.LOWEST, v.FIRST["release"]
_PART, _PROGRAM, _VELOCITY, _DRUM = (v.FIRST[name] for name in ("part", "program", "velocity", "drum"))
_CHANGES = [v.INDEX[name] for name in ("meter", "key", "tempo")]


def encode(score: Score, until: int = 0, numbers: Sequence[int] | None = None) -> Ids:
    """Write a score as tokens.

    Parameters
    ----------
    score : Score
        As `notegen.arrange.arrange` returns it.
    until : int
        The tick up to which bars are written at least, even without notes.
    numbers : sequence of int, optional
        Which part each track is, rising; from 0 on without gaps if not given.

    Returns
    -------
    array of int32, shape (tokens,)

    Raises
    ------
    RangeError
        If the piece has a meter that the vocabulary lacks, or is far longer than any piece.
    """
    until = max(until, int(score.notes["onset"].max(initial=0)) + 1)
    if until > LONGEST:
        raise RangeError("the piece is longer than 50,000 bars of 4/4; its times are damaged")
    numbers = range(len(score.tracks)) if numbers is None else numbers
    return _write(_columns(score, numbers), _bars(score, until, numbers))


def leave_out(score: Score, first: int, stop: int, numbers: Sequence[int] | None = None) -> Ids:
    """Write a score as tokens with some of its bars missing, and told at the end.

    Parameters
    ----------
    score : Score
        As `notegen.arrange.arrange` returns it.
    first, stop : int
        The first missing bar, counted from 0, and the first one behind it that is there.
    numbers : sequence of int, optional
        As in `encode`.

    Raises
    ------
    RangeError
        If there are no such bars, or if meter, key or tempo change in them or behind them.
    """
    until = int(score.notes["onset"][-1]) + 1
    lines = score.bars(until)
    if not 0 <= first < stop < len(lines):
        raise RangeError(
            f"there are no bars {first + 1} to {stop} to be left out: there are {len(lines) - 1}"
        )
    inside = (score.notes["onset"] >= lines[first]) & (score.notes["onset"] < lines[stop])
    whole = encode(score, numbers=numbers)
    rest = encode(replace(score, notes=score.notes[~inside]), until, numbers)
    at, gaps = (np.append(np.flatnonzero((ids == v.BAR) | (ids == v.PICKUP)), -1) for ids in (whole, rest))
    changed = np.isin(v.KIND[whole[at[max(first, 1) : stop + 1] - 1]], _CHANGES)
    if changed.any() or whole[at[first]] == v.PICKUP:
        raise RangeError("bars cannot be left out where meter, key or tempo change, nor a pickup")
    rest[gaps[first:stop]] = v.GAP
    return np.concatenate([rest[:-1], [v.FILL], whole[at[first] : at[stop]], [v.END]]).astype(np.int32)


class _Columns(NamedTuple):
    """What a score's notes are, and what is new about each; arrays have shape (notes,)."""

    onset: NDArray[np.int64]
    duration: NDArray[np.int64]
    pitch: NDArray[np.int64]
    part: NDArray[np.int64]
    step: NDArray[np.int64]  # of velocity
    drum: NDArray[np.bool_]
    parted: NDArray[np.bool_]  # of another part than the note before
    louder: NDArray[np.bool_]  # or softer than the last note of the part


def _columns(score: Score, numbers: Sequence[int]) -> _Columns:
    names = ("onset", "duration", "pitch", "track", "velocity")
    onset, duration, pitch, track, velocity = (score.notes[name].astype(np.int64) for name in names)
    part = np.array(numbers, dtype=np.int64)[track]
    step = velocity // v.LOUDNESS
    by_part = np.argsort(part, kind="stable")
    changes = np.diff(part[by_part] * v.LOUDNESS + step[by_part], prepend=-1) != 0
    louder = np.empty(len(step), dtype=bool)
    louder[by_part] = changes
    drum = np.array([each.is_drum for each in score.tracks])[track]
    return _Columns(onset, duration, pitch, part, step, drum, np.diff(part, prepend=-1) != 0, louder)


class _Bars(NamedTuple):
    """The bars of a score; arrays have shape (bars,)."""

    start: NDArray[np.int64]
    offset: NDArray[np.int64]  # what a place in the bar is counted from: above 0 in a pickup
    tonic: NDArray[np.int64]
    heads: dict[int, list[int]]  # what stands before the notes, where it is not ``bar`` alone


def _bars(score: Score, until: int, numbers: Sequence[int]) -> _Bars:
    start = score.bars(until)[:-1]
    pickup = pickup_length(score.meters.tolist())
    meters = score.meters[1:] if pickup else score.meters  # the meter that follows a pickup counts for it
    tempos = v.tempo_ids(score.tempos["microseconds"]).tolist()
    maps = (
        (meters, [v.meter_id((row[1], row[2])) for row in meters.tolist()]),
        (score.keys, [v.key_id(Key(*row[1:])) for row in score.keys.tolist()]),
        (score.tempos, tempos),
    )
    heads: dict[int, list[int]] = {}
    for rows, ids in maps:
        at = np.searchsorted(start, rows["tick"])
        at[0] = 0
        for bar, token in zip(at.tolist(), ids, strict=True):
            heads.setdefault(bar, []).append(token)
    keys = np.searchsorted(start, score.keys["tick"])
    tonics = np.array([v.tonic(token) for token in maps[1][1]])
    tonic = tonics[np.searchsorted(keys, np.arange(len(start)), side="right") - 1]
    offset = np.zeros(len(start), dtype=np.int64)
    offset[0] = v.METER_LENGTH[v.VALUE[heads[0][0]]] - pickup if pickup else 0
    heads = {bar: [*head, v.BAR] for bar, head in heads.items() if bar < len(start)}
    opening = [v.PICKUP, _POSITION + int(offset[0])] if pickup else [v.BAR]
    heads[0] = [v.START, *heads[0][:-1], *_declare(score.tracks, numbers), *opening]
    return _Bars(start, offset, tonic, heads)


def _declare(tracks: tuple[Track, ...], numbers: Sequence[int]) -> list[int]:
    programs = [v.DRUMS if track.is_drum else track.program for track in tracks]
    pairs = zip(numbers, programs, strict=True)
    return [token for number, program in pairs for token in (_PART + number, _PROGRAM + program)]


def _write(notes: _Columns, bars: _Bars) -> Ids:
    bar = np.searchsorted(bars.start, notes.onset, side="right") - 1
    place = notes.onset - bars.start[bar] + bars.offset[bar]
    fresh = np.diff(bar, prepend=-1) != 0  # the first note of its bar
    moved = place != np.where(fresh, bars.offset[bar], np.append(0, place[:-1]))
    release = place + notes.duration
    more = (release - 1) // v.LONGEST_RELEASE  # tokens of the longest release before the last
    length = 1 + moved + notes.parted + notes.louder + np.where(notes.drum, 0, more + 1)
    notes_end = np.cumsum(length)
    head_length = np.ones(len(bars.start), dtype=np.int64)
    head_length[list(bars.heads)] = [len(head) for head in bars.heads.values()]
    heads_end = np.cumsum(head_length)
    size = int(heads_end[-1] + length.sum()) + 1
    ids = np.full(size, _RELEASE + v.LONGEST_RELEASE - 1, dtype=np.int32)
    ids[-1] = v.END
    at = heads_end[bar] + notes_end - length
    for new, tokens in (
        (moved, _POSITION + place),
        (notes.parted, _PART + notes.part),
        (notes.louder, _VELOCITY + notes.step),
    ):
        ids[at[new]] = tokens[new]
        at = at + new
    ids[at] = np.where(notes.drum, _DRUM + notes.pitch, _PITCH + notes.pitch - bars.tonic[bar])
    held = ~notes.drum
    ids[(at + more + 1)[held]] = (_RELEASE + release - v.LONGEST_RELEASE * more - 1)[held]
    before = np.append(0, notes_end)[np.searchsorted(bar, np.arange(len(bars.start)))]
    begin = heads_end - head_length + before
    ids[begin] = v.BAR
    for i, head in bars.heads.items():
        ids[begin[i] : begin[i] + len(head)] = head
    return ids


def numbers(ids: Ids) -> list[int]:
    """Return which part each track of a piece is, as its head declares them."""
    program = np.flatnonzero(v.KIND[ids] == v.INDEX["program"])
    found: list[int] = v.VALUE[ids[program - 1]].tolist()
    return found


def decode(ids: Ids) -> Score:
    """Read tokens back as a score of resolution 24.

    A piece may lack its ``end``; tokens that stand for nothing yet (a pitch without its release)
    are left out then.

    Raises
    ------
    FormatError
        If the tokens break the grammar.
    """
    reader = Reader()
    reader.read(ids)
    return reader.score()
