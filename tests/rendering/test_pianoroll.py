"""Pictures are read back: the SVG as XML, the PNG's pixels."""

import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from notegen.errors import EmptyError, RangeError, UsageError
from notegen.rendering.layout import Roll
from notegen.rendering.panel import COLOURS
from notegen.rendering.pianoroll import draw, png, svg
from notegen.score import METER, NOTE, Score, Span, Track, table

SVG = "{http://www.w3.org/2000/svg}"
QUARTER = 24


def parse(*rolls):
    return ET.fromstring(svg([roll if isinstance(roll, Roll) else Roll(roll) for roll in rolls]))


def systems(root):
    return root.findall(f"{SVG}g[@class='system']")


def shift(group):
    """Return where a group is placed on the page."""
    return [float(word) for word in group.get("transform")[len("translate(") : -1].split()]


def box(rect):
    return [float(rect.get(name)) for name in ("x", "y", "width", "height")]


def verticals(system, name):
    """Return the x of each vertical line in the paths of a class."""
    paths = [path.get("d") for path in system.findall(f"{SVG}path[@class='{name}']")]
    return [float(piece.split()[0]) for path in paths for piece in path.split("M")[1:]]


def note_boxes(system, track=0):
    groups = system.findall(f"{SVG}g[@class='track']")[::-1]  # the first track is drawn last
    return [box(rect) for rect in groups[track].findall(f"{SVG}rect")]


def band():
    tracks = (Track("flute"), Track("bass", channel=1), Track("kit", channel=9))
    rows = [
        (0, 24, 72, 80, 0),
        (0, 96, 40, 80, 1),
        (0, 5, 36, 80, 2),
        (24, 5, 38, 80, 2),
        (48, 24, 74, 80, 0),
    ]
    return Score(notes=table(rows, NOTE), tracks=tracks, resolution=QUARTER)


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(0, 12 * 96), st.integers(12, 200), st.integers(0, 127)), min_size=1, max_size=30
    ),
    st.sampled_from([(4, 4), (3, 4), (6, 8), (7, 8)]),
)
def test_each_note_stands_at_its_time_and_pitch_for_its_duration(notes, meter):
    score = Score.of(sorted(notes), resolution=QUARTER, meter=meter)
    (system,) = systems(parse(score))
    tick = verticals(system, "bars")[-1] / score.bars()[-1]
    boxes = np.array(note_boxes(system))
    assert boxes[:, 0] == pytest.approx(tick * score.notes["onset"], abs=0.02)
    assert boxes[:, 2] == pytest.approx(tick * score.notes["duration"], abs=0.02)
    below = int(score.notes["pitch"].max()) - score.notes["pitch"]
    assert boxes[:, 1] - boxes[:, 1].min() == pytest.approx(boxes[0, 3] * below, abs=0.6)


def test_a_note_across_systems_goes_on_in_the_next():
    score = Score.of([(0, 30 * 96, 60), (96, 24, 72)], resolution=QUARTER)
    first, second = systems(parse(score))
    (held, _), (rest,) = note_boxes(first), note_boxes(second)
    assert (held[0], held[2]) == (0, verticals(first, "bars")[-1])
    assert (rest[0], rest[2]) == (0, verticals(second, "bars")[-1])
    assert held[1] == rest[1]


def test_the_shortest_note_can_be_seen():
    ((_, _, width, _),) = note_boxes(systems(parse(Score.of([(0, 1, 60)], resolution=9600)))[0])
    assert width >= 1


def test_bar_lines_stand_at_the_bars_of_the_score():
    meters = table([(0, 4, 4), (192, 3, 8), (264, 2, 2)], METER)
    score = Score(notes=table([(0, 500, 60, 80, 0)], NOTE), meters=meters, resolution=QUARTER)
    (system,) = systems(parse(score))
    lines = np.array(verticals(system, "bars"))
    assert lines == pytest.approx(score.bars() * lines[-1] / score.bars()[-1], abs=0.01)


@pytest.mark.parametrize(("meter", "beats"), [((4, 4), [1, 2, 3]), ((6, 8), [1.5]), ((3, 8), [0.5, 1])])
def test_beats_are_drawn_between_bar_lines(meter, beats):
    score = Score.of([(0, 24, 60)], resolution=QUARTER, meter=meter)
    (system,) = systems(parse(score))
    quarter = verticals(system, "bars")[-1] * QUARTER / score.bars()[-1]
    assert verticals(system, "beats") == pytest.approx([beat * quarter for beat in beats], abs=0.01)


def test_bars_are_numbered_and_a_pickup_is_0():
    meters = table([(0, 1, 4), (24, 3, 4)], METER)
    score = Score(notes=table([(0, 24 + 72 * 30, 60, 80, 0)], NOTE), meters=meters, resolution=QUARTER)
    found = systems(parse(score))
    numbers = [text.text for system in found for text in system.find(f"{SVG}g[@class='numbers']")]
    assert numbers == [str(i) for i in range(31)]


def test_numbers_that_would_touch_are_left_out():
    (system,) = systems(parse(Score.of([(0, 24 * 70, 60)], resolution=QUARTER, meter=(1, 4))))
    texts = system.find(f"{SVG}g[@class='numbers']")
    assert np.diff([float(text.get("x")) for text in texts]).min() >= 20
    assert texts[0].text == "1"


def test_a_pickup_hangs_out_so_that_the_first_bars_stand_above_each_other():
    meters = table([(0, 1, 4), (24, 3, 4)], METER)
    with_pickup = Score(notes=table([(0, 96, 60, 80, 0)], NOTE), meters=meters, resolution=QUARTER)
    first, second = systems(parse(with_pickup, Score.of([(0, 24, 60)], meter=(3, 4), resolution=480)))
    assert shift(first)[0] == shift(second)[0]
    assert [round(x) for x in verticals(first, "bars")[1:]] == [round(x) for x in verticals(second, "bars")]
    (alone,) = systems(parse(Score.of([(0, 24, 60)])))
    assert verticals(first, "bars")[0] + shift(first)[0] == pytest.approx(shift(alone)[0], abs=0.02)


def test_takes_share_time_and_pitch_whatever_their_resolution():
    short = Score.of([(0, 24, 60), (24, 24, 64)], resolution=24)
    long = Score.of([(480 * 4 * i, 960, 60 + i) for i in range(8)], resolution=480)
    first, second = systems(parse(short, long))
    assert note_boxes(first)[0][1] == note_boxes(second)[0][1]
    assert note_boxes(first)[1][1] == note_boxes(second)[4][1]
    assert 2 * note_boxes(first)[0][2] == pytest.approx(note_boxes(second)[0][2], abs=0.02)


@pytest.mark.parametrize("start", [0, 96, 100, 96 * 12, 96 * 20])
@pytest.mark.parametrize("stop", [None, 96 * 20 + 50, 96 * 22, 96 * 24])
def test_what_is_new_is_shaded_between_its_seams(start, stop):
    """The score is drawn in two systems of 12 bars."""
    score = Score.of([(0, 96 * 24, 60)], resolution=QUARTER)
    marks, words, shaded, first = [], [], [], 0
    for system in systems(parse(Roll(score, new=Span(start, stop)))):
        lines = verticals(system, "bars")
        tick = lines[1] / 96
        marks += [first + x / tick for x in verticals(system, "seam")]
        words += [text.text for text in system.findall(f"{SVG}text")]
        for rect in system.findall(f"{SVG}rect[@class='new']"):
            x, _, width, _ = box(rect)
            shaded += [first + x / tick, first + (x + width) / tick]
        first += 96 * (len(lines) - 1)
    assert marks == pytest.approx([start] if stop is None else [start, stop], abs=0.1)
    assert words == ["new"]
    broken = [96 * 12] * 2 if start < 96 * 12 else []
    assert shaded == pytest.approx([start, *broken, stop or 96 * 24], abs=0.5)


def test_new_bars_that_fill_a_system_end_at_its_right():
    score = Score.of([(0, 96 * 24, 60)], resolution=QUARTER)
    first, second = systems(parse(Roll(score, new=Span(96, 96 * 12))))
    assert len(verticals(first, "seam")) == 2
    assert second.find(f"{SVG}rect[@class='new']") is None
    assert verticals(second, "seam") == []


def test_without_a_seam_nothing_is_new():
    assert "new" not in svg([Roll(band())])


def test_tracks_have_colours_of_their_own_and_a_legend_that_names_them():
    score = Score(
        notes=table([(i, 24, 60 + i, 80, i) for i in range(8)], NOTE),
        tracks=tuple(Track(f"part {i}", channel=i) for i in range(8)),
    )
    root = parse(score)
    fills = [group.get("fill") for group in systems(root)[0].findall(f"{SVG}g[@class='track']")]
    assert len(set(fills)) == 8 == len(set(COLOURS))
    (legend,) = [
        group for group in root.findall(f"{SVG}g[@class='heading']") if group.find(f"{SVG}rect") is not None
    ]
    swatches = [rect.get("fill") for rect in legend.findall(f"{SVG}rect")]
    assert swatches == fills[::-1]
    assert [text.text for text in legend.findall(f"{SVG}text")] == [f"part {i}" for i in range(8)]


def test_one_legend_is_enough_for_takes_of_the_same_tracks():
    assert svg([Roll(band()), Roll(band())]).count(">flute<") == 1
    assert "flute" not in svg([Roll(Score.of([(0, 1, 60)], tracks=(Track("flute"),)))])


def test_a_long_legend_is_broken_and_stays_on_the_page():
    score = Score(
        notes=table([(i, 24, 60, 80, i) for i in range(40)], NOTE),
        tracks=tuple(Track("a name that goes on and on and on") for _ in range(40)),
    )
    places = [
        float(text.get("x"))
        for group in parse(score).findall(f"{SVG}g[@class='heading']")
        for text in group.iter(f"{SVG}text")
    ]
    assert len(places) == 40
    assert max(places) + 30 * 6.5 < 1200


def test_louder_notes_are_stronger():
    rows = [(i * 24, 24, 60, velocity, 0) for i, velocity in enumerate(range(1, 128))]
    score = Score(notes=table(rows, NOTE), resolution=QUARTER)
    strengths = [
        float(rect.get("fill-opacity"))
        for system in systems(parse(score))
        for rect in system.iter(f"{SVG}rect")
        if rect.get("class") is None
    ]
    assert len(strengths) == 127
    assert strengths == sorted(strengths)
    assert 0.2 < strengths[0] < 0.5 < strengths[-1] == 1


def test_drums_have_a_lane_with_names_below_the_keys():
    (system,) = systems(parse(band()))
    names = [text.text for text in system.find(f"{SVG}g[@class='names']")]
    assert names[-2:] == ["snare", "kick"]
    groups = system.findall(f"{SVG}g[@class='track']")
    hits = [path.get("d").split("l")[0][1:].split() for path in groups[0].findall(f"{SVG}path")]
    quarter = verticals(system, "bars")[-1] / 4
    assert [float(x) for x, _ in hits] == pytest.approx([0, quarter], abs=0.01)
    keys = max(y + height for track in (0, 1) for _, y, _, height in note_boxes(system, track))
    assert keys < float(hits[1][1]) < float(hits[0][1])  # the snare above the kick


def test_drums_alone_can_be_drawn():
    score = Score(notes=table([(0, 5, 36, 80, 0)], NOTE), tracks=(Track(channel=9),))
    (system,) = systems(parse(score))
    assert [text.text for text in system.find(f"{SVG}g[@class='names']")] == ["kick"]


def test_cs_are_named_beside_their_row():
    (system,) = systems(parse(Score.of([(0, 24, 60), (24, 24, 72)], resolution=QUARTER)))
    named = {text.text: float(text.get("y")) for text in system.find(f"{SVG}g[@class='names']")}
    low, high = note_boxes(system)
    assert set(named) == {"C4", "C5"}
    assert low[1] < named["C4"] < low[1] + 2 * low[3]
    assert named["C4"] - named["C5"] == pytest.approx(low[1] - high[1], abs=0.02)


def test_an_octave_is_shown_at_least():
    (system,) = systems(parse(Score.of([(0, 24, 66)])))
    height = float(system.find(f"{SVG}path[@class='bars']").get("d").split("v")[1].split("M")[0])
    assert height >= 12 * note_boxes(system)[0][3]


@pytest.mark.parametrize("title", ['<b>&amp;</b> "quoted"', "a\x00b\x1bc\ufffe\udc80", "Ça va — 曲"])
def test_titles_and_track_names_are_escaped(title):
    tracks = (Track(title), Track(title, channel=1))
    score = Score(notes=table([(0, 9, 60, 80, 0), (0, 9, 62, 80, 1)], NOTE), tracks=tracks)
    root = ET.fromstring(svg([Roll(score, title)]).encode())
    expected = "".join(char if char.isprintable() else " " for char in title)
    assert [text.text.strip() for text in root.iter(f"{SVG}text")].count(expected.strip()) == 3


def test_the_same_score_gives_the_same_picture():
    assert svg([Roll(band(), "a")]) == svg([Roll(band(), "a")])


def test_nothing_runs_out_of_the_page():
    root = parse(Roll(band(), "a", Span(24, 48)), Score.of([(0, 96 * 100, 60)], resolution=QUARTER))
    width, height = float(root.get("width")), float(root.get("height"))
    for system in systems(root):
        left, top = shift(system)
        assert left > 0 and left + verticals(system, "bars")[-1] < width
        assert top > 0 and all(top + y + high < height for _, y, _, high in note_boxes(system))


def test_nothing_cannot_be_drawn():
    with pytest.raises(EmptyError, match="no note"):
        svg([Roll(Score())])


@pytest.mark.parametrize("quarters", [4 * 4000, 40_000_000])
def test_what_is_far_too_long_is_refused(quarters):
    with pytest.raises(RangeError):
        svg([Roll(Score.of([(0, 24 * quarters, 60)], resolution=QUARTER))])


def pixels(data):
    """Decode a PNG: an array of shape (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


@pytest.mark.parametrize("width", [600, 1600])
def test_a_png_shows_the_notes_in_their_colours_where_the_svg_has_them(width):
    score = Score(notes=table([(0, 96, 60, 127, 0), (0, 48, 67, 127, 1)], NOTE), tracks=(Track(), Track()))
    score = Score(notes=score.notes, tracks=score.tracks, resolution=QUARTER)
    root, picture = parse(score), pixels(png(svg([Roll(score)]), width))
    zoom = width / 1200
    assert picture.shape[1] == width
    assert picture.shape[0] == pytest.approx(float(root.get("height")) * zoom, abs=1)
    assert picture[0, 0].tolist() == [255, 255, 255]
    (system,) = systems(root)
    left, top = shift(system)
    for track, colour in enumerate(COLOURS[:2]):
        ((x, y, note_width, height),) = note_boxes(system, track)
        middle = picture[round((top + y + height / 2) * zoom), round((left + x + note_width * 0.6) * zoom)]
        assert "#" + "".join(f"{value:02X}" for value in middle) == colour


@pytest.mark.parametrize("name", ["roll.svg", "roll.PNG", "new/folder/roll.png"])
def test_draw_chooses_by_the_name(tmp_path, name):
    draw([Roll(band(), "a")], tmp_path / name)
    data = (tmp_path / name).read_bytes()
    if name.endswith("svg"):
        assert data.decode() == svg([Roll(band(), "a")])
    else:
        assert pixels(data).shape[1] == 1600


@pytest.mark.parametrize("name", ["roll.jpg", "roll", "roll.mid"])
def test_other_names_are_refused(tmp_path, name):
    with pytest.raises(UsageError, match=r"end the name in \.png or \.svg"):
        draw([Roll(band())], tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_an_existing_picture_is_kept_unless_forced(tmp_path):
    path = tmp_path / "roll.svg"
    path.write_text("mine")
    with pytest.raises(UsageError, match="exists already"):
        draw([Roll(band())], path)
    assert path.read_text() == "mine"
    draw([Roll(band())], path, force=True)
    assert path.read_text().startswith("<svg")
