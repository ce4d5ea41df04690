"""Building, in this process and in others, undisturbed and disturbed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from made_tunes import tune_bytes, write_tunes

from notegen.corpus import Corpus, plan, pool
from notegen.corpus.build import build
from notegen.corpus.sources import read_sources
from notegen.corpus.work import read_job
from notegen.errors import DataError, UsageError

BOOK = "".join(f"X:{i}\nT:Tune {i}\nM:4/4\nL:1/8\nK:D\nd2ef gabc'|d'2a{i} f2d2|\n\n" for i in range(1, 4))


@pytest.fixture(autouse=True)
def small_jobs(monkeypatch):
    monkeypatch.setattr(plan, "_FILES", 8)


@pytest.fixture
def tunes(tmp_path):
    """A folder of tunes, a tunebook, an archive, and what is none; some are there twice."""
    folder = write_tunes(tmp_path / "tunes", range(40))
    (folder / "book.abc").write_text(BOOK + "X:9\nT:Short\nK:C\nCD|\n")
    (folder / "again.mid").write_bytes(tune_bytes(7))
    (folder / "torn.mid").write_bytes(tune_bytes(1)[:60])
    with zipfile.ZipFile(folder / "more.zip", "w") as archive:
        for seed in (3, 50, 51):
            archive.writestr(f"inside/{seed}.mid", tune_bytes(seed))
    return folder


def shards(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.glob("shard-*"))}


def assert_same(built, read):
    """Check that a built corpus is what is read from the files, in every respect."""
    assert [(p.name, p.title, p.ids.tolist()) for p in built.pieces] == [
        (p.name, p.title, p.ids.tolist()) for p in read.pieces
    ]
    assert {side: [p.name for p in pieces] for side, pieces in built.sides.items()} == {
        side: [p.name for p in pieces] for side, pieces in read.sides.items()
    }
    assert built.report() == read.report()
    assert list(built.report()["meters"]) == list(read.report()["meters"])


def test_a_built_corpus_is_what_is_read_from_the_files(tunes, tmp_path):
    summary = build([tunes], tmp_path / "built", jobs=1)
    corpus = Corpus.open(tmp_path / "built")
    assert_same(corpus, Corpus.open(tunes))
    assert summary == (46, len(corpus.pieces), len(corpus.duplicates), len(corpus.refused))
    assert (summary.duplicates, summary.refused) == (2, 2)
    assert all(corpus.sides.values())


def test_processes_make_the_same_bytes_as_one(tunes, tmp_path):
    build([tunes], tmp_path / "one", jobs=1)
    build([tunes], tmp_path / "two", jobs=2)
    assert len(shards(tmp_path / "one")) > 4
    assert shards(tmp_path / "one") == shards(tmp_path / "two")
    assert_same(Corpus.open(tmp_path / "two"), Corpus.open(tunes))


def test_a_second_build_reads_nothing_again(tunes, tmp_path, monkeypatch):
    build([tunes], tmp_path / "built", jobs=1)
    monkeypatch.setattr(pool, "read_job", None)
    told = []
    build([tunes], tmp_path / "built", jobs=1, report=told.append)
    assert [(progress.done, progress.known, progress.files) for progress in told] == [(46, 46, 46)]


def test_only_what_is_new_or_changed_is_read(tunes, tmp_path, monkeypatch):
    build([tunes], tmp_path / "built", jobs=1)
    (tunes / "00003.mid").write_bytes(tune_bytes(100) + b"and more")
    (tunes / "00008.mid").unlink()
    (tunes / "book.abc").unlink()
    write_tunes(tunes / "00new", [101])
    read = []
    monkeypatch.setattr(pool, "read_job", lambda base, job: read.extend(job.sources) or read_job(base, job))
    build([tunes], tmp_path / "built", jobs=1)
    assert sorted(source.path.name for _, source in read) == ["00003.mid", "00101.mid"]
    assert_same(Corpus.open(tmp_path / "built"), Corpus.open(tunes))


def test_the_shards_of_what_is_gone_go_too(tmp_path):
    folder = write_tunes(tmp_path / "tunes", range(20))
    build([folder], tmp_path / "built", jobs=1)
    for seed in range(8):
        (folder / f"{seed:05}.mid").unlink()
    build([folder], tmp_path / "built", jobs=1)
    assert list(shards(tmp_path / "built")) == ["shard-000001.npy", "shard-000002.npy"]
    assert_same(Corpus.open(tmp_path / "built"), Corpus.open(folder))


def test_a_build_that_failed_half_way_goes_on_to_the_same_bytes(tunes, tmp_path):
    build([tunes], tmp_path / "whole", jobs=1)

    def stop(progress):
        if progress.done > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build([tunes], tmp_path / "cut", jobs=1, report=stop)
    with pytest.raises(DataError, match="not finished"):
        Corpus.open(tmp_path / "cut")
    (tmp_path / "cut" / ".shard-000001.npy.x").write_bytes(b"half a shard")
    (tmp_path / "cut" / "shard-000005.npy").write_bytes(b"that no row names")
    told = []
    build([tunes], tmp_path / "cut", jobs=1, report=told.append)
    assert told[0].known > 20
    assert shards(tmp_path / "cut") == shards(tmp_path / "whole")
    assert not list((tmp_path / "cut").glob(".shard*"))
    assert_same(Corpus.open(tmp_path / "cut"), Corpus.open(tunes))


def test_what_nobody_foresaw_is_a_refusal_of_one_file(tunes, tmp_path, monkeypatch):
    def read(found, tracks):
        for source in found:
            if source.path.name == "00011.mid":
                raise MemoryError("far\ntoo long")
            yield from read_sources([source], tracks)

    expected = [piece.name for piece in Corpus.open(tunes).pieces if not piece.name.endswith("00011.mid")]
    monkeypatch.setattr("notegen.corpus.work.read_sources", read)
    build([tunes], tmp_path / "built", jobs=1)
    corpus = Corpus.open(tmp_path / "built")
    assert [piece.name for piece in corpus.pieces] == expected
    (refusal,) = (r for r in corpus.refused if r.name.endswith("00011.mid"))
    assert refusal.reason == "reading it fails (MemoryError: far too long)"


# imported by Python at its start: opening one file takes the process down, as a faulty library would
DEADLY = """
import os, sys
def kill(event, arguments):
    if event == "open" and str(arguments[0]).endswith("00013.mid"):
        os.kill(os.getpid(), 9)
sys.addaudithook(kill)
"""
BUILD = "import sys; from notegen.corpus.build import build; build(sys.argv[1:2], sys.argv[2], jobs=2)"


def test_a_file_that_takes_the_process_down_is_refused_alone(tunes, tmp_path):
    write_tunes(tunes, range(100, 400))  # enough for two jobs
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(DEADLY)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    command = [sys.executable, "-c", BUILD, tunes, tmp_path / "built"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    corpus, whole = Corpus.open(tmp_path / "built"), Corpus.open(tunes)
    assert {piece.name for piece in whole.pieces} - {piece.name for piece in corpus.pieces} == {
        str(tunes / "00013.mid")
    }
    assert len(corpus.refused) == len(whole.refused) + 1
    (refusal,) = (r for r in corpus.refused if r.name.endswith("00013.mid"))
    assert "takes the whole process down" in refusal.reason


def test_what_stands_in_the_way_is_said(tunes, tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "letter.txt").write_text("keep me")
    for folder, kind, text in (
        (tmp_path / "taken", UsageError, "choose another folder"),
        (tunes / "00001.mid", DataError, "cannot be written"),
        (Path("/proc/nowhere"), DataError, "cannot be written"),
    ):
        with pytest.raises(kind, match=text):
            build([tunes], folder, jobs=1)
    with pytest.raises(DataError, match="no such file"):
        build([tmp_path / "gone"], tmp_path / "built", jobs=1)
    assert (tmp_path / "taken" / "letter.txt").read_text() == "keep me"


def test_two_cannot_build_in_one_folder(tunes, tmp_path):
    def again(_):
        build([tunes], tmp_path / "built", jobs=1)

    with pytest.raises(UsageError, match="another process is building"):
        build([tunes], tmp_path / "built", jobs=1, report=again)
    build([tunes], tmp_path / "built", jobs=1)
    assert_same(Corpus.open(tmp_path / "built"), Corpus.open(tunes))


def test_names_and_numbers_may_hold_number_signs(tmp_path):
    folder = tmp_path / "tunes" / "a#b"
    write_tunes(folder, range(1))
    head = "T:A\nM:4/4\nL:1/8\nK:D\n"
    (folder / "t#1.abc").write_text(f"X:1#2\n{head}DEFG ABcd|\n\nX:#\n{head}dcAc BGFE|\n")
    build([tmp_path / "tunes"], tmp_path / "built", jobs=1)
    names = [piece.name for piece in Corpus.open(tmp_path / "built").pieces]
    assert names == [piece.name for piece in Corpus.open(tmp_path / "tunes").pieces]
    assert [name.rpartition("/")[2] for name in names][1:] == ["t#1.abc#1#2", "t#1.abc##"]


@pytest.mark.usefixtures("tunes")
def test_relative_paths_are_read_from_here_and_named_as_they_were(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build(["tunes"], "built", jobs=2)
    assert_same(Corpus.open("built"), Corpus.open("tunes"))
    assert Corpus.open("built").pieces[0].name == "tunes/00000.mid"
    assert Corpus.open("built").name == "tunes"
