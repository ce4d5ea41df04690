"""MIDI files to scores and back.

Every chunk and channel that holds a note becomes a track. Notes follow one convention: a note lasts
until the first note-off of its pitch and channel after it, or to the end of its chunk; it is at least
one tick long. A score that was read from a file and only added to is written as that file's bytes,
followed by what was added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.errors import FormatError, RangeError
from notegen.formats import smf
from notegen.score import (
    DEFAULT_METER,
    DEFAULT_TEMPO,
    EVENT,
    KEY,
    METER,
    NOTE,
    TEMPO,
    Score,
    Source,
    Table,
    Track,
    table,
)

_NAME, _TEMPO, _METER, _KEY = 0x03, 0x51, 0x58, 0x59
_LONGEST = 1 << 40  # ticks; more than any clock of a sequencer holds


@dataclass
class _Maps:
    """The rows that meta events of all chunks add up to."""

    tempos: list[tuple[int, int]]
    meters: list[tuple[int, int, int]]
    keys: list[tuple[int, int, int]]
    title: str = ""


def decode(data: bytes) -> Score:
    """Read the bytes of a MIDI file of type 0 or 1.

    Raises
    ------
    FormatError
        If the bytes are damaged or no such file.
    """
    header = smf.read_chunks(data)
    maps = _Maps([], [], [])
    tracks: list[Track] = []
    notes, others = [], []
    for chunk in header.chunks:
        events = smf.read_events(chunk)
        if len(events.tick) and events.tick[-1] > _LONGEST:
            raise FormatError("the file claims to last for years; its times are damaged")
        name = _read_metas(chunk, events, maps)
        part, rest = _read_part(events, name, tracks)
        if not len(part) or len(header.chunks) == 1:  # otherwise it is the name of an instrument's part
            maps.title = maps.title or name
        notes.append(part)
        others.append(rest)
    rows = np.concatenate(notes) if notes else table([], NOTE)
    if len(notes) > 1:
        rows = rows[np.argsort(rows["onset"], kind="stable")]
    return Score(
        notes=table(rows, NOTE),
        tracks=tuple(tracks) or (Track(),),
        tempos=as_map(maps.tempos, TEMPO, DEFAULT_TEMPO),
        meters=as_map(maps.meters, METER, *DEFAULT_METER),
        keys=as_map(maps.keys, KEY),
        events=table(np.concatenate(others) if others else [], EVENT),
        resolution=header.division,
        title=maps.title,
        source=Source(data, len(rows)),
    )


def encode(score: Score) -> bytes:
    """Write a score as the bytes of a MIDI file.

    A score with a source becomes its source with the added notes in the tracks they belong to; any
    other becomes a file of type 1: a chunk with the maps, then one for each track.

    Raises
    ------
    RangeError
        If MIDI cannot hold a pitch, a velocity, a tempo, a meter or a time of the score.
    """
    _check(score)
    if score.source is not None:
        return _extend(score.source, score)
    chunks = [_conductor(score)]
    for i, track in enumerate(score.tracks):
        head = [(0, smf.meta(_NAME, track.name.encode()))] if track.name else []
        own = score.events[score.events["track"] == i]
        told = (own["status"] & 0xF0 == 0xC0).any()
        if not told and (track.program or not track.is_drum):
            head.append((0, bytes([0xC0 | track.channel, track.program])))
        rows = score.notes[score.notes["track"] == i]
        messages = head + _merge(rows, own, track.channel)
        chunks.append(smf.write_chunk(messages) + smf.END_OF_TRACK)
    return smf.write_file(1, score.resolution, chunks)


def _check(score: Score) -> None:
    pitch, velocity = score.notes["pitch"], score.notes["velocity"]
    limits = (
        (pitch, 0, 127, "pitch"),
        (velocity, 1, 127, "velocity"),
        (score.tempos["microseconds"], 1, (1 << 24) - 1, "tempo in microseconds"),
        (score.meters["numerator"], 1, 255, "meter's numerator"),
        (score.keys["fifths"], -7, 7, "key in fifths"),
        (np.array([score.resolution]), 1, 0x7FFF, "resolution"),
    )
    for values, low, high, name in limits:
        if len(values) and not low <= values.min() <= values.max() <= high:
            worst = values.min() if values.min() < low else values.max()
            raise RangeError(f"MIDI cannot hold a {name} of {worst}; it has {low} to {high}")
    denominators = score.meters["denominator"]
    if (denominators & (denominators - 1)).any() or (denominators < 1).any():
        raise RangeError("MIDI can hold meters only whose denominator is a power of two")


def _read_metas(chunk: bytes, events: smf.Events, maps: _Maps) -> str:
    """Add a chunk's tempos, meters and keys to the maps; return the chunk's name."""
    name = ""
    for i in np.flatnonzero(events.status == smf.META).tolist():
        kind, content = smf.payload(chunk, events, i)
        tick = int(events.tick[i])
        if kind == _TEMPO and len(content) == 3 and any(content):
            maps.tempos.append((tick, int.from_bytes(content, "big")))
        elif kind == _METER and len(content) >= 2 and content[0] and content[1] <= 6:
            maps.meters.append((tick, content[0], 1 << content[1]))
        elif kind == _KEY and len(content) == 2 and content[1] <= 1:
            fifths = int.from_bytes(content[:1], "big", signed=True)
            if abs(fifths) <= 7:
                maps.keys.append((tick, fifths, content[1]))
        elif kind == _NAME and not name:
            name = _text(content)
    return name


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _read_part(events: smf.Events, name: str, tracks: list[Track]) -> tuple[Table, Table]:
    """Return a chunk's notes and other channel messages, and append its tracks, one a channel."""
    kind, channel = events.status & 0xF0, events.status & 0x0F
    message = events.status < smf.SYSEX
    on = message & (kind == 0x90) & (events.data2 > 0)
    off = message & ((kind == 0x80) | (kind == 0x90)) & ~on
    index = np.full(16, -1)
    program = message & (kind == 0xC0)
    for number in np.unique(channel[on]).tolist():
        index[number] = len(tracks)
        changes = events.data1[program & (channel == number)]
        tracks.append(Track(name, int(changes[0]) if len(changes) else 0, number))
    notes = _pair(events, on, off)
    notes["track"] = index[channel[on]]
    rest = message & ~on & ~off & (index[channel] >= 0)
    rows = np.empty(int(rest.sum()), dtype=EVENT)
    for field, column in (("tick", events.tick), ("status", events.status), ("data1", events.data1)):
        rows[field] = column[rest]
    rows["data2"], rows["track"] = events.data2[rest], index[channel[rest]]
    return notes, rows


def _pair(events: smf.Events, on: NDArray[np.bool_], off: NDArray[np.bool_]) -> Table:
    """Give each note-on the first later note-off of its channel and pitch."""
    voice = (events.status & 0x0F).astype(np.int64) << 7 | events.data1
    rows = np.flatnonzero(on | off)
    order = rows[np.argsort(voice[rows], kind="stable")]  # by channel and pitch, then in file order
    count = len(order)
    # From the back: the nearest note-off at or behind each row.
    nearest = np.minimum.accumulate(np.where(off[order], np.arange(count), count)[::-1])[::-1]
    if count:
        nearest = _past_older(nearest, on[order], voice[order], events.tick[order])
    closing = order[np.minimum(nearest, count - 1)] if count else order
    closed = (nearest < count) & (voice[closing] == voice[order])
    ends = np.where(closed, events.tick[closing], events.tick[-1] if count else 0)
    end_of = np.zeros(len(events.tick), dtype=np.int64)
    end_of[order] = ends
    notes = np.empty(int(on.sum()), dtype=NOTE)
    notes["onset"] = events.tick[on]
    notes["duration"] = np.maximum(1, end_of[on] - notes["onset"])
    notes["pitch"], notes["velocity"] = events.data1[on], events.data2[on]
    return notes


def _past_older(
    nearest: NDArray[np.int64], on: NDArray[np.bool_], voice: NDArray[np.int64], tick: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Where a note-off ends an older note at the tick of a newer one's note-on, leave it to the older."""
    count = len(on)
    older = on & np.append(False, on[:-1] & (voice[1:] == voice[:-1]) & (tick[1:] > tick[:-1]))
    at_once = tick[np.minimum(nearest, count - 1)] == tick
    behind = np.append(nearest, [count, count])[nearest + 1]
    return np.where(older & at_once & (nearest < count), behind, nearest)


def as_map(rows: Sequence[tuple[int, ...]], dtype: np.dtype[Any], *default: int) -> Table:
    """Return a map's rows by tick, the last of each tick, with the default where tick 0 has none."""
    latest = {row[0]: row for row in rows}
    if default:
        latest.setdefault(0, (0, *default))
    return table([latest[tick] for tick in sorted(latest)], dtype)


def _conductor(score: Score) -> bytes:
    """Write the chunk with the title and the maps."""
    messages = [(0, smf.meta(_NAME, score.title.encode()))] if score.title else []
    for tick, microseconds in score.tempos.tolist():
        messages.append((tick, smf.meta(_TEMPO, microseconds.to_bytes(3, "big"))))
    for tick, numerator, denominator in score.meters.tolist():
        messages.append((tick, smf.meta(_METER, bytes([numerator, denominator.bit_length() - 1, 24, 8]))))
    for tick, fifths, mode in score.keys.tolist():
        minor = mode in (1, 2, 3, 6)  # MIDI knows major and minor alone: the third decides
        messages.append((tick, smf.meta(_KEY, bytes([fifths & 0xFF, minor]))))
    messages.sort(key=lambda message: message[0])
    return smf.write_chunk(messages) + smf.END_OF_TRACK


def _merge(notes: Table, events: Table, channel: int) -> list[tuple[int, bytes]]:
    """Return messages sorted by tick: at one tick note-offs, then other events, then note-ons."""
    rows = []
    for onset, duration, pitch, velocity, _ in notes.tolist():
        rows.append((onset + duration, 0, bytes([0x80 | channel, pitch, 64])))
        rows.append((onset, 2, bytes([0x90 | channel, pitch, velocity])))
    for tick, _, status, data1, data2 in events.tolist():
        data = [data1, data2][: int(smf.DATA_BYTES[status])]
        rows.append((tick, 1, bytes([status, *data])))
    rows.sort(key=lambda row: row[:2])
    return [(tick, message) for tick, _, message in rows]


def _extend(source: Source, score: Score) -> bytes:
    """Write the source's bytes, and the score's further notes at the end of their chunks."""
    added = score.notes[source.notes :]
    if not len(added):
        return source.data
    header = smf.read_chunks(source.data)
    chunks, first = [], 0
    for chunk in header.chunks:
        events = smf.read_events(chunk)
        tracks: list[Track] = []
        _read_part(events, "", tracks)
        messages: list[tuple[int, bytes]] = []
        for i, track in enumerate(tracks, start=first):
            messages += _merge(added[added["track"] == i], table([], EVENT), track.channel)
        first += len(tracks)
        chunks.append(_append(chunk, events, sorted(messages, key=lambda message: message[0])))
    return smf.replace_chunks(source.data, chunks)


def _append(chunk: bytes, events: smf.Events, messages: list[tuple[int, bytes]]) -> bytes:
    """Put messages into a chunk, and note-offs for notes that never ended before them.

    What stands before the first message stays byte for byte; later events are woven in.
    """
    if not messages:
        return chunk
    ends = len(events.tick) > 0 and chunk[events.body[-1] : events.body[-1] + 2] == b"\xff\x2f"
    count = len(events.tick) - ends
    first = messages[0][0]
    kept = int(np.searchsorted(events.tick[:count], first, side="right"))
    later = [_message(chunk, events, i) for i in range(kept, count)]
    hanging = [(first, off) for off in _hanging(events)]
    now = int(events.tick[kept - 1]) if kept else 0
    tail = sorted([*hanging, *later, *messages], key=lambda message: message[0])
    head = chunk[: int(events.stop[kept - 1])] if kept else b""
    return head + smf.write_chunk(tail, start=now) + smf.END_OF_TRACK


def _message(chunk: bytes, events: smf.Events, i: int) -> tuple[int, bytes]:
    """Return an event's tick and its bytes, with its status named."""
    raw = chunk[int(events.body[i]) : int(events.stop[i])]
    status = bytes([events.status[i]]) if raw[0] < 0x80 else b""
    return int(events.tick[i]), status + raw


def _hanging(events: smf.Events) -> list[bytes]:
    """Return the note-offs that a chunk lacks."""
    sounding: dict[tuple[int, int], None] = {}
    strike = (events.status >= 0x80) & (events.status < 0xA0)
    for status, pitch, velocity in zip(
        events.status[strike].tolist(),
        events.data1[strike].tolist(),
        events.data2[strike].tolist(),
        strict=True,
    ):
        if status >= 0x90 and velocity:
            sounding[status & 0x0F, pitch] = None
        else:
            sounding.pop((status & 0x0F, pitch), None)
    return [bytes([0x80 | channel, pitch, 0]) for channel, pitch in sounding]
