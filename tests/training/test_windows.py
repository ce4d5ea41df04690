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


def shuffled(material, size=8, seed=0):
    return material.batches(size, np.random.default_rng(seed))


def pairs(material, batches):
    """Places of all windows, and of the frames to predict, in the order in which they come."""
    steps = [step for batch in batches for step in material.steps(batch, 64)]
    windows = np.concatenate([step.inputs[:, :, 0] for step in steps])
    return windows.astype(int), np.concatenate([step.targets[:, 0] for step in steps]).astype(int)


def expected(spans):
    """Every window by hand: five frames and the one behind, all in one span."""
    return [[*range(a, a + 6)] for start, stop in spans for a in range(start, stop - 5)]


@pytest.mark.parametrize("side", ["train", "valid"])
def test_every_window_is_read_once_and_none_crosses_a_border(material, side):
    batches, spans = (shuffled(material), TRAIN) if side == "train" else (material.held_out(8), VALID)
    found = [[*window, target] for window, target in zip(*pairs(material, batches), strict=True)]
    assert sorted(found) == expected(spans)


def test_steps_have_the_shapes_that_the_model_reads(material):
    for batch in shuffled(material):
        (step,) = material.steps(batch, 1)
        assert step.inputs.shape == (len(batch), 5, BINS)
        assert step.targets.shape == (len(batch), BINS)
        assert step.begins
        assert step.inputs.dtype == step.targets.dtype == np.float32


def test_batches_are_of_the_size_asked_for_but_the_last(material):
    assert [len(batch) for batch in shuffled(material)] == [8, 8, 8, 8, 8, 1]


def test_a_pass_is_shuffled_and_the_same_generator_gives_the_same(material):
    one, same, other = (np.concatenate(shuffled(material, seed=seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
    assert not np.array_equal(one, np.sort(one))


def test_what_is_held_out_keeps_its_order(material):
    starts = np.concatenate(material.held_out(3))
    assert starts.tolist() == [30, 31, 32, 33, 34, 60, 61, 62, 63, 64]


def test_the_divisor_counts_the_frames_that_are_held_out(material):
    assert material.divisor == 10


def test_sizes_tell_frames_and_windows(material):
    assert material.identity()[:2] == [90, 41]


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
    engine = Engine(CONFIG)
    engine.rate(0.02)

    def error():
        steps = [step for batch in material.held_out(16) for step in material.steps(batch, 64)]
        return sum(map(engine.loss, steps)) / material.divisor

    before = error()
    for epoch in range(8):
        for batch in shuffled(material, 16, epoch):
            for step in material.steps(batch, 64):
                engine.learn(step)
    assert error() < 0.3 * before
