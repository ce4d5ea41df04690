"""The classic model in Keras, and its forward pass in NumPy, held to it."""

import os
from dataclasses import replace

import numpy as np
import pytest

from notegen.audio import phase
from notegen.errors import UsageError
from notegen.model import bundle
from notegen.model.bundle import Bundle
from notegen.model.classic import BINS, ClassicConfig, build, loss, set_weights, weights
from notegen.model.classic_runtime import predict
from notegen.model.network import NetworkConfig

CONFIG = ClassicConfig(window=6, units=9, layers=3, dropout=0.5)


def random_weights(config, seed=0):
    """Weights with statistics of batch normalisation that are far from their start."""
    rng = np.random.default_rng(seed)
    named = {name: rng.normal(0, 0.3, shape) for name, shape in config.shapes().items()}
    named["lstm0.input"] /= 10  # 1025 bins are added up
    named["norm.variance"] = rng.uniform(0, 4, BINS)
    named["norm.variance"][::3] /= 1e4  # below what the normalisation adds
    return {name: array.astype(np.float32) for name, array in named.items()}


@pytest.fixture(scope="module")
def keras_model():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    pytest.importorskip("tensorflow", reason="the networks are built with it")
    model = build(CONFIG)
    set_weights(model, CONFIG, random_weights(CONFIG))
    return model


@pytest.fixture
def model():
    return Bundle(CONFIG, random_weights(CONFIG), codec="spectrum")


@pytest.fixture
def frames():
    return np.random.default_rng(1).uniform(0, 2, (20, BINS)).astype(np.float32)


def told(keras_model, window):
    """What Keras predicts behind one window."""
    (frame,) = keras_model([window[None]])
    return np.asarray(frame)[0]


def test_weights_have_the_names_and_shapes_of_the_configuration(keras_model):
    named = weights(keras_model, CONFIG)
    assert {name: array.shape for name, array in named.items()} == CONFIG.shapes()


def test_weights_by_name_come_back(keras_model):
    for name, array in random_weights(CONFIG).items():
        np.testing.assert_array_equal(weights(keras_model, CONFIG)[name], array)


def test_bins_are_normalised_by_the_statistics_of_their_name(keras_model, frames):
    named = random_weights(CONFIG)
    scale = named["norm.scale"] / np.sqrt(named["norm.variance"] + 1e-3)
    expected = (frames - named["norm.mean"]) * scale + named["norm.offset"]
    found = np.asarray(keras_model.get_layer("norm")(frames[None]))[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_the_loss_is_the_squared_error_summed_over_frames_and_averaged_over_bins():
    pytest.importorskip("tensorflow", reason="the networks are built with it")
    rng = np.random.default_rng(2)
    found, wanted = rng.normal(size=(2, 7, BINS)).astype(np.float32)
    total, count = loss(found, wanted, CONFIG)
    assert float(total) == pytest.approx(np.square(found - wanted).sum() / 1025, rel=1e-5)
    assert float(count) == 7


def test_dropout_is_for_training_alone(keras_model, frames):
    np.testing.assert_array_equal(told(keras_model, frames[:6]), told(keras_model, frames[:6]))
    import keras

    learning = keras.models.clone_model(keras_model)  # its statistics move
    once, again = (np.asarray(learning([frames[None, :6]], training=True)[0]) for _ in range(2))
    assert not np.allclose(once, again)


def test_numpy_predicts_what_keras_predicts_from_each_window_anew(keras_model, model, frames):
    found, row = predict(model, frames, 15), frames
    for frame in found:
        expected = np.maximum(told(keras_model, row[-CONFIG.window :]), 0)
        np.testing.assert_allclose(frame, expected, atol=1e-5)
        row = np.concatenate([row, frame[None]])
    assert (found == 0).any()
    assert np.ptp(found[1:], axis=0).max() > 1e-3  # else any window would do


def test_no_magnitude_is_negative(model, frames):
    assert predict(model, frames, 8).min() == 0


def test_frames_before_the_last_window_do_not_matter(model, frames):
    np.testing.assert_array_equal(predict(model, frames, 4), predict(model, frames[-6:], 4))


def test_a_longer_continuation_begins_like_a_shorter_one(model, frames):
    np.testing.assert_array_equal(predict(model, frames, 9)[:4], predict(model, frames, 4))


@pytest.mark.parametrize("config", [replace(CONFIG, window=1), replace(CONFIG, layers=1)], ids=str)
def test_other_shapes_are_computed_too(config, frames):
    pytest.importorskip("tensorflow", reason="the networks are built with it")
    named = random_weights(config)
    keras_model = build(config)
    set_weights(keras_model, config, named)
    first, second = predict(Bundle(config, named, codec="spectrum"), frames, 2)
    row = np.concatenate([frames, first[None]])[-config.window :]
    np.testing.assert_allclose(second, np.maximum(told(keras_model, row), 0), atol=1e-5)


def test_no_steps_are_no_frames(model, frames):
    assert predict(model, frames, 0).shape == (0, BINS)


def test_too_few_frames_are_told(model, frames):
    with pytest.raises(UsageError, match="there are 5 frames; the model reads 6 at a time"):
        predict(model, frames[:5], 1)


def test_a_model_of_tokens_is_told(frames):
    with pytest.raises(UsageError, match="no classic model"):
        predict(Bundle(NetworkConfig(5), {}), frames, 1)


def test_a_bundle_brings_the_model_back(model, frames, tmp_path):
    model.save(tmp_path / "classic.notegen")
    back = bundle.load(tmp_path / "classic.notegen")
    assert (back.config, back.codec) == (CONFIG, "spectrum")
    np.testing.assert_allclose(predict(back, frames, 1), predict(model, frames, 1), atol=0.02)


def test_a_frame_has_the_bins_of_a_spectrogram():
    assert BINS == phase.BINS
