import importlib.util

import pytest
from notegen_corpora import COLLECTIONS, collection, example_seed

from notegen import formats
from notegen.errors import DataError, MissingExtraError, NotegenError
from notegen.keys import Key
from notegen.melody import melody
from notegen.score import Score

installed = pytest.mark.skipif(
    importlib.util.find_spec("music21") is None, reason="the collections lie in music21"
)
each = pytest.mark.parametrize("entry", COLLECTIONS.values(), ids=COLLECTIONS)


@each
def test_a_collection_says_whose_it_is_and_on_what_terms(entry):
    assert all((entry.title, entry.credit, entry.citation))
    assert "public domain" in entry.notice
    assert collection(entry.name) is entry


@installed
@each
def test_the_first_tune_of_a_collection_reads(entry):
    name, score = next(iter(entry.scores()))
    assert name.startswith(f"{entry.name}/{entry.files()[0].name}#")
    assert isinstance(score, Score)
    assert len(melody(score).notes) >= 32


@installed
def test_a_tune_that_cannot_be_read_is_paired_with_its_reason(tmp_path, monkeypatch):
    entry = COLLECTIONS["ryan"]
    (tmp_path / "book.abc").write_text("X:1\nT:Good\nL:1/4\nK:C\nCDEF|\n\nX:2\nT:Bad\nK:foo\nC|\n")
    monkeypatch.setattr(type(entry), "files", lambda _: [tmp_path / "book.abc"])
    (good, score), (bad, reason) = entry.scores()
    assert (good, bad) == ("ryan/book.abc#1 Good", "ryan/book.abc#2 Bad")
    assert isinstance(score, Score) and isinstance(reason, NotegenError)


def test_an_unknown_collection_is_told_with_those_there_are():
    with pytest.raises(DataError, match=r'no collection "irish"; there are ryan, oneill, aird'):
        collection("irish")


def test_without_music21_the_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(MissingExtraError, match=r'pip install "notegen\[train\]"'):
        COLLECTIONS["ryan"].files()


@installed
def test_a_music21_without_the_corpus_is_told(monkeypatch):
    entry = COLLECTIONS["ryan"]
    monkeypatch.setitem(entry.__dict__, "folder", "nowhere")
    with pytest.raises(DataError, match="lacks its corpus folder nowhere"):
        entry.files()


def test_the_example_seed_is_eight_bars_of_a_jig_in_d():
    score = formats.read(example_seed())
    assert (score.meter_at(0), melody(score).key_at(0)) == ((6, 8), Key.parse("D"))
    assert len(score.bars()) - 1 == 8
