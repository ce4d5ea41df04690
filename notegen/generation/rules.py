"""Rules: what people may ask of new bars, whatever the model.

They are kept while takes are drawn, by masks over the next token; see `notegen.generation.course`, which
writes them out for the bars of a continuation, and `notegen.generation.ledger`, which keeps count.
"""

import re
from dataclasses import dataclass

from notegen.chords import Chord
from notegen.errors import UsageError
from notegen.keys import Key

_PITCH = re.compile(r"([A-Ga-g])([#b]?)(-?\d)")
_NATURALS = "C.D.EF.G.A.B"


@dataclass(frozen=True)
class Rules:
    """What new bars must keep to; drums are asked for nothing but density.

    Parameters
    ----------
    key : Key, optional
        All pitches belong to its scale; a close comes home to its tonic.
    span : (int, int), optional
        The lowest and the highest MIDI pitch.
    voices : int, optional
        How many notes may sound together, over all parts.
    chords : tuple of Chord, optional
        One after another from the first whole new bar on, again and again; notes that begin on a beat belong
        to them.
    density : (int, int), optional
        How many notes at least and at most begin in each new bar, over all parts; a bar that the seed left
        unfinished is only held to the second.
    end : bool
        Come to a close: nothing begins behind the last notes, which begin together on a beat of the last bar,
        no later than its middle, last to the bar's end and belong to the tonic triad; the lowest is the
        tonic.

    Raises
    ------
    UsageError
        If a value makes no sense by itself.
    """

    key: Key | None = None
    span: tuple[int, int] | None = None
    voices: int | None = None
    chords: tuple[Chord, ...] | None = None
    density: tuple[int, int] | None = None
    end: bool = False

    def __post_init__(self) -> None:
        lowest, highest = self.span or (0, 127)
        if not 0 <= lowest <= highest <= 127:
            raise UsageError(f"the range is {lowest} to {highest}, but must rise and lie within 0 to 127")
        if self.voices is not None and self.voices < 1:
            raise UsageError(f"{self.voices} voices were asked for, but there must be at least 1")
        least, most = self.density or (0, 1)
        if not 0 <= least <= most or most < 1:
            raise UsageError(f"the density is {least} to {most} notes a bar, but must rise to at least 1")
        if self.chords is not None and not self.chords:
            raise UsageError("a row of chords has at least one")


def parse_span(text: str) -> tuple[int, int]:
    """Read a range of pitches, by name (C4 is 60) or MIDI number.

    Raises
    ------
    UsageError
        If it is no range.

    Examples
    --------
    >>> parse_span("C3:A5"), parse_span("48:81")
    ((48, 81), (48, 81))
    """
    lowest, colon, highest = text.partition(":")
    pitches = _pitch(lowest), _pitch(highest)
    if not colon or pitches[0] is None or pitches[1] is None:
        raise UsageError(f'"{text}" is not a range of pitches: write for example C3:A5 or 48:81')
    return pitches[0], pitches[1]


def parse_density(text: str) -> tuple[int, int]:
    """Read how many notes begin in a bar: at least and at most, or exactly.

    Raises
    ------
    UsageError
        If it is no number or range of numbers.

    Examples
    --------
    >>> parse_density("4:8"), parse_density("6")
    ((4, 8), (6, 6))
    """
    return parse_pair(text, "a number of notes a bar: write for example 4:8, or 6 for exactly 6")


def parse_pair(text: str, meant: str) -> tuple[int, int]:
    """Read two whole numbers with a colon between them, or one that stands for both.

    Raises
    ------
    UsageError
        If it is neither; it says what is `meant`.
    """
    if not re.fullmatch(r"\d{1,5}(:\d{1,5})?", text):
        raise UsageError(f'"{text}" is not {meant}')
    first, _, last = text.partition(":")
    return int(first), int(last or first)


def _pitch(text: str) -> int | None:
    """Return a MIDI pitch by its number or name; None if it is neither."""
    if re.fullmatch(r"\d{1,3}", text):
        return int(text)
    match = _PITCH.fullmatch(text)
    if not match:
        return None
    natural = _NATURALS.index(match[1].upper()) + {"#": 1, "b": -1, "": 0}[match[2]]
    return natural + 12 * (int(match[3]) + 1)
