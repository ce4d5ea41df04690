"""Sound files with the same bytes each time.

libsndfile draws a random serial number for every stream of an Ogg file, and notes in a WAV file of floats
when it was written, beside its peaks.
"""

import zlib
from pathlib import Path

_SERIAL, _CHECKSUM, _SEGMENTS = 14, 22, 26  # places in a page's header; RFC 3533, section 6
_TIME = 12  # the place of the time in the PEAK chunk of a WAV file
_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def clear(path: Path, suffix: str) -> None:
    """Take out of a file of a kind what differs from one writing to the next."""
    if suffix == ".ogg":
        fix_serial(path)
    if suffix == ".wav":
        clear_time(path)


def clear_time(path: Path) -> None:
    """Set the time at which a WAV file of floats was written to zero."""
    with path.open("r+b") as file:
        at = file.read(4096).partition(b"data")[0].find(b"PEAK")
        if at >= 0:
            file.seek(at + _TIME)
            file.write(bytes(4))


def fix_serial(path: Path) -> None:
    """Give the stream of an Ogg file the serial number 1, and its pages their new checksums."""
    data = bytearray(path.read_bytes())
    at = 0
    while data[at : at + 4] == b"OggS":
        segments = data[at + _SEGMENTS]
        body = at + _SEGMENTS + 1 + segments
        stop = body + sum(data[body - segments : body])
        data[at + _SERIAL : at + _SERIAL + 4] = (1).to_bytes(4, "little")
        data[at + _CHECKSUM : at + _CHECKSUM + 4] = bytes(4)
        data[at + _CHECKSUM : at + _CHECKSUM + 4] = checksum(bytes(data[at:stop])).to_bytes(4, "little")
        at = stop
    path.write_bytes(data)


def checksum(page: bytes) -> int:
    """Return the checksum of a page whose own checksum is zero.

    It is that of zlib with all bits in reverse order, begun at zero.

    Examples
    --------
    >>> hex(checksum(b"123456789"))
    '0x89a1897f'
    """
    reverse = zlib.crc32(page.translate(_REVERSED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{reverse:032b}"[::-1], 2)
