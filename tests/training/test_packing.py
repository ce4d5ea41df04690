"""Packing: pieces of ids that tell their own piece and place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notegen.codecs import vocabulary as v
from notegen.training.packing import Packed, cut, whole


def rng(seed=0):
    return np.random.default_rng(seed)


def told(piece, place):
    """Return the id that stands at a place of a piece."""
    return 1000 * piece + place + 1


def made(lengths):
    """Return pieces of these lengths; no id is in two places."""
    return [told(i, np.arange(length, dtype=np.int32)) for i, length in enumerate(lengths)]


def laid(steps):
    """Return inputs, targets and keeps of all steps, each row in one piece."""
    return [np.concatenate(each, axis=1) for each in zip(*(step[:3] for step in steps), strict=True)]


@st.composite
def packings(draw):
    """Pieces, the stretches of a pass over them in any order, and the shape of a step."""
    lengths = draw(st.lists(st.integers(1, 90), min_size=1, max_size=12))
    generator = rng(draw(st.integers(0, 2**32 - 1)))
    stretches = generator.permutation(cut(lengths, draw(st.sampled_from([0, 2, 7, 30])), generator))
    return made(lengths), stretches, draw(st.integers(1, 5)), draw(st.integers(1, 40))


@given(packings())
def test_each_id_of_a_stretch_but_its_first_is_the_target_once_behind_the_one_before_it(packing):
    pieces, stretches, rows, time = packing
    steps = list(Packed(pieces, stretches, rows, time))
    if not steps:
        assert all(stop - start < 2 for _, start, stop in stretches)
        return
    inputs, targets, _ = laid(steps)
    wanted = [i for piece, start, stop in stretches for i in pieces[piece][start:stop][1:].tolist()]
    assert sorted(targets[targets != v.PAD].tolist()) == sorted(wanted)
    assert np.array_equal(inputs[targets != v.PAD], targets[targets != v.PAD] - 1)
    assert not inputs[targets == v.PAD].any()


@given(packings())
def test_the_state_is_kept_just_where_the_input_before_is_of_the_same_stretch(packing):
    pieces, stretches, rows, time = packing
    steps = list(Packed(pieces, stretches, rows, time))
    if not steps:
        return
    inputs, targets, keeps = laid(steps)
    begins = {told(piece, start) for piece, start, stop in stretches.tolist() if stop - start > 1}
    assert sorted(inputs[keeps == 0].tolist()) == sorted(begins)
    before = np.column_stack([np.zeros(rows, np.int32), inputs[:, :-1]])
    goes_on = (targets != v.PAD) & (keeps == 1)
    assert np.array_equal(inputs[goes_on], before[goes_on] + 1)
    assert set(np.unique(keeps)) <= {0, 1}


@given(packings())
def test_rows_are_full_up_to_their_end_and_end_nearly_together(packing):
    pieces, stretches, rows, time = packing
    steps = list(Packed(pieces, stretches, rows, time))
    if not steps:
        return
    targets = laid(steps)[1]
    full = (targets != v.PAD).sum(axis=1)
    for row, end in zip(targets, full, strict=True):
        assert not row[end:].any()
    assert full.max() - full.min() <= max(stop - start - 1 for _, start, stop in stretches)
    assert len(steps) == -(-full.max() // time)


@given(packings())
def test_predictions_count_the_targets(packing):
    pieces, stretches, rows, time = packing
    steps = list(Packed(pieces, stretches, rows, time))
    assert [step.predictions for step in steps] == [int((step.targets != v.PAD).sum()) for step in steps]


@settings(max_examples=40)
@given(packings(), st.randoms(use_true_random=False))
def test_steps_may_be_asked_for_in_any_order(packing, random):
    pieces, stretches, rows, time = packing
    pass_ = Packed(pieces, stretches, rows, time, lambda ids, rng: ids + rng.integers(9), 5)
    in_turn = list(pass_)
    order = list(range(len(in_turn)))
    random.shuffle(order)
    other = Packed(pieces, stretches, rows, time, lambda ids, rng: ids + rng.integers(9), 5)
    for i in order:
        assert_same(other[i], in_turn[i])


def assert_same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


@settings(max_examples=40)
@given(packings())
def test_workers_read_the_rows_that_one_would_read(packing):
    pieces, stretches, rows, time = packing
    half = rows // 2
    for step, *parts in zip(
        Packed(pieces, stretches, rows, time),
        Packed(pieces, stretches, rows, time, mine=range(half)),
        Packed(pieces, stretches, rows, time, mine=range(half, rows)),
        strict=True,
    ):
        for i in range(3):
            assert np.array_equal(np.concatenate([part[i] for part in parts]), step[i])
        assert [part.predictions for part in parts] == [step.predictions] * 2


class Counted:
    """Pieces that count how often each is read."""

    def __init__(self, pieces):
        self.pieces, self.reads = pieces, []

    def __getitem__(self, index):
        self.reads.append(index)
        return self.pieces[index]


@pytest.fixture
def pieces():
    return made([30, 5, 12, 40, 7, 1, 22, 9, 3, 18])


LENGTHS = [30, 5, 12, 40, 7, 1, 22, 9, 3, 18]


def test_nothing_is_read_before_a_step_is_asked_for(pieces):
    counted = Counted(pieces)
    steps = Packed(counted, whole(LENGTHS), 3, 8)
    assert len(steps) > 4
    assert counted.reads == []


def test_a_step_reads_just_the_pieces_that_are_in_it(pieces):
    for i in range(len(Packed(pieces, whole(LENGTHS), 3, 8))):
        counted = Counted(pieces)
        step = Packed(counted, whole(LENGTHS), 3, 8)[i]
        there = (step.inputs[step.inputs != v.PAD] - 1) // 1000
        assert sorted(counted.reads) == sorted(set(there.tolist()))


def test_in_a_pass_each_piece_is_read_once(pieces):
    counted = Counted(pieces)
    assert len(list(Packed(counted, whole(LENGTHS), 3, 8))) > 4
    assert sorted(counted.reads) == [i for i, length in enumerate(LENGTHS) if length > 1]


def test_a_worker_reads_its_own_pieces_alone(pieces):
    halves = [Counted(pieces), Counted(pieces)]
    for counted, mine in zip(halves, (range(2), range(2, 4)), strict=True):
        list(Packed(counted, whole(LENGTHS), 4, 8, mine=mine))
    assert not set(halves[0].reads) & set(halves[1].reads)
    assert sorted(halves[0].reads + halves[1].reads) == [i for i, size in enumerate(LENGTHS) if size > 1]


def moved(ids, generator):
    return ids + np.int32(100 * generator.integers(1, 1_000_000))


def augmented(pieces, seed, stretches=None, augment=moved):
    stretches = whole(LENGTHS) if stretches is None else stretches
    return laid(list(Packed(pieces, stretches, 3, 8, augment, seed)))[0]


def test_augmentation_is_the_same_with_the_same_seed_and_another_with_another(pieces):
    one, same, other = (augmented(pieces, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_piece_that_comes_round_twice_is_changed_differently():
    twice = np.array([[0, 0, 50], [0, 0, 50]])
    found = augmented(made([50]), 1, twice)
    moves = {int(i) for i in (found[found != v.PAD] - 1) // 100}
    assert len(moves) == 2


def test_the_piece_is_changed_as_a_whole_before_it_is_cut():
    seen = []
    stretches = cut([100], 30, rng())
    augmented(made([100]), 1, stretches, lambda ids, _: seen.append(len(ids)) or ids)
    assert seen == [100] * len(stretches)


def test_a_pass_over_nothing_has_no_steps():
    assert list(Packed([], whole([]), 2, 8)) == []
    assert list(Packed(made([1, 1]), whole([1, 1]), 2, 8)) == []


def test_steps_have_ends(pieces):
    steps = Packed(pieces, whole(LENGTHS), 3, 8)
    for beyond in (len(steps), -1):
        with pytest.raises(IndexError):
            steps[beyond]
    for some, i in zip(steps[1:4:2], (1, 3), strict=True):
        assert_same(some, steps[i])


@given(
    lengths=st.lists(st.integers(1, 200), max_size=6),
    longest=st.integers(2, 60),
    seed=st.integers(0, 2**32 - 1),
)
def test_stretches_share_their_ends_and_none_is_too_long(lengths, longest, seed):
    stretches = cut(lengths, longest, rng(seed))
    for piece, length in enumerate(lengths):
        _, starts, stops = stretches[stretches[:, 0] == piece].T
        assert (starts[0], stops[-1]) == (0, length)
        assert np.array_equal(starts[1:], stops[:-1] - 1)
        assert (stops - starts).max() <= longest
        assert len(starts) == 1 or (stops - starts).min() > 1


def test_short_pieces_stay_whole():
    for longest in (8, 9, 0):
        assert np.array_equal(cut([5, 8], longest, rng()), whole([5, 8]))
    assert whole([5, 8]).tolist() == [[0, 0, 5], [1, 0, 8]]


def test_cuts_lie_elsewhere_in_each_pass_and_anywhere():
    seconds = [int(cut([100], 10, rng(seed))[1, 1]) for seed in range(200)]
    assert set(seconds) == set(range(1, 10))
    assert np.array_equal(cut([100], 10, rng(7)), cut([100], 10, rng(7)))
