"""What a MusicXML element changes from its place on: meter, key, tempo, velocity."""

import re
from collections.abc import Iterator
from fractions import Fraction
from xml.etree.ElementTree import Element

from notegen.errors import FormatError
from notegen.formats.musicxml.elements import number, text_of
from notegen.keys import MODES, Key

_BEAT_TYPES = {"1", "2", "4", "8", "16", "32", "64"}
_MODES = {name: mode for mode, name in enumerate(MODES)} | {"ionian": 0, "aeolian": 1}
_QUARTERS = {"breve": 8, "whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "16th": 0.25, "32nd": 0.125}
_VELOCITIES = {
    "pppp": 8, "ppp": 16, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 126, "ffff": 127,
}  # fmt: skip
_SLOWEST = 0xFFFFFF  # microseconds a quarter


def read_changes(element: Element, shift: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Yield what an element changes and to which value, as a row of a score's map has it.

    Keys are those that sound: the part sounds `shift` semitones higher than it is written.

    Raises
    ------
    FormatError
        If a key or a meter is damaged.
    """
    if element.tag == "attributes":
        for child in element:
            if child.get("number", "1") != "1":  # where staves differ, the first counts
                continue
            if child.tag == "time" and child.find("senza-misura") is None:
                yield "meter", _meter(child)
            elif child.tag == "key" and child.find("fifths") is not None:
                yield from (("key", key.transposed(shift) if shift % 12 else key) for key in _key(child))
    elif element.tag in ("direction", "sound"):
        sound = element if element.tag == "sound" else element.find("sound")
        heard = {} if sound is None else sound.attrib
        tempo = number(heard.get("tempo")) or _metronome(element.find("direction-type/metronome"))
        if tempo is not None and tempo > 0:
            yield "tempo", (min(max(round(60e6 / tempo), 1), _SLOWEST),)
        marks = [_VELOCITIES.get(mark.tag) for mark in element.iterfind("direction-type/dynamics/*")]
        loudness = velocity(heard.get("dynamics")) or next(filter(None, reversed(marks)), None)
        if loudness is not None:
            yield "velocity", (loudness,)


def velocity(percent: str | None) -> int | None:
    """Return a loudness in percent of a velocity of 90, as MusicXML counts, as a velocity."""
    value = number(percent)
    return None if value is None else min(max(round(value * 9 / 10), 1), 127)


def _meter(time: Element) -> tuple[int, int]:
    """Return a time signature that MIDI can hold; of a sum such as 3/8 + 2/4, the whole."""
    beats = [sum(map(int, re.findall(r"[0-9]{1,9}", text_of(text)))) for text in time.iterfind("beats")]
    units = [text_of(unit) for unit in time.iterfind("beat-type")]
    if units and len(beats) == len(units) and _BEAT_TYPES.issuperset(units):
        shortest = max(map(int, units))
        numerator = sum(n * shortest // int(unit) for n, unit in zip(beats, units, strict=True))
        if 1 <= numerator <= 255:
            return numerator, shortest
    raise FormatError("a time signature is damaged")


def _key(element: Element) -> list[Key]:
    """Return a key signature, or nothing if it has more sharps or flats than MIDI can hold."""
    fifths = number(element.find("fifths"))
    if fifths is None:
        raise FormatError("a key signature is damaged")
    return [Key(int(fifths), _MODES.get(text_of(element.find("mode")), 0))] if abs(fifths) <= 7 else []


def _metronome(mark: Element | None) -> Fraction | None:
    """Return the quarters a minute that a metronome mark asks for."""
    beats = None if mark is None else number(mark.find("per-minute"))
    if mark is None or beats is None:
        return None
    dots = len(mark.findall("beat-unit-dot"))
    return beats * Fraction(_QUARTERS.get(text_of(mark.find("beat-unit")), 0)) * (2 - Fraction(1, 2**dots))
