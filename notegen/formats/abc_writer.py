"""Scores to ABC tunes that abc2midi and notation programs read."""

from collections.abc import Iterator
from fractions import Fraction

from notegen.keys import Key
from notegen.notation import metre
from notegen.notation.beams import beams
from notegen.notation.metre import RESOLUTION
from notegen.notation.sheet import Measure, Part, Sheet, notate
from notegen.notation.spelling import Name, signature, spell
from notegen.notation.values import Value
from notegen.score import Score, Span

_UNIT = RESOLUTION // 2  # L:1/8
_BARS_A_LINE = 4
_ACCIDENTALS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_CLEFS = {
    "treble": "treble",
    "treble 8va": "treble",
    "bass": "bass",
    "bass 8vb": "bass",
    "percussion": "perc",
}


def encode(score: Score, new: Span | None = None) -> bytes:
    """Write a score as an ABC tune; see `notegen.notation.sheet.notate`.

    Further voices of a track become voices of their own, on the same staff.

    Parameters
    ----------
    score : Score
    new : Span, optional
        What of the music is new: double bar lines and the words "new" and "seed" mark where it begins
        and ends.

    Examples
    --------
    >>> from notegen.keys import Key
    >>> from notegen.score import KEY, Score, table
    >>> notes = [(0, 24, 62), (24, 12, 66), (36, 12, 69), (48, 24, 73)]
    >>> keys = table([(0, *Key.parse("D"))], KEY)
    >>> print(encode(Score.of(notes, meter=(3, 4), resolution=24, title="A Tune", keys=keys)).decode())
    X:1
    T:A Tune
    M:3/4
    L:1/8
    Q:1/4=120
    K:D
    D2 FA c2 |]
    <BLANKLINE>
    """
    sheet = notate(score, new)
    lines = ["X:1", f"T:{_line(sheet.title) or 'Untitled'}", *_fields(sheet)]
    voices = [(part, i) for part in sheet.parts for i in range(max(len(bar) for bar in part.bars))]
    if len(voices) > 1:
        lines += _staves(sheet)
        for number, (part, i) in enumerate(voices, start=1):
            lines += [f"V:{number}", *_body(sheet, part, i, marks=number == 1)]
    else:
        lines += [*_midi(sheet.parts[0]), *_body(sheet, sheet.parts[0], 0, marks=True)]
    return ("\n".join(lines) + "\n").encode()


def _line(text: str) -> str:
    """Return a text that stays on its line and holds no comment."""
    return " ".join(text.replace("%", " ").split())


def _fields(sheet: Sheet) -> list[str]:
    first = sheet.measures[0]
    meter = first.shown or first.meter
    return [f"M:{_meter(meter)}", "L:1/8", *_tempo(sheet.measures[0]), f"K:{_key(first.key)}"]


def _meter(meter: tuple[int, int]) -> str:
    return f"{meter[0]}/{meter[1]}"


def _key(key: Key) -> str:
    return str(key)


def _tempo(measure: Measure) -> list[str]:
    """Return the tempo that a measure sets, counted in beats; of several, the first."""
    if not measure.tempos:
        return []
    meter = measure.shown or measure.meter
    compound = metre.is_compound(meter) and meter[1] == 8
    beat = Fraction(3, 8) if compound else Fraction(1, 4)
    return [f"Q:{beat}={round(measure.tempos[0][1] / (4 * beat))}"]


def _staves(sheet: Sheet) -> list[str]:
    """Return the fields that declare the voices, a staff for each part."""
    staves, fields, number = [], [], 0
    for part in sheet.parts:
        count = max(len(bar) for bar in part.bars)
        numbers = [str(number + 1 + i) for i in range(count)]
        staves.append(f"({' '.join(numbers)})" if count > 1 else numbers[0])
        for i, each in enumerate(numbers):
            name = (
                f' name="{_line(part.track.name).replace(chr(34), "")}"' if part.track.name and not i else ""
            )
            fields += [f"V:{each} clef={_CLEFS[part.clef]}{name}", *_midi(part)]
        number += count
    return [f"%%score {' '.join(staves)}", *fields]


def _midi(part: Part) -> list[str]:
    if part.track.is_drum:
        return ["%%MIDI channel 10"]
    return [f"%%MIDI program {part.track.program}"] if part.track.program else []


def _body(sheet: Sheet, part: Part, voice: int, *, marks: bool) -> Iterator[str]:
    """Yield the lines of one voice, `_BARS_A_LINE` bars each."""
    line: list[str] = []
    last = len(sheet.measures) - 1
    for i, (measure, bar) in enumerate(zip(sheet.measures, part.bars, strict=True)):
        opening = _opening(measure, marks) if i else ""
        values = list(bar[voice]) if voice < len(bar) else []
        ends = "|]" if i == last else "||" if sheet.measures[i + 1].opens else "|"
        line.append(f"{opening}{_bar(values, measure)} {ends}")
        if i == last or (measure.number and measure.number % _BARS_A_LINE == 0):
            yield " ".join(line)
            line = []


def _opening(measure: Measure, marks: bool) -> str:
    """Return the fields at the beginning of a bar."""
    fields = [f"[M:{_meter(measure.shown)}]"] if measure.shown else []
    fields += [f"[K:{_key(measure.key)}]"] if measure.new_key else []
    if marks:
        fields += [f"[{tempo}]" for tempo in _tempo(measure)]
        fields += [f'"^{measure.mark}"'] if measure.mark else []
    return "".join(fields)


def _bar(values: list[Value], measure: Measure) -> str:
    if not any(value.pitches for value in values):
        return "z" + _length(measure.length)
    in_force = signature(measure.key.fifths)
    altered: set[str] = set()
    words: list[str] = []
    joined = False
    for value, beam in zip(values, beams(values, measure.meter), strict=True):
        names = [spell(pitch, value.key) for pitch in value.pitches]
        text = _tuplet(values, value) + _note(value, names, in_force, altered)
        if joined:
            words[-1] += text
        else:
            words.append(text)
        joined = bool(beam) and beam[0] in ("begin", "continue")
    return " ".join(words)


def _tuplet(values: list[Value], value: Value) -> str:
    """Return the sign in front of the first value of a tuplet."""
    if value.tuplet is None or value.start != value.tuplet.start:
        return ""
    count = sum(each.tuplet == value.tuplet for each in values)
    return f"({value.tuplet.actual}:{value.tuplet.normal}:{count}"


def _note(value: Value, names: list[Name], in_force: dict[str, int], altered: set[str]) -> str:
    """Return a note, chord or rest; letters that are altered keep their signs up to the bar line."""
    scale = Fraction(value.tuplet.actual, value.tuplet.normal) if value.tuplet else Fraction(1)
    length, tie = _length(value.length * scale), "-" if value.ties else ""
    if not names:
        return f"z{length}"
    notes = []
    for name in names:
        if name.alter != in_force[name.step]:
            altered.add(name.step)
        sign = _ACCIDENTALS[name.alter] if name.step in altered else ""
        notes.append(sign + _letter(name))
    return f"{notes[0]}{length}{tie}" if len(notes) == 1 else f"[{''.join(notes)}]{length}{tie}"


def _letter(name: Name) -> str:
    if name.octave >= 5:
        return name.step.lower() + "'" * (name.octave - 5)
    return name.step + "," * (4 - name.octave)


def _length(ticks: Fraction | int) -> str:
    """Return a length in units of an eighth, as ABC writes it.

    Examples
    --------
    >>> _length(840), _length(1680), _length(420), _length(1260)
    ('', '2', '/2', '3/2')
    """
    units = Fraction(ticks) / _UNIT
    if units == 1:
        return ""
    over = str(units.numerator) if units.numerator > 1 else ""
    return over if units.denominator == 1 else f"{over}/{units.denominator}"
