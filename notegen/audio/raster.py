"""Levels as pixels: thinned to as many as there is room for, coloured, packed as PNG or printed."""

import struct
import zlib
from itertools import groupby, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.audio.features import BANDS, FLOOR

# "magma" of Nathaniel Smith and Stéfan van der Walt (2015, CC0), every 32nd of its colours
_MAGMA = "000004 1c1044 4f127b 812581 b5367a e55964 fb8761 fec287 fcfdbf"
_SHADES = " ░▒▓█"

Levels = NDArray[np.float32]


def thinned(levels: Levels, columns: int, rows: int = BANDS) -> Levels:
    """Return levels in so many columns and rows, each the mean power of what it covers.

    Where there are fewer frames than columns, frames stand in several of them.

    Parameters
    ----------
    levels : array of float32, shape (frames, BANDS), in decibels
    columns, rows : int
        BANDS is a multiple of `rows`.

    Returns
    -------
    array of float32, shape (columns, rows), in decibels

    Examples
    --------
    >>> loud, soft = np.zeros((1, BANDS), np.float32), np.full((3, BANDS), -60, np.float32)
    >>> thinned(np.concatenate([loud, soft]), 2, 1).round(2).tolist()
    [[-3.009999990463257], [-60.0]]
    """
    edges = (np.arange(columns + 1) * len(levels) // columns).tolist()
    covered = (levels[start : max(stop, start + 1)] for start, stop in pairwise(edges))
    power = np.stack([np.mean(10 ** (part / 10), axis=0) for part in covered])
    found: Levels = 10 * np.log10(power.reshape(columns, rows, -1).mean(axis=2))
    return found


def strength(levels: Levels) -> Levels:
    """Return levels as numbers from 0 (`FLOOR`) to 1 (the loudest)."""
    found: Levels = np.clip(1 - levels / np.float32(FLOOR), 0, 1)
    return found


def colours(strengths: NDArray[np.floating[Any]]) -> NDArray[np.uint8]:
    """Return numbers from 0 to 1 as red, green and blue, dark to light; shape (…, 3)."""
    anchors = np.array([list(bytes.fromhex(code)) for code in _MAGMA.split()])
    place = np.linspace(0, 1, len(anchors))
    mixed = np.stack([np.interp(strengths, place, channel) for channel in anchors.T], axis=-1)
    rounded: NDArray[np.uint8] = np.rint(mixed).astype(np.uint8)
    return rounded


def png(levels: Levels) -> bytes:
    """Return levels as a PNG of a pixel for each column and band: a byte a pixel, and a palette.

    High bands stand at the top. Portable Network Graphics, W3C, 2003.
    """
    bands = np.rint(255 * strength(levels).T[::-1]).astype(np.uint8)  # (bands, columns)
    rows = np.pad(bands, ((0, 0), (1, 0)))  # a row begins with the number of its filter: 0, none
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        _chunk(kind, data)
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", bands.shape[1], bands.shape[0], 8, 3, 0, 0, 0)),
            (b"PLTE", colours(np.linspace(0, 1, 256)).tobytes()),
            (b"IDAT", zlib.compress(rows.tobytes(), 9)),
            (b"IEND", b""),
        )
    )


def shades(levels: Levels, columns: int, lines: int) -> list[str]:
    """Return lines of blocks, the louder the fuller."""
    steps = strength(thinned(levels, columns, lines)).T[::-1] * len(_SHADES)
    return ["".join(_SHADES[min(int(step), len(_SHADES) - 1)] for step in line) for line in steps.tolist()]


def blocks(levels: Levels, columns: int, lines: int) -> list[str]:
    """Return lines of upper half blocks in colour (ANSI, 24 bits); a line has two rows."""
    upper, lower = (colours(strength(thinned(levels, columns, 2 * lines)).T[::-1])[i::2] for i in (0, 1))
    pairs = np.concatenate([upper, lower], axis=2).tolist()  # (lines, columns, 6)
    return [
        "".join(
            f"\x1b[38;2;{r};{g};{b};48;2;{x};{y};{z}m{'▀' * len(list(run))}"
            for (r, g, b, x, y, z), run in groupby(line)
        )
        + "\x1b[0m"
        for line in pairs
    ]


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
