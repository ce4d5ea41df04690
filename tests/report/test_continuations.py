"""The section of a page that shows continuations."""

import pytest

from notegen.report import continuations, evaluation


def row(feature, takes, **rest):
    sets = {"takes": takes, "ceiling": 0.9, "before": 0.8, "loop": 0.4}
    return {"feature": feature, **{k: {"values": x, "changes": x} for k, x in sets.items()}, **rest}


@pytest.fixture
def said():
    return {
        "pieces": 20,
        "bars": 160,
        "seed": 7,
        "going_on": {"takes": 0.95, "before": 1.0, "loop": None},
        "features": [row("onsets", 0.7)],
        "roles": [row("onsets", 0.75, role="<i>", songs=20), row("duration", None, role="bass", songs=9)],
    }


def test_each_feature_of_each_track_has_a_line_and_the_means_stand_below(said, parsed):
    page = parsed(continuations.section(said))
    assert page.text("h2") == ["20 continuations"]
    rows = [[cell.strip() for cell in page.row(first)] for first in ("<i>", "bass", "mean of all")]
    assert rows[0] == ["<i>", "onsets", "20", "", "0.75", "", "0.75", "0.80"]
    assert rows[1][:5] == ["bass", "duration", "9", "no data", "\N{EN DASH}"]
    assert rows[2][4] == "0.70"
    assert "All tracks go on in 95% of the continuations" in page.text("p")[1]
    assert "in 100% of the bars before the cut" in page.text("p")[1]


def test_without_continuations_there_is_no_section():
    assert continuations.section({}) == ""


def test_they_stand_in_the_page_with_what_they_mean(said, parsed):
    parts = {"pitch": 1.0, "rhythm": 0.6, "parts": 0.3, "velocity": 0.1, "bars": 0.1}
    whole = {
        "model": "m",
        "corpus": "c",
        "side": "test",
        "bits_per_note": 2.1,
        "called": "pieces",
        "parts": parts,
    }
    page = parsed(evaluation.page(whole | {"continuations": said}))
    assert page.text("h2") == ["Beside simpler models", "20 continuations", "How this was made"]
    assert page.text("p")[0] == "m needs 2.10 bits to guess a note of pieces it has not seen."
    assert {"parts, velocity", "values, changes"} <= set(page.text("dt"))
    assert "velocity" in page.text("li")
    assert "7" in page.text("dd")
