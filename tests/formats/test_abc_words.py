"""What of a melody stands in its text; what it says is tested with the reader, in test_abc_codec.py."""

import pytest

from notegen.formats import abc_words
from notegen.keys import Key
from notegen.score import KEY, METER, Score, table


def text(notes, *, meter=(4, 4), meters=None, keys=((0, "C"),), until=None):
    """Write notes of the grid, and return what stands behind the head."""
    line = Score.of(notes, resolution=24, keys=table([(tick, *Key.parse(key)) for tick, key in keys], KEY))
    meters = [(0, *meter)] if meters is None else meters
    line = Score(notes=line.notes, keys=line.keys, resolution=24, meters=table(meters, METER))
    return "".join(abc_words.write(line, until)).split("\n", 3)[3]


@pytest.mark.parametrize(
    ("ticks", "written"),
    [(12, ""), (24, "2"), (6, "/2"), (3, "/4"), (18, "3/2"), (36, "3"), (96, "8"), (1, "/12"), (7, "7/12")],
)
def test_lengths_are_counted_in_eighths(ticks, written):
    assert text([(0, ticks, 60)]) == f"C{written}"


@pytest.mark.parametrize(
    ("pitch", "key", "written"),
    [
        (48, "C", "C,"),
        (72, "C", "c"),
        (84, "C", "c'"),
        (66, "C", "^F"),
        (66, "D", "F"),
        (65, "D", "=F"),
        (70, "F", "B"),
        (68, "Am", "^G"),
        (71, "Cm", "=B"),
        (36, "C", "C,,"),
    ],
)
def test_pitches_are_spelled_in_their_key(pitch, key, written):
    assert text([(0, 12, pitch)], keys=[(0, key)]) == written


def test_a_letter_that_was_altered_has_a_sign_up_to_the_bar_line():
    notes = [(24 * i, 24, pitch) for i, pitch in enumerate((65, 66, 65, 78, 65, 65))]
    assert text(notes) == "F2^F2=F2^f2|F2F2"


def test_notes_over_a_bar_line_are_tied_and_named_as_they_began():
    assert text([(72, 144, 66)], keys=[(0, "C"), (96, "Bb")]) == "z6^F2-|[K:Bb]^F8-|^F2"


def test_thirds_stand_in_tuplets():
    assert text([(0, 8, 60), (8, 8, 62), (16, 8, 64)]) == "(3CDE"
    assert text([(0, 16, 60), (16, 8, 62), (24, 16, 60), (40, 8, 62)]) == "(3:2:2C2D(3:2:2C2D"
    assert text([(16, 8, 60), (24, 12, 62)]) == "(3:2:2z2CD"


def test_thirds_that_fill_no_tuplet_in_their_bar_are_fractions():
    assert text([(0, 8, 60)]) == "C2/3"
    assert text([(0, 8, 60), (8, 12, 62)]) == "C2/3D"


def test_a_short_first_bar_is_a_pickup_and_its_meter_is_not_said():
    assert text([(0, 12, 67), (12, 72, 72)], meters=[(0, 1, 8), (12, 6, 8)]) == "G|c6"


def test_changes_stand_at_the_beginning_of_their_bar():
    notes = [(0, 96, 60), (96, 72, 62)]
    written = text(notes, meters=[(0, 4, 4), (96, 3, 4)], keys=[(0, "C"), (96, "G")])
    assert written == "C8|[M:3/4][K:G]D6"


def test_the_last_bar_ends_with_its_last_note():
    assert text([(0, 96, 60), (96, 12, 62)]) == "C8|D"


def test_text_that_is_to_go_on_is_filled_up_to_there():
    assert text([(0, 24, 60)], until=24) == "C2"
    assert text([(0, 24, 60)], until=48) == "C2z2"
    assert text([(0, 24, 60)], until=96) == "C2z6|"
    assert text([(0, 24, 60)], until=108) == "C2z6|z"
    assert text([(0, 96, 60)], meters=[(0, 4, 4), (96, 3, 4)], until=96) == "C8|[M:3/4]"
