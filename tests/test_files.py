import os
from pathlib import Path

import pytest

from notegen.errors import DataError, UsageError
from notegen.files import check_folder, sweep, write_atomically


def test_a_file_is_written_whole_and_alone(tmp_path):
    write_atomically(tmp_path / "a.mid", b"take")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.mid": b"take"}


def test_missing_folders_are_made(tmp_path):
    write_atomically(tmp_path / "x" / "y" / "a.mid", b"take")
    assert (tmp_path / "x" / "y" / "a.mid").read_bytes() == b"take"


def test_an_existing_file_is_kept_unless_forced(tmp_path):
    path = tmp_path / "a.mid"
    path.write_bytes(b"old")
    with pytest.raises(UsageError, match=r"a\.mid exists already"):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    write_atomically(path, b"new", force=True)
    assert path.read_bytes() == b"new"


def test_permissions_follow_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a.mid", b"take")
    finally:
        os.umask(before)
    assert (tmp_path / "a.mid").stat().st_mode & 0o777 == 0o640


def test_a_folder_of_that_name_is_told_and_nothing_is_left_behind(tmp_path):
    (tmp_path / "a.mid").mkdir()
    with pytest.raises(DataError, match=r"a\.mid: cannot be written"):
        write_atomically(tmp_path / "a.mid", b"take", force=True)
    assert [path.name for path in tmp_path.iterdir()] == ["a.mid"]


def test_a_file_where_a_folder_should_be_is_told(tmp_path):
    (tmp_path / "x").write_bytes(b"")
    with pytest.raises(DataError, match="cannot be written"):
        write_atomically(tmp_path / "x" / "a.mid", b"take")


@pytest.mark.parametrize("length", [252, 400])  # too long with, and without, what the temporary name adds
def test_a_name_that_is_too_long_is_told(tmp_path, length):
    with pytest.raises(DataError, match="cannot be written"):
        write_atomically(tmp_path / ("a" * length), b"take")


def test_an_interruption_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "a.mid"
    path.write_bytes(b"old")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, b"new", force=True)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.mid": b"old"}


def test_a_folder_that_cannot_hold_files_is_told_before_long_work(tmp_path):
    check_folder(tmp_path / "new" / "folder")
    assert (tmp_path / "new" / "folder").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"file: cannot be written to"):
        check_folder(tmp_path / "file")


def test_what_a_killed_process_left_of_a_file_is_swept_away_and_nothing_else(tmp_path):
    for name in (".a[1].mid.x7", ".a[1].mid.checkpoint.y", "a[1].mid", ".b.mid.x", ".a1.mid.x"):
        (tmp_path / name).touch()
    sweep(tmp_path / "a[1].mid")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".a1.mid.x", ".b.mid.x", "a[1].mid"]
