from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notegen.notation import metre
from notegen.notation.metre import RESOLUTION
from notegen.notation.rhythm import PLAYED, WRITTEN, Cells, is_written, lag_of, quantize
from notegen.notation.values import Piece, write_bar

Q = RESOLUTION
BARS = 3
METERS = [
    *((n, 8) for n in range(1, 13)), *((n, 4) for n in range(1, 7)), (2, 2), (3, 2), (1, 1),
    (3, 16), (7, 16), (17, 16), (1, 32), (5, 32),
]  # fmt: skip


def cells_of(meter, bars=BARS):
    """Return the cells of so many bars of a meter."""
    cell = metre.cell(meter)
    starts = np.arange(0, bars * metre.bar_length(meter), cell)
    return Cells(starts, np.full(len(starts), cell))


def rounded(times, lengths, meter=(4, 4), manner=PLAYED, *, keep_ends=False, bars=BARS):
    """Quantize notes given in quarters; return onsets and ends in quarters."""
    onsets = np.array(times, dtype=float) * Q
    ends = onsets + np.array(lengths) * Q
    onsets, ends = quantize(onsets, ends, cells_of(meter, bars), manner, keep_ends=keep_ends)
    return (onsets / Q).tolist(), (ends / Q).tolist()


def in_bars(onsets, ends, length):
    """Cut time at every onset and end, and at bar lines: the hardest that a voice can ask for."""
    last = -(-int(ends.max()) // length) * length
    cuts = sorted({*onsets.tolist(), *ends.tolist(), *range(0, last + 1, length)})
    rows = [[] for _ in range(last // length)]
    for start, stop in pairwise(cuts):
        rows[start // length].append(Piece(start % length, start % length + stop - start, (60,)))
    return rows


@st.composite
def notes(draw):
    """Draw a meter, and notes anywhere or near places of some division."""
    meter = draw(st.sampled_from(METERS))
    total = BARS * metre.bar_length(meter)
    division = draw(st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24]))
    noise = draw(st.sampled_from([0.0, 0.004, 0.02, 1.0]))
    count = draw(st.integers(1, 24))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    onsets = rng.integers(0, total * division // Q + 1, count) * Q / division + rng.normal(
        0, noise * Q, count
    )
    onsets = np.sort(np.clip(onsets, 0, total - 1))
    lengths = rng.integers(0, 4 * division, count) * Q / division + rng.normal(0, noise * Q, count)
    ends = np.minimum(onsets + lengths, total)
    return meter, onsets, ends


@settings(max_examples=200)
@given(notes(), st.sampled_from([PLAYED, WRITTEN]), st.booleans())
def test_whatever_is_played_can_be_written_down(check_bar, played, manner, keep_ends):
    meter, onsets, ends = played
    onsets, ends = quantize(onsets, ends, cells_of(meter), manner, keep_ends=keep_ends)
    assert (np.diff(onsets) >= 0).all()
    assert (ends > onsets).all()
    length = metre.bar_length(meter)
    for pieces in in_bars(onsets, ends, length):
        check_bar(write_bar(pieces, meter, length), length)


@given(
    st.lists(
        st.sampled_from([[1], [0.5] * 2, [0.25] * 4, [0.75, 0.25], [1 / 3] * 3, [2 / 3, 1 / 3], [1 / 6] * 6]),
        min_size=12,
        max_size=12,
    )
)
def test_binary_and_triplet_rhythms_come_back_as_they_were(beats):
    lengths = np.array([length for beat in beats for length in beat])
    onsets = np.append(0, np.cumsum(lengths)[:-1])
    found, ends = rounded(onsets, lengths, manner=WRITTEN, keep_ends=True)
    assert found == pytest.approx(onsets)
    assert ends == pytest.approx(onsets + lengths)


def test_written_staccato_and_rests_come_back_as_they_were():
    onsets, lengths = [0, 1, 2, 3.5], [0.5, 0.75, 1 / 3, 0.5]
    found, ends = rounded(onsets, lengths, manner=WRITTEN, keep_ends=True)
    assert found == onsets
    assert ends == pytest.approx([0.5, 1.75, 2 + 1 / 3, 4])


@pytest.mark.parametrize("seed", range(8))
def test_played_eighths_and_triplets_are_told_apart(seed):
    meant = [0, 0.5, 1, 4 / 3, 5 / 3, 2, 2.25, 2.5, 2.75, 3]
    rng = np.random.default_rng(seed)
    played = np.maximum(0, meant + rng.uniform(-0.03, 0.03, len(meant)))  # 15 ms at 120 beats a minute
    found, _ = rounded(played, np.diff([*meant, 4]))
    assert found == pytest.approx(meant)


def test_small_gaps_close_and_large_ones_stay():
    onsets, ends = rounded([0.01, 1, 2, 3], [0.9, 0.8, 0.5, 0.95])
    assert onsets == [0, 1, 2, 3]
    assert ends[:2] == [1, 2]
    assert ends[3] == 4


def test_a_note_held_a_little_into_the_next_ends_there():
    assert rounded([0, 1, 2], [1.1, 1.12, 1])[1] == [1, 2, 3]


def test_a_note_held_long_keeps_its_overlap():
    assert rounded([0, 1, 2], [2, 1, 1])[1] == [2, 2, 3]


def test_notes_without_length_get_one():
    onsets, ends = rounded([0, 0, 1.5], [0, 0, 0])
    assert all(stop > start for start, stop in zip(onsets, ends, strict=True))


def test_a_fast_note_does_not_fall_on_its_neighbour():
    onsets, _ = rounded([0, 0.25, 0.5, 1], [0.25, 0.25, 0.5, 1])
    assert onsets == [0, 0.25, 0.5, 1]


# What was written, and what was played.


def test_music_on_common_divisions_was_written_and_shaken_music_was_played():
    written = np.array([0, 0.5, 1, 4 / 3, 5 / 3, 2, 2.25, 2.5]) * Q
    assert is_written(written, cells_of((4, 4)))
    assert not is_written(written + np.array([20, -30, 40, 25, -22, 31, -40, 28]), cells_of((4, 4)))


def test_one_odd_note_of_ten_leaves_music_written():
    times = np.append(np.arange(9) * Q / 2, 4.6 * Q)
    assert is_written(times, cells_of((4, 4)))
    assert not is_written(np.append(times, 4.7 * Q), cells_of((4, 4)))


@pytest.mark.parametrize("lag", [-0.1, -0.05, 0.0, 0.03, 0.1])
def test_a_constant_lag_is_found(lag):
    rng = np.random.default_rng(1)
    onsets = (np.arange(40) / 4 + lag + rng.normal(0, 0.01, 40)) * Q
    assert lag_of(onsets) == pytest.approx(lag * Q, abs=0.01 * Q)


def test_music_without_a_grid_has_no_lag():
    assert lag_of(np.linspace(0, 10 * Q, 100)) == 0
    assert lag_of(np.array([])) == 0
