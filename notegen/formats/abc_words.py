r"""Melodies as ABC in which there is one way to say each thing, word by word.

A tune is a head of the fields ``M:``, ``L:1/8`` and ``K:``, and bars with one bar line between them. A word
is a field, a pitch with its sign and octave, a rest, a length, a tie, a bar line, or the sign of a tuplet.
Notes are tied over bar lines alone. Once a letter is altered in a bar, it has a sign up to the bar line.
Notes of thirds stand in tuplets; any other length is a fraction of an eighth, so that all melodies on the
grid can be said. A short first bar is a pickup, and the last bar ends with its last note.

`notegen.formats.abc_bars` reads it.
"""

from functools import lru_cache
from itertools import accumulate, pairwise
from typing import NamedTuple

from notegen.keys import Key
from notegen.melody import GRID, pickup_length
from notegen.notation.spelling import Name, signature, spell
from notegen.score import Score

UNIT = GRID // 2  # ticks of an eighth, in which lengths are counted
LINE = "|"
_SIGNS = {-2: "__", -1: "_", 0: "=", 1: "^", 2: "^^"}
_MOST = 9  # notes of a tuplet


class _Sound(NamedTuple):
    """What sounds in a bar: a note, or a rest."""

    ticks: int
    name: Name | None
    ties: bool = False


def write(line: Score, until: int | None = None) -> list[str]:
    r"""Write a melody.

    Parameters
    ----------
    line : Score
        As `notegen.melody.melody` returns it.
    until : int, optional
        The tick from which on the text is to be continued: it is filled with rests up to there, and has the
        bar line that stands there, and the fields behind it. Without it the text ends with the last note.

    Returns
    -------
    list of str
        The words, which joined are the text.

    Examples
    --------
    >>> line = Score.of([(0, 24, 62), (24, 12, 66), (36, 60, 69), (96, 12, 70)], meter=(3, 4), resolution=24)
    >>> write(line)
    ['M:3/4\n', 'L:1/8\n', 'K:C\n', 'D', '2', '^F', 'A', '3', '-', '|', 'A', '2', '_B']
    >>> "".join(write(line, 144)[-7:])
    '|A2_Bz3|'
    """
    stop = line.end if until is None else until
    meters, keys = line.meters.tolist(), line.keys.tolist() or [(0, 0, 0)]
    opening = 1 if pickup_length(meters) else 0  # the meter behind a pickup counts for it
    fields: dict[int, list[str]] = {}
    for tick, numerator, denominator in meters[opening + 1 :]:
        fields[tick] = [f"[M:{numerator}/{denominator}]"]
    for tick, fifths, mode in keys[1:]:
        fields.setdefault(tick, []).append(f"[K:{Key(fifths, mode)}]")
    changes = {tick: Key(fifths, mode) for tick, fifths, mode in keys}
    out = head(meters[opening][1:], Key(*keys[0][1:]))
    pen = _Pen(line, changes)
    for start, following in pairwise(line.bars(stop).tolist()):
        out += fields.get(start, ())
        out += _bar(pen.sounds(start, min(following, stop)), pen.key)
        if following < stop or following == until:
            out.append(LINE)
    return out if until is None else [*out, *(fields.get(until, ()) if out[-1] == LINE else ())]


def head(meter: tuple[int, int], key: Key) -> list[str]:
    """Return the fields that a tune begins with."""
    return [f"M:{meter[0]}/{meter[1]}\n", "L:1/8\n", f"K:{key}\n"]


class _Pen:
    """Goes through a melody from bar to bar."""

    def __init__(self, line: Score, keys: dict[int, Key]) -> None:
        self.notes: list[tuple[int, int, int]] = line.notes[["onset", "duration", "pitch"]].tolist()
        self.keys, self.key = keys, keys[0]
        self.next = 0
        self.name = Name("C", 0, 4)  # of the note that lasts into the bar

    def sounds(self, start: int, stop: int) -> list[_Sound]:
        """Return what sounds from one bar line to the next, or to where the text ends."""
        self.key = self.keys.get(start, self.key)
        found: list[_Sound] = []
        at = start
        while self.next < len(self.notes) and self.notes[self.next][0] < stop:
            onset, duration, pitch = self.notes[self.next]
            if onset > at:
                found.append(_Sound(onset - at, None))
            if onset >= start:
                self.name = spell(pitch, self.key)
            at, end = min(stop, onset + duration), onset + duration
            found.append(_Sound(at - max(onset, start), self.name, end > stop))
            if end > stop:
                break
            self.next += 1
        return found if at == stop else [*found, _Sound(stop - at, None)]


def _bar(sounds: list[_Sound], key: Key) -> list[str]:
    """Return the words of a bar."""
    plain = _signature(key.fifths)
    altered: set[str] = set()
    out: list[str] = []
    left = 0  # notes of the tuplet at hand
    for i, (ticks, name, ties) in enumerate(sounds):
        if not left and ticks % 3:
            left = _tuplet([sound.ticks for sound in sounds[i : i + _MOST]])
            if left:
                out.append("(3" if left == 3 else f"(3:2:{left}")
        if name is None:
            out.append("z")
        else:
            if name.alter != plain[name.step]:
                altered.add(name.step)
            out.append(_pitch(name, name.step in altered))
        length = _length(3 * ticks if left else 2 * ticks)
        if length:
            out.append(length)
        if ties:
            out.append("-")
        left = max(0, left - 1)
    return out


def _tuplet(ticks: list[int]) -> int:
    """Return how many notes, from the first on, are thirds and end on no third; 0 if none do."""
    return next((i for i, end in enumerate(accumulate(ticks), start=1) if end % 3 == 0), 0)


_signature = lru_cache(signature)


@lru_cache(maxsize=4096)
def _pitch(name: Name, signed: bool) -> str:
    sign = _SIGNS[name.alter] if signed else ""
    if name.octave >= 5:
        return sign + name.step.lower() + "'" * (name.octave - 5)
    return sign + name.step + "," * (4 - name.octave)


@lru_cache(maxsize=4096)
def _length(ticks: int) -> str:
    """Return a length in half ticks as a number of eighths; one is left out.

    >>> [_length(2 * ticks) for ticks in (12, 24, 18, 6, 7)]
    ['', '2', '3/2', '/2', '7/12']
    """
    whole, below = ticks, 2 * UNIT
    for prime in (2, 2, 2, 3):
        if whole % prime == below % prime == 0:
            whole, below = whole // prime, below // prime
    over = str(whole) if whole > 1 else ""
    return over if below == 1 else f"{over}/{below}"
