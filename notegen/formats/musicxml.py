"""MusicXML to scores, by way of music21.

music21 knows where in its bar a note begins, how long it lasts, and what is tied. It is given no more
of a file than that takes (see `mxparts`): the rest takes it long, and what it does not read cannot stop
it. Bars are laid end to end in the order of play, each as long as the part that fills it, so that no
part runs ahead of another.
"""

import math
import warnings
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import accumulate
from typing import Any, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

import numpy as np

from notegen.errors import EmptyError, FormatError, MissingExtraError
from notegen.formats import mxl, mxparts, repeats
from notegen.formats.bars import regular
from notegen.formats.mxsigns import read_signs
from notegen.keys import MODES, Key
from notegen.score import DRUM_CHANNEL, KEY, METER, NOTE, TEMPO, Score, Table, Track, table

_RESOLUTION, _FINEST, _ROUNDED = 480, 0x7FFF, 30_240  # ticks a quarter; 2 to 9 divide the last
_LONGEST = 1_000_000  # quarters; days of music
_SLOWEST = 0xFFFFFF  # microseconds a quarter
_MODES = {name: mode for mode, name in enumerate(MODES)} | {"ionian": 0, "aeolian": 1}
_VELOCITY = 80
_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]


class _Note(NamedTuple):
    """A written note: its bar, its place there and duration in quarters, and the ties on its sides."""

    bar: int
    offset: Fraction
    duration: Fraction
    pitch: int
    velocity: int | None
    part: int
    tied: bool  # to a note before
    ties: bool  # to a note behind


class _Change(NamedTuple):
    """A written change of tempo, meter, key or velocity, and where it stands."""

    bar: int
    offset: Fraction
    value: tuple[int, ...]


class _Part(NamedTuple):
    """What music21 tells of a part; the lengths of its bars are in quarters, changes are by kind."""

    notes: list[_Note]
    sounding: set[int]  # the bars that have notes
    lengths: list[Fraction]
    changes: dict[str, list[_Change]]


def decode(data: bytes) -> Score:
    """Read the bytes of a MusicXML file, plain or compressed.

    Pitches are those that sound. Repeats, endings and jumps are played out, tied notes are one, and
    grace notes and cues are left out. A part is a track, however many staves it has.

    Raises
    ------
    FormatError
        If the bytes are damaged or no such file.
    EmptyError
        If there are no notes.
    MissingExtraError
        If music21 is not installed.
    """
    root = mxl.read_tree(data)
    written = mxparts.read_parts(root)
    parts = [_read(i, *pair) for i, pair in enumerate(zip(written, _streams(written), strict=True))]
    if not any(part.notes for part in parts):
        raise EmptyError("the piece has no notes")
    tracks = _tracks(written)
    order = repeats.order(read_signs(root))
    lengths = _lengths(parts)
    starts = list(accumulate((lengths[bar] for bar in order), initial=Fraction(0)))
    if starts[-1] > _LONGEST:
        raise FormatError("the file claims to last for days; its times are damaged")
    score = replace(_play(parts, tracks, order, starts), tracks=tracks, title=mxparts.title(root))
    return replace(score, meters=regular(score, np.array([_tick(at, score.resolution) for at in starts])))


def _streams(written: list[mxparts.Part]) -> list[Any]:
    """Have music21 read the reduced trees; return its parts."""
    try:
        from music21 import converter
    except ImportError as error:
        raise MissingExtraError("reading MusicXML", "musicxml") from error
    root = Element("score-partwise")
    listed = SubElement(root, "part-list")
    for i, part in enumerate(written):
        SubElement(SubElement(listed, "score-part", id=f"P{i}"), "part-name")
        part.tree.set("id", f"P{i}")
        root.append(part.tree)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return list(converter.parseData(tostring(root, "unicode"), format="musicxml").parts)
    except Exception as error:  # music21 raises whatever it comes across
        raise FormatError("music21 cannot make sense of this MusicXML") from error


def _read(number: int, written: mxparts.Part, stream: Any) -> _Part:
    """Take what a score holds from one of music21's parts."""
    part = _Part([], set(), [], defaultdict(list))
    for i, bar in enumerate(stream.getElementsByClass("Measure")):
        part.lengths.append(Fraction(bar.highestTime))
        for voice in (bar, *bar.voices):
            for element in voice.notes:
                part.sounding.add(i)
                offset, duration = Fraction(element.offset), Fraction(element.quarterLength)
                for note in element.notes if element.isChord else (element,):
                    tie, pitch = note.tie.type if note.tie else "", round(note.pitch.ps)
                    ties = (tie in ("stop", "continue"), tie in ("start", "continue"))
                    part.notes.append(_Note(i, offset, duration, pitch, note.volume.velocity, number, *ties))
        for element in bar:
            kind, value = _change(element, written.shifts[i])
            if kind:
                part.changes[kind].append(_Change(i, Fraction(element.offset), value))
    return part._replace(notes=_with_velocities(part.notes, part.changes["velocity"]))


def _with_velocities(notes: list[_Note], loudness: list[_Change]) -> list[_Note]:
    """Give notes that name no velocity the one in force where they stand."""
    places = [change[:2] for change in loudness]
    known = []
    for note in notes:
        before = bisect_right(places, note[:2])
        in_force = loudness[before - 1].value[0] if before else _VELOCITY
        known.append(note._replace(velocity=in_force) if note.velocity is None else note)
    return known


def _change(element: Any, shift: int) -> tuple[str, tuple[int, ...]]:
    """Return what kind of change an element is, and its value; an empty name if it is none."""
    kinds = element.classes
    if "TimeSignature" in kinds:
        return "meter", (element.numerator, element.denominator)
    if "KeySignature" in kinds and element.sharps is not None and abs(element.sharps) <= 7:
        key = Key(element.sharps, _MODES.get(getattr(element, "mode", ""), 0))
        return "key", key.transposed(shift) if shift % 12 else key
    if "MetronomeMark" in kinds:
        return "tempo", (min(max(round(60e6 / element.getQuarterBPM()), 1), _SLOWEST),)
    if "TextExpression" in kinds:
        return "velocity", (int(element.content),)
    return "", ()


def _lengths(parts: list[_Part]) -> list[Fraction]:
    """Return how long bars are: as long as their notes need, as a rest may stand for any whole bar."""
    lengths = []
    for i in range(max(len(part.lengths) for part in parts)):
        here = [(i in part.sounding, part.lengths[i]) for part in parts if i < len(part.lengths)]
        lengths.append(max(here)[1])
    return lengths


def _play(parts: list[_Part], tracks: Sequence[Track], order: list[int], starts: list[Fraction]) -> Score:
    """Lay bars end to end; `starts` are the quarters at which they begin, and the end."""
    played = _tie([note for part in parts for note in part.notes], order, starts)
    resolution = _resolution({time.denominator for note in played for time in note[:2]})
    rows = []
    for onset, end, pitch, velocity, part in sorted(played, key=lambda row: (row[0], row[4], row[2])):
        tick = _tick(onset, resolution)
        rows.append((tick, max(1, _tick(end, resolution) - tick), pitch, velocity, part))
    pitched = [part for part, track in zip(parts, tracks, strict=True) if not track.is_drum] or parts
    meters = next((part.changes["meter"] for part in parts if part.changes["meter"]), [])
    keys = next((part.changes["key"] for part in pitched if part.changes["key"]), [])
    tempos = sorted((change for part in parts for change in part.changes["tempo"]), key=lambda c: c[:2])

    def in_play(changes: list[_Change], dtype: np.dtype[Any]) -> Table:
        return _map(changes, order, starts, resolution, dtype)

    return Score(
        notes=table(rows, NOTE),
        tempos=in_play(tempos, TEMPO),
        meters=in_play(meters, METER),
        keys=in_play(keys, KEY),
        resolution=resolution,
    )


def _tie(notes: list[_Note], order: list[int], starts: list[Fraction]) -> list[Any]:
    """Return notes in play as (onset, end, pitch, velocity, part), those that a tie joins as one."""
    of_bar = defaultdict(list)
    for note in sorted(notes):
        of_bar[note.bar].append(note)
    played: list[list[Any]] = []
    waiting: dict[tuple[int, int, Fraction], list[list[Any]]] = defaultdict(list)
    for bar, start in zip(order, starts, strict=False):  # the last of the starts is the end
        for note in of_bar[bar]:
            onset = start + note.offset
            before = waiting[note.part, note.pitch, onset] if note.tied else []
            end = onset + note.duration
            if before:
                row = before.pop()
                row[1] = end
            else:
                row = [onset, end, note.pitch, note.velocity, note.part]
                played.append(row)
            if note.ties:
                waiting[note.part, note.pitch, end].append(row)
    return played


def _map(
    changes: list[_Change], order: list[int], starts: list[Fraction], resolution: int, dtype: np.dtype[Any]
) -> Table:
    """Return changes in play; after a jump, what the text has in force there is in force again."""
    places = [change[:2] for change in changes]
    rows: dict[int, tuple[int, ...]] = {}
    for bar, start in zip(order, starts, strict=False):
        inside = bisect_right(places, (bar, Fraction(0)))
        if inside:
            rows[_tick(start, resolution)] = changes[inside - 1].value
        for change in changes[inside : bisect_left(places, (bar + 1,))]:
            rows[_tick(start + change.offset, resolution)] = change.value
    kept: list[tuple[int, ...]] = []
    for tick, value in sorted(rows.items()):
        if not kept or kept[-1][1:] != value:
            kept.append((tick, *value))
    return table(kept, dtype)


def _resolution(denominators: set[int]) -> int:
    """Return ticks a quarter that hold all times exactly, or nearly where there are none."""
    for base in (_RESOLUTION, 1):
        resolution = math.lcm(base, *denominators)
        if resolution <= _FINEST:
            return resolution
    return _ROUNDED


def _tick(quarters: Fraction, resolution: int) -> int:
    return math.floor(quarters * resolution + Fraction(1, 2))


def _tracks(written: list[mxparts.Part]) -> tuple[Track, ...]:
    """Give parts channels of their own; where these do not suffice, programs share them."""
    programs = [0 if part.drums else _program(part) for part in written]
    pitched = [i for i, part in enumerate(written) if not part.drums]
    many = len(pitched) > len(_CHANNELS)
    voices = list(dict.fromkeys(programs[i] if many else i for i in pitched))
    tracks = []
    for i, part in enumerate(written):
        channel = DRUM_CHANNEL
        if not part.drums:
            channel = _CHANNELS[voices.index(programs[i] if many else i) % len(_CHANNELS)]
        tracks.append(Track(part.name, programs[i], channel))
    return tuple(tracks)


def _program(part: mxparts.Part) -> int:
    """Return the program that a part names, or that of the instrument it is called after."""
    from music21 import exceptions21, instrument

    if part.program is not None:
        return part.program
    try:
        return int(instrument.fromString(part.name).midiProgram or 0)
    except exceptions21.Music21Exception:
        return 0
