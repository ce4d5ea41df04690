"""Standard MIDI files as bytes: chunks and events, read and written with arrays.

A chunk's events are found without a Python step for each byte: for every position the length of the
event that would begin there is computed at once, and a short walk along these lengths finds where
events do begin. Damage is met here, and told with the byte where it stands.
"""

from array import array
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.errors import FormatError, RangeError

META, SYSEX, ESCAPE = 0xFF, 0xF0, 0xF7
END_OF_TRACK = b"\x00\xff\x2f\x00"
_LONG, _NONE = -1, -2  # no length to look up: a system event, no event at all
_LOOKAHEAD = 8  # the most bytes of one channel event: a delta time of four, a status, two of data

# How many data bytes follow a status byte; channel messages and the rare system ones.
DATA_BYTES = np.zeros(256, dtype=np.int64)
DATA_BYTES[0x80:0xF0] = 2
DATA_BYTES[0xC0:0xE0] = 1
DATA_BYTES[[0xF1, 0xF3]] = 1
DATA_BYTES[0xF2] = 2


class Events(NamedTuple):
    """The events of one chunk, in file order: arrays of shape (events,)."""

    tick: NDArray[np.int64]
    status: NDArray[np.uint8]  # running status filled in
    data1: NDArray[np.uint8]
    data2: NDArray[np.uint8]
    body: NDArray[np.int64]  # where, behind the delta time, the event begins in the chunk
    stop: NDArray[np.int64]  # and where it ends


class Header(NamedTuple):
    """What a MIDI file says of itself, and its track chunks."""

    format: int
    division: int
    chunks: list[bytes]


def read_chunks(data: bytes) -> Header:
    """Split a MIDI file into its header and the bytes of its track chunks.

    A last chunk that is shorter than it says is taken as it is: many programs are lenient there too.

    Raises
    ------
    FormatError
        If this is no MIDI file, or one whose kind cannot be continued.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"RMID":
        data = data[20:]
    if data[:4] != b"MThd":
        raise FormatError("this is not a MIDI file (it does not begin with MThd)")
    if len(data) < 14:
        raise FormatError("the file breaks off inside its header")
    size, kind, _, division = (
        int.from_bytes(data[a:b], "big") for a, b in ((4, 8), (8, 10), (10, 12), (12, 14))
    )
    if kind > 1:
        raise FormatError(f"MIDI type {kind} holds unrelated sequences; export it as type 0 or 1")
    if division & 0x8000:
        raise FormatError(
            "the file counts time in SMPTE frames, not beats; export it with a musical time base"
        )
    if division == 0:
        raise FormatError("the file's division is zero, so its notes have no length")
    if size < 6:
        raise FormatError("the file's header is shorter than MIDI allows")
    chunks, at = [], 8 + size
    while at + 8 <= len(data):
        length = int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":
            chunks.append(data[at + 8 : at + 8 + length])
        at += 8 + length
    return Header(kind, division, chunks)


def read_events(chunk: bytes) -> Events:
    """Find the events of a track chunk; what follows an end of track is left out.

    Raises
    ------
    FormatError
        If the chunk breaks off inside an event, or holds bytes that are none.
    """
    size = len(chunk)
    data = np.frombuffer(chunk + bytes(_LOOKAHEAD), dtype=np.uint8)
    high = data >= 0x80
    behind = _delta_lengths(high, size)
    status = data[np.arange(size) + np.minimum(behind, 4)]
    starts, end = _walk(chunk, behind, status)
    begin = np.array(starts, dtype=np.int64)
    stop = np.append(begin, end)[1:]
    body = begin + behind[begin]
    return _decode(data, begin, body, stop)


def _delta_lengths(high: NDArray[np.bool_], size: int) -> NDArray[np.int64]:
    """Return how long a delta time that began at each byte would be; 5 marks one that is too long."""
    length = np.ones(size, dtype=np.int64)
    run = high[:size].copy()
    for ahead in range(1, 5):
        length += run
        run &= high[ahead : ahead + size]
    return length


def _walk(chunk: bytes, behind: NDArray[np.int64], status: NDArray[np.uint8]) -> tuple[list[int], int]:
    """Step from event to event; return where each begins, and where the last ends.

    Where an event ends depends on its place and, under running status, on how many data bytes the
    last named status has: place and number together are one state, and the walk goes from state to
    state. State 2 p + d - 1 is a place p with d data bytes to expect.
    """
    size = len(chunk)
    body = np.arange(size) + behind
    named = status >= 0x80
    step = np.empty((size, 2), dtype=np.int64)
    for i, expected in enumerate((1, 2)):
        count = np.where(named, DATA_BYTES[status], expected)
        step[:, i] = 2 * (body + named + count) + count - 1
    step[status >= SYSEX] = _LONG
    step[behind > 4] = _NONE
    steps = array("q", step.tobytes())
    states: list[int] = []
    visit = states.append
    state, end = 1, 2 * size
    while state < end:
        visit(state)
        following = steps[state]
        if following >= 0:
            state = following
            continue
        at = state >> 1
        if following == _NONE:
            raise FormatError(f"byte {at} of a track is no event")
        state = 2 * _long_event(chunk, int(body[at])) + (state & 1)
        if chunk[body[at] : body[at] + 2] == b"\xff\x2f":
            break
    if state >> 1 > size:
        raise FormatError(f"a track breaks off inside an event, at its byte {states[-1] >> 1}")
    return [visited >> 1 for visited in states], state >> 1


def _long_event(chunk: bytes, at: int) -> int:
    """Return where a system event that begins at `at` ends."""
    status = chunk[at] if at < len(chunk) else 0
    if status not in (META, SYSEX, ESCAPE):
        return at + 1 + int(DATA_BYTES[status])
    length, at = read_number(chunk, at + (2 if status == META else 1))
    return at + length


def read_number(chunk: bytes, at: int) -> tuple[int, int]:
    """Read a number of variable length; return it and where the next byte stands."""
    value = 0
    for here in range(at, min(at + 4, len(chunk))):
        value = value << 7 | chunk[here] & 0x7F
        if chunk[here] < 0x80:
            return value, here + 1
    raise FormatError(f"a track breaks off inside a number, at its byte {at}")


def _decode(
    data: NDArray[np.uint8], begin: NDArray[np.int64], body: NDArray[np.int64], stop: NDArray[np.int64]
) -> Events:
    delta = np.zeros(len(begin), dtype=np.int64)
    for i in range(4):
        inside = begin + i < body
        delta = np.where(inside, delta << 7 | data[begin + i] & 0x7F, delta)
    status = data[body]
    explicit = status >= 0x80
    channel = np.where(explicit & (status < SYSEX), np.arange(len(begin)), 0)
    named = np.maximum.accumulate(channel)
    if len(begin) and not (explicit | (named > 0) | (status[0] < SYSEX) & explicit[0]).all():
        raise FormatError("a track begins with data that no status byte explains")
    status = np.where(explicit, status, status[named])
    first = body + explicit
    data1, data2 = data[first], data[first + 1]
    two = DATA_BYTES[status] == 2
    message = status < SYSEX
    bad = message & ((data1 > 0x7F) | (two & (data2 > 0x7F)))
    if bad.any():
        place = int((first + (data1 <= 0x7F))[np.argmax(bad)])
        raise FormatError(f"a data byte over 127 stands at byte {place} of a track")
    return Events(np.cumsum(delta), status, data1, np.where(two, data2, 0).astype(np.uint8), body, stop)


def payload(chunk: bytes, events: Events, i: int) -> tuple[int, bytes]:
    """Return the type and the content of a meta event."""
    length, at = read_number(chunk, int(events.body[i]) + 2)
    return chunk[int(events.body[i]) + 1], chunk[at : at + length]


def number(value: int) -> bytes:
    """Write a number of variable length.

    Raises
    ------
    RangeError
        If it is not from 0 to 268,435,455.

    Examples
    --------
    >>> number(0).hex(), number(128).hex()
    ('00', '8100')
    """
    if not 0 <= value < 1 << 28:
        raise RangeError(f"MIDI cannot hold a time of {value} ticks between two events")
    out = bytearray([value & 0x7F])
    while value := value >> 7:
        out.append(value & 0x7F | 0x80)
    return bytes(reversed(out))


def meta(kind: int, content: bytes) -> bytes:
    """Write a meta event without its delta time."""
    return bytes([META, kind]) + number(len(content)) + content


def write_chunk(messages: list[tuple[int, bytes]], start: int = 0) -> bytes:
    """Write (tick, message) pairs, sorted by tick, as the bytes of a chunk without its end of track."""
    out, now = bytearray(), start
    for tick, message in messages:
        out += number(tick - now) + message
        now = tick
    return bytes(out)


def write_file(kind: int, division: int, chunks: list[bytes]) -> bytes:
    """Assemble a MIDI file from the bytes of its track chunks."""
    head = b"MThd" + b"".join(n.to_bytes(size, "big") for n, size in ((6, 4), (kind, 2), (len(chunks), 2)))
    body = b"".join(b"MTrk" + len(chunk).to_bytes(4, "big") + chunk for chunk in chunks)
    return head + division.to_bytes(2, "big") + body


def replace_chunks(data: bytes, chunks: list[bytes]) -> bytes:
    """Return a MIDI file with other bytes in its track chunks, and all else as it was."""
    start = 20 if data[:4] == b"RIFF" else 0
    at = start + 8 + int.from_bytes(data[start + 4 : start + 8], "big")
    out, new = [data[start:at]], iter(chunks)
    while at + 8 <= len(data):
        stop = at + 8 + int.from_bytes(data[at + 4 : at + 8], "big")
        if data[at : at + 4] == b"MTrk":
            chunk = next(new)
            out.append(b"MTrk" + len(chunk).to_bytes(4, "big") + chunk)
        else:
            out.append(data[at:stop])
        at = stop
    return b"".join(out)
