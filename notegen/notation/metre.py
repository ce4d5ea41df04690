"""Metre: how a bar divides into beats, and beats into halves and thirds.

Times are ticks of `RESOLUTION` a quarter, counted from the bar line. A *joint* is a place where two
parts of the bar meet; its depth says how deep in the division: 1 for the joint of the largest parts.
"""

from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

RESOLUTION = 1680  # ticks a quarter: 16 x 3 x 5 x 7, so that tuplets and 64th notes are exact
SMALLEST = RESOLUTION // 16  # a 64th note


class Span(NamedTuple):
    """A part of a bar, and how deep in the division of the bar it lies."""

    start: int
    length: int
    depth: int

    @property
    def stop(self) -> int:
        """Where it ends."""
        return self.start + self.length


class Joint(NamedTuple):
    """Where two parts meet: the depth, and the length of the shorter part."""

    depth: int
    size: int


def bar_length(meter: tuple[int, int]) -> int:
    """Return the ticks of a bar."""
    return 4 * RESOLUTION * meter[0] // meter[1]


def is_compound(meter: tuple[int, int]) -> bool:
    """Whether beats have three parts, as in 6/8.

    Examples
    --------
    >>> is_compound((6, 8)), is_compound((3, 4)), is_compound((3, 8))
    (True, False, False)
    """
    return meter[0] % 3 == 0 and meter[0] > 3 and meter[1] >= 8


def beats(meter: tuple[int, int]) -> list[int]:
    """Return the lengths of the beats of a bar.

    Examples
    --------
    >>> [[length / RESOLUTION for length in beats(meter)] for meter in ((3, 4), (6, 8), (7, 8))]
    [[1.0, 1.0, 1.0], [1.5, 1.5], [1.0, 1.0, 1.5]]
    """
    count, unit = meter[0], 4 * RESOLUTION // meter[1]
    if is_compound(meter):
        return [3 * unit] * (count // 3)
    if meter[1] <= 4:
        return [unit] * count
    if count <= 3:
        return [count * unit]
    return [2 * unit] * (count // 2 - count % 2) + [3 * unit] * (count % 2)


def cell(meter: tuple[int, int]) -> int:
    """Return the length within which a rhythm has one division: a quarter, or a third of a beat."""
    unit = 4 * RESOLUTION // meter[1]
    return unit if is_compound(meter) or meter[1] > 4 else RESOLUTION


@lru_cache(maxsize=256)
def top(meter: tuple[int, int]) -> tuple[Span, ...]:
    """Return the largest parts of a bar: its halves where equal beats can be halved, else its beats."""
    lengths = beats(meter)
    even = len(set(lengths)) == 1
    if even and (len(lengths) in (4, 8) or (len(lengths) == 6 and meter[1] <= 4)):
        half = len(lengths) // 2
        lengths = [sum(lengths[:half]), sum(lengths[half:])]
    return _row(0, lengths, 1)


@lru_cache(maxsize=4096)
def parts(span: Span, meter: tuple[int, int]) -> tuple[Span, ...]:
    """Return the parts of a part: beats of a half, thirds of a dotted value, halves of a plain one."""
    sizes = beats(meter)
    if span.length > sizes[0] and span.length % sizes[0] == 0 and len(sizes) > 1:
        count = span.length // sizes[0]
        count = 2 if count == 4 else count
        return _row(span.start, [span.length // count] * count, span.depth + 1)
    three = span.length % 3 == 0 and _is_plain(span.length // 3)
    count = 3 if three and not _is_plain(span.length) else 2
    return _row(span.start, [span.length // count] * count, span.depth + 1)


@lru_cache(maxsize=256)
def joints(meter: tuple[int, int]) -> dict[int, Joint]:
    """Return all joints of a bar by their ticks, down to 64th notes; the bar lines have depth 0."""
    length = bar_length(meter)
    found = {0: Joint(0, length), length: Joint(0, length)}
    rows = [top(meter)]
    while rows:
        row = rows.pop()
        for before, after in pairwise(row):
            found[after.start] = Joint(after.depth, min(before.length, after.length))
        rows += [parts(span, meter) for span in row if span.length > SMALLEST]
    return found


def _is_plain(length: int) -> bool:
    """Whether a length is a note value without a dot."""
    whole = 4 * RESOLUTION
    return length in (2 * whole, 4 * whole) or (whole % length == 0 and (whole // length).bit_count() == 1)


def _row(start: int, lengths: list[int], depth: int) -> tuple[Span, ...]:
    spans = []
    for length in lengths:
        spans.append(Span(start, length, depth))
        start += length
    return tuple(spans)
