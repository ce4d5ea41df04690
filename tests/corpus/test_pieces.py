import numpy as np
import pytest
from made_tunes import write_tunes

from notegen.corpus import Corpus, ids, lengths
from notegen.corpus.build import build


@pytest.fixture(scope="module", params=["read", "built"])
def corpus(request, tmp_path_factory):
    """The same corpus in memory and on disk."""
    folder = tmp_path_factory.mktemp(request.param)
    write_tunes(folder / "tunes", range(40))
    if request.param == "built":
        build([folder / "tunes"], folder / "built", jobs=1)
    return Corpus.open(folder / {"read": "tunes", "built": "built"}[request.param])


def test_lengths_are_those_of_the_pieces(corpus):
    for pieces in (corpus.pieces, *corpus.sides.values()):
        found = lengths(pieces)
        assert found.dtype == np.int64
        assert found.tolist() == [len(piece.ids) for piece in pieces] == [len(piece) for piece in pieces]
        assert ids(pieces).lengths.tolist() == lengths(ids(pieces)).tolist() == found.tolist()


def test_ids_come_without_the_pieces(corpus):
    rows = ids(corpus.train)
    expected = [piece.ids.tolist() for piece in corpus.train]
    assert len(rows) == len(expected)
    assert [row.tolist() for row in rows] == expected
    assert [rows[i].tolist() for i in np.arange(len(rows))] == expected
    assert rows[-1].tolist() == expected[-1]
    assert rows[0].dtype == np.int32
    assert [row.tolist() for row in rows[1::3]] == expected[1::3]
    with pytest.raises(IndexError):
        rows[len(rows)]


def test_arrays_of_ids_have_lengths_too():
    assert lengths([np.arange(3), np.arange(4)]).tolist() == [3, 4]
    assert lengths([]).tolist() == []


def test_notes_are_counted_by_side(corpus):
    notes = {side: corpus.notes_of(side) for side in corpus.sides}
    assert all(notes.values())
    assert sum(notes.values()) == corpus.notes == corpus.report()["notes"]


def test_notes_are_the_same_in_memory_and_on_disk(tmp_path):
    write_tunes(tmp_path / "tunes", range(40))
    build([tmp_path / "tunes"], tmp_path / "built", jobs=1)
    read, built = Corpus.open(tmp_path / "tunes"), Corpus.open(tmp_path / "built")
    assert [read.notes_of(side) for side in read.sides] == [built.notes_of(side) for side in read.sides]
