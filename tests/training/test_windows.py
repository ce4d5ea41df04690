"""Windows of a spectrogram whose frames tell their own place."""

import numpy as np
import pytest

from notegen.audio.frames import Span
from notegen.errors import RangeError
from notegen.model.classic import BINS, ClassicConfig
from notegen.training.engine import Engine
from notegen.training.windows import WindowMaterial

CONFIG = ClassicConfig(window=5, units=8, layers=2)
TRAIN = [Span(0, 30), Span(40, 46), Span(50, 55), Span(70, 90)]
VALID = [Span(30, 40), Span(60, 70)]


@pytest.fixture
def material():
    """Ninety frames; the values of frame i are all i."""
    frames = np.repeat(np.arange(90, dtype=np.float32)[:, None], BINS, axis=1)
    return WindowMaterial(frames, TRAIN, VALID, CONFIG)


def shuffled(material, rows=8, seed=0):
    return material.learned(rows, 64, np.random.default_rng(seed))


def pairs(steps):
    """Places of all windows, and of the frames to predict, in the order in which they come."""
    windows = np.concatenate([step.inputs[:, :, 0] for step in steps])
    return windows.astype(int), np.concatenate([step.targets[:, 0] for step in steps]).astype(int)


def expected(spans):
    """Every window by hand: five frames and the one behind, all in one span."""
    return [[*range(a, a + 6)] for start, stop in spans for a in range(start, stop - 5)]


@pytest.mark.parametrize("side", ["train", "valid"])
def test_every_window_is_read_once_and_none_crosses_a_border(material, side):
    steps, spans = (shuffled(material), TRAIN) if side == "train" else (material.held_out(8, 64), VALID)
    found = [[*window, target] for window, target in zip(*pairs(steps), strict=True)]
    assert sorted(found) == expected(spans)


def test_steps_have_the_shapes_that_the_model_reads(material):
    for step, rows in zip(shuffled(material), [8, 8, 8, 8, 8, 1], strict=True):
        assert step.inputs.shape == (rows, 5, BINS)
        assert step.targets.shape == (rows, BINS)
        assert step.inputs.dtype == step.targets.dtype == np.float32
        assert step.predictions == rows
        assert step.keeps is None


def test_a_pass_is_shuffled_and_the_same_generator_gives_the_same(material):
    one, same, other = (pairs(shuffled(material, seed=seed))[1].tolist() for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert one != sorted(one)


def test_what_is_held_out_keeps_its_order(material):
    targets = pairs(material.held_out(3, 64))[1]
    assert targets.tolist() == [35, 36, 37, 38, 39, 65, 66, 67, 68, 69]


def test_steps_may_be_asked_for_in_any_order_and_have_ends(material):
    steps = shuffled(material)
    for i in (4, 0, 2):
        np.testing.assert_array_equal(steps[i].targets, list(steps)[i].targets)
    np.testing.assert_array_equal(steps[1:3][1].targets, steps[2].targets)
    for beyond in (6, -1):
        with pytest.raises(IndexError):
            steps[beyond]


def test_the_divisor_counts_the_frames_that_are_held_out(material):
    assert material.divisor == 10


def test_materials_are_told_apart(material):
    assert material.identity()[:2] == [90, 41]
    frames = material.frames.copy()
    frames[3, 7] += 1
    others = [WindowMaterial(frames, TRAIN, VALID, CONFIG), WindowMaterial(frames[:-1], TRAIN, VALID, CONFIG)]
    assert all(other.identity() != material.identity() for other in others)


def test_copying_is_wrong_by_the_difference_of_neighbours(material):
    assert material.copying() == pytest.approx(1)
    frames = material.frames.copy()
    frames[39] += 3  # is 4 above the frame before; the one behind it is not held out
    assert WindowMaterial(frames, TRAIN, VALID, CONFIG).copying() == pytest.approx((9 + 16) / 10)


@pytest.mark.parametrize(("train", "valid"), [(TRAIN, []), ([], VALID), ([Span(0, 5)], VALID)])
def test_too_short_a_recording_is_told(material, train, valid):
    with pytest.raises(RangeError, match=r"2\.1 s are too short"):
        WindowMaterial(material.frames, train, valid, CONFIG)


def test_training_lowers_the_loss_on_what_is_held_out():
    pytest.importorskip("tensorflow", reason="the networks are built with it")
    time = np.arange(120)[:, None] / 6
    frames = (1 + np.sin(time + np.arange(BINS) % 7)).astype(np.float32)
    material = WindowMaterial(frames, [Span(0, 90)], [Span(90, 120)], CONFIG)
    engine = Engine(CONFIG, rows=16, time=64)

    def error():
        return sum(map(engine.loss, material.held_out(16, 64))) / material.divisor

    before = error()
    for epoch in range(8):
        for step in shuffled(material, 16, epoch):
            engine.learn(step, 0.02)
    assert error() < 0.3 * before
