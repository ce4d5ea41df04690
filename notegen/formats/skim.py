"""MIDI files to scores at the speed of symusic, for corpora: notes and maps, nothing else.

`notegen.formats.midi` keeps everything and explains damage; this reader is many times faster. symusic
reads beyond the end of a file whose chunk lengths lie, so these are checked before.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.formats import midi
from notegen.score import (
    DEFAULT_METER,
    DEFAULT_TEMPO,
    DRUM_CHANNEL,
    KEY,
    METER,
    NOTE,
    TEMPO,
    Score,
    Table,
    Track,
    table,
)

_FIELDS = (("onset", "time"), ("duration", "duration"), ("pitch", "pitch"), ("velocity", "velocity"))


def decode(data: bytes) -> Score:
    """Read the notes and maps of a MIDI file.

    Raises
    ------
    FormatError
        If the bytes are damaged, as `notegen.formats.midi.decode` says it.
    """
    parsed = parse(data)
    if parsed is None:
        return midi.decode(data)
    rows = [_notes(track.notes.numpy(), i) for i, track in enumerate(parsed.tracks)]
    notes = np.concatenate(rows) if rows else np.empty(0, NOTE)
    if len(rows) > 1:
        notes = notes[np.argsort(notes["onset"], kind="stable")]
    if len(notes) and (notes["pitch"].min() < 0 or notes["duration"].min() <= 0):
        return midi.decode(data)
    return Score(
        notes=table(notes, NOTE),
        tracks=tuple(_track(i, track) for i, track in enumerate(parsed.tracks)) or (Track(),),
        tempos=midi.as_map([(tempo.time, tempo.mspq) for tempo in parsed.tempos], TEMPO, DEFAULT_TEMPO),
        meters=midi.as_map(
            [
                (m.time, m.numerator, m.denominator)
                for m in parsed.time_signatures
                if m.numerator and m.denominator
            ],
            METER,
            *DEFAULT_METER,
        ),
        keys=midi.as_map(signatures(parsed), KEY),
        resolution=parsed.ticks_per_quarter,
    )


def parse(data: bytes) -> Any:
    """Let symusic parse a file, or return None if it cannot, or must not try."""
    import symusic  # a tenth of a second that only corpora need

    if not _sound(data):
        return None
    try:
        return symusic.Score.from_midi(data)
    except (RuntimeError, ValueError, IndexError):
        return None


def signatures(parsed: Any) -> list[tuple[int, int, int]]:
    """Return the keys of a parsed file (tick, fifths, mode) that are any."""
    found = ((key.time, key.key, key.tonality) for key in parsed.key_signatures)
    return [(tick, fifths, mode) for tick, fifths, mode in found if abs(fifths) <= 7 and mode in (0, 1)]


def _sound(data: bytes) -> bool:
    """Whether the header is one that symusic treats as we do, and all chunks lie within the file."""
    if (
        data[:8] != b"MThd\x00\x00\x00\x06"
        or data[9:10] > b"\x01"
        or not 0 < int.from_bytes(data[12:14], "big") < 0x8000
    ):
        return False
    at = 14
    while at + 8 <= len(data):
        at += 8 + int.from_bytes(data[at + 4 : at + 8], "big")
    return at == len(data)


def _notes(columns: dict[str, NDArray[np.integer]], track: int) -> Table:
    rows = np.empty(len(columns["time"]), dtype=NOTE)
    for ours, theirs in _FIELDS:
        rows[ours] = columns[theirs]
    rows["track"] = track
    return rows


def _track(index: int, track: Any) -> Track:
    return Track(track.name, track.program, DRUM_CHANNEL if track.is_drum else index % DRUM_CHANNEL)
