"""The memory of a piece, against a loop that counts one moment after another."""

import math

import numpy as np
import pytest

from notegen.model.memory import SHARES, WIDTHS, Memory, Say, Trial, fit, mix

VOCABULARY = 9


def naive(keys, followers, question, width, counts=None):
    """Return votes and nearness for one question."""
    votes, nearest = [0.0] * VOCABULARY, math.inf
    for i, (key, follower) in enumerate(zip(keys, followers, strict=True)):
        count = 1 if counts is None else counts[i]
        distance = math.dist(key, question)
        votes[follower] += count * math.exp(-(distance**2) / (2 * width**2))
        if count:
            nearest = min(nearest, distance)
    return np.array(votes) / sum(votes), math.exp(-(nearest**2) / (2 * (3 * width) ** 2))


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def piece(rng):
    """Sixty moments: their keys and followers. Token 0 follows none."""
    return rng.normal(0, 1, (60, 4)).astype(np.float32), rng.integers(1, VOCABULARY, 60).astype(np.int32)


@pytest.fixture
def memory(piece):
    return Memory(*piece, VOCABULARY)


@pytest.fixture
def questions(rng):
    return rng.normal(0, 1, (25, 4)).astype(np.float32)


@pytest.mark.parametrize("width", WIDTHS)
def test_votes_are_those_of_a_loop(memory, piece, questions, width):
    votes, nearness = memory.vote(questions, width)
    for question, ours, near in zip(questions, votes, nearness, strict=True):
        wanted, nearest = naive(*piece, question, width)
        np.testing.assert_allclose(ours, wanted, atol=1e-5)
        assert near == pytest.approx(nearest, rel=1e-4)


def test_moments_vote_as_often_as_they_count(memory, piece, questions, rng):
    counts = rng.integers(0, 4, (len(questions), 60)).astype(np.float32)
    votes, nearness = memory.vote(questions, 0.7, counts)
    for i, question in enumerate(questions):
        wanted, nearest = naive(*piece, question, 0.7, counts[i])
        np.testing.assert_allclose(votes[i], wanted, atol=1e-5)
        assert nearness[i] == pytest.approx(nearest, rel=1e-4)


def test_to_count_once_is_to_count(memory, questions):
    once = memory.vote(questions, 0.7, np.ones((25, 60), np.float32))
    for ours, theirs in zip(once, memory.vote(questions, 0.7), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_a_moment_that_does_not_count_does_not_vote_however_near(memory, piece):
    keys, followers = piece
    alone = followers[7]
    counts = (followers != alone).astype(np.float32)[None]
    votes, nearness = memory.vote(keys[7:8], 0.35, counts)
    assert votes[0, alone] == 0
    assert votes.sum() == pytest.approx(1)
    assert nearness[0] < 0.99


def test_where_no_moment_counts_nobody_votes(memory, piece, questions):
    counts = np.ones((25, 60), np.float32)
    counts[3] = 0
    votes, nearness = memory.vote(questions, 0.7, counts)
    assert (votes[3].any(), nearness[3]) == (False, 0)
    np.testing.assert_allclose(np.delete(votes, 3, axis=0).sum(axis=1), 1)
    nothing = Memory(piece[0][:0], piece[1][:0], VOCABULARY)
    votes, nearness = nothing.vote(questions, 0.7)
    assert votes.shape == (25, VOCABULARY)
    assert not votes.any() and not nearness.any()


def test_nearness_is_1_at_a_known_moment_and_falls_with_distance(memory, piece):
    away = np.zeros((6, 4), np.float32)
    away[:, 0] = [0, 0.1, 1, 2.1, 6, 100]
    lonely = Memory(np.zeros((1, 4), np.float32), np.array([3], np.int32), VOCABULARY)
    votes, nearness = lonely.vote(away, 0.7)
    np.testing.assert_allclose(votes[:, 3], 1)
    assert nearness[0] == 1
    assert nearness[3] == pytest.approx(math.exp(-1 / 2))  # three widths away
    assert (np.diff(nearness) < 0).all()
    np.testing.assert_allclose(memory.vote(piece[0], 0.7)[1], 1, atol=1e-5)


def test_far_from_all_moments_the_nearest_still_votes(memory):
    votes, nearness = memory.vote(np.full((1, 4), 1000, np.float32), 0.35)
    assert votes.sum() == pytest.approx(1)
    assert nearness[0] == 0


def test_many_questions_are_answered_like_few(memory, rng):
    many = rng.normal(0, 1, (700, 4)).astype(np.float32)
    counts = rng.integers(0, 3, (700, 60)).astype(np.float32)
    votes, nearness = memory.vote(many, 0.7, counts)
    for at in (0, 127, 128, 255, 256, 699):
        alone, near = memory.vote(many[at : at + 1], 0.7, counts[at : at + 1])
        np.testing.assert_allclose(votes[at], alone[0], atol=1e-6)
        assert nearness[at] == pytest.approx(near[0], rel=1e-5)


def test_the_order_of_moments_does_not_matter(piece, questions, rng):
    keys, followers = piece
    order = rng.permutation(60)
    counts = rng.integers(0, 3, (25, 60)).astype(np.float32)
    ours = Memory(keys, followers, VOCABULARY).vote(questions, 0.5, counts)
    theirs = Memory(keys[order], followers[order], VOCABULARY).vote(questions, 0.5, counts[:, order])
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_a_mixture_of_distributions_is_one(memory, questions, rng):
    prediction = rng.dirichlet(np.ones(VOCABULARY), 25)
    votes, nearness = memory.vote(questions, 0.7)
    mixed = np.exp(mix(np.log(prediction), votes, 0.8 * nearness))
    np.testing.assert_allclose(mixed.sum(axis=1), 1)
    say = 0.8 * nearness[:, None]
    np.testing.assert_allclose(mixed, (1 - say) * prediction + say * votes)


def test_a_memory_without_a_say_changes_nothing_and_one_with_all_of_it_decides(rng):
    prediction, votes = rng.dirichlet(np.ones(VOCABULARY), (2, 3))
    np.testing.assert_allclose(mix(np.log(prediction), votes, np.zeros(3)), np.log(prediction))
    np.testing.assert_allclose(np.exp(mix(np.log(prediction), votes, np.ones(3))), votes)


def test_the_logarithm_of_what_nobody_expects_is_finite():
    certain = np.eye(1, VOCABULARY)
    assert np.isfinite(mix(np.log(np.full((1, VOCABULARY), 1 / 9)), certain, np.ones(1))).all()


def trial(rng, right, given=0.2):
    """Return moments whose followers the memory knows so often; the network gives each `given`."""
    keys = (10 * np.eye(6)).astype(np.float32).repeat(40, axis=0)
    said = np.arange(6).repeat(40).astype(np.int32)
    followers = np.where(rng.random(240) < right, said, rng.integers(6, VOCABULARY, 240)).astype(np.int32)
    memory = Memory((10 * np.eye(6)).astype(np.float32), np.arange(6, dtype=np.int32), VOCABULARY)
    return Trial(memory, keys, followers, np.full(240, given))


@pytest.mark.parametrize(
    ("right", "given", "share"), [(1.0, 0.2, 0.9), (0.0, 0.2, 0.0), (0.6, 0.01, 0.6), (0.3, 0.01, 0.3)]
)
def test_the_share_that_fits_is_that_of_what_the_memory_knows(rng, right, given, share):
    assert fit([trial(rng, right, given)]).share == pytest.approx(share, abs=0.11)


def cost(say, trials):
    """Return the bits of trials, by the mixture itself."""
    bits = 0.0
    for memory, keys, targets, probabilities in trials:
        votes, nearness = memory.vote(keys, say.width)
        for i, target in enumerate(targets):
            part = say.share * nearness[i]
            bits -= math.log2((1 - part) * probabilities[i] + part * votes[i, target])
    return bits


def test_what_fits_costs_the_fewest_bits_of_all_trials_together(memory, rng):
    keys = rng.normal(0, 1, (20, 4)).astype(np.float32)
    targets = rng.integers(1, VOCABULARY, 20).astype(np.int32)
    trials = [Trial(memory, keys, targets, np.full(20, 0.1)), trial(rng, 0.5)]
    least = min(cost(Say(width, share), trials) for width in WIDTHS for share in SHARES)
    for chosen in (fit(trials), fit(trials[::-1])):
        assert cost(chosen, trials) == pytest.approx(least)


def test_the_width_that_fits_is_that_of_the_music(rng):
    """A moment's follower is told by its key's sign; keys of one sign are a unit apart."""
    keys = rng.normal(0, 1, (300, 6)).astype(np.float32)
    followers = np.where(keys[:, 0] > 0, 1, 2).astype(np.int32)
    many = Trial(
        Memory(keys[:250], followers[:250], VOCABULARY), keys[250:], followers[250:], np.full(50, 0.5)
    )
    assert 0.35 < fit([many]).width < 2.8
