"""Which pieces to train on, which to choose by, and which to test with.

Pieces that are versions of one another share a side. A group's side follows from its content alone,
so it stays where it is when other files come or go.
"""

import re
from collections.abc import Iterable, Set

from notegen.corpus.dedupe import groups, interval_hash
from notegen.corpus.scan import Piece

SIDES = ("train", "valid", "test")
VALID, TEST = 5, 5  # percent of the groups

_NUMBER = re.compile(r"(\d+)[^/\\]*$")  # the first in the name of a file


def split(pieces: list[Piece], held_out: Set[str] = frozenset()) -> dict[str, list[Piece]]:
    """Split pieces into ``train``, ``valid`` and ``test``.

    A corpus of so few groups that chance leaves a side empty gives one group to each. Where pieces are held
    out by name, these and their versions are the test side.
    """
    members: dict[int, list[Piece]] = {}
    for piece, group in zip(pieces, groups(piece.ids for piece in pieces).tolist(), strict=True):
        members.setdefault(group, []).append(piece)
    ordered = sorted(
        ((min(interval_hash(piece.ids) for piece in group), group) for group in members.values()),
        key=lambda row: row[0],
    )
    sides: dict[str, list[Piece]] = {side: [] for side in SIDES}
    is_held = [not held_out.isdisjoint(piece.name for piece in group) for _, group in ordered]
    chance = iter(assign(digest for (digest, _), held in zip(ordered, is_held, strict=True) if not held))
    for (_, group), held in zip(ordered, is_held, strict=True):
        side = "test" if held else next(chance)
        sides["train" if held_out and side == "test" and not held else side] += group
    return sides


def divides(name: str, every: int) -> bool:
    """Whether the first number in the name of a piece's file divides by another.

    Examples
    --------
    >>> divides("pop909/018.mid", 9), divides("versions/018-v2.mid", 9), divides("pop909/019.mid", 9)
    (True, True, False)
    """
    found = _NUMBER.search(name)
    return found is not None and int(found[1]) % every == 0


def assign(digests: Iterable[str]) -> list[str]:
    """Return the side of each group.

    Parameters
    ----------
    digests : iterable of str
        The least `interval_hash` of each group's pieces, in sorted order.
    """
    side_of = [_side(digest) for digest in digests]
    for side in SIDES:
        if side not in side_of and len(side_of) > 2:
            fullest = max(side_of, key=side_of.count)
            side_of[side_of.index(fullest)] = side
    return side_of


def _side(digest: str) -> str:
    percent = int(digest[:8], 16) % 100
    return "valid" if percent < VALID else "test" if percent < VALID + TEST else "train"
