"""Pixels, read back with Pillow."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from notegen.audio import raster
from notegen.audio.features import BANDS


@pytest.fixture
def noise():
    """Return random levels of 37 frames."""
    return np.random.default_rng(0).uniform(-60, 0, (37, BANDS)).astype(np.float32)


def luminance(colours):
    return np.asarray(colours) @ [0.2126, 0.7152, 0.0722]


def test_as_many_columns_as_frames_change_nothing(noise):
    assert np.allclose(raster.thinned(noise, 37), noise, atol=1e-4)


def test_a_column_is_the_mean_power_of_its_frames(noise):
    expected = 10 * np.log10((10 ** (noise[:9].astype(float) / 10)).mean(axis=0))
    assert np.allclose(raster.thinned(noise, 4)[0], expected, atol=1e-3)


def test_a_row_is_the_mean_power_of_its_bands(noise):
    expected = 10 * np.log10((10 ** (noise[:, 4:8].astype(float) / 10)).mean(axis=1))
    assert np.allclose(raster.thinned(noise, 37, 20)[:, 1], expected, atol=1e-3)


@pytest.mark.parametrize("columns", [1, 36, 38, 500])
def test_thinning_keeps_the_order_of_frames(noise, columns):
    noise[:] = np.linspace(-60, 0, 37)[:, None]
    found = raster.thinned(noise, columns)
    assert found.shape == (columns, BANDS)
    assert (np.diff(found[:, 0]) >= 0).all()


def test_colours_go_from_dark_to_light():
    light = luminance(raster.colours(np.linspace(0, 1, 256)))
    assert (np.diff(light) > 0).all()
    assert light[0] < 2 and light[-1] > 240


def test_a_png_holds_the_colours_of_the_levels_with_high_bands_on_top(noise):
    image = Image.open(io.BytesIO(raster.png(noise)))
    assert (image.format, image.size) == ("PNG", (37, BANDS))
    expected = raster.colours(raster.strength(noise))  # (frames, bands, 3)
    found = np.asarray(image.convert("RGB")).transpose(1, 0, 2)[:, ::-1]
    assert np.abs(found.astype(int) - expected).max() <= 2  # of 256 steps


def test_the_louder_the_fuller_are_shades():
    levels = np.repeat(np.linspace(-60, 0, BANDS, dtype=np.float32)[None], 3, axis=0)
    lines = raster.shades(levels, 6, 20)
    assert [len(line) for line in lines] == [6] * 20
    assert "".join(line[0] for line in lines) == "████▓▓▓▓▒▒▒▒░░░░    "


def test_blocks_have_two_rows_in_a_line():
    levels = np.full((5, BANDS), -60, np.float32)
    levels[:, -2:] = 0  # the upper row of the first line
    first, second = raster.blocks(levels, 5, 20)[:2]
    assert first == "\x1b[38;2;252;253;191;48;2;0;0;4m▀▀▀▀▀\x1b[0m"
    assert second == "\x1b[38;2;0;0;4;48;2;0;0;4m▀▀▀▀▀\x1b[0m"


def test_blocks_are_one_for_each_column(noise):
    for line in raster.blocks(noise, 50, 20):
        assert re.sub(r"\x1b\[[\d;]*m", "", line) == "▀" * 50
