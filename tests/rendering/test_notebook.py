"""Scores as notebooks show them."""

import base64
import io
import re
import xml.etree.ElementTree as ET

import pytest
import soundfile

from notegen.rendering import notebook, sound
from notegen.score import Score, Track

TUNE = [(480 * i, 480, 60 + i) for i in range(4)]  # 2 s
NASTY = '<script>&"it\'s"'


@pytest.fixture(autouse=True)
def _small_font(monkeypatch, timgm):
    monkeypatch.setenv("NOTEGEN_SOUNDFONT", str(timgm))


def player(html):
    """Return the sound in a page."""
    data = re.search(r'<audio controls src="data:audio/mpeg;base64,([\w/+=]+)"></audio>', html)[1]
    with soundfile.SoundFile(io.BytesIO(base64.b64decode(data))) as file:
        return file.format, file.frames / file.samplerate


def test_a_score_is_a_picture_and_a_player():
    html = Score.of(TUNE)._repr_html_()
    assert ET.fromstring(re.search("<svg.*</svg>", html, re.DOTALL)[0]).tag.endswith("svg")
    kind, length = player(html)
    assert kind == "MP3"
    assert 1.9 < length < 12
    assert html.startswith("<div><svg style=") and html.endswith("</audio></div>")


def test_the_same_score_is_shown_alike():
    assert Score.of(TUNE)._repr_html_() == Score.of(TUNE)._repr_html_()


def test_titles_and_names_are_text_and_no_markup():
    html = notebook.html(Score.of(TUNE, title=NASTY, tracks=(Track(NASTY),)))
    assert "<script" not in html
    picture = ET.fromstring(re.search("<svg.*</svg>", html, re.DOTALL)[0])
    assert NASTY in [each.text for each in picture.iter()]


@pytest.mark.parametrize("score", [Score(), Score(title="Rest")], ids=["nothing", "a title"])
def test_an_empty_score_is_a_sentence(score):
    assert score._repr_html_() == "<p>a score: there is no note in it, and nothing to draw</p>"


@pytest.mark.parametrize(("seconds", "players"), [(600, 1), (601, 0)])
def test_more_than_ten_minutes_have_no_player(monkeypatch, seconds, players):
    monkeypatch.setattr(sound, "encoded", lambda score, suffix: suffix.encode())  # noqa: ARG005 (as called)
    html = notebook.html(Score.of([*TUNE, (960 * (seconds - 1), 960, 60)]))
    assert (html.count("<svg"), html.count("<audio")) == (1, players)


def test_what_cannot_be_drawn_is_a_sentence():
    html = notebook.html(Score.of([*TUNE, (1920 * 6000, 480, 60)]))
    assert html.startswith("<p>a score: it has 6,001 bars") and html.endswith("</p>")


def test_a_reason_is_text_and_no_markup(monkeypatch):
    monkeypatch.setenv("NOTEGEN_SOUNDFONT", "/no<i>where</i>.sf2")
    assert "/no&lt;i&gt;where" in notebook.html(Score.of(TUNE))
