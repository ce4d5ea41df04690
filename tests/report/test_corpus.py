"""The page of a corpus."""

import re
import xml.etree.ElementTree as ET

import pytest

from notegen.corpus import Corpus
from notegen.errors import EmptyError
from notegen.report import corpus

WISHED = ("sources", "lengths", "pitches", "durations", "groups")


@pytest.fixture
def page(report, parsed):
    return parsed(corpus.page(report))


def test_it_says_first_how_much_there_is(page):
    assert page.text("title")[0] == "ryan, tunes: 913 of 1,059 pieces"
    assert page.text("p")[0] == (
        "1,059 pieces: 913 to learn from, 142 that repeat others, 4 that cannot be used."
    )
    assert {"151,204", "24,010", "402,118", "871"} <= set(page.text("dd"))


def test_its_sections_stand_in_their_order(page):
    assert page.text("h2") == [
        "Where the pieces come from",
        "What cannot be used, and why",
        "What is there twice",
        "Meters, notes, lengths",
        "Keys",
        "Sides",
        "Terms of use",
    ]


def test_each_picture_is_well_formed(report):
    pictures = re.findall(r"<svg .*?</svg>", corpus.page(report), re.S)
    labels = [ET.fromstring(picture).get("aria-label") for picture in pictures]
    assert labels[1:] == [
        "pieces by meter",
        "notes by note value",
        "notes by pitch",
        "pieces by their bars",
        "pieces by their notes",
        "pieces by their first key, on the circle of fifths",
    ]


def test_reasons_that_differ_in_a_number_are_one(page):
    folded = dict(zip(page.text("summary"), page.text("ul")[1:], strict=False))
    summaries = page.text("summary")
    assert summaries[:2] == [
        "3 pieces: its melody has … notes; 8 are the least to learn from",
        "1 piece: the file ends within a track",
    ]
    assert folded[summaries[0]].count("8 are the least") == 3
    assert folded[summaries[1]] == "tunes/broken.mid"


def test_duplicates_are_counted_by_the_sources_that_share_them(page):
    pairs = [row for row in page.rows() if row[0] == "ryan/b.abc"]
    assert pairs == [["ryan/b.abc", "itself", "94"], ["ryan/b.abc", "tunes.zip/jigs", "48"]]
    assert "all 142 duplicates" in page.text("summary")
    assert "ryan/b.abc#7 “Reel 7”: the same notes as ryan/b.abc" in page.text("li")


def test_many_sources_are_gathered_by_their_folders(report, parsed):
    """Forty books of one folder are one source; fewer than seventeen stand by themselves."""
    report["sources"] = {f"tunes/{i}.abc": 2 for i in range(40)} | {"jigs": 5}
    report["duplicates"] = [
        {"name": f"tunes/{i}.abc#1", "reason": "twice", "of": f"tunes.zip/jigs/{i}.mid"} for i in range(40)
    ]
    rows = parsed(corpus.page(report)).rows()
    assert rows[:3] == [["source", "pieces kept"], ["tunes", "80"], ["jigs", "5"]]
    assert ["tunes", "tunes.zip", "40"] in rows
    report["sources"] = {f"{i}.abc": 1 for i in range(40)}
    assert parsed(corpus.page(report)).rows()[17] == ["others", "24"]


def test_every_pitch_between_the_lowest_and_the_highest_has_a_place(report, parsed):
    page = parsed(corpus.page(report | {"pitches": {"60": 5, 64: 2}}))
    assert {"C4: 5", "E4: 2"} <= set(page.text("title"))
    assert "C4" in page.text("text")


def test_rare_meters_are_put_together(report, parsed):
    meters = {f"{n}/8": 100 - n for n in range(1, 21)}
    titles = parsed(corpus.page(report | {"meters": meters})).text("title")
    assert "16/8: 84" in titles and "17/8: 83" not in titles
    assert f"others: {83 + 82 + 81 + 80}" in titles


def test_what_is_not_known_is_left_out(report, parsed):
    page = parsed(corpus.page({key: value for key, value in report.items() if key not in WISHED}))
    assert "Where the pieces come from" not in page.text("h2")
    assert [each["aria-label"] for each in page.all("svg")][1:] == [
        "pieces by meter",
        "pieces by their first key, on the circle of fifths",
    ]
    for entry in report["duplicates"]:
        del entry["of"], entry["title"]
    page = parsed(corpus.page(report))
    assert not [row for row in page.rows() if row[0] == "ryan/b.abc"]
    assert "ryan/b.abc#7: the same notes as ryan/b.abc" in page.text("li")


def test_a_corpus_of_one_tune_and_one_refusal_has_a_page(tune, parsed):
    found = Corpus.of("small", [("a", tune()), ("b", EmptyError("it is empty")), ("c", tune())], "free")
    page = parsed(corpus.page(found.report()))
    assert page.text("p")[0] == "3 pieces: 1 to learn from, 1 that repeat others, 1 that cannot be used."
    assert page.text("p")[-2] == "free"


def test_a_corpus_of_which_nothing_can_be_used_has_a_page(parsed):
    found = Corpus.of("none", [("b", EmptyError("it is empty"))])
    page = parsed(corpus.page(found.report()))
    assert page.text("h2") == ["What cannot be used, and why"]


def test_what_comes_from_files_is_text(report, parsed, nasty):
    report |= {"name": nasty, "notice": nasty, "sources": {nasty: 1}}
    report["refused"] = [{"name": nasty, "reason": nasty}, {"name": nasty, "reason": f"{nasty} 2"}]
    report["duplicates"] = [{"name": f"{nasty}#1", "title": nasty, "reason": nasty, "of": f"{nasty}#2"}]
    page = parsed(corpus.page(report))
    assert not page.all("script")
    assert page.text("h1") == [nasty]
    assert [nasty, "itself", "1"] in page.rows()


def test_the_same_corpus_makes_the_same_page(report):
    assert corpus.page(report) == corpus.page(report)
