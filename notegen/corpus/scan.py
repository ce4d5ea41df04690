"""The doctor: every score becomes a piece, or is refused with the reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from notegen.codecs import notes
from notegen.codecs.vocabulary import FIRST, LONGEST_RELEASE, MELODY, Ids
from notegen.corpus.tracks import Tracks, tokens
from notegen.errors import EmptyError, NotegenError, RangeError
from notegen.score import Score

FEWEST_NOTES = 8

Named = tuple[str, Score | Ids | NotegenError]


@dataclass(frozen=True)
class Piece:
    """A piece that was kept: where it comes from, what it is called, and its tokens."""

    name: str
    title: str
    ids: Ids
    source: int = 0  # which of `Corpus.sources` it is of

    def __len__(self) -> int:
        """Return how many tokens it has."""
        return len(self.ids)


@dataclass(frozen=True)
class Refusal:
    """A piece or file that was not kept, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Duplicate:
    """A piece that was not kept, because another one, `of`, has the same notes in some key."""

    name: str
    of: str

    @property
    def reason(self) -> str:
        """Why it was not kept."""
        return f"the same notes as {self.of}"


def scan(found: Iterable[Named], source: int = 0, tracks: Tracks = "melody") -> Iterator[Piece | Refusal]:
    """Turn named scores of a source into pieces; what cannot be one is refused with the reason."""
    for name, content in found:
        try:
            if isinstance(content, NotegenError):
                raise content
            title = content.title if isinstance(content, Score) else Path(name).stem
            ids = tokens(content, tracks) if isinstance(content, Score) else content
            check(ids)
            yield Piece(name, title, ids, source)
        except NotegenError as error:
            yield Refusal(name, str(error))


def check(ids: Ids) -> None:
    """Check that tokens are a piece to learn from.

    Raises
    ------
    EmptyError
        If it has too few notes.
    RangeError
        If a note never ends.
    """
    count = notes.note_count(ids)
    if count < FEWEST_NOTES:
        what = "its melody" if (ids < MELODY).all() else "it"
        raise EmptyError(f"{what} has {count} notes; {FEWEST_NOTES} are the least to learn from")
    held = np.flatnonzero(ids == FIRST["release"] + LONGEST_RELEASE - 1)
    if (held[5:] - held[:-5] == 5).any():
        raise RangeError("a note lasts for more than 15 bars; its end is missing")
