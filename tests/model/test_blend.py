"""Blends: models that vote."""

import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.errors import UsageError
from notegen.model.blend import Blend
from notegen.model.network import NetworkConfig
from notegen.model.predictor import join, repeat, take
from notegen.model.runtime import Runtime

IDS = np.array([[v.START, 40, 300, 41], [v.START, 50, 310, 7]])


@pytest.fixture(scope="module")
def models(random_bundle):
    """Two networks of different sizes."""
    configs = NetworkConfig(v.MELODY, 4, 6, layers=2), NetworkConfig(v.MELODY, 8, 5)
    return [Runtime(random_bundle(config, scale)) for config, scale in zip(configs, (0.5, 1.0), strict=True)]


def predictions(model, ids=IDS):
    return model.predict(ids, model.start(len(ids)))[0]


@pytest.mark.parametrize("chosen", [0, 1])
def test_a_model_of_all_the_weight_is_alone(models, chosen):
    weights = [0.0, 0.0]
    weights[chosen] = 3.0
    assert np.array_equal(predictions(Blend(models, weights)), predictions(models[chosen]))


def test_probabilities_are_the_weighted_mean(models):
    found = np.exp(predictions(Blend(models, [3, 1])))
    expected = 0.75 * np.exp(predictions(models[0])) + 0.25 * np.exp(predictions(models[1]))
    np.testing.assert_allclose(found, expected, rtol=1e-10)
    np.testing.assert_allclose(found.sum(axis=-1), 1)
    assert found.shape == (2, 4, v.MELODY)


def test_models_of_one_mind_are_blended_to_the_same(models):
    np.testing.assert_allclose(predictions(Blend([models[0]] * 3, [1, 2, 5])), predictions(models[0]))


def test_what_is_read_in_parts_is_as_if_read_at_once(models):
    blend = Blend(models, [1, 2])
    state = blend.read(IDS[:, :2], blend.start(2))
    found, left = blend.predict(IDS[:, 2:], state)
    expected, whole = blend.predict(IDS, blend.start(2))
    np.testing.assert_allclose(found, expected[:, 2:], rtol=1e-5)
    assert len(left) == len(whole) == 6
    for one, other in zip(left, whole, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_rows_branch_and_are_taken_apart_from_each_other(models):
    blend = Blend(models, [1, 1])
    one = blend.read(IDS[:1, :3], blend.start())
    branched = repeat(one, 3)
    ids = np.array([[5], [300], [41]])
    found, left = blend.predict(ids, branched)
    for row in range(3):
        alone, after = blend.predict(ids[row : row + 1], one)
        np.testing.assert_allclose(found[row], alone[0], rtol=1e-5)
        for each, expected in zip(take(left, np.array([row])), after, strict=True):
            np.testing.assert_allclose(each, expected, rtol=1e-4, atol=1e-6)
    assert [len(each) for each in join([one, branched])] == [4] * 6


def test_a_blend_is_a_model_to_be_blended(models):
    nested = Blend([Blend(models, [1, 1]), models[1]], [1, 1])
    np.testing.assert_allclose(predictions(nested), predictions(Blend(models, [1, 3])), rtol=1e-10)


def test_what_a_model_rules_out_another_may_allow(models):
    class Sure:
        vocabulary = v.MELODY

        def start(self, batch=1):  # noqa: ARG002
            return []

        def predict(self, ids, state):
            out = np.full((*ids.shape, v.MELODY), -np.inf)
            out[..., v.BAR] = 0
            return out, state

    both = predictions(Blend([Sure(), models[0]], [1, 1]))
    assert np.isfinite(both).all()
    alone = predictions(Blend([Sure(), Sure()], [1, 1]))
    assert np.exp(alone[0, 0]).nonzero()[0].tolist() == [v.BAR]


@pytest.mark.parametrize("weights", [[1], [1, 1, 1], [0, 0], [1, -0.5], [1, float("nan")], [1, float("inf")]])
def test_weights_that_make_no_sense_are_refused(models, weights):
    with pytest.raises(UsageError, match="weights"):
        Blend(models, weights)


def test_models_of_other_tokens_are_refused(models, random_bundle):
    other = Runtime(random_bundle(NetworkConfig(50, 4, 6)))
    with pytest.raises(UsageError, match="different tokens"):
        Blend([models[0], other], [1, 1])
