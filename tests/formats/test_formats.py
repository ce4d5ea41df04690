"""Reading and writing by a file's name."""

import pytest

from notegen.errors import DataError, EmptyError, FormatError, UsageError
from notegen.formats import midi, read, write
from notegen.score import Score, Span

SCORE = Score.of([(0, 480, 60), (480, 480, 64)], title="Two notes")


@pytest.mark.parametrize("name", ["a.mid", "a.MIDI", "a.kar", "a.rmi"])
def test_midi_is_written_and_read(tmp_path, name):
    write(SCORE, tmp_path / name)
    assert read(tmp_path / name).notes.tolist() == SCORE.notes.tolist()


def test_a_score_writes_itself(tmp_path):
    SCORE.write(tmp_path / "a.mid")
    assert (tmp_path / "a.mid").read_bytes() == midi.encode(SCORE)


def test_of_an_abc_book_the_first_tune_is_read(tmp_path):
    path = tmp_path / "book.abc"
    path.write_text("X:1\nT:One\nL:1/4\nK:C\nCDEF|\n\nX:2\nT:Two\nK:C\nC|\n")
    assert (read(path).title, read(path).notes["pitch"].tolist()) == ("One", [60, 62, 64, 65])


@pytest.mark.parametrize("name", ["a.abc", "a.ABC", "a.musicxml", "a.xml", "a.MusicXML"])
def test_abc_and_musicxml_are_written_and_read(tmp_path, name):
    write(SCORE, tmp_path / name)
    back = read(tmp_path / name)
    assert back.title == "Two notes"
    assert back.quantize(480).notes[["onset", "duration", "pitch"]].tolist() == [(0, 480, 60), (480, 480, 64)]


def test_a_seam_is_marked_in_notation_and_not_in_midi(tmp_path):
    score = Score.of([(480 * i, 480, 60 + i) for i in range(8)])
    for name in ("a.mid", "a.abc", "a.musicxml"):
        write(score, tmp_path / name, new=Span(1920))
        write(score, tmp_path / f"plain {name}")
    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "plain a.mid").read_bytes()
    assert '|| "^new"' in " ".join((tmp_path / "a.abc").read_text().split())
    marked, plain = ((tmp_path / f"{which}a.musicxml").read_text() for which in ("", "plain "))
    assert (marked.count(">new</rehearsal>"), plain.count(">new</rehearsal>")) == (1, 0)


@pytest.mark.parametrize("name", ["a.wav", "a", "a.mxl", "a.krn", "a.mid.txt", ".mid"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match=r"end the name in \.mid, \.abc or \.musicxml"):
        write(SCORE, tmp_path / name)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["a.abc", "a.musicxml"])
def test_what_cannot_be_written_down_leaves_no_file(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(EmptyError, match="no note"):
        write(Score(), tmp_path / name, force=True)
    with pytest.raises(UsageError, match="exists already"):
        write(SCORE, tmp_path / name)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_is_not_overwritten_unless_forced(tmp_path):
    write(SCORE, tmp_path / "a.mid")
    with pytest.raises(UsageError, match="exists already"):
        write(Score(), tmp_path / "a.mid")
    write(Score(), tmp_path / "a.mid", force=True)
    assert len(read(tmp_path / "a.mid").notes) == 0


@pytest.mark.parametrize(
    ("name", "content", "error", "reason"),
    [
        ("a.mid", b"", EmptyError, "the file is empty"),
        ("a.abc", b"", EmptyError, "the file is empty"),
        ("a.mid", b"Dear reader,", FormatError, "not a MIDI file"),
        ("a.mid", midi.encode(SCORE)[:12], FormatError, "breaks off inside its header"),
        ("a.mid", midi.encode(SCORE)[:-10], FormatError, "breaks off inside an event"),
        ("a.abc", b"Dear reader,", EmptyError, "there is no tune in the file"),
        ("a.abc", b"X:1\nK:foo\nCDE|", FormatError, "abc2midi cannot make sense of this tune"),
        ("a.abc", b"\xff\xfe\x00", EmptyError, "there is no tune in the file"),
        ("a.musicxml", b"Dear reader,", FormatError, "the XML is damaged at line 1"),
        ("a.xml", b"<html/>", FormatError, "no MusicXML score: its root is <html>"),
        ("a.mxl", b"PK\x03\x04", FormatError, "compressed MusicXML file is damaged"),
        ("a.krn", b"Dear reader,", FormatError, "a Humdrum file begins with **kern"),
        ("a.krn", b"**kern\n4r\n*-\n", EmptyError, "the piece has no notes"),
    ],
)
def test_a_bad_file_is_told_with_its_path(tmp_path, name, content, error, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert reason in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_cannot_be_opened_is_told(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.mid: cannot be read: No such file"):
        read(tmp_path / "nowhere.mid")
    with pytest.raises(DataError, match="cannot be read: Is a directory"):
        read(tmp_path)
