"""A network that is told more than tokens, in Keras and in NumPy."""

import os
from dataclasses import replace

import numpy as np
import pytest

from notegen.errors import UsageError
from notegen.model.bundle import Bundle
from notegen.model.network import NetworkConfig, build, loss, set_weights, weights
from notegen.model.runtime import Runtime

CONFIG = NetworkConfig(vocabulary=17, embedding=5, units=7, layers=2, dropout=0.5, told=(3, 4))
IDS = CONFIG.vocabulary * 3 * 4


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


@pytest.fixture
def ids():
    return np.random.default_rng(1).integers(1, IDS, (3, 8)).astype(np.int32)


def zeros(batch):
    return [np.zeros((batch, width), np.float32) for width in CONFIG.states()]


def test_weights_by_name_come_back_with_the_tables_of_what_is_told(network, named):
    found = weights(network, CONFIG)
    assert {name: array.shape for name, array in found.items()} == CONFIG.shapes()
    assert all(np.array_equal(found[name], named[name]) for name in named)


def test_the_runtime_predicts_what_the_network_does(network, named, ids):
    logits, *_ = network([ids, np.ones(ids.shape, np.float32), *zeros(len(ids))])
    runtime = Runtime(Bundle(CONFIG, named))
    hidden, _ = runtime.hidden(ids, runtime.start(len(ids)))
    assert np.abs(runtime.logits(hidden, ids) - np.asarray(logits)).max() < 1e-5


@pytest.mark.parametrize("step", CONFIG.told_steps())
def test_each_thing_that_is_told_is_heard(named, ids, step):
    runtime = Runtime(Bundle(CONFIG, named))
    ids = ids % (CONFIG.vocabulary * 2)  # each thing has a larger value yet
    other, _ = runtime.predict(ids + step, runtime.start(len(ids)))
    assert not np.allclose(runtime.predict(ids, runtime.start(len(ids)))[0], other)


def test_what_is_told_of_a_target_costs_nothing(ids):
    logits = np.random.default_rng(2).normal(size=(*ids.shape, CONFIG.vocabulary)).astype(np.float32)
    alone, _ = loss(logits, ids % CONFIG.vocabulary, CONFIG)
    assert float(loss(logits, ids, CONFIG)[0]) == float(alone)


def test_what_is_told_is_trained(network):
    assert {"told0", "told1"} <= {each.path.split("/")[0] for each in network.trainable_variables}


@pytest.mark.parametrize("changes", [{"embedding": 0}, {"places": 3}])
def test_what_is_told_stands_beside_an_embedding_and_no_places(changes):
    with pytest.raises(UsageError, match="told"):
        replace(CONFIG, **changes)
