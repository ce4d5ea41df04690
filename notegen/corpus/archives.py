"""Zip archives: what is in them, and reading one member from where it begins.

A member is read without the archive's directory, which for a hundred thousand members takes a second
and 50 MB to go through.
"""

import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

from notegen.errors import DataError, FormatError

SUFFIX = ".zip"

_HEADER = struct.Struct("<4s2xHH16xHH")  # of a member: signature, flags, method, lengths of name and extra
_SIGNATURE = b"PK\x03\x04"
_LOCKED = 1  # a flag
_STORED, _DEFLATED = 0, 8  # methods
_BLOCK = 1 << 16  # bytes
_DAMAGED = "its bytes in the zip archive are damaged"
_ERRORS = (zipfile.BadZipFile, zlib.error, struct.error, OSError, ValueError, RuntimeError, OverflowError)


class Member(NamedTuple):
    """A file in an archive: its name, bytes when unpacked, CRC-32, and the byte at which it begins."""

    name: str
    size: int
    crc: int
    offset: int


def members(path: Path) -> list[Member]:
    """Return the files in an archive, in its order; of those of one name, the last counts.

    Raises
    ------
    DataError
        If it cannot be read; the message does not name it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            entries = {entry.filename: entry for entry in archive.infolist() if not entry.is_dir()}
    except _ERRORS as error:
        raise _explained(error, "the zip archive is damaged") from error
    return [Member(name, one.file_size, one.CRC, one.header_offset) for name, one in entries.items()]


def unpack(path: Path, member: Member) -> bytes:
    """Return the bytes of a member.

    Raises
    ------
    DataError
        If it cannot be read; the message does not name it.
    """
    try:
        with path.open("rb") as file:
            file.seek(member.offset)
            signature, flags, method, *skipped = _HEADER.unpack(file.read(_HEADER.size))
            if flags & _LOCKED:
                raise DataError("it is locked with a password")
            if method not in (_STORED, _DEFLATED):
                raise DataError("it is packed in an uncommon way: unpack the archive")
            file.seek(sum(skipped), os.SEEK_CUR)
            data = file.read(member.size) if method == _STORED else _inflate(file, member.size)
    except _ERRORS as error:
        raise _explained(error, _DAMAGED) from error
    if signature != _SIGNATURE or len(data) != member.size or zlib.crc32(data) != member.crc:
        raise FormatError(_DAMAGED)
    return data


def _inflate(file: BinaryIO, size: int) -> bytes:
    """Unpack so many bytes, or fewer if the packed ones end before."""
    inflating = zlib.decompressobj(-zlib.MAX_WBITS)
    data = bytearray()
    while len(data) < size and not inflating.eof:
        packed = inflating.unconsumed_tail or file.read(_BLOCK)
        if not packed:
            break
        data += inflating.decompress(packed, size - len(data))
    return bytes(data)


def _explained(error: Exception, otherwise: str) -> DataError:
    """Return the error to raise: where the archive cannot be opened, the system says why."""
    if isinstance(error, OSError) and error.filename:
        return DataError(f"cannot be read: {error.strerror}")
    return FormatError(otherwise)
