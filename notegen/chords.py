"""Chords: their names and tones.

A chord is a root and a quality, such as ``C``, ``F#m`` or ``Bb7``; its tones are pitch classes (C is 0).
"""

import re
from fractions import Fraction
from typing import NamedTuple

from notegen.errors import UsageError

# The tones of each quality, in semitones above the root.
QUALITIES = {
    "": (0, 4, 7), "m": (0, 3, 7), "dim": (0, 3, 6), "aug": (0, 4, 8), "sus2": (0, 2, 7), "sus4": (0, 5, 7),
    "6": (0, 4, 7, 9), "m6": (0, 3, 7, 9), "7": (0, 4, 7, 10), "maj7": (0, 4, 7, 11), "m7": (0, 3, 7, 10),
    "dim7": (0, 3, 6, 9), "m7b5": (0, 3, 6, 10),
}  # fmt: skip
_NATURALS = "C.D.EF.G.A.B"
_SHORTEST = Fraction(1, 24)  # quarters
_PATTERN = re.compile(r"([A-G])([#b]?)([a-z0-9]*)(?:/(\d+(?:\.\d+)?))?")


class Chord(NamedTuple):
    """A chord and how long it is in force.

    Parameters
    ----------
    name : str
    tones : frozenset of int
        Its pitch classes.
    quarters : Fraction, optional
        How many quarter notes it lasts; a bar if not given.
    """

    name: str
    tones: frozenset[int]
    quarters: Fraction | None = None

    @classmethod
    def parse(cls, text: str) -> "Chord":
        """Read a chord such as ``C``, ``F#m7`` or, for two quarter notes, ``Bb/2``.

        Raises
        ------
        UsageError
            If the text names no chord.

        Examples
        --------
        >>> sorted(Chord.parse("Bb7/2").tones), Chord.parse("Bb7/2").quarters
        ([2, 5, 8, 10], Fraction(2, 1))
        """
        match = _PATTERN.fullmatch(text)
        quarters = Fraction(match[4]) if match and match[4] else None
        if not match or match[3] not in QUALITIES or (quarters is not None and quarters < _SHORTEST):
            raise UsageError(f'"{text}" is not a chord: write for example C, F#m, G7 or, for two beats, Am/2')
        root = _NATURALS.index(match[1]) + {"#": 1, "b": -1, "": 0}[match[2]]
        tones = frozenset((root + above) % 12 for above in QUALITIES[match[3]])
        return cls("".join(match.group(1, 2, 3)), tones, quarters)

    def __str__(self) -> str:
        return self.name if self.quarters is None else f"{self.name}/{float(self.quarters):g}"


def parse_chords(text: str) -> tuple[Chord, ...]:
    """Read a row of chords, such as ``C G/2 Am/2 F``.

    Raises
    ------
    UsageError
        If there is none, or a word is no chord.

    Examples
    --------
    >>> [chord.name for chord in parse_chords("C G7 Am")]
    ['C', 'G7', 'Am']
    """
    if not text.split():
        raise UsageError('there is no chord among the chords: write for example "C G Am F"')
    return tuple(map(Chord.parse, text.split()))
