"""The page of an evaluation, parsed as a browser would."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from notegen.report import evaluation, samples
from notegen.report.distributions import Bars, Distribution

pytestmark = pytest.mark.usefixtures("silent")
BARE = {"model": "folk", "corpus": "tunes", "bits_per_note": 2.5}
SECTIONS = [
    "Beside simpler models",
    "How it learned",
    "What surprises it",
    "Statistics of 200 generated tunes",
    "Originality",
    "Listen",
    "How this was made",
]


@pytest.fixture
def text(said, drawn, groups):
    return evaluation.page(said, **drawn, samples=groups)


@pytest.fixture
def page(text, parsed):
    return parsed(text)


def test_it_begins_with_what_a_musician_wants_to_know(page):
    assert page.text("h1") == page.text("title")[:1] == ["folk on Ryan's Mammoth Collection"]
    assert page.text("p")[0] == (
        "folk needs 2.91 bits to guess a note of tunes it has not seen; the best n-gram needs 3.75."
    )
    assert "a choice among 7.5 equally likely ones" in page.text("p")[1]


def test_of_other_sides_it_does_not_say_that_they_are_new(said, parsed):
    lead = parsed(evaluation.page(said | {"side": "train"})).text("p")[0]
    assert lead.startswith("folk needs 2.91 bits to guess a note of these tunes;")


def test_its_sections_stand_in_their_order(page):
    assert page.text("h2") == SECTIONS


def test_each_picture_is_well_formed_and_has_something_to_show(text):
    pictures = re.findall(r"<svg .*?</svg>", text, re.S)
    assert len(pictures) == 24
    labels = [ET.fromstring(picture).get("aria-label") for picture in pictures]
    assert [label for label in labels if label.endswith("no data")] == [
        "empty-beat rate: floor 0.40, generated nan, ceiling 0.97: no data"
    ]


def test_it_needs_no_other_file(text):
    bare = text.replace(samples.SCRIPT, "")  # which has a comment
    bare = re.sub(r'xmlns="[^"]*"|data:[\w/+]+;base64,[\w/+=]+', "", bare)
    assert not re.search(r"//|url\(|@import|<link|href=", bare)
    assert not re.search(r"https?:|import|fetch", samples.SCRIPT)


def test_baselines_are_drawn_or_said(page):
    assert {"folk", "7-gram", "order 1"} <= set(page.text("text"))
    assert "Not drawn: uniform, with 21.3 bits." in page.text("p")
    assert "uniform" not in page.text("text")


def test_the_most_and_the_least_surprising_tunes_are_named(page):
    titles = [row[0] for row in page.rows() if row[0].startswith("Tune ")]
    assert titles == [f"Tune {i}" for i in (0, 1, 2, 3, 4, 187, 186, 185, 184, 183)]


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (2, 2), (3, 2), (9, 8), (10, 10)])
def test_of_a_few_tunes_none_is_named_twice(said, parsed, count, shown):
    tunes = said["tunes"][:count]
    page = parsed(evaluation.page(BARE | {"tunes": tunes}))
    titles = [row[0] for row in page.rows() if row[0].startswith("Tune ")]
    assert len(titles) == len(set(titles)) == shown


def test_a_tune_without_title_goes_by_its_name(parsed):
    tunes = [{"name": "a.mid", "title": "", "notes": 20, "bits_per_note": 3.0}]
    assert parsed(evaluation.page(BARE | {"tunes": tunes})).row("a.mid") == ["a.mid", "20", "3.00"]


def test_each_feature_is_set_between_floor_and_ceiling(page):
    assert page.row("range")[2:] == ["0.88", "0.04", "17.20", "16.10"]
    assert page.row("empty-beat")[2:] == ["\N{EN DASH}"] * 2 + ["0.00"] * 2
    labels = [each.get("aria-label", "") for each in page.all("svg")]
    assert "range: floor 0.40, generated 0.88, ceiling 0.97" in labels


def test_a_feature_that_is_the_same_in_both_sets_is_said_and_not_drawn(parsed):
    grid, hill = np.linspace(0, 1, 9), np.array([0, 1, 2, 3, 4, 3, 2, 1, 0])
    pair = [
        Distribution("polyphony", "", grid, hill, hill),
        Distribution("range", "", grid, hill, hill[[0, 0, 1, 2, 3, 4, 3, 2, 1]]),
    ]
    page = parsed(evaluation.page(BARE, densities=pair))
    assert "The same in both sets: polyphony." in page.text("p")
    assert [each["aria-label"] for each in page.all("svg")] == ["range of test and generated tunes"]


def test_a_pair_of_heat_maps_has_one_scale(parsed):
    """A share is as strong in one map as in the other: a hundredth of what is strongest."""
    bars = Bars("steps", "ab", np.array([[1.0, 0], [0, 0]]), np.array([[0.25, 0], [0, 0]]))
    page = parsed(evaluation.page(BARE, histograms=[bars]))
    strengths = [each["fill-opacity"] for each in page.all("rect") if "fill-opacity" in each]
    assert strengths == ["1", "0.5"]


def test_originality_says_what_was_copied_from_where(page):
    said = " ".join(page.text("p"))
    assert "a generated tune (number 17) shares with training: 40 notes of “The Flowers of Edinburgh”" in said
    assert "a human tune (Mrs McLeod's) shares with training: 60 notes of “Miss McLeod's Reel”" in said
    assert "12: 7.5 %" in page.text("title")


def test_bits_per_pitch_are_shown_where_they_were_asked_for(said, parsed):
    others = {"order 2": {"bits_per_pitch": 2.61, "order": 2}, "n-gram": {"bits_per_pitch": 2.5, "order": 5}}
    page = parsed(evaluation.page(said | {"bits_per_pitch": 2.4, "pitch_baselines": others}))
    rows = [row for row in page.rows() if row[-1] in ("2.40", "2.50", "2.61")]
    assert rows == [["folk", "2.40"], ["5-gram", "2.50"], ["order 2", "2.61"]]
    assert "bits per pitch" in page.text("dt")


def test_samples_are_grouped_and_can_be_played(page, nasty):
    assert page.text("h3")[-3:] == ["The best", "The worst", "What the figures mean"]
    assert page.text("h4") == ["Jig", nasty]
    assert (
        len(page.all("audio")) == len([each for each in page.all("svg") if each.get("class") == "roll"]) == 2
    )
    assert len(page.all("script")) == 1


def test_it_says_how_it_was_made(page):
    meanings = dict(zip(page.text("dt"), page.text("dd"), strict=True))
    assert meanings["command"] == "notegen evaluate folk ryan --report folk.html"
    assert meanings["SHA-256"] == "9f" * 32
    assert meanings["random seed"] == "0"
    assert meanings["n-gram"] == "smoothing of kneser-ney"
    assert "docs/figures.md" in page.text("section")[-1]


def test_what_is_not_known_is_left_out(parsed):
    page = parsed(evaluation.page(BARE))
    assert page.text("h2") == ["How this was made"]
    assert page.text("p")[0] == "folk needs 2.50 bits to guess a note of these tunes."
    assert not page.all("svg") and not page.all("script") and not page.all("table")
    nothing = {"statistics": None, "originality": None, "tunes": [], "baselines": {}, "warnings": []}
    assert evaluation.page(BARE | nothing, curve=[], samples={"best": []}) == evaluation.page(BARE)


@pytest.mark.parametrize(
    ("key", "heading"),
    [
        ("tunes", "What surprises it"),
        ("statistics", "Statistics of 200 generated tunes"),
        ("originality", "Originality"),
    ],
)
def test_a_part_that_is_missing_leaves_its_section_out(said, parsed, key, heading):
    assert heading in parsed(evaluation.page(said)).text("h2")
    assert heading not in parsed(evaluation.page(said | {key: None})).text("h2")


def test_what_comes_from_files_is_text(said, parsed, nasty):
    said |= dict.fromkeys(("model", "corpus", "sha256", "command", "side", "notice"), nasty)
    said["warnings"] = [nasty]
    said["tunes"][0]["title"] = said["tunes"][1]["name"] = nasty
    said["tunes"][1]["title"] = ""
    for of in ("generated", "human"):
        said["originality"]["longest"][of]["title"] = nasty
    said["originality"]["longest"]["human"]["of"] = nasty
    said["statistics"]["features"][0] |= {"feature": nasty, "unit": nasty}
    grid = np.linspace(0, 1, 9)
    page = parsed(
        evaluation.page(
            said,
            densities=[Distribution(nasty, nasty, grid, grid, grid)],
            histograms=[Bars(nasty, [nasty], [1.0], [1.0])],
        )
    )
    assert not page.all("script")
    assert page.text("h1") == [f"{nasty} on {nasty}"]


def test_runs_that_no_piece_is_long_enough_for_are_no_bars(said, parsed):
    said["originality"]["runs"]["24"] = {"generated": None, "human": None}
    said["originality"]["longest"] = {"generated": None, "human": None}
    page = parsed(evaluation.page(said))
    assert not any(title.startswith("24:") for title in page.text("title"))
    assert not any("longest" in text for text in page.text("p"))


def test_the_same_figures_make_the_same_page(said, drawn, groups, text):
    assert evaluation.page(said, **drawn, samples=groups) == text
