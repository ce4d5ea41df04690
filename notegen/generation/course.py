"""The course: rules written out for the bars of one continuation, as tables to be looked up.

Demands that cannot be met together are refused here, before anything is drawn.
"""

from dataclasses import dataclass
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Mask
from notegen.errors import UsageError
from notegen.generation.rules import Rules
from notegen.keys import Key
from notegen.melody import GRID
from notegen.notation import metre

NONE = 128  # no pitch is as high

UNLIMITED = 1 << 30  # notes in a bar

Table = NDArray[np.int64]

_CLASSES = np.arange(128) % 12


@dataclass(frozen=True)
class Close:
    """How the last bar ends.

    Parameters
    ----------
    places : array of bool, shape (192,)
        The ticks of the bar at which the last notes may begin.
    latest : int
        The last of these.
    room : int
        The ticks that each note before them is left.
    triad, tonic : arrays of bool, shape (128,)
        Which MIDI pitches belong to the tonic triad, and which are tonics.
    lowest : array of int, shape (192,)
        The lowest tonic that may begin at each tick, or 128.
    """

    places: Mask
    latest: int
    room: int
    triad: Mask
    tonic: Mask
    lowest: NDArray[np.int64]


@dataclass(frozen=True)
class Course:
    """Rules, bar by bar. Bars are counted as the grammar counts them.

    Parameters
    ----------
    first, last : int
        The first whole new bar, and the last.
    tones : array of bool, shape (sets, 128)
        Sets of MIDI pitches.
    at : array of int, shape (bars + 1, 192)
        Which of the sets a note that begins at a tick of a bar is of; the bar before the first comes first.
    voices : int, optional
        How many notes may sound together.
    least, most : int
        How many notes begin in a bar.
    room : int
        The ticks that each note to come is left.
    close : Close, optional
        How the last bar ends.
    """

    first: int
    last: int
    tones: Mask
    at: NDArray[np.int64]
    voices: int | None = None
    least: int = 0
    most: int = UNLIMITED
    room: int = 1
    close: Close | None = None


def course(
    rules: Rules, first: int, last: int, meter: tuple[int, int] | None = None, key: Key | None = None
) -> Course | None:
    """Write rules out for new bars; None if there are none.

    Parameters
    ----------
    rules : Rules
    first, last : int
        The first whole new bar and the last, as the grammar will count them.
    meter, key : optional
        Of the new bars; a tune from nothing that names none must do without rules that need it.

    Raises
    ------
    UsageError
        If the rules contradict each other, or need a meter or key that is not known.
    """
    if rules == Rules():
        return None
    free = _allowed(rules)
    if meter is None or (rules.end and not (rules.key or key)):
        _refuse_unknown(rules)
    if meter is None:
        at = np.zeros((last - first + 2, v.LONGEST_BAR), dtype=np.int64)
        return Course(first, last, free[None], at, rules.voices)
    tones, at = _tones(rules, free, meter, last - first + 1)
    least, most = rules.density or (0, UNLIMITED)
    room = _room(least, _length(meter), f"a bar of {meter[0]}/{meter[1]}")
    close = _close(rules.key or key, tones[at[-1]], meter, least) if rules.end else None
    return Course(first, last, tones, at, rules.voices, least, most, room, close)


def beats(meter: tuple[int, int]) -> list[int]:
    """Return the ticks of a bar at which its beats begin.

    Examples
    --------
    >>> beats((3, 4)), beats((6, 8))
    ([0, 24, 48], [0, 36])
    """
    lengths = [length * GRID // metre.RESOLUTION for length in metre.beats(meter)]
    return [0, *accumulate(lengths[:-1])]


def _length(meter: tuple[int, int]) -> int:
    return v.WHOLE * meter[0] // meter[1]


def _refuse_unknown(rules: Rules) -> None:
    """Refuse what cannot be planned for a tune from nothing of which too little is known."""
    if rules.end:
        raise UsageError("a tune from nothing comes to a close only in a known meter and key: name both")
    if rules.chords or rules.density:
        raise UsageError("a tune from nothing keeps to chords or a density only in a known meter: name it")


def _allowed(rules: Rules) -> Mask:
    """Return which MIDI pitches may sound at all, shape (128,)."""
    lowest, highest = rules.span or (0, 127)
    allowed: Mask = (np.arange(128) >= lowest) & (np.arange(128) <= highest)
    if rules.key is not None:
        allowed &= np.isin(_CLASSES, list(rules.key.scale))
    if not allowed.any():
        raise UsageError(f"no note of the scale of {rules.key} lies in the range; widen it")
    return allowed


def _tones(rules: Rules, free: Mask, meter: tuple[int, int], bars: int) -> tuple[Mask, Table]:
    """Return sets of pitches, and which of them is in force at each tick of each bar."""
    at = np.zeros((bars + 1, v.LONGEST_BAR), dtype=np.int64)
    if rules.chords is None:
        return free[None], at
    length = _length(meter)
    lasting = [chord.quarters * GRID if chord.quarters else length for chord in rules.chords]
    ends = np.cumsum([float(ticks) for ticks in lasting])
    strong = np.add.outer(np.arange(bars) * length, beats(meter))  # (bars, beats), in ticks
    at[1:, beats(meter)] = np.searchsorted(ends, strong % ends[-1], side="right") + 1
    sets = np.array([free, *(free & np.isin(_CLASSES, list(chord.tones)) for chord in rules.chords)])
    for i in np.unique(at).tolist():
        if not sets[i].any():
            name = rules.chords[i - 1].name
            raise UsageError(f"no tone of the chord {name} lies in the key and range that were asked for")
    return sets, at


def _room(notes: int, ticks: int, place: str) -> int:
    """Return the ticks to leave each of some notes: half of what each would have, were they even."""
    if notes > ticks:
        raise UsageError(f"{place} has no room for so many notes: ask for a density of {ticks} at most")
    return max(1, ticks // (2 * max(1, notes)))


def _close(key: Key | None, tones: Mask, meter: tuple[int, int], least: int) -> Close:
    """Plan the close, given which pitches may begin at each tick of the last bar, shape (192, 128)."""
    assert key is not None  # else it was refused
    third = next(third for third in (4, 3) if (key.tonic + third) % 12 in key.scale)
    fifth = next(fifth for fifth in (7, 6) if (key.tonic + fifth) % 12 in key.scale)
    tonic: Mask = np.equal(_CLASSES, key.tonic)
    triad = np.isin((_CLASSES - key.tonic) % 12, (0, third, fifth))
    home = tones & tonic
    lowest = np.where(home.any(axis=1), home.argmax(axis=1), NONE)
    places = np.zeros(v.LONGEST_BAR, dtype=bool)
    places[[beat for beat in beats(meter) if 2 * beat <= _length(meter)]] = True
    places &= lowest < NONE
    if not places.any():
        name = key.tonic_name
        raise UsageError(f"a close needs {name}, which the range or the last bar's chord does not have")
    latest = int(np.flatnonzero(places)[-1])
    room = _room(max(0, least - 1), latest, "a bar that comes to a close") if least > 1 else 1
    return Close(places, latest, room, triad, tonic, lowest)
