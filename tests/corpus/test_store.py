import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing

import numpy as np
import pytest
from made_tunes import write_tunes

from notegen.corpus import Corpus, store
from notegen.corpus.build import build
from notegen.corpus.store import INDEX, building, is_built, reading
from notegen.errors import DataError, UsageError


@pytest.fixture
def built(tmp_path):
    build([write_tunes(tmp_path / "tunes", range(12))], tmp_path / "built", jobs=1, notice="Free.")
    return tmp_path / "built"


def test_a_shard_is_a_plain_array_of_all_pieces_end_to_end(built):
    shard = np.load(built / "shard-000000.npy")
    assert shard.dtype == np.int32
    assert shard.tolist() == np.concatenate([piece.ids for piece in Corpus.open(built).pieces]).tolist()


def test_a_built_corpus_can_be_moved(built, tmp_path):
    before = Corpus.open(built).report()
    shutil.rmtree(tmp_path / "tunes")
    moved = shutil.move(built, tmp_path / "a strange? place #2")
    assert Corpus.open(moved).report() == before
    assert before["notice"] == "Free."


def test_a_read_only_corpus_can_be_read(built):
    built.chmod(0o555)
    for path in built.iterdir():
        path.chmod(0o444)
    assert len(Corpus.open(built).pieces) == 12
    built.chmod(0o755)


def test_beside_a_built_corpus_nothing_else_is_opened(built, tmp_path):
    with pytest.raises(UsageError, match="stands by itself"):
        Corpus.open(tmp_path / "tunes", built)


def test_other_tokens_are_refused(built, monkeypatch):
    monkeypatch.setattr(store, "_VOCABULARIES", {"[]": "melody"})
    for open_ in (building, reading):
        with pytest.raises(DataError, match="whose tokens are others"), open_(built):
            pass


def test_damage_is_told(built, tmp_path):
    (built / "shard-000000.npy").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"shard-000000\.npy: is damaged"):
        Corpus.open(built)
    (built / "shard-000000.npy").unlink()
    with pytest.raises(DataError, match=r"shard-000000\.npy: cannot be read"):
        Corpus.open(built)
    (built / INDEX).write_bytes(b"nothing" * 200)
    with pytest.raises(DataError, match="its index cannot be used"):
        Corpus.open(built)
    with pytest.raises(DataError, match="its index cannot be used"):
        build([tmp_path / "tunes"], built, jobs=1)


def test_a_shard_that_was_cut_short_is_damaged(built):
    path = built / "shard-000000.npy"
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(DataError, match="is damaged"):
        Corpus.open(built)


def test_a_shard_of_anything_but_ids_is_damaged(built):
    np.save(built / "shard-000000.npy", np.load(built / "shard-000000.npy").astype(float))
    with pytest.raises(DataError, match="is damaged"):
        Corpus.open(built)


def test_a_full_disk_is_one_sentence_and_what_is_done_stays(built, tmp_path, monkeypatch):
    def full(*_, **__):
        raise DataError(f"{built}: cannot be written: No space left on device")

    write_tunes(tmp_path / "tunes", range(12, 14))
    monkeypatch.setattr(store, "write_atomically", full)
    with pytest.raises(DataError, match="No space left"):
        build([tmp_path / "tunes"], built, jobs=1)
    monkeypatch.undo()
    assert build([tmp_path / "tunes"], built, jobs=1).kept == 14


def test_an_index_without_room_is_one_sentence(built, tmp_path, monkeypatch):
    connect = store._connect

    def small(*arguments, **rest):
        connection = connect(*arguments, **rest)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    write_tunes(tmp_path / "tunes", range(12, 200))
    monkeypatch.setattr(store, "_connect", small)
    with pytest.raises(DataError, match="full"):
        build([tmp_path / "tunes"], built, jobs=1)


def test_what_is_a_built_corpus(built, tmp_path):
    assert is_built(built)
    assert not is_built(tmp_path / "tunes")
    assert not is_built(tmp_path / "gone")


def test_names_that_are_no_text_are_kept_as_far_as_they_can_be(tmp_path, tune):
    tunes = tmp_path / os.fsdecode(b"caf\xe9")
    try:
        tunes.mkdir()
    except OSError:
        pytest.skip("this file system takes no such name")
    tune().write(tunes / os.fsdecode(b"caf\xe9.mid"))
    for _ in range(2):
        assert build([tunes], tmp_path / "built", jobs=1).files == 1
    corpus = Corpus.open(tmp_path / "built")
    (piece,) = corpus.pieces
    assert corpus.name == "caf?"
    assert piece.name.endswith("caf\ufffd/caf\ufffd.mid")


WALK = """
import resource, sys
import numpy as np
from notegen.corpus import Corpus
limit = 384 << 20
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
corpus = Corpus.open(sys.argv[1])
print(sum(len(piece.ids) for piece in corpus.pieces), max(piece.ids.max() for piece in corpus.pieces))
try:
    np.load(sys.argv[1] + "/shard-000000.npy")
except MemoryError:
    print("too much at once")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts what RLIMIT_DATA limits")
def test_a_corpus_that_is_larger_than_memory_can_be_walked(built):
    size = 1 << 27  # ids, 512 MiB; the file has holes and takes no room
    shard = np.lib.format.open_memmap(built / "shard-000000.npy", "w+", np.int32, (size,))
    shard[-1] = 7
    del shard
    with closing(sqlite3.connect(built / INDEX)) as index, index:
        index.execute("UPDATE pieces SET start = (id - 1) * ?, stop = id * ?", (size // 12, size // 12))
        index.execute("UPDATE pieces SET stop = ? WHERE id = 12", (size,))
    done = subprocess.run([sys.executable, "-c", WALK, built], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.stdout.splitlines() == [f"{size} 7", "too much at once"]
