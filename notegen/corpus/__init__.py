"""A folder, a file or a collection as something to train on and test with."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.corpus.dedupe import content_hash
from notegen.corpus.scan import Named, Piece, Refusal, files, read_files, scan
from notegen.corpus.split import split
from notegen.errors import DataError


@dataclass(frozen=True)
class Corpus:
    """Pieces in three parts, and a reason for every piece that is not among them.

    Parameters
    ----------
    name : str
        What the corpus is called, as it stands in a bundle's provenance.
    pieces : list of Piece
        One of each set of pieces that have the same notes, whatever their key.
    refused, duplicates : list of Refusal
        What was left out because it cannot be learned from, or is there already.
    notice : str
        Terms of use, as far as they are known.
    """

    name: str
    pieces: list[Piece]
    refused: list[Refusal] = field(default_factory=list)
    duplicates: list[Refusal] = field(default_factory=list)
    notice: str = ""

    @classmethod
    def open(cls, *paths: str | PathLike[str]) -> "Corpus":
        """Read folders and files of MIDI and ABC.

        Raises
        ------
        DataError
            If there is nothing to read.
        """
        found = [file for path in paths for file in files(Path(path))]
        return cls.of(", ".join(Path(path).name for path in paths), read_files(found))

    @classmethod
    def of(cls, name: str, scores: Iterable[Named], notice: str = "") -> "Corpus":
        """Build a corpus from named scores, or the errors that stand in their place."""
        pieces: dict[str, Piece] = {}
        refused, duplicates = [], []
        for found in scan(scores):
            if isinstance(found, Refusal):
                refused.append(found)
                continue
            first = pieces.setdefault(content_hash(found.ids), found)
            if first is not found:
                duplicates.append(Refusal(found.name, f"the same notes as {first.name}"))
        return cls(name, list(pieces.values()), refused, duplicates, notice)

    @cached_property
    def sides(self) -> dict[str, list[Piece]]:
        """The pieces by side; versions of one tune are on one side."""
        if not self.pieces:
            raise DataError(f"{self.name}: no piece can be learned from; `notegen corpus check` tells why")
        return split(self.pieces)

    @property
    def train(self) -> list[Piece]:
        """The pieces to learn from."""
        return self.sides["train"]

    @property
    def valid(self) -> list[Piece]:
        """The pieces to choose settings by."""
        return self.sides["valid"]

    @property
    def test(self) -> list[Piece]:
        """The pieces that only the final figure is read from."""
        return self.sides["test"]

    def report(self) -> dict[str, object]:
        """Return what a person wants to know of a corpus, as plain values.

        ``groups`` counts sets of pieces that are versions of one another; ``refused`` and
        ``duplicates`` give a reason for each piece left out.
        """
        rows = [piece.ids for piece in self.pieces]
        pitches = np.concatenate([v.pitches(ids) for ids in rows] or [np.array([], dtype=np.int64)])
        return {
            "name": self.name,
            "pieces": len(self.pieces) + len(self.refused) + len(self.duplicates),
            "kept": len(self.pieces),
            "notes": sum(note_count(ids) for ids in rows),
            "tokens": sum(len(ids) for ids in rows),
            "bars": sum(int(np.isin(ids, (v.BAR, v.PICKUP)).sum()) for ids in rows),
            "meters": _counts(rows, "meter"),
            "keys": _counts(rows, "key"),
            "pitch_range": [v.pitch_name(int(p)) for p in (pitches.min(), pitches.max())]
            if len(pitches)
            else [],
            "sides": {side: len(pieces) for side, pieces in self.sides.items()} if self.pieces else {},
            "refused": [{"name": r.name, "reason": r.reason} for r in self.refused],
            "duplicates": [{"name": r.name, "reason": r.reason} for r in self.duplicates],
            "notice": self.notice,
        }


def _counts(rows: list[v.Ids], kind: str) -> dict[str, int]:
    """Count the first token of a kind in each piece, by name, most frequent first."""
    firsts = [ids[v.KIND[ids] == v.INDEX[kind]][:1] for ids in rows]
    names = Counter(v.name(int(token)).split()[1] for first in firsts for token in first)
    return dict(names.most_common())


__all__ = ["Corpus", "Named", "Piece", "Refusal"]
