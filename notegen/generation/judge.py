"""The judge: which takes are flawed, and which comes first.

A take is flawed if it is stuck (the same bar three times running, or the same note nine times), if it has
a bar in which nothing sounds, or if all of its bars (four or more) are bars of its seed. Takes without a
flaw come first, and among them those that copy no more of the training corpus than people do; then those
whose bits per note are nearest to what human tunes have under the model. The lowest bits would be the
blandest take.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import INDEX, Ids
from notegen.score import Table

Bar = frozenset[tuple[int, ...]]  # the notes of a bar: place, length, pitch and part of each

SAME_BARS = 3
SAME_NOTES = 9
COPIED_BARS = 4  # and more, without a new one among them


def flaw(ids: Ids, before: Ids) -> str:
    """Return what is wrong with a take in a few words, or an empty text.

    Parameters
    ----------
    ids : array of ids
        The take's new tokens.
    before : array of ids
        The seed's tokens, whose last bars and notes count towards a repetition.
    """
    meters = before[v.KIND[before] == INDEX["meter"]]
    length = int(v.METER_LENGTH[v.VALUE[meters[-1]]]) if len(meters) else v.WHOLE
    if _empty_bar(ids, length):
        return "an empty bar"
    tail = before[-4 * SAME_NOTES :]
    new = bars(ids)
    if _run(bars(np.concatenate([tail, ids])), SAME_BARS, len(new)):
        return "the same bar again and again"
    notes = _notes(np.concatenate([tail, ids]))
    if _run(notes, SAME_NOTES, len(_notes(ids))):
        return "the same note again and again"
    if len(new) >= COPIED_BARS and set(new) <= set(bars(before)):
        return "nothing but its seed again"
    return ""


def flaw_of_parts(new: list[Bar], before: list[Bar], silent: bool) -> str:
    """Return what is wrong with a take of several parts in a few words, or an empty text.

    Parameters
    ----------
    new, before : lists of Bar
        Of the take and of its seed.
    silent : bool
        Whether nothing sounds in one of the new bars.
    """
    if silent:
        return "an empty bar"
    usual = max(SAME_BARS, _longest_run(before) + 1)  # more than the seed has itself
    if _longest_run([*before[1 - usual :], *new]) >= usual:
        return "the same bar again and again"
    if len(new) >= COPIED_BARS and set(new) <= set(before):
        return "nothing but its seed again"
    return ""


def bars_of(notes: Table, lines: NDArray[np.int64]) -> list[Bar]:
    """Return the bars of notes between bar lines, all in the same ticks."""
    at = np.searchsorted(lines, notes["onset"], side="right") - 1
    found: list[set[tuple[int, ...]]] = [set() for _ in lines[1:]]
    place = notes["onset"] - lines[np.maximum(at, 0)]
    columns = (at, place, notes["duration"], notes["pitch"], notes["track"])
    for bar, *note in zip(*(column.tolist() for column in columns), strict=True):
        if 0 <= bar < len(found):
            found[bar].add(tuple(note))
    return [frozenset(bar) for bar in found]


def is_silent(notes: Table, lines: NDArray[np.int64]) -> bool:
    """Whether nothing sounds between two of the bar lines."""
    ends = notes["onset"] + notes["duration"]
    return any(
        not ((notes["onset"] < stop) & (ends > start)).any()
        for start, stop in zip(lines[:-1].tolist(), lines[1:].tolist(), strict=True)
    )


def rank(bits: list[float], flaws: list[str], human: float, copies: Sequence[bool] = ()) -> list[int]:
    """Return the order of takes, best first; `copies` says which copy more than people do, if it is known.

    Examples
    --------
    >>> rank([1.0, 2.9, 3.0, 3.4], ["", "", "", "an empty bar"], 3.0, [False, False, True, False])
    [1, 0, 2, 3]
    """
    copies = copies or [False] * len(bits)
    return sorted(range(len(bits)), key=lambda i: (bool(flaws[i]), copies[i], abs(bits[i] - human), i))


def bars(ids: Ids) -> list[tuple[int, ...]]:
    """Return the tokens of each bar that begins here."""
    starts = np.flatnonzero(ids == v.BAR)
    return [tuple(bar.tolist()) for bar in np.split(ids, starts)[1:]]


def _notes(ids: Ids) -> list[tuple[int, ...]]:
    """Return the pitch of each note."""
    return [(token,) for token in ids[v.KIND[ids] == INDEX["pitch"]].tolist()]


def _longest_run(things: list[Bar]) -> int:
    """Return how many equal bars stand in a row at most; those without a note do not count."""
    longest = run = 1
    for one, other in pairwise(things):
        run = run + 1 if one == other and one else 1
        longest = max(longest, run)
    return longest


def _run(things: list[tuple[int, ...]], longest: int, new: int) -> bool:
    """Whether `longest` equal things stand in a row, the last of them among the `new` last ones."""
    run = 1
    for i in range(1, len(things)):
        run = run + 1 if things[i] == things[i - 1] != (v.BAR,) else 1  # a held note is no repetition
        if run >= longest and i >= len(things) - new:
            return True
    return False


def _empty_bar(ids: Ids, length: int) -> bool:
    """Whether a bar has neither a note nor the rest of a long one.

    Parameters
    ----------
    length : int
        The ticks of the bars, as long as no meter in `ids` says otherwise.
    """
    cursor, kind, next_length = 0, "", length
    bars = 0
    for token in [*ids.tolist(), v.BAR]:
        before, kind, value = kind, v.TABLE[v.KIND[token]].name, int(v.VALUE[token])
        if kind == "meter":
            next_length = int(v.METER_LENGTH[value])
        elif kind == "bar":
            if bars and cursor <= 0:
                return True
            cursor, length, bars = max(0, cursor - length), next_length, bars + 1
        elif kind == "position":
            cursor = value
        elif kind == "release":
            cursor = value + 1 + (cursor if before == "release" else 0)
    return False
