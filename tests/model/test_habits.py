from dataclasses import replace

import numpy as np
import pytest

from notegen.errors import BundleError
from notegen.model.habits import (
    BETWEEN,
    DISTANCES,
    FOLK,
    LENGTHS,
    Habits,
    Moments,
    Trial,
    classify,
    fit,
    nats,
)

ZERO = Habits((0.0,) * len(LENGTHS), (0.0,) * len(DISTANCES), (0.0,) * (len(BETWEEN) + 2))


def classes(same=1, bars=0, tokens=1000, heard=0):
    """Return the class of one moment in each table."""
    columns = (np.array([value]) for value in (same, bars, tokens, heard))
    return tuple(int(each[0]) for each in classify(*columns))


@pytest.mark.parametrize(("same", "begins"), [(1, 1), (8, 7), (9, 9), (256, 193), (257, 257), (9999, 257)])
def test_lengths_fall_into_classes(same, begins):
    assert LENGTHS[classes(same=same, tokens=100_000)[0]] == begins


@pytest.mark.parametrize(
    ("bars", "name"),
    [
        *[(bars, str(bars)) for bars in (0, 1, 2, 4, 8, 16, 32, 64, 128, 3, 6, 12, 24, 48, 96)],
        *[(5, "odd"), (10, "even"), (20, "multiple of 4"), (40, "multiple of 8"), (256, "multiple of 8")],
    ],
)
def test_distances_fall_into_classes(bars, name):
    assert DISTANCES[classes(bars=bars)[1]] == name


@pytest.mark.parametrize(
    ("heard", "same", "place"), [(0, 1, 0), (199, 1, 0), (200, 1, 1), (900, 1, 5), (1000, 999, 5)]
)
def test_what_lies_between_falls_into_classes_by_the_share_that_was_heard(heard, same, place):
    assert classes(same=same, heard=heard)[2] == place


@pytest.mark.parametrize(("same", "place"), [(1000, 6), (1999, 6), (2000, 7), (5000, 7)])
def test_a_repetition_of_as_much_before_is_a_class_of_its_own(same, place):
    assert classes(same=same, heard=1000)[2] == place


def test_a_weight_is_the_product_of_one_of_each_table():
    habits = replace(ZERO, length=tuple(range(len(LENGTHS))), between=(0.5,) * (len(BETWEEN) + 2))
    moments = Moments(*(np.array(column, dtype=np.int8) for column in ([0, 2], [3, 4], [0, 7])))
    np.testing.assert_allclose(habits.weigh(moments), np.exp([0.5, 2.5]))


@pytest.mark.parametrize("table", [(0.0,), (float("nan"),) * len(LENGTHS)])
def test_damaged_tables_are_refused(table):
    with pytest.raises(BundleError, match="length is not 18 numbers"):
        replace(ZERO, length=table)


def trial(seed, rates):
    """Return predictions with one moment each, right as often as the class of its length says."""
    rng = np.random.default_rng(seed)
    length = rng.integers(0, len(rates), 4000)
    right = rng.random(4000) < np.array(rates)[length]
    none = np.zeros(4000, dtype=np.int8)
    moments = Moments(length.astype(np.int8), none, none)
    return Trial(moments, np.arange(4000), right, np.full(4000, 0.05))


def test_fitted_weights_are_worth_how_often_moments_are_right():
    rates = (0.05, 0.5, 0.95)
    found = fit([trial(0, rates), trial(1, rates)], ZERO)
    weights = found.weigh(Moments(*(np.array(c) for c in ([0, 1, 2], [0, 0, 0], [0, 0, 0]))))
    shares = weights / (1 + weights)  # of the vote in the mixture; a little is gained from being held back
    np.testing.assert_allclose(shares, [0, 0.47, 0.95], atol=0.06)
    assert found.length[5:] == ZERO.length[5:]


def test_a_fit_makes_other_pieces_likelier_too():
    rates, held_out = (0.1, 0.6, 0.9), trial(7, (0.1, 0.6, 0.9))
    assert nats(held_out, fit([trial(0, rates)], FOLK)).sum() < nats(held_out, FOLK).sum()
