"""ABC as `notegen.formats.abc_words` writes it, read bar by bar.

It is read without abc2midi, which takes a process of its own: text that a model draws is read after each bar
line. What any other writer of ABC says goes through `notegen.formats.abc`.
"""

import re
from typing import NamedTuple

from notegen.codecs.vocabulary import LONGEST_BAR
from notegen.errors import FormatError, UsageError
from notegen.formats.abc_words import LINE, UNIT
from notegen.keys import Key
from notegen.melody import GRID
from notegen.notation.spelling import signature
from notegen.score import KEY, METER, NOTE, Score, meter_of, table

_NUMBER = r"\d{1,3}"
_KEY_NAME = r"[A-G][#b]?[a-z]{0,3}"
_HEAD = re.compile(rf"M:({_NUMBER})/({_NUMBER})\nL:1/8\nK:({_KEY_NAME})\n")
_FIELDS = re.compile(rf"(?:\[M:({_NUMBER})/({_NUMBER})\])?(?:\[K:({_KEY_NAME})\])?")
_WORD = re.compile(
    rf"""
    \(3 (?: :2: (?P<tuplet>[2-9]) )? (?![:\d])
  | (?: (?P<rest>z) | (?P<sign>\^\^|__|[\^_=])? (?P<letter>[A-Ga-g]) (?P<octave>,+|'+)? )
    (?P<over>{_NUMBER})? (?: / (?P<below>{_NUMBER}) )? (?P<tie>-)?
    """,
    re.VERBOSE,
)
_ALTER = {"__": -2, "_": -1, "=": 0, "^": 1, "^^": 2}
_NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


class Place(NamedTuple):
    """Where reading stands: at a bar line, or inside a bar.

    Parameters
    ----------
    tick : int
        At which the next bar begins.
    meter : tuple of int
    key : Key
    tied : int, optional
        The pitch that a tie holds over the bar line.
    bars : int
        How many bars there were.
    """

    tick: int
    meter: tuple[int, int]
    key: Key
    tied: int | None = None
    bars: int = 0

    @property
    def length(self) -> int:
        """The ticks of a bar."""
        return 4 * GRID * self.meter[0] // self.meter[1]


class Note(NamedTuple):
    """A note, or the rest of one that came over the bar line."""

    onset: int
    end: int
    pitch: int
    goes_on: bool


def read(text: str) -> Score:
    r"""Read a tune.

    Returns
    -------
    Score
        A melody on the grid, as `notegen.codecs.notes.decode` returns it.

    Raises
    ------
    FormatError
        If it is not the ABC of `notegen.formats.abc_words`, or a bar has not the length of its meter.

    Examples
    --------
    >>> read("M:3/4\nL:1/8\nK:D\nD2F|A6-|A2(3FFF").notes[["onset", "duration", "pitch"]].tolist()
    [(0, 24, 62), (24, 12, 66), (36, 96, 69), (132, 8, 66), (140, 8, 66), (148, 8, 66)]
    """
    place, body = read_head(text)
    notes: list[Note] = []
    meters, keys = [(0, *place.meter)], [(0, *place.key)]
    bars = body.split(LINE)
    for i, bar in enumerate(bars):
        begin, before = place.tick, place
        heard, place = read_bar(bar, place, is_last=i == len(bars) - 1)
        notes += heard
        pickup = meter_of(place.tick, place.meter[1], GRID) if i == 0 and len(bars) > 1 else None
        if pickup and place.tick < place.length:
            meters = [(0, *pickup), (place.tick, *place.meter)]
        elif place.meter != before.meter:
            meters.append((begin, *place.meter))
        if place.key != before.key:
            keys.append((begin, *place.key))
    rows = joined(notes)
    if not rows:
        raise FormatError("the tune has no notes")
    last = rows[-1][0]
    return Score(
        notes=table([(*row, 80, 0) for row in rows], NOTE),
        meters=table([row for row in meters if row[0] <= last], METER),
        keys=table([row for row in keys if row[0] <= last], KEY),
        resolution=GRID,
    )


def read_head(text: str) -> tuple[Place, str]:
    """Read the fields that a tune begins with; return the first place, and what stands behind them.

    Raises
    ------
    FormatError
        If the text does not begin with them.
    """
    found = _HEAD.match(text)
    if not found:
        raise FormatError("the tune does not begin with a meter, a length of notes and a key")
    place = Place(0, _meter(found[1], found[2]), _key(found[3]))
    return place, text[found.end() :]


def read_bar(text: str, place: Place, *, is_last: bool = False, begun: int = 0) -> tuple[list[Note], Place]:
    """Read a bar, without its bar line.

    Parameters
    ----------
    text : str
    place : Place
        The bar line before it.
    is_last : bool
        Whether it ends the tune: then it may be short, as may be a first bar.
    begun : int
        The ticks of the bar that stand before the text.

    Raises
    ------
    FormatError
        If it cannot be read, or is longer or shorter than the meter says.
    """
    place, at = _fields(text, place)
    number, plain = place.bars + 1, signature(place.key.fifths)
    signs: dict[str, int] = {}
    notes: list[Note] = []
    now, tied, left = place.tick + begun, place.tied, 0
    while at < len(text):
        word = _WORD.match(text, at)
        if not word or (left and not (word["rest"] or word["letter"])):
            raise FormatError(f"bar {number} cannot be read")
        at = word.end()
        if not (word["rest"] or word["letter"]):
            left = int(word["tuplet"] or 3)
            continue
        end = now + _ticks(word, number, in_tuplet=left > 0)
        pitch = None if word["rest"] else _pitch(word, number, plain, signs)
        if tied not in (None, pitch) or (pitch is None and word["tie"]):
            raise FormatError(f"bar {number} has a tie that joins no two notes")
        if pitch is not None:
            notes.append(Note(now, end, pitch, goes_on=tied is not None))
        now, tied, left = end, pitch if word["tie"] else None, max(0, left - 1)
    _check(now - place.tick, place, is_last=is_last, is_whole=not left)
    return notes, place._replace(tick=now, tied=tied, bars=number)


def joined(notes: list[Note]) -> list[tuple[int, int, int]]:
    """Return the onset, duration and pitch of each note, with ties as one note."""
    rows: list[tuple[int, int, int]] = []
    for onset, end, pitch, goes_on in notes:
        if goes_on and rows:
            rows[-1] = (rows[-1][0], end - rows[-1][0], pitch)
        else:
            rows.append((onset, end - onset, pitch))
    return rows


def _fields(text: str, place: Place) -> tuple[Place, int]:
    """Read the fields at the beginning of a bar; return where the music begins in it."""
    found = _FIELDS.match(text)
    assert found is not None  # it may be empty
    meter = _meter(found[1], found[2]) if found[1] else place.meter
    key = _key(found[3]) if found[3] else place.key
    return place._replace(meter=meter, key=key), found.end()


def _check(ticks: int, place: Place, *, is_last: bool, is_whole: bool) -> None:
    """See that a bar has its length, and that a meter stands for it where it is a pickup."""
    is_short = ticks < place.length
    is_pickup = is_short and not is_last and not place.bars and ticks > 0
    if not is_whole or ticks > place.length or (is_short and not is_last and not is_pickup):
        raise FormatError(f"bar {place.bars + 1} is longer or shorter than its meter says")
    if is_pickup and meter_of(ticks, place.meter[1], GRID) is None:
        raise FormatError(f"no meter stands for a pickup of {ticks} ticks")


def _ticks(word: re.Match[str], number: int, *, in_tuplet: bool) -> int:
    """Return the length of a note on the grid."""
    over, below = int(word["over"] or 1) * UNIT, int(word["below"] or 1)
    if in_tuplet:
        over, below = 2 * over, 3 * below
    if not over or not below or over % below:
        raise FormatError(f"bar {number} has a note whose length is not on the grid")
    return over // below


def _pitch(word: re.Match[str], number: int, plain: dict[str, int], signs: dict[str, int]) -> int:
    """Return a note's MIDI pitch; its sign counts for its letter up to the bar line."""
    letter, octave = word["letter"], word["octave"] or ""
    step = letter.upper()
    if word["sign"]:
        signs[step] = _ALTER[word["sign"]]
    alter = signs.get(step, plain[step])
    above = 6 if letter.islower() else 5
    pitch = 12 * (above + octave.count("'") - octave.count(",")) + _NATURAL[step] + alter
    if not 0 <= pitch <= 127:
        raise FormatError(f"bar {number} has a note that is no pitch of MIDI")
    return pitch


def _meter(numerator: str, denominator: str) -> tuple[int, int]:
    meter = int(numerator), int(denominator)
    if meter[1] not in (1, 2, 4, 8, 16, 32) or not 0 < 4 * GRID * meter[0] // meter[1] <= LONGEST_BAR:
        raise FormatError(f"{numerator}/{denominator} is no meter that notegen knows: bars last up to 8/4")
    return meter


def _key(name: str) -> Key:
    try:
        return Key.parse(name)
    except UsageError as error:
        raise FormatError(str(error)) from None
