"""The engine: rows dealt out to cores, its state, and the likelihood that NumPy computes."""

import os

import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.model.bundle import Bundle
from notegen.model.network import NetworkConfig
from notegen.model.runtime import Runtime
from notegen.training import engine as module
from notegen.training.engine import Engine
from notegen.training.packing import Packed, whole

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

CONFIG = NetworkConfig(vocabulary=19, embedding=4, units=6, layers=2, dropout=0.0)
ROWS, TIME = 16, 8


@pytest.fixture(scope="module", autouse=True)
def _tensorflow():
    pytest.importorskip("tensorflow", reason="the networks are built with it")


@pytest.fixture(scope="module")
def pieces():
    """Forty rows of ids that rise by one or two, and begin again from below."""
    rng = np.random.default_rng(0)
    rises = [rng.integers(1, 3, size) for size in rng.integers(5, 30, 40)]
    return [(1 + (rng.integers(18) + np.cumsum(each)) % 18).astype(np.int32) for each in rises]


@pytest.fixture(scope="module")
def steps(pieces):
    return list(Packed(pieces, whole([len(piece) for piece in pieces]), ROWS, TIME))


def made(cores, seed=3, dropout=0.0, average=0.9):
    """Return an engine as on a processor of so many cores, in whole precision."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_cores", lambda: cores)
        patch.setattr(module.network, "fast_policy", lambda: "float32")
        config = NetworkConfig(**{**vars(CONFIG), "dropout": dropout})
        return Engine(config, rows=ROWS, time=TIME, seed=seed, average=average)


@pytest.fixture(scope="module")
def first():
    """A state, as it is before anything is learned."""
    return []


@pytest.fixture(scope="module")
def engines(first):
    """Engines of one and of two cores."""
    found = {cores: made(cores) for cores in (1, 2)}
    first.extend(np.array(each) for each in found[1].state())
    return found


@pytest.fixture
def engine(engines, first):
    """An engine that has learned nothing."""
    engines[1].set_state(first)
    return engines[1]


def test_the_loss_is_the_likelihood_of_the_pieces_each_by_itself(engine, pieces, steps):
    runtime = Runtime(Bundle(CONFIG, engine.weights()))
    nats = 0.0
    for piece in pieces:
        hidden, _ = runtime.hidden(piece[None, :-1], runtime.start())
        logits = runtime.logits(hidden, piece[None, :-1])[0].astype(np.float64)
        nats += np.log(np.exp(logits).sum(axis=1)).sum() - logits[np.arange(len(piece) - 1), piece[1:]].sum()
    assert sum(map(engine.loss, steps)) == pytest.approx(nats, rel=1e-5)


def test_before_an_update_learning_costs_what_measuring_does(engine, steps):
    assert engine.learn(steps[0], 0.001) == pytest.approx(engine.loss(steps[0]), rel=0.01)
    engine.learn(steps[1], 0.0)
    assert engine.learn(steps[0], 0.0) == pytest.approx(engine.loss(steps[0]), rel=1e-5)


def test_the_loss_falls(engine, steps):
    before = sum(map(engine.loss, steps))
    for _ in range(10):
        for step in steps:
            engine.learn(step, 0.02)
    assert sum(map(engine.loss, steps)) < 0.9 * before


def test_two_cores_compute_what_one_computes(engines, engine, first, steps):
    one, two = engine, engines[2]
    assert (len(one.sizes), two.sizes) == (1, [8, 8])
    two.set_state(first)
    assert sum(map(two.loss, steps)) == pytest.approx(sum(map(one.loss, steps)), rel=1e-5)
    assert two.learn(steps[0], 1e-3) == pytest.approx(one.learn(steps[0], 1e-3), rel=1e-5)
    for ours, theirs in zip(one.state(), two.state(), strict=True):  # the optimiser's means tell gradients
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert two.learn(steps[1], 1e-3) == pytest.approx(one.learn(steps[1], 1e-3), rel=1e-5)


def test_few_rows_are_not_dealt_out():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_cores", lambda: 64)
        assert [len(Engine(CONFIG, rows=rows, time=8).sizes) for rows in (1, 15, 16, 40)] == [1, 1, 2, 5]


def told(engine, steps):
    """Learn, and return what it cost and the state after."""
    costs = [engine.learn(step, 0.01) for step in steps]
    return costs, [np.array(each) for each in engine.state()]


def test_a_state_that_is_put_back_goes_on_bit_for_bit(steps):
    """With dropout, on two cores, in an engine that began from other weights."""
    engine, other = made(2, dropout=0.3), made(2, seed=4, dropout=0.3)
    told(engine, steps[:2])
    state = engine.state()
    kept = [np.array(each) for each in state]
    costs, after = told(engine, steps[2:])
    engine.loss(steps[0])
    for mine, copy in zip(state, kept, strict=True):  # what was taken does not change behind one's back
        np.testing.assert_array_equal(mine, copy)

    told(other, steps[:1])
    other.set_state(state)
    again, after_again = told(other, steps[2:])
    assert again == costs
    for ours, theirs in zip(after, after_again, strict=True):
        assert ours.dtype == theirs.dtype
        assert ours.tobytes() == theirs.tobytes()


def test_measuring_changes_nothing_that_is_learned(engine, first, steps):
    costs, after = told(engine, steps[:3])
    engine.set_state(first)
    again = []
    for step in steps[:3]:
        engine.loss(steps[-1])
        again.append(engine.learn(step, 0.01))
    assert again == costs
    for ours, theirs in zip(after, engine.state(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_gradient_that_is_no_number_makes_the_cost_none(engine, steps):
    """The loss may be one still."""
    state = engine.state()
    shape = CONFIG.shapes()["logits.kernel"]
    sized = [i for i, each in enumerate(state) if each.shape == shape]
    state[sized[0]] = np.full(shape, 1e25, np.float32) * np.random.default_rng(0).normal(size=shape).astype(
        "f"
    )
    engine.set_state(state)
    assert np.isfinite(engine.loss(steps[0]))
    assert np.isnan(engine.learn(steps[0], 0.01))


def test_padding_costs_nothing(engine, steps):
    empty = steps[0]._replace(
        inputs=np.zeros_like(steps[0].inputs), targets=np.full((ROWS, TIME), v.PAD, "i4")
    )
    assert engine.loss(empty) == 0


def test_the_gradients_of_thin_steps_add_up_to_that_of_a_full_one(engine, first, steps):
    """At the end of a pass few rows are left: their last pieces must not weigh more than others."""
    keeps = np.arange(ROWS)[:, None] < 2
    thin, rest = (steps[0]._replace(targets=steps[0].targets * part) for part in (keeps, ~keeps))
    means = []
    for step in (steps[0], thin, rest):
        engine.set_state(first)
        engine.learn(step._replace(predictions=int((step.targets > 0).sum())), 0.0)
        means.append([np.array(np.asarray(each)) for each in engine.moments[0]])
    for whole_step, *parts in zip(*means, strict=True):
        np.testing.assert_allclose(sum(parts), whole_step, atol=1e-3 * np.abs(whole_step).max())
        assert whole_step.any()


def test_averaged_weights_are_the_mean_of_those_after_each_update(engine, first, steps):
    """Each update leaves a share of the average; at first little, so that the beginning is forgotten."""
    engine.set_state(first)
    mean = {name: np.zeros(shape) for name, shape in CONFIG.shapes().items()}
    for update, step in enumerate(steps[:5] * 20, start=1):
        engine.learn(step, 0.01)
        left = min(0.9, update / (update + 9))
        mean = {name: left * mean[name] + (1 - left) * array for name, array in engine.weights().items()}
    with engine.averaged():
        averaged = engine.weights()
    for name, array in mean.items():
        np.testing.assert_allclose(averaged[name], array, atol=1e-5)
        assert not np.allclose(averaged[name], engine.weights()[name], atol=1e-4)


def test_after_measuring_the_average_the_weights_are_what_they_were(engine, first, steps):
    engine.set_state(first)
    told(engine, steps[:3])
    before, cost = [np.array(each) for each in engine.state()], sum(map(engine.loss, steps))
    with pytest.raises(KeyboardInterrupt), engine.averaged():
        assert sum(map(engine.loss, steps)) != cost
        raise KeyboardInterrupt
    for ours, kept in zip(engine.state(), before, strict=True):
        assert ours.tobytes() == kept.tobytes()


def test_without_an_average_the_weights_are_those_of_the_last_update(steps):
    engine = made(1, average=0.0)
    told(engine, steps[:2])
    with engine.averaged():
        averaged = engine.weights()
    for name, array in engine.weights().items():
        np.testing.assert_array_equal(averaged[name], array)


def test_weights_have_the_shapes_of_the_configuration(engine):
    assert {name: array.shape for name, array in engine.weights().items()} == CONFIG.shapes()
