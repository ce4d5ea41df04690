"""What there is to read in files, folders and zip archives, and reading it."""

import itertools
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from notegen import files
from notegen.corpus import archives
from notegen.corpus.bulk import encode_files
from notegen.corpus.scan import Named
from notegen.corpus.tracks import Tracks
from notegen.errors import DataError, EmptyError, NotegenError
from notegen.formats import (
    ABC_SUFFIXES,
    HUMDRUM_SUFFIXES,
    MUSICXML_SUFFIXES,
    SUFFIXES,
    abc,
    humdrum,
    musicxml,
)

_SUFFIXES = (*SUFFIXES, archives.SUFFIX)
_AT_ONCE = 256  # files that are read together, as MIDI files are tokenized together
_BYTES_AT_ONCE = 64 << 20
_LARGEST = 256 << 20  # bytes
_LEFT_OUT = "__MACOSX"  # what macOS adds to archives


@dataclass(frozen=True)
class Source:
    """A file to read, or a member of a zip archive.

    Parameters
    ----------
    path : Path
        The file, or the archive.
    member : str
        The name inside the archive.
    size : int
        Bytes, unpacked.
    stamp : int
        What changes with the content: a file's time of change in ns, a member's CRC-32.
    offset : int
        Where in the archive the member begins, so that it is read without the archive's directory.
    """

    path: Path
    member: str = ""
    size: int = 0
    stamp: int = 0
    offset: int = 0

    @property
    def name(self) -> str:
        """What refusals and pieces are named by, such as ``tunes/a.mid`` or ``tunes.zip/folder/b.mid``."""
        name = f"{self.path}/{self.member}" if self.member else str(self.path)
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    @property
    def suffix(self) -> str:
        """The name's ending in lower case, such as ``.mid``."""
        return _suffix(self.member or self.path.name)

    def read(self) -> bytes:
        """Read the bytes.

        Raises
        ------
        DataError
            If they cannot be read, or are too many; the message does not name the source.
        """
        is_archive = self.suffix == archives.SUFFIX
        if is_archive and self.member:
            raise DataError("it is a zip archive inside another, which is not opened: unpack it")
        if is_archive:
            archives.members(self.path)  # says why it cannot be opened
        if self.size > _LARGEST:
            raise DataError(f"it has more than {_LARGEST >> 20} MiB, as no piece of music has")
        if self.member:
            member = archives.Member(self.member, self.size, self.stamp, self.offset)
            return archives.unpack(self.path, member)
        try:
            return files.read(self.path)
        except DataError as error:
            raise DataError(str(error).removeprefix(f"{self.path}: ")) from error


def sources(path: Path) -> Iterator[Source]:
    """Return what there is to read: a file, or all music in a folder or zip archive, in sorted order.

    Folders are searched at any depth, and archives in them too. Hidden files are left out. What will
    turn out to be unreadable is returned as well: reading it says why.

    Raises
    ------
    DataError
        If there is nothing to read.
    """
    try:
        status = path.stat()
    except FileNotFoundError as error:
        raise DataError(f"{path}: there is no such file or folder") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if stat.S_ISDIR(status.st_mode):
        found = _walk(path)
    elif not stat.S_ISREG(status.st_mode):
        raise DataError(f"{path}: is neither a file nor a folder")
    elif _suffix(path.name) == archives.SUFFIX:
        found = _members(_file(path, status))
    else:
        found = iter([_file(path, status)])
    first = next(found, None)
    if first is None:
        raise DataError(f"{path}: there is no file in it that ends in {', '.join(_SUFFIXES)}")
    return itertools.chain([first], found)


def read_sources(found: Iterable[Source], tracks: Tracks = "melody") -> Iterator[Named]:
    """Read MIDI, MusicXML and Humdrum files and ABC tunebooks, in their order.

    MIDI files are tokenized, and of these `tracks` says what is read. What cannot be read is paired with the
    reason. Of several pieces in a file, each has its number.
    """
    for some in _batches(found):
        readers = [_READERS.get(source.suffix) for source in some]
        contents = [_content(source) for source in some]
        midi = [
            content
            for reader, content in zip(readers, contents, strict=True)
            if reader is None and isinstance(content, bytes)
        ]
        encoded = iter(encode_files(midi, tracks))
        for source, reader, content in zip(some, readers, contents, strict=True):
            if not isinstance(content, bytes):
                yield source.name, content
            elif reader is None:
                yield source.name, next(encoded)
            else:
                yield from reader(source.name, content)


def _batches(found: Iterable[Source]) -> Iterator[list[Source]]:
    """Cut sources into lists that fit into memory."""
    some: list[Source] = []
    size = 0
    for source in found:
        if some and (len(some) == _AT_ONCE or size + source.size > _BYTES_AT_ONCE):
            yield some
            some, size = [], 0
        some.append(source)
        size += source.size
    if some:
        yield some


def _content(source: Source) -> bytes | DataError:
    try:
        return source.read()
    except DataError as error:
        return error


def _tunes(name: str, data: bytes) -> Iterator[Named]:
    tunes = abc.read_tunes(data.decode("utf-8", "replace"))
    if not tunes:
        yield name, EmptyError("there is no tune in it (a tune begins with X: and has a K: line)")
    for tune, score in tunes:
        yield f"{name}#{tune.number}", score


def _musicxml(name: str, data: bytes) -> Iterator[Named]:
    try:
        yield name, musicxml.decode(data)
    except NotegenError as error:
        yield name, error


def _humdrum(name: str, data: bytes) -> Iterator[Named]:
    pieces = humdrum.decode_all(data)
    for number, piece in enumerate(pieces, start=1):
        yield name if len(pieces) == 1 else f"{name}#{number}", piece


_READERS = (
    dict.fromkeys(ABC_SUFFIXES, _tunes)
    | dict.fromkeys(MUSICXML_SUFFIXES, _musicxml)
    | dict.fromkeys(HUMDRUM_SUFFIXES, _humdrum)
)  # all other files are MIDI, read together


def _suffix(name: str) -> str:
    return os.path.splitext(name)[1].lower()  # noqa: PTH122 (a hundred thousand Paths take seconds)


def _walk(top: Path) -> Iterator[Source]:
    """Yield the music below a folder in sorted order; where links lead back to is entered once."""
    entered: set[tuple[int, int]] = set()
    levels = [(top.parent, [top.name])]
    while levels:
        folder, names = levels[-1]
        if not names:
            levels.pop()
            continue
        path = folder / names.pop()
        status = _status(path)
        if status is None or not stat.S_ISDIR(status.st_mode):
            yield from _music(path, status)
        elif (status.st_dev, status.st_ino) not in entered:
            entered.add((status.st_dev, status.st_ino))
            try:
                shown = filter(_is_shown, os.listdir(path))  # noqa: PTH208 (names alone, no Paths)
                levels.append((path, sorted(shown, reverse=True)))
            except OSError:
                yield Source(path)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:
        return None


def _is_shown(name: str) -> bool:
    return not name.startswith(".") and name != _LEFT_OUT


def _music(path: Path, status: os.stat_result | None) -> Iterator[Source]:
    """Yield a file that is music, or what music an archive holds; without status, it will be refused."""
    if status is not None and not stat.S_ISREG(status.st_mode):
        return
    suffix = _suffix(path.name)
    source = _file(path, status)
    if suffix in SUFFIXES:
        yield source
    elif suffix == archives.SUFFIX:
        yield from _members(source)


def _file(path: Path, status: os.stat_result | None) -> Source:
    return Source(path) if status is None else Source(path, "", status.st_size, status.st_mtime_ns)


def _members(archive: Source) -> Iterator[Source]:
    """Yield the music in an archive in sorted order, or the archive itself if it cannot be read."""
    try:
        listed = archives.members(archive.path)
    except DataError:
        yield archive
        return
    for member in sorted(listed, key=lambda member: _parts(member.name)):
        if _suffix(member.name) in _SUFFIXES and all(map(_is_shown, _parts(member.name))):
            yield Source(archive.path, *member)


def _parts(member: str) -> list[str]:
    return [part for part in member.replace("\\", "/").split("/") if part not in ("", ".", "..")]
