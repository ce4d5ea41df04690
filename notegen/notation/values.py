"""Note values: a voice's bar written as notes and rests with ties, dots and tuplets.

A bar is divided along its metre. Where no division into halves holds all onsets and ends, a part
becomes a tuplet. What lies outside tuplets is split where a note would hide a stronger beat, and tied.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from notegen.keys import Key
from notegen.notation import metre
from notegen.notation.metre import RESOLUTION, SMALLEST, Joint, Span

Meter = tuple[int, int]

_WHOLE = 4 * RESOLUTION
_BASES = tuple(_WHOLE >> power for power in range(8) if not _WHOLE % (1 << power))  # a whole to a 64th
_TUPLETS = (3, 5, 7)


class Tuplet(NamedTuple):
    """So many notes in the time of so many, and what it spans in the bar."""

    actual: int
    normal: int
    start: int
    stop: int


class Value(NamedTuple):
    """One written note, chord or rest.

    Parameters
    ----------
    start, length : int
        In the bar, in ticks.
    kind : int
        1 for a whole note, 4 for a quarter, and so on.
    dots : int
    pitches : tuple of int
        Ascending; none for a rest.
    tied, ties : bool
        Whether it continues the value before, and whether the one after continues it.
    tuplet : Tuplet, optional
    key : Key
        The key in force where the note began, by which its pitches are named.
    """

    start: int
    length: int
    kind: int
    dots: int
    pitches: tuple[int, ...] = ()
    tied: bool = False
    ties: bool = False
    tuplet: Tuplet | None = None
    key: Key = Key(0, 0)

    @property
    def stop(self) -> int:
        """Where in the bar it ends."""
        return self.start + self.length


class Piece(NamedTuple):
    """What sounds in a stretch of a bar, whether it sounds before and after it too, and its key."""

    start: int
    stop: int
    pitches: tuple[int, ...] = ()
    tied: bool = False
    ties: bool = False
    key: Key = Key(0, 0)


def write_bar(pieces: list[Piece], meter: Meter, length: int) -> list[Value]:
    """Write the pieces of one voice in one bar.

    Parameters
    ----------
    pieces : list of Piece
        Without overlaps, in order; what they leave free becomes rests.
    meter : tuple of int
    length : int
        The ticks of the bar.

    Examples
    --------
    >>> [(v.kind, v.dots, v.ties) for v in write_bar([Piece(0, 4200, (60,))], (4, 4), 6720)]
    [(2, 0, True), (8, 0, False), (8, 0, False), (4, 0, False)]
    """
    filled = list(_filled(pieces, length))
    cuts = {piece.start for piece in filled} | {piece.stop for piece in filled}
    regions = list(_join(_regions((Span(0, length, 0),), cuts, meter)))
    values: list[Value] = []
    for piece in filled:
        written = [value for region in regions for value in _write(piece, region, meter)]
        last = len(written) - 1
        for i, value in enumerate(written):
            sounds = bool(piece.pitches)
            values.append(
                value._replace(
                    pitches=piece.pitches,
                    key=piece.key,
                    tied=sounds and (i > 0 or piece.tied),
                    ties=sounds and (i < last or piece.ties),
                )
            )
    return values


def _filled(pieces: list[Piece], length: int) -> Iterator[Piece]:
    """Yield pieces with rests between them, up to the end of the bar."""
    at = 0
    for piece in pieces:
        if piece.start > at:
            yield Piece(at, piece.start)
        yield piece
        at = piece.stop
    if at < length:
        yield Piece(at, length)


def _regions(spans: Sequence[Span], cuts: set[int], meter: Meter) -> Iterator[tuple[int, int, Tuplet | None]]:
    """Yield stretches of a bar: plain ones, and tuplets."""
    for span in spans:
        inner = [cut - span.start for cut in cuts if span.start < cut < span.stop]
        if all(cut % SMALLEST == 0 for cut in inner):
            yield span.start, span.stop, None
            continue
        below = metre.parts(span, meter) if span.depth else metre.top(meter)
        crossed = any(part.start not in cuts for part in below[1:])
        tuplet = _tuplet(span, inner) if crossed else None
        if tuplet:
            yield span.start, span.stop, tuplet
        else:
            yield from _regions(_paired(below, cuts), cuts, meter)


def _paired(parts: tuple[Span, ...], cuts: set[int]) -> list[Span]:
    """Make one of two neighbours among three or more parts that hold a tuplet together."""
    spans: list[Span] = []
    for part in parts:
        before = spans[-1] if spans and len(parts) > 2 else None
        if before and before.length == part.length and part.start not in cuts:
            whole = before._replace(length=2 * part.length)
            inner = [cut - whole.start for cut in cuts if whole.start < cut < whole.stop]
            uneven = any(cut % SMALLEST for cut in inner)
            if uneven and {whole.start, whole.stop} <= cuts and _tuplet(whole, inner):
                spans[-1] = whole
                continue
        spans.append(part)
    return spans


def _tuplet(span: Span, inner: list[int]) -> Tuplet | None:
    """Return the tuplet that holds all cuts inside a span, or None."""
    dotted = span.length not in _BASES
    for actual in _TUPLETS:
        normal = 3 if dotted else 2
        while 2 * normal < actual:
            normal *= 2
        unit = span.length // normal
        if (dotted and actual == 3) or unit not in _BASES:
            continue
        finest = 4 if span.length <= RESOLUTION else 2 if span.length <= 2 * RESOLUTION else 1
        pieces = actual * min(finest, max(1, unit // SMALLEST))
        if not any(cut * pieces % span.length for cut in inner):
            return Tuplet(actual, normal, span.start, span.stop)
    return None


def _join(
    regions: Iterator[tuple[int, int, Tuplet | None]],
) -> Iterator[tuple[int, int, Tuplet | None]]:
    """Join plain stretches that follow one another."""
    waiting: tuple[int, int] | None = None
    for start, stop, tuplet in regions:
        if tuplet is None:
            waiting = (waiting[0] if waiting else start, stop)
            continue
        if waiting:
            yield *waiting, None
            waiting = None
        yield start, stop, tuplet
    if waiting:
        yield *waiting, None


def _write(piece: Piece, region: tuple[int, int, Tuplet | None], meter: Meter) -> Iterator[Value]:
    """Yield the values of what of a piece lies in a region."""
    start, stop, tuplet = region
    start, stop = max(start, piece.start), min(stop, piece.stop)
    if start >= stop:
        return
    if tuplet is None:
        for a, b in _plain(start, stop, not piece.pitches, metre.joints(meter)):
            kind, dots = _VALUES[b - a]
            yield Value(a, b - a, kind, dots)
        return
    for a, b in _steps((start - tuplet.start) * tuplet.actual, (stop - tuplet.start) * tuplet.actual, tuplet):
        kind, dots = _VALUES[(b - a) // tuplet.normal]
        offset = tuplet.start + a // tuplet.actual
        yield Value(offset, (b - a) // tuplet.actual, kind, dots, tuplet=tuplet)


_VALUES = {base: (_WHOLE // base, 0) for base in _BASES}
_VALUES |= {base * 3 // 2: (_WHOLE // base, 1) for base in _BASES[:-1]}


def _plain(start: int, stop: int, rest: bool, joints: dict[int, Joint]) -> list[tuple[int, int]]:
    """Split a stretch into lengths that one value can write, at the strongest joints it crosses."""
    inside = {at: joint for at, joint in joints.items() if start < at < stop}
    if stop - start in _VALUES and _may_cross(start, stop, rest, inside, joints):
        return [(start, stop)]
    if not inside:
        return [(start, stop)] if stop - start in _VALUES else _halved(start, stop)
    strongest = min(joint.depth for joint in inside.values())
    places = sorted(at for at, joint in inside.items() if joint.depth == strongest)
    at = places[-1] if joints[start].depth <= strongest else places[0]
    return [*_plain(start, at, rest, joints), *_plain(at, stop, rest, joints)]


def _may_cross(start: int, stop: int, rest: bool, inside: dict[int, Joint], joints: dict[int, Joint]) -> bool:
    """Whether one value may cover the joints inside it."""
    if not inside:
        return True
    at, strongest = min(inside.items(), key=lambda item: item[1].depth)
    ends = joints[start].depth, joints[stop].depth
    if rest:
        return strongest.depth > max(ends)
    if strongest.depth >= min(ends):
        return True
    # a syncopation: as long as the parts that meet, half of it in each
    return stop - start == strongest.size and at - start == stop - at


def _halved(start: int, stop: int) -> list[tuple[int, int]]:
    """Split a length off the grid of joints, the largest value first."""
    largest = next(base for base in _BASES if base <= stop - start)
    rest = _halved(start + largest, stop) if start + largest < stop else []
    return [(start, start + largest), *rest]


def _steps(start: int, stop: int, tuplet: Tuplet) -> list[tuple[int, int]]:
    """Split a stretch inside a tuplet, in ticks times `actual`, into lengths that one value can write."""
    length = (stop - start) // tuplet.normal
    if length in _VALUES:
        return [(start, stop)]
    largest = next(base for base in _BASES if base <= length) * tuplet.normal
    return [(start, start + largest), *_steps(start + largest, stop, tuplet)]
