"""The frame of a page."""

import re

import pytest

import notegen
from notegen.report import page
from notegen.report.page import Html


def test_a_page_is_whole_and_needs_no_other_file(parsed):
    text = page.page("A <b>", [page.section("Part", page.paragraph("some words"))], script="let a = 1 < 2;")
    found = parsed(text)
    assert text.startswith("<!DOCTYPE html>\n<html")
    assert found.text("title") == ["A <b>"]
    assert found.text("h2") == ["Part"]
    assert found.text("footer") == [f"notegen {notegen.__version__}"]
    assert found.text("script") == ["let a = 1 < 2;"]
    assert not re.search(r"//|url\(|@import|<link", text)


def test_it_has_no_script_that_nobody_asked_for(parsed):
    assert not parsed(page.page("a", [])).all("script")


@pytest.mark.parametrize(
    "make",
    [
        lambda text: page.paragraph(text),
        lambda text: page.element("h1", "a", text, kind="lead"),
        lambda text: page.section(text, page.paragraph(text)),
        lambda text: page.figure("<svg></svg>", text),
        lambda text: page.tiles([(text, text)]),
        lambda text: page.terms([(text, text)]),
        lambda text: page.legend([(0, text)]),
        lambda text: page.table([text], [[text]], caption=text),
        lambda text: page.fold(text, [text]),
    ],
)
def test_text_is_no_markup(parsed, nasty, make):
    found = parsed(make(nasty))
    assert not found.all("script")
    assert nasty in found.texts[0]


def test_control_characters_of_titles_are_left_out():
    assert page.text("a\0b\x1b[1m") == "a b [1m"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1234567, "1,234,567"),
        (0.0, "0.00"),
        (None, "\N{EN DASH}"),
        (float("nan"), "\N{EN DASH}"),
        (float("inf"), "\N{EN DASH}"),
    ],
)
def test_numbers_are_shown_as_people_read_them(value, shown):
    assert page.text(value) == shown


def test_markup_stays_as_it_is(parsed):
    found = parsed(page.paragraph("1 < 2, ", page.element("b", "a & b")))
    assert found.text("p") == ["1 < 2, a & b"]
    assert found.text("b") == ["a & b"]


def test_what_is_empty_is_left_out():
    assert page.section("a") == page.section("a", Html()) == page.table(["a"], []) == ""
    assert page.tiles([("a", None)]) == page.terms([("a", None)]) == page.grid([]) == ""


def test_numbers_of_a_table_stand_to_the_right(parsed):
    found = parsed(page.table(["tune", "bits"], [["a", 2.5], ["b", None]]))
    assert [each.get("class") for each in found.all("th")] == [None, "number"]
    assert found.rows() == [["tune", "bits"], ["a", "2.50"], ["b", "\N{EN DASH}"]]


def test_long_lists_end_with_how_many_more_there_are(parsed):
    found = parsed(page.fold("all", [str(i) for i in range(2000)]))
    assert found.text("li")[-2:] == ["499", "and 1,500 more"]
