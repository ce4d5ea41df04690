"""Sound font files (SF2): presets, tables and sample data.

The low bytes of samples of 24 bits are not read, nor are modulators.

Source: SoundFont Technical Specification 2.04, chapters 5 and 7.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.errors import DataError, FormatError

DRUM_BANK = 128
INSTRUMENT, SAMPLE = 41, 53  # the generators that end a zone: what it sounds

_NAME = ("name", "S20")
_TABLES = {  # chapter 7
    "phdr": np.dtype(
        [_NAME, ("program", "<u2"), ("bank", "<u2"), ("bag", "<u2"), ("_", "<u4", 3)],
    ),
    "pbag": np.dtype([("generators", "<u2"), ("modulators", "<u2")]),
    "pgen": np.dtype([("operator", "<u2"), ("amount", "<i2")]),
    "inst": np.dtype([_NAME, ("bag", "<u2")]),
    "ibag": np.dtype([("generators", "<u2"), ("modulators", "<u2")]),
    "igen": np.dtype([("operator", "<u2"), ("amount", "<i2")]),
    "shdr": np.dtype(
        [
            _NAME,
            ("start", "<u4"),
            ("end", "<u4"),
            ("loop_start", "<u4"),
            ("loop_end", "<u4"),
            ("rate", "<u4"),
            ("key", "u1"),
            ("correction", "i1"),
            ("link", "<u2"),
            ("type", "<u2"),
        ]
    ),
}
_COMPRESSED = 0x10  # in a sample's type: Ogg Vorbis, as in .sf3


@dataclass(frozen=True, eq=False)
class SoundFont:
    """A sound font: its presets by bank and program, its tables, and its sample data."""

    path: Path
    presets: dict[tuple[int, int], int]
    tables: dict[str, NDArray[Any]]
    samples: NDArray[np.int16]  # mapped into memory, read where it is used


def load(path: Path) -> SoundFont:
    """Open a sound font for playing; sample data stay in the file until they are used.

    Raises
    ------
    DataError
        If the file cannot be read.
    FormatError
        If it is damaged, no sound font, or holds compressed samples (.sf3).
    """
    tables, (offset, size) = _read(path)
    headers = tables["shdr"][:-1]
    if (headers["type"] & _COMPRESSED).any():
        raise FormatError(
            f"{path}: its samples are compressed (.sf3); the built-in synthesizer needs a .sf2 file"
        )
    if not size // 2:
        raise FormatError(f"{path}: the sound font has no sample data")
    _check(path, tables)
    samples = np.memmap(path, dtype="<i2", mode="r", offset=offset, shape=(size // 2,))
    return SoundFont(path, _presets(tables["phdr"]), tables, samples)


def presets(path: Path) -> dict[tuple[int, int], int]:
    """Return the presets of a sound font, compressed or not: (bank, program) to their places."""
    return _presets(_read(path)[0]["phdr"])


def preset(presets: dict[tuple[int, int], int], bank: int, program: int) -> tuple[int, int] | None:
    """Return the preset that stands in where a font lacks one, as in FluidSynth.

    Drums fall back on the standard kit, other banks on bank 0, and a missing program on program 0.

    Examples
    --------
    >>> preset({(0, 0): 0, (0, 5): 1}, 8, 5), preset({(0, 0): 0, (0, 5): 1}, 0, 7)
    ((0, 5), (0, 0))
    """
    drums = [(bank, program), (bank, 0)]
    choices = drums if bank == DRUM_BANK else [(bank, program), (0, program), (0, 0)]
    return next((choice for choice in choices if choice in presets), None)


def _read(path: Path) -> tuple[dict[str, NDArray[Any]], tuple[int, int]]:
    """Return the tables, and offset and size in bytes of the sample data."""
    try:
        with path.open("rb") as file:
            length = file.seek(0, 2)
            file.seek(0)
            head = file.read(12)
            if head[:4] != b"RIFF" or head[8:] != b"sfbk":
                raise FormatError(f"{path}: this is no sound font")
            found: dict[str, tuple[int, int]] = {}
            for name, at, size in _chunks(file, 12, length):
                if name == "LIST" and size >= 4:
                    found |= {inner: (a, s) for inner, a, s in _chunks(file, at + 4, at + size)}
            tables = {}
            for name, dtype in _TABLES.items():
                at, size = found.get(name, (0, 0))
                file.seek(at)
                tables[name] = np.frombuffer(file.read(size), dtype=np.uint8)
                if not size or size % dtype.itemsize or len(tables[name]) != size:
                    raise FormatError(f'{path}: the sound font is damaged: its table "{name}" is')
                tables[name] = tables[name].view(dtype)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    at, size = found.get("smpl", (0, 0))
    return tables, (at, max(0, min(size, length - at)))


def _chunks(file: Any, at: int, stop: int) -> Iterator[tuple[str, int, int]]:
    """Yield name, offset and size of the chunks between two places of a RIFF file."""
    while at + 8 <= stop:
        file.seek(at)
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = struct.unpack("<4sI", head)
        yield name.decode("latin-1"), at + 8, size
        at += 8 + size + size % 2


def _presets(headers: NDArray[Any]) -> dict[tuple[int, int], int]:
    rows = enumerate(zip(headers["bank"].tolist(), headers["program"].tolist(), strict=True))
    return {key: i for i, key in rows if i < len(headers) - 1}  # the last row is an end mark


def _check(path: Path, tables: dict[str, NDArray[Any]]) -> None:
    """Refuse tables whose rows point backwards or outside of the table that they point into."""
    pointers = {
        "phdr": ("bag", "pbag"),
        "inst": ("bag", "ibag"),
        "pbag": ("generators", "pgen"),
        "ibag": ("generators", "igen"),
    }
    for name, (field, target) in pointers.items():
        places = tables[name][field].astype(np.int64)
        if (np.diff(places) < 0).any() or places[-1] >= len(tables[target]):
            raise FormatError(f'{path}: the sound font is damaged: its table "{name}" points nowhere')
    for name, operator, target in (("pgen", INSTRUMENT, "inst"), ("igen", SAMPLE, "shdr")):
        rows = tables[name]
        named = rows["amount"][rows["operator"] == operator].astype(np.uint16)
        if (named >= len(tables[target]) - 1).any():
            raise FormatError(f'{path}: the sound font is damaged: its table "{name}" points nowhere')
