from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.notation import metre
from notegen.notation.metre import RESOLUTION
from notegen.notation.values import Piece, Tuplet, write_bar

Q = RESOLUTION
METERS = [
    *((n, 8) for n in range(1, 13)), *((n, 4) for n in range(1, 7)), (2, 2), (3, 2), (4, 2), (1, 1),
    (3, 16), (6, 16), (7, 16), (15, 16), (17, 16), (17, 32), (1, 32),
]  # fmt: skip


def bar(*lengths, meter=(4, 4)):
    """Write notes of so many quarters one after the other; negative ones are rests."""
    pieces, at = [], 0
    for length in lengths:
        ticks = round(abs(length) * Q)
        if length > 0:
            pieces.append(Piece(at, at + ticks, (60,)))
        at += ticks
    return write_bar(pieces, meter, metre.bar_length(meter))


@st.composite
def bars(draw):
    """Draw a meter and pieces whose ends lie on one division of each cell, or on 24 a quarter."""
    meter = draw(st.sampled_from(METERS))
    length, cell = metre.bar_length(meter), metre.cell(meter)
    cuts = {0, length}
    for start in range(0, length, cell):
        division = draw(st.sampled_from([1, 2, 4, 3, 8, 6, 12, 16, 5, 7, 24]))
        if cell % division == 0 and _is_written(cell, division):
            kept = draw(st.lists(st.booleans(), min_size=division, max_size=division))
            cuts |= {start + i * cell // division for i, keep in enumerate(kept) if keep}
    pieces = []
    for start, stop in pairwise(sorted(cuts)):
        pitches = draw(st.sampled_from([(), (60,), (60, 64, 67)]))
        if pitches:
            pieces.append(Piece(start, stop, pitches))
    return meter, pieces


def _is_written(cell, division):
    """Whether a division of a cell can be written with 64th notes."""
    actual, normal = next(
        ((odd, over) for odd, over in ((3, 2), (5, 4), (7, 4)) if not division % odd), (1, 1)
    )
    return cell * actual % (division * normal * metre.SMALLEST) == 0


@given(bars())
def test_any_bar_is_filled_with_legal_values(check_bar, drawn):
    meter, pieces = drawn
    values = write_bar(pieces, meter, metre.bar_length(meter))
    check_bar(values, metre.bar_length(meter))
    sounding = [value for value in values if value.pitches]
    assert [v.start for v in sounding if not v.tied] == [piece.start for piece in pieces]
    assert [v.stop for v in sounding if not v.ties] == [piece.stop for piece in pieces]
    assert [v.pitches for v in sounding if not v.tied] == [piece.pitches for piece in pieces]


def test_ties_over_the_bar_lines_are_kept():
    (value,) = write_bar([Piece(0, 4 * Q, (60,), tied=True, ties=True)], (4, 4), 4 * Q)
    assert (value.tied, value.ties) == (True, True)
    first, second = write_bar([Piece(0, 5 * Q // 2, (60,), tied=True, ties=True)], (3, 4), 3 * Q)[:2]
    assert (first.tied, first.ties, second.tied, second.ties) == (True, True, True, True)


@pytest.mark.parametrize(
    ("meter", "lengths", "words"),
    [
        ((4, 4), [4], "1"),
        ((4, 4), [3, 1], "2. 4"),
        ((4, 4), [1, 2, 1], "4 2 4"),
        ((4, 4), [1.5, 0.5, 2], "4. 8 2"),
        ((4, 4), [0.5, 1, 0.5, 2], "8 4 8 2"),
        ((4, 4), [1, 0.5, 1, 0.5, 1], "4 8 8~ 8 8 4"),
        ((4, 4), [1.5, 1, 1.5], "4. 8~ 8 4."),
        ((4, 4), [0.5, 1.5, 2], "8 4. 2"),
        ((4, 4), [1, 3], "4 2."),
        ((4, 4), [0.25, 0.5, 0.25, 3], "16 8 16 2."),
        ((4, 4), [2.5, 1.5], "2~ 8 4."),
        ((4, 4), [-1, 1, -2], "r4 4 r2"),
        ((4, 4), [1, -3], "4 r4 r2"),
        ((4, 4), [0.5, -3.5], "8 r8 r4 r2"),
        ((3, 4), [3], "2."),
        ((3, 4), [1, 2], "4 2"),
        ((3, 4), [0.5, 0.5, 2], "8 8 2"),
        ((3, 4), [1.5, 1.5], "4. 4."),
        ((2, 2), [4], "1"),
        ((2, 2), [1, 2, 1], "4 2 4"),
        ((6, 8), [3], "2."),
        ((6, 8), [1, 0.5, 1, 0.5], "4 8 4 8"),
        ((6, 8), [0.5, 1, 1.5], "8 4 4."),
        ((6, 8), [1, 1, 1], "4 8~ 8 4"),
        ((6, 8), [0.75, 0.25, 0.5, 1.5], "8. 16 8 4."),
        ((6, 8), [-1.5, 1.5], "r4. 4."),
        ((9, 8), [4.5], "2.~ 4."),
        ((9, 8), [1.5, 3], "4. 2."),
        ((12, 8), [6], "1."),
        ((7, 8), [1, 1, 1.5], "4 4 4."),
        ((7, 8), [3.5], "2~ 4."),
        ((5, 4), [5], "1~ 4"),
        ((3, 8), [1.5], "4."),
        ((3, 16), [0.75], "8."),
        ((1, 8), [0.5], "8"),
    ],
    ids=str,
)
def test_plain_rhythms_are_written_as_a_musician_would(in_words, meter, lengths, words):
    assert in_words(bar(*lengths, meter=meter)) == words


THIRD = 1 / 3


@pytest.mark.parametrize(
    ("meter", "lengths", "words"),
    [
        ((2, 4), [THIRD] * 3 + [1], "8/3 8/3 8/3 4"),
        ((2, 4), [2 * THIRD, THIRD, 1], "4/3 8/3 4"),
        ((2, 4), [THIRD, -THIRD, THIRD, 1], "8/3 r8/3 8/3 4"),
        ((4, 4), [2 * THIRD] * 3 + [2], "4/3 4/3 4/3 2"),
        ((4, 4), [4 * THIRD] * 3, "2/3 2/3 2/3"),
        ((2, 4), [THIRD / 2] * 6 + [1], "16/3 16/3 16/3 16/3 16/3 16/3 4"),
        ((2, 4), [0.5, THIRD / 2, THIRD / 2, THIRD / 2, 1], "8 16/3 16/3 16/3 4"),
        ((2, 4), [0.2] * 5 + [1], "16/5 16/5 16/5 16/5 16/5 4"),
        ((2, 4), [1 / 7] * 7 + [1], "16/7 16/7 16/7 16/7 16/7 16/7 16/7 4"),
        ((3, 4), [2 * THIRD] * 3 + [1], "4/3 4/3 4/3 4"),
        ((3, 4), [1] + [2 * THIRD] * 3, "4 4/3 4/3 4/3"),
        ((5, 4), [1] + [2 * THIRD] * 6, "4 4/3 4/3 4/3 4/3 4/3 4/3"),
        ((6, 8), [THIRD] * 3 + [0.5, 1.5], "8/3 8/3 8/3 8 4."),
        ((6, 8), [THIRD / 2] * 3 + [0.5, 0.5, 1.5], "16/3 16/3 16/3 8 8 4."),
    ],
    ids=str,
)
def test_tuplets_are_written_as_a_musician_would(in_words, meter, lengths, words):
    assert in_words(bar(*lengths, meter=meter)) == words


def test_a_tuplet_knows_its_ratio_and_span():
    values = bar(1, 0.2, 0.2, 0.2, 0.2, 0.2, meter=(2, 4))
    assert {value.tuplet for value in values[1:]} == {Tuplet(5, 4, Q, 2 * Q)}


def test_a_short_last_bar_is_filled_with_rests(in_words):
    assert in_words(write_bar([], (3, 4), 3 * Q)) == "r2."
    assert in_words(write_bar([Piece(Q, 2 * Q, (60,))], (3, 4), 3 * Q)) == "r4 4 r4"
