import io
import random
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
from musicxml_text import (
    FIRST,
    FOUR,
    KEY,
    METRONOME,
    START,
    STOP,
    C,
    D,
    E,
    attributes,
    backup,
    chord,
    decode,
    direction,
    file,
    heard,
    note,
    part,
    play,
    repeat,
    rest,
    voice,
    whole,
)

from notegen.errors import EmptyError, FormatError, NotegenError
from notegen.formats import midi, musicxml, read
from notegen.keys import Key

# Instruments.


def instrument(name, channel, program=None, unpitched=None, number=1):
    inside = f"<midi-channel>{channel}</midi-channel>"
    inside += "" if program is None else f"<midi-program>{program}</midi-program>"
    inside += "" if unpitched is None else f"<midi-unpitched>{unpitched}</midi-unpitched>"
    return f'<midi-instrument id="{name}-I{number}">{inside}</midi-instrument>'


def listed(name, title, *instruments):
    return f'<score-part id="{name}"><part-name>{title}</part-name>{"".join(instruments)}</score-part>'


def test_a_transposing_instrument_sounds_where_it_sounds():
    clarinet = "<transpose><diatonic>-1</diatonic><chromatic>-2</chromatic></transpose>"
    bass = "<transpose><chromatic>0</chromatic><octave-change>-1</octave-change></transpose>"
    key = "<key><fifths>2</fifths><mode>major</mode></key>"
    score = decode(
        part(attributes(FOUR + key + clarinet) + whole("D4"), whole("E4")),
        part(attributes(FOUR + bass) + whole("C3"), name="P2"),
    )
    assert heard(score)[:3] == [(0, 4, C), (0, 4, 36), (4, 4, D)]
    assert score.key_at(0) == Key.parse("C")


def test_drums_are_those_of_the_drum_set():
    kit = listed("P1", "Drumset", instrument("P1", 10, 1, 37, 36), instrument("P1", 10, 1, 43, 42))
    hit = (
        "<note>{}<unpitched><display-step>F</display-step><display-octave>4</display-octave></unpitched>"
        '<duration>{}</duration><instrument id="P1-I{}"/></note>'
    )
    score = play(
        FIRST + hit.format("", 2, 36) + hit.format("<chord/>", 2, 42) + hit.format("", 2, 42), listed=kit
    )
    assert heard(score) == [(0, 2, 36), (0, 2, 42), (2, 2, 42)]
    assert score.tracks[0].is_drum and score.tracks[0].name == "Drumset"


def test_names_programs_and_channels_of_parts():
    parts = [
        listed("P1", "Violin\n I", instrument("P1", 1, 41)),
        listed("P2", "Drums", instrument("P2", 10, 1, 39)),
        listed("P3", "Oboe"),
        listed("P4", "Harp", instrument("P4", 1, 47)),
    ]
    score = decode(*(part(FIRST + whole("C4"), name=f"P{i}") for i in range(1, 5)), listed="".join(parts))
    assert [(track.name, track.program, track.channel) for track in score.tracks] == [
        ("Violin I", 40, 0),
        ("Drums", 0, 9),
        ("Oboe", 0, 1),
        ("Harp", 46, 2),
    ]


def test_many_parts_share_channels_by_program():
    parts = [listed(f"P{i}", f"{i}", instrument(f"P{i}", 1, i % 3 + 1)) for i in range(20)]
    score = decode(*(part(FIRST + whole("C4"), name=f"P{i}") for i in range(20)), listed="".join(parts))
    assert [track.channel for track in score.tracks] == [i % 3 for i in range(20)]


@pytest.mark.parametrize(
    ("head", "title"),
    [
        ("<work><work-title>Work</work-title></work>", "Work"),
        ("<work><work-title>Work</work-title></work><movement-title>One\n two</movement-title>", "One two"),
        ("", ""),
    ],
)
def test_the_title_is_that_of_the_movement_or_the_work(head, title):
    assert play(FIRST + whole("C4"), head=head).title == title


# Files.

TUNE = file(
    part(
        "!" + attributes("<divisions>2</divisions><key><fifths>1</fifths><mode>major</mode></key>"
                         "<time><beats>3</beats><beat-type>4</beat-type></time>")
        + direction(METRONOME.format("", "96")) + note("D4", 1, voice(1)) + note("E4", 1, voice(1)),
        repeat("forward") + chord(["G4", "B4"], 4, voice(1)) + note("A4", 2, START + voice(1)) + backup(6)
        + note("G3", 6, voice(2)),
        note("A4", 4, STOP) + note("F#4", 2) + repeat("backward"),
        note("G4", 6),
    ),
    head="<movement-title>A tune</movement-title>",
)  # fmt: skip


def packed(text):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", text)
    return stream.getvalue()


@pytest.mark.parametrize("name", ["a.musicxml", "a.XML", "a.mxl"])
@pytest.mark.parametrize("data", [TUNE.encode(), packed(TUNE)], ids=["plain", "compressed"])
def test_any_name_may_hold_either_kind(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    score = read(tmp_path / name)
    assert score.title == "A tune"
    assert heard(score)[:3] == [(0, 0.5, D), (0.5, 0.5, E), (1, 3, 55)]


def test_midi_keeps_what_was_read():
    score = musicxml.decode(TUNE.encode())
    again = midi.decode(midi.encode(score))
    for name in ("onset", "duration", "pitch", "velocity"):
        assert again.notes[name].tolist() == score.notes[name].tolist()
    assert again.meters.tolist() == score.meters.tolist() == [(0, 1, 4), (480, 3, 4)]
    assert again.keys.tolist() == score.keys.tolist()
    assert again.tempos.tolist() == score.tempos.tolist()


@pytest.mark.parametrize(
    ("text", "error", "reason"),
    [
        (file(), EmptyError, "the piece has no notes"),
        (file(part(FIRST + rest(4))), EmptyError, "the piece has no notes"),
        (file(part(FIRST + "<note><duration>1</duration></note>")), FormatError, "a note has no pitch"),
        (file(part(FIRST + note("C4", "long"))), FormatError, "a note has no duration"),
        (file(part(FIRST + note("C4", -1))), FormatError, "a note has no duration"),
        (file(part(FIRST + note("C4", 99999999))), FormatError, "the file claims to last for days"),
        (file(part(FIRST + note("G9", 1), FIRST + note("G#9", 1))), FormatError, "outside the range of MIDI"),
        (
            file(part(FIRST.replace("type>4", "type>5") + whole("C4"))),
            FormatError,
            "a time signature is damaged",
        ),
        (
            file(part(FIRST.replace("beats>4", "beats>400") + whole("C4"))),
            FormatError,
            "a time signature is damaged",
        ),
        (file(part(attributes(KEY.format("many")) + whole("C4"))), FormatError, "a key signature is damaged"),
        (file(part(FIRST + note("C4", 4) + "<backup/>")), FormatError, "a backup has no duration"),
    ],
)
def test_a_bad_file_is_told_with_its_path(tmp_path, text, error, reason):
    path = tmp_path / "a.musicxml"
    path.write_text(text)
    with pytest.raises(error) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value) and "\n" not in str(caught.value)


def test_nothing_is_printed(capfd):
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        play(FIRST + note("C4", 4.03), "", '<sound tempo="0"/>' + whole("D4"))
    assert capfd.readouterr() == ("", "")


def test_a_damaged_file_is_read_or_refused():
    rng = random.Random(0)
    tags = [
        "<chord/>",
        "</note>",
        "<grace/>",
        "<rest/>",
        "0",
        "-7",
        "1e999",
        "nan",
        "99",
        "<time/>",
        "<key/>",
    ]
    fates = {"read": 0, "refused": 0}
    for _ in range(250):
        text = TUNE
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(100, len(text))
            close = text.find("<", at)
            kept = rng.choice([at, close, close])
            text = text[:close] + rng.choice(tags) + text[kept if kept > close else close :]
            if rng.random() < 0.4:
                text = text.replace(
                    *rng.choice([("<duration>2", "<duration>0"), ("major", ""), ("<pitch>", "")]), 1
                )
        try:
            midi.encode(musicxml.decode(text.encode()))
            fates["read"] += 1
        except NotegenError as error:
            assert str(error) and "\n" not in str(error)
            fates["refused"] += 1
    assert min(fates.values()) > 20


# music21's own reading of the chorales that it carries.


def chorale(number):
    import music21

    return next((Path(music21.__file__).parent / "corpus" / "bach").glob(f"bwv{number}.*"))


@pytest.mark.parametrize("number", ["66.6", "253", "7.7"])
def test_music21_hears_the_same_notes_in_a_chorale(number):
    converter = pytest.importorskip("music21.converter")
    path = chorale(number)
    score = read(path)
    assert len(score.tracks) == 4 or number == "7.7"
    parts = converter.parse(path, forceSource=True).expandRepeats().parts
    for i, theirs in enumerate(each.flatten().stripTies().notes for each in parts):
        mine = score.notes[score.notes["track"] == i]
        expected = [(float(one.offset), float(one.quarterLength), one.pitch.midi) for one in theirs]
        times = np.stack([mine["onset"], mine["duration"]]).T / score.resolution
        assert [
            (*time, pitch) for time, pitch in zip(times.tolist(), mine["pitch"].tolist(), strict=True)
        ] == expected
