"""A part of a MusicXML tree to its notes and to what changes in its course, as they are written.

A place is a bar and an offset in it; times are quarters. In each bar a cursor moves on with every note
and rest. Voices share it: ``<backup>`` and ``<forward>`` move it to where the next one begins.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from operator import itemgetter
from typing import NamedTuple
from xml.etree.ElementTree import Element

from notegen.errors import FormatError
from notegen.formats.musicxml.changes import read_changes, velocity
from notegen.formats.musicxml.elements import number, text_of

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SNARE = 38  # for a drum that no number is given for
_VELOCITY = 80
_FINEST = 0x7FFF  # ticks a quarter

Place = tuple[int, Fraction]
Changes = list[tuple[Place, tuple[int, ...]]]  # places and the values from there on, in order
Drums = dict[str | None, int]  # the pitches of a percussion part's instruments, by their ids


class Note(NamedTuple):
    """A written note: its place, its duration, and the ties on its sides."""

    place: Place
    duration: Fraction
    pitch: int
    velocity: int
    tied: bool  # to a note before
    ties: bool  # to a note behind


class Part(NamedTuple):
    """A part's notes in order; of each bar, whether it sounds and its length; and changes by kind."""

    notes: list[Note]
    bars: list[tuple[bool, Fraction]]
    changes: dict[str, Changes]


def read_part(part: Element, drums: Drums | None) -> Part:
    """Read a part; only percussion has drums.

    Raises
    ------
    FormatError
        If a pitch, a duration, a key or a meter is damaged.
    """
    notes, bars = [], [(False, Fraction(0)) for _ in part.iterfind("measure")]
    changes: dict[str, Changes] = defaultdict(list)
    for place, duration, shift, element in _walk(part):
        for kind, value in read_changes(element, shift):
            changes[kind].append((place, value))
        if element.tag in ("note", "forward"):
            sounds = element.tag == "note" and element.find("rest") is None and element.find("cue") is None
            sounding, length = bars[place[0]]
            bars[place[0]] = (sounding or sounds, max(length, add(place[1], duration)))
            if sounds:
                notes.append((place, duration, _pitch(element, shift, drums), element))
    for rows in changes.values():
        rows.sort(key=itemgetter(0))
    return Part(sorted(_note(*row, changes["velocity"]) for row in notes), bars, changes)


def in_force(changes: Changes, place: Place) -> tuple[int, ...]:
    """Return the value that the last change up to a place sets; nothing if there is none."""
    before = bisect_right(changes, place, key=itemgetter(0))
    return changes[before - 1][1] if before else ()


def add(time: Fraction, other: Fraction) -> Fraction:
    """Return the sum of two times, exactly where a MIDI file could hold it."""
    total = time + other
    return total if total.denominator <= _FINEST else total.limit_denominator(_FINEST)


def _walk(part: Element) -> Iterator[tuple[Place, Fraction, int, Element]]:
    """Yield what lasts or changes something, behind its place, its duration, and the part's transposition."""
    divisions, shift = Fraction(1), 0  # of a quarter; semitones that it sounds above what is written
    for bar, measure in enumerate(part.iterfind("measure")):
        cursor = start = Fraction(0)
        for element in measure:
            if element.tag in ("attributes", "direction", "sound"):
                named = number(element.find("divisions"))
                divisions = named if named and named > 0 else divisions
                shift = _shift(element, shift)
                offset = add(cursor, (number(element.find("offset")) or 0) / divisions)
                yield (bar, max(offset, Fraction(0))), Fraction(0), shift, element
            elif element.tag == "backup":
                cursor = max(add(cursor, -_duration(element) / divisions), Fraction(0))
            elif element.tag in ("note", "forward") and element.find("grace") is None:
                duration = _duration(element) / divisions
                if element.find("chord") is None:
                    start, cursor = cursor, add(cursor, duration)
                yield (bar, start), duration, shift, element


def _duration(element: Element) -> Fraction:
    value = number(element.find("duration"))
    if value is None or value < 0:
        raise FormatError(f"a {element.tag} has no duration, or one that is no number")
    return value


def _shift(attributes: Element, shift: int) -> int:
    transpose = attributes.find("transpose")
    if transpose is None:
        return shift
    octaves = number(transpose.find("octave-change")) or 0
    return int(number(transpose.find("chromatic")) or 0) + 12 * int(octaves)


def _note(place: Place, duration: Fraction, pitch: int, note: Element, loudness: Changes) -> Note:
    """Read the rest of a note; if it names no velocity, it has the one in force."""
    known = velocity(note.get("dynamics")) or next(iter(in_force(loudness, place)), _VELOCITY)
    ties = {tie.get("type") for tie in note.findall("tie") or note.findall("notations/tied")}
    return Note(place, duration, pitch, known, "stop" in ties, "start" in ties)


def _pitch(note: Element, shift: int, drums: Drums | None) -> int:
    """Return the pitch at which a note sounds, or that of its drum."""
    pitch = None if drums is None else _drum(note, drums)
    if pitch is None:
        step, octave = text_of(note.find("pitch/step")), number(note.find("pitch/octave"))
        if step not in _STEPS or octave is None:
            raise FormatError("a note has no pitch")
        alter = number(note.find("pitch/alter")) or 0
        pitch = round(_STEPS[step] + alter) + 12 * (int(octave) + 1) + shift
    if not 0 <= pitch <= 127:
        raise FormatError("a note lies outside the range of MIDI")
    return pitch


def _drum(note: Element, drums: Drums) -> int | None:
    """Return the drum that a note stands for, or None for a note with a pitch."""
    instrument = note.find("instrument")
    first = next(iter(drums.values()), _SNARE)
    if note.find("unpitched") is None:
        return None if instrument is None else drums.get(instrument.get("id"))
    return first if instrument is None else drums.get(instrument.get("id"), first)
