"""What stands in a cell of a ``**kern`` spine: notes, changes, and instruments."""

import re
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from notegen.errors import FormatError, MissingExtraError
from notegen.formats.musicxml.instruments import Instrument
from notegen.keys import Key

_SLOWEST = 0xFFFFFF  # microseconds a quarter
_UNITS = {"0": (2, 1)} | {str(2**i): (1, 2**i) for i in range(7)}  # of meters: a breve is two whole notes

_UNHEARD = re.compile(r"[^0-9.%a-gA-G#nrqQ\[\]_-]")  # what of a note tells neither when nor how high it is
_METER = re.compile(r"\*M(\d+)/(\d+)$")
_TEMPO = re.compile(r"\*MM(\d+(?:\.\d+)?)")
_SIGNATURE = re.compile(r"\*k\[(.*)\]$")
_KEY = re.compile(r"\*([A-Ga-g])([#-]?):(ion|dor|phr|lyd|mix|aeo|loc)?$")
_NAME = re.compile(r'\*I(?:"|:\[)([^\]]+)')
_CODE = re.compile(r"\*I([a-z]+[A-Z]?)")
_PERCUSSION = "*clefX"


class Heard(NamedTuple):
    """A note, or a rest, which has no pitch; the duration is in quarters."""

    duration: Fraction
    pitch: int | None
    tied: bool  # to a note before
    ties: bool  # to a note behind


@lru_cache(maxsize=4096)
def read_notes(cell: str) -> tuple[Heard, ...]:
    """Read a note, a rest or a chord; of grace notes, nothing.

    Raises
    ------
    FormatError
        If it is none of these.
    MissingExtraError
        If music21 is not installed.
    """
    texts = [text for text in map(_heard, cell.split()) if "q" not in text.lower()]
    duration = re.sub(r"[^0-9.%]", "", texts[0]) if texts else ""
    notes = [text if re.search(r"\d", text) else duration + text for text in texts]
    return tuple(_read_note(text, cell) for text in notes)


def _heard(text: str) -> str:
    return _UNHEARD.sub("", text)


def _read_note(text: str, cell: str) -> Heard:
    if not re.search(r"\d", text):
        raise FormatError(f'"{cell[:40]}" is no note with a duration')
    parse = _music21("spineParser").hdStringToNote
    try:
        read = parse(text)
        duration = Fraction(read.duration.quarterLength)
        pitch = None if read.isRest else int(read.pitch.ps)
    except Exception as error:  # music21 has many, and an own one for each place
        raise FormatError(f'"{cell[:40]}" is no note') from error
    if duration <= 0 or not 0 <= (pitch or 0) <= 127:
        raise FormatError(f'"{cell[:40]}" lies outside the range of MIDI')
    return Heard(duration, pitch, "]" in text or "_" in text, "[" in text or "_" in text)


def read_change(cell: str) -> tuple[str, tuple[int, ...]] | None:
    """Return what an interpretation changes and to which value, or None for one of another kind.

    The value is a row of a score's map; a signature is the number of its fifths.

    Raises
    ------
    FormatError
        If a meter is damaged.

    Examples
    --------
    >>> read_change("*M6/8"), read_change("*k[b-]"), read_change("*d:")
    (('meter', (6, 8)), ('signature', (-1,)), ('key', Key(fifths=-1, mode=1)))
    """
    if meter := _METER.match(cell):
        times, unit = _UNITS.get(meter[2], (0, 0))
        if not 1 <= int(meter[1][:4]) * times <= 255:
            raise FormatError(f"{cell[:40]} is no meter")
        return "meter", (int(meter[1]) * times, unit)
    if (tempo := _TEMPO.match(cell)) and float(tempo[1]) > 0:
        return "tempo", (min(max(round(60e6 / float(tempo[1])), 1), _SLOWEST),)
    if signature := _SIGNATURE.match(cell):
        fifths = signature[1].count("#") - signature[1].count("-")
        return ("signature", (fifths,)) if abs(fifths) <= 7 else None
    if named := _KEY.match(cell):
        mode = named[3] or ("m" if named[1].islower() else "")
        key = Key.parse(named[1].upper() + named[2].replace("-", "b") + mode)
        return "key", key if abs(key.fifths) <= 7 else Key.of_tonic(key.tonic, key.mode)
    return None


def read_instrument(cells: list[str]) -> Instrument:
    """Return the instrument that a spine's interpretations name, of each kind the first."""
    names = [named[1].strip() for cell in cells if (named := _NAME.match(cell))]
    known = [found for cell in cells if (code := _CODE.match(cell)) and (found := _instrument(code[1]))]
    program = known[0].midiProgram if known else None
    name = names[0] if names else known[0].instrumentName if known else ""
    return Instrument(name, program or 0, {} if _PERCUSSION in cells else None)


def _instrument(code: str) -> Any:
    """Return music21's instrument of a Humdrum code such as ``violn``; None if there is none."""
    try:
        return _music21("instruments").fromHumdrumInstrument(code)
    except MissingExtraError:
        raise
    except Exception:  # its own, which cannot be named before it is imported
        return None


def _music21(module: str) -> Any:
    try:
        from music21.humdrum import instruments, spineParser
    except ImportError as error:
        raise MissingExtraError("reading Humdrum", "train") from error
    return {"instruments": instruments, "spineParser": spineParser}[module]
