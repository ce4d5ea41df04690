"""Pictures are read back: the SVG as XML, its image and the PNG as pixels."""

import base64
import io
import json
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from notegen.audio import picture
from notegen.audio.features import BANDS, FRAME_RATE, levels_of
from notegen.audio.picture import ASCII, COLUMNS, Panel
from notegen.audio.recording import RATE
from notegen.errors import EmptyError, RangeError, UsageError

SVG = "{http://www.w3.org/2000/svg}"
PLOT = 1125


def silent(seconds, **rest):
    columns = min(COLUMNS, max(1, round(seconds * FRAME_RATE)))
    return Panel(np.full((columns, BANDS), -60, np.float32), "a.wav", seconds, **rest)


def heard(sound, title="a.wav"):
    return Panel(levels_of([sound.astype(np.float32)]), title, len(sound) / RATE)


def tone(hertz, seconds=2.0):
    return np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE)


def groups(*panels):
    return ET.fromstring(picture.svg(panels)).findall(f"{SVG}g[@class='panel']")


def named(group, name):
    """Return the texts of a group within a panel with their x and y."""
    texts = group.find(f"{SVG}g[@class='{name}']").findall(f"{SVG}text")
    return {each.text: (float(each.get("x")), float(each.get("y"))) for each in texts}


def starts(group, name):
    """Return the x at which each line of a path begins."""
    return [
        float(part.split()[0]) for part in group.find(f"{SVG}path[@class='{name}']").get("d").split("M")[1:]
    ]


def pixels(group):
    """Return how light the image of a panel is, shape (rows, columns), and its width in the picture."""
    image = group.find(f"{SVG}image")
    data = base64.b64decode(image.get("href").removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("L")).astype(int), float(image.get("width"))


@pytest.mark.parametrize(
    ("hertz", "name"), [(100, "100"), (300, "300"), (1000, "1k"), (3000, "3k"), (10_000, "10k")]
)
def test_a_tone_stands_beside_the_name_of_its_frequency(hertz, name):
    (group,) = groups(heard(tone(hertz)))
    light, _ = pixels(group)
    row = light[:, 20:-20].mean(axis=1).argmax()
    assert named(group, "hertz")[name][1] - 4 == pytest.approx((row + 0.5) * 240 / BANDS, abs=3)


def test_a_click_stands_above_its_time():
    sound = np.zeros(10 * RATE)
    sound[6 * RATE : 6 * RATE + 20] = 1
    (group,) = groups(heard(sound))
    light, width = pixels(group)
    column = light.mean(axis=0).argmax()
    assert named(group, "times")["0:06"][0] == pytest.approx((column + 0.5) * width / light.shape[1], abs=5)


def test_all_panels_share_one_scale_of_time():
    long, short = groups(silent(20), silent(5))
    assert (pixels(long)[1], pixels(short)[1]) == (PLOT, PLOT / 4)
    assert named(long, "times")["0:04"][0] == named(short, "times")["0:04"][0] == PLOT / 5
    assert list(named(short, "times")) == ["0:00", "0:02", "0:04"]


@pytest.mark.parametrize("seconds", [0.5, 3, 59.9, 61, 599, 7200, 36_000])
def test_names_of_times_never_touch_and_stay_inside(seconds):
    (group,) = groups(silent(seconds))
    places = [(x - 4 * len(name), x + 4 * len(name)) for name, (x, _) in named(group, "times").items()]
    assert len(places) >= 4
    assert all(end + 4 < start for (_, end), (start, _) in pairwise(places))
    assert places[-1][1] <= PLOT + 15


def test_an_image_has_a_column_for_each_pixel_at_most():
    long, short = groups(silent(7200), silent(720))
    assert pixels(long)[0].shape == (BANDS, COLUMNS)
    assert pixels(short)[0].shape == (BANDS, COLUMNS / 10)


def test_seam_and_joins_are_marked_where_they_are():
    (group,) = groups(silent(10, seam=4.0, joins=(4.0, 5.0, 9.6)))
    assert starts(group, "seam") == [450]
    assert starts(group, "joins") == [450, 562.5, 1080]
    texts = [text.text for text in group.findall(f"{SVG}text")]
    assert "new" in texts and "3 joins" in texts


def test_the_word_new_stays_inside_at_the_very_end():
    (group,) = groups(silent(10, seam=9.9))
    (word,) = [text for text in group.findall(f"{SVG}text") if text.text == "new"]
    assert word.get("text-anchor") == "end"


def test_what_is_no_take_has_no_marks():
    (group,) = groups(silent(10))
    classes = {element.get("class") for element in group}
    assert not classes & {"seam", "joins", "beats"}


def test_beats_have_a_strip_unless_they_would_touch():
    beats = tuple(np.arange(0.25, 9.9, 0.5).tolist())
    (group,) = groups(silent(10, beats=beats))
    assert starts(group, "beats") == pytest.approx([beat * PLOT / 10 for beat in beats], abs=0.01)
    _, crowded = groups(silent(300), silent(10, beats=beats))
    assert crowded.find(f"{SVG}path[@class='beats']") is None


def test_panels_stand_below_each_other_and_inside():
    root = ET.fromstring(picture.svg([silent(10, seam=2.0), silent(5, beats=(0.0, 1.0)), silent(1)]))
    shifts = [g.get("transform")[10:-1].split() for g in root.findall(f"{SVG}g")]
    tops = [float(y) for _, y in shifts]
    assert {x for x, _ in shifts} == {"60"}
    assert tops[1] - tops[0] >= 300 and tops[2] - tops[1] >= 300
    assert float(root.get("height")) >= tops[2] + 270


def test_a_title_may_hold_anything():
    (group,) = groups(silent(65)._replace(title="a<b> & \x07c.wav"))
    assert "".join(group.find(f"{SVG}text").itertext()) == "a<b> &  c.wav1:05"


def test_far_too_many_recordings_are_refused():
    with pytest.raises(RangeError, match="too tall"):
        picture.svg([silent(1)] * 120)


def test_a_png_shows_the_spectrogram(tmp_path):
    picture.draw([heard(tone(1000))], tmp_path / "a.png")
    image = Image.open(tmp_path / "a.png").convert("L")
    column = np.asarray(image)[:, 800].astype(int)
    middle = (15 + 24 + 240 * 0.715) * 4 / 3  # where the band of 1 kHz is
    assert image.width == 1600
    assert column[round(middle) - 4 : round(middle) + 5].max() > 200
    assert column[round(middle) - 40] < 40 and column[2] == 255


def test_a_picture_is_the_same_each_time(tmp_path):
    for name in ("a.svg", "b.svg", "a.png", "b.png"):
        picture.draw([heard(tone(500))], tmp_path / name)
    for suffix in ("svg", "png"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_other_names_and_files_that_exist_are_refused(tmp_path):
    with pytest.raises(UsageError, match=r"end the name in \.png or \.svg"):
        picture.draw([silent(1)], tmp_path / "a.gif")
    (tmp_path / "a.svg").write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        picture.draw([silent(1)], tmp_path / "a.svg")
    assert (tmp_path / "a.svg").read_text() == "mine"


@pytest.mark.parametrize("width", [3, 16, 40, 80, 211])
@pytest.mark.parametrize("seconds", [0.5, 30, 7200])
def test_no_line_of_text_is_longer_than_the_terminal_is_wide(width, seconds):
    lines = picture.text(silent(seconds, seam=seconds, joins=(0.0, seconds)), width).splitlines()
    assert len(lines) == 1 + 20 + 2
    assert max(map(len, lines)) <= max(16, width)


def test_text_shows_a_tone_beside_its_frequency():
    lines = picture.text(heard(tone(1000)), 60).splitlines()
    (row,) = [line for line in lines if line.startswith("  1k ")]
    assert set(row[10:-5]) == {"█"}
    assert not lines[1][5:].strip()
    assert lines[21].split()[0] == "0:00.0"


def test_text_marks_seam_and_joins_under_their_times():
    *_, times, news = picture.text(silent(40, seam=20.0, joins=(20.0, 30.0)), 85).splitlines()
    assert news.startswith(" new ") and set(news[5:45]) == {" "}
    assert news[45:] == "╙" + "─" * 19 + "┴" + "─" * 19
    assert times.index("0:20") == 45


def test_text_in_colour_differs_in_its_picture_alone():
    panel = silent(10, seam=5.0)
    plain, coloured = (picture.text(panel, 60, colour).splitlines() for colour in (False, True))
    assert (plain[0], plain[-2:]) == (coloured[0], coloured[-2:])
    assert all("\x1b[38;2;" in line for line in coloured[1:21])


def test_text_has_a_form_in_ascii():
    panel = heard(np.concatenate([tone(300), 0.01 * tone(4000)]))._replace(seam=1.0, joins=(1.5,))
    for colour in (False, True):
        assert picture.text(panel, 60, colour).translate(ASCII).isascii()


def test_a_recording_becomes_a_panel(recorded, clicks):
    panel = picture.panel_of(recorded(clicks(120)).path)
    assert (panel.title, panel.seconds, panel.seam, panel.joins) == ("sound.wav", 20, None, ())
    assert np.diff(panel.beats) == pytest.approx(0.5, abs=0.05)
    assert panel.levels.shape == (862, BANDS)


def test_a_long_recording_is_thinned(recorded):
    panel = picture.panel_of(recorded(np.tile(tone(440, 1.0), 60)).path)
    assert panel.levels.shape == (COLUMNS, BANDS)


def test_the_sidecar_of_a_take_tells_seam_and_joins(recorded, tmp_path):
    recorded(tone(440, 3.0), name="song-2.wav")
    takes = [{"file": "song-1.wav", "joins": [1]}, {"file": "song-2.wav", "joins": [2.5, 2.75]}]
    (tmp_path / "song.json").write_text(json.dumps({"seam": 2.0, "takes": takes}))
    assert picture.panel_of(tmp_path / "song-2.wav")[3:5] == (2.0, (2.5, 2.75))


def test_of_several_sidecars_the_shortest_name_counts(recorded, tmp_path):
    recorded(tone(440, 3.0))
    for name, seam in (("a-10", 2.0), ("b", 1.0)):
        said = {"seam": seam, "takes": [{"file": "sound.wav", "joins": []}]}
        (tmp_path / f"{name}.json").write_text(json.dumps(said))
    assert picture.panel_of(tmp_path / "sound.wav").seam == 1.0


@pytest.mark.parametrize(
    "said",
    [
        "no json",
        "[1, 2]",
        '{"takes": [{"file": "other.wav"}], "seam": 1}',
        '{"takes": [{"file": "sound.wav"}]}',
        '{"takes": [{"file": "sound.wav"}], "seam": "late"}',
        '{"takes": [{"file": "sound.wav", "joins": [NaN, -1, 99]}], "seam": null}',
        '{"takes": [{"file": "sound.wav"}], "seam": 1e999}',
    ],
)
def test_other_files_and_impossible_times_are_passed_over(recorded, tmp_path, said):
    (tmp_path / "a.json").write_text(said)
    panel = picture.panel_of(recorded(tone(440, 1.0)).path)
    assert (panel.seam, panel.joins) == (None, ())


def test_what_cannot_be_drawn_is_told(recorded):
    with pytest.raises(EmptyError, match="silent"):
        picture.panel_of(recorded(np.zeros(RATE)).path)
    with pytest.raises(RangeError, match=r"lasts 0\.20 s"):
        picture.panel_of(recorded(tone(440, 0.2)).path)
