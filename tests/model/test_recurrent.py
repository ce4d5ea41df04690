"""Recurrent layers beside Keras' own, and rows in which pieces stand end to end."""

import os
from functools import cache, partial
from itertools import pairwise

import numpy as np
import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
tf = pytest.importorskip("tensorflow", reason="the networks are built with it")

import keras  # noqa: E402 (it needs TensorFlow)

from notegen.model import recurrent  # noqa: E402
from notegen.model.columns import columns  # noqa: E402
from notegen.model.recurrent import Recurrent  # noqa: E402
from notegen.model.units import UNITS  # noqa: E402

ROWS, TIME, FEATURES, WIDTH = 3, 9, 5, 4
LAYERS = {
    "lstm": partial(keras.layers.LSTM, WIDTH),
    "gru": partial(keras.layers.GRU, WIDTH, reset_after=True),
    "rnn": partial(keras.layers.SimpleRNN, WIDTH),
}
WAYS = {"columns": columns, "scan": recurrent._scan}
BEGINS = [[3], [0, 4, 5], [2, 8]]  # where pieces begin in each row
GATED = ("lstm", "gru")
each_unit = pytest.mark.parametrize("unit", UNITS)
GRAPHS = {name: tf.function(way, autograph=False) for name, way in WAYS.items()}  # as trainings run them
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def drawn(*shape, seed=0, scale=1.0):
    return (scale * np.random.default_rng([seed, *shape]).normal(size=shape)).astype(np.float32)


def given(unit):
    """Return inputs, the weights of a layer, and its states."""
    gates, count = len(UNITS[unit].order) * WIDTH, 2 if unit == "lstm" else 1
    bias = (2, gates) if unit == "gru" else (gates,)
    weights = [drawn(FEATURES, gates), drawn(WIDTH, gates, seed=1), drawn(*bias, seed=2)]
    states = [drawn(ROWS, WIDTH, seed=3 + i) for i in range(count)]
    return [tf.constant(each) for each in (drawn(ROWS, TIME, FEATURES, seed=5), *weights, *states)]


@pytest.fixture
def keeps():
    found = np.ones((ROWS, TIME), np.float32)
    for row, begins in zip(found, BEGINS, strict=True):
        row[begins] = 0
    return found


def computed(way, unit, given, keeps):
    """Return outputs and states of a way of computing, given what a layer is given."""
    inputs, *weights = given[:4]
    weights = [recurrent._regroup(each, UNITS[unit]) for each in weights]
    out, *after = way(UNITS[unit], inputs, *weights, given[4], given[-1], tf.constant(keeps))
    return out, *after[-len(given[4:]) :]


def cost(outputs, *states):
    """Return a number that depends on all that a layer gives, on each value by another slope."""
    outputs, *states = (tf.cast(each, tf.float32) for each in (outputs, *states))
    return tf.reduce_sum(tf.sin(outputs)) + sum(
        tf.reduce_sum(each**2 + i * tf.cos(each)) for i, each in enumerate(states)
    )


def told(way, unit, given, keeps):
    """Return what a way of computing gives, and the gradients of all that it reads but `keeps`."""
    with tf.GradientTape() as tape:
        tape.watch(given)
        found = computed(way, unit, given, keeps)
        total = cost(*found)
    return [np.asarray(each, np.float32) for each in (*found, *tape.gradient(total, given))]


def of_keras(unit, given):
    """Return the same of Keras' own layer."""
    inputs, *weights = given[:4]
    states = given[4:]
    layer = LAYERS[unit](return_sequences=True, return_state=True)
    layer.build(inputs.shape)
    layer.set_weights([each.numpy() for each in weights])
    variables = [each.value for each in layer.trainable_variables]
    with tf.GradientTape() as tape:
        tape.watch([inputs, *states])
        found = layer(inputs, initial_state=states)
        total = cost(*found)
    gradients = tape.gradient(total, [inputs, *variables, *states])
    return [np.asarray(each) for each in (*found, *gradients)]


def assert_close(ours, theirs, atol=1e-5):
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=atol)


@each_unit
@pytest.mark.parametrize("way", GRAPHS.values(), ids=GRAPHS)
def test_values_and_gradients_are_those_of_keras(unit, way):
    everything = given(unit)
    assert_close(told(way, unit, everything, np.ones((ROWS, TIME), np.float32)), of_keras(unit, everything))


@cache
def each_alone(unit):
    """Read each piece by itself, from an empty state if it does not begin before the row; as `told` does."""
    everything = given(unit)
    inputs, *weights = everything[:4]
    states = everything[4:]
    outputs = np.zeros((ROWS, TIME, WIDTH), np.float32)
    last = [np.zeros((ROWS, WIDTH), np.float32) for _ in states]
    gradients = [np.zeros(each.shape, np.float32) for each in everything]
    for row, begins in enumerate(BEGINS):
        for start, stop in pairwise(sorted({0, *begins, TIME})):
            first = [each[row : row + 1] * (start not in begins) for each in states]
            piece = [inputs[row : row + 1, start:stop], *weights, *first]
            final = float(stop == TIME)
            with tf.GradientTape() as tape:
                tape.watch(piece)
                found = computed(recurrent._scan, unit, piece, np.ones((1, stop - start), np.float32))
                total = tf.reduce_sum(tf.sin(found[0])) + final * cost(0.0, *found[1:])
            found_gradients = tape.gradient(total, piece)
            outputs[row, start:stop] = found[0][0]
            gradients[0][row, start:stop] = found_gradients[0][0]
            for i in range(1, 4):
                gradients[i] += found_gradients[i]
            if start == 0 and 0 not in begins:
                for i in range(4, len(everything)):
                    gradients[i][row] = found_gradients[i][0]
            if final:
                for here, there in zip(last, found[1:], strict=True):
                    here[row] = there[0]
    return [outputs, *last, *gradients]


@each_unit
@each_way
def test_pieces_end_to_end_are_read_as_if_each_were_alone(unit, keeps, way):
    assert_close(told(way, unit, given(unit), keeps), each_alone(unit))


@each_unit
@each_way
def test_a_row_in_parts_is_the_same_as_in_one(unit, keeps, way):
    inputs, *weights = given(unit)[:4]
    states = given(unit)[4:]
    whole = computed(way, unit, [inputs, *weights, *states], keeps)
    first, *states = computed(way, unit, [inputs[:, :4], *weights, *states], keeps[:, :4])
    rest, *after = computed(way, unit, [inputs[:, 4:], *weights, *states], keeps[:, 4:])
    assert_close([np.concatenate([first, rest], axis=1), *after], whole)


@each_unit
def test_what_is_forgotten_has_no_part_in_what_follows(unit, keeps):
    inputs, *rest = given(unit)
    other = inputs.numpy()
    other[0, :3] = 7
    ours, theirs = (
        computed(columns, unit, [x, *rest], keeps)[0].numpy() for x in (inputs, tf.constant(other))
    )
    np.testing.assert_array_equal(ours[0, 3:], theirs[0, 3:])
    assert np.abs(ours[0, :3] - theirs[0, :3]).max() > 0.01


@each_unit
@each_way
def test_rows_of_a_matrix_looked_up_are_products_with_one_hot_inputs(unit, keeps, way):
    """In values and gradients: a way that is given the products has no kernel."""
    _, kernel, *rest = given(unit)
    ids = np.random.default_rng(6).integers(0, FEATURES, (ROWS, TIME))
    whole = told(way, unit, [tf.one_hot(ids, FEATURES), kernel, *rest], keeps)
    with tf.GradientTape() as tape:
        tape.watch([kernel, *rest])
        inner, bias = (recurrent._regroup(each, UNITS[unit]) for each in rest[:2])
        rows = tf.gather(recurrent._regroup(kernel, UNITS[unit]), ids)
        out, *after = way(UNITS[unit], rows, None, inner, bias, rest[2], rest[-1], tf.constant(keeps))
        found = out, *after[-len(rest[2:]) :]
        total = cost(*found)
    gradients = [tf.convert_to_tensor(each) for each in tape.gradient(total, [kernel, *rest])]
    assert_close([*found, *gradients], [*whole[: len(found)], *whole[len(found) + 1 :]])


def layered(unit, policy, seed=1):
    """Return a larger layer of a policy, which computes the same from `drawn` weights."""
    layer = Recurrent(32, unit, dtype=policy)
    layer.build((None, None, 16))
    layer.set_weights(
        [drawn(*each.shape, seed=seed, scale=0.3) for each in (layer.kernel, layer.recurrent, layer.bias)]
    )
    return layer


def zeros(unit, rows, width):
    return [tf.zeros((rows, width))] * (2 if unit == "lstm" else 1)


def learned(unit, policy):
    """Return twice what a layer of a policy gives, and the gradients of inputs and weights."""
    layer = layered(unit, policy)
    inputs, keeps = tf.constant(drawn(8, 20, 16)), np.ones((8, 20), np.float32)
    keeps[::2, ::7] = 0
    variables = [each.value for each in layer.trainable_variables]

    @tf.function(autograph=False)
    def compute():
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs, states = layer(inputs, zeros(unit, 8, 32), keeps)
            total = cost(outputs, *states)
        return outputs, *states, *tape.gradient(total, [inputs, *variables])

    return [[np.asarray(tf.convert_to_tensor(each), np.float32) for each in compute()] for _ in range(2)]


@pytest.fixture(scope="module")
def runs():
    return {
        (unit, policy): learned(unit, policy) for unit in GATED for policy in ("float32", "mixed_bfloat16")
    }


@pytest.mark.parametrize("unit", GATED)
def test_in_half_precision_values_and_gradients_stay_close(runs, unit):
    exact, rough = runs[unit, "float32"][0], runs[unit, "mixed_bfloat16"][0]
    assert_close(rough[:-4], exact[:-4], atol=0.06)
    assert np.abs(np.subtract(rough[0], exact[0])).mean() < 0.01
    for ours, theirs in zip(rough[-4:], exact[-4:], strict=True):
        cosine = (ours * theirs).sum() / np.linalg.norm(ours) / np.linalg.norm(theirs)
        assert cosine > 0.99
        assert np.linalg.norm(ours) == pytest.approx(np.linalg.norm(theirs), rel=0.05)


@each_unit
def test_in_half_precision_outputs_are_half_and_states_and_weights_whole(unit):
    layer = layered(unit, "mixed_bfloat16")
    outputs, states = layer(drawn(2, 3, 16), zeros(unit, 2, 32), np.ones((2, 3), np.float32))
    assert outputs.dtype == tf.bfloat16
    assert {each.dtype for each in states} == {tf.float32}
    assert {each.dtype for each in layer.weights} == {"float32"}


@pytest.mark.parametrize("unit", GATED)
@pytest.mark.parametrize("policy", ["float32", "mixed_bfloat16"])
def test_the_same_is_computed_bit_for_bit(runs, unit, policy):
    for one, again in zip(*runs[unit, policy], strict=True):
        assert one.tobytes() == again.tobytes()


@each_unit
def test_a_layer_begins_as_that_of_keras_does(unit):
    width, features = 64, 48
    ours = Recurrent(width, unit)
    theirs = LAYERS[unit].func(width)
    for layer in (ours, theirs):
        layer.build((None, None, features))
    kernel, inner, bias = ours.get_weights()
    assert [each.shape for each in ours.get_weights()] == [each.shape for each in theirs.get_weights()]
    np.testing.assert_array_equal(bias, theirs.get_weights()[2])
    np.testing.assert_allclose(inner @ inner.T, np.eye(width), atol=1e-5)
    most = np.sqrt(6 / sum(kernel.shape))
    assert 0.99 * most < np.abs(kernel).max() <= most
    assert kernel.std() == pytest.approx(theirs.get_weights()[0].std(), rel=0.05)
    assert kernel.std() == pytest.approx(most / np.sqrt(3), rel=0.05)


def test_an_lstm_begins_with_the_forget_bias_that_is_asked_for():
    layer = Recurrent(3, forget_bias=2.5)
    layer.build((None, None, 2))
    np.testing.assert_array_equal(layer.get_weights()[2], np.repeat([0, 2.5, 0, 0], 3))


@each_unit
def test_a_layer_of_ids_looks_its_inputs_up(unit):
    layer = Recurrent(4, unit, vocabulary=6)
    ids, keeps = np.array([[3, 5, 0]], np.int32), np.ones((1, 3), np.float32)
    outputs, _ = layer(ids, zeros(unit, 1, 4), keeps)
    plain = Recurrent(4, unit)
    plain.build((None, None, 6))
    plain.set_weights(layer.get_weights())
    expected, _ = plain(tf.one_hot(ids, 6), zeros(unit, 1, 4), keeps)
    assert layer.kernel.shape[0] == 6
    np.testing.assert_allclose(outputs, expected, atol=1e-6)


@pytest.fixture
def dropping():
    """An RNN that hands its state on, so that its last output is the recurrent matrix as it was used."""
    keras.utils.set_random_seed(7)
    layer = Recurrent(40, "rnn", dropout=0.25)
    layer.build((None, None, 1))
    layer.set_weights([np.zeros((1, 40)), np.full((40, 40), 0.1, np.float32), np.zeros(40)])
    return layer


def dropped(layer, training=True):
    """Return the recurrent matrix as the layer uses it."""
    outputs, _ = layer(np.zeros((40, 1, 1)), [np.eye(40)], np.ones((40, 1)), training=training)
    return np.arctanh(outputs[:, 0])


def test_recurrent_dropout_zeroes_a_share_of_the_matrix_and_scales_the_rest(dropping):
    matrix = dropped(dropping)
    zeroed = np.abs(matrix) < 1e-6
    assert zeroed.mean() == pytest.approx(0.25, abs=0.04)
    np.testing.assert_allclose(matrix[~zeroed], 0.1 / 0.75, rtol=1e-4)


def test_recurrent_dropout_is_drawn_anew_for_each_step_of_training_and_is_for_training_alone(dropping):
    assert np.abs(dropped(dropping) - dropped(dropping)).max() > 0.1
    np.testing.assert_allclose(dropped(dropping, training=False), 0.1, rtol=1e-4)


def test_recurrent_dropout_is_the_same_from_the_same_state_of_its_seeds(dropping):
    kept = [each.numpy() for each in dropping.variables]
    first = dropped(dropping)
    for variable, value in zip(dropping.variables, kept, strict=True):
        variable.assign(value)
    np.testing.assert_array_equal(dropped(dropping), first)


def test_a_layer_may_be_asked_for_its_shapes():
    """As Keras does when a network is put together."""
    inputs = keras.Input((None, FEATURES))
    states = [keras.Input((WIDTH,)) for _ in range(2)]
    outputs, after = Recurrent(WIDTH, dtype="mixed_bfloat16")(inputs, states, keras.Input((None,)))
    assert outputs.shape == (None, None, WIDTH)
    assert outputs.dtype == "bfloat16"
    assert [each.shape for each in after] == [(None, WIDTH)] * 2
