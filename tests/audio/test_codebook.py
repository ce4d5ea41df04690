"""The codebook: frames and the entries that stand for them."""

import numpy as np
import pytest

from notegen.audio import codebook


@pytest.fixture
def clouds():
    """Return 40 far-apart centres and 6000 frames around them, by centre in turn."""
    rng = np.random.default_rng(3)
    centres = rng.uniform(-60, 0, (40, 80)).astype(np.float32)
    frames = np.tile(centres, (150, 1)) + rng.standard_normal((6000, 80)).astype(np.float32)
    return centres, frames.astype(np.float32)


def error(frames, centroids):
    return ((frames - centroids[codebook.assign(frames, centroids)]) ** 2).sum(axis=1).mean()


def test_every_cloud_has_entries_of_its_own(clouds):
    centres, frames = clouds
    found = codebook.fit(frames, 120)
    distance = np.abs(found[:, None] - centres).max(axis=2)
    assert set(distance.argmin(axis=1)) == set(range(40))
    assert distance.min(axis=1).max() < 6


def test_frames_of_different_clouds_never_share_an_entry(clouds):
    _, frames = clouds
    entries = codebook.assign(frames, codebook.fit(frames, 120))
    assert entries.dtype == np.int32
    clouds_of = [set(np.arange(6000)[entries == entry] % 40) for entry in range(120)]
    assert {len(found) for found in clouds_of} == {1}


def test_the_nearest_entry_is_the_one_that_distances_name():
    rng = np.random.default_rng(0)
    frames = rng.standard_normal((9000, 5)).astype(np.float32)  # more than are compared at a time
    centroids = rng.standard_normal((17, 5)).astype(np.float32)
    distance = ((frames[:, None] - centroids) ** 2).sum(axis=2)
    assert (codebook.assign(frames, centroids) == distance.argmin(axis=1)).all()


def test_more_entries_describe_better_and_means_describe_better_than_frames():
    frames = np.random.default_rng(1).standard_normal((5000, 8)).astype(np.float32)
    errors = [error(frames, codebook.fit(frames, size)) for size in (4, 32, 256)]
    assert errors == sorted(errors, reverse=True)
    drawn = frames[np.random.default_rng(2).choice(5000, 256, replace=False)]
    assert errors[-1] < 0.85 * error(frames, drawn)


def test_the_seed_decides(clouds):
    _, frames = clouds
    assert np.array_equal(codebook.fit(frames, 64, seed=5), codebook.fit(frames, 64, seed=5))
    assert not np.array_equal(codebook.fit(frames, 64, seed=5), codebook.fit(frames, 64, seed=6))


def test_frames_are_left_as_they_are(clouds):
    _, frames = clouds
    before = frames.copy()
    codebook.fit(frames, 16)
    assert np.array_equal(frames, before)


def test_fewer_different_frames_than_entries_are_the_entries():
    different = np.arange(21, dtype=np.float32).reshape(7, 3)
    frames = np.tile(different, (50, 1))
    assert sorted(codebook.fit(frames).tolist()) == different.tolist()
    assert codebook.fit(frames[:1]).tolist() == [different[0].tolist()]


def test_every_entry_is_used():
    rng = np.random.default_rng(4)
    frames = np.concatenate([rng.normal(0, 0.01, (20_000, 4)), rng.normal(0, 50, (300, 4))])
    found = codebook.fit(frames.astype(np.float32))
    assert len(found) == codebook.SIZE
    assert len(np.unique(codebook.assign(frames.astype(np.float32), found))) == codebook.SIZE


def test_an_entry_that_lost_its_frames_moves_to_the_worst_described():
    frames = np.array([[0], [1], [10]], np.float32)
    lost = np.array([[0.5], [100]], np.float32)
    assert codebook._fill(frames, lost).tolist() == [[0.5], [10]]
