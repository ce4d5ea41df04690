"""Material: pieces cut, batched and held out."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.codecs import vocabulary as v
from notegen.model.network import NetworkConfig
from notegen.training.material import Tokens, cut

CONFIG = NetworkConfig(vocabulary=500, embedding=4, units=4)


def rng(seed=0):
    return np.random.default_rng(seed)


@given(
    lengths=st.lists(st.integers(1, 200), max_size=6),
    longest=st.integers(2, 60),
    seed=st.integers(0, 2**32 - 1),
)
def test_each_id_but_a_pieces_first_is_the_target_once_and_in_order(lengths, longest, seed):
    ends = np.cumsum([0, *lengths])
    pieces = [np.arange(start, stop, dtype=np.int32) for start, stop in pairwise(ends)]
    rows = cut(pieces, longest, rng(seed))
    targets = [i for row in rows for i in row[1:].tolist()]
    assert targets == [i for piece in pieces for i in piece[1:].tolist()]
    assert all((np.diff(row) == 1).all() for row in rows)  # each target stands behind its own context
    assert all(len(row) <= longest for row in rows)
    assert all(len(row) > 1 for row in rows if not any(np.array_equal(row, piece) for piece in pieces))


def test_short_pieces_stay_whole():
    pieces = [np.arange(5), np.arange(8)]
    for longest in (8, 9, 0):
        assert all(a is b for a, b in zip(cut(pieces, longest, rng()), pieces, strict=True))


def test_cuts_lie_elsewhere_in_each_pass_and_anywhere():
    piece = [np.arange(100)]
    seconds = [int(cut(piece, 10, rng(seed))[1][0]) for seed in range(200)]
    assert set(seconds) == set(range(1, 10))
    same = (cut(piece, 10, rng(7)) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(*same, strict=True))


@pytest.fixture
def pieces():
    """Nine pieces of 3 to 90 ids; no id is in two places."""
    ends = np.cumsum([1, 90, 5, 3, 33, 34, 60, 7, 12, 80])
    return [np.arange(start, stop, dtype=np.int32) for start, stop in pairwise(ends)]


def made(pieces, **rest):
    return Tokens(pieces, pieces[:3], CONFIG, 10.0, "bits per thing", **rest)


def targets(material, batches, longest=16):
    """Return all that is to be predicted, by the steps of batches."""
    found = [
        step.targets[step.targets != v.PAD] for batch in batches for step in material.steps(batch, longest)
    ]
    return sorted(np.concatenate(found).tolist())


@pytest.mark.parametrize("longest", [0, 20])
def test_a_pass_asks_for_each_id_once(pieces, longest):
    material = made(pieces, longest=longest)
    batches = material.batches(4, rng())
    assert targets(material, batches) == sorted(i for piece in pieces for i in piece[1:].tolist())
    assert max(batch.padded().shape[1] for batch in batches) == (longest or 90)
    assert max(len(batch.pieces) for batch in batches) == 4


def test_pieces_that_come_round_again_are_cut_elsewhere(pieces):
    material = made(pieces, longest=20, repeats=3)
    batches = material.batches(4, rng())
    assert targets(material, batches) == sorted(3 * [i for piece in pieces for i in piece[1:].tolist()])
    firsts = [
        int(row[0]) for batch in batches for row in batch.pieces if 1 < row[0] < 90
    ]  # of the longest piece
    assert len(set(firsts)) > len(firsts) / 2
    assert [batch.padded().shape for batch in material.held_out(2)] == [(2, 5), (1, 90)]


def test_passes_differ_and_the_same_generator_gives_the_same_pass(pieces):
    material = made(pieces, longest=20)

    def told(seed):
        return [batch.padded().tolist() for batch in material.batches(4, rng(seed))]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_what_is_held_out_is_measured_whole_and_as_it_is(pieces):
    material = made(pieces, longest=20, augment=lambda ids, _: ids + 1)
    batches = material.held_out(2)
    assert [batch.padded().shape for batch in batches] == [(2, 5), (1, 90)]
    assert targets(material, batches) == sorted(i for piece in pieces[:3] for i in piece[1:].tolist())


def test_augmentation_is_for_what_is_learned_from(pieces):
    material = made(pieces, augment=lambda ids, _: ids + 1)
    found = targets(material, material.batches(4, rng()))
    assert found == sorted(i + 1 for piece in pieces for i in piece[1:].tolist())


def test_steps_count_what_they_ask_for(pieces):
    material = made(pieces)
    steps = [step for batch in material.batches(4, rng()) for step in material.steps(batch, 16)]
    assert sum(step.predictions for step in steps) == sum(len(piece) - 1 for piece in pieces)
    assert max(step.inputs.shape[1] for step in steps) <= 16
    assert sum(step.begins for step in steps) == len(material.batches(4, rng()))


def test_materials_are_told_apart(pieces):
    assert made(pieces).identity()[:3] == [9, 324, 1]
    assert made(pieces[1:]).identity() != made(pieces).identity()
    assert made([piece[::-1] for piece in pieces]).identity() != made(pieces).identity()
