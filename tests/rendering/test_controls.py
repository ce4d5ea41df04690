import math

import numpy as np
import pytest

from notegen.rendering import controls
from notegen.rendering.performance import perform
from notegen.score import EVENT, Score, table

RATE = 1000


def settings(*events):
    score = Score.of([(0, 480 * 20, 60)], events=table(list(events), EVENT))
    return controls.read(perform(score), RATE)[0]


def test_by_default_a_part_stands_in_the_middle():
    left, right = settings().steady(0, 5000, 0.0)
    assert left == pytest.approx(right)
    assert left == pytest.approx((100 / 127) ** 2 * math.sqrt(0.5))


def test_volume_and_expression_are_squares():
    half = settings((0, 0, 0xB0, 7, 50), (0, 0, 0xB0, 11, 64)).steady(0, 100, 0.0)[0]
    full = settings((0, 0, 0xB0, 7, 100)).steady(0, 100, 0.0)[0]
    assert half / full == pytest.approx((64 / 127 / 2) ** 2, rel=1e-5)


@pytest.mark.parametrize(("value", "left", "right"), [(0, 1, 0), (64, math.sqrt(0.5), math.sqrt(0.5))])
def test_pan_keeps_the_power(value, left, right):
    gains = settings((0, 0, 0xB0, 10, value), (0, 0, 0xB0, 7, 127)).steady(0, 100, 0.0)
    assert gains == pytest.approx((left, right), abs=1e-6)


def test_a_change_is_a_short_ramp_that_ends_with_its_frame():
    moved = settings((960, 0, 0xB0, 7, 0))
    assert moved.steady(0, 900, 0.0) is not None
    assert moved.steady(900, 1100, 0.0) is None
    left, _ = moved.gains(990, 1010, 0.0)
    assert left[0] == left[4] > 0 == left[10]
    assert np.all(np.diff(left) <= 0)


def test_bends_reach_two_semitones_or_what_is_told():
    assert settings().bends(0, 1000) == ()
    assert settings((0, 0, 0xE0, 0, 0)).bends(500, 1000) == ((0, -200.0),)
    ranged = settings((0, 0, 0xB0, 101, 0), (0, 0, 0xB0, 100, 0), (0, 0, 0xB0, 6, 12), (960, 0, 0xE0, 0, 96))
    assert ranged.bends(500, 2000)[-1] == (500, 600.0)
    assert ranged.bends(0, 900) == ()
