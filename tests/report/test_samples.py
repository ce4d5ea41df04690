"""Samples: where the line that moves along a roll is at which second."""

import base64
import io
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest
import soundfile

from notegen.errors import EmptyError
from notegen.report import samples
from notegen.report.samples import Sample
from notegen.score import TEMPO, Score, Track, table

SPACE = "{http://www.w3.org/2000/svg}"


def systems(picture):
    """Return the systems of a roll: seconds and x of each, and its element."""
    groups = [each for each in ET.fromstring(picture).iter(f"{SPACE}g") if each.get("class") == "system"]
    return [
        (*(np.array([float(n) for n in each.get(name).split()]) for name in ("data-seconds", "data-x")), each)
        for each in groups
    ]


def notes(system):
    (track,) = [each for each in system.iter(f"{SPACE}g") if each.get("class") == "track"]
    return [float(each.get("x")) for each in track]


def test_the_line_reaches_each_note_when_it_is_heard(tune):
    """At 120 beats a minute, the 16 bars of 4/4 last for 32 s, 8 bars a system."""
    score = tune(bars=16)
    found = systems(samples.roll(score, "a"))
    assert [(seconds[0], seconds[-1]) for seconds, _, _ in found] == [(0, 16), (16, 32)]
    reached = [at for seconds, x, system in found for at in np.interp(notes(system), x, seconds).tolist()]
    assert sorted(reached) == pytest.approx((score.notes["onset"] / 960).tolist(), abs=0.002)


def test_it_slows_down_where_the_music_does(tune):
    """Half of the second bar is played at 60 beats a minute, the rest at 120."""
    score = tune(bars=2, tempos=table([(0, 500_000), (2880, 1_000_000)], TEMPO))
    ((seconds, x, _),) = systems(samples.roll(score, "a"))
    assert seconds.tolist() == [0, 2, 3, 5]
    assert np.diff(x)[1] == pytest.approx(np.diff(x)[2], abs=0.02)
    assert np.diff(x)[0] == pytest.approx(2 * np.diff(x)[1], abs=0.02)


def test_a_pickup_lies_before_the_first_bar_line():
    meter = np.array([(0, 1, 4), (480, 4, 4)], dtype=Score().meters.dtype)
    score = Score.of([(480 * i, 480, 60 + i) for i in range(9)], resolution=480)
    score = Score(notes=score.notes, meters=meter, resolution=480)
    ((seconds, x, _),) = systems(samples.roll(score, "a"))
    assert seconds.tolist() == [0, 0.5, 2.5, 4.5]
    assert x[0] < 0 == x[1]


def test_systems_do_not_overlap_and_fit_into_the_picture(tune):
    picture = samples.roll(tune(bars=40), "a")
    width, height = (float(n) for n in ET.fromstring(picture).get("viewBox").split()[2:])
    places = [
        (*map(float, re.findall(r"[\d.]+", each.get("transform"))), float(each.get("data-foot")))
        for _, _, each in systems(picture)
    ]
    assert all(lower - 14 >= upper + foot - 0.02 for (_, upper, foot), (_, lower, _) in pairwise(places))
    assert places[-1][1] + places[-1][2] <= height + 0.02
    assert all(
        left + x.max() <= width for (left, _, _), (_, x, _) in zip(places, systems(picture), strict=True)
    )


def test_a_short_piece_is_not_stretched(tune):
    ((_, x, _),), ((_, wide, _),) = (systems(samples.roll(tune(bars=n), "a")) for n in (1, 4))
    assert x[1] == pytest.approx(wide[1], abs=0.01)


def test_drums_have_rows_of_their_own():
    score = Score.of([(480 * i, 240, 38) for i in range(8)], resolution=480)
    drums = Score(notes=score.notes, tracks=(Track(channel=9),), resolution=480)
    ((seconds, _, system),) = systems(samples.roll(drums, "a"))
    assert seconds[-1] == 4
    (track,) = [each for each in system.iter(f"{SPACE}g") if each.get("class") == "track"]
    assert len(track) == 8


def test_a_sample_is_heard_as_it_is_seen(tune, parsed):
    page = parsed(samples.section(Sample("Jig", tune(bars=2), "2.10 bits per note")))
    assert page.text("h4") == ["Jig"] and page.text("p") == ["2.10 bits per note"]
    (audio,) = page.all("audio")
    with soundfile.SoundFile(io.BytesIO(base64.b64decode(audio["src"].split(",")[1]))) as file:
        assert file.frames / file.samplerate >= 4
    (roll,) = page.all("svg")
    assert roll["class"] == "roll" and roll["aria-label"] == "piano roll of Jig"


def test_half_a_minute_takes_less_than_half_a_megabyte(tune):
    """Six of them, and all the rest of a page, stay below 3 MB."""
    assert len(samples.section(Sample("", tune(bars=15)))) < 480_000


@pytest.mark.usefixtures("silent")
def test_titles_are_text(tune, parsed, nasty):
    page = parsed(samples.section(Sample(nasty, tune(), nasty)))
    assert page.text("h4") == page.text("p") == [nasty]
    assert not page.all("script")


def test_silence_is_no_sample():
    with pytest.raises(EmptyError, match="no note"):
        samples.roll(Score(), "a")


def test_the_script_asks_for_what_the_rolls_have(tune, parsed):
    page = parsed(samples.roll(tune(), "a"))
    asked = set(re.findall(r"dataset\.(\w+)", samples.SCRIPT))
    (system,) = [each for each in page.all("g") if each["class"] == "system"]
    assert asked == {name.removeprefix("data-") for name in system if name.startswith("data-")}
    classes = set(re.findall(r'"\.([\w-]+)"', samples.SCRIPT))
    whole = parsed(f'<div class="sample">{samples.roll(tune(), "a")}</div>')
    assert classes <= {attributes.get("class") for _, attributes in whole.elements}
