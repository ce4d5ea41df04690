"""What networks there are, and how they begin and are trained."""

import os
from dataclasses import asdict, replace

import numpy as np
import pytest

from notegen.errors import UsageError
from notegen.model.network import NetworkConfig, build, weights
from notegen.training.engine import Engine
from notegen.training.packing import Step

CONFIG = NetworkConfig(vocabulary=17, embedding=5, units=7, layers=2, dropout=0.0)


@pytest.fixture
def keras():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    pytest.importorskip("tensorflow", reason="the networks are built with it")
    import keras

    keras.utils.set_random_seed(3)
    return keras


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"unit": "tram"}, "lstm, gru, rnn"),
        ({"dropout": 1.0}, "dropout is 1,"),
        ({"recurrent_dropout": -0.1}, "recurrent_dropout is -0.1"),
        ({"window": -1}, "1 to 1024"),
        ({"window": 5000}, "1 to 1024"),
        ({"tied": True, "embedding": 0}, "no embedding"),
        ({"places": 3, "tied": True}, "given its embedding"),
        ({"places": 3, "embedding": 0}, "given its embedding"),
    ],
)
def test_what_makes_no_sense_is_said(changes, said):
    with pytest.raises(UsageError, match=said):
        replace(CONFIG, **changes)


def test_a_network_of_the_first_bundles_is_what_it_was():
    """They say nothing of units and windows."""
    old = {name: asdict(CONFIG)[name] for name in ("vocabulary", "embedding", "units", "layers", "dropout")}
    config = NetworkConfig(**old)
    assert config == CONFIG
    assert config.states() == [7, 7, 7, 7]
    assert config.shapes() == {
        "embedding": (17, 5),
        "lstm0.input": (5, 28),
        "lstm0.recurrent": (7, 28),
        "lstm0.bias": (28,),
        "lstm1.input": (7, 28),
        "lstm1.recurrent": (7, 28),
        "lstm1.bias": (28,),
        "logits.kernel": (7, 17),
        "logits.bias": (17,),
    }


def test_units_differ_in_gates_biases_and_states():
    gru, rnn = (replace(CONFIG, unit=unit, layers=1) for unit in ("gru", "rnn"))
    assert gru.shapes()["gru0.recurrent"] == (7, 21)
    assert gru.shapes()["gru0.bias"] == (2, 21)
    assert rnn.shapes()["rnn0.input"] == (5, 7)
    assert gru.states() == rnn.states() == [7]


def test_a_tied_softmax_has_a_matrix_only_where_widths_differ():
    tied, square = replace(CONFIG, tied=True), replace(CONFIG, tied=True, embedding=7)
    assert [name for name in tied.shapes() if "logits" in name] == ["logits.projection", "logits.bias"]
    assert [name for name in square.shapes() if "logits" in name] == ["logits.bias"]


def test_one_hot_inputs_have_no_embedding():
    shapes = replace(CONFIG, embedding=0).shapes()
    assert "embedding" not in shapes
    assert shapes["lstm0.input"] == (17, 28)


def test_embeddings_are_spread_out_from_the_beginning(keras):  # noqa: ARG001 (its seed)
    table = weights(build(replace(CONFIG, vocabulary=200)), CONFIG)["embedding"]
    assert 0.49 < np.abs(table).max() <= 0.5
    assert table.std() == pytest.approx(1 / np.sqrt(12), rel=0.1)


@pytest.mark.parametrize("changes", [{"layers": 1}, {"unit": "gru", "recurrent_dropout": 0.5}])
def test_the_forget_bias_is_that_of_the_configuration(keras, changes):  # noqa: ARG001 (TensorFlow)
    config = replace(CONFIG, forget_bias=3.0, **changes)
    first = weights(build(config), config)[f"{config.unit}0.bias"]
    assert first.reshape(-1, 7).max(axis=1).tolist() == ([0, 3, 0, 0] if config.unit == "lstm" else [0] * 6)


def step():
    """Rows in which a token tells the next."""
    ids = np.tile(np.arange(1, 14, dtype=np.int32), (8, 1))
    keeps = np.ones((8, 12), np.float32)
    keeps[:, 0] = 0
    return Step(ids[:, :-1], ids[:, 1:], keeps, 8 * 12)


@pytest.mark.parametrize(
    "changes",
    [{"unit": "gru"}, {"unit": "rnn", "tied": True}, {"embedding": 0}],
    ids=["gru", "tied rnn", "one-hot lstm"],
)
def test_every_weight_is_trained_and_the_loss_falls(keras, changes):  # noqa: ARG001 (TensorFlow)
    config = replace(CONFIG, layers=1, recurrent_dropout=0.1, **changes)
    engine = Engine(config, rows=8, time=12, seed=1)
    before, first = engine.weights(), engine.loss(step())
    for _ in range(15):
        engine.learn(step(), 0.03)
    for name, array in engine.weights().items():
        assert np.abs(array - before[name]).max() > 1e-3, name
    assert engine.loss(step()) < 0.7 * first


def test_a_training_with_recurrent_dropout_goes_on_from_its_state_bit_for_bit(keras):  # noqa: ARG001
    config = replace(CONFIG, recurrent_dropout=0.5)
    engine, other = (Engine(config, rows=8, time=12, seed=seed) for seed in (1, 2))
    engine.learn(step(), 0.01)
    other.set_state(engine.state())
    losses = [[each.learn(step(), 0.01) for _ in range(3)] for each in (engine, other)]
    assert losses[0] == losses[1]
    for name, array in engine.weights().items():
        np.testing.assert_array_equal(array, other.weights()[name])
