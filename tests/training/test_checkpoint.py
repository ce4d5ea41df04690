import errno
import math
import os
import tempfile
from itertools import count
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save as save_tensors

from notegen.errors import DataError, UsageError
from notegen.training.checkpoint import Checkpoint

IDENTITY = {"recipe": {"units": 4, "seed": 1}, "material": [3, 900]}
CALLS = [(tempfile, "mkstemp"), *((os, name) for name in ("fsync", "chmod", "replace", "rename", "unlink"))]


def save(checkpoint, epoch):
    """Save a checkpoint of three variables that tell their epoch."""
    state = [np.full((2, i), epoch, dtype=np.float32) for i in range(3)]
    place = {"epoch": epoch, "best_bits": math.inf}
    checkpoint.save(IDENTITY, place, state, {"kernel": np.eye(2, dtype=np.float32) * epoch})


def epoch_of(found):
    """Return the epoch of a checkpoint, having seen that all of it is of that epoch."""
    epoch = found.place["epoch"]
    assert found.place == {"epoch": epoch, "best_bits": math.inf}
    assert [array.shape for array in found.state] == [(2, 0), (2, 1), (2, 2)]
    assert all((array == epoch).all() for array in found.state)
    np.testing.assert_array_equal(found.best["kernel"], np.eye(2) * epoch)
    return epoch


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.fixture
def checkpoint(tmp_path):
    """A checkpoint of epoch 2, with that of epoch 1 before it."""
    made = Checkpoint(tmp_path / "a.notegen.checkpoint")
    save(made, 1)
    save(made, 2)
    return made


class Killed(BaseException):
    """The process is gone."""


def killed(monkeypatch, folder, fatal, action):
    """Do something, dying at the system call of that number; return whether it came so far.

    The dead do nothing: all later calls fail as well. What was not flushed to the disk is half lost, as
    when the power fails.
    """
    calls = count()
    flushed = {path.stat().st_ino for path in folder.iterdir()}

    def mortal(call):
        def wrapped(*args, **options):
            if next(calls) >= fatal:
                raise Killed
            if call is os_fsync:
                flushed.add(os.fstat(args[0]).st_ino)
            return call(*args, **options)

        return wrapped

    os_fsync = os.fsync
    with monkeypatch.context() as patch:
        for module, name in CALLS:
            patch.setattr(module, name, mortal(getattr(module, name)))
        try:
            action()
        except Killed:
            dead = True
        else:
            dead = False
    for path in folder.iterdir() if dead else ():
        if path.stat().st_ino not in flushed:
            os.truncate(path, path.stat().st_size // 2)
    return dead


def test_a_checkpoint_comes_back_as_it_was_saved(tmp_path):
    made = Checkpoint(tmp_path / "a.checkpoint")
    saved = [np.full((i, 2), i, dtype=np.float32) for i in range(10)]
    saved += [np.array(3, dtype=np.int64), np.array([1, 2], dtype=np.uint32), np.eye(3)[:, ::2]]
    place = {"epoch": 2, "batch": 17, "seconds": 1.5, "best_bits": math.inf}
    made.save(IDENTITY, place, saved, {"kernel": np.eye(3, dtype=np.float32)})
    found = made.load(IDENTITY)
    assert (found.place, found.news) == (place, "")
    for ours, theirs in zip(found.state, saved, strict=True):
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_array_equal(ours, theirs)
    assert list(found.best) == ["kernel"]
    np.testing.assert_array_equal(found.best["kernel"], np.eye(3))


def test_where_there_is_none_nothing_is_loaded(tmp_path):
    for folder in (tmp_path, tmp_path / "none"):
        assert not Checkpoint(folder / "a").exists()
        assert Checkpoint(folder / "a").load(IDENTITY) is None


def test_two_are_kept_and_the_newest_is_loaded(checkpoint):
    second = checkpoint.path.read_bytes()
    save(checkpoint, 3)
    assert epoch_of(checkpoint.load(IDENTITY)) == 3
    assert checkpoint.before.read_bytes() == second
    names = ["a.notegen.checkpoint", "a.notegen.checkpoint.before"]
    assert sorted(contents(checkpoint.path.parent)) == names


@pytest.mark.parametrize("other", [{"recipe": {"units": 5, "seed": 1}}, {"material": [3, 901]}], ids=str)
def test_a_checkpoint_of_another_training_is_refused_and_kept(checkpoint, other):
    checkpoint.path.write_bytes(b"")
    for _ in range(2):
        before = contents(checkpoint.path.parent)
        with pytest.raises(UsageError, match="another corpus or other settings; begin anew with --restart"):
            checkpoint.load({**IDENTITY, **other})
        assert contents(checkpoint.path.parent) == before
        save(checkpoint, 3)


def test_the_order_of_settings_does_not_matter(checkpoint):
    assert checkpoint.load(dict(reversed(IDENTITY.items()))) is not None


def test_the_newest_decides_whose_the_checkpoint_is(checkpoint):
    checkpoint.save({}, {}, [], {})
    with pytest.raises(UsageError, match="another corpus"):
        checkpoint.load(IDENTITY)
    assert checkpoint.load({}).place == {}


def assert_falls_back(checkpoint, damaged, whole):
    """See that a damaged newest one is told and gives way to the whole one before it, for good."""
    checkpoint.path.write_bytes(damaged)
    checkpoint.before.write_bytes(whole)
    found = checkpoint.load(IDENTITY)
    assert epoch_of(found) == 1
    assert found.news == f"{checkpoint.path} is damaged; the training goes on from the checkpoint before it."
    found = checkpoint.load(IDENTITY)
    assert (epoch_of(found), found.news) == (1, "")


def test_a_truncated_checkpoint_gives_way_to_the_one_before_at_every_length(checkpoint):
    newest, before = checkpoint.path.read_bytes(), checkpoint.before.read_bytes()
    for size in range(len(newest)):
        assert_falls_back(checkpoint, newest[:size], before)


@pytest.mark.parametrize("bits", [0x01, 0x20, 0x80], ids=hex)
def test_a_single_changed_byte_is_found_wherever_it_is(checkpoint, bits):
    newest, before = checkpoint.path.read_bytes(), checkpoint.before.read_bytes()
    for place in range(len(newest)):
        changed = bytearray(newest)
        changed[place] ^= bits
        assert_falls_back(checkpoint, changed, before)


def test_a_changed_type_is_found(checkpoint):
    changed = checkpoint.path.read_bytes().replace(b'"F32"', b'"I32"')
    assert_falls_back(checkpoint, changed, checkpoint.before.read_bytes())


@pytest.mark.parametrize(
    "foreign",
    [
        b"MThd",
        bytes(1000),
        b"\x10" + bytes(7) + b"[" * 16,
        save_tensors({}),
        save_tensors({"a": np.eye(2)}, {"identity": "{}", "place": "{}"}),
    ],
    ids=["text", "zeros", "brackets", "no header", "no checksum"],
)
def test_a_foreign_file_gives_way_to_the_one_before(checkpoint, foreign):
    assert_falls_back(checkpoint, foreign, checkpoint.before.read_bytes())


def test_damage_to_the_one_before_is_of_no_account(checkpoint):
    checkpoint.before.write_bytes(b"")
    found = checkpoint.load(IDENTITY)
    assert (epoch_of(found), found.news) == (2, "")


@pytest.mark.parametrize("kept", [["path"], ["before"], ["path", "before"]], ids="+".join)
def test_where_nothing_is_whole_the_way_out_is_told(checkpoint, kept):
    for name in ("path", "before"):
        getattr(checkpoint, name).unlink()
    for name in kept:
        getattr(checkpoint, name).write_bytes(b"no checkpoint")
    assert checkpoint.exists()
    with pytest.raises(UsageError, match=r"a\.notegen\.checkpoint.* damaged; begin anew with --restart"):
        checkpoint.load(IDENTITY)


def test_a_bad_place_on_the_disk_is_damage_and_a_missing_right_is_none(checkpoint, monkeypatch):
    read_bytes = Path.read_bytes

    def fail(number):
        def read(path):
            if path == checkpoint.path:
                raise OSError(number, os.strerror(number))
            return read_bytes(path)

        monkeypatch.setattr(Path, "read_bytes", read)

    fail(errno.EACCES)
    with pytest.raises(DataError, match="cannot be read: Permission denied"):
        checkpoint.load(IDENTITY)
    fail(errno.EIO)
    found = checkpoint.load(IDENTITY)
    assert epoch_of(found) == 1
    assert "damaged" in found.news


@pytest.mark.parametrize("earlier", [0, 1, 2, 3])
def test_a_save_that_is_killed_at_any_moment_leaves_one_of_the_last_two(tmp_path, monkeypatch, earlier):
    for fatal in count():
        (tmp_path / str(fatal)).mkdir()
        made = Checkpoint(tmp_path / str(fatal) / "a.notegen.checkpoint")
        for epoch in range(1, earlier + 1):
            save(made, epoch)
        if not killed(monkeypatch, made.path.parent, fatal, lambda made=made: save(made, earlier + 1)):
            break
        found = made.load(IDENTITY)
        assert (epoch_of(found) if found else 0) in (earlier, earlier + 1)
        assert found is None or found.news == ""
        assert {path.name for path in made.path.parent.iterdir()} <= {made.path.name, made.before.name}
        save(made, 9)
        assert epoch_of(made.load(IDENTITY)) == 9
    assert fatal >= 4  # a name, a flush, rights and a rename at the least


def test_two_kills_in_a_row_lose_no_more_than_one(tmp_path, monkeypatch):
    for first in range(6):
        for second in range(6):
            (tmp_path / f"{first} {second}").mkdir()
            made = Checkpoint(tmp_path / f"{first} {second}" / "a.notegen.checkpoint")
            save(made, 1)
            save(made, 2)
            killed(monkeypatch, made.path.parent, first, lambda made=made: save(made, 3))
            last = epoch_of(made.load(IDENTITY))
            killed(monkeypatch, made.path.parent, second, lambda made=made, next=last + 1: save(made, next))
            assert epoch_of(made.load(IDENTITY)) in (last, last + 1)


def test_a_kill_while_damage_is_mended_or_after_it_loses_nothing_more(tmp_path, monkeypatch):
    def go_on(made):
        made.load(IDENTITY)
        save(made, 3)

    for fatal in count():
        (tmp_path / str(fatal)).mkdir()
        made = Checkpoint(tmp_path / str(fatal) / "a.notegen.checkpoint")
        save(made, 1)
        save(made, 2)
        made.path.write_bytes(made.path.read_bytes()[:100])
        (made.path.parent / f".{made.path.name}.x1").write_bytes(b"")
        dead = killed(monkeypatch, made.path.parent, fatal, lambda made=made: go_on(made))
        assert epoch_of(made.load(IDENTITY)) in ((1, 3) if dead else (3,))
        if not dead:
            break
    assert fatal >= 6  # as above, with a leftover deleted and the damaged one replaced


def test_a_removal_that_is_killed_leaves_the_newest_or_nothing(tmp_path, monkeypatch):
    for fatal in count():
        (tmp_path / str(fatal)).mkdir()
        made = Checkpoint(tmp_path / str(fatal) / "a.notegen.checkpoint")
        save(made, 1)
        save(made, 2)
        dead = killed(monkeypatch, made.path.parent, fatal, made.remove)
        found = made.load(IDENTITY)
        assert found is None or epoch_of(found) == 2
        if not dead:
            break
    assert fatal == 2


@pytest.mark.parametrize(("module", "name"), [(tempfile, "mkstemp"), (Path, "open"), (os, "fsync")])
def test_a_full_disk_is_told_and_the_kept_ones_stay(checkpoint, monkeypatch, module, name):
    kept = contents(checkpoint.path.parent)

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(module, name, fail)
        with pytest.raises(DataError, match=r"a\.notegen\.checkpoint: cannot be written: No space left"):
            save(checkpoint, 3)
    assert contents(checkpoint.path.parent) == kept


@pytest.mark.parametrize("which", [0, 1])
def test_a_rename_that_fails_is_told_and_the_last_one_stays(checkpoint, monkeypatch, which):
    replace, calls = os.replace, count()

    def fail(*names):
        if next(calls) == which:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        replace(*names)

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(DataError, match=r"a\.notegen\.checkpoint: cannot be written: No space left"):
            save(checkpoint, 3)
    assert epoch_of(checkpoint.load(IDENTITY)) == 2
    save(checkpoint, 4)
    assert epoch_of(checkpoint.load(IDENTITY)) == 4


def test_a_name_that_is_too_long_is_told(tmp_path):
    made = Checkpoint(tmp_path / ("a" * 250))
    for use in (made.exists, made.remove, lambda: made.load(IDENTITY)):
        with pytest.raises(DataError, match="File name too long"):
            use()


def test_a_folder_of_that_name_is_told(tmp_path):
    made = Checkpoint(tmp_path / "a.notegen.checkpoint")
    made.path.mkdir()
    for use in (made.remove, lambda: made.load(IDENTITY)):
        with pytest.raises(DataError, match=r"a\.notegen\.checkpoint"):
            use()


@pytest.mark.parametrize("use", ["load", "remove"])
def test_what_a_kill_left_behind_is_deleted_and_nothing_else(tmp_path, use):
    made = Checkpoint(tmp_path / "a[1].notegen.checkpoint")
    save(made, 1)
    save(made, 2)
    others = {".a1.notegen.checkpoint.x1", "a[1].notegen", ".a[1].notegen.x1", "b.notegen.checkpoint.before"}
    for name in others | {f".{made.path.name}.x1", f".{made.path.name}.x2"}:
        (tmp_path / name).write_bytes(b"")
    made.load(IDENTITY) if use == "load" else made.remove()
    kept = {made.path.name, made.before.name} if use == "load" else set()
    assert set(contents(tmp_path)) == others | kept


def test_removed_checkpoints_are_gone(checkpoint):
    checkpoint.remove()
    assert not checkpoint.exists()
    assert contents(checkpoint.path.parent) == {}
    checkpoint.remove()


@pytest.mark.parametrize("name", ["path", "before"])
def test_either_of_the_two_is_a_checkpoint(checkpoint, name):
    getattr(checkpoint, name).unlink()
    assert checkpoint.exists()
    found = checkpoint.load(IDENTITY)
    assert (epoch_of(found), found.news) == ({"path": 1, "before": 2}[name], "")
