"""Spelling: which note name a pitch has in a key."""

from functools import lru_cache
from typing import NamedTuple

from notegen.keys import Key

_STEPS = "FCGDAEB"  # in fifths from F


class Name(NamedTuple):
    """A note name: letter, alteration in semitones, and octave (C4 is middle C)."""

    step: str
    alter: int
    octave: int


@lru_cache(maxsize=8192)
def spell(pitch: int, key: Key) -> Name:
    """Name a pitch by the twelve names nearest to the key on the line of fifths.

    Major keys and their modes reach from the flat third to the sharp fourth and fifth; minor keys
    from the flat second to the raised fourth, so that sixth and seventh degree are raised by sharps.

    Parameters
    ----------
    pitch : int
        MIDI pitch.

    Examples
    --------
    >>> spell(61, Key.parse("D")), spell(70, Key.parse("F")), spell(68, Key.parse("Am"))
    (Name(step='C', alter=1, octave=4), Name(step='B', alter=-1, octave=4), Name(step='G', alter=1, octave=4))
    """
    lowest = key.fifths - (2 if key.mode in (1, 3, 6) else 3)  # fifths from C: where the twelve begin
    fifths = (7 * pitch - lowest) % 12 + lowest
    step = _STEPS[(fifths + 1) % 7]
    alter = (fifths + 1) // 7
    return Name(step, alter, (pitch - alter) // 12 - 1)


def signature(fifths: int) -> dict[str, int]:
    """Return the alteration of each letter under a key signature.

    Examples
    --------
    >>> signature(2)
    {'F': 1, 'C': 1, 'G': 0, 'D': 0, 'A': 0, 'E': 0, 'B': 0}
    """
    return {
        step: max(-1, (fifths + 6 - i) // 7) if fifths < 0 else (fifths - i + 6) // 7
        for i, step in enumerate(_STEPS)
    }
