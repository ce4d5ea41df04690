"""The spines of a Humdrum table: which part a column belongs to, row after row."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby
from operator import itemgetter

from notegen.errors import FormatError


@dataclass
class Spine:
    """A column of the table.

    `part` is a number that a spine shares with those that it splits into, `kind` its exclusive
    interpretation (such as ``**kern``), and `free` the quarter at which its last note ends. A spine
    that has not begun may be silent without rests, as second voices often are.
    """

    part: int
    kind: str = ""
    free: Fraction = Fraction(0)
    begun: bool = False


def follow(spines: list[Spine], cells: list[str], numbers: Iterator[int]) -> list[Spine]:
    """Return the spines that there are behind a row of interpretations; new parts take the next numbers.

    Raises
    ------
    FormatError
        If a spine is joined to none, or changes places with none.
    """
    kept: list[Spine] = []
    for cell, together in groupby(zip(cells, spines, strict=True), key=itemgetter(0)):
        group = [spine for _, spine in together]
        if cell == "*^":
            kept += [replace(spine, begun=False) for spine in group for _ in range(2)]
        elif cell == "*v":
            kept.append(_join(group))
        elif cell == "*x":
            kept += _exchange(group)
        elif cell == "*+":
            kept += [each for spine in group for each in (spine, Spine(next(numbers)))]
        elif cell != "*-":
            kept += [replace(spine, kind=cell) for spine in group] if cell.startswith("**") else group
    return kept


def _join(group: list[Spine]) -> Spine:
    if len(group) < 2:
        raise FormatError("a spine is joined (*v) to none")
    begun = [spine for spine in group if spine.begun]
    return replace(group[0], free=max(spine.free for spine in begun or group), begun=bool(begun))


def _exchange(group: list[Spine]) -> list[Spine]:
    if len(group) % 2:
        raise FormatError("a spine changes places (*x) with none")
    return [group[i ^ 1] for i in range(len(group))]
