"""Many MIDI files to tokens in one go, for the plain ones: one track, one line, one key.

What a file is read as does not depend on the way it takes: a file that is not plain goes through
`notegen.melody` and `notegen.codecs.notes` by itself, and a test holds the two ways together.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen import keys
from notegen.codecs import notes as codec
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import Lines, Row
from notegen.codecs.vocabulary import Ids
from notegen.corpus.tracks import Tracks, tokens
from notegen.errors import NotegenError
from notegen.formats import skim
from notegen.keys import Key
from notegen.melody import GRID, LONGEST, lengths, tidy_meters


class _File(NamedTuple):
    """The raw columns of a plain file, and its maps."""

    place: int
    columns: dict[str, NDArray[np.integer]]
    meters: list[Row]
    keys: list[Row]
    resolution: int


def encode_files(contents: Iterable[bytes], tracks: Tracks = "melody") -> list[Ids | NotegenError]:
    """Turn the bytes of MIDI files into tokens, or into the error that says why not."""
    files = list(contents)
    if tracks == "all":
        return [_encode_alone(data, tracks) for data in files]
    plain = [file for i, data in enumerate(files) if (file := _plain(i, data)) is not None]
    done = _encode(plain)
    done |= _encode([_top(file) for file in plain if file.place not in done])
    return [done[i] if i in done else _encode_alone(data, tracks) for i, data in enumerate(files)]


def _encode_alone(data: bytes, tracks: Tracks) -> Ids | NotegenError:
    try:
        return tokens(skim.decode(data), tracks)
    except NotegenError as error:
        return error


def _plain(index: int, data: bytes) -> _File | None:
    """Read a file if it has one part that is no drums, and at most one key."""
    parsed = skim.parse(data)
    if parsed is None:
        return None
    tracks = [track for track in parsed.tracks if len(track.notes)]
    named = skim.signatures(parsed)
    if len(tracks) != 1 or tracks[0].is_drum or len(named) > 1 or any(tick for tick, _, _ in named):
        return None
    resolution = parsed.ticks_per_quarter
    meters = [_grid_row(m.time, m.numerator, m.denominator, resolution) for m in parsed.time_signatures]
    if any((n, d) not in v.METER_ID for _, n, d in meters):
        return None
    if not meters or meters[0][0]:
        meters.insert(0, (0, 4, 4))
    if any(first[0] >= second[0] for first, second in pairwise(meters)):
        return None
    return _File(index, tracks[0].notes.numpy(), meters, named, resolution)


def _top(file: _File) -> _File:
    """Keep the highest of notes that begin together."""
    time, pitch = file.columns["time"], file.columns["pitch"]
    order = np.lexsort((-pitch, time))
    order = order[np.append(True, np.diff(time[order]) > 0)]
    return file._replace(columns={name: column[order] for name, column in file.columns.items()})


def _grid_row(tick: int, first: int, second: int, resolution: int) -> Row:
    return (2 * tick * GRID + resolution) // (2 * resolution), first, second


def _encode(files: list[_File]) -> dict[int, Ids]:
    """Tokenize those files that turn out to be one line, all at once."""
    if not files:
        return {}
    sizes = np.array([len(file.columns["time"]) for file in files])
    owner = np.repeat(np.arange(len(files)), sizes)
    resolution = np.array([file.resolution for file in files])[owner]
    onset, duration, pitch = (
        np.concatenate([file.columns[name] for file in files]).astype(np.int64)
        for name in ("time", "duration", "pitch")
    )
    start = (2 * onset * GRID + resolution) // (2 * resolution)
    stop = (2 * (onset + duration) * GRID + resolution) // (2 * resolution)
    last = np.cumsum(sizes) - 1
    following = np.append(start[1:], 0)
    following[last] = -(-np.maximum(stop, start + 1)[last] // 6) * 6
    proper = (start < following) & (stop <= following) & (duration > 0) & (pitch >= 0) & (stop < LONGEST)
    good = np.flatnonzero(np.logical_and.reduceat(proper, last - sizes + 1))
    kept = np.isin(owner, good)
    start, pitch = start[kept], pitch[kept]
    spans = lengths(start, np.maximum(1, stop[kept] - start), following[kept])
    final = start[np.cumsum(sizes[good]) - 1].tolist()
    chosen = [files[i] for i in good.tolist()]
    lines = Lines(
        start,
        spans,
        pitch,
        sizes[good].tolist(),
        [tidy_meters(file.meters, tick) for file, tick in zip(chosen, final, strict=True)],
        _keys(chosen, np.searchsorted(good, owner[kept]), pitch, spans),
        [tick + 1 for tick in final],
    )
    coded = codec.encode_many(lines) if chosen else []
    return {file.place: ids for file, ids in zip(chosen, coded, strict=True)}


def _keys(
    files: list[_File], owner: NDArray[np.int64], pitch: NDArray[np.int64], duration: NDArray[np.int64]
) -> list[list[Row]]:
    """Return each file's key, guessed where `notegen.melody` would guess it."""
    weights = np.bincount(owner * 12 + pitch % 12, weights=duration, minlength=12 * len(files)).reshape(
        -1, 12
    )
    rows: list[list[Row]] = []
    for file, weight in zip(files, weights, strict=True):
        written = [Key(fifths, mode) for _, fifths, mode in file.keys]
        rows.append([(0, *keys.settle(written, weight))])
    return rows
