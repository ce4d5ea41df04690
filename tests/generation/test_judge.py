import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.generation.judge import flaw, rank

PITCH, RELEASE, POSITION = v.FIRST["pitch"] + 60, v.FIRST["release"] - 1, v.FIRST["position"]
START = [v.START, v.meter_id((4, 4)), v.FIRST["key"]]


def bar(*steps, length=96):
    """Return a bar of equal notes, so many semitones above C."""
    ids = [v.BAR]
    for i, step in enumerate(steps, start=1):
        ids += [PITCH + step, RELEASE + length * i // len(steps)]
    return ids


def judged(new, before=()):
    return flaw(np.array(new, dtype=np.int32), np.array([*START, *before], dtype=np.int32))


def test_a_tune_is_no_flaw():
    assert judged([*bar(0, 2, 4, 5), *bar(7, 5, 4, 2), *bar(0)]) == ""


def test_a_bar_may_come_twice_but_not_thrice():
    assert judged(bar(0, 2, 4) * 2) == ""
    assert judged(bar(0, 2, 4) * 3) == "the same bar again and again"


def test_bars_of_the_seed_count_towards_a_repetition():
    assert judged(bar(0, 2, 4), before=bar(0, 2, 4) * 2) == "the same bar again and again"


def test_what_the_seed_repeats_is_no_flaw_of_the_take():
    assert judged(bar(7, 5, 4), before=bar(0, 2, 4) * 4) == ""
    assert judged(bar(7, 5, 4), before=bar(*[0] * 12)) == ""


def test_four_bars_of_the_seed_and_none_besides_are_a_flaw():
    seed = [*bar(0, 2, 4), *bar(5, 7), *bar(9, 7), *bar(5, 2)]
    assert judged(seed, before=seed) == "nothing but its seed again"
    assert judged([*bar(5, 7), *bar(0, 2, 4), *bar(5, 7), *bar(5, 2)], seed) == "nothing but its seed again"
    assert judged([*bar(5, 7), *bar(0, 2, 4), *bar(5, 7)], before=seed) == ""
    assert judged([*bar(0, 2, 4), *bar(5, 7), *bar(9, 7), *bar(5, 4)], before=seed) == ""


def test_a_note_may_come_eight_times_but_not_nine():
    assert judged([*bar(*[0] * 8), *bar(2)]) == ""
    assert judged([*bar(*[0] * 5), *bar(*[0] * 4)]) == "the same note again and again"


def test_notes_of_the_seed_count_towards_a_repetition():
    assert judged(bar(*[0] * 4), before=bar(*[0] * 5)) == "the same note again and again"


def test_a_bar_without_a_note_is_a_flaw():
    assert judged([*bar(0, 2), v.BAR, *bar(4, 5)]) == "an empty bar"
    assert judged([*bar(0, 2), v.BAR]) == "an empty bar"


def test_a_bar_in_which_a_long_note_sounds_is_none():
    assert judged([v.BAR, PITCH, RELEASE + 192, v.BAR, *bar(2)]) == ""
    assert judged([v.BAR, PITCH, RELEASE + 192, v.BAR, v.BAR, *bar(2)]) == "an empty bar"


def test_a_note_of_many_bars_sounds_in_all_of_them():
    """It takes more than one release: 288 ticks and 96."""
    assert judged([v.BAR, PITCH, RELEASE + 288, RELEASE + 96, v.BAR, v.BAR, v.BAR, *bar(2)]) == ""


def test_a_note_that_fills_the_seeds_bar_and_lasts_is_heard_in_the_next():
    """The take begins inside a bar of the seed, and its first note lasts through the next bar."""
    assert judged([PITCH, RELEASE + 192, v.BAR, *bar(2)], before=[v.BAR, PITCH, RELEASE + 24]) == ""


def test_an_empty_bar_behind_the_seeds_unfinished_one_is_a_flaw():
    assert (
        judged([PITCH, RELEASE + 96, v.BAR, *bar(2)], before=[v.BAR, PITCH, RELEASE + 24]) == "an empty bar"
    )


def test_bars_are_measured_in_the_meter_of_the_seed():
    """In 3/8 a bar has 36 ticks: a note of 96 sounds in three."""
    three_eight = [v.START, v.meter_id((3, 8)), v.FIRST["key"]]
    new = [v.BAR, PITCH, RELEASE + 96, v.BAR, v.BAR, v.BAR, PITCH, RELEASE + 36]
    assert flaw(np.array(new), np.array([*three_eight, *bar(0, 2, length=36)])) == ""
    three_two = [v.START, v.meter_id((3, 2)), v.FIRST["key"]]
    new = [v.BAR, PITCH, RELEASE + 144, v.BAR, v.BAR, PITCH, RELEASE + 36]
    assert flaw(np.array(new), np.array([*three_two, *bar(0, 2, length=144)])) == "an empty bar"


def test_a_position_alone_is_no_sound():
    assert judged([*bar(0, 2), v.BAR, POSITION + 48, PITCH, RELEASE + 96, *bar(2)]) == ""


@pytest.mark.parametrize(
    ("bits", "flaws", "human", "order"),
    [
        ([3.0, 2.0, 4.5], ["", "", ""], 3.0, [0, 1, 2]),
        ([1.0, 2.9, 3.4], ["", "", ""], 3.0, [1, 2, 0]),
        ([3.0, 9.0], ["an empty bar", ""], 3.0, [1, 0]),
        ([3.0, 2.0], ["an empty bar", "an empty bar"], 2.0, [1, 0]),
        ([2.5, 3.5], ["", ""], 3.0, [0, 1]),
        ([], [], 3.0, []),
    ],
)
def test_takes_without_a_flaw_come_first_then_the_most_human(bits, flaws, human, order):
    assert rank(bits, flaws, human) == order


@pytest.mark.parametrize(
    ("bits", "flaws", "copies", "order"),
    [
        ([3.0, 9.0], ["", ""], [True, False], [1, 0]),
        ([3.0, 9.0], ["", "an empty bar"], [True, False], [0, 1]),
        ([3.0, 2.0], ["an empty bar", "an empty bar"], [True, False], [1, 0]),
        ([4.0, 3.5, 3.1], ["", "", ""], [True, True, False], [2, 1, 0]),
        ([3.0, 3.0], ["", ""], [True, True], [0, 1]),
    ],
)
def test_takes_that_copy_come_behind_those_that_do_not_and_before_flawed_ones(bits, flaws, copies, order):
    assert rank(bits, flaws, 3.0, copies) == order
