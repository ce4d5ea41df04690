"""The doctor: every file of a folder becomes pieces, or is refused with the reason."""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from notegen.codecs import notes
from notegen.codecs.vocabulary import FIRST, LONGEST_RELEASE, Ids
from notegen.corpus.bulk import encode_files
from notegen.errors import DataError, EmptyError, NotegenError, RangeError
from notegen.files import read
from notegen.formats import ABC_SUFFIXES, MUSICXML_SUFFIXES, SUFFIXES, abc, musicxml
from notegen.melody import melody
from notegen.score import Score

FEWEST_NOTES = 8

_AT_ONCE = 256  # MIDI files that are tokenized together

Named = tuple[str, Score | Ids | NotegenError]


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


def scan(found: Iterable[Named]) -> Iterator[Piece | Refusal]:
    """Turn named scores into pieces; what cannot be one is refused with the reason."""
    for name, content in found:
        try:
            if isinstance(content, NotegenError):
                raise content
            title = content.title if isinstance(content, Score) else Path(name).stem
            ids = notes.encode(melody(content)) if isinstance(content, Score) else content
            check(ids)
            yield Piece(name, title, ids)
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
        raise EmptyError(f"its melody has {count} notes; {FEWEST_NOTES} are the least to learn from")
    held = np.flatnonzero(ids == FIRST["release"] + LONGEST_RELEASE - 1)
    if (held[5:] - held[:-5] == 5).any():
        raise RangeError("a note lasts for more than 15 bars; its end is missing")


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
    """Read MIDI and MusicXML files and ABC tunebooks; what cannot be read is paired with the reason."""
    for reader, group in itertools.groupby(paths, key=_reader):
        for some in _batched(group, _AT_ONCE if reader is _midi else 1):
            contents = {path: _content(path) for path in some}
            for path, error in contents.items():
                if isinstance(error, DataError):
                    yield str(path), error
            yield from reader({path: data for path, data in contents.items() if isinstance(data, bytes)})


def _reader(path: Path) -> Callable[[dict[Path, bytes]], Iterator[Named]]:
    suffix = path.suffix.lower()
    return _tunes if suffix in ABC_SUFFIXES else _musicxml if suffix in MUSICXML_SUFFIXES else _midi


def _batched(paths: Iterable[Path], size: int) -> Iterator[list[Path]]:
    paths = iter(paths)
    while some := list(itertools.islice(paths, size)):
        yield some


def _content(path: Path) -> bytes | DataError:
    try:
        return read(path)
    except DataError as error:
        return DataError(str(error).removeprefix(f"{path}: "))  # a refusal is named by its path already


def _midi(contents: dict[Path, bytes]) -> Iterator[Named]:
    return zip(map(str, contents), encode_files(contents.values()), strict=True)


def _musicxml(contents: dict[Path, bytes]) -> Iterator[Named]:
    for path, data in contents.items():
        try:
            yield str(path), musicxml.decode(data)
        except NotegenError as error:
            yield str(path), error


def _tunes(contents: dict[Path, bytes]) -> Iterator[Named]:
    for path, data in contents.items():
        tunes = abc.read_tunes(data.decode("utf-8", "replace"))
        if not tunes:
            yield str(path), EmptyError("there is no tune in it (a tune begins with X: and has a K: line)")
        for tune, score in tunes:
            yield f"{path}#{tune.number}", score
