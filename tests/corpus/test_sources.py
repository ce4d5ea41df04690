import os
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from notegen.corpus import Corpus
from notegen.corpus.sources import Source, read_sources, sources
from notegen.errors import DataError, FormatError, MissingExtraError
from notegen.formats import midi
from notegen.score import Score

module = sys.modules["notegen.corpus.sources"]  # the package has a function of the same name

KERN = "!!!OTL: Kern\n**kern\n*M4/4\n" + "\n".join(f"4{letter}" for letter in "cdefgabc") + "\n*-\n"
ABC = "X:1\nT:One\nM:4/4\nL:1/4\nK:D\nDEFG ABcd|\n\nX:2\nT:Two\nM:4/4\nL:1/4\nK:D\ndcBA GFED|\n"


@pytest.fixture
def mixed(tmp_path, tune):
    """A folder with a file of each format, and some that are none."""
    folder = tmp_path / "mixed"
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "a.MID").write_bytes(midi.encode(tune()))
    (folder / "b.abc").write_text(ABC)
    tune(seed=1).write(folder / "c.musicxml")
    with zipfile.ZipFile(folder / "d.mxl", "w") as packed:
        packed.writestr("score.xml", (folder / "c.musicxml").read_bytes())
    (folder / "deep" / "er" / "e.Krn").write_text(KERN)
    tune(seed=2).write(folder / "f.mid")
    (folder / "readme.txt").write_text("not music, and not meant to be")
    (folder / "._a.mid").write_bytes(b"what macOS leaves behind")
    (folder / ".git").mkdir()
    (folder / ".git" / "x.mid").write_bytes(b"hidden")
    (folder / "__MACOSX").mkdir()
    (folder / "__MACOSX" / "y.mid").write_bytes(b"left out")
    (folder / "folder.mid").mkdir()
    return folder


FILES = ["a.MID", "b.abc", "c.musicxml", "d.mxl", "deep/er/e.Krn", "f.mid"]


def pack(folder, path, method=zipfile.ZIP_DEFLATED):
    """Pack all that is in a folder into an archive beside it."""
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.rglob("*"), reverse=True):
            archive.write(file, file.relative_to(folder))
    return path


def names(path):
    return [source.name.removeprefix(f"{path}/") for source in sources(path)]


def errors(path):
    """Return what cannot be read, with the reason."""
    return {
        name.removeprefix(f"{path}/"): str(content)
        for name, content in read_sources(sources(path))
        if isinstance(content, Exception)
    }


# What there is.


def test_music_is_found_at_any_depth_in_one_order(mixed):
    assert names(mixed) == FILES
    found = [source.path for source in sources(mixed)]
    assert found == sorted(found)


def test_an_archive_is_found_to_hold_what_its_folder_holds(mixed, tmp_path):
    archive = pack(mixed, tmp_path / "Tunes.ZIP")
    assert names(archive) == FILES
    archive.rename(mixed / "b.zip")
    assert names(mixed) == [*FILES[:2], *(f"b.zip/{name}" for name in FILES), *FILES[2:]]


def test_a_source_tells_its_size_and_a_stamp_that_changes_with_it(mixed, tmp_path):
    a, b = mixed / "a.MID", mixed / "b.abc"
    (source,) = sources(a)
    assert source == Source(a, "", a.stat().st_size, a.stat().st_mtime_ns)
    before = list(sources(pack(mixed, tmp_path / "tunes.zip")))
    assert before[0].size == source.size and before[0].suffix == ".mid"
    os.utime(a, (1e9, 1e9))
    b.write_text(ABC.replace("K:D", "K:G"))
    after = list(sources(pack(mixed, tmp_path / "tunes.zip")))
    assert next(sources(a)).stamp == 10**18
    assert [x.member for x, y in zip(before, after, strict=True) if x.stamp != y.stamp] == ["b.abc"]


def test_hidden_members_are_left_out_and_odd_names_are_not(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in (
            "__MACOSX/x/._a.mid",
            "x/.a.mid",
            ".x/a.mid",
            "x\\._b.mid",
            "./c.mid",
            "../d.mid",
            "é.mid",
        ):
            archive.writestr(name, b"MThd")
    assert names(tmp_path / "a.zip") == ["./c.mid", "../d.mid", "é.mid"]


def test_a_single_file_needs_no_ending(mixed):
    (mixed / "f.mid").rename(mixed / "f.data")
    ((name, content),) = read_sources(sources(mixed / "f.data"))
    assert name.endswith("f.data") and isinstance(content, np.ndarray)


@pytest.mark.parametrize("name", ["nowhere", "hollow", "hollow.zip", "a.mid/b.mid"])
def test_where_there_is_nothing_to_read_is_told_at_once(tmp_path, name):
    (tmp_path / "hollow").mkdir()
    (tmp_path / "hollow" / "readme.txt").write_text("no music")
    (tmp_path / "a.mid").write_text("a file, and no folder")
    pack(tmp_path / "hollow", tmp_path / "hollow.zip")
    with pytest.raises(DataError, match=name):
        sources(tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no pipes with a name")
def test_what_is_neither_file_nor_folder_is_not_waited_for(mixed):
    os.mkfifo(mixed / "pipe.mid")
    assert names(mixed) == FILES
    with pytest.raises(DataError, match="neither a file nor a folder"):
        sources(mixed / "pipe.mid")


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")
def test_links_are_followed_and_their_loops_are_not(mixed, tmp_path):
    (mixed / "deep" / "loop").symlink_to(mixed)
    (mixed / "deep" / "er" / "up").symlink_to("..")
    (mixed / "self.mid").symlink_to("self.mid")
    (mixed / "dangling.mid").symlink_to("nowhere.mid")
    (tmp_path / "link").symlink_to(mixed)
    assert names(tmp_path / "link") == sorted([*FILES, "self.mid", "dangling.mid"])
    assert {name: "cannot be read" in reason for name, reason in errors(mixed).items()} == {
        "self.mid": True,
        "dangling.mid": True,
    }


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_a_name_that_is_no_text_is_made_one(mixed):
    (mixed / os.fsdecode(b"caf\xe9.mid")).write_bytes((mixed / "f.mid").read_bytes())
    assert "caf\ufffd.mid" in names(mixed)
    assert not errors(mixed)


PEAK = """
import sys, tracemalloc
from pathlib import Path
from notegen.corpus.sources import sources
tracemalloc.start()
assert sum(1 for _ in sources(Path(sys.argv[1]))) == 3000
print(tracemalloc.get_traced_memory()[1])
"""


def test_a_hundred_levels_or_thousands_of_files_take_little_memory(tmp_path):
    """In a process of its own, where nothing else takes any."""
    deep = tmp_path
    for _ in range(100):
        deep = deep / "d"
    deep.mkdir(parents=True)
    for i in range(3000):
        (deep / f"{i:06}.mid").touch()
    done = subprocess.run([sys.executable, "-c", PEAK, tmp_path], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 200 * 3000  # bytes: not much more than the names


# Reading it.


def test_the_formats_of_a_folder_are_read_in_its_order(mixed):
    read = [(name.removeprefix(f"{mixed}/"), content) for name, content in read_sources(sources(mixed))]
    assert [name for name, _ in read] == [
        "a.MID", "b.abc#1", "b.abc#2", "c.musicxml", "d.mxl", "deep/er/e.Krn", "f.mid"
    ]  # fmt: skip
    assert [type(content) for _, content in read] == [
        np.ndarray, Score, Score, Score, Score, Score, np.ndarray
    ]  # fmt: skip
    assert read[5][1].title == "Kern"


def test_an_archive_makes_the_corpus_that_its_folder_makes(mixed, tmp_path):
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        archive = pack(mixed, tmp_path / "tunes.zip", method)
        one, other = Corpus.open(mixed), Corpus.open(archive)
        assert [piece.name for piece in other.pieces] == [
            piece.name.replace(str(mixed), str(archive)) for piece in one.pieces
        ]
        for piece, same in zip(one.pieces, other.pieces, strict=True):
            assert piece.title == same.title and piece.ids.tolist() == same.ids.tolist()
        assert (len(other.duplicates), other.refused) == (1, [])  # the packed MusicXML


def test_midi_files_are_encoded_in_batches_whatever_stands_between(tmp_path, tune, monkeypatch):
    calls = []
    encode = module.encode_files

    def encode_files(contents, *tracks):
        found = encode(contents, *tracks)
        calls.append(len(found))
        return found

    monkeypatch.setattr(module, "encode_files", encode_files)
    for i in range(300):
        (tmp_path / f"{i:03}.mid").write_bytes(midi.encode(tune(seed=i % 7)))
        if i % 10 == 0:
            (tmp_path / f"{i:03}.xml").write_text("<html/>")
    read = list(read_sources(sources(tmp_path)))
    assert len(read) == 330 and [name for name, _ in read] == sorted(name for name, _ in read)
    assert len(calls) == 2 and sum(calls) == 300


def test_batches_end_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr(module, "_BYTES_AT_ONCE", 100)
    found = [Source(Path("a"), size=size) for size in (40, 40, 40, 400, 10)]
    assert [[source.size for source in some] for some in module._batches(found)] == [
        [40, 40],
        [40],
        [400],
        [10],
    ]


def test_what_cannot_be_read_is_named_with_the_reason(mixed, tmp_path):
    (mixed / "empty.mid").touch()
    (mixed / "none.abc").write_text("no tune")
    (mixed / "page.xml").write_text("<html/>")
    (mixed / "torn.krn").write_text(KERN[:40])
    (mixed / "torn.mxl").write_bytes(b"PK\x03\x04")
    with zipfile.ZipFile(mixed / "inner.zip", "w") as inner:
        inner.writestr("x.mid", b"MThd")
    archive = pack(mixed, tmp_path / "tunes.zip")
    (mixed / "torn.zip").write_bytes(archive.read_bytes()[:-100])
    reasons = {
        "empty.mid": "this is not a MIDI file",
        "none.abc": "there is no tune in it",
        "page.xml": "no MusicXML score",
        "torn.krn": "the file breaks off",
        "torn.mxl": "compressed MusicXML file is damaged",
    }
    nested = {"inner.zip": "it is a zip archive inside another, which is not opened: unpack it"}
    for path, expected in (
        (mixed, {**reasons, "inner.zip/x.mid": "breaks off", "torn.zip": "the zip archive is damaged"}),
        (archive, {**reasons, **nested}),
    ):
        found = errors(path)
        assert set(found) == set(expected)
        assert {name: reason for name, reason in expected.items() if reason not in found[name]} == {}
        assert not any("\n" in reason or str(tmp_path) in reason for reason in found.values())


def test_an_archive_that_cannot_be_opened_is_one_refusal(tmp_path):
    (tmp_path / "text.zip").write_text("no archive")
    corpus = Corpus.open(tmp_path / "text.zip")
    assert [(refusal.name, refusal.reason) for refusal in corpus.refused] == [
        (str(tmp_path / "text.zip"), "the zip archive is damaged")
    ]


def test_what_is_far_too_large_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LARGEST", 1 << 20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.mid", bytes((1 << 20) + 1))
    (tmp_path / "large.mid").write_bytes(bytes((1 << 20) + 1))
    assert (tmp_path / "bomb.zip").stat().st_size < 5000
    assert errors(tmp_path) == dict.fromkeys(
        ("bomb.zip/bomb.mid", "large.mid"), "it has more than 1 MiB, as no piece of music has"
    )


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() == 0, reason="this user may read everything")
def test_what_may_not_be_read_is_refused(mixed):
    archive = pack(mixed, mixed / "tunes.zip")
    for path in (mixed / "a.MID", mixed / "deep" / "er", archive):
        path.chmod(0)
    try:
        assert errors(mixed) == dict.fromkeys(
            ("a.MID", "deep/er", "tunes.zip"), "cannot be read: Permission denied"
        )
    finally:
        (mixed / "deep" / "er").chmod(stat.S_IRWXU)


def test_files_and_archives_that_vanish_are_refused(mixed, tmp_path):
    found = [*sources(mixed / "a.MID"), *sources(pack(mixed, tmp_path / "tunes.zip"))]
    (mixed / "a.MID").unlink()
    (tmp_path / "tunes.zip").unlink()
    contents = [content for _, content in read_sources(found)]
    assert len(contents) == 7
    assert all("cannot be read: No such file" in str(content) for content in contents)


def test_of_several_pieces_in_a_humdrum_file_each_has_its_number(tmp_path):
    (tmp_path / "a.krn").write_text(KERN + KERN.replace("4c\n", "4z\n", 1))
    (one, two) = read_sources(sources(tmp_path))
    assert (one[0], two[0]) == (f"{tmp_path}/a.krn#1", f"{tmp_path}/a.krn#2")
    assert isinstance(one[1], Score) and isinstance(two[1], FormatError)


def test_without_music21_humdrum_files_are_refused(tmp_path, monkeypatch):
    (tmp_path / "a.krn").write_text(KERN.replace("4c", "4cTT"))
    (tmp_path / "b.abc").write_text(ABC)
    monkeypatch.setitem(sys.modules, "music21.humdrum", None)
    corpus = Corpus.open(tmp_path)
    assert [refusal.reason for refusal in corpus.refused] == [
        str(MissingExtraError("reading Humdrum", "train"))
    ]
    assert len(corpus.pieces) == 2
