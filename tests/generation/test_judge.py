import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.generation.judge import bars_of, flaw, flaw_of_parts, is_silent, rank
from notegen.score import NOTE, table

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


def notes_of(*bars, part=0):
    """Return bars of (pitch, ...) as quarters of a part, 96 ticks a bar."""
    rows = [(96 * i + 24 * j, 24, p, 80, part) for i, bar in enumerate(bars) for j, p in enumerate(bar)]
    return table(rows, NOTE)


def lines(count):
    return 96 * np.arange(count + 1)


A, B, C, REST = (60, 64), (62, 65), (67, 69), ()


def judged_parts(new, before, silent=False):
    """Return the flaw of bars behind others."""
    new, before = (bars_of(notes_of(*bars), lines(len(bars))) for bars in (new, before))
    return flaw_of_parts(new, before, silent)


def test_bars_are_alike_if_all_their_notes_are():
    both = np.concatenate([notes_of(A, A, A), notes_of(B, B, C, part=1)])
    first, second, third = bars_of(both, lines(3))
    assert first == second != third
    assert first == {(0, 24, 60, 0), (24, 24, 64, 0), (0, 24, 62, 1), (24, 24, 65, 1)}


def test_notes_beyond_the_bar_lines_are_in_no_bar():
    notes = notes_of(A, B, C, A)
    assert bars_of(notes, lines(4)[1:4]) == bars_of(notes, lines(4))[1:3]
    assert bars_of(notes, lines(0)) == []


def test_parts_are_stuck_where_they_repeat_a_bar_more_than_their_seed_does():
    again = "the same bar again and again"
    assert judged_parts([A, A, B], [B, C]) == ""
    assert judged_parts([B, A, A, A], [B, C]) == again
    assert judged_parts([A, B], [C, A, A]) == again
    assert judged_parts([A, A, B], [C, C, C, A]) == ""
    assert judged_parts([A, A, A, B], [C, C, C, C, B]) == ""
    assert judged_parts([A, A, A, A, A], [C, C, C, C, B]) == again
    assert judged_parts([REST, REST, REST, A], [B, C]) == ""


def test_parts_that_play_nothing_but_bars_of_their_seed_are_flawed():
    assert judged_parts([B, A, C, A], [A, B, C]) == "nothing but its seed again"
    assert judged_parts([B, A, C], [A, B, C]) == ""
    assert judged_parts([B, A, C, (61,)], [A, B, C]) == ""


def test_silence_is_a_flaw_of_parts():
    assert judged_parts([A, REST], [B], silent=True) == "an empty bar"


def test_a_bar_is_silent_where_no_note_begins_or_lasts():
    assert is_silent(notes_of(A, REST, B), lines(3))
    assert not is_silent(notes_of(A, B, C), lines(3))
    assert is_silent(notes_of(A), lines(2)) and not is_silent(notes_of(A), lines(1))
    held = table([(0, 97, 60, 80, 0), (192, 24, 60, 80, 0)], NOTE)
    assert not is_silent(held, lines(3))
    assert is_silent(table([(0, 96, 60, 80, 0), (192, 24, 60, 80, 0)], NOTE), lines(3))
    assert not is_silent(table([], NOTE), lines(0))
