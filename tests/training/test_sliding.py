"""Windows over pieces of ids that tell their own piece and place."""

import os
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.codecs import vocabulary as v
from notegen.model.network import NetworkConfig
from notegen.training.engine import Engine
from notegen.training.packing import cut, whole
from notegen.training.sliding import Sliding


def made(lengths):
    """Return pieces of these lengths; no id is in two places."""
    return [1000 * i + np.arange(1, length + 1, dtype=np.int32) for i, length in enumerate(lengths)]


@st.composite
def slidings(draw):
    """Pieces, their steps, and how long windows are."""
    lengths = draw(st.lists(st.integers(1, 50), min_size=1, max_size=8))
    rows, time = draw(st.integers(1, 9)), draw(st.integers(1, 20))
    stretches = cut(lengths, draw(st.sampled_from([0, 7])), np.random.default_rng(draw(st.integers(0, 99))))
    return made(lengths), Sliding(made(lengths), stretches, rows, time), time


@given(slidings())
def test_each_id_but_the_first_of_a_piece_is_a_target_once(sliding):
    pieces, steps, _ = sliding
    found = [i for step in steps for i in step.targets[:, -1].tolist() if i != v.PAD]
    assert sorted(found) == sorted(i for piece in pieces for i in piece[1:].tolist())
    assert not any(step.targets[:, :-1].any() for step in steps)


@given(slidings())
def test_a_window_is_what_stands_before_its_target_and_padding_in_front(sliding):
    pieces, steps, time = sliding
    for step in steps:
        for inputs, target, keeps in zip(step.inputs, step.targets[:, -1], step.keeps, strict=True):
            if target == v.PAD:
                assert not inputs.any()
                continue
            piece = pieces[target // 1000]
            before = piece[: target % 1000 - 1][-time:]
            np.testing.assert_array_equal(inputs, np.pad(before, (time - len(before), 0)))
            assert keeps[0] == keeps[time - len(before)] == 0
            assert keeps[time - len(before) + 1 :].all()


@given(slidings())
def test_predictions_are_counted_and_only_the_last_step_has_fewer(sliding):
    _, steps, _ = sliding
    counts = [int((step.targets != v.PAD).sum()) for step in steps]
    assert counts == [step.predictions for step in steps]
    assert all(count == steps.rows for count in counts[:-1])


def learned(every, seed=0, augment=None):
    return Sliding(made([30, 7, 41]), whole([30, 7, 41]), 4, 5, augment, seed, every=every)


def drawn(steps):
    return [i for step in steps for i in step.targets[:, -1].tolist() if i]


def test_a_pass_learns_one_target_of_each_stretch_of_a_windows_length():
    order = [i for piece in made([30, 7, 41]) for i in piece[1:].tolist()]
    found = drawn(learned(5))
    places = np.sort([order.index(i) for i in found])
    assert (places // 5).tolist() == list(range(-(-len(order) // 5)))
    assert found != sorted(found)


def test_over_many_passes_each_target_is_learned():
    found = {i for seed in range(60) for i in drawn(learned(5, seed))}
    assert len(found) == 30 + 7 + 41 - 3


def test_the_same_seed_draws_the_same_and_another_one_something_else():
    assert drawn(learned(5, 3)) == drawn(learned(5, 3))
    assert drawn(learned(5, 3)) != drawn(learned(5, 4))


def test_workers_read_the_rows_of_one_machine():
    whole_steps = list(learned(5))
    parts = [
        list(Sliding(made([30, 7, 41]), whole([30, 7, 41]), 4, 5, mine=mine, every=5))
        for mine in (range(2), range(2, 4))
    ]
    for step, *shares in zip(whole_steps, *parts, strict=True):
        for together, *each in zip(step[:3], *(share[:3] for share in shares), strict=True):
            np.testing.assert_array_equal(np.concatenate(each), together)
        assert {share.predictions for share in shares} == {step.predictions}


def test_a_piece_is_changed_as_a_whole_before_a_window_of_it_is_taken():
    """A change that counts from the end of what it is given would tell a window from a piece."""
    steps = learned(1, augment=lambda ids, _: ids[-1] - ids + 1)
    assert sorted(drawn(steps)) == sorted([*range(1, 30), *range(1, 7), *range(1, 41)])


def test_a_piece_is_changed_by_the_seed_and_the_target():
    def noisy(ids, rng):
        return ids + rng.integers(5000, 9000)

    once, again, other = (drawn(learned(5, seed, noisy)) for seed in (3, 3, 4))
    assert once == again
    assert len({i - i % 1000 for i in once}) > 1
    assert once != other


def test_pieces_too_short_for_a_target_make_no_steps():
    assert len(Sliding(made([1, 1]), whole([1, 1]), 2, 3)) == 0
    assert len(Sliding([], whole([]), 2, 3, every=3)) == 0


CONFIG = NetworkConfig(vocabulary=12, embedding=6, units=12, dropout=0.0, window=3)


@pytest.fixture(scope="module")
def engine():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    pytest.importorskip("tensorflow", reason="the networks are trained with it")
    return Engine(CONFIG, rows=8, time=3, seed=1)


def test_what_two_tokens_back_tells_is_learned_from_windows(engine):
    """An engine learns windows as it learns rows; each token here repeats the last but two."""
    rng = np.random.default_rng(0)
    pieces = [np.tile(rng.permutation(np.arange(1, 12))[:3], 8).astype(np.int32) for _ in range(60)]
    sliding = Sliding(pieces, np.array([[i, 3, 24] for i in range(60)]), 8, 3, seed=1, every=3)
    held_out = Sliding(pieces[:4], np.array([[i, 3, 24] for i in range(4)]), 8, 3)

    def nats():
        return sum(engine.loss(step) for step in held_out) / len(held_out.targets)

    before = nats()
    for _ in range(3):
        for step in sliding:
            engine.learn(step, 0.02)
    assert before == pytest.approx(np.log(12), abs=0.2)
    assert nats() < 0.6 * before


def test_a_window_is_measured_alike_whatever_was_read_before_it(engine):
    steps = [
        Sliding(made([9]), np.array([[0, 3, 6]]), 8, 3)[0],
        Sliding([np.array([5, 1, 4, 4, 2, 2, 8])], whole([7]), 8, 3)[0],
    ]
    first, _, again = (engine.loss(steps[i]) for i in (0, 1, 0))
    assert first == again


def test_a_window_that_is_not_full_is_measured_as_one_of_its_own_length(engine):
    ids = np.array([5, 1, 4], np.int32)
    (step,) = Sliding([ids], np.array([[0, 1, 3]]), 8, 3)
    other = Engine(replace(CONFIG, window=2), rows=8, time=2, seed=2)
    other.set_state(engine.state())
    (shorter,) = Sliding([ids], np.array([[0, 1, 3]]), 8, 2)
    assert engine.loss(step) == pytest.approx(other.loss(shorter), rel=1e-5)
