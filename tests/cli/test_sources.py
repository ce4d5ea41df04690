"""What is read where a corpus is asked for, and what is shown meanwhile."""

import io
import sys
import zipfile

import notegen_corpora
import pytest
from notegen_cli import sources
from notegen_cli.sources import open_corpus

from notegen.corpus.build import build
from notegen.errors import DataError, UsageError

BOOK = "".join(
    f"X:{i}\nT:Tune {i}\nM:4/4\nL:1/8\nK:D\n{'cdefgab'[i % 7]}2ef gabc'|d'2a2 f2d2|\n\n" for i in range(5)
)
KERN = "**kern\n*M2/4\n4c\n4e\n4d\n4f\n4e\n4g\n4f\n4c\n*-\n"


@pytest.fixture
def folder(tmp_path, tune):
    """A folder of four files, one of them an archive of two more."""
    path = tmp_path / "tunes"
    path.mkdir()
    for i in range(3):
        tune(seed=i).write(path / f"{i}.{('mid', 'musicxml', 'abc')[i]}")
    with zipfile.ZipFile(path / "packed.zip", "w") as archive:
        archive.writestr("book.abc", BOOK)
        archive.writestr("song.krn", KERN)
        archive.writestr("torn.mid", b"MThd")
    return path


def test_a_folder_of_all_formats_is_checked(run, folder):
    code, out, err = run("corpus", "check", folder)
    assert (code, err) == (0, "")
    assert out.startswith("tunes: 10 pieces, 9 kept, 0 duplicates, 1 refused\n")
    assert f"  refused: {folder}/packed.zip/torn.mid: the file breaks off" in out


def test_a_damaged_archive_is_named(run, folder):
    (folder / "packed.zip").write_bytes(b"PK\x03\x04 and no more")
    code, out, _ = run("corpus", "check", folder / "packed.zip")
    assert (code, "packed.zip: the zip archive is damaged" in out) == (0, True)


def test_names_and_paths_are_read_into_one_corpus(folder):
    corpus = open_corpus(("kinder", str(folder)))
    assert corpus.name == f"{notegen_corpora.COLLECTIONS['kinder'].title}, tunes"
    assert {piece.name.split("/")[0] for piece in corpus.pieces} == {"kinder", ""}
    assert corpus.notice == notegen_corpora.COLLECTIONS["kinder"].notice
    assert corpus.sources == ("kinder", str(folder))
    assert {(piece.source, piece.name.split("/")[0]) for piece in corpus.pieces} == {(0, "kinder"), (1, "")}


def test_a_path_wins_over_a_name(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    folder.rename(folder.parent / "ryan")
    assert open_corpus(("ryan",)).name == "ryan"


def test_a_misspelt_path_is_told_before_anything_is_read(folder, monkeypatch):
    monkeypatch.setattr(sources, "read_sources", lambda _: pytest.fail("something was read"))
    with pytest.raises(DataError, match="tuens: there is no such file or folder"):
        open_corpus((str(folder), "tuens"))


def test_a_corpus_to_be_fetched_says_how(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTEGEN_CACHE", str(tmp_path))
    with pytest.raises(DataError, match="notegen corpus fetch nottingham"):
        open_corpus(("nottingham",))


def test_a_built_corpus_is_opened_and_stands_by_itself(folder, tmp_path):
    build([folder], tmp_path / "built", jobs=1)
    built, read = open_corpus((str(tmp_path / "built"),)), open_corpus((str(folder),))
    assert [piece.ids.tolist() for piece in built.pieces] == [piece.ids.tolist() for piece in read.pieces]
    assert (built.sources, {piece.source for piece in built.pieces}) == ((str(tmp_path / "built"),), {0})
    with pytest.raises(UsageError, match="stands by itself"):
        open_corpus((str(tmp_path / "built"), str(folder)))


class Bar:
    """Stands in for a progress bar."""

    made = None

    def __init__(self, total, disable, **_):
        Bar.made = self
        self.total, self.disable, self.counts = total, disable, []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def update(self, count=1):
        self.counts.append(count)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_every_file_is_counted_when_its_last_piece_has_come(folder, monkeypatch):
    monkeypatch.setattr(sources, "tqdm", Bar)
    monkeypatch.setattr(sys, "stderr", Terminal())
    with sources._reading([sources._found(str(folder)), sources._found("kinder")], "melody") as found:
        counts = {name.split("/")[-1]: sum(Bar.made.counts) for each in found for name, _ in each}
    assert (Bar.made.total, Bar.made.disable, sum(Bar.made.counts)) == (7, False, 7)
    assert {name: counts[name] for name in ("0.mid", "2.abc#1", "book.abc#0", "book.abc#4", "song.krn")} == {
        "0.mid": 0, "2.abc#1": 2, "book.abc#0": 3, "book.abc#4": 3, "song.krn": 4
    }  # fmt: skip


def test_elsewhere_nothing_is_counted_or_shown(folder, monkeypatch, capsys):
    monkeypatch.setattr(sources, "_count", lambda _: pytest.fail("files were counted"))
    open_corpus((str(folder),))
    assert capsys.readouterr().err == ""
