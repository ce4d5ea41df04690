"""Writing a score that was read and then continued: its file stays, and the new notes follow."""

import io

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.formats import midi, smf
from notegen.score import NOTE, table

values = st.integers(0, 127)
extras = st.one_of(
    st.text("la-", max_size=4).map(lambda text: mido.MetaMessage("lyrics", text=text)),
    st.builds(mido.MetaMessage, st.just("set_tempo"), tempo=st.integers(1, (1 << 24) - 1)),
    st.lists(values, max_size=4).map(lambda data: mido.Message("sysex", data=data)),
    st.builds(mido.Message, st.just("control_change"), control=values, value=values),
    st.builds(mido.Message, st.just("pitchwheel"), pitch=st.integers(-8192, 8191)),
    st.builds(mido.Message, st.just("note_on"), note=values, velocity=st.just(64)),  # it may hang
)


@st.composite
def seeds(draw):
    """Files of type 0 and 1 as sequencers write them: in any order, and with more in them than notes."""
    kind = draw(st.integers(0, 1))
    file = mido.MidiFile(type=kind, ticks_per_beat=draw(st.sampled_from([96, 480])))
    for channel in range(1 if kind == 0 else draw(st.integers(1, 3))):
        track = file.add_track()
        track.append(mido.Message("note_on", channel=channel, note=60, velocity=70))
        track.append(mido.Message("note_off", channel=channel, note=60, time=draw(st.integers(1, 500))))
        for message in draw(st.lists(extras, max_size=10)):
            here = {} if message.is_meta or message.type == "sysex" else {"channel": channel}
            track.append(message.copy(time=draw(st.integers(0, 300)), **here))
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def joined(data, gap=0):
    """Return the file of a seed with two more notes in each of its tracks."""
    score = midi.decode(data)
    rows = [
        (score.end + gap + 100 * i, 100, 60 + i, 90, t) for i in range(2) for t in range(len(score.tracks))
    ]
    return midi.encode(score.join(table(rows, NOTE))), rows


def messages(data):
    """Return, for each track, its messages with their ticks, without the end of track."""
    tracks = []
    for track in mido.MidiFile(file=io.BytesIO(data)).tracks:
        now, found = 0, []
        for message in track:
            now += message.time
            if message.type != "end_of_track":
                found.append((now, message.copy(time=0)))
        tracks.append(found)
    return tracks


@given(seeds(), st.integers(0, 200))
def test_every_message_of_the_seed_stays_in_its_place_and_order(data, gap):
    written, _ = joined(data, gap)
    for old, new in zip(messages(data), messages(written), strict=True):
        rest = iter(new)
        assert all(any(message == candidate for candidate in rest) for message in old)


@given(seeds(), st.integers(0, 200))
def test_the_new_notes_read_back_behind_those_of_the_seed(data, gap):
    written, rows = joined(data, gap)
    before, after = midi.decode(data), midi.decode(written)
    count = len(before.notes)
    assert after.notes[count:].tolist() == rows
    assert (after.notes["onset"][:count] == before.notes["onset"]).all()
    assert (after.notes["pitch"][:count] == before.notes["pitch"]).all()
    assert after.tracks == before.tracks
    assert after.tempos.tolist() == before.tempos.tolist()


@given(seeds(), st.integers(0, 200))
def test_no_note_of_the_seed_sounds_into_the_new_ones(data, gap):
    written, rows = joined(data, gap)
    seed = midi.decode(written).notes[: -len(rows)]
    assert ((seed["onset"] + seed["duration"]) <= rows[0][0]).all()


@given(seeds())
def test_the_kind_of_file_and_its_division_stay(data):
    assert joined(data)[0][:14] == data[:14]


# 4/4, a lyric, a hanging E, and behind the last note-off a controller and a system message
SEED = bytes.fromhex("""
    00 ff 58 04 04 02 18 08
    00 90 3c 50
    00 40 50
    60 3c 00
    00 ff 05 02 6c 61
    30 b0 40 00
    81 00 f0 05 7e 7f 09 01 f7
""")


@pytest.mark.parametrize("kind", [0, 1])
def test_the_seed_is_a_prefix_and_later_events_are_woven_in(kind):
    data = smf.write_file(kind, 96, [SEED + smf.END_OF_TRACK])
    score = midi.decode(data)
    assert score.end == 96 + 48 + 128  # the hanging note lasts to the end of the track
    written = midi.encode(score.join(table([(160, 64, 67, 80, 0), (224, 96, 69, 80, 0)], NOTE)))
    added = [
        "10 80 40 00",  # tick 160: the hanging note ends
        "00 90 43 50",
        "40 80 43 40",
        "00 90 45 50",
        "30 f0 05 7e 7f 09 01 f7",  # tick 272, as before
        "30 80 45 40",
        "00 ff 2f 00",
    ]
    assert smf.read_chunks(written).chunks == [
        SEED[: SEED.index(b"\x81\x00\xf0")] + bytes.fromhex("".join(added))
    ]


def test_a_track_without_new_notes_stays_byte_for_byte():
    conductor = smf.write_chunk([(0, smf.meta(0x51, b"\x07\xa1\x20"))]) + smf.END_OF_TRACK
    other = bytes.fromhex("00 91 3c 50  60 81 3c 40  00 ff 2f 00")
    data = smf.write_file(1, 96, [conductor, SEED + smf.END_OF_TRACK, other])
    score = midi.decode(data)
    chunks = smf.read_chunks(midi.encode(score.join(table([(500, 64, 67, 80, 0)], NOTE)))).chunks
    assert (chunks[0], chunks[2]) == (conductor, other)
    assert chunks[1].startswith(SEED)


def test_chunks_of_other_kinds_stay():
    data = smf.write_file(0, 96, [SEED + smf.END_OF_TRACK]) + b"XFIH\x00\x00\x00\x02\x12\x34"
    assert b"XFIH\x00\x00\x00\x02\x12\x34" in joined(data)[0]
