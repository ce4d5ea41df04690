import math

import numpy as np
import pytest

from notegen.errors import UsageError
from notegen.training.checkpoint import Checkpoint

IDENTITY = {"recipe": {"units": 4, "seed": 1}, "material": [3, 900]}
PLACE = {"epoch": 2, "batch": 17, "seconds": 1.5, "best_bits": math.inf}


@pytest.fixture
def checkpoint(tmp_path):
    """A saved checkpoint of twelve variables of several kinds."""
    made = Checkpoint(tmp_path / "a.checkpoint")
    state = [np.full((i, 2), i, dtype=np.float32) for i in range(10)]
    state += [np.array(3, dtype=np.int64), np.array([1, 2], dtype=np.uint32)]
    made.save(IDENTITY, PLACE, state, {"kernel": np.eye(3, dtype=np.float32)})
    return made, state


def test_a_checkpoint_comes_back_as_it_was_saved(checkpoint):
    place, state, best = checkpoint[0].load(IDENTITY)
    assert place == PLACE
    assert len(state) == len(checkpoint[1])
    for ours, theirs in zip(state, checkpoint[1], strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(best["kernel"], np.eye(3))


def test_where_there_is_none_nothing_is_loaded(tmp_path):
    assert Checkpoint(tmp_path / "none").load(IDENTITY) is None


def test_a_later_checkpoint_replaces_the_earlier(checkpoint):
    made, state = checkpoint
    made.save(IDENTITY, {**PLACE, "epoch": 3}, state, {})
    place, _, best = made.load(IDENTITY)
    assert place["epoch"] == 3
    assert best == {}
    assert len(list(made.path.parent.iterdir())) == 1


@pytest.mark.parametrize("other", [{"recipe": {"units": 5, "seed": 1}}, {"material": [3, 901]}], ids=str)
def test_a_checkpoint_of_another_training_is_refused(checkpoint, other):
    with pytest.raises(UsageError, match="another corpus or other settings"):
        checkpoint[0].load({**IDENTITY, **other})


def test_the_order_of_settings_does_not_matter(checkpoint):
    assert checkpoint[0].load(dict(reversed(IDENTITY.items()))) is not None


def test_a_truncated_checkpoint_is_refused_at_every_length(checkpoint):
    made, _ = checkpoint
    data = made.path.read_bytes()
    for size in range(0, len(data), 23):
        made.path.write_bytes(data[:size])
        with pytest.raises(UsageError, match="delete it to begin anew"):
            made.load(IDENTITY)


def test_a_removed_checkpoint_is_gone(checkpoint):
    checkpoint[0].remove()
    assert not checkpoint[0].path.exists()
    checkpoint[0].remove()
