"""A folder, a file or a collection as something to train on and test with."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import NamedTuple

from notegen.codecs.notes import note_count
from notegen.corpus.dedupe import content_hash
from notegen.corpus.facts import facts, totals
from notegen.corpus.pieces import ids, lengths
from notegen.corpus.scan import Duplicate, Named, Piece, Refusal, scan
from notegen.corpus.split import divides, split
from notegen.corpus.tracks import NAMES, Tracks
from notegen.errors import DataError, UsageError


class Known(NamedTuple):
    """What needs no looking at the pieces, as it was found out when the corpus was built."""

    sides: dict[str, Sequence[Piece]]
    totals: dict[str, object]
    notes: dict[str, int]  # by side


@dataclass(frozen=True)
class Corpus:
    """Pieces in three parts, and a reason for every piece that is not among them.

    Parameters
    ----------
    name : str
        What the corpus is called, as it stands in a bundle's provenance.
    pieces : sequence of Piece
        One of each set of pieces that have the same notes, whatever their key. Those of a built corpus are
        read from disk whenever they are indexed; `ids` and `lengths` are for what needs no names.
    refused : sequence of Refusal
        What was left out because it cannot be learned from.
    duplicates : sequence of Duplicate
        What was left out because it is there already.
    notice : str
        Terms of use, as far as they are known.
    known : Known, optional
        Of a built corpus.
    sources : tuple of str
        What it was read from, as it was asked for; ``piece.source`` tells which of them a piece is of. A
        built corpus is one source.
    tracks : str
        What was read of each piece: its ``melody``, in the tokens of `notegen.codecs.notes`, or ``all``
        tracks, in those of `notegen.codecs.parts`.
    test_every : int
        What is on the test side: pieces of files whose number divides by this, and their versions; with 0,
        what chance puts there.
    """

    name: str
    pieces: Sequence[Piece]
    refused: Sequence[Refusal] = field(default_factory=list)
    duplicates: Sequence[Duplicate] = field(default_factory=list)
    notice: str = ""
    known: Known | None = field(default=None, repr=False)
    sources: tuple[str, ...] = ()
    tracks: Tracks = "melody"
    test_every: int = 0

    @classmethod
    def open(cls, *paths: str | PathLike[str], tracks: Tracks | None = None, test_every: int = 0) -> "Corpus":
        """Read folders, zip archives and files of MIDI, ABC, MusicXML and Humdrum, or a built corpus.

        The pieces of a built corpus stay on disk until they are looked at.

        Parameters
        ----------
        *paths
        tracks : str, optional
            What is read of each piece, ``melody`` or ``all``; if not given, the melody, and of a built corpus
            what it has.
        test_every : int
            See `Corpus`; POP909's songs whose number divides by nine are usually held out, which is 9.

        Raises
        ------
        DataError
            If there is nothing to read, or a built corpus is not whole.
        UsageError
            If there is something else beside a built corpus, or it is of other tracks, or its sides are asked
            to be others.
        """
        from notegen.corpus.built import read_built  # all readers, which composing does without
        from notegen.corpus.sources import read_sources, sources
        from notegen.corpus.store import is_built

        for path in map(Path, paths):
            if is_built(path):
                if len(paths) > 1:
                    raise UsageError(
                        f"{path}: a built corpus stands by itself; build it from the other paths too"
                    )
                built = read_built(path)
                if tracks not in (None, built.tracks):
                    raise UsageError(
                        f"{path}: is a built corpus of {NAMES[built.tracks]}; build one of {NAMES[tracks]}"
                    )
                if test_every:
                    raise UsageError(f"{path}: the test side of a built corpus was settled when it was built")
                known = Known(built.sides, built.totals, built.notes)
                kept = built.pieces, built.refused, built.duplicates, built.notice
                return cls(built.name, *kept, known, (str(path),), built.tracks)
        found = [(str(path), sources(Path(path))) for path in paths]  # what is missing is told first
        name = ", ".join(Path(path).absolute().name for path in paths)
        tracks = tracks or "melody"
        read = [(path, read_sources(files, tracks)) for path, files in found]
        return cls.joined(name, read, tracks=tracks, test_every=test_every)

    @classmethod
    def of(
        cls, name: str, scores: Iterable[Named], notice: str = "", *, tracks: Tracks = "melody"
    ) -> "Corpus":
        """Build a corpus from named scores, or the errors that stand in their place."""
        return cls.joined(name, [(name, scores)], notice, tracks=tracks)

    @classmethod
    def joined(
        cls,
        name: str,
        sources: Iterable[tuple[str, Iterable[Named]]],
        notice: str = "",
        *,
        tracks: Tracks = "melody",
        test_every: int = 0,
    ) -> "Corpus":
        """Build a corpus from several sources, each of them named scores under what it was asked for by.

        What two sources have in common is a piece of the first.
        """
        pieces: dict[str, Piece] = {}
        refused, duplicates, asked = [], [], []
        for number, (source, scores) in enumerate(sources):
            asked.append(source)
            for found in scan(scores, number, tracks):
                if isinstance(found, Refusal):
                    refused.append(found)
                    continue
                first = pieces.setdefault(content_hash(found.ids), found)
                if first is not found:
                    duplicates.append(Duplicate(found.name, first.name))
        kept = list(pieces.values()), refused, duplicates, notice
        return cls(name, *kept, sources=tuple(asked), tracks=tracks, test_every=test_every)

    @cached_property
    def sides(self) -> dict[str, Sequence[Piece]]:
        """The pieces by side; versions of one tune are on one side.

        Raises
        ------
        DataError
            If there is no piece, or none of those that are to be held out.
        """
        if not self.pieces:
            raise DataError(f"{self.name}: no piece can be learned from; `notegen corpus check` tells why")
        return self.known.sides if self.known else {**split(list(self.pieces), self._held_out())}

    def _held_out(self) -> set[str]:
        """Return the names of pieces to test with, by their numbers or by those of what they stand for."""
        every = self.test_every
        if not every:
            return set()
        found = {piece.name for piece in self.pieces if divides(piece.name, every)}
        found |= {again.of for again in self.duplicates if divides(again.name, every)}
        if not found:
            raise DataError(f"{self.name}: no file has a number that divides by {every}")
        return found

    @property
    def train(self) -> Sequence[Piece]:
        """The pieces to learn from."""
        return self.sides["train"]

    @property
    def valid(self) -> Sequence[Piece]:
        """The pieces to choose settings by."""
        return self.sides["valid"]

    @property
    def test(self) -> Sequence[Piece]:
        """The pieces that only the final figure is read from."""
        return self.sides["test"]

    @cached_property
    def notes(self) -> int:
        """How many notes all pieces have."""
        return sum(self.known.notes.values()) if self.known else _notes(self.pieces)

    def notes_of(self, side: str) -> int:
        """Return how many notes the pieces of ``train``, ``valid`` or ``test`` have."""
        return self.known.notes[side] if self.known else _notes(self.sides[side])

    def report(self) -> dict[str, object]:
        """Return what a person wants to know of a corpus, as plain values.

        ``refused`` and ``duplicates`` give a reason for each piece left out.
        """
        sums = self.known.totals if self.known else totals(facts(piece.ids) for piece in self.pieces)
        return {
            "name": self.name,
            "pieces": len(self.pieces) + len(self.refused) + len(self.duplicates),
            "kept": len(self.pieces),
            **sums,
            "sides": {side: len(pieces) for side, pieces in self.sides.items()} if self.pieces else {},
            "refused": [{"name": r.name, "reason": r.reason} for r in self.refused],
            "duplicates": [{"name": d.name, "reason": d.reason, "of": d.of} for d in self.duplicates],
            "notice": self.notice,
        }


def _notes(pieces: Iterable[Piece]) -> int:
    return sum(note_count(piece.ids) for piece in pieces)


__all__ = ["Corpus", "Duplicate", "Named", "Piece", "Refusal", "ids", "lengths"]
