"""Percussion: where General MIDI's drums stand on a staff of five lines."""

from typing import NamedTuple


class Place(NamedTuple):
    """The place of a drum as the note that a treble clef has there, and whether its head is a cross."""

    step: str
    octave: int
    cross: bool = False


_PLACES = {
    35: Place("E", 4), 36: Place("F", 4), 37: Place("C", 5, True), 38: Place("C", 5), 39: Place("C", 5, True),
    40: Place("C", 5), 41: Place("G", 4), 42: Place("G", 5, True), 43: Place("A", 4), 44: Place("D", 4, True),
    45: Place("B", 4), 46: Place("G", 5, True), 47: Place("D", 5), 48: Place("D", 5), 49: Place("A", 5, True),
    50: Place("E", 5), 51: Place("F", 5, True), 52: Place("B", 5, True), 53: Place("F", 5, True),
    54: Place("B", 5, True), 55: Place("A", 5, True), 56: Place("E", 5, True), 57: Place("B", 5, True),
    59: Place("F", 5, True),
}  # fmt: skip


def place(pitch: int) -> Place:
    """Return where a drum stands; those without a usual place stand on the space above the middle line.

    Examples
    --------
    >>> place(36), place(42).cross
    (Place(step='F', octave=4, cross=False), True)
    """
    return _PLACES.get(pitch, Place("C", 5, True))
