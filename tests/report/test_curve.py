"""The picture of a training, parsed as XML, measured, and drawn."""

import io
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from notegen.rendering.pianoroll import png
from notegen.report.curve import learning_curve, panels

SPACE = "{http://www.w3.org/2000/svg}"
NAN = float("nan")
ROWS = [(1, 2.1, 4.4), (2, 1.5, 3.2), (3, 1.2, 3.3), (4, 1.1, 3.5)]


def words(picture):
    return [each.text for each in ET.fromstring(picture).iter(f"{SPACE}text")]


def dots(picture):
    """Return the places of the points of each panel, and of the rings."""
    found = []
    for panel in ET.fromstring(picture).iter(f"{SPACE}svg"):
        circles = panel.findall(f"{SPACE}circle")
        found.append(
            {
                radius: [(float(c.get("cx")), float(c.get("cy"))) for c in circles if c.get("r") == radius]
                for radius in ("2.5", "5.5")
            }
        )
    return found[1:]  # the first one holds the others


def test_validation_stands_above_training_with_its_lowest_value_ringed():
    picture = learning_curve(ROWS, "bits per note")
    validation, training = dots(picture)
    assert validation["5.5"] == [validation["2.5"][1]]
    assert not training["5.5"]
    assert "3.2" in words(picture)
    heights = [y for _, y in validation["2.5"]]
    assert np.argsort(heights).tolist() == [0, 3, 2, 1]
    assert heights[0] < heights[3] < heights[2] < heights[1]
    assert [y for _, y in training["2.5"]] == sorted(y for _, y in training["2.5"])


@pytest.mark.parametrize(
    ("figure", "loss"),
    [("bits per note", "nats a token"), ("bits per frame", "nats a token"), ("squared error",) * 2],
)
def test_the_axes_have_names(figure, loss):
    said = words(learning_curve(ROWS, figure))
    assert {f"validation: {figure}", f"training: {loss}"} <= set(said)
    assert said.count("epoch") == 2


def test_epochs_are_whole_and_stand_above_each_other():
    picture = learning_curve([(1, 2.0, NAN), (2, NAN, 3.0), (3, 1.5, 2.5)], "bits per note")
    validation, training = dots(picture)
    assert [x for x, _ in training["2.5"]][-1] == [x for x, _ in validation["2.5"]][-1]
    assert len(training["2.5"]) == len(validation["2.5"]) == 2
    assert validation["2.5"][0][0] == pytest.approx(sum(x for x, _ in training["2.5"]) / 2, abs=0.02)
    two = words(learning_curve(ROWS[:2], "bits per note"))
    assert {"1", "2"} <= set(two)
    assert not {"1.2", "1.4", "1.6", "1.8"} & set(two)


@pytest.mark.parametrize(
    ("rows", "points"),
    [
        ([], 0),
        ([(1, 2.5, 4.0)], 2),
        ([(1, NAN, NAN)], 0),
        ([(1, 2.5, float("inf")), [2, 2.0, 3.0]], 3),
        ([(1, 3e-4, 2e-4), (2, 3e-4, 2e-4)], 4),
    ],
)
def test_little_to_show_is_shown(rows, points):
    picture = learning_curve(rows, "squared error")
    assert sum(len(panel["2.5"]) for panel in dots(picture)) == points
    assert not re.search(r'"[^"]*(nan|inf)[^"]*"', picture.lower())
    assert words(picture).count("no data") == (2 if points == 0 else 0)


def test_small_errors_keep_their_digits():
    said = words(learning_curve([(1, 4e-4, 0.00051234), (2, 3e-4, 0.00031234)], "squared error"))
    assert "0.000312" in said
    assert "0.0004" in said


def test_it_stands_alone_on_white_in_every_viewer():
    picture = learning_curve(ROWS, "bits per note")
    assert "var(" not in picture
    assert not re.findall(r"(?:href|src|url)\b", picture)
    pixels = np.asarray(Image.open(io.BytesIO(png(picture, 360))).convert("RGB")).astype(int)
    bright = pixels.sum(axis=2)
    assert pixels.shape[1] == 360
    assert (bright[[0, -1]] == 3 * 255).all() and (bright[:, [0, -1]] == 3 * 255).all()
    blue = (np.abs(pixels - (0x00, 0x72, 0xB2)).sum(axis=2) < 30).sum(axis=1)
    half = len(blue) // 2
    assert blue[:half].sum() > 50 and blue[half:].sum() > 50


def test_the_pictures_are_the_same_as_those_of_the_page():
    for name, picture in panels(ROWS, "bits per note"):
        assert ET.fromstring(picture).get("aria-label") == f"{name} by epoch"
    assert learning_curve(ROWS, "bits per note") == learning_curve(
        [list(row) for row in ROWS], "bits per note"
    )
