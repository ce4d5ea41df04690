import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.errors import EmptyError, RangeError
from notegen.rendering import layout
from notegen.score import METER, NOTE, Score, Track, table


def score(end, *meters, resolution=24):
    return Score(
        notes=table([(0, end, 60, 80, 0)], NOTE), meters=table(list(meters), METER), resolution=resolution
    )


def test_bars_are_the_scores_own():
    piece = score(500, (0, 3, 4), (144, 6, 8))
    assert layout.bars(piece).lines.tolist() == piece.bars().tolist()


@pytest.mark.parametrize(
    ("meters", "first"), [([(0, 1, 4), (24, 3, 4)], 0), ([(0, 3, 4), (72, 2, 4)], 1), ([], 1)], ids=str
)
def test_a_pickup_is_bar_0(meters, first):
    assert layout.bars(score(500, *meters)).first == first


def test_a_pickup_is_found_at_any_resolution():
    assert layout.bars(score(5000, (0, 1, 8), (240, 2, 4), resolution=480)).first == 0


def test_nothing_cannot_be_drawn():
    with pytest.raises(EmptyError, match="no note"):
        layout.bars(Score())


@pytest.mark.parametrize("meters", [[], [(0, 1, 4)], [(0, 4, 4), (96, 1, 64)]], ids=str)
def test_absurd_lengths_are_refused_before_their_bars_are_listed(meters):
    with pytest.raises(RangeError, match="bars, and a piano roll holds 5,000"):
        layout.bars(score(1 << 40, *meters))


def test_the_longest_piece_that_is_drawn():
    assert len(layout.bars(score(96 * layout.MOST_BARS)).lines) == layout.MOST_BARS + 1
    with pytest.raises(RangeError, match="5,001 bars"):
        layout.bars(score(96 * layout.MOST_BARS + 1))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60), st.integers(1, 80), st.integers(0, 1))
def test_systems_hold_all_bars_and_only_single_bars_are_too_wide(widths, room, first):
    found = layout.systems(np.array(widths, dtype=float), room, first)
    assert [bar for part in found for bar in range(len(widths))[part]] == list(range(len(widths)))
    assert all(sum(widths[part]) <= room or part.stop - part.start == 1 for part in found)


@pytest.mark.parametrize(
    ("bars", "room", "first", "sizes"),
    [
        (8, 16, 1, [8]),
        (24, 16, 1, [12, 12]),
        (32, 16, 1, [16, 16]),
        (33, 17, 0, [17, 16]),  # the pickup stands with the first sixteen
        (20, 16, 1, [12, 8]),
        (11, 8, 1, [8, 3]),
        (9, 3, 1, [2, 2, 2, 3]),
        (3, 1, 1, [1, 1, 1]),
    ],
)
def test_systems_are_even_and_hold_whole_phrases(bars, room, first, sizes):
    found = layout.systems(np.ones(bars), room, first)
    assert [part.stop - part.start for part in found] == sizes


@pytest.mark.parametrize(
    ("meter", "beat"), [((4, 4), 24), ((2, 2), 48), ((3, 8), 12), ((6, 8), 36), ((12, 16), 18), ((5, 8), 12)]
)
def test_a_beat_is_three_units_in_compound_meters(meter, beat):
    assert layout.beat_length(score(96, (0, *meter)), 0) == beat


def test_parts_are_the_tracks_that_sound_with_names():
    tracks = (Track("a\tflute"), Track("silent"), Track(), Track(channel=9))
    notes = table([(0, 9, 60, 80, 3), (0, 9, 60, 80, 2), (5, 9, 60, 80, 0)], NOTE)
    piece = Score(notes=notes, tracks=tracks)
    assert layout.part_names(piece) == ["a flute", "track 3", "drums"]
    assert [len(rows) for _, rows in layout.parts(piece)] == [1, 1, 1]
