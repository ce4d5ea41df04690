"""The LSTM layer beside Keras' own, and rows in which pieces stand end to end."""

import os
from itertools import pairwise

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
tf = pytest.importorskip("tensorflow", reason="the networks are built with it")

import keras  # noqa: E402 (it needs TensorFlow)

from notegen.model import recurrent  # noqa: E402
from notegen.model.recurrent import Recurrent  # noqa: E402

ROWS, TIME, FEATURES, UNITS = 3, 9, 5, 4
WAYS = {
    "columns": recurrent._columns,
    "columns in a graph": tf.function(recurrent._columns, autograph=False),
    "scan": tf.function(recurrent._scan, autograph=False),
}
BEGINS = [[3], [0, 4, 5], [2, 8]]  # where pieces begin in each row


def drawn(*shape, seed=0, scale=1.0):
    return (scale * np.random.default_rng([seed, *shape]).normal(size=shape)).astype(np.float32)


@pytest.fixture(scope="module")
def given():
    """Inputs, the weights of a layer, and states."""
    weights = [drawn(FEATURES, 4 * UNITS), drawn(UNITS, 4 * UNITS, seed=1), drawn(4 * UNITS, seed=2)]
    states = [drawn(ROWS, UNITS, seed=3), drawn(ROWS, UNITS, seed=4)]
    return [tf.constant(each) for each in (drawn(ROWS, TIME, FEATURES, seed=5), *weights, *states)]


@pytest.fixture
def keeps():
    found = np.ones((ROWS, TIME), np.float32)
    for row, begins in zip(found, BEGINS, strict=True):
        row[begins] = 0
    return found


def cost(outputs, hidden, cell):
    """Return a number that depends on all that a layer gives, on each value by another slope."""
    outputs, hidden, cell = (tf.cast(each, tf.float32) for each in (outputs, hidden, cell))
    return tf.reduce_sum(tf.sin(outputs)) + tf.reduce_sum(hidden**2) + tf.reduce_sum(tf.cos(cell))


def told(way, given, keeps):
    """Return what a way of computing gives, and the gradients of all that it reads but `keeps`."""
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = way(*given, tf.constant(keeps))
        total = cost(*found)
    return [np.asarray(each, np.float32) for each in (*found, *tape.gradient(total, given))]


def of_keras(given):
    """Return the same of `keras.layers.LSTM`."""
    inputs, *weights, hidden, cell = given
    layer = keras.layers.LSTM(UNITS, return_sequences=True, return_state=True)
    layer.build(inputs.shape)
    layer.set_weights([each.numpy() for each in weights])
    variables = [each.value for each in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch([inputs, hidden, cell])
        found = layer(inputs, initial_state=[hidden, cell])
        total = cost(*found)
    gradients = tape.gradient(total, [inputs, *variables, hidden, cell])
    return [np.asarray(each) for each in (*found, *gradients)]


def assert_close(ours, theirs, atol=1e-5):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=atol)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_values_and_gradients_are_those_of_keras(given, way):
    assert_close(told(way, given, np.ones((ROWS, TIME), np.float32)), of_keras(given))


def each_alone(given):
    """Read each piece by itself, from an empty state if it does not begin before the row; as `told` does."""
    inputs, *weights, hidden, cell = given
    outputs = np.zeros((ROWS, TIME, UNITS), np.float32)
    last = [np.zeros((ROWS, UNITS), np.float32) for _ in range(2)]
    gradients = [np.zeros(each.shape, np.float32) for each in given]
    for row, begins in enumerate(BEGINS):
        bounds = sorted({0, *begins, TIME})
        for start, stop in pairwise(bounds):
            first = [each[row : row + 1] * (start not in begins) for each in (hidden, cell)]
            piece = [inputs[row : row + 1, start:stop], *weights, *first]
            final = float(stop == TIME)
            with tf.GradientTape() as tape:
                tape.watch(piece)
                found = recurrent._scan(*piece, tf.ones((1, stop - start)))
                total = tf.reduce_sum(tf.sin(found[0])) + final * cost(0.0, *found[1:])
            found_gradients = tape.gradient(total, piece)
            outputs[row, start:stop] = found[0][0]
            gradients[0][row, start:stop] = found_gradients[0][0]
            for i in range(1, 4):
                gradients[i] += found_gradients[i]
            if start == 0 and 0 not in begins:
                for i in (4, 5):
                    gradients[i][row] = found_gradients[i][0]
            if final:
                last[0][row], last[1][row] = found[1][0], found[2][0]
    return [outputs, *last, *gradients]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_pieces_end_to_end_are_read_as_if_each_were_alone(given, keeps, way):
    assert_close(told(way, given, keeps), each_alone(given))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_row_in_parts_is_the_same_as_in_one(given, keeps, way):
    inputs, *weights, hidden, cell = given
    whole = told(way, given, keeps)[:3]
    first, *states = told(way, [inputs[:, :4], *weights, hidden, cell], keeps[:, :4])[:3]
    rest, *after = told(way, [inputs[:, 4:], *weights, *map(tf.constant, states)], keeps[:, 4:])[:3]
    assert_close([np.concatenate([first, rest], axis=1), *after], whole)


def test_what_is_forgotten_has_no_part_in_what_follows(given, keeps):
    inputs, *rest = given
    other = inputs.numpy()
    other[0, :3] = 7
    ours, theirs = (told(recurrent._columns, [x, *rest], keeps)[0] for x in (inputs, tf.constant(other)))
    np.testing.assert_array_equal(ours[0, 3:], theirs[0, 3:])
    assert np.abs(ours[0, :3] - theirs[0, :3]).max() > 0.01


def layered(policy, seed=1):
    """Return a larger layer of a policy, which computes the same from `drawn` weights."""
    layer = Recurrent(32, dtype=policy)
    layer.build((None, None, 16))
    layer.set_weights(
        [drawn(*each.shape, seed=seed, scale=0.3) for each in (layer.kernel, layer.recurrent, layer.bias)]
    )
    return layer


def learned(policy):
    """Return twice what a layer of a policy gives, and the gradients of inputs and weights."""
    layer = layered(policy)
    inputs, states = tf.constant(drawn(8, 40, 16)), [tf.zeros((8, 32))] * 2
    keeps = np.ones((8, 40), np.float32)
    keeps[::2, ::13] = 0
    variables = [each.value for each in layer.trainable_variables]

    @tf.function(autograph=False)
    def compute():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            found = layer(inputs, *states, keeps)
            total = cost(*found)
        return *found, *tape.gradient(total, [inputs, *variables])

    return [[np.asarray(tf.convert_to_tensor(each), np.float32) for each in compute()] for _ in range(2)]


@pytest.fixture(scope="module")
def runs():
    return {policy: learned(policy) for policy in ("float32", "mixed_bfloat16")}


def test_in_half_precision_values_and_gradients_stay_close(runs):
    exact, rough = runs["float32"][0], runs["mixed_bfloat16"][0]
    assert_close(rough[:3], exact[:3], atol=0.06)
    assert np.abs(np.subtract(rough[0], exact[0])).mean() < 0.01
    for ours, theirs in zip(rough[3:], exact[3:], strict=True):
        cosine = (ours * theirs).sum() / np.linalg.norm(ours) / np.linalg.norm(theirs)
        assert cosine > 0.99
        assert np.linalg.norm(ours) == pytest.approx(np.linalg.norm(theirs), rel=0.05)


def test_in_half_precision_outputs_are_half_and_states_and_weights_whole():
    layer = layered("mixed_bfloat16")
    outputs, *states = layer(drawn(2, 3, 16), *[tf.zeros((2, 32))] * 2, np.ones((2, 3), np.float32))
    assert outputs.dtype == tf.bfloat16
    assert {each.dtype for each in states} == {tf.float32}
    assert {each.dtype for each in layer.weights} == {"float32"}


@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_same_is_computed_bit_for_bit(runs, policy):
    for one, again in zip(*runs[policy], strict=True):
        assert one.tobytes() == again.tobytes()


def test_a_layer_begins_as_that_of_keras_does():
    units, features = 64, 48
    ours, theirs = Recurrent(units), keras.layers.LSTM(units)
    for layer in (ours, theirs):
        layer.build((None, None, features))
    kernel, inner, bias = ours.get_weights()
    assert [each.shape for each in ours.get_weights()] == [each.shape for each in theirs.get_weights()]
    np.testing.assert_array_equal(bias, theirs.get_weights()[2])
    np.testing.assert_array_equal(bias, np.repeat([0, 1, 0, 0], units))
    np.testing.assert_allclose(inner @ inner.T, np.eye(units), atol=1e-5)
    most = np.sqrt(6 / (features + 4 * units))
    assert 0.99 * most < np.abs(kernel).max() <= most
    assert kernel.std() == pytest.approx(theirs.get_weights()[0].std(), rel=0.05)
    assert kernel.std() == pytest.approx(most / np.sqrt(3), rel=0.05)


def test_a_layer_may_be_asked_for_its_shapes():
    """As Keras does when a network is put together."""
    inputs = keras.Input((None, FEATURES))
    states = [keras.Input((UNITS,)) for _ in range(2)]
    outputs, hidden, cell = Recurrent(UNITS, dtype="mixed_bfloat16")(inputs, *states, keras.Input((None,)))
    assert outputs.shape == (None, None, UNITS)
    assert outputs.dtype == "bfloat16"
    assert [each.shape for each in (hidden, cell)] == [(None, UNITS)] * 2
