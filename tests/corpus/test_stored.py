"""Pieces of a built corpus: what is read when, and what is said when it is not there any more."""

import gc
import pickle
import shutil
import sqlite3
import sys
import tracemalloc
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest
from made_tunes import tune_bytes, write_tunes

from notegen.corpus import Corpus, ids, plan, stored
from notegen.corpus.build import build
from notegen.corpus.store import INDEX
from notegen.errors import DataError


@pytest.fixture
def tunes(tmp_path):
    """Tunes, two that are there twice, and two that are none."""
    folder = write_tunes(tmp_path / "tunes", range(30))
    more = {"again": tune_bytes(7), "once more": tune_bytes(8), "torn": b"MThd", "none": b""}
    for name, data in more.items():
        (folder / f"{name}.mid").write_bytes(data)
    return folder


@pytest.fixture
def built(tunes, tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "_FILES", 8)  # so that there are several shards
    monkeypatch.setattr(stored, "_AT_ONCE", 7)
    build([tunes], tmp_path / "built", jobs=1)
    return tmp_path / "built"


def listed(pieces):
    return [(piece.name, piece.title, piece.ids.tolist()) for piece in pieces]


def test_pieces_are_a_sequence(built, tunes):
    found, expected = Corpus.open(built).pieces, listed(Corpus.open(tunes).pieces)
    assert isinstance(found, Sequence)
    assert len(found) == len(expected) == 30
    assert listed(found) == listed(found[i] for i in range(30)) == expected
    assert listed([found[-1], found[-30]]) == [expected[-1], expected[0]]
    assert listed(found[3:25:4]) == expected[3:25:4]
    assert listed(found[::-1][:5]) == expected[::-1][:5]
    assert listed(reversed(found)) == expected[::-1]
    for beyond in (30, -31):
        with pytest.raises(IndexError):
            found[beyond]


def test_a_slice_has_the_lengths_of_its_own_pieces(built):
    pieces = Corpus.open(built).train
    assert pieces[2:9:3].lengths.tolist() == [len(piece) for piece in pieces][2:9:3]
    assert pieces[5:5].lengths.tolist() == []


def test_what_is_left_out_is_a_sequence_too(built, tunes):
    found, expected = Corpus.open(built), Corpus.open(tunes)
    assert list(found.refused) == expected.refused
    assert list(found.duplicates) == expected.duplicates
    assert len(found.refused) == len(found.duplicates) == 2
    assert found.duplicates[-1] == expected.duplicates[1]
    assert list(found.refused[1:]) == expected.refused[1:]


def test_pieces_can_be_pickled(built):
    corpus = Corpus.open(built)
    again = pickle.loads(pickle.dumps(corpus))
    assert listed(again.pieces) == listed(corpus.pieces)
    assert list(again.refused) == list(corpus.refused)
    rows = pickle.loads(pickle.dumps(ids(corpus.test)))
    assert [row.tolist() for row in rows] == [piece.ids.tolist() for piece in corpus.test]


def test_ids_cannot_be_written_to(built):
    with pytest.raises(ValueError, match="read-only"):
        Corpus.open(built).pieces[0].ids[0] = 1


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is mapped")
def test_no_page_of_a_shard_stays_mapped(built):
    pieces = Corpus.open(built).pieces
    kept = list(pieces)
    assert len(kept) == 30
    assert "shard-" not in Path("/proc/self/maps").read_text()


def test_a_piece_costs_some_twenty_bytes(built):
    with closing(sqlite3.connect(built / INDEX)) as index, index:
        more = 20_000
        columns = "source, name, title, shard, start, stop, notes, tokens, bars, meter, key, lowest, highest"
        index.execute(
            f"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {more}) "
            f"INSERT INTO pieces ({columns}, content, intervals, family) "
            f"SELECT {columns}, content, intervals, family FROM n, (SELECT * FROM pieces WHERE id = 1)"
        )
        index.execute("UPDATE pieces SET first = id WHERE first IS NULL")
    Corpus.open(built)
    gc.collect()
    tracemalloc.start()
    corpus = Corpus.open(built)
    gc.collect()
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(corpus.pieces) == more + 30
    assert held / more < 30


def test_it_does_not_matter_where_one_stands(built, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pieces = Corpus.open(built.name).pieces
    expected = listed(pieces)
    monkeypatch.chdir("/")
    assert listed(pieces) == expected


def test_shards_that_vanish_are_one_sentence(built):
    corpus = Corpus.open(built)
    shard = built / "shard-000000.npy"
    whole = shard.read_bytes()
    shard.write_bytes(whole[:-4])
    with pytest.raises(DataError, match=r"shard-000000\.npy: has changed since it was opened; put it back"):
        corpus.pieces[0]
    shard.unlink()
    with pytest.raises(DataError, match=r"shard-000000\.npy: cannot be read any more: No such file"):
        ids(corpus.pieces)[0]
    assert listed([corpus.pieces[-1]])
    shard.write_bytes(whole)
    assert listed([corpus.pieces[0]])
    shutil.rmtree(built)
    for left_out in (corpus.pieces, corpus.refused):
        with pytest.raises(DataError, match="its index cannot be used"):
            left_out[0]


def test_what_was_built_again_meanwhile_is_told(built, tunes):
    corpus = Corpus.open(built)
    last = corpus.pieces[-1].name
    Path(last).unlink()
    write_tunes(tunes, range(50, 51))
    Path(tunes / "00050.mid").rename(tunes / "zzz.mid")
    build([tunes], built, jobs=1)
    with pytest.raises(DataError, match="has been built again since it was opened; open it again"):
        corpus.pieces[-1]
    assert corpus.pieces[0].name
