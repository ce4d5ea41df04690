import random

import pytest

from notegen.errors import EmptyError, FormatError, NotegenError
from notegen.formats import abc
from notegen.keys import Key
from notegen.melody import melody
from notegen.score import Score

HEAD = "X:1\nT:A tune\nM:4/4\nL:1/4\nK:C\n"
C, D, E, F, G, A, B = 60, 62, 64, 65, 67, 69, 71


def play(text):
    """Return the only tune of a text."""
    (score,) = abc.read_book(text)
    return score


def heard(body, head=HEAD):
    """Return the notes of a tune as (onset, duration, pitch), in quarters."""
    score = play(head + body)
    return [(row[0] / score.resolution, row[1] / score.resolution, row[2]) for row in score.notes.tolist()]


def pitches(body, head=HEAD):
    return [pitch for _, _, pitch in heard(body, head)]


def meters(body, head=HEAD):
    """Return the meter map as (quarter, numerator, denominator)."""
    score = play(head + body)
    return [(tick / score.resolution, *meter) for tick, *meter in score.meters.tolist()]


# Form.


def test_repeats_are_played_out():
    assert pitches("|:CDEF:|G4|]") == [C, D, E, F, C, D, E, F, G]
    assert pitches("CDEF::GABc:|") == [C, D, E, F, C, D, E, F, G, A, B, 72, G, A, B, 72]


@pytest.mark.parametrize(
    "body", ["|:CDEF|1 G4:|2 A4|]", "|:CDEF|[1 G4:|[2 A4|]", "|:CDEF| [1 G4 :| [2 A4 |]"]
)
def test_endings_are_played_in_their_turn(body):
    assert pitches(body) == [C, D, E, F, G, C, D, E, F, A]
    assert meters(body) == [(0, 4, 4)]


def test_a_tie_over_a_bar_line_makes_one_note():
    assert heard("CDEF-|F2G2|") == [(0, 1, C), (1, 1, D), (2, 1, E), (3, 3, F), (6, 2, G)]


def test_a_chain_of_ties_makes_one_note():
    assert heard("C4-|C4-|C2 D2|") == [(0, 10, C), (10, 2, D)]


@pytest.mark.parametrize(
    ("body", "notes"),
    [
        ("[CE]2-[CE]2|", [(0, 4, C), (0, 4, E)]),
        ("[CE]4-|[CE]4|", [(0, 8, C), (0, 8, E)]),
        ("[CE]-[CE]-[CE]2|", [(0, 4, C), (0, 4, E)]),
        ("[C-E]2[CG]2|", [(0, 2, E), (0, 4, C), (2, 2, G)]),
        ("[C-E-]2[CE]2|", [(0, 4, C), (0, 4, E)]),
        ("E2-[EG]2|", [(0, 4, E), (2, 2, G)]),
        ("[EG]2-E2|", [(0, 4, E), (0, 2, G)]),
        ("[CE]2-[DF]2|", [(0, 2, C), (0, 2, E), (2, 2, D), (2, 2, F)]),
        ("[C-E]2[DE]2|", [(0, 2, C), (0, 2, E), (2, 2, D), (2, 2, E)]),
        ("[EC-]2[DE]2|", [(0, 2, C), (0, 2, E), (2, 2, D), (2, 2, E)]),
        ("[CE]2[CE]2|", [(0, 2, C), (0, 2, E), (2, 2, C), (2, 2, E)]),
        ("[CE]/2-[CE]/2[CE]3|", [(0, 1, C), (0, 1, E), (1, 3, C), (1, 3, E)]),
    ],
)
def test_ties_of_chords_join_the_pitches_on_both_sides(body, notes):
    assert sorted(heard(body)) == sorted(notes)


def test_a_tie_in_one_voice_leaves_the_other_alone():
    score = play(HEAD + "V:1\nc4-|c4|\nV:2\nC4|C4|")
    assert [row[:3] for row in score.quantize(1).notes.tolist()] == [(0, 8, 72), (0, 4, C), (4, 4, C)]


def test_a_hyphen_between_two_pitches_is_no_tie():
    assert heard("C-D E F|") == heard("C D E F|")


def test_a_repeated_note_is_no_tie():
    assert heard("C2 C2|") == [(0, 2, C), (2, 2, C)]


def test_the_meter_map_of_a_pickup_begins_with_a_short_meter():
    assert meters("G|CDEF|G3|]") == [(0, 1, 4), (1, 4, 4)]


def test_a_bar_that_a_repeat_cuts_in_two_stays_one_bar():
    assert meters("G|:CDEF|GABc|CDEF|G3G:|") == [(0, 1, 4), (1, 4, 4)]
    assert meters("|:G|CDEF|GAB:|") == [(0, 1, 4), (1, 4, 4)]


def test_a_tune_without_a_pickup_has_one_meter():
    assert meters("CDEF|GABc|") == [(0, 4, 4)]


def test_a_section_behind_a_last_ending_begins_there():
    assert pitches("|:C4|1 D4:|2 E4||F4|G4:|") == [C, D, C, E, F, G, F, G]
    assert pitches("|:C4|1 D4:|2 E4|]F4|1 G4:|2 A4|]") == [C, D, C, E, F, G, F, A]
    assert pitches("|:C4|1 D4:|2 E4||F4|G4|]") == [C, D, C, E, F, G]
    assert pitches("|:C4|1 D4:|2 E4||F4||G4:|") == [C, D, C, E, F, G, G]


def test_a_last_ending_that_a_repeat_sign_closes_is_played_once():
    assert pitches("|:C4|1 D4:|2 E4:|") == [C, D, C, E]
    assert pitches("|:C4|1 D4:|2 E4:|\n|:F4|1 G4:|2 A4:|") == [C, D, C, E, F, G, F, A]


def test_an_ending_may_begin_on_a_line_of_its_own():
    assert pitches("C4|:D4|\n[1 E4:|\n[2 F4||\nG4|A4:|") == [C, D, E, D, F, G, A, G, A]
    assert pitches("|:D4|\n[1 E4:|\n[2 F4:|\n[3 G4||A4:|") == [D, E, D, F, D, G, A, A]


def test_sections_played_three_times_may_follow_one_another():
    assert pitches("|::C4::|::D4::|E4|F4:|") == [C, C, C, D, D, D, E, F, E, F]
    assert meters("|::C4|D4::|E4|]") == [(0, 4, 4)]


def test_parts_are_played_in_order_only_if_the_music_has_them():
    parts = "P:A\nC4|\nP:B\nD4|"
    assert pitches(parts, HEAD.replace("K:", "P:ABA\nK:")) == [C, D, C]
    assert pitches("[P:A]C4|[P:B]D4|", HEAD.replace("K:", "P:B.A2 % twice\nK:")) == [D, C, C]
    assert pitches(parts, HEAD.replace("K:", "P:ABCA\nK:")) == [C, D]
    assert pitches(parts, HEAD.replace("K:", "P:A modern version\nK:")) == [C, D]
    assert pitches("P:1\nC4|\nP:Chorus\nD4|") == [C, D]


# Notes.


def test_triplets_and_broken_rhythm():
    thirds = [(0, 2 / 3, C), (2 / 3, 2 / 3, D), (4 / 3, 2 / 3, E), (2, 2, F)]
    assert heard("(3CDE F2|") == [pytest.approx(note) for note in thirds]
    assert heard("C>D E<F|") == [(0, 1.5, C), (1.5, 0.5, D), (2, 0.5, E), (2.5, 1.5, F)]


def test_rests_leave_time_empty():
    assert heard("C z D z|z2 E2|") == [(0, 1, C), (2, 1, D), (6, 2, E)]
    assert heard("C4|Z2|D4|") == [(0, 4, C), (12, 4, D)]


def test_chords_sound_together_and_a_melody_takes_the_highest():
    assert heard("[CEG]2 [DF]2|") == [(0, 2, C), (0, 2, E), (0, 2, G), (2, 2, D), (2, 2, F)]
    assert melody(play(HEAD + "[CEG]2 [DF]2|")).notes["pitch"].tolist() == [G, F]


@pytest.mark.parametrize(
    "body",
    [
        '"Am"CDEF|',
        "~C!trill!D.EF|",
        "{d}C{ga}DEF|",
        "(CD)(EF)|",
        "TCuDvEF|",
        "CDEF|% a remark: |||",
        "CDEF|\nw:la la la la",
    ],
)
def test_ornaments_chord_symbols_slurs_and_words_are_left_out(body):
    assert heard(body) == [(0, 1, C), (1, 1, D), (2, 1, E), (3, 1, F)]


def test_accidentals_last_to_the_bar_line():
    assert pitches("^C C =C C|^C4|C4|") == [61, 61, 60, 60, 61, 60]


def test_a_hyphen_behind_a_grace_note_is_no_tie():
    assert heard("C C {d}-C {de}-D|") == heard("C C C D|")


def test_a_tie_is_found_behind_an_invisible_bar_line():
    assert heard("C4[|]D4-|D4|") == [(0, 4, C), (4, 8, D)]


def test_a_bracket_that_is_never_closed_is_no_chord():
    assert pitches('C4|["Coda" D4|E4|]') == [C, D, E]
    assert pitches("C4|[|D4|[]E4|]") == [C, D, E]


def test_chords_between_plus_signs_are_read_as_of_old():
    assert heard("+C2E2+ +G/c/+2 !trill!+trill+D|") == [
        (0, 2, C),
        (0, 2, E),
        (2, 1, G),
        (2, 1, 72),
        (3, 1, D),
    ]


@pytest.mark.parametrize("chord", ["[C/0E]2", "[C" + "/" * 99 + "E]2", f"[C{'9' * 5000}E]2", "[z2C2]2"])
def test_lengths_without_sense_in_a_chord_are_borne(chord):
    assert abc.read_tunes(f"{HEAD}{chord}|D4|")[0][0].title == "A tune"


def test_a_sign_comes_over_the_bar_line_with_a_tie_alone():
    assert pitches("[^CE]4-|[CE]2 C2|", HEAD) == [61, 64, C]
    assert pitches("^C4-|C4-|C2 C2|c4|") == [61, C, 72]
    assert pitches("^C4-|^C2 C2|") == [61, 61]
    assert pitches("^C4|C4|") == [61, C]
    assert pitches("V:1\n^c4-|c4|\nV:2\nc4-|c4|") == [73, 72]


# Fields.


@pytest.mark.parametrize(
    ("field", "key"),
    [
        ("D", "D"),
        ("Em", "Em"),
        ("Ador", "Ador"),
        ("A Dorian", "Ador"),
        ("D mixolydian", "Dmix"),
        ("Bb", "Bb"),
    ],
)
def test_modes_are_kept(field, key):
    score = play(f"X:1\nT:A\nM:4/4\nL:1/4\nK:{field}\nCDEF|")
    assert score.key_at(0) == Key.parse(key)
    assert set(score.notes["pitch"] % 12) <= Key.parse(key).scale


@pytest.mark.parametrize(
    "body", ["CDEF|[K:G]FGAB|[M:3/4]CDE|[L:1/8]CDEFGA|", "CDEF|\nK:G\nFGAB|\nM:3/4\nCDE|\nL:1/8\nCDEFGA|"]
)
def test_fields_may_change_between_bars(body):
    score = play(HEAD + body)
    assert meters(body) == [(0, 4, 4), (8, 3, 4)]
    assert score.key_at(4 * score.resolution - 1) == Key.parse("C")
    assert score.key_at(4 * score.resolution) == Key.parse("G")
    assert heard(body)[4:6] == [(4, 1, 66), (5, 1, G)]
    assert heard(body)[-1] == (13.5, 0.5, A)


def test_a_tempo_is_read():
    assert round(60e6 / play("X:1\nT:A\nM:4/4\nL:1/4\nQ:1/4=90\nK:C\nC4|").tempo_at(0)) == 90


def test_programs_and_channels_are_read_and_other_instructions_are_not():
    body = "%%MIDI program 40\n%%MIDI beat 1 2 3 4\n%%MIDI transpose 12\nCDEF|"
    score = play(HEAD + body)
    assert score.tracks[-1].program == 40
    assert score.notes["pitch"].tolist() == [C, D, E, F]
    drums = play(HEAD + "V:1\nV:2\n%%MIDI channel 10\nV:1\nc4|\nV:2\nC4|")
    assert {pitch: drums.tracks[track].is_drum for _, _, pitch, _, track in drums.notes.tolist()} == {
        72: False,
        C: True,
    }


def test_an_instruction_in_front_of_the_music_is_read_before_the_key_too():
    assert play(HEAD.replace("K:C", "%%MIDI program 73\nK:C") + "C4|").tracks[-1].program == 73


def test_cut_time_is_a_meter():
    assert meters("C4|", HEAD.replace("M:4/4", "M:C|")) == [(0, 2, 2)]


@pytest.mark.parametrize(
    ("key", "octave"),
    [
        ("C clef=treble-8", -1),
        ("C bass", 0),
        ("C treble+8", 1),
        ('C clef="treble-15"', -2),
        ("C octave=2", 2),
        ("C clef=bass octave=-1", -1),
    ],
)
def test_clefs_and_fields_shift_by_octaves(key, octave):
    assert heard("C,D[Ec']F|", HEAD.replace("K:C", f"K:{key}")) == [
        (onset, duration, pitch + 12 * octave) for onset, duration, pitch in heard("C,D[Ec']F|")
    ]


def test_a_clef_alone_leaves_the_key_as_it_is():
    assert pitches("F4|[K:clef=bass-8]F4|\nK:octave=0\nF4|", HEAD.replace("K:C", "K:G")) == [66, 54, 66]


# Books.

BOOK = f"""A book of tunes
K of nothing

{HEAD}CDEF|

Some words between the tunes, from A to G.

X:7
T:Añother
M:3/4
L:1/4
K:G
GAB|
"""


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_book_is_read_tune_by_tune(newline):
    pairs = abc.read_tunes(BOOK.replace("\n", newline))
    assert [(tune.number, tune.title, tune.keys) for tune, _ in pairs] == [
        ("1", "A tune", ("C",)),
        ("7", "Añother", ("G",)),
    ]
    assert [score.title for _, score in pairs] == ["A tune", "Añother"]
    assert [score.notes["pitch"].tolist() for _, score in pairs] == [[C, D, E, F], [G, A, B]]


@pytest.mark.parametrize(
    ("bad", "error", "reason"),
    [
        ("X:1\nT:No key\nK:foo\nCDE|", FormatError, "abc2midi cannot make sense of this tune"),
        ("X:1\nT:No notes\nK:C\n", EmptyError, "the tune has no notes"),
        ("X:1\nT:Off the piano\nK:C\nC" + "'" * 30, FormatError, "abc2midi cannot make sense"),
        ("X:1\nT:abc2midi breaks down\nK:A\ng22A/////////:|", FormatError, "abc2midi cannot make sense"),
    ],
)
def test_a_tune_that_cannot_be_read_is_paired_with_the_reason(bad, error, reason):
    good = HEAD + "CDEF|"
    (_, before), (_, found), (_, behind) = abc.read_tunes(f"{good}\n\n{bad}\n\n{good}\n")
    assert isinstance(found, error) and reason in str(found)
    assert before.notes["pitch"].tolist() == behind.notes["pitch"].tolist() == [C, D, E, F]


def test_of_a_book_the_readable_tunes_are_returned_or_the_first_reason():
    assert len(abc.read_book("X:1\nT:A\nK:foo\nC|\n\n" + HEAD + "CDEF|")) == 1
    with pytest.raises(FormatError, match="cannot make sense"):
        abc.read_book("X:1\nT:A\nK:foo\nC|")
    with pytest.raises(EmptyError, match="no tune in the file"):
        abc.read_book("no tune at all")


def test_damaged_tunes_never_stop_a_book():
    rng = random.Random(0)
    sound = '|:A2 (3ABc {d}e2-e>f|[M:3/4]g2 "Am"a2 !trill!b2|1 [K:D]A2- A2 z2:|2 [CEG]4 c\'2|]'
    book = ""
    for number in range(120):
        body = list(sound)
        for _ in range(rng.randint(1, 8)):
            body[rng.randrange(len(body))] = rng.choice('ABcz|:[](-)<>/2"{}!^_=, \\~.') * rng.choice(
                (1, 1, 9)
            )
        book += f"X:{number}\nT:{number}\nM:4/4\nL:1/8\nK:Ador\n{''.join(body)}\n\n"
    pairs = abc.read_tunes(book)
    assert [tune.number for tune, _ in pairs] == [str(number) for number in range(120)]
    assert all(isinstance(found, Score | NotegenError) for _, found in pairs)
    assert sum(isinstance(found, Score) for _, found in pairs) > 60


def test_music21_hears_the_same_notes():
    converter = pytest.importorskip("music21.converter", reason="it is a witness")
    body = "G|:C>D EF-|F2 (3GAB c|1 ^cd e2:|2 z2 C2|]"
    tune = converter.parse(HEAD + body, format="abc").parts[0].expandRepeats().stripTies().flatten()
    theirs = [(float(note.offset), float(note.quarterLength), note.pitch.midi) for note in tune.notes]
    assert [pytest.approx(note) for note in theirs] == heard(body)
