"""Plots, parsed as XML and measured."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from notegen.report import fifths, plots, svg

SPACE = "{http://www.w3.org/2000/svg}"
NAN = float("nan")


def parse(picture):
    return ET.fromstring(picture)


def words(picture):
    return [each.text for each in parse(picture).iter(f"{SPACE}text")]


def boxes(picture, colour=0):
    """Return the x, y, width and height of the rectangles of a colour."""
    return [
        [float(each.get(name)) for name in ("x", "y", "width", "height")]
        for each in parse(picture).iter(f"{SPACE}rect")
        if each.get("fill") == svg.colour(colour)
    ]


def hints(picture):
    return [each.text for each in parse(picture).iter(f"{SPACE}title")]


def numbers(picture):
    """Return every coordinate of a picture."""
    return re.findall(
        r"-?(?:\d+\.?\d*|nan|inf)", " ".join(re.findall(r'(?:d|x|y|cx|cy|r)="([^"]*)"', picture))
    )


GRID = np.linspace(0, 1, 5)
LABELLED = {"label": "what it is"}
EMPTY = {
    "line": plots.line([], [], x_label="epoch", **LABELLED),
    "line without numbers": plots.line([1, 2], [NAN, NAN], x_label="epoch", **LABELLED),
    "densities": plots.densities([], [], [], unit="", **LABELLED),
    "densities of nothing": plots.densities(GRID, GRID * NAN, GRID * NAN, unit="", **LABELLED),
    "densities on no grid": plots.densities(GRID * NAN, GRID, GRID, unit="", **LABELLED),
    "bars": plots.bars([], [[]], **LABELLED),
    "bars of nothing": plots.bars(["a", "b"], [[NAN, NAN], [0, 0]], **LABELLED),
    "histogram": plots.histogram([NAN], x_label="", **LABELLED),
    "stacked": plots.stacked({}, unit="bits", **LABELLED),
    "stacked zeros": plots.stacked({"a": {"b": 0.0, "c": NAN}}, unit="bits", **LABELLED),
    "span": plots.span(0.1, NAN, 0.9, **LABELLED),
    "matrix": plots.matrix(np.full((2, 2), NAN), "ab", 1.0, **LABELLED),
    "matrix of another size": plots.matrix([NAN], "ab", 1.0, **LABELLED),
    "matrix of zeros": plots.matrix(np.zeros((2, 2)), "ab", 0.0, **LABELLED),
    "circle": fifths.circle({}, **LABELLED),
}
SMALL = {
    "line": plots.line([1], [2.5], x_label="epoch", lowest=True, **LABELLED),
    "line with a gap": plots.line([1, 2, 3], [2.5, NAN, 2.4], x_label="epoch", **LABELLED),
    "one density": plots.densities(GRID, GRID, GRID * NAN, unit="", **LABELLED),
    "flat densities": plots.densities(GRID, GRID * 0, GRID * 0, unit="", **LABELLED),
    "a bar": plots.bars(["a"], [[1]], **LABELLED),
    "a bar and none": plots.bars(["a", "b"], [[1, NAN], [NAN, NAN]], percent=True, **LABELLED),
    "a histogram of one": plots.histogram([7.25], x_label="", **LABELLED),
    "a histogram of equals": plots.histogram([0.0] * 9, x_label="", **LABELLED),
    "a histogram of negatives": plots.histogram([-3.5, -1, 2, NAN], x_label="", **LABELLED),
    "a part": plots.stacked({"a": {"b": 1.5, "c": NAN}}, unit="bits", **LABELLED),
    "a span without ends": plots.span(NAN, 0.5, NAN, **LABELLED),
    "a matrix with a gap": plots.matrix([[NAN, 0.5], [0, 1]], "ab", 1.0, **LABELLED),
    "a key": fifths.circle({"Bbm": 1}, **LABELLED),
}


@pytest.mark.parametrize("name", EMPTY)
def test_without_a_value_a_picture_says_so(name):
    assert words(EMPTY[name]) == ["no data"]
    assert parse(EMPTY[name]).get("aria-label") == "what it is: no data"


@pytest.mark.parametrize("name", SMALL)
def test_a_few_values_with_gaps_are_drawn(name):
    assert "no data" not in words(SMALL[name])
    assert not {"nan", "inf", "-inf"} & set(numbers(SMALL[name]))
    assert parse(SMALL[name]).get("aria-label") == "what it is"


def test_words_are_no_markup(nasty):
    for picture in (
        plots.bars([nasty], [[1]], label=nasty, x_label=nasty),
        plots.stacked({nasty[:16]: {nasty: 1.0}}, label=nasty, unit=nasty),
        plots.matrix([[1.0]], [nasty], 1.0, label=nasty),
        plots.densities(GRID, GRID, GRID, label=nasty, unit=nasty),
        plots.line([1, 2], [1, 2], label=nasty, x_label=nasty),
        plots.span(0, 0.5, 1, label=nasty),
        plots.histogram([1, 2, 3], label=nasty, x_label=nasty),
    ):
        assert parse(picture).get("aria-label") == nasty
        assert not list(parse(picture).iter(f"{SPACE}script"))


def test_bars_are_as_high_as_their_values_and_stand_beside_each_other():
    picture = plots.bars(["a", "b"], [[1, 4], [2, 0]], **LABELLED)
    (first, second), (other,) = boxes(picture), boxes(picture, 1)
    assert first[3] / second[3] == pytest.approx(0.25, abs=0.01)
    assert other[3] / second[3] == pytest.approx(0.5, abs=0.01)
    assert first[0] + first[2] == pytest.approx(other[0], abs=0.02)
    assert all(bar[1] + bar[3] == pytest.approx(120, abs=0.02) for bar in (first, second, other))
    assert hints(picture) == ["a: 1", "b: 4", "a: 2"]


def test_shares_are_shown_in_percent():
    picture = plots.bars(["a"], [[0.25]], percent=True, **LABELLED)
    assert hints(picture) == ["a: 25 %"]
    assert "20 %" in words(picture)


@pytest.mark.parametrize(
    ("labels", "shown"),
    [
        (list("abcdefghijkl"), list("abcdefghijkl")),
        ([f"{i}/16" for i in range(1, 13)], [f"{i}/16" for i in range(1, 13)]),  # on two lines
        ([str(i) for i in range(-12, 13)], [str(i) for i in range(-12, 13, 3)]),
    ],
)
def test_as_many_labels_are_written_as_there_is_room_for(labels, shown):
    written = words(plots.bars(labels, [np.ones(len(labels))], **LABELLED))
    assert [word for word in written if word in labels][-len(shown) :] == shown


def test_a_histogram_counts_every_value_once():
    values = np.random.default_rng(0).normal(100, 15, 500)
    values[0] = 10_000  # stands with the highest ones
    counts = [int(hint.split(": ")[1]) for hint in hints(plots.histogram(values, x_label="", **LABELLED))]
    assert sum(counts) == 500
    assert len(counts) < 40


def test_whole_numbers_get_whole_bins():
    said = hints(plots.histogram([1, 2, 2, 5], x_label="bars", **LABELLED))
    assert said[:2] == ["1: 1", "2: 2"]


def test_stacked_parts_are_in_proportion_and_their_sum_stands_behind_them():
    rows = {"folk": {"pitch": 1.5, "rhythm": 0.5}, "order 1": {"pitch": 3.0, "rhythm": 1.0}}
    picture = plots.stacked(rows, unit="bits", **LABELLED)
    pitch, rhythm = boxes(picture, plots.PARTS[0]), boxes(picture, plots.PARTS[1])
    assert pitch[1][2] == pytest.approx(2 * pitch[0][2], abs=0.02)
    assert pitch[0][2] == pytest.approx(3 * rhythm[0][2], abs=0.03)
    assert rhythm[0][0] == pytest.approx(pitch[0][0] + pitch[0][2], abs=0.02)
    assert {"2 bits", "4 bits", "folk", "order 1"} <= set(words(picture))


def test_long_names_leave_room_for_bars():
    picture = plots.stacked({"a" * 60: {"b": 1.0}, "a" * 61: {"b": 1.0}}, unit="bits", **LABELLED)
    assert words(picture).count("a" * 15 + "…") == 2
    assert all(box[2] > 100 for box in boxes(picture, plots.PARTS[0]))


def test_the_lowest_value_of_a_line_is_marked():
    picture = plots.line([1, 2, 3], [3.5, 2.25, 2.5], x_label="epoch", lowest=True, **LABELLED)
    assert "2.25" in words(picture)
    (ring,) = [each for each in parse(picture).iter(f"{SPACE}circle") if each.get("r") == "5.5"]
    dots = [each for each in parse(picture).iter(f"{SPACE}circle") if each.get("r") == "2.5"]
    assert (ring.get("cx"), ring.get("cy")) == (dots[1].get("cx"), dots[1].get("cy"))
    assert float(dots[1].get("cy")) > float(dots[2].get("cy")) > float(dots[0].get("cy"))


def test_the_dot_of_a_span_lies_between_its_ends():
    picture = plots.span(0.4, 0.8, 0.9, **LABELLED)
    ring, dot = (float(each.get("cx")) for each in parse(picture).iter(f"{SPACE}circle"))
    ((left, _, width, _),) = boxes(picture)
    assert (dot - ring) / (left + width / 2 - ring) == pytest.approx(0.8, abs=0.01)


def test_a_heat_map_is_stronger_where_shares_are_larger():
    picture = plots.matrix([[0, 0.1], [0.4, 0.2]], "ab", 0.4, **LABELLED)
    cells = {
        each[0].text: float(each.get("fill-opacity"))
        for each in parse(picture).iter(f"{SPACE}rect")
        if len(each)
    }
    assert cells == {"a to b: 10.0 %": 0.5, "b to a: 40.0 %": 1.0, "b to b: 20.0 %": pytest.approx(0.71)}


def test_densities_are_thinned_to_what_can_be_seen():
    grid = np.linspace(0, 1, 10_000)
    assert len(plots.densities(grid, grid, 1 - grid, unit="", **LABELLED)) < 12_000


def test_keys_stand_where_the_circle_of_fifths_has_them():
    """C stands at the top, G one hour later; E minor has G's signature and stands on an inner ring."""
    picture = fifths.circle({"C": 100, "G": 25, "Em": 4}, **LABELLED)
    discs = {
        each[0].text: [float(each.get(name)) - at for name, at in (("cx", 210), ("cy", 210), ("r", 0))]
        for each in parse(picture).iter(f"{SPACE}circle")
        if len(each)
    }
    assert set(discs) == {"C major: 100", "G major: 25", "E minor: 4"}
    c, g, e = discs.values()
    assert c[0] == pytest.approx(0, abs=0.01) and c[1] < 0
    assert np.degrees(np.arctan2(g[0], -g[1])) == pytest.approx(30, abs=0.1)
    assert np.arctan2(*e[:2]) == pytest.approx(np.arctan2(*g[:2]), abs=0.001)
    assert np.hypot(*e[:2]) < np.hypot(*g[:2]) == pytest.approx(np.hypot(*c[:2]), abs=0.01)
    assert c[2] == pytest.approx(2 * g[2], abs=0.01)


def test_every_key_of_the_codec_has_a_place_of_its_own():
    from notegen.codecs.vocabulary import KEYS

    picture = fifths.circle({str(key): 1 for key in KEYS}, **LABELLED)
    places = [(each.get("cx"), each.get("cy")) for each in parse(picture).iter(f"{SPACE}circle") if len(each)]
    assert len(places) == len(set(places)) == len(KEYS)
    assert len(fifths.legend({str(key): 1 for key in KEYS})) == 7


@pytest.mark.parametrize(("low", "high"), [(0, 1e-9), (0, 3), (-7, 4), (0.1234, 0.1235), (0, 8e9)])
def test_ticks_are_a_few_and_inside(low, high):
    found = svg.ticks(low, high)
    assert 2 <= len(found) <= 6
    assert low <= found[0] <= found[-1] <= high * (1 + 1e-9)
