"""Engravings are read back: SVG as XML, PDF and PNG by their heads."""

import re
import struct
import sys
import xml.etree.ElementTree as Xml

import pytest

from notegen.errors import DataError, EmptyError, MissingExtraError, RangeError, UsageError
from notegen.rendering.engrave import engrave, svg_pages
from notegen.score import DRUM_CHANNEL, NOTE, Score, Span, Track, table

pytest.importorskip("verovio")
pytest.importorskip("typst")

SVG = "{http://www.w3.org/2000/svg}"
Q = 480


def line(count, **rest):
    """Return a score of so many quarters."""
    return Score.of([(i * Q, Q, 62 + 2 * (i % 5)) for i in range(count)], **rest)


def picture(score, new=None):
    (page,) = svg_pages(score, new)
    return Xml.fromstring(page)


def marked(root, name):
    """Return the elements of a class."""
    return [element for element in root.iter() if name in element.get("class", "").split()]


def words(root):
    return ["".join(element.itertext()).strip() for element in root.iter(f"{SVG}text")]


@pytest.fixture
def save(tmp_path):
    """Return a function that engraves into a fresh folder: the bytes, and the number of pages."""

    def write(score, name, **rest):
        pages = engrave(score, tmp_path / name, force=True, **rest)
        return (tmp_path / name).read_bytes(), pages

    return write


# What is on the page.


def test_every_note_is_engraved():
    assert len(marked(picture(line(13)), "note")) == 13


def test_tied_notes_and_chords_and_voices_are_engraved():
    rows = [(0, 6 * Q, 60), (0, 6 * Q, 64), (0, Q, 76)]
    assert len(marked(picture(Score.of(rows)), "note")) == 5
    assert len(marked(picture(Score.of(rows)), "tie")) == 2


def test_drums_have_their_clef_and_their_notes():
    rows = [(i * Q, Q, pitch, 80, 0) for i, pitch in enumerate((36, 42, 38, 42))]
    score = Score(notes=table(rows, NOTE), tracks=(Track(channel=DRUM_CHANNEL),))
    assert len(marked(picture(score), "note")) == 4


@pytest.mark.parametrize("title", ["A Tune", "Tom & Jerry <1>", "小調"])
def test_the_title_stands_above(title):
    assert title in " ".join(words(picture(line(4, title=title))))


def test_the_tempo_is_in_letters_that_any_font_has():
    shown = " ".join(words(picture(line(4))))
    assert "\u2669" in shown and "120" in shown
    assert not re.search("[\ue000-\uf8ff]", shown)
    assert "Leipzig" not in svg_pages(line(4))[0].split("</style>")[-1]


def test_what_is_new_is_marked():
    new, between = (words(picture(line(16), span)) for span in (Span(8 * Q), Span(4 * Q, 8 * Q)))
    assert ("new" in new, "seed" in new) == (True, False)
    assert ("new" in between, "seed" in between) == (True, True)
    assert not {"new", "seed"} & set(words(picture(line(16))))


# Files.


def test_svg_is_one_picture_as_tall_as_it_needs(save):
    heights = []
    for count in (16, 160):
        data, pages = save(line(count), "x.svg")
        box = [float(word) for word in Xml.fromstring(data).get("viewBox").split()]
        heights.append(box[3])
        assert pages == 1 and box[2] == 2100
    assert heights[0] < 600 < heights[1]


@pytest.mark.parametrize(("bars", "pages"), [(8, 1), (400, 7)])
def test_pdf_has_pages_of_a4(save, bars, pages):
    data, count = save(line(4 * bars), "x.pdf")
    assert data.startswith(b"%PDF")
    assert count == pages
    boxes = re.findall(rb"/MediaBox *\[0 0 ([\d.]+) ([\d.]+)\]", data)
    assert [[float(side) for side in box] for box in boxes] == [
        pytest.approx([595.3, 841.9], abs=0.1)
    ] * pages


def test_png_is_as_wide_as_a4(save):
    data, _ = save(line(8), "x.png")
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", data[16:24])
    assert width == pytest.approx(210 / 25.4 * 150, abs=1)
    assert 50 < height < 600


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png"])
def test_the_same_score_is_the_same_bytes(save, suffix):
    score = line(12, title="Twice")
    assert save(score, f"a{suffix}", new=Span(4 * Q, 8 * Q)) == save(
        score, f"b{suffix}", new=Span(4 * Q, 8 * Q)
    )


def test_endings_may_be_capitals(save):
    assert save(line(4), "X.PDF")[0].startswith(b"%PDF")


# What goes wrong.


@pytest.mark.parametrize("name", ["x.jpg", "x", "x.musicxml"])
def test_another_ending_is_refused(tmp_path, name):
    with pytest.raises(UsageError, match=r"\.svg, \.pdf, \.png"):
        engrave(line(4), tmp_path / name)


def test_a_file_that_exists_is_kept_without_force(tmp_path):
    (tmp_path / "x.svg").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        engrave(line(4), tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text() == "mine"
    assert engrave(line(4), tmp_path / "x.svg", force=True) == 1


@pytest.mark.parametrize(("missing", "suffix"), [("verovio", ".svg"), ("verovio", ".pdf"), ("typst", ".png")])
def test_what_is_not_installed_is_named(tmp_path, monkeypatch, missing, suffix):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=r"notegen\[engrave\]"):
        engrave(line(4), tmp_path / f"x{suffix}")
    assert not list(tmp_path.iterdir())


def test_svg_needs_no_typst(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "typst", None)
    assert engrave(line(4), tmp_path / "x.svg") == 1


def test_a_score_without_notes_is_refused(tmp_path):
    with pytest.raises(EmptyError):
        engrave(Score(), tmp_path / "x.pdf")
    assert not list(tmp_path.iterdir())


def test_what_is_too_long_for_one_picture_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("notegen.rendering.engrave._TALLEST", 2000)
    with pytest.raises(RangeError, match=r"too long for one picture; end the name in \.pdf"):
        engrave(line(400), tmp_path / "x.svg")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot be written"):
        engrave(line(4), tmp_path / "file" / "x.svg")
