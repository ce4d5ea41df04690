"""The doctor: every file of a folder becomes pieces, or is refused with the reason."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from notegen.codecs import notes
from notegen.codecs.vocabulary import Ids
from notegen.errors import DataError, EmptyError, NotegenError, RangeError
from notegen.formats import ABC_SUFFIXES, SUFFIXES, abc, skim
from notegen.melody import melody
from notegen.score import Score

FEWEST_NOTES = 8

Named = tuple[str, Score | NotegenError]


@dataclass(frozen=True)
class Piece:
    """A piece that was kept: where it comes from, what it is called, and its tokens."""

    name: str
    title: str
    ids: Ids


@dataclass(frozen=True)
class Refusal:
    """A piece or file that was not kept, and why."""

    name: str
    reason: str


def scan(scores: Iterable[Named]) -> Iterator[Piece | Refusal]:
    """Turn named scores into pieces; what cannot be one is refused with the reason."""
    for name, score in scores:
        try:
            if isinstance(score, NotegenError):
                raise score
            yield piece(name, score)
        except NotegenError as error:
            yield Refusal(name, str(error))


def piece(name: str, score: Score) -> Piece:
    """Reduce a score to its melody and tokenize it.

    Raises
    ------
    EmptyError
        If it has too few notes to learn from.
    RangeError
        If the codec cannot write it down.
    """
    line = melody(score)
    if len(line.notes) < FEWEST_NOTES:
        raise EmptyError(f"its melody has {len(line.notes)} notes; {FEWEST_NOTES} are the least to learn from")
    if int(line.notes["duration"].max()) > 64 * line.resolution:
        raise RangeError("a note lasts longer than 16 bars; a note-off is missing")
    return Piece(name, score.title, notes.encode(line))


def files(path: Path) -> list[Path]:
    """Return a folder's music files, at any depth and sorted, or the file itself.

    Raises
    ------
    DataError
        If there is nothing to read.
    """
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise DataError(f"{path}: there is no such file or folder")
    found = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())
    if not found:
        raise DataError(f"{path}: there is no file in it that ends in {', '.join(SUFFIXES)}")
    return found


def read_files(paths: Iterable[Path]) -> Iterator[Named]:
    """Read MIDI files and ABC tunebooks; a file that cannot be read is paired with the reason."""
    for path in paths:
        try:
            data = path.read_bytes()
        except OSError as error:
            yield str(path), DataError(f"cannot be read: {error.strerror}")
            continue
        if path.suffix.lower() in ABC_SUFFIXES:
            yield from _tunes(path, data)
        else:
            yield str(path), _midi(data)


def _midi(data: bytes) -> Score | NotegenError:
    try:
        return skim.decode(data)
    except NotegenError as error:
        return error


def _tunes(path: Path, data: bytes) -> Iterator[Named]:
    tunes = abc.read_tunes(data.decode("utf-8", "replace"))
    if not tunes:
        yield str(path), EmptyError("there is no tune in it (a tune begins with X: and has a K: line)")
    for tune, score in tunes:
        yield f"{path}#{tune.number}", score
