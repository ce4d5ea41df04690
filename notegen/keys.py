"""Keys: their names, their scales, and a guess where none is written.

A key is a signature and a mode. The signature is counted in fifths (sharps are positive, flats
negative, as in MIDI); the mode is an index into `MODES`. A tonic is a pitch class (C is 0).
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.errors import UsageError

MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian")

# How many fifths the tonic of a mode lies above the tonic of the major key with the same signature.
_TONIC_FIFTHS = (0, 3, 2, 4, -1, 1, 5)
_NAMES = ("C", "G", "D", "A", "E", "B", "F#", "C#", "G#", "D#", "A#", "E#", "B#")
_FLAT_NAMES = ("C", "F", "Bb", "Eb", "Ab", "Db", "Gb", "Cb", "Fb", "Bbb", "Ebb", "Abb", "Dbb")
_SUFFIXES = ("", "m", "dor", "phr", "lyd", "mix", "loc")
_SPELLINGS = {
    "": 0, "maj": 0, "ion": 0, "m": 1, "min": 1, "aeo": 1,
    "dor": 2, "phr": 3, "lyd": 4, "mix": 5, "loc": 6,
}  # fmt: skip
_PATTERN = re.compile(r"^\s*([A-Ga-g])([#b]?)\s*([A-Za-z]*)\s*$")

# Krumhansl and Kessler's probe-tone ratings (Krumhansl, Cognitive Foundations of Musical Pitch, 1990).
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)


class Key(NamedTuple):
    """A key signature in fifths and a mode as an index into `MODES`.

    Examples
    --------
    >>> Key.parse("Ador")
    Key(fifths=1, mode=2)
    >>> Key.parse("Ador").tonic, str(Key.parse("Ador")), Key.parse("Ador").long_name
    (9, 'Ador', 'A dorian')
    """

    fifths: int
    mode: int

    @classmethod
    def parse(cls, text: str) -> "Key":
        """Read a key such as ``D``, ``F#m``, ``Bb major`` or ``A dorian``.

        Raises
        ------
        UsageError
            If the text names no key.
        """
        match = _PATTERN.match(text)
        mode = match and (0 if match[3] == "M" else _SPELLINGS.get(match[3].lower()[:3]))
        if not match or mode is None:
            raise UsageError(f'"{text}" is not a key: write for example D, F#m, Ador or "Bb mixolydian"')
        natural = "FCGDAEB".index(match[1].upper()) - 1
        accidental = {"#": 7, "b": -7, "": 0}[match[2]]
        return cls(natural + accidental - _TONIC_FIFTHS[mode], mode)

    @classmethod
    def of_tonic(cls, tonic: int, mode: int) -> "Key":
        """Return the key on a pitch class, spelled with at most six accidentals."""
        fifths = (7 * tonic - _TONIC_FIFTHS[mode] + 5) % 12 - 5
        return cls(fifths, mode)

    @property
    def tonic(self) -> int:
        """The tonic as a pitch class from 0 (C) to 11 (B)."""
        return 7 * (self.fifths + _TONIC_FIFTHS[self.mode]) % 12

    @property
    def scale(self) -> frozenset[int]:
        """The seven pitch classes of the key."""
        return frozenset(7 * (self.fifths + i) % 12 for i in range(-1, 6))

    @property
    def tonic_name(self) -> str:
        """The tonic's letter and accidental."""
        position = self.fifths + _TONIC_FIFTHS[self.mode]
        return _NAMES[position] if position >= 0 else _FLAT_NAMES[-position]

    @property
    def long_name(self) -> str:
        """The name in words, such as ``A dorian``."""
        return f"{self.tonic_name} {MODES[self.mode]}"

    def __str__(self) -> str:
        return self.tonic_name + _SUFFIXES[self.mode]

    def transposed(self, semitones: int) -> "Key":
        """Return the same mode on a tonic so many semitones higher."""
        return self.of_tonic((self.tonic + semitones) % 12, self.mode)


def estimate(weights: NDArray[Any]) -> Key:
    """Guess a major or minor key from sounding time, after Krumhansl and Schmuckler.

    The time of each pitch class is correlated with the 24 rotations of Krumhansl and Kessler's
    profiles; the best correlation names the key.

    Parameters
    ----------
    weights : array of float, shape (12,)
        How long each pitch class sounds, in any unit; C first.

    Examples
    --------
    >>> estimate(np.array([0, 1, 4, 0, 1, 0, 1, 1, 0, 2, 0, 1.0])).long_name
    'D major'
    """
    best = int(np.argmax(_PROFILES @ (weights - weights.mean())))
    return _spelled(best % 12, best // 12)


def settle(written: list[Key], weights: NDArray[Any]) -> Key:
    """Return the first written key, spelled with few accidentals, or a guess if it says nothing.

    A C major that programs write by default says nothing where much of the time other pitch classes
    sound.

    Parameters
    ----------
    written : list of Key
    weights : array of float, shape (12,)
        As for `estimate`.
    """
    if not written or (written == [(0, 0)] and weights[_C_MAJOR].sum() < _DOUBT * weights.sum()):
        return estimate(weights)
    return _spelled(written[0].tonic, written[0].mode)


_spelled = lru_cache(Key.of_tonic)


def _rotations() -> NDArray[np.float64]:
    rows = [np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)]
    centred = np.array(rows) - np.mean(rows, axis=1, keepdims=True)
    unit: NDArray[np.float64] = centred / np.linalg.norm(centred, axis=1, keepdims=True)
    return unit  # (24, 12)


_PROFILES = _rotations()
_C_MAJOR = sorted(Key(0, 0).scale)
_DOUBT = 0.85
