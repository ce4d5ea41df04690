"""What is written is read again, by notegen and by music21, and held against MusicXML's own rules."""

import io
from itertools import pairwise
from math import gcd
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from notegen_corpora import COLLECTIONS

from notegen import formats
from notegen.formats.musicxml import decode
from notegen.formats.musicxml.writer import encode
from notegen.keys import Key
from notegen.score import DRUM_CHANNEL, KEY, NOTE, TEMPO, Score, Span, Track, table

Q = 24

# The order of elements in the MusicXML 4.0 schema, as far as they are written.
ORDER = {
    "score-partwise": ["work", "identification", "part-list", "part"],
    "score-part": ["part-name", "score-instrument", "midi-instrument"],
    "midi-instrument": ["midi-channel", "midi-program", "midi-unpitched"],
    "attributes": ["divisions", "key", "time", "clef"],
    "key": ["fifths", "mode"],
    "time": ["beats", "beat-type"],
    "clef": ["sign", "line", "clef-octave-change"],
    "direction": ["direction-type", "offset", "sound"],
    "metronome": ["beat-unit", "beat-unit-dot", "per-minute"],
    "note": [
        "chord", "pitch", "unpitched", "rest", "duration", "tie", "instrument", "voice", "type", "dot",
        "time-modification", "stem", "notehead", "beam", "notations",
    ],
    "pitch": ["step", "alter", "octave"],
    "unpitched": ["display-step", "display-octave"],
    "time-modification": ["actual-notes", "normal-notes"],
    "notations": ["tied", "tuplet"],
}  # fmt: skip
REPEATED = {"part", "score-instrument", "midi-instrument", "tie", "dot", "beam", "tied", "beat-unit-dot"}


def tree(score, new=None):
    return Xml.fromstring(encode(score, new))


def tune(*lengths, pitch=74, **rest):
    """Return a score of notes of so many quarters one after the other."""
    notes, at = [], 0
    for length in lengths:
        notes.append((at, round(length * Q), pitch))
        at += round(length * Q)
    rest.setdefault("keys", table([(0, *Key.parse("D"))], KEY))
    return Score.of(notes, resolution=Q, **rest)


def texts(root, path):
    return [element.text for element in root.iterfind(path)]


# Round trips.


@settings(max_examples=30)
@given(st.data())
def test_what_is_written_is_read_as_it_was(written_scores, heard, data):
    score = data.draw(written_scores)
    back = decode(encode(score))
    assert heard(back) == heard(_with_tracks_that_sound(score))
    grid = back.quantize(Q)
    assert grid.meters.tolist() == score.meters.tolist()
    assert grid.keys.tolist() == [row for row in score.keys.tolist() if row[0] < _last_bar(score)]
    assert grid.tempos["tick"].tolist() == [
        at for at in score.tempos["tick"].tolist() if at < _last_bar(score)
    ]
    assert grid.tempos["microseconds"].tolist() == pytest.approx(
        score.tempos["microseconds"][: len(grid.tempos)].tolist(), abs=1
    )
    assert back.title == score.title
    for track, own in zip(back.tracks, _with_tracks_that_sound(score).tracks, strict=True):
        assert (track.program, track.is_drum) == (own.program, own.is_drum)


def _with_tracks_that_sound(score):
    """Return the score without its silent tracks, which are not written."""
    sounding = sorted(set(score.notes["track"].tolist()))
    rows = [(*row[:4], sounding.index(row[4])) for row in score.notes.tolist()]
    return Score(
        notes=table(rows, NOTE),
        tracks=tuple(score.tracks[i] for i in sounding),
        resolution=score.resolution,
    )


def _last_bar(score):
    """Return where the music ends."""
    return int(score.bars(score.end)[-1])


def test_a_drum_part_keeps_its_pitches():
    rows = [(i * Q, Q, pitch, 80, 0) for i, pitch in enumerate([35, 36, 42, 46, 58, 81, 27])]
    score = Score(notes=table(rows, NOTE), tracks=(Track("Kit", channel=DRUM_CHANNEL),), resolution=Q)
    back = decode(encode(score))
    assert back.tracks[0].is_drum
    assert back.notes["pitch"].tolist() == [35, 36, 42, 46, 58, 81, 27]


@pytest.mark.parametrize("name", [name for name in COLLECTIONS if name != "chorales"])
def test_tunes_of_the_collections_are_read_as_they_were(heard, name):
    pytest.importorskip("music21")
    tunes = [score for _, score in zip(range(14), _tunes(name), strict=False)]
    assert len(tunes) == 14
    for score in tunes:
        back = decode(encode(score))
        assert heard(back) == heard(score), score.title
        assert back.quantize(Q).meters.tolist() == score.quantize(Q).meters.tolist(), score.title


def _tunes(name):
    """Yield the first readable tunes of the collection's first books."""
    from notegen.formats import abc

    for path in COLLECTIONS[name].files():
        text = path.read_text(encoding="utf-8", errors="replace")[:20_000]
        yield from (score for _, score in abc.read_tunes(text) if isinstance(score, Score))


@pytest.mark.parametrize("piece", ["bwv66.6", "bwv120.8-a", "bwv3.6", "bwv355", "bwv187.7"])
def test_chorales_are_read_as_they_were(heard, piece):
    corpus = pytest.importorskip("music21.corpus")
    score = formats.read(corpus.getWork(f"bach/{piece}"))
    assert heard(decode(encode(score))) == heard(score)


RHYTHMS = [
    (1, 2, 1, 0.5, 1, 0.5, 2),
    (1 / 3, 1 / 3, 1 / 3, 2 / 3, 1 / 3, 0.75, 0.25, 1),
    (2 / 3, 2 / 3, 2 / 3, 2, 5, 3),
    (0.25,) * 16,
]


@pytest.mark.parametrize("lengths", RHYTHMS, ids=str)
def test_music21_hears_the_same_notes(lengths):
    converter = pytest.importorskip("music21.converter")
    score = tune(*lengths)
    part = converter.parseData(encode(score), format="musicxml").parts[0].stripTies().flatten()
    theirs = [(float(note.offset), float(note.quarterLength), note.pitch.midi) for note in part.notes]
    ours = [(at / Q, long / Q, pitch) for at, long, pitch, *_ in score.notes.tolist()]
    assert theirs == [pytest.approx(note) for note in ours]


# The rules of the format.


@settings(max_examples=30)
@given(st.data())
def test_elements_stand_in_the_order_of_the_standard(written_scores, data):
    score = data.draw(written_scores)
    for element in tree(score, Span(Q, 2 * Q)).iter():
        tags = [child.tag for child in element]
        if element.tag in ORDER:
            places = [ORDER[element.tag].index(tag) for tag in tags]
            assert places == sorted(places), element.tag
            assert all(
                a != b or tags[i] in REPEATED | {"tuplet"} for i, (a, b) in enumerate(pairwise(places))
            )


@settings(max_examples=30)
@given(st.data())
def test_durations_fill_every_measure_and_divisions_are_minimal(written_scores, data):
    for part in tree(data.draw(written_scores)).iterfind("part"):
        divisions = int(part.findtext("measure/attributes/divisions"))
        for measure in part.iterfind("measure"):
            full = sum(_moves(measure, "1"))
            for backup in measure.iterfind("backup"):
                assert int(backup.findtext("duration")) == full
            for voice in set(texts(measure, "note/voice")):
                assert sum(_moves(measure, voice)) == full
        durations = [int(text) for text in texts(part, "measure/note/duration")]
        assert gcd(divisions, *durations) == 1 or divisions == 1


def _moves(measure, voice):
    """Yield the durations of a voice's notes, of chords once."""
    for note in measure.iterfind("note"):
        if note.findtext("voice") == voice and note.find("chord") is None:
            yield int(note.findtext("duration"))


@settings(max_examples=30)
@given(st.data())
def test_beams_tuplets_and_ties_are_opened_and_closed(written_scores, data):
    for part in tree(data.draw(written_scores)).iterfind("part"):
        for measure in part.iterfind("measure"):
            for voice in set(texts(measure, "note/voice")):
                notes = [note for note in measure.iterfind("note") if note.findtext("voice") == voice]
                firsts = [word for note in notes for word in texts(note, "beam[@number='1']")]
                assert firsts.count("begin") == firsts.count("end")
                kinds = [sign.get("type") for note in notes for sign in note.iterfind("notations/tuplet")]
                assert kinds == ["start", "stop"] * (len(kinds) // 2)
        for kind in ("tie", "notations/tied"):
            signs = [
                sign.get("type") for note in part.iterfind("measure/note") for sign in note.iterfind(kind)
            ]
            assert signs.count("start") == signs.count("stop")


@pytest.mark.parametrize(
    ("lengths", "divisions"),
    [((1, 2, 1), 1), ((0.5,) * 8, 2), ((1 / 3,) * 12, 3), ((0.75, 0.25, 3), 4)],
    ids=str,
)
def test_divisions_are_as_few_as_will_do(lengths, divisions):
    assert texts(tree(tune(*lengths)), ".//divisions") == [str(divisions)]


NASTY = '<Tom> & "Jerry"\'s\x00\x08\x1b \ud800\ufffe ]]> 100% 小調'


def test_text_of_any_kind_keeps_the_file_well_formed():
    track = Track(NASTY, 40)
    score = Score(
        notes=table([(0, Q, 60, 80, 0), (0, Q, 40, 80, 1)], NOTE),
        tracks=(track, track),
        resolution=Q,
        title=NASTY,
    )
    root = tree(score)
    (title,) = texts(root, "work/work-title")
    assert title.startswith('<Tom> & "Jerry"\'s ') and title.endswith("]]> 100% 小調")
    assert texts(root, "part-list/score-part/part-name") == [title, title]


# What is on the page.


def test_the_seam_is_a_double_bar_line_and_a_word():
    root = tree(tune(*[1] * 12), Span(8 * Q))
    measures = root.findall("part/measure")
    styles = [measure.findtext("barline/bar-style") for measure in measures]
    assert styles == [None, "light-light", "light-heavy"]
    assert [measure.findtext("direction/direction-type/rehearsal") for measure in measures] == [
        None,
        None,
        "new",
    ]


def test_the_seed_behind_new_bars_is_marked_in_the_same_way():
    measures = tree(tune(*[1] * 12), Span(4 * Q, 8 * Q)).findall("part/measure")
    styles = [measure.findtext("barline/bar-style") for measure in measures]
    assert styles == ["light-light", "light-light", "light-heavy"]
    words = [measure.findtext("direction/direction-type/rehearsal") for measure in measures]
    assert words == [None, "new", "seed"]


def test_a_seam_inside_a_bar_has_the_word_alone():
    measures = tree(tune(*[1] * 12), Span(6 * Q)).findall("part/measure")
    assert [measure.findtext("barline/bar-style") for measure in measures] == [None, None, "light-heavy"]
    assert measures[1].findtext("direction/direction-type/rehearsal") == "new"


def test_signs_above_the_staff_are_written_once():
    rows = [(i * Q, Q, 60 + 12 * track, 80, track) for i in range(8) for track in range(2)]
    root = tree(Score(notes=table(rows, NOTE), tracks=(Track("a"), Track("b")), resolution=Q), Span(4 * Q))
    assert len(root.findall(".//metronome")) == len(root.findall(".//rehearsal")) == 1
    assert len(root.findall(".//barline[bar-style='light-light']")) == 2  # but bar lines go through all


def test_rests_of_lower_voices_are_not_printed():
    rows = [(0, 4 * Q, 76, 80, 0), (2 * Q, 2 * Q, 50, 80, 0)]
    notes = tree(Score(notes=table(rows, NOTE), resolution=Q)).findall(".//note")
    hidden = [note.get("print-object") for note in notes if note.find("rest") is not None]
    assert hidden == ["no"]
    assert all(note.get("print-object") is None for note in notes if note.find("pitch") is not None)


def test_a_pickup_is_measure_zero_and_implicit():
    score = Score.of([(0, Q, 60), (Q, 4 * Q, 62)], resolution=Q)
    score = Score(notes=score.notes, meters=table([(0, 1, 4), (Q, 4, 4)], score.meters.dtype), resolution=Q)
    measures = tree(score).findall("part/measure")
    assert [(m.get("number"), m.get("implicit")) for m in measures] == [("0", "yes"), ("1", None)]
    assert texts(measures[0], "attributes/time/beats") == ["4"]


def test_a_silent_bar_has_a_rest_for_the_whole_bar():
    rest = tree(Score.of([(8 * Q, Q, 60)], resolution=Q)).find("part/measure/note/rest")
    assert rest.get("measure") == "yes"


@pytest.mark.parametrize(
    ("meter", "dots", "speed"), [((4, 4), 0, "120"), ((6, 8), 1, "80"), ((3, 8), 0, "120")]
)
def test_tempos_count_the_beat(meter, dots, speed):
    sign = tree(tune(0.5, meter=meter)).find(".//metronome")
    assert (len(sign.findall("beat-unit-dot")), sign.findtext("per-minute")) == (dots, speed)


def test_tempos_that_hardly_change_are_played_and_not_printed():
    tempos = table([(0, 500_000), (2 * Q, 510_000), (4 * Q, 1_000_000), (5 * Q, 1_010_000)], TEMPO)
    root = tree(tune(4, 4, tempos=tempos))
    assert texts(root, ".//per-minute") == ["120", "60"]
    assert len(root.findall(".//sound")) == 4
    assert decode(encode(tune(4, 4, tempos=tempos))).quantize(Q).tempos["tick"].tolist() == [0, 48, 96, 120]


def test_drum_heads_and_lines():
    rows = [(0, Q, 36, 80, 0), (0, Q, 42, 80, 0)]
    root = tree(Score(notes=table(rows, NOTE), tracks=(Track(channel=DRUM_CHANNEL),), resolution=Q))
    kick, hat = root.findall(".//note")[:2]
    assert [texts(note, "unpitched/display-step") for note in (kick, hat)] == [["F"], ["G"]]
    assert [note.findtext("notehead") for note in (kick, hat)] == [None, "x"]
    assert texts(root, ".//clef/sign") == ["percussion"]


@pytest.mark.parametrize("key", ["C#", "Cb", "A#m", "Abm"])
def test_keys_with_seven_signs(key):
    keys = table([(0, *Key.parse(key)), (4 * Q, *Key.parse(key))], KEY)
    score = tune(4, 4, pitch=70, keys=keys)
    back = decode(encode(score))
    assert back.key_at(0).tonic == Key.parse(key).tonic
    assert back.notes["pitch"].tolist() == [70, 70]


# Other programs.


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_verovio_has_nothing_to_say(written_scores, capfd, data):
    verovio = pytest.importorskip("verovio")
    verovio.enableLog(verovio.LOG_WARNING)
    try:
        assert verovio.toolkit().loadData(encode(data.draw(written_scores), Span(Q, 2 * Q)).decode())
        assert capfd.readouterr().err == ""
    finally:
        verovio.enableLog(verovio.LOG_OFF)


def test_the_same_score_is_written_as_the_same_bytes():
    assert encode(tune(1, 2, 1)) == encode(tune(1, 2, 1))
    assert Xml.parse(io.BytesIO(encode(tune(1)))).getroot().tag == "score-partwise"
