"""The order in which the bars of a written piece are played.

A player takes every repeat and each ending in its turn. Behind a da capo or dal segno, which counts
once, repeats are not taken again, only last endings are played, and the piece ends at the fine or goes
on at the coda.
"""

from collections.abc import Sequence
from typing import NamedTuple

_MOST = 32  # times that a passage is played, whatever the text says


class Bar(NamedTuple):
    """What a bar says about the order of play.

    `times` is how often a passage that ends with this bar is played (0 without a sign, 2 with a plain
    one); `endings` are the numbers of the ending that the bar lies in.
    """

    forward: bool = False
    times: int = 0
    endings: frozenset[int] = frozenset()
    segno: bool = False
    coda: bool = False
    fine: bool = False
    to_coda: bool = False
    da_capo: bool = False
    dal_segno: bool = False


def order(bars: Sequence[Bar]) -> list[int]:
    """Return the numbers of the bars, counted from 0, in the order of play.

    Examples
    --------
    >>> first, second = Bar(times=2, endings=frozenset({1})), Bar(endings=frozenset({2}))
    >>> order([Bar(), Bar(forward=True), first, second, Bar()])
    [0, 1, 2, 1, 3, 4]
    >>> order([Bar(fine=True), Bar(da_capo=True)])
    [0, 1, 0]
    """
    played: list[int] = []
    i = start = 0  # `start` is where the next repeat sign leads back to
    turn = 1
    jumped = False
    codas = [at for at, bar in enumerate(bars) if bar.coda]
    while i < len(bars):
        bar = bars[i]
        last, times = _group(bars, i)
        if i != start and (bar.forward or (bars[i - 1].endings and not bar.endings)):
            start, turn = i, 1
        if bar.endings and (last if jumped else turn) not in bar.endings:
            i += 1
            continue
        played.append(i)
        if jumped and bar.fine:
            break
        if jumped and bar.to_coda and codas:
            i = start = codas.pop()
            codas.clear()
        elif turn < times and not jumped:
            i, turn = start, turn + 1
        elif not jumped and (target := _target(bars, bar)) is not None:
            i = start = target
            jumped = True
        else:
            i += 1
            if times:
                start, turn = i, 1
    return played


def _group(bars: Sequence[Bar], i: int) -> tuple[int, int]:
    """Return the last number of the endings around a bar, and how often its passage is played."""
    own = bars[i].endings
    if not own:
        return 0, min(bars[i].times, _MOST)
    first = last = i
    while first and bars[first - 1].endings and not bars[first].forward:
        first -= 1
    while last + 1 < len(bars) and bars[last + 1].endings and not bars[last + 1].forward:
        last += 1
    group = [bar.endings for bar in bars[first : last + 1]]
    highest = max(max(numbers) for numbers in group)
    alone = all(numbers == own for numbers in group)  # the ending behind it has no bracket
    times = highest + alone if bars[i].times else 0
    return highest, min(times, _MOST)


def _target(bars: Sequence[Bar], bar: Bar) -> int | None:
    """Return where a da capo or dal segno behind a bar leads to."""
    if bar.da_capo:
        return 0
    return next((at for at, other in enumerate(bars) if other.segno), None) if bar.dal_segno else None
