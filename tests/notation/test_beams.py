import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.notation import metre
from notegen.notation.beams import beams
from notegen.notation.metre import RESOLUTION
from notegen.notation.values import Piece, write_bar

Q = RESOLUTION
METERS = [
    (2, 4),
    (3, 4),
    (4, 4),
    (5, 4),
    (6, 4),
    (2, 2),
    (3, 8),
    (6, 8),
    (9, 8),
    (12, 8),
    (7, 8),
    (3, 16),
    (17, 16),
]


def bar(meter, *lengths):
    """Write notes of so many quarters; negative lengths are rests."""
    pieces, at = [], 0
    for length in lengths:
        stop = at + round(abs(length) * Q)
        if length > 0:
            pieces.append(Piece(at, stop, (60,)))
        at = stop
    return write_bar(pieces, meter, metre.bar_length(meter))


def groups(meter, *lengths):
    """Return how many notes each group of beamed notes has; lone notes and rests are left out."""
    sizes = []
    for words in beams(bar(meter, *lengths), meter):
        if words and words[0] == "begin":
            sizes.append(0)
        if words:
            sizes[-1] += 1
    return sizes


@st.composite
def bars(draw):
    meter = draw(st.sampled_from(METERS))
    length, at, pieces = metre.bar_length(meter), 0, []
    unit = draw(st.sampled_from([Q // 4, Q // 3, Q // 8]))
    while at < length:
        step = min(draw(st.sampled_from([1, 1, 2, 3, 4])) * unit, length - at)
        if draw(st.integers(0, 5)):
            pieces.append(Piece(at, at + step, (60,)))
        at += step
    return meter, pieces


def flags(value):
    return {8: 1, 16: 2, 32: 3, 64: 4}.get(value.kind, 0) if value.pitches else 0


@given(bars())
def test_beams_are_well_formed(drawn):
    meter, pieces = drawn
    values = write_bar(pieces, meter, metre.bar_length(meter))
    open_levels = set()
    for value, words in zip(values, beams(values, meter), strict=True):
        assert len(words) in (0, flags(value))
        assert words or not open_levels
        for level, word in enumerate(words):
            assert (word in ("continue", "end")) == (level in open_levels)
            open_levels |= {level} if word == "begin" else set()
            open_levels -= {level} if word == "end" else set()
            assert not word.endswith("hook") or level > 0
    assert not open_levels


@given(bars())
def test_beams_stay_within_a_beat_or_plain_eighths_within_half_a_bar(drawn):
    meter, pieces = drawn
    values = write_bar(pieces, meter, metre.bar_length(meter))
    lengths = metre.beats(meter) if meter[1] >= 4 else [Q] * (metre.bar_length(meter) // Q)
    edges = {sum(lengths[:i]) for i in range(len(lengths))}
    halves = {2 * Q, 4 * Q, 6 * Q} if meter[1] <= 4 and len(lengths) % 4 == 0 else set()
    group = []
    for value, words in zip(values, beams(values, meter), strict=True):
        group = [*group, value] if words and words[0] != "begin" else [value] if words else []
        crossed = {v.start for v in group[1:]} & edges
        assert not crossed or (
            halves and all(v.kind == 8 and v.tuplet is None for v in group) and len(crossed) == 1
        )
        assert not crossed & ({0, 2 * Q, 4 * Q, 6 * Q} if halves else set())


@pytest.mark.parametrize(
    ("meter", "lengths", "sizes"),
    [
        ((4, 4), [0.5] * 8, [4, 4]),
        ((4, 4), [0.5, 0.25, 0.25, 0.5, 0.5, 2], [3, 2]),
        ((3, 4), [0.5] * 6, [2, 2, 2]),
        ((2, 4), [0.25] * 8, [4, 4]),
        ((6, 8), [0.5] * 6, [3, 3]),
        ((6, 8), [1, 0.5, 0.5, 1], []),
        ((9, 8), [0.5] * 9, [3, 3, 3]),
        ((12, 8), [0.5] * 12, [3, 3, 3, 3]),
        ((7, 8), [0.5] * 7, [2, 2, 3]),
        ((3, 8), [0.5] * 3, [3]),
        ((2, 2), [0.5] * 8, [4, 4]),
        ((4, 4), [0.5, -0.5, 0.5, 0.5, 2], [2]),
        ((4, 4), [1, 0.5, 0.5, 0.5, 1.5], [2]),
        ((2, 4), [1 / 3] * 3 + [0.5, 0.5], [3, 2]),
    ],
    ids=str,
)
def test_groups_are_those_that_a_musician_expects(meter, lengths, sizes):
    assert groups(meter, *lengths) == sizes


def test_a_dotted_eighth_gives_its_sixteenth_a_hook():
    assert beams(bar((2, 4), 0.75, 0.25, 0.25, 0.75), (2, 4)) == [
        ("begin",), ("end", "backward hook"), ("begin", "forward hook"), ("end",),
    ]  # fmt: skip


def test_second_beams_join_the_sixteenths_of_a_group():
    assert beams(bar((1, 4), 0.5, 0.25, 0.25), (1, 4)) == [("begin",), ("continue", "begin"), ("end", "end")]


def test_long_notes_and_rests_have_no_beams():
    assert not any(beams(bar((4, 4), 1, -0.5, 0.5, 2), (4, 4)))
