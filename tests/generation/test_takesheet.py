"""The take sheet, parsed as a browser would."""

import base64
import io
import re
import sys
import xml.etree.ElementTree as ET
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
import soundfile

from notegen.generation import takesheet
from notegen.generation.compose import compose
from notegen.rendering import sound
from notegen.score import TEMPO, Span, table

pytest.importorskip("verovio")

NAMES = [Path("folder/jig-1.mid"), Path("folder/jig-2.mid")]
NASTY = 'a<b>&"c"'


class Page(HTMLParser):
    """A parsed page: its elements as (tag, attributes), and the text of each."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self._open.append(len(self.elements))
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_data(self, data):
        if self._open:
            self.texts[self._open[-1]] += data

    def handle_endtag(self, tag):
        while self._open and self.elements[self._open.pop()][0] != tag:
            pass

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag):
        return [text for (name, _), text in zip(self.elements, self.texts, strict=True) if name == tag]

    def images(self, what):
        """Return the images whose description begins so, decoded."""
        found = [each["src"] for each in self.all("img") if each["alt"].startswith(what)]
        return [decoded(source, "image/svg+xml").decode() for source in found]


def decoded(source, kind):
    head, data = source.split(",")
    assert head == f"data:{kind};base64"
    return base64.b64decode(data, validate=True)


@pytest.fixture(scope="module")
def takes(eighths, tune):
    """Return two takes of a bar behind two, the first of which has 60 beats a minute, the others 120."""
    seed = tune(bars=2, tempos=table([(0, 1_000_000), (1920, 500_000)], TEMPO))
    return compose(eighths, seed, bars=1, variations=2, seed=1)


@pytest.fixture
def silent(monkeypatch):
    """Spare the time that sound takes."""
    monkeypatch.setattr(sound, "encoded", lambda score, suffix: suffix.encode())  # noqa: ARG005 (as called)


@pytest.fixture(scope="module")
def text(takes, eighths):
    return takesheet.html(takes, NAMES, eighths)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_each_take_has_a_player_a_roll_and_a_score(page):
    assert len(page.all("section")) == len(page.all("audio")) == 2
    assert [each["alt"] for each in page.all("img")] == [
        f"{what} of {path.name}" for path in NAMES for what in ("piano roll", "score")
    ]
    assert page.text("h2") == ["jig-1.mid", "jig-2.mid"]


def heard(page):
    """Return the seconds of sound that each player holds."""
    lengths = []
    for audio in page.all("audio"):
        with soundfile.SoundFile(io.BytesIO(decoded(audio["src"], "audio/mpeg"))) as file:
            assert file.format == "MP3"
            lengths.append(file.frames / file.samplerate)
    return lengths


def test_the_players_hold_the_whole_take(page, takes):
    """A bar of 4 s, and two of 2 s; the last note dies away earlier or later than at the bar line."""
    for length, take in zip(heard(page), takes, strict=True):
        last = int(take.score.notes["onset"][-1])
        assert 4 + (last - 1920) / 960 < length < 8 + 10
        assert last >= take.new.start


def test_the_button_plays_from_the_seam(page):
    """The seed lasts for a bar of 4 s and one of 2 s."""
    clicks = [each["onclick"] for each in page.all("button")]
    assert [re.search(r"currentTime = ([\d.]+);", click)[1] for click in clicks] == ["6.00", "6.00"]
    assert page.text("button") == ["play the new bars"] * 2
    tags = [tag for tag, _ in page.elements]
    assert all(tags[i - 1] == "audio" for i, tag in enumerate(tags) if tag == "button")


def test_the_pictures_are_whole_and_show_the_seam(page):
    for kind in ("piano roll", "score"):
        for picture in page.images(kind):
            words = ["".join(each.itertext()).strip() for each in ET.fromstring(picture).iter()]
            assert "new" in words


@pytest.mark.usefixtures("silent")
def test_new_bars_in_the_middle_are_shown_and_played(takes, eighths):
    between = replace(takes[0], new=Span(1920, 3840))
    page = Page(takesheet.html([between], NAMES[:1], eighths))
    assert re.search(r"currentTime = ([\d.]+);", page.all("button")[0]["onclick"])[1] == "4.00"
    (roll,), (score,) = (map(ET.fromstring, page.images(kind)) for kind in ("piano roll", "score"))
    assert len([each for each in roll.iter() if each.get("class") == "seam"]) == 2
    assert "seed" in ["".join(each.itertext()).strip() for each in score.iter()]


def test_the_page_needs_no_other_file(text, page):
    bare = re.sub(r"data:[\w/+]+;base64,[\w/+=]+", "", text)
    assert not re.search(r"//|url\(|@import|<script|<link", bare)
    for picture in [*page.images("piano roll"), *page.images("score")]:
        assert "//" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", picture)
        links = re.findall(r'href="([^"]*)"', picture)
        assert all(link.startswith("#") for link in links)


def test_the_figures_are_those_of_the_takes(page, takes):
    for take, text in zip(takes, page.text("p")[1:], strict=False):
        assert text == f"{take.bits_per_note:.2f} bits per note, {take.notes} notes, {take.echo}"
    assert "random seed 1, best first; human tunes have 9.00 bits per note" in page.text("p")[0]
    assert page.text("title") == page.text("h1") == ["jig: 2 takes"]


@pytest.mark.usefixtures("silent")
def test_a_model_without_figures_says_none(takes, eighths):
    bare = replace(eighths, provenance={})
    assert "human" not in takesheet.html(takes[:1], NAMES[:1], bare)


def test_the_same_takes_make_the_same_page(takes, eighths, text):
    assert takesheet.html(takes, NAMES, eighths) == text


@pytest.mark.usefixtures("silent")
def test_names_and_flaws_are_text_and_no_markup(takes, eighths):
    take = replace(takes[0], flaw="<i>stuck</i>")
    page = Page(takesheet.html([take], [Path(f"{NASTY}-1.mid")], eighths))
    assert page.text("h2") == [f"{NASTY}-1.mid"]
    assert page.text("title") == page.text("h1") == [f"{NASTY}: 1 take"]
    assert page.all("img")[0]["alt"] == f"piano roll of {NASTY}-1.mid"
    assert ", <i>stuck</i>, " in page.text("p")[1]
    assert not page.all("b") and not page.all("i")


@pytest.mark.usefixtures("silent")
def test_without_verovio_there_are_no_scores(monkeypatch, takes, eighths):
    monkeypatch.setitem(sys.modules, "verovio", None)
    page = Page(takesheet.html(takes, NAMES, eighths))
    assert [each["alt"] for each in page.all("img")] == [f"piano roll of {path.name}" for path in NAMES]
    assert len(page.all("audio")) == len(page.all("button")) == 2


def test_of_the_new_bars_alone_there_is_no_seam(takes, eighths):
    page = Page(takesheet.html(takes[:1], NAMES[:1], eighths, only_new=True))
    assert not page.all("button")
    assert ">new<" not in page.images("piano roll")[0] + page.images("score")[0]
    last = int(takes[0].fresh.notes["onset"][-1]) / 960
    assert last < heard(page)[0] < 6 + last  # the seed before it lasts for 6 s


def test_a_tune_from_nothing_has_no_seam(eighths):
    takes = compose(eighths, bars=2, variations=1, seed=2)
    assert not Page(takesheet.html(takes, NAMES[:1], eighths)).all("button")


@pytest.mark.usefixtures("silent")
def test_a_long_score_is_set_on_pages(monkeypatch, takes, eighths):
    monkeypatch.setattr(takesheet, "_LONG", 10)
    (page,) = Page(takesheet.html(takes[:1], NAMES[:1], eighths)).images("score")
    height, width = (float(ET.fromstring(page).get("viewBox").split()[i]) for i in (3, 2))
    assert height / width == pytest.approx(297 / 210, abs=0.01)
