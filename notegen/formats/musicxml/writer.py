"""Scores to MusicXML, as notation programs read it."""

import re
from functools import reduce
from math import gcd
from xml.etree import ElementTree as Xml

import notegen
from notegen.keys import Key
from notegen.notation import metre
from notegen.notation.beams import Beams, beams
from notegen.notation.metre import RESOLUTION
from notegen.notation.percussion import place
from notegen.notation.sheet import Measure, Part, Sheet, notate
from notegen.notation.spelling import spell
from notegen.notation.values import Value
from notegen.score import Score, Span

_DOCTYPE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
    '"http://www.musicxml.org/dtds/partwise.dtd">\n'
)
_TYPES = {1: "whole", 2: "half", 4: "quarter", 8: "eighth", 16: "16th", 32: "32nd", 64: "64th"}
_CLEFS = {
    "treble": ("G", 2, 0),
    "treble 8va": ("G", 2, 1),
    "bass": ("F", 4, 0),
    "bass 8vb": ("F", 4, -1),
    "percussion": ("percussion", 2, 0),
}
_MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian")
_AUDIBLE = 0.1  # tempos that differ by less than this are not printed

Element = Xml.Element


def encode(score: Score, new: Span | None = None) -> bytes:
    """Write a score as the bytes of a MusicXML file; see `notegen.notation.sheet.notate`.

    Parameters
    ----------
    score : Score
    new : Span, optional
        What of the music is new: double bar lines and the words "new" and "seed" mark where it begins
        and ends.
    """
    sheet = notate(score, new)
    root = Xml.Element("score-partwise", version="4.0")
    if sheet.title:
        _add(_add(root, "work"), "work-title", sheet.title)
    _add(_add(_add(root, "identification"), "encoding"), "software", f"notegen {notegen.__version__}")
    names = _add(root, "part-list")
    for i, part in enumerate(sheet.parts, start=1):
        _declare(names, part, i, alone=len(sheet.parts) == 1)
        _write_part(_add(root, "part", id=f"P{i}"), sheet, part, i)
    Xml.indent(root, " ")
    body: bytes = Xml.tostring(root, encoding="utf-8")
    return _DOCTYPE.encode() + body + b"\n"


def _add(parent: Element, tag: str, text: object = None, **attributes: str) -> Element:
    element = Xml.SubElement(parent, tag, attributes)
    if text is not None:
        element.text = _legal(str(text))
    return element


def _legal(text: str) -> str:
    """Leave out the characters that XML cannot hold."""
    return re.sub("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text)


def _declare(names: Element, part: Part, number: int, *, alone: bool) -> None:
    """Write a part's name and its instruments; a percussion part has one for each pitch."""
    track = part.track
    element = _add(names, "score-part", id=f"P{number}")
    hidden = {"print-object": "no"} if alone else {}
    _add(element, "part-name", track.name or f"Part {number}", **hidden)
    drums = _pitches(part) if track.is_drum else [-1]
    ids = [f"P{number}-I{pitch + 1}" for pitch in drums]
    for each in ids:
        _add(_add(element, "score-instrument", id=each), "instrument-name", track.name or "Instrument")
    for each, pitch in zip(ids, drums, strict=True):
        midi = _add(element, "midi-instrument", id=each)
        _add(midi, "midi-channel", track.channel + 1)
        _add(midi, "midi-program", track.program + 1)
        if track.is_drum:
            _add(midi, "midi-unpitched", pitch + 1)


def _pitches(part: Part) -> list[int]:
    return sorted({pitch for bar in part.bars for voice in bar for v in voice for pitch in v.pitches})


def _write_part(parent: Element, sheet: Sheet, part: Part, number: int) -> None:
    values = [value for bar in part.bars for voice in bar for value in voice]
    lengths = [each for value in values for each in (value.start, value.length)]
    offsets = [at for measure in sheet.measures for at, _ in measure.tempos]
    unit = reduce(gcd, [*lengths, *offsets, *(m.length for m in sheet.measures)], RESOLUTION)
    printed = 0.0
    for i, (measure, bar) in enumerate(zip(sheet.measures, part.bars, strict=True)):
        implicit = {} if measure.number else {"implicit": "yes"}
        element = _add(parent, "measure", number=str(measure.number), **implicit)
        _write_attributes(element, measure, part, RESOLUTION // unit if i == 0 else 0)
        if number == 1:
            printed = _write_signs(element, measure, unit, printed)
        for j, voice in enumerate(bar):
            if j:
                _add(_add(element, "backup"), "duration", measure.length // unit)
            _write_voice(element, voice, measure, part, (number, j + 1, len(bar)), unit)
        _write_bar_line(element, sheet, i)


def _write_attributes(parent: Element, measure: Measure, part: Part, divisions: int) -> None:
    if not (divisions or measure.new_key or measure.shown):
        return
    element = _add(parent, "attributes")
    if divisions:
        _add(element, "divisions", divisions)
    if measure.new_key:
        key = _add(element, "key")
        _add(key, "fifths", measure.key.fifths)
        _add(key, "mode", _MODES[measure.key.mode])
    if measure.shown:
        time = _add(element, "time")
        _add(time, "beats", measure.shown[0])
        _add(time, "beat-type", measure.shown[1])
    if divisions:
        sign, line, octave = _CLEFS[part.clef]
        clef = _add(element, "clef")
        _add(clef, "sign", sign)
        _add(clef, "line", line)
        if octave:
            _add(clef, "clef-octave-change", octave)


def _write_signs(parent: Element, measure: Measure, unit: int, printed: float) -> float:
    """Write what stands above the first staff: tempos, and what is new; return the last tempo."""
    if measure.mark:
        element = _add(parent, "direction", placement="above")
        _add(_add(element, "direction-type"), "rehearsal", measure.mark)
    for offset, tempo in measure.tempos:
        element = parent
        if abs(tempo - printed) > _AUDIBLE * printed:
            element = _add(parent, "direction", placement="above")
            dots, length = _beat(measure)
            sign = _add(_add(element, "direction-type"), "metronome")
            _add(sign, "beat-unit", "quarter")
            for _ in range(dots):
                _add(sign, "beat-unit-dot")
            _add(sign, "per-minute", f"{tempo * RESOLUTION / length:.1f}".removesuffix(".0"))
            printed = tempo
            if offset:
                _add(element, "offset", offset // unit)
        sound = _add(element, "sound", tempo=f"{tempo:.6f}".rstrip("0").rstrip("."))
        if element is parent and offset:
            _add(sound, "offset", offset // unit)
    return printed


def _beat(measure: Measure) -> tuple[int, int]:
    """Return the dots and the ticks of the beat that a tempo counts: a quarter, dotted in compound meters."""
    meter = measure.shown or measure.meter
    compound = metre.is_compound(meter) and meter[1] == 8
    return (1, RESOLUTION * 3 // 2) if compound else (0, RESOLUTION)


def _write_voice(
    parent: Element,
    voice: tuple[Value, ...],
    measure: Measure,
    part: Part,
    place_in: tuple[int, int, int],
    unit: int,
) -> None:
    """Write one voice of a bar; `place_in` is the part's number, the voice's, and how many voices sound."""
    if not any(value.pitches for value in voice):
        note = _add(parent, "note")
        _add(note, "rest", measure="yes")
        _add(note, "duration", measure.length // unit)
        _add(note, "voice", place_in[1])
        return
    for value, words in zip(voice, beams(list(voice), measure.meter), strict=True):
        for i, pitch in enumerate(value.pitches or (None,)):
            hidden = pitch is None and place_in[1] > 1  # the rests of lower voices say nothing new
            note = _add(parent, "note", **({"print-object": "no"} if hidden else {}))
            if i:
                _add(note, "chord")
            _write_pitch(note, pitch, value.key, part)
            _add(note, "duration", value.length // unit)
            _write_value(note, value, pitch, part, place_in, words if i == 0 else ())


def _write_pitch(note: Element, pitch: int | None, key: Key, part: Part) -> None:
    if pitch is None:
        _add(note, "rest")
    elif part.track.is_drum:
        step, octave, _ = place(pitch)
        element = _add(note, "unpitched")
        _add(element, "display-step", step)
        _add(element, "display-octave", octave)
    else:
        name = spell(pitch, key)
        element = _add(note, "pitch")
        _add(element, "step", name.step)
        if name.alter:
            _add(element, "alter", name.alter)
        _add(element, "octave", name.octave)


def _write_value(
    note: Element, value: Value, pitch: int | None, part: Part, place_in: tuple[int, int, int], words: Beams
) -> None:
    """Write what follows a note's duration, in the order that MusicXML asks for."""
    number, voice, voices = place_in
    ties = [kind for kind, is_so in (("stop", value.tied), ("start", value.ties)) if is_so]
    for kind in ties:
        _add(note, "tie", type=kind)
    if part.track.is_drum and pitch is not None:
        _add(note, "instrument", id=f"P{number}-I{pitch + 1}")
    _add(note, "voice", voice)
    _add(note, "type", _TYPES[value.kind])
    for _ in range(value.dots):
        _add(note, "dot")
    if value.tuplet:
        ratio = _add(note, "time-modification")
        _add(ratio, "actual-notes", value.tuplet.actual)
        _add(ratio, "normal-notes", value.tuplet.normal)
    if voices > 1 and pitch is not None:
        _add(note, "stem", "up" if voice % 2 else "down")
    if part.track.is_drum and pitch is not None and place(pitch).cross:
        _add(note, "notehead", "x")
    for level, word in enumerate(words, start=1):
        _add(note, "beam", word, number=str(level))
    _write_notations(note, value, ties)


def _write_notations(note: Element, value: Value, ties: list[str]) -> None:
    tuplet, chord = value.tuplet, note.find("chord") is not None
    begins = tuplet is not None and not chord and value.start == tuplet.start
    ends = tuplet is not None and not chord and value.stop == tuplet.stop
    if not (ties or begins or ends):
        return
    element = _add(note, "notations")
    for kind in ties:
        _add(element, "tied", type=kind)
    if begins:
        _add(element, "tuplet", type="start", bracket="yes" if value.kind < 8 else "no")
    if ends:
        _add(element, "tuplet", type="stop")


def _write_bar_line(parent: Element, sheet: Sheet, i: int) -> None:
    """Close the piece, and the bar before a bar line at which new music begins or ends."""
    last = i + 1 == len(sheet.measures)
    if not last and not sheet.measures[i + 1].opens:
        return
    line = _add(parent, "barline", location="right")
    _add(line, "bar-style", "light-heavy" if last else "light-light")
