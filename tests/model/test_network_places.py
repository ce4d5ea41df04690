"""A network with places: tables that are given, in Keras and in NumPy."""

import os
from dataclasses import replace

import numpy as np
import pytest

from notegen.model.bundle import Bundle
from notegen.model.network import GIVEN, NetworkConfig, build, give, loss, set_weights, weights
from notegen.model.runtime import Runtime
from notegen.training.engine import Engine
from notegen.training.packing import Step

CONFIG = NetworkConfig(vocabulary=17, embedding=5, units=7, layers=2, dropout=0.5, places=11)
IDS = CONFIG.vocabulary * CONFIG.places


@pytest.fixture(scope="module", autouse=True)
def _tensorflow():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    pytest.importorskip("tensorflow", reason="the networks are built with it")


@pytest.fixture(scope="module")
def named():
    """Random weights, biases and tables too."""
    rng = np.random.default_rng(0)
    return {name: rng.normal(0, 0.6, shape).astype(np.float32) for name, shape in CONFIG.shapes().items()}


@pytest.fixture(scope="module")
def network(named):
    model = build(CONFIG)
    set_weights(model, CONFIG, named)
    return model


@pytest.fixture(scope="module")
def runtime(named):
    return Runtime(Bundle(CONFIG, named, codec="frames"))


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def zeros(batch):
    return [np.zeros((batch, width), np.float32) for width in CONFIG.states()]


def keras_forward(model, ids, states):
    """Return logits and the states after, as NumPy arrays."""
    logits, *after = model([ids, np.ones(ids.shape, np.float32), *states])
    return np.asarray(logits), [np.asarray(state) for state in after]


def test_weights_by_name_come_back_in_the_shapes_of_the_configuration(network, named):
    found = weights(network, CONFIG)
    assert {name: array.shape for name, array in found.items()} == CONFIG.shapes()
    for name, array in found.items():
        np.testing.assert_array_equal(array, named[name])


@pytest.mark.parametrize(("batch", "time"), [(1, 1), (1, 40), (3, 20)])
def test_numpy_computes_what_keras_computes(network, runtime, rng, batch, time):
    ids = rng.integers(0, IDS, (batch, time)).astype(np.int32)
    hidden, state = runtime.hidden(ids, runtime.start(batch))
    logits, after = keras_forward(network, ids, zeros(batch))
    np.testing.assert_allclose(runtime.logits(hidden, ids), logits, atol=1e-5)
    for ours, theirs in zip(state, after, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_carried_state_is_taken_up_as_keras_takes_it_up(network, runtime, rng):
    ids = rng.integers(0, IDS, (2, 9)).astype(np.int32)
    states = [rng.normal(0, 1, (2, CONFIG.units)).astype(np.float32) for _ in range(2 * CONFIG.layers)]
    hidden, state = runtime.hidden(ids, states)
    logits, after = keras_forward(network, ids, states)
    np.testing.assert_allclose(runtime.logits(hidden, ids), logits, atol=1e-5)
    for ours, theirs in zip(state, after, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_logits_of_last_outputs_alone_are_the_same(runtime, rng):
    """As the sampler asks for them: one id a row."""
    ids = rng.integers(0, IDS, (3, 8)).astype(np.int32)
    hidden, _ = runtime.hidden(ids, runtime.start(3))
    whole = runtime.logits(hidden, ids)
    np.testing.assert_allclose(runtime.logits(hidden[:, -1], ids[:, -1]), whole[:, -1], atol=1e-6)


@pytest.mark.parametrize("part", ["token", "place"])
def test_predictions_depend_on_the_token_and_on_the_place(runtime, part):
    ids = np.array([[3 + 17 * 5]], np.int32)
    other = ids + (1 if part == "token" else 17)
    ours, theirs = (runtime.logits(runtime.hidden(each, runtime.start())[0], each) for each in (ids, other))
    assert np.abs(ours - theirs).max() > 0.01


def test_the_prior_is_that_of_the_token_before(runtime, named, rng):
    hidden = rng.normal(0, 1, (4, CONFIG.units)).astype(np.float32)
    ids = np.array([3, 3 + 17 * 6, 9, 0], np.int32)
    own = hidden @ named["logits.kernel"] + named["logits.bias"]
    np.testing.assert_allclose(
        runtime.logits(hidden, ids) - own, named["prior"][[3, 3, 9, 0]], rtol=1e-4, atol=1e-5
    )


@pytest.mark.parametrize("cuts", [[1], [5, 6], list(range(1, 30))], ids=["one cut", "two cuts", "each"])
def test_a_row_may_be_read_in_parts(runtime, rng, cuts):
    ids = rng.integers(0, IDS, (2, 30)).astype(np.int32)
    whole, last = runtime.hidden(ids, runtime.start(2))
    state, parts = runtime.start(2), []
    for part in np.split(ids, cuts, axis=1):
        hidden, state = runtime.hidden(part, state)
        parts.append(hidden)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-5)
    for ours, theirs in zip(state, last, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_row_longer_than_a_stretch_is_read_like_its_parts(runtime, rng):
    ids = rng.integers(0, IDS, (1, 1300)).astype(np.int32)
    whole, _ = runtime.hidden(ids, runtime.start())
    state, parts = runtime.start(), []
    for part in np.split(ids, range(100, 1300, 100), axis=1):
        hidden, state = runtime.hidden(part, state)
        parts.append(hidden)
    np.testing.assert_allclose(whole, np.concatenate(parts, axis=1), atol=1e-5)


def test_dropout_is_for_training_alone(network, rng):
    ids = rng.integers(0, IDS, (1, 6)).astype(np.int32)
    once, again = (keras_forward(network, ids, zeros(1))[0] for _ in range(2))
    np.testing.assert_array_equal(once, again)
    keeps = np.ones(ids.shape, np.float32)
    trained = np.asarray(network([ids, keeps, *zeros(1)], training=True)[0])
    assert np.abs(trained - once).max() > 0.01


def test_the_loss_looks_at_tokens_and_not_at_places(rng):
    logits = rng.normal(0, 1, (2, 6, 17)).astype(np.float32)
    tokens = rng.integers(1, 17, (2, 6)).astype(np.int32)
    tokens[1, 4:] = 0  # padding
    total, count = loss(logits, tokens, CONFIG)
    placed = np.where(tokens, tokens + 17 * rng.integers(0, 11, (2, 6)), 0).astype(np.int32)
    assert [float(each) for each in loss(logits, placed, CONFIG)] == [float(total), float(count)]
    nats = np.log(np.exp(logits).sum(axis=-1)) - np.take_along_axis(logits, tokens[..., None], -1)[..., 0]
    assert float(total) == pytest.approx(nats[tokens > 0].sum(), rel=1e-5)
    assert float(count) == 10


@pytest.fixture(scope="module")
def tables(named):
    return {name: named[name] for name in GIVEN}


@pytest.fixture(scope="module")
def step():
    """Rows in which a token is told by the one before and the place."""
    rng = np.random.default_rng(3)
    ids = (rng.integers(1, 17, (4, 25)) + 17 * rng.integers(0, 11, (4, 25))).astype(np.int32)
    keeps = np.ones((4, 24), np.float32)
    keeps[:, 0] = 0
    return Step(ids[:, :-1], ids[:, 1:], keeps, 4 * 24)


@pytest.fixture(scope="module")
def trained(tables, step):
    """A training of a few updates: what the network said before, and the engine after."""
    engine = Engine(replace(CONFIG, dropout=0.1), rows=4, time=24, given=tables, seed=4)
    first, _ = keras_forward(engine.model, step.inputs, zeros(4))
    before, cost = engine.weights(), engine.loss(step)
    losses = [engine.learn(step, 0.02) for _ in range(12)]
    return engine, first, before, cost, losses


def test_before_training_the_logits_are_exactly_the_prior(trained, tables, step):
    _, first, _, cost, _ = trained
    prior = tables["prior"][step.inputs % 17]
    np.testing.assert_array_equal(first, prior)
    nats = np.log(np.exp(prior).sum(axis=-1))
    nats -= np.take_along_axis(prior, step.targets[..., None] % 17, -1)[..., 0]
    assert cost == pytest.approx(nats.sum(), rel=1e-5)


def test_in_half_precision_the_prior_is_still_exact(tables, step):
    model = build(CONFIG, "mixed_bfloat16")
    give(model, tables)
    logits, _ = keras_forward(model, step.inputs, zeros(4))
    np.testing.assert_array_equal(logits, tables["prior"][step.inputs % 17])


def test_what_is_given_is_not_trained_and_all_else_is(trained, tables):
    engine, _, before, _, losses = trained
    after = engine.weights()
    for name, array in after.items():
        if name in GIVEN:
            np.testing.assert_array_equal(array, tables[name])
        else:
            assert np.abs(array - before[name]).max() > 1e-3
    assert losses[-1] < losses[0] - 0.1


def test_a_state_that_is_put_back_holds_the_tables(trained, step):
    engine = trained[0]
    other = Engine(engine.config, rows=4, time=24, seed=5)
    other.set_state(engine.state())
    ours, theirs = (keras_forward(each.model, step.inputs, zeros(4))[0] for each in (engine, other))
    np.testing.assert_array_equal(ours, theirs)


def test_without_places_the_embedding_is_trained():
    model = build(replace(CONFIG, places=0))
    assert model.get_layer("embedding").trainable
    assert "prior" not in weights(model, replace(CONFIG, places=0))
