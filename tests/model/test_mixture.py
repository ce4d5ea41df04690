import numpy as np
import pytest

from notegen.model.mixture import fit, mixed
from notegen.model.viewpoints import LONGEST, Opinion

NOTES, PITCHES = 600, 5


@pytest.fixture(scope="module")
def said():
    return np.random.default_rng(0).integers(0, PITCHES, NOTES)


def opinion(said, right, depth=0):
    """Return an opinion that is right in a share of the notes, and as sure of itself as that."""
    is_right = np.random.default_rng(1).random(NOTES) < right
    believed = np.where(is_right, said, (said + 1) % PITCHES)
    found = np.full((NOTES, PITCHES), (1 - right) / (PITCHES - 1))
    found[np.arange(NOTES), believed] = right
    return Opinion(np.log(found).astype(np.float32), np.full(NOTES, depth))


def nats(opinions, weights, said):
    return -mixed(opinions, weights)[np.arange(len(said)), said].mean()


def test_one_opinion_with_the_weight_1_stands_as_it_is(said):
    one = opinion(said, 0.7)
    found = mixed([one], np.ones((1, LONGEST + 3)))
    np.testing.assert_allclose(found, one.log_probabilities, rtol=1e-5)


def test_a_mixture_is_geometric(said):
    one, two = opinion(said, 0.7), opinion(said, 0.4)
    product = np.exp(2 * one.log_probabilities + 0.5 * two.log_probabilities)
    expected = product / product.sum(axis=1, keepdims=True)
    found = mixed([one, two], np.repeat([[2.0], [0.5]], LONGEST + 3, axis=1))
    np.testing.assert_allclose(np.exp(found), expected, rtol=1e-5)


def test_who_knows_is_heard_and_who_guesses_is_not(said):
    wise, guess = opinion(said, 0.8), opinion(np.roll(said, 1), 0.8)
    weights = fit([wise, guess], said)
    assert weights[0, 0] > 0.8
    assert abs(weights[1, 0]) < 0.1
    assert nats([wise, guess], weights, said) < nats([wise], np.ones((1, LONGEST + 3)), said) + 0.01


def test_an_opinion_is_heard_as_far_as_its_depth_tells(said):
    """It is right where it is deep, and says what stood elsewhere where it is not."""
    deep = np.arange(NOTES) % 2
    right, wrong = opinion(said, 0.8), opinion(np.roll(said, 1), 0.8)
    logs = np.where(deep[:, None], right.log_probabilities, wrong.log_probabilities)
    weights = fit([Opinion(logs, deep)], said)
    assert weights[0, 1] > 0.8
    assert abs(weights[0, 0]) < 0.2


def test_no_other_weights_are_better(said):
    """Each weight is moved to both sides; the pull towards equal weights moves the best ones a little."""
    opinions = [opinion(said, 0.7), opinion(np.roll(said, 1), 0.6)]
    weights = fit(opinions, said)
    best = nats(opinions, weights, said)
    for which in range(2):
        for change in (-0.3, 0.3):
            moved = weights.copy()
            moved[which, 0] += change
            assert nats(opinions, moved, said) > best


def test_weights_are_the_same_each_time(said):
    opinions = [opinion(said, 0.7), opinion(said, 0.4)]
    np.testing.assert_array_equal(fit(opinions, said), fit(opinions, said))


def test_without_notes_all_opinions_weigh_the_same(said):
    nothing = np.zeros(NOTES, dtype=bool)
    opinions = [opinion(said, 0.7).of(nothing), opinion(said, 0.4).of(nothing)]
    assert (fit(opinions, said[nothing]) == 0.5).all()
    assert mixed(opinions, fit(opinions, said[nothing])).shape == (0, PITCHES)
