"""Humdrum tables, written by hand, with what they sound like."""

import importlib.util
import random
import sys
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from notegen.errors import EmptyError, FormatError, MissingExtraError, NotegenError
from notegen.formats import humdrum, read
from notegen.keys import Key
from notegen.score import Score

C, D, E, F, G, A, B = 60, 62, 64, 65, 67, 69, 71


def table(text):
    """Return a table as bytes: blanks stand between its columns, and & between the notes of a chord."""
    rows = [line if line.startswith("!!") else "\t".join(line.split()) for line in text.strip().splitlines()]
    return "\n".join(rows).replace("&", " ").encode()


def play(text):
    return humdrum.decode(table(text))


def heard(score, track=0):
    """Return a track's notes as (onset, duration, pitch), in quarters."""
    return [
        (onset / score.resolution, duration / score.resolution, pitch)
        for onset, duration, pitch, _, of in score.notes.tolist()
        if of == track
    ]


def spine(body, head="*M4/4"):
    """Return a score of one spine; each word is a row."""
    return play("\n".join(["**kern", *head.split(), *body.split(), "*-"]))


def pitches(body, head="*M4/4"):
    return [pitch for _, _, pitch in heard(spine(body, head))]


def rows(score, name):
    """Return a map of a score, its times in quarters."""
    return [(tick / score.resolution, *rest) for tick, *rest in getattr(score, name).tolist()]


# Whole pieces.


def test_a_song_with_a_pickup_and_a_tie():
    score = play("""
!!!OTL: A song
!!!COM: Nobody
**kern
*M3/4
*k[f#]
*e:
*MM90
4B
=1
4f#
[2e
=2
4e]
8g/L
8f#/J
4e;
=3
2e
==
*-
!!!ENC: by hand
""")
    assert heard(score) == [
        (0, 1, 59), (1, 1, 66), (2, 3, E), (5, 0.5, G), (5.5, 0.5, 66), (6, 1, E), (7, 2, E)
    ]  # fmt: skip
    assert (score.title, score.key_at(0)) == ("A song", Key(1, 1))
    assert rows(score, "meters") == [(0, 1, 4), (1, 3, 4)]
    assert rows(score, "tempos") == [(0, 666_667)]


def test_a_piano_piece_with_chords_a_second_voice_and_a_grace_note():
    score = play("""
**kern    **kern **dynam
*I"Piano  *      *
*M2/4     *M2/4  *
=1        =1     =1
4C&4E     4g     p
.         8aq    .
4G        4f     .
=2        =2     =2
*         *^     *
2C        4.e    4c  <
.         .      4B  .
.         .      .   f
.         8d     .   .
*         *v     *v  *
==        ==     ==
*-        *-     *-
""")
    assert heard(score, 0) == [(0, 1, G), (1, 1, F), (2, 1, C), (2, 1.5, E), (3, 1, 59), (3.5, 0.5, D)]
    assert heard(score, 1) == [(0, 1, 48), (0, 1, 52), (1, 1, 55), (2, 2, 48)]
    assert [track.name for track in score.tracks] == ["", "Piano"]


def test_a_chorale_whose_sections_are_played_in_the_order_of_a_list():
    score = spine("*>A 4c =1 4d 4e 4f =:|! *>B 4g =2 1a ==", head="*>[A,A,B] *>norep[A,B] *M4/4")
    assert heard(score) == [
        (0, 1, C), (1, 1, D), (2, 1, E), (3, 1, F), (4, 1, C), (5, 1, D), (6, 1, E), (7, 1, F),
        (8, 1, G), (9, 4, A),
    ]  # fmt: skip
    assert rows(score, "meters") == [(0, 1, 4), (1, 4, 4)]


def test_a_quartet_has_its_instruments_from_the_top():
    score = play("""
**kern   **kern   **kern    **kern
*Icello  *Iviola  *Ivioln   *Iflt
*        *        *I:[SOLO] *Idunno
*M2/4    *M2/4    *M2/4     *M2/4
2C       2G       2e        2cc
*-       *-       *-        *-
""")
    assert [(track.name, track.program) for track in score.tracks] == [
        ("Flute", 73), ("SOLO", 40), ("Viola", 41), ("Violoncello", 42)
    ]  # fmt: skip
    assert score.notes["pitch"].tolist() == [72, E, 55, 48]
    assert len({track.channel for track in score.tracks}) == 4


def test_a_march_that_changes_its_meter_key_and_tempo():
    score = spine(
        "=1 4c 4d =2 *M3/4 *k[b-] *MM[Trio] *MM60 4f 4g 4a =3 4f 4g 4a ==", head="*k[] *C: *M2/4 *MM120"
    )
    assert rows(score, "meters") == [(0, 2, 4), (2, 3, 4)]
    assert rows(score, "keys") == [(0, 0, 0), (2, -1, 0)]
    assert rows(score, "tempos") == [(0, 500_000), (2, 1_000_000)]


def test_of_several_pieces_in_a_file_each_is_read():
    book = table("""
!!!OTL: One
**kern
4c
*-
!!!OTL: Two
**kern
4z
*-
!!!OTL: Three
**kern **kern
4e     4g
*-     *-
!!!ENC: the end
""")
    one, two, three = humdrum.decode_all(book)
    assert (one.title, heard(one)) == ("One", [(0, 1, C)])
    assert isinstance(two, FormatError) and str(two).startswith("line 7: ")
    assert (three.title, heard(three)) == ("Three", [(0, 1, G)])
    assert humdrum.decode(book).title == "One"
    assert humdrum.decode(b"\n".join(book.splitlines()[5:])).title == "Three"


# Notes.


@pytest.mark.parametrize(
    ("token", "duration", "pitch"),
    [
        ("4CC", 1, 36), ("4C", 1, 48), ("4c", 1, 60), ("4cc", 1, 72), ("4bbb", 1, 95),
        ("4c#", 1, 61), ("4e-", 1, 63), ("4b--", 1, 69), ("4f##", 1, 67), ("4bn", 1, 71),
        ("2.c", 3, 60), ("8..c", 0.875, 60), ("0c", 8, 60), ("00c", 16, 60),
        ("12c", 1 / 3, 60), ("6.c", 1, 60), ("20c", 0.2, 60), ("3%2c", 8 / 3, 60),
        ("{(8ee-TL/;)}yy", 0.5, 75), ("&(8BBn/&)", 0.5, 47), ("8gP", 0.5, 67), ("4dp", 1, 62),
    ],
)  # fmt: skip
def test_a_note_has_its_duration_and_pitch(token, duration, pitch):
    score = humdrum.decode(f"**kern\n{token}\n*-".encode())
    assert heard(score) == [(0, pytest.approx(duration, abs=1e-3), pitch)]


@pytest.mark.parametrize(
    ("body", "notes"),
    [
        ("[1c 1c_ 2c]", [(0, 10, C)]),
        ("[4c&[4e 4c]&4e]", [(0, 2, C), (0, 2, E)]),
        ("[4c&4e 4c]&4e", [(0, 2, C), (0, 1, E), (1, 1, E)]),
        ("[4c# 4d-]", [(0, 2, 61)]),
        ("4c 4c]", [(0, 1, C), (1, 1, C)]),
        ("[4c 4d 4c]", [(0, 1, C), (1, 1, D), (2, 1, C)]),
    ],
)
def test_ties_join_notes_of_one_pitch(body, notes):
    assert heard(spine(body)) == notes


def test_rests_and_grace_notes_are_not_heard():
    assert heard(spine("4r qg 8ggq 4c 2ryy&2e 4d")) == [(1, 1, C), (2, 2, E), (4, 1, D)]


def test_the_notes_of_a_chord_share_a_duration():
    assert heard(spine("4c&e&8g 4d")) == [(0, 1, C), (0, 1, E), (0, 0.5, G), (1, 1, D)]


def test_percussion_is_told_from_notes():
    score = play("**kern **kern\n*clefX *clefG2\n4c 4g\n*- *-")
    assert [track.is_drum for track in score.tracks] == [False, True]


# Spines.


def test_spines_split_twice_and_join():
    score = play("**kern\n4c\n*^\n*^ *\n2c 2e 4g\n. . 4a\n*v *v *\n4d 4f\n*v *v\n4c\n*-")
    assert heard(score) == [
        (0, 1, C), (1, 2, C), (1, 2, E), (1, 1, G), (2, 1, A), (3, 1, D), (3, 1, F), (4, 1, C)
    ]  # fmt: skip


def test_spines_change_places():
    score = play("**kern **kern\n4c 4e\n*x *x\n4f 4d\n*- *-")
    assert (heard(score, 0), heard(score, 1)) == ([(0, 1, E), (1, 1, F)], [(0, 1, C), (1, 1, D)])


def test_a_spine_that_is_added_is_a_part_of_its_own():
    score = play("**kern\n4c\n*+\n* **kern\n4d 4f\n*- *-")
    assert (heard(score, 0), heard(score, 1)) == ([(1, 1, F)], [(0, 1, C), (1, 1, D)])


def test_a_second_voice_may_be_silent_at_first_and_end_before():
    score = play("**kern **kern\n*^ *\n4c . 4e\n4d 4B 4f\n4e . 4g\n*v *v *\n4f 4a\n*- *-")
    assert heard(score, 1) == [(0, 1, C), (1, 1, 59), (1, 1, D), (2, 1, E), (3, 1, F)]


def test_rows_that_other_spines_are_alone_in_take_no_time():
    score = play("**text **kern **text\nA 2c x\nve . .\n. . y\nMa 4d .\n*- *- *-")
    assert heard(score) == [(0, 2, C), (2, 1, D)]


# Changes.


@pytest.mark.parametrize(
    ("head", "key"),
    [
        ("*k[f#]", "G"), ("*k[b-e-]", "Bb"), ("*k[]", "C"), ("*C:", "C"), ("*a:", "Am"), ("*f#:", "F#m"),
        ("*e-:", "Ebm"), ("*k[] *G:mix", "Gmix"), ("*k[b-] *G:dor", "Gdor"), ("*d:dor", "Ddor"),
        ("*A:aeo", "Am"), ("*C:ion", "C"), ("*k[] *d:", "Dm"), ("*d: *k[]", "Dm"), ("*k[] *?:", "C"),
    ],
)  # fmt: skip
def test_a_key_has_its_mode(head, key):
    assert spine("4c", head=head).key_at(0) == Key.parse(key)


def test_a_signature_that_is_written_again_leaves_the_mode():
    score = spine("=1 1c =2 *k[b-] 1d =3 *k[] 1e", head="*k[b-] *g:dor")
    assert rows(score, "keys") == [(0, *Key.parse("Gdor")), (8, 0, 0)]


def test_without_a_key_there_is_none():
    assert spine("4c").key_at(0) is None


@pytest.mark.parametrize(
    ("head", "meter"),
    [("*M6/8", (6, 8)), ("*M3/0", (6, 1)), ("*M4/2", (4, 2)), ("*MX", (4, 4)), ("*MM100", (4, 4))],
)
def test_a_meter_is_read(head, meter):
    assert spine("=1 00.c =2 00.c", head=head).meter_at(0) == meter


def test_bars_that_differ_from_the_meter_have_their_own():
    score = spine("=1 1c =2 2.c =3 1c =4 2c", head="*M4/4")
    assert rows(score, "meters") == [(0, 4, 4), (4, 3, 4), (7, 4, 4)]


@pytest.mark.parametrize(
    ("body", "played"),
    [
        ("=1 4c 4d =:|! 4e 4f ==", [C, D, C, D, E, F]),
        ("=1 4c 4d =2!|: 4e 4f =3:|! 4g 4a ==", [C, D, E, F, E, F, G, A]),
        ("=1 4c 4d =2:|!|: 4e 4f =:|!", [C, D, C, D, E, F, E, F]),
        ("=1 4c 4d =2:|! *>A 4e 4f ==", [C, D, C, D, E, F]),
    ],
)
def test_signs_of_repetition_are_followed_where_no_order_is_listed(body, played):
    assert pitches(body, "*M2/4") == played


def test_a_list_of_sections_wins_over_signs():
    assert pitches("*>A 2c =2:|! *>B 2d ==", "*>[A,B,A] *M2/4") == [C, D, C]


# Files.


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_lines_and_letters_of_any_age_are_read(end, encoding):
    data = "!!!OTL@@DE: Für Elise\n**kern\n4c\n*-\n".encode(encoding).replace(b"\n", end)
    assert humdrum.decode(data).title == "Für Elise"


@pytest.mark.parametrize("name", ["a.krn", "A.KRN", "a.kern", "a.hmd"])
def test_a_file_is_read_by_its_ending(tmp_path, name):
    (tmp_path / name).write_bytes(table("**kern\n4c\n*-"))
    assert heard(read(tmp_path / name)) == [(0, 1, C)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Dear reader,", "line 1: no spine is open here; a Humdrum file begins with **kern"),
        ("!! a comment", "there is no **kern spine in it, and others are not read"),
        ("**text\nla\n*-", "there is no **kern spine in it, and others are not read"),
        ("**kern **kern\n4c\n*- *-", "line 2: it has 1 columns, and 2 spines are open"),
        ("**kern\n4c 4d\n*-", "line 2: it has 2 columns, and 1 spines are open"),
        ("**kern\n4c\n4z\n*-", 'line 3: "4z" is no note'),
        ("**kern\n4\n*-", 'line 2: "4" is no note'),
        ("**kern\nc\n*-", 'line 2: "c" is no note with a duration'),
        ("**kern\n4444c\n*-", 'line 2: "4444c" is no note'),
        ("**kern\n4cccccccc\n*-", 'line 2: "4cccccccc" lies outside the range of MIDI'),
        ("**kern **kern\n4c 8e\n4d 4f\n*- *-", "line 3: its notes do not begin where"),
        ("**kern **kern\n4c 2e\n. 4f\n4d .\n*- *-", "line 4: its notes do not begin where"),
        ("**kern **kern\n4c 4e\n=1 4f\n*- *-", "line 3: notes, bar lines, comments"),
        ("**kern\n*M3/7\n4c\n*-", "line 2: *M3/7 is no meter"),
        ("**kern\n*M0/4\n4c\n*-", "line 2: *M0/4 is no meter"),
        ("**kern\n*v\n4c\n*-", "line 2: a spine is joined (*v) to none"),
        ("**kern\n*x\n4c\n*-", "line 2: a spine changes places (*x) with none"),
        ("**kern\n*>[A,B]\n*>A\n4c\n*-", "its order of sections (*>) names B, which there is not"),
        ("**kern\n4c\n=2\n4d", "the file breaks off: its spines are not closed by *-"),
        ("**kern\n1%99999999c\n*-", "the file claims to last for days; its times are damaged"),
    ],
)
def test_a_damaged_table_is_refused_with_its_line(text, reason, capfd):
    with pytest.raises(FormatError) as caught:
        play(text)
    assert reason in str(caught.value) and "\n" not in str(caught.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("text", ["", " \n\n", "**kern\n4r\n*-", "**kern\n*M4/4\n*-"])
def test_silence_is_told(text):
    with pytest.raises(EmptyError):
        humdrum.decode(text.encode())


def test_without_music21_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "music21.humdrum", None)
    with pytest.raises(MissingExtraError, match=r'reading Humdrum needs the extra "train"'):
        humdrum.decode(b"**kern\n4c#TT\n*-")


def test_damage_of_any_kind_is_an_error_of_ours():
    rng = random.Random(0)
    whole = table(
        "**kern **kern\n*M2/4 *M2/4\n*k[f#] *k[f#]\n*>[A,A] *>[A,A]\n*>A *>A\n=1 =1\n4c 4e&4g\n* *^\n"
        "4d 8f 4g\n. 8g .\n=2 =2 =2\n* *v *v\n2c 2.e\n*x *x\n4r .\n== ==\n*- *-"
    )
    outcomes = Counter()
    for _ in range(400):
        data = bytearray(whole)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data))
            data[at : at + rng.randrange(3)] = rng.choice([b"", b"\t", b"*", b"^", b"9", b"[", b"\xff", b"="])
        try:
            outcomes[type(humdrum.decode(bytes(data)))] += 1
        except NotegenError as error:
            assert str(error) and "\n" not in str(error)
            outcomes[type(error)] += 1
    assert outcomes[Score] > 20 and outcomes[FormatError] > 100


# music21 as a witness, where it lays out the spines of files that it carries.


@pytest.mark.parametrize("name", ["bach/bwv281.krn", "palestrina/Benedictus_66_a.krn"])
def test_music21_hears_the_same_onsets(name):
    from music21.humdrum.spineParser import HumdrumDataCollection

    (folder,) = importlib.util.find_spec("music21").submodule_search_locations
    data = Path(folder, "corpus", name).read_bytes()
    score = humdrum.decode(data)
    parts = HumdrumDataCollection(data.decode("latin-1").splitlines()).parse().parts
    for track, part in enumerate(parts):
        expected = [
            (float(Fraction(note.offset)), note.pitch.midi)
            for note in part.flatten().notes
            if note.tie is None or note.tie.type == "start"
        ]
        assert [(onset, pitch) for onset, _, pitch in heard(score, track)] == expected
    assert len(score.tracks) == len(parts)
