import os

import numpy as np
import pytest

from notegen.model.bundle import Bundle
from notegen.model.network import NetworkConfig, build, set_weights, weights
from notegen.model.runtime import Runtime

CONFIG = NetworkConfig(vocabulary=17, embedding=5, units=7, layers=2, dropout=0.5)


@pytest.fixture(scope="module")
def network():
    """The Keras model with random weights, biases too, and its weights by name."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    pytest.importorskip("tensorflow", reason="the networks are built with it")
    rng = np.random.default_rng(0)
    model = build(CONFIG)
    named = {
        name: rng.normal(0, 0.6, array.shape).astype(np.float32)
        for name, array in weights(model, CONFIG).items()
    }
    set_weights(model, CONFIG, named)
    return model, named


@pytest.fixture(scope="module")
def runtime(network):
    return Runtime(Bundle(CONFIG, network[1]))


def keras_forward(model, ids, states):
    """Return logits and the states after, as NumPy arrays."""
    logits, *after = model([ids, np.ones(ids.shape, np.float32), *states])
    return np.asarray(logits), [np.asarray(state) for state in after]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def test_weights_by_name_come_back(network):
    model, named = network
    assert weights(model, CONFIG).keys() == named.keys()
    for name, array in weights(model, CONFIG).items():
        np.testing.assert_array_equal(array, named[name])


@pytest.mark.parametrize(("batch", "time"), [(1, 1), (1, 40), (3, 20)])
def test_numpy_computes_what_keras_computes(network, runtime, rng, batch, time):
    ids = rng.integers(0, CONFIG.vocabulary, (batch, time)).astype(np.int32)
    hidden, state = runtime.hidden(ids, runtime.start(batch))
    logits, after = keras_forward(network[0], ids, runtime.start(batch))
    np.testing.assert_allclose(runtime.logits(hidden, ids), logits, atol=1e-5)
    for ours, theirs in zip(state, after, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_carried_state_is_taken_up_as_keras_takes_it_up(network, runtime, rng):
    ids = rng.integers(0, CONFIG.vocabulary, (2, 9)).astype(np.int32)
    states = [rng.normal(0, 1, (2, CONFIG.units)).astype(np.float32) for _ in range(2 * CONFIG.layers)]
    hidden, state = runtime.hidden(ids, states)
    logits, after = keras_forward(network[0], ids, states)
    np.testing.assert_allclose(runtime.logits(hidden, ids), logits, atol=1e-5)
    for ours, theirs in zip(state, after, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    "cuts", [[1], [5, 6], list(range(1, 30))], ids=["one cut", "two cuts", "step by step"]
)
def test_a_row_may_be_read_in_parts(runtime, rng, cuts):
    ids = rng.integers(0, CONFIG.vocabulary, (2, 30)).astype(np.int32)
    whole, last = runtime.hidden(ids, runtime.start(2))
    state, parts = runtime.start(2), []
    for part in np.split(ids, cuts, axis=1):
        hidden, state = runtime.hidden(part, state)
        parts.append(hidden)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-5)
    for ours, theirs in zip(state, last, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_a_row_longer_than_a_stretch_is_read_like_its_parts(runtime, rng):
    ids = rng.integers(0, CONFIG.vocabulary, (1, 1300)).astype(np.int32)
    whole, _ = runtime.hidden(ids, runtime.start())
    state, parts = runtime.start(), []
    for part in np.split(ids, range(100, 1300, 100), axis=1):
        hidden, state = runtime.hidden(part, state)
        parts.append(hidden)
    np.testing.assert_allclose(whole, np.concatenate(parts, axis=1), atol=1e-5)


def test_rows_of_a_batch_do_not_touch_one_another(runtime, rng):
    ids = rng.integers(0, CONFIG.vocabulary, (4, 12)).astype(np.int32)
    together, _ = runtime.hidden(ids, runtime.start(4))
    for row, alone in zip(ids, together, strict=True):
        np.testing.assert_allclose(runtime.hidden(row[None], runtime.start())[0][0], alone, atol=1e-6)


def test_reading_leaves_the_given_state_as_it_is(runtime, rng):
    state = runtime.start(2)
    runtime.hidden(rng.integers(0, CONFIG.vocabulary, (2, 5)), state)
    assert not any(array.any() for array in state)


def test_dropout_is_for_training_alone(network, rng):
    ids = rng.integers(0, CONFIG.vocabulary, (1, 6)).astype(np.int32)
    states = [np.zeros((1, CONFIG.units), np.float32)] * (2 * CONFIG.layers)
    once, again = (keras_forward(network[0], ids, states)[0] for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_what_is_predicted_are_the_logits_as_log_probabilities(runtime, rng):
    ids = rng.integers(0, CONFIG.vocabulary, (2, 7)).astype(np.int32)
    predicted, state = runtime.predict(ids, runtime.start(2))
    hidden, after = runtime.hidden(ids, runtime.start(2))
    np.testing.assert_allclose(np.exp(predicted).sum(axis=-1), 1)
    logits = runtime.logits(hidden, ids)
    differences = predicted - logits
    np.testing.assert_allclose(differences, np.broadcast_to(differences[..., :1], logits.shape), atol=1e-5)
    for ours, theirs in zip(state, after, strict=True):
        np.testing.assert_array_equal(ours, theirs)
