"""Tunes are written, and read again by abc2midi and by music21."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from notegen_corpora import COLLECTIONS

from notegen import formats
from notegen.formats import abc
from notegen.formats.abc_writer import encode
from notegen.keys import Key
from notegen.score import DRUM_CHANNEL, KEY, METER, NOTE, TEMPO, Score, Span, Track, table

Q = 24


def tune(*lengths, pitches=(74,), key="D", **rest):
    """Return a score of notes of so many quarters, one after the other; negative lengths are rests."""
    notes, at = [], 0
    for i, length in enumerate(lengths):
        ticks = round(abs(length) * Q)
        if length > 0:
            notes.append((at, ticks, pitches[i % len(pitches)]))
        at += ticks
    rest.setdefault("keys", table([(0, *Key.parse(key))], KEY))
    return Score.of(notes, resolution=Q, **rest)


def text(score, new=None):
    return encode(score, new).decode()


def music(score):
    """Return the lines of a tune behind its key."""
    return text(score).split("\nK:")[1].split("\n")[1:-1]


def read(score):
    (back,) = abc.read_book(text(score))
    return back


# Round trips.


@settings(max_examples=30)
@given(st.data())
def test_what_is_written_is_read_as_it_was(written_scores, heard, data):
    score = data.draw(written_scores)
    back = read(score)
    assert heard(back, tracks=False) == heard(score, tracks=False)
    assert back.quantize(Q).meters.tolist() == score.meters.tolist()
    assert back.title == " ".join(score.title.replace("%", " ").split())
    assert back.key_at(0) == score.key_at(0)
    assert 60e6 / back.tempo_at(0) == pytest.approx(60e6 / score.tempo_at(0), abs=0.51)


@pytest.mark.parametrize("name", [name for name in COLLECTIONS if name != "chorales"])
def test_tunes_of_the_collections_are_read_as_they_were(heard, name):
    pytest.importorskip("music21")
    path = COLLECTIONS[name].files()[0]
    found = [score for _, score in abc.read_tunes(path.read_text(errors="replace")[:20_000])]
    tunes = [score for score in found if isinstance(score, Score)][:14]
    book = "\n\n".join(text(score) for score in tunes)
    for score, back in zip(tunes, abc.read_book(book), strict=True):
        assert heard(back) == heard(score), score.title
        assert back.quantize(Q).meters.tolist() == score.quantize(Q).meters.tolist(), score.title


@pytest.mark.parametrize("piece", ["bwv66.6", "bwv120.8-a", "bwv3.6", "bwv355", "bwv187.7"])
def test_chorales_are_read_as_they_were(heard, piece):
    corpus = pytest.importorskip("music21.corpus")
    score = formats.read(corpus.getWork(f"bach/{piece}"))
    assert heard(read(score), tracks=False) == heard(score, tracks=False)


@pytest.mark.parametrize(
    "lengths",
    [
        (1, 2, 1, 0.5, 1, 0.5, 2),
        (1 / 3, 1 / 3, 1 / 3, 0.75, 0.25, 2),
        (2 / 3, 2 / 3, 2 / 3, 2, 5, 3),
        (0.25,) * 16,
    ],
    ids=str,
)
def test_music21_hears_the_same_notes(lengths):
    converter = pytest.importorskip("music21.converter")
    score = tune(*lengths, pitches=(62, 66, 69, 73))
    part = converter.parse(text(score), format="abc").parts[0].stripTies().flatten()
    theirs = [(float(note.offset), float(note.quarterLength), note.pitch.midi) for note in part.notes]
    ours = [(at / Q, long / Q, pitch) for at, long, pitch, *_ in score.notes.tolist()]
    assert theirs == [pytest.approx(note) for note in ours]


# Notes.


def test_lengths_and_octaves():
    score = tune(1, 0.5, 0.25, 0.25, 2, pitches=(48, 60, 72, 84, 96), key="G")
    assert music(score) == ["C,2 Cc/2c'/2 c''4 |]"]


def test_beamed_notes_stand_together():
    assert music(tune(*[0.5] * 8)) == ["dddd dddd |]"]
    assert music(tune(*[0.5] * 6, meter=(6, 8))) == ["ddd ddd |]"]


def test_rests_and_chords():
    notes = [(0, Q, 62), (0, Q, 66), (0, Q, 69), (2 * Q, 2 * Q, 62)]
    assert music(Score.of(notes, resolution=Q, keys=table([(0, 2, 0)], KEY))) == ["[DFA]2 z2 D4 |]"]


def test_a_silent_bar_is_one_rest():
    assert music(tune(-4, 4)) == ["z8 | d8 |]"]


def test_ties_and_tuplets():
    assert music(tune(5, 3)) == ["d8- | d2 d6 |]"]
    assert music(tune(1 / 3, 1 / 3, 1 / 3, 3)) == ["(3:2:3ddd d6 |]"]
    assert music(tune(2 / 3, 1 / 3, 3)) == ["(3:2:2d2 d d6 |]"]


@pytest.mark.parametrize(
    ("pitches", "words"),
    [
        ((60, 61, 60, 72), "C2 ^C2 =C2 =c2"),
        ((61, 73, 61, 61), "^C2 ^c2 ^C2 ^C2"),
        ((60, 62, 60, 72), "C2 D2 C2 c2"),
        ((60, 72, 61, 60), "C2 c2 ^C2 =C2"),
    ],
)
def test_a_letter_that_was_altered_keeps_its_signs_up_to_the_bar_line(pitches, words):
    score = tune(1, 1, 1, 1, 4, pitches=(*pitches, 60), key="G")
    assert music(score) == [f"{words} | C8 |]"]
    assert read(score).notes["pitch"].tolist() == [*pitches, 60]


def test_a_chord_may_hold_a_letter_twice():
    notes = [(0, Q, 60), (0, Q, 73), (Q, Q, 60), (Q, Q, 61)]
    score = Score.of(notes, resolution=Q, keys=table([(0, 1, 0)], KEY))
    assert sorted(read(score).notes["pitch"].tolist()) == [60, 60, 61, 73]


@pytest.mark.parametrize("key", ["C#", "Cb", "F#m", "Abm", "Gb", "Edor"])
def test_all_pitches_in_all_keys(key):
    pitches = list(range(60, 84))
    score = tune(*[0.5] * 24, pitches=pitches, key=key)
    back = read(score)
    assert back.notes["pitch"].tolist() == pitches
    assert back.key_at(0).tonic == Key.parse(key).tonic


@pytest.mark.parametrize("pitch", [12, 127])
def test_the_outermost_pitches_that_abc_is_read_with(pitch):
    assert read(tune(4, pitches=(pitch,))).notes["pitch"].tolist() == [pitch]


# Fields.


def test_fields_of_the_head():
    tempos = table([(0, 400_000)], TEMPO)
    head = text(tune(1.5, 1.5, meter=(6, 8), key="Ador", tempos=tempos, title="A\n tune: 100% %d")).split(
        "\n"
    )[:6]
    assert head == ["X:1", "T:A tune: 100 d", "M:6/8", "L:1/8", "Q:3/8=100", "K:Ador"]
    assert "T:Untitled" in text(tune(4))


def test_changes_stand_in_the_bar_that_they_begin():
    score = Score(
        notes=table([(0, 4 * Q, 62, 80, 0), (4 * Q, 3 * Q, 67, 80, 0)], NOTE),
        meters=table([(0, 4, 4), (4 * Q, 3, 4)], METER),
        keys=table([(0, *Key.parse("D")), (4 * Q, *Key.parse("G"))], KEY),
        tempos=table([(0, 500_000), (4 * Q, 600_000)], TEMPO),
        resolution=Q,
    )
    assert music(score) == ["D8 | [M:3/4][K:G][Q:1/4=100]G6 |]"]
    back = read(score).quantize(Q)
    assert back.meters.tolist() == score.meters.tolist()
    assert [Key(*row[1:]) for row in back.keys.tolist()] == [Key.parse("D"), Key.parse("G")]


def test_the_seam_is_a_double_bar_line_and_a_word():
    assert '|| "^new"d8 |]' in text(tune(4, 4), Span(4 * Q))
    assert "||" not in text(tune(4, 4), Span(6 * Q))


def test_the_seed_behind_new_bars_is_marked_in_the_same_way():
    assert 'd8 || "^new"d8 || "^seed"d8 |]' in text(tune(4, 4, 4), Span(4 * Q, 8 * Q))


def test_four_bars_stand_on_a_line():
    assert [line.count("|") for line in music(tune(*[4] * 9))] == [4, 4, 1]


# Parts.


def test_parts_keep_their_programs_and_drums():
    rows = [(0, Q, 60, 80, 0), (0, Q, 40, 80, 1), (0, Q, 36, 80, 2)]
    tracks = (Track("A", 40), Track("B", 32, 1), Track("C", 0, DRUM_CHANNEL))
    score = Score(notes=table(rows, NOTE), tracks=tracks, resolution=Q)
    back = read(score)
    instrument = {row[2]: back.tracks[row[4]] for row in back.notes.tolist()}
    assert [instrument[pitch].program for pitch in (60, 40)] == [40, 32]
    assert [instrument[pitch].is_drum for pitch in (60, 40, 36)] == [False, False, True]


def test_voices_of_a_part_share_a_staff():
    rows = [(0, 4 * Q, 76, 80, 0), (0, Q, 60, 80, 0), (0, Q, 40, 80, 1)]
    score = Score(notes=table(rows, NOTE), tracks=(Track("Two"), Track("One")), resolution=Q)
    lines = text(score).split("\n")
    assert "%%score (1 2) 3" in lines
    assert [line for line in lines if line.startswith("V:1 ")] == ['V:1 clef=treble name="Two"']
    assert [line for line in lines if line.startswith("V:3 ")] == ['V:3 clef=bass name="One"']


@pytest.mark.parametrize("name", ['a "quoted" name', "two\nlines", "100% %%MIDI program 3", "小調"])
def test_a_name_stays_on_its_line_and_within_its_quotes(heard, name):
    rows = [(0, Q, 60, 80, 0), (0, Q, 40, 80, 1)]
    score = Score(notes=table(rows, NOTE), tracks=(Track(name), Track(name)), resolution=Q)
    fields = [line for line in text(score).split("\n") if line.startswith("V:1 ")]
    assert len(fields) == 1 and fields[0].count('"') == 2 and "%" not in fields[0]
    assert heard(read(score)) == heard(score)
