import io
from dataclasses import replace

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.errors import FormatError, NotegenError
from notegen.formats import midi, smf
from notegen.score import EVENT, KEY, METER, NOTE, TEMPO, Score, Track, table

DIVISIONS = (96, 120, 480, 960, 15360)


def file(*chunks, kind=1, division=96):
    """Return a MIDI file of chunks given as hexdumps with comments."""
    bare = ["".join(line.partition("#")[0] for line in chunk.splitlines()) for chunk in chunks]
    return smf.write_file(kind, division, [bytes.fromhex(chunk) for chunk in bare])


def notes(data):
    return midi.decode(data).notes.tolist()


TWO_CHANNELS = """
    00 ff 03 04 44 75 6f 21           # name: Duo!
    00 ff 51 03 09 27 c0              # 600,000 microseconds a quarter
    00 ff 58 04 06 03 18 08           # 6/8
    00 ff 59 02 fe 01                 # two flats, minor
    00 c0 28                          # channel 0: program 40
    00 90 3c 50  60 3c 00             # C4 for 96 ticks, ended by a note-on of velocity 0
    00 99 24 7f  30 89 24 40          # channel 9: a drum for 48 ticks
    00 e0 00 40                       # pitch bend on channel 0
    00 b5 07 64                       # volume on channel 5, which has no notes
    00 ff 2f 00
"""


def test_a_file_becomes_notes_tracks_maps_and_events():
    score = midi.decode(file(TWO_CHANNELS, kind=0))
    assert score.notes.tolist() == [(0, 96, 60, 80, 0), (96, 48, 36, 127, 1)]
    assert score.tracks == (Track("Duo!", 40, 0), Track("Duo!", 0, 9))
    assert score.tempos.tolist() == [(0, 600_000)]
    assert score.meters.tolist() == [(0, 6, 8)]
    assert score.keys.tolist() == [(0, -2, 1)]
    assert score.events.tolist() == [(0, 0, 0xC0, 40, 0), (144, 0, 0xE0, 0, 64)]
    assert (score.resolution, score.title) == (96, "Duo!")


def test_the_name_of_an_instrument_is_no_title():
    notes = table([(0, 96, 60, 80, 0), (0, 96, 48, 80, 1)], NOTE)
    score = Score(notes=notes, tracks=(Track("Piano"), Track("Bass", 32, 1)), resolution=96)
    _conductor, *parts = smf.read_chunks(midi.encode(score)).chunks
    assert midi.decode(smf.write_file(1, 96, parts)).title == ""
    titled = midi.encode(replace(score, title="A Tune"))
    assert midi.decode(titled).title == "A Tune"


@pytest.mark.parametrize(
    ("chunk", "expected"),
    [
        ("00 903c50  60 903e50  60 803e40  20 ff2f00", [(0, 224, 60), (96, 96, 62)]),  # never ended
        (
            "00 903c50  20 903c50  20 803c40  20 ff2f00",
            [(0, 64, 60), (32, 32, 60)],
        ),  # struck twice, ended once
        ("00 903c50  00 803c40  20 ff2f00", [(0, 1, 60)]),  # ended at once
        ("00 903c50  10 813c40  10 803c40  00 ff2f00", [(0, 32, 60)]),  # a note-off of another channel
        ("00 803c40  00 903c50  20 803c40  00 ff2f00", [(0, 32, 60)]),  # a note-off too many
        ("00 903c50  20 803c40  00 903c50  20 803c40  00 ff2f00", [(0, 32, 60), (32, 32, 60)]),
        (
            "00 903c50  20 903c50  00 803c40  20 803c40  00 ff2f00",
            [(0, 32, 60), (32, 32, 60)],
        ),  # on before off
    ],
)
def test_notes_last_until_the_next_note_off(chunk, expected):
    assert [(row[0], row[1], row[2]) for row in notes(file(chunk))] == expected


def test_maps_begin_at_zero_and_the_last_of_a_tick_counts():
    score = midi.decode(file("60 ff58 02 0302  00 ff58 02 0202  60 ff51 03 0927c0  00 ff2f00"))
    assert score.meters.tolist() == [(0, 4, 4), (96, 2, 4)]
    assert score.tempos.tolist() == [(0, 500_000), (192, 600_000)]
    assert score.keys.tolist() == []


def test_maps_that_mean_nothing_are_left_out():
    score = midi.decode(
        file("00 ff58 02 0002  00 ff51 03 000000  00 ff59 02 0f00  00 ff59 02 0007  00 ff2f00")
    )
    assert (score.tempo_at(0), score.meter_at(0), score.key_at(0)) == (500_000, (4, 4), None)


@pytest.mark.parametrize(("raw", "name"), [("c3a9", "é"), ("e9", "é"), ("41", "A")])
def test_names_are_utf_8_or_else_latin_1(raw, name):
    data = file(f"00 ff03 {len(raw) // 2:02x} {raw}  00 903c50  20 803c40  00 ff2f00")
    assert midi.decode(data).tracks[0].name == name


def test_times_that_last_for_years_are_refused():
    chunk = "00 903c50  00 803c40" + "ffffff7f b00700" * 4097 + "00 ff2f00"
    with pytest.raises(FormatError, match="last for years"):
        midi.decode(file(chunk))


# There and back.


@st.composite
def scores(draw, latest=200_000):
    """Scores whose notes of one pitch do not overlap, with maps, and other messages than notes."""
    ticks = st.integers(0, latest)
    names = st.text(st.characters(codec="utf-8"), max_size=150)
    tracks, rows, events = [], [], []
    for i in range(draw(st.integers(1, 4))):
        channel = draw(st.integers(0, 15))
        tracks.append(Track(draw(names), draw(st.integers(0, 127)), channel))
        free = {}
        now = 0
        for gap, duration, pitch, velocity in draw(
            st.lists(
                st.tuples(
                    st.integers(0, latest // 10),
                    st.integers(1, latest // 4),
                    st.integers(0, 127),
                    st.integers(1, 127),
                ),
                min_size=1,
                max_size=12,
            )
        ):
            now += gap
            if free.get(pitch, 0) <= now:
                rows.append((now, duration, pitch, velocity, i))
                free[pitch] = now + duration
        for tick, kind, low, high in draw(
            st.lists(
                st.tuples(ticks, st.sampled_from([0xA0, 0xB0, 0xD0, 0xE0]), *[st.integers(0, 127)] * 2),
                max_size=5,
            )
        ):
            events.append((tick, i, kind | channel, low, 0 if kind == 0xD0 else high))

    def rising(*values):
        found = draw(st.dictionaries(ticks, st.tuples(*values), max_size=3)) | {0: draw(st.tuples(*values))}
        return [(tick, *found[tick]) for tick in sorted(found)]

    return Score(
        notes=table(sorted(rows, key=lambda row: (row[0], row[4])), NOTE),
        tracks=tuple(tracks),
        tempos=table(rising(st.integers(1, (1 << 24) - 1)), TEMPO),
        meters=table(rising(st.integers(1, 255), st.sampled_from([1, 2, 4, 8, 16, 32, 64])), METER),
        keys=table(rising(st.integers(-7, 7), st.integers(0, 1)), KEY),
        events=table(sorted(events, key=lambda row: (row[1], row[0])), EVENT),
        resolution=draw(st.sampled_from(DIVISIONS)),
        title=draw(names.filter(bool)),
    )


@given(scores())
def test_a_score_reads_back_from_its_file(score):
    again = midi.decode(midi.encode(score))
    for name in ("notes", "tempos", "meters", "keys"):
        assert getattr(again, name).tolist() == getattr(score, name).tolist()
    programs = (again.events["status"] & 0xF0) == 0xC0
    assert again.events[~programs].tolist() == score.events.tolist()
    assert (again.tracks, again.resolution, again.title) == (score.tracks, score.resolution, score.title)


@given(scores())
def test_a_file_that_was_only_read_is_written_byte_for_byte(score):
    data = midi.encode(score)
    assert midi.encode(midi.decode(data)) == data


@given(scores())
def test_a_read_score_that_has_lost_its_file_is_written_alike(score):
    data = midi.encode(score)
    assert midi.encode(replace(midi.decode(data), source=None)) == data


@pytest.mark.parametrize(
    "score",
    [
        Score.of([(0, 480, 100)]).transpose(40),
        Score.of([(0, 480, 10)]).transpose(-40),
        Score.of([(1 << 28, 480, 60)]),  # a delta time holds 28 bits
        Score.of([(0, 480, 60)], resolution=0x8000),
    ],
    ids=["too high", "too low", "too late", "too fine"],
)
def test_what_midi_cannot_hold_is_refused(score):
    with pytest.raises(NotegenError):
        midi.encode(score)


# Peers.


@given(scores(latest=1000))
def test_pretty_midi_finds_the_same_notes_tempos_and_meters(score):
    theirs = pretty_midi.PrettyMIDI(io.BytesIO(midi.encode(score)))
    found = [
        (theirs.time_to_tick(note.start), theirs.time_to_tick(note.end), note.pitch, note.velocity)
        for instrument in theirs.instruments
        for note in instrument.notes
    ]
    ours = [
        (onset, onset + duration, pitch, velocity)
        for onset, duration, pitch, velocity, _ in score.notes.tolist()
    ]
    assert sorted(found) == sorted(ours)
    assert [(m.numerator, m.denominator) for m in theirs.time_signature_changes] == [
        (numerator, denominator) for _, numerator, denominator in score.meters.tolist()
    ]
    for time, tempo in zip(*theirs.get_tempo_changes(), strict=True):
        assert 60e6 / tempo == pytest.approx(score.tempo_at(theirs.time_to_tick(time)))


@given(scores())
def test_mido_finds_the_same_maps_and_tracks(score):
    theirs = mido.MidiFile(file=io.BytesIO(midi.encode(score)), charset="utf-8")
    now = np.cumsum([message.time for message in theirs.tracks[0]]).tolist()
    timed = list(zip(now, theirs.tracks[0], strict=True))
    assert [(t, m.tempo) for t, m in timed if m.type == "set_tempo"] == score.tempos.tolist()
    assert [
        (t, m.numerator, m.denominator) for t, m in timed if m.type == "time_signature"
    ] == score.meters.tolist()
    assert [track.name for track in theirs.tracks] == [score.title, *(track.name for track in score.tracks)]
    for ours, track in zip(score.tracks, theirs.tracks[1:], strict=True):
        programs = [(m.channel, m.program) for m in track if m.type == "program_change"]
        assert programs == [(ours.channel, ours.program)][: not ours.is_drum or ours.program > 0]
