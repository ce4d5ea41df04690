import importlib.util
import itertools
import re
import runpy
from pathlib import Path

import numpy as np
import pytest
from notegen_corpora import COLLECTIONS, collection, example_seed

from notegen import formats
from notegen.errors import DataError, MissingExtraError, NotegenError
from notegen.keys import Key
from notegen.melody import melody
from notegen.model import bundle
from notegen.score import Score

VOICES = ["Soprano", "Alto", "Tenor", "Bass"]
ROOT = Path(__file__).resolve().parents[2]
FOR_EXPERIMENTS = [entry for entry in COLLECTIONS.values() if entry.experiments_only]

installed = pytest.mark.skipif(
    importlib.util.find_spec("music21") is None, reason="the collections lie in music21"
)
each = pytest.mark.parametrize("entry", COLLECTIONS.values(), ids=COLLECTIONS)


@each
def test_a_collection_says_whose_it_is_and_on_what_terms(entry):
    assert all((entry.title, entry.credit, entry.citation))
    assert entry.notice.startswith("For experiments only.") == entry.experiments_only
    assert ("commercial" if entry.experiments_only else "public domain") in entry.notice
    assert collection(entry.name) is entry


@installed
@each
def test_the_first_tune_of_a_collection_reads(entry):
    name, score = next(iter(entry.scores()))
    assert name.partition("#")[0] == f"{entry.name}/{entry.files()[0].name}"
    assert isinstance(score, Score)
    assert len(melody(score).notes) >= 24


@installed
def test_all_chorales_have_the_four_voices():
    """None of the folder's other works is among them, and nothing is there in another format too."""
    names = [path.stem for path in COLLECTIONS["chorales"].files()]
    assert len(names) == len(set(names)) == 409
    assert "bwv846" not in names
    scores = list(itertools.islice(COLLECTIONS["chorales"].scores(), 0, None, 16))
    assert len(scores) == 26
    for name, score in scores:
        assert isinstance(score, Score), name
        voices = [track.name.split()[0] for track in score.tracks]
        assert [v for v in voices if v in VOICES] == VOICES, name


@installed
@pytest.mark.parametrize(("name", "books", "tunes"), [("essen", 31, 8514), ("kinder", 1, 213)])
def test_the_essen_collection_is_all_there(name, books, tunes):
    files = COLLECTIONS[name].files()
    count = sum(len(re.findall("^X:", path.read_text(encoding="utf-8"), re.MULTILINE)) for path in files)
    assert (len(files), count) == (books, tunes)


@installed
def test_the_melodies_of_the_literature_are_read_in_full():
    """The set of Pearce (2005), whose 213 melodies have 8,393 notes of 27 pitches."""
    scores = [score for _, score in COLLECTIONS["kinder"].scores()]
    assert all(isinstance(score, Score) for score in scores)
    assert len({pitch for score in scores for pitch in score.notes["pitch"].tolist()}) == 27
    assert (len(scores), sum(len(score.notes) for score in scores)) == (213, 8393)


@installed
@pytest.mark.parametrize("entry", FOR_EXPERIMENTS, ids=lambda entry: entry.name)
def test_what_a_notice_quotes_stands_in_the_licence(entry):
    folder = entry.files()[0].parent
    path = next(each / "license.txt" for each in (folder, folder.parent) if (each / "license.txt").exists())
    licence = " ".join(path.read_text(encoding="utf-8").split())
    quotes = re.findall('"(.+?)"', entry.notice)
    assert quotes
    assert all(quote in licence for quote in quotes)


def test_shipped_models_learn_from_nothing_that_is_for_experiments_only():
    assert [entry.name for entry in FOR_EXPERIMENTS] == ["essen", "kinder"]
    commands = re.findall(r"notegen train (.+?) --output", (ROOT / "Makefile").read_text())
    assert commands == ["ryan oneill aird", "chorales --tracks all", "pop909 --tracks all --test-every 9"]
    for path in (ROOT / "notegen" / "models").glob("*.notegen"):
        assert "Essen" not in bundle.load(path).provenance["corpus"]
    for path in (ROOT / "docs" / "models").glob("*.md"):
        assert not any(entry.title in path.read_text() for entry in FOR_EXPERIMENTS)


def test_benchmarks_hear_nothing_that_is_for_experiments_only():
    found = runpy.run_path(str(ROOT / "benchmarks" / "_inputs.py"))["COLLECTIONS"]
    assert [entry.name for entry in found] == ["ryan", "oneill", "aird"]


@installed
def test_a_tune_that_cannot_be_read_is_paired_with_its_reason(tmp_path, monkeypatch):
    entry = COLLECTIONS["ryan"]
    (tmp_path / "book.abc").write_text("X:1\nT:Good\nL:1/4\nK:C\nCDEF|\n\nX:2\nT:Bad\nK:foo\nC|\n")
    monkeypatch.setattr(type(entry), "files", lambda _: [tmp_path / "book.abc"])
    (good, score), (bad, reason) = entry.scores()
    assert (good, bad) == ("ryan/book.abc#1 Good", "ryan/book.abc#2 Bad")
    assert isinstance(score, Score) and isinstance(reason, NotegenError)


@installed
def test_a_file_that_cannot_be_read_is_paired_with_its_reason(tmp_path, monkeypatch):
    entry = COLLECTIONS["chorales"]
    (tmp_path / "bwv0.xml").write_text("<html/>")
    monkeypatch.setattr(type(entry), "files", lambda _: [tmp_path / "bwv0.xml"])
    ((name, reason),) = entry.scores()
    assert name == "chorales/bwv0.xml"
    assert isinstance(reason, NotegenError)


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


def test_the_example_of_a_song_is_played_by_three_tracks_beside_the_beat():
    score = formats.read(example_seed("late-tram"))
    assert [track.name for track in score.tracks] == ["Melody", "Keys", "Bass"]
    assert (score.meter_at(0), len(score.bars()) - 1) == ((4, 4), 8)
    assert len(set(score.notes["velocity"].tolist())) > 20
    assert np.mean(score.notes["onset"] % 20 > 0) > 0.5  # beside the grid of 24 a quarter
