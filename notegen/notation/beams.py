"""Beams: which of the short notes of a voice are joined, and how."""

from collections.abc import Iterator

from notegen.notation import metre
from notegen.notation.metre import RESOLUTION
from notegen.notation.values import Meter, Value

Beams = tuple[str, ...]  # a word for each level, the longest beam first, in MusicXML's terms


def beams(values: list[Value], meter: Meter) -> list[Beams]:
    """Return for each value of a bar its beams; none where it stands alone or has no flag.

    Short notes are joined within a beat, plain eighths in 4/4 within half a bar. Rests and long notes
    part them.

    Examples
    --------
    >>> from notegen.notation.values import Piece, write_bar
    >>> jig = [Piece(at, at + 840, (60,)) for at in (0, 840, 1680)]
    >>> beams(write_bar(jig, (6, 8), 5040), (6, 8))
    [('begin',), ('continue',), ('end',), ()]
    """
    result: list[Beams] = [()] * len(values)
    for group in _groups(values, meter):
        for i, words in zip(group, _words([_levels(values[i]) for i in group]), strict=True):
            result[i] = words
    return result


def _levels(value: Value) -> int:
    """Return how many flags a value has alone."""
    return max(0, value.kind.bit_length() - 3) if value.pitches else 0


def _groups(values: list[Value], meter: Meter) -> Iterator[list[int]]:
    """Yield the places of two or more values that are joined."""
    beat_of = _beats_of(values, meter)
    group: list[int] = []
    for i, value in enumerate(values):
        if group and (not _levels(value) or beat_of[i] != beat_of[group[-1]]):
            if len(group) > 1:
                yield group
            group = []
        if _levels(value):
            group.append(i)
    if len(group) > 1:
        yield group


def _beats_of(values: list[Value], meter: Meter) -> list[int]:
    """Return the beat that each value begins in, counted by halves of 4/4 where these hold plain eighths."""
    lengths = metre.beats(meter)
    if meter[1] < 4:
        lengths = [RESOLUTION] * (sum(lengths) // RESOLUTION)
    edges = [sum(lengths[:i]) for i in range(len(lengths))]
    found = [max(i for i, edge in enumerate(edges) if edge <= value.start) for value in values]
    if meter[1] <= 4 and len(edges) % 4 == 0:
        for first in range(0, len(edges), 2):
            half = [i for i, beat in enumerate(found) if beat in (first, first + 1)]
            if all(values[i].kind <= 8 and values[i].tuplet is None for i in half):
                for i in half:
                    found[i] = first
    return found


def _words(levels: list[int]) -> list[Beams]:
    """Return MusicXML's word for each level of each note of a group."""
    words: list[list[str]] = [[] for _ in levels]
    for level in range(1, max(levels) + 1):
        for i, own in enumerate(levels):
            if own < level:
                continue
            before = i > 0 and levels[i - 1] >= level
            after = i + 1 < len(levels) and levels[i + 1] >= level
            if before or after:
                words[i].append("continue" if before and after else "end" if before else "begin")
            else:
                words[i].append("backward hook" if i else "forward hook")
    return [tuple(each) for each in words]
