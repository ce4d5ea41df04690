import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.errors import UsageError
from notegen.keys import MODES, Key, estimate, settle

written_keys = st.builds(Key, st.integers(-7, 7), st.integers(0, len(MODES) - 1))


@pytest.mark.parametrize(
    ("text", "fifths", "mode"),
    [
        ("C", 0, "major"),
        ("D", 2, "major"),
        ("Bb major", -2, "major"),
        ("Eb ionian", -3, "major"),
        ("F#m", 3, "minor"),
        ("c minor", -3, "minor"),
        ("Eaeo", 1, "minor"),
        ("Ador", 1, "dorian"),
        ("  A  Dorian ", 1, "dorian"),
        ("E phrygian", 0, "phrygian"),
        ("F lydian", 0, "lydian"),
        ("D mixolydian", 1, "mixolydian"),
        ("Bloc", 0, "locrian"),
    ],
)
def test_parse_reads_the_usual_spellings(text, fifths, mode):
    assert Key.parse(text) == (fifths, MODES.index(mode))


@pytest.mark.parametrize("text", ["", "H", "C##", "D foo", "42", "D major please"])
def test_parse_says_what_is_no_key(text):
    with pytest.raises(UsageError, match=f'"{text}" is not a key'):
        Key.parse(text)


@given(written_keys)
def test_both_names_read_back_as_the_key(key):
    assert Key.parse(str(key)) == key
    assert Key.parse(key.long_name) == key


@given(st.integers(0, 11), st.integers(0, len(MODES) - 1))
def test_of_tonic_is_the_inverse_of_tonic(tonic, mode):
    key = Key.of_tonic(tonic, mode)
    assert key.tonic == tonic
    assert abs(key.fifths) <= 6


def test_a_dorian_has_the_notes_of_g_major():
    assert Key.parse("Ador").scale == Key.parse("G").scale == {7, 9, 11, 0, 2, 4, 6}


@given(written_keys)
def test_a_scale_has_seven_notes_and_the_tonic_among_them(key):
    assert len(key.scale) == 7
    assert key.tonic in key.scale


@given(written_keys, st.integers(-40, 40))
def test_transposing_moves_the_scale_and_keeps_the_mode(key, semitones):
    moved = key.transposed(semitones)
    assert moved.mode == key.mode
    assert moved.scale == {(pitch + semitones) % 12 for pitch in key.scale}


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("tonic", range(12))
def test_estimate_finds_the_key_of_a_cadence(tonic, mode):
    time = np.zeros(12)
    time[[0, 2, 4 - mode, 5, 7, 11]] = [6, 1, 2, 1, 2, 1]  # the tonic, up to the fifth, the leading note
    assert estimate(np.roll(time, tonic)) == Key.of_tonic(tonic, mode)


def test_estimate_counts_sounding_time_and_not_notes():
    c_major, d_major = np.zeros(12), np.zeros(12)
    c_major[[0, 4, 7]] = d_major[[2, 6, 9]] = 1
    assert estimate(9 * c_major + d_major).long_name == "C major"
    assert estimate(c_major + 9 * d_major).long_name == "D major"


def test_a_written_key_settles_it_and_is_spelled_with_at_most_six_accidentals():
    in_c = np.bincount([0, 4, 7], minlength=12)
    assert settle([Key.parse("C#"), Key.parse("D")], in_c) == Key.parse("Db")


def test_a_lone_c_major_settles_nothing_where_other_pitches_sound():
    in_d = np.bincount([2, 6, 9, 2, 1], minlength=12)
    assert settle([], in_d) == settle([Key.parse("C")], in_d) == Key.parse("D")
    assert settle([Key.parse("C"), Key.parse("G")], in_d) == Key.parse("C")
