import io

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mido.midifiles.meta import encode_variable_int

from notegen.errors import FormatError
from notegen.formats import smf

data_bytes = st.integers(0, 127)
messages = st.one_of(
    st.tuples(st.sampled_from([0x80, 0x93, 0xA0, 0xB1, 0xEF]), data_bytes, data_bytes).map(bytes),
    st.tuples(st.sampled_from([0xC0, 0xD5]), data_bytes).map(bytes),
    st.binary(max_size=200).map(lambda text: smf.meta(0x05, text)),
    st.lists(data_bytes, max_size=5).map(
        lambda data: b"\xf0" + smf.number(len(data) + 1) + bytes(data) + b"\xf7"
    ),
)
timed_messages = st.lists(st.tuples(st.integers(0, 100_000), messages), max_size=30).map(
    lambda pairs: sorted(pairs, key=lambda pair: pair[0])
)


def dump(text):
    """Return the bytes of a hexdump with comments."""
    return bytes.fromhex("".join(line.partition("#")[0] for line in text.splitlines()))


HEADER = dump("""
    4d 54 68 64  00 00 00 06  # MThd, six bytes
    00 01  00 01  01 e0       # type 1, one track, 480 ticks a quarter
""")


# Numbers.


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0, "00"),
        (0x7F, "7f"),
        (0x80, "81 00"),
        (0x3FFF, "ff 7f"),
        (0x4000, "81 80 00"),
        (0x0FFFFFFF, "ff ff ff 7f"),
    ],
)
def test_numbers_are_written_as_the_standard_says(value, written):
    assert smf.number(value) == bytes.fromhex(written)


@given(st.integers(0, (1 << 28) - 1), st.binary(max_size=3))
def test_a_number_reads_back(value, behind):
    written = smf.number(value)
    assert smf.read_number(written + behind, 0) == (value, len(written))
    assert list(written) == encode_variable_int(value)


@pytest.mark.parametrize("chunk", [b"", b"\x81", b"\xff\xff\xff\xff\x01"])
def test_a_number_without_an_end_is_told(chunk):
    with pytest.raises(FormatError, match="breaks off inside a number"):
        smf.read_number(chunk, 0)


# Chunks.


@given(st.sampled_from([0, 1]), st.integers(1, 0x7FFF), st.lists(st.binary(max_size=30), max_size=4))
def test_a_file_reads_back_as_its_chunks(kind, division, chunks):
    assert smf.read_chunks(smf.write_file(kind, division, chunks)) == (kind, division, chunks)


def test_chunks_of_other_kinds_are_passed_over():
    chunks = dump("""
        58 46 49 48  00 00 00 02  12 34  # XFIH, two bytes
        4d 54 72 6b  00 00 00 01  00     # MTrk, one byte
    """)
    assert smf.read_chunks(HEADER + chunks).chunks == [b"\x00"]


def test_a_longer_header_is_passed_over():
    longer = dump("4d 54 68 64  00 00 00 08  00 00  00 01  00 60  ff ff  4d 54 72 6b  00 00 00 01  2a")
    assert smf.read_chunks(longer) == (0, 96, [b"\x2a"])


def test_a_riff_wrapper_is_taken_off():
    inner = smf.write_file(0, 96, [smf.END_OF_TRACK])
    size = len(inner).to_bytes(4, "little")
    assert smf.read_chunks(b"RIFF" + size + b"RMIDdata" + size + inner).chunks == [smf.END_OF_TRACK]


def test_a_last_chunk_that_is_too_short_is_taken_as_it_is():
    assert smf.read_chunks(HEADER + b"MTrk\x00\x00\xff\xff\x00\x01").chunks == [b"\x00\x01"]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a MIDI file"),
        (b"X:1\nT:A tune\nK:D\n", "not a MIDI file"),
        (HEADER[:9], "breaks off inside its header"),
        (dump("4d546864 00000006 0002 0001 01e0"), "MIDI type 2 holds unrelated sequences"),
        (dump("4d546864 00000006 0001 0001 e728"), "SMPTE frames"),  # 25 frames a second, 40 ticks each
        (dump("4d546864 00000006 0001 0001 0000"), "division is zero"),
        (dump("4d546864 00000004 0001 0001 01e0"), "header is shorter than MIDI allows"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_why(data, reason):
    with pytest.raises(FormatError, match=reason):
        smf.read_chunks(data)


# Events.


def test_events_under_running_status():
    events = smf.read_events(
        dump("""
            00 90 3c 50     # note on
            83 60 3c 00     # 480 ticks later the same status again
            00 ff 01 01 2e  # a text does not end it
            00 3e 50
            10 c0 05        # one byte of data
            00 06
            00 ff 2f 00
        """)
    )
    assert events.tick.tolist() == [0, 480, 480, 480, 496, 496, 496]
    assert events.status.tolist() == [0x90, 0x90, 0xFF, 0x90, 0xC0, 0xC0, 0xFF]
    channel = events.status < 0xF0
    assert events.data1[channel].tolist() == [0x3C, 0x3C, 0x3E, 5, 6]
    assert events.data2[channel].tolist() == [0x50, 0, 0x50, 0, 0]


def test_nothing_behind_the_end_of_a_track_counts():
    assert smf.read_events(smf.END_OF_TRACK + b"\xff\xff\xff").tick.tolist() == [0]


def test_an_empty_chunk_has_no_events():
    assert smf.read_events(b"").tick.tolist() == []


def test_a_meta_event_tells_its_type_and_content():
    chunk = dump("00 ff 51 03 07 a1 20")
    assert smf.payload(chunk, smf.read_events(chunk), 0) == (0x51, b"\x07\xa1\x20")


@given(timed_messages)
def test_written_messages_are_found_where_they_were_put(pairs):
    chunk = smf.write_chunk(pairs)
    events = smf.read_events(chunk)
    found = [(t, chunk[a:b]) for t, a, b in zip(events.tick, events.body, events.stop, strict=True)]
    assert found == pairs


@given(timed_messages)
def test_mido_reads_the_same_messages(pairs):
    chunk = smf.write_chunk(pairs) + smf.END_OF_TRACK
    track = mido.MidiFile(file=io.BytesIO(smf.write_file(0, 480, [chunk]))).tracks[0]
    theirs = [bytes(message.bin()) for message in track if not message.is_meta and message.type != "sysex"]
    events = smf.read_events(chunk)
    width = 1 + smf.DATA_BYTES[events.status]
    rows = zip(events.status, events.data1, events.data2, width, strict=True)
    assert [bytes(row[:-1])[: row[-1]] for row in rows if row[0] < 0xF0] == theirs
    assert events.tick[-1] == sum(message.time for message in track)


@given(timed_messages.filter(bool), st.data())
def test_running_status_changes_nothing(pairs, data):
    squeezed, before, now = bytearray(), None, 0
    for tick, message in pairs:
        same = message[0] == before and data.draw(st.booleans())
        squeezed += smf.number(tick - now) + message[same:]
        before, now = message[0] if message[0] < 0xF0 else before, tick
    for ours, plain in zip(
        smf.read_events(bytes(squeezed))[:4], smf.read_events(smf.write_chunk(pairs))[:4], strict=True
    ):
        assert ours.tolist() == plain.tolist()


@pytest.mark.parametrize(
    ("chunk", "reason"),
    [
        ("00 3c 50", "begins with data that no status byte explains"),
        ("00 ff 01 00  00 3c 50", "begins with data that no status byte explains"),
        ("00 90 3c 50  00 90 3c", "breaks off inside an event, at its byte 4"),
        ("00 90 3c 50  00", "breaks off inside an event, at its byte 4"),
        ("00 ff 03 20 61", "breaks off inside an event, at its byte 0"),
        ("00 ff 03 ff", "breaks off inside a number"),
        ("00 ff", "breaks off inside a number"),
        ("00 90 3c 80", "a data byte over 127 stands at byte 3"),
        ("00 90 bc 40", "a data byte over 127 stands at byte 2"),
        ("00 c0 ff", "a data byte over 127 stands at byte 2"),
        ("ff ff ff ff 7f 90 3c 40", "byte 0 of a track is no event"),
    ],
)
def test_damage_is_told_with_its_place(chunk, reason):
    with pytest.raises(FormatError, match=reason):
        smf.read_events(bytes.fromhex(chunk))
