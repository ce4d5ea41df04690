"""The recipe: how the learning rate rises and falls."""

import numpy as np
import pytest

from notegen.training.recipe import Recipe

RECIPE = Recipe(rate=0.02, warmup=50)


def test_the_rate_rises_evenly_over_the_warmup():
    rates = [RECIPE.rate_at(updates, 0) for updates in range(50)]
    np.testing.assert_allclose(np.diff(rates), 0.02 / 50)
    assert rates[0] == pytest.approx(0.02 / 50)
    assert rates[-1] == pytest.approx(0.02)
    assert RECIPE.rate_at(1000, 0) == pytest.approx(0.02)


def test_the_rate_falls_to_a_hundredth_along_a_half_cosine():
    done = np.linspace(0, 1, 101)
    rates = np.array([RECIPE.rate_at(1000, share) for share in done])
    assert rates[-1] == pytest.approx(0.02 / 100)
    assert rates[50] == pytest.approx(0.02 * (1 + 1 / 100) / 2)
    np.testing.assert_allclose(rates + rates[::-1], rates[0] + rates[-1])
    falls = -np.diff(rates)
    assert (falls > 0).all()
    assert falls.argmax() in (49, 50)


def test_beyond_the_end_the_rate_stays():
    assert RECIPE.rate_at(1000, 1.2) == RECIPE.rate_at(1000, 1)
