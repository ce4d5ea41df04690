import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.keys import Key
from notegen.notation.spelling import Name, signature, spell

NATURAL = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
SIGNS = {-2: "bb", -1: "b", 0: "", 1: "#", 2: "##"}
KEYS = st.builds(Key, st.integers(-7, 7), st.integers(0, 6))


def names(key):
    """Spell the twelve pitch classes from C on."""
    spelled = [spell(pitch, Key.parse(key)) for pitch in range(60, 72)]
    return " ".join(name.step + SIGNS[name.alter] for name in spelled)


@given(st.integers(0, 127), KEYS)
def test_a_name_sounds_as_the_pitch_it_spells(pitch, key):
    name = spell(pitch, key)
    assert 12 * (name.octave + 1) + NATURAL[name.step] + name.alter == pitch
    assert name.alter in SIGNS


@given(KEYS)
def test_notes_of_the_scale_need_no_accidental(key):
    in_force = signature(key.fifths)
    for pitch in range(60, 72):
        name = spell(pitch, key)
        assert (in_force[name.step] == name.alter) == (pitch % 12 in key.scale)


@given(KEYS)
def test_no_two_pitches_of_an_octave_share_a_name(key):
    assert len({(name.step, name.alter) for name in (spell(pitch, key) for pitch in range(60, 72))}) == 12


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("C", "C C# D Eb E F F# G G# A Bb B"),
        ("Am", "C C# D D# E F F# G G# A Bb B"),
        ("D", "C C# D D# E F F# G G# A A# B"),
        ("Ab", "C Db D Eb E F Gb G Ab A Bb Cb"),
        ("Bb", "C Db D Eb E F F# G Ab A Bb B"),
        ("F#m", "B# C# D D# E E# F# G G# A A# B"),
        ("Cm", "C Db D Eb E F F# G Ab A Bb B"),
        ("G#m", "B# C# C## D# E E# F# F## G# A A# B"),
    ],
)
def test_all_twelve_pitches_of_a_key(key, expected):
    assert names(key) == expected


def test_the_leading_note_of_a_minor_key_is_raised():
    assert spell(65, Key.parse("F#m")) == Name("E", 1, 4)
    assert spell(61, Key.parse("Dm")) == Name("C", 1, 4)
    assert spell(66, Key.parse("Gm")) == Name("F", 1, 4)


def test_b_sharp_and_c_flat_stand_in_the_octave_of_their_letter():
    assert spell(60, Key.parse("C#m")) == Name("B", 1, 3)
    assert spell(59, Key.parse("Gb")) == Name("C", -1, 4)


def test_signatures():
    assert {step for step, alter in signature(2).items() if alter == 1} == set("FC")
    assert {step for step, alter in signature(-3).items() if alter == -1} == set("BEA")
    assert set(signature(0).values()) == {0}
    assert set(signature(7).values()) == {1}
    assert set(signature(-7).values()) == {-1}
