from fractions import Fraction

import pytest

from notegen.chords import Chord, parse_chords
from notegen.errors import UsageError


@pytest.mark.parametrize(
    ("name", "tones"),
    [
        ("C", {0, 4, 7}),
        ("Cm", {0, 3, 7}),
        ("C7", {0, 4, 7, 10}),
        ("Cmaj7", {0, 4, 7, 11}),
        ("Cm7", {0, 3, 7, 10}),
        ("Cdim", {0, 3, 6}),
        ("Caug", {0, 4, 8}),
        ("Csus4", {0, 5, 7}),
        ("C6", {0, 4, 7, 9}),
        ("F#m", {6, 9, 1}),
        ("Bb", {10, 2, 5}),
        ("Cb", {11, 3, 6}),
        ("B#7", {0, 4, 7, 10}),
    ],
)
def test_a_chord_has_the_tones_of_its_name(name, tones):
    assert Chord.parse(name) == Chord(name, frozenset(tones), None)


def test_a_chord_may_say_how_many_quarters_it_lasts():
    assert Chord.parse("Dm7/1.5") == Chord("Dm7", frozenset({2, 5, 9, 0}), Fraction(3, 2))


@pytest.mark.parametrize("text", ["H", "c", "C/E", "C/0", "C/0.01", "Cmaj", "C7/", "C#b", "N.C.", "4"])
def test_what_is_no_chord_is_named(text):
    with pytest.raises(UsageError, match=f'^"{text}" is not a chord'):
        parse_chords(f"C {text} G")


def test_a_row_has_at_least_one_chord():
    with pytest.raises(UsageError, match="no chord among"):
        parse_chords("  ")


@pytest.mark.parametrize("text", ["C", "F#m7", "Bb/2", "Am7b5/0.5", "Gsus4/1.5"])
def test_a_chord_is_written_as_it_is_read(text):
    assert str(Chord.parse(text)) == text
    assert Chord.parse(str(Chord.parse(text))) == Chord.parse(text)
