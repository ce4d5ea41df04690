"""The NumPy runtime beside Keras, for each unit and each way of reading and predicting."""

import os
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from notegen.model.bundle import Bundle
from notegen.model.network import NetworkConfig, build, loss, set_weights, weights
from notegen.model.runtime import Runtime

CONFIG = NetworkConfig(vocabulary=17, embedding=5, units=7, layers=2, dropout=0.5)
CONFIGS = {
    f"{unit} {name}": replace(CONFIG, unit=unit, **changes)
    for unit in ("lstm", "gru", "rnn")
    for name, changes in {
        "of two layers": {},
        "one-hot": {"embedding": 0, "layers": 1},
        "one-hot of two layers": {"embedding": 0},
        "tied": {"tied": True, "layers": 1},
        "tied without a projection": {"tied": True, "embedding": 7},
        "of windows": {"window": 6},
        "of windows, one-hot and one layer": {"window": 4, "embedding": 0, "layers": 1},
    }.items()
}


@pytest.fixture(scope="module", autouse=True)
def _tensorflow():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    pytest.importorskip("tensorflow", reason="the networks are built with it")


@cache
def made(config):
    """Return a Keras model with random weights, biases too, and its weights by name."""
    rng = np.random.default_rng(0)
    named = {name: rng.normal(0, 0.6, shape).astype(np.float32) for name, shape in config.shapes().items()}
    model = build(config)
    set_weights(model, config, named)
    return model, named


def runtime_of(config):
    return Runtime(Bundle(config, made(config)[1]))


@pytest.fixture(params=CONFIGS)
def config(request):
    return CONFIGS[request.param]


@pytest.fixture(params=[name for name in CONFIGS if "windows" not in name])
def stream(request):
    """The shape of a network that carries its state on."""
    return CONFIGS[request.param]


@pytest.fixture(params=[name for name in CONFIGS if "windows" in name])
def windowed(request):
    return CONFIGS[request.param]


def keras_forward(model, ids, states, keeps=None):
    """Return logits and the states after, as NumPy arrays."""
    logits, *after = model([ids, np.ones(ids.shape, np.float32) if keeps is None else keeps, *states])
    return np.asarray(logits), [np.asarray(state) for state in after]


@pytest.fixture
def rng():
    return np.random.default_rng(1)


def drawn(rng, *shape):
    """Return ids, of which none is padding."""
    return rng.integers(1, CONFIG.vocabulary, shape).astype(np.int32)


def assert_close(ours, theirs, atol=1e-5):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=atol)


def test_weights_by_name_come_back_in_the_shapes_of_the_configuration(config):
    model, named = made(config)
    found = weights(model, config)
    assert {name: array.shape for name, array in found.items()} == config.shapes()
    for name, array in found.items():
        np.testing.assert_array_equal(array, named[name])
    assert len(model.weights) == len(named)


@pytest.mark.parametrize(("batch", "time"), [(1, 1), (1, 40), (3, 20)])
def test_numpy_computes_what_keras_computes(stream, rng, batch, time):
    runtime, ids = runtime_of(stream), drawn(rng, batch, time)
    hidden, state = runtime.hidden(ids, runtime.start(batch))
    logits, after = keras_forward(made(stream)[0], ids, runtime.start(batch))
    np.testing.assert_allclose(runtime.logits(hidden, ids), logits, atol=1e-5)
    assert_close(state, after)


def test_a_carried_state_is_taken_up_as_keras_takes_it_up(stream, rng):
    runtime, ids = runtime_of(stream), drawn(rng, 2, 9)
    states = [rng.normal(0, 1, (2, width)).astype(np.float32) for width in stream.states()]
    hidden, state = runtime.hidden(ids, states)
    logits, after = keras_forward(made(stream)[0], ids, states)
    np.testing.assert_allclose(runtime.logits(hidden, ids), logits, atol=1e-5)
    assert_close(state, after)


def test_each_token_behind_a_whole_window_is_predicted_from_it_as_keras_does(windowed, rng):
    runtime, ids, window = runtime_of(windowed), drawn(rng, 2, 15), windowed.window
    hidden, _ = runtime.hidden(ids, runtime.start(2))
    logits = runtime.logits(hidden, ids)
    zeros = [np.zeros((2, width), np.float32) for width in windowed.states()]
    for stop in range(window, 16, 3):
        expected, _ = keras_forward(made(windowed)[0], ids[:, stop - window : stop], zeros)
        assert expected.shape == (2, 1, CONFIG.vocabulary)
        np.testing.assert_allclose(logits[:, stop - 1], expected[:, 0], atol=1e-5)


def test_a_window_that_is_not_full_is_read_as_if_nothing_stood_in_front(windowed, rng):
    """In Keras by forgetting what is read of the padding."""
    runtime, ids, window = runtime_of(windowed), drawn(rng, 1, 3), windowed.window
    hidden, _ = runtime.hidden(ids, runtime.start())
    padded = np.pad(ids, ((0, 0), (window - 3, 0)))
    keeps = np.ones((1, window), np.float32)
    keeps[0, window - 3] = 0
    states = [np.full((1, width), 0.5, np.float32) for width in windowed.states()]
    expected, _ = keras_forward(made(windowed)[0], padded, states, keeps)
    np.testing.assert_allclose(runtime.logits(hidden, ids)[:, -1], expected[:, 0], atol=1e-5)


def test_what_stands_in_front_of_a_window_has_no_part_in_what_follows(windowed, rng):
    runtime, ids = runtime_of(windowed), drawn(rng, 1, 20)
    other = ids.copy()
    other[0, :8] = other[0, 7::-1]
    ours, theirs = (runtime.predict(each, runtime.start())[0] for each in (ids, other))
    until = 8 + windowed.window - 1
    np.testing.assert_array_equal(ours[0, until:], theirs[0, until:])
    assert np.abs(ours[0, until - 1] - theirs[0, until - 1]).max() > 1e-6


def test_the_loss_of_windows_is_that_of_their_last_targets(rng):
    config = replace(CONFIG, window=6)
    logits = rng.normal(0, 1, (3, 1, 17)).astype(np.float32)
    targets = np.zeros((3, 6), np.int32)
    targets[:2, -1] = [4, 9]
    total, count = loss(logits, targets, config)
    nats = np.log(np.exp(logits[:2, 0]).sum(axis=-1)) - logits[[0, 1], 0, [4, 9]]
    assert float(total) == pytest.approx(nats.sum(), rel=1e-5)
    assert float(count) == 2


@pytest.mark.parametrize(
    "cuts", [[1], [5, 6], list(range(1, 30))], ids=["one cut", "two cuts", "step by step"]
)
def test_a_row_may_be_read_in_parts(config, rng, cuts):
    runtime, ids = runtime_of(config), drawn(rng, 2, 30)
    whole, last = runtime.hidden(ids, runtime.start(2))
    state, parts = runtime.start(2), []
    for part in np.split(ids, cuts, axis=1):
        hidden, state = runtime.hidden(part, state)
        parts.append(hidden)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), whole, atol=1e-5)
    assert_close(state, last)


@pytest.mark.parametrize(("changes", "time"), [({}, 1300), ({"window": 3, "layers": 1}, 5000)])
def test_a_row_longer_than_a_stretch_is_read_like_its_parts(rng, changes, time):
    runtime, ids = runtime_of(replace(CONFIG, **changes)), drawn(rng, 1, time)
    whole, _ = runtime.hidden(ids, runtime.start())
    state, parts = runtime.start(), []
    for part in np.split(ids, range(100, time, 100), axis=1):
        hidden, state = runtime.hidden(part, state)
        parts.append(hidden)
    np.testing.assert_allclose(whole, np.concatenate(parts, axis=1), atol=1e-5)


def test_rows_of_a_batch_do_not_touch_one_another(config, rng):
    runtime, ids = runtime_of(config), drawn(rng, 4, 12)
    together, _ = runtime.hidden(ids, runtime.start(4))
    for row, alone in zip(ids, together, strict=True):
        np.testing.assert_allclose(runtime.hidden(row[None], runtime.start())[0][0], alone, atol=1e-5)


def test_reading_leaves_the_given_state_as_it_is(config, rng):
    runtime = runtime_of(config)
    state = runtime.start(2)
    runtime.hidden(drawn(rng, 2, 5), state)
    assert not any(array.any() for array in state)


def test_dropout_is_for_training_alone(rng):
    config = replace(CONFIG, recurrent_dropout=0.5)
    ids, states = drawn(rng, 1, 6), runtime_of(config).start()
    once, again = (keras_forward(made(config)[0], ids, states)[0] for _ in range(2))
    np.testing.assert_array_equal(once, again)


def test_what_is_predicted_are_the_logits_as_log_probabilities(config, rng):
    runtime, ids = runtime_of(config), drawn(rng, 2, 7)
    predicted, state = runtime.predict(ids, runtime.start(2))
    hidden, after = runtime.hidden(ids, runtime.start(2))
    np.testing.assert_allclose(np.exp(predicted).sum(axis=-1), 1)
    logits = runtime.logits(hidden, ids)
    differences = predicted - logits
    np.testing.assert_allclose(differences, np.broadcast_to(differences[..., :1], logits.shape), atol=1e-5)
    for ours, theirs, read in zip(state, after, runtime.read(ids, runtime.start(2)), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(read, theirs)
