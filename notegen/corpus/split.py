"""Which pieces to train on, which to choose by, and which to test with.

Pieces that are versions of one another share a side. A group's side follows from its content alone,
so it stays where it is when other files come or go.
"""

from notegen.corpus.dedupe import groups, interval_hash
from notegen.corpus.scan import Piece

VALID, TEST = 5, 5  # percent of the groups


def split(pieces: list[Piece]) -> dict[str, list[Piece]]:
    """Split pieces into ``train``, ``valid`` and ``test``.

    A corpus of so few groups that chance leaves a side empty gives one group to each.
    """
    members: dict[int, list[Piece]] = {}
    for piece, group in zip(pieces, groups([piece.ids for piece in pieces]).tolist(), strict=True):
        members.setdefault(group, []).append(piece)
    ordered = sorted(
        ((min(interval_hash(piece.ids) for piece in group), group) for group in members.values()),
        key=lambda row: row[0],
    )
    side_of = [_side(digest) for digest, _ in ordered]
    for side in ("train", "valid", "test"):
        if side not in side_of and len(ordered) > 2:
            fullest = max(side_of, key=side_of.count)
            side_of[side_of.index(fullest)] = side
    sides: dict[str, list[Piece]] = {"train": [], "valid": [], "test": []}
    for side, (_, group) in zip(side_of, ordered, strict=True):
        sides[side] += group
    return sides


def _side(digest: str) -> str:
    percent = int(digest[:8], 16) % 100
    return "valid" if percent < VALID else "test" if percent < VALID + TEST else "train"
