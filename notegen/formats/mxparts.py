"""A MusicXML tree reduced to what sounds, part by part, with its instrument.

The reduced tree is MusicXML again: notes at the pitch at which they sound, drums as the pitches of the
General MIDI drum set, forwards as rests, one tempo in quarters a minute for each mark, and loudness as
words that hold a MIDI velocity.
"""

import re
from typing import NamedTuple
from xml.etree.ElementTree import Element, SubElement

from notegen.errors import FormatError

_STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_SPELLED = ("C", "C1", "D", "D1", "E", "F", "F1", "G", "G1", "A", "A1", "B")  # a 1 is a sharp
_UNITS = {"breve": 8, "whole": 4, "half": 2, "quarter": 1, "eighth": 0.5, "16th": 0.25, "32nd": 0.125}
_VELOCITIES = {
    "pppp": 8, "ppp": 16, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 126, "ffff": 127,
}  # fmt: skip
_BEAT_TYPES = ("1", "2", "4", "8", "16", "32", "64")
_SNARE = 38  # for a drum that no number is given for
_DRUM_CHANNEL = 10  # MusicXML counts from 1
_HUGE = 1e9  # no number in music comes near it


class Part(NamedTuple):
    """A part's name, program (None if it names none), whether it is percussion, and its reduced tree.

    `shifts` are the semitones, bar by bar, by which the part sounds higher than it is written.
    """

    name: str
    program: int | None
    drums: bool
    shifts: list[int]
    tree: Element


def title(root: Element) -> str:
    """Return the title of the movement or else of the work."""
    return text_of(root.find("movement-title")) or text_of(root.find("work/work-title"))


def read_parts(root: Element) -> list[Part]:
    """Return the parts of a score, in the order in which they are written.

    Raises
    ------
    FormatError
        If a pitch or a duration is missing or no number.
    """
    listed = {entry.get("id"): entry for entry in root.iterfind("part-list/score-part")}
    return [
        _read_part(part, listed.get(part.get("id"), Element("score-part"))) for part in root.iterfind("part")
    ]


def _read_part(part: Element, listed: Element) -> Part:
    instruments = listed.findall("midi-instrument")
    program = next((number(i.find("midi-program")) for i in instruments), None)
    drums = _drums(instruments)
    percussion = bool(drums) or part.find("measure/note/unpitched") is not None
    percussion |= any(number(i.find("midi-channel")) == _DRUM_CHANNEL for i in instruments)
    tree, shift = Element("part"), 0
    shifts: list[int] = []
    for measure in part.iterfind("measure"):
        reduced = SubElement(tree, "measure", number=str(len(shifts) + 1))
        for element in measure:
            if element.tag == "attributes":
                shift = _shift(element, shift)
                reduced.append(_attributes(element))
            elif element.tag == "note":
                reduced.extend(_note(element, shift, drums if percussion else None))
            elif element.tag == "forward":
                reduced.append(_rest(element))
            elif element.tag == "backup":
                _duration(SubElement(reduced, "backup"), element)
            elif element.tag in ("direction", "sound"):
                reduced.extend(_direction(element))
        shifts.append(shift)
    known = int(program) - 1 if program is not None and 1 <= program <= 128 else None
    return Part(text_of(listed.find("part-name")), known, percussion, shifts, tree)


def _drums(instruments: list[Element]) -> dict[str | None, int]:
    """Return the drum that each instrument of a part stands for, by the instrument's id."""
    numbers = ((i.get("id"), number(i.find("midi-unpitched"))) for i in instruments)
    return {name: int(drum) - 1 for name, drum in numbers if drum is not None and 1 <= drum <= 128}


def _shift(attributes: Element, shift: int) -> int:
    transpose = attributes.find("transpose")
    if transpose is None:
        return shift
    octaves = number(transpose.find("octave-change")) or 0
    return int(number(transpose.find("chromatic")) or 0) + 12 * int(octaves)


def _attributes(element: Element) -> Element:
    """Keep divisions, key and meter; where staves differ, those of the first."""
    kept = Element("attributes")
    for child in element:
        if child.tag == "divisions" and (number(child) or 0) > 0:
            kept.append(child)
        elif child.tag == "time" and child.find("senza-misura") is None and child.get("number", "1") == "1":
            kept.append(_checked(_bare(child, ("beats", "beat-type"))))
        elif child.tag == "key" and child.get("number", "1") == "1" and child.find("fifths") is not None:
            kept.append(_bare(child, ("fifths", "mode")))
    return kept


def _checked(time: Element) -> Element:
    """Return a time signature that MIDI can hold; music21 would spend for ever on a huge one."""
    beats = [int(n) for text in time.iterfind("beats") for n in re.findall(r"[0-9]{1,9}", text_of(text))]
    units = [text_of(unit) for unit in time.iterfind("beat-type")]
    if not 1 <= sum(beats) <= 255 or any(unit not in _BEAT_TYPES for unit in units) or not units:
        raise FormatError("a time signature is damaged")
    return time


def _bare(element: Element, tags: tuple[str, ...]) -> Element:
    """Return an element without attributes, with those of its children that are wanted."""
    bare = Element(element.tag)
    for child in element:
        if child.tag in tags:
            SubElement(bare, child.tag).text = text_of(child)
    return bare


def _note(element: Element, shift: int, drums: dict[str | None, int] | None) -> list[Element]:
    """Return the note alone, or nothing for a grace note; a cue is a rest."""
    in_chord = element.find("chord") is not None
    if element.find("grace") is not None:
        return []
    if element.find("rest") is not None or element.find("cue") is not None:
        return [] if in_chord else [_rest(element)]
    note = Element("note")
    if in_chord:
        SubElement(note, "chord")
    loudness = number(element.get("dynamics"))
    if loudness is not None:
        note.set("dynamics", str(_percent(loudness)))
    drum = None if drums is None else _drum(element, drums)
    _spell(note, _pitch(element) + shift if drum is None else drum)
    _duration(note, element)
    for tie in element.findall("tie") or element.findall("notations/tied"):
        if tie.get("type") in ("start", "stop"):
            SubElement(note, "tie", type=tie.get("type", ""))
    _voice(note, element)
    return [note]


def _rest(element: Element) -> Element:
    """Return a rest as long as a note, a rest or a forward."""
    rest = Element("note")
    SubElement(rest, "rest")
    _duration(rest, element)
    _voice(rest, element)
    return rest


def _duration(new: Element, old: Element) -> None:
    value = number(old.find("duration"))
    if value is None or value < 0:
        raise FormatError(f"a {old.tag} has no duration, or one that is no number")
    SubElement(new, "duration").text = str(value)


def _voice(new: Element, old: Element) -> None:
    if voice := text_of(old.find("voice")):
        SubElement(new, "voice").text = voice


def _drum(note: Element, drums: dict[str | None, int]) -> int | None:
    """Return the drum that a note stands for, or None for a note with a pitch."""
    instrument = note.find("instrument")
    first = next(iter(drums.values()), _SNARE)
    if note.find("unpitched") is None:
        return None if instrument is None else drums.get(instrument.get("id"))
    return first if instrument is None else drums.get(instrument.get("id"), first)


def _pitch(note: Element) -> int:
    step, octave = text_of(note.find("pitch/step")), number(note.find("pitch/octave"))
    if step not in _STEPS or octave is None:
        raise FormatError("a note has no pitch")
    alter = number(note.find("pitch/alter")) or 0
    return round(_STEPS[step] + alter + 12 * (octave + 1))


def _spell(note: Element, pitch: int) -> None:
    """Write a MIDI pitch into a note."""
    if not 0 <= pitch <= 127:
        raise FormatError("a note lies outside the range of MIDI")
    octave, step = divmod(pitch, 12)
    spelled = SubElement(note, "pitch")
    SubElement(spelled, "step").text = _SPELLED[step][0]
    SubElement(spelled, "alter").text = _SPELLED[step][1:] or "0"
    SubElement(spelled, "octave").text = str(octave - 1)


def _direction(element: Element) -> list[Element]:
    """Return a direction with its tempo and its loudness, or nothing if it has neither."""
    sound = element if element.tag == "sound" else element.find("sound")
    tempo = loudness = None
    if sound is not None:
        tempo, loudness = number(sound.get("tempo")), number(sound.get("dynamics"))
    tempo = tempo or _metronome(element.find("direction-type/metronome"))
    marks = [mark.tag for mark in element.iterfind("direction-type/dynamics/*") if mark.tag in _VELOCITIES]
    kept = Element("direction")
    kind = SubElement(kept, "direction-type")
    if loudness is not None:
        SubElement(kind, "words").text = str(round(0.9 * _percent(loudness)))
    elif marks:
        SubElement(kind, "words").text = str(_VELOCITIES[marks[-1]])
    if tempo is not None and tempo > 0:
        SubElement(kept, "sound", tempo=str(tempo))
    if len(kept) == 1 and not len(kind):
        return []
    offset = number(element.find("offset"))
    if offset is not None:
        SubElement(kept, "offset").text = str(offset)
    return [kept]


def _percent(loudness: float) -> float:
    """Return a loudness in percent of a velocity of 90, such that it is a velocity."""
    return min(max(loudness, 2), 141)


def _metronome(element: Element | None) -> float | None:
    """Return the quarters a minute that a metronome mark asks for."""
    if element is None:
        return None
    unit, beats = _UNITS.get(text_of(element.find("beat-unit"))), number(element.find("per-minute"))
    if unit is None or beats is None:
        return None
    return beats * unit * (2 - 0.5 ** len(element.findall("beat-unit-dot")))


def number(source: Element | str | None) -> float | None:
    """Return the first number in an element's text or in a text, or None if there is none.

    Examples
    --------
    >>> number("ca. 92.5"), number("lento"), number(None)
    (92.5, None, None)
    """
    text = source if isinstance(source, str) else text_of(source)
    match = re.search(r"-?\d+(\.\d+)?", text)
    value = float(match[0]) if match else None
    return value if value is not None and abs(value) < _HUGE else None


def text_of(element: Element | None) -> str:
    """Return an element's text on one line; nothing for no element."""
    return "" if element is None else " ".join((element.text or "").split())
