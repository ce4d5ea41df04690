"""Which pieces to train on, which to choose by, and which to test with.

Pieces that are versions of one another share a side. A group's side follows from its content alone,
so it stays where it is when other files come or go.
"""

from collections.abc import Iterable

from notegen.corpus.dedupe import groups, interval_hash
from notegen.corpus.scan import Piece

SIDES = ("train", "valid", "test")
VALID, TEST = 5, 5  # percent of the groups


def split(pieces: list[Piece]) -> dict[str, list[Piece]]:
    """Split pieces into ``train``, ``valid`` and ``test``.

    A corpus of so few groups that chance leaves a side empty gives one group to each.
    """
    members: dict[int, list[Piece]] = {}
    for piece, group in zip(pieces, groups(piece.ids for piece in pieces).tolist(), strict=True):
        members.setdefault(group, []).append(piece)
    ordered = sorted(
        ((min(interval_hash(piece.ids) for piece in group), group) for group in members.values()),
        key=lambda row: row[0],
    )
    sides: dict[str, list[Piece]] = {side: [] for side in SIDES}
    for side, (_, group) in zip(assign(digest for digest, _ in ordered), ordered, strict=True):
        sides[side] += group
    return sides


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
