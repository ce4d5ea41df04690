"""Takes as sound, picture, sheet music and notation: each form is read back."""

import sys
import xml.etree.ElementTree as ET
from dataclasses import replace

import pytest
import soundfile

from notegen import formats
from notegen.errors import MissingExtraError
from notegen.formats import abc, midi
from notegen.generation import forms
from notegen.generation.compose import compose
from notegen.generation.save import save
from notegen.rendering import engrave, pianoroll
from notegen.rendering.layout import Roll
from notegen.score import METER, NOTE, Track, table

pytest.importorskip("verovio")

ALL = tuple(forms.WRITERS)
WRITTEN = ("musicxml", "abc")


def of_quarters(tune, count, *meters, **rest):
    """Return a tune of so many quarters, under other meters."""
    return replace(tune((1, 4), bars=count, **rest), meters=table(list(meters), METER))


def with_bass(tune):
    """Return a tune of four bars over a bass that lasts for six."""
    bass = [(i * 960, 960, 50, 60, 1) for i in range(12)]
    rows = sorted([*tune().notes.tolist(), *bass])
    return replace(tune(), notes=table(rows, NOTE), tracks=(Track("tune", 73), Track("bass", 32, 1)))


SEEDS = {  # the seed, the index of the bar with the seam, and whether the seam is its bar line
    "bar line": (lambda tune: tune(), 4, True),
    "compound": (lambda tune: tune((6, 8), bars=3), 3, True),
    "unfinished bar": (lambda tune: of_quarters(tune, 6, (0, 4, 4)), 1, False),
    "pickup": (lambda tune: of_quarters(tune, 7, (0, 1, 4), (480, 3, 4)), 3, True),
    "pickup and unfinished bar": (lambda tune: of_quarters(tune, 9, (0, 1, 4), (480, 3, 4)), 3, False),
    "coarse": (lambda tune: tune(bars=2, resolution=96), 2, True),
    "other grid": (lambda tune: tune(bars=2, resolution=100), 2, True),
    "two tracks": (with_bass, 6, True),
}


@pytest.fixture(scope="module", params=SEEDS)
def written(request, tmp_path_factory, eighths, tune):
    """Return a seed, two takes of it in notation and their files, the bar of the seam, and if it opens it."""
    make, bar, opens = SEEDS[request.param]
    seed = midi.decode(midi.encode(make(tune)))
    takes = compose(eighths, seed, bars=2, variations=2, seed=1)
    folder = tmp_path_factory.mktemp("takes")
    paths, _ = save(takes, folder, "take", model=eighths, forms=WRITTEN)
    return seed, takes, paths, bar, opens


@pytest.fixture(scope="module")
def made(tmp_path_factory, eighths, tune):
    """Return two takes in all forms, and the files of these."""
    takes = compose(eighths, midi.decode(midi.encode(tune(bars=2))), bars=2, variations=2, seed=2)
    paths, _ = save(takes, tmp_path_factory.mktemp("takes"), "take", model=eighths, forms=ALL)
    return takes, paths


def on_grid(score):
    """Return the onsets and pitches of a score's notes on the grid of 24 ticks a quarter."""
    return sorted(score.quantize(24).notes[["onset", "pitch"]].tolist())


def seam_measures(path):
    """Return the indices of the measures in which a MusicXML file marks new music."""
    measures = ET.parse(path).getroot().findall("part")[0].findall("measure")
    marked = [i for i, bar in enumerate(measures) if "new" in [each.text for each in bar.iter("rehearsal")]]
    return marked, measures


def test_every_take_has_every_form_under_its_own_name(made):
    _, paths = made
    assert sorted(path.name for path in paths[0].parent.iterdir()) == sorted(
        ["take.json", *(f"take-{i}.{form}" for i in (1, 2) for form in ("mid", *ALL))]
    )


@pytest.mark.parametrize("form", WRITTEN)
def test_notation_reads_back_as_the_take(written, form):
    _, takes, paths, *_ = written
    for take, path in zip(takes, paths, strict=True):
        back = formats.read(path.with_suffix(f".{form}"))
        assert on_grid(back) == on_grid(take.score)
        assert back.tempo_at(0) == pytest.approx(take.score.tempo_at(0), rel=0.01)


def test_musicxml_marks_the_bar_in_which_the_new_music_begins(written):
    _, _, paths, bar, opens = written
    for path in paths:
        marked, measures = seam_measures(path.with_suffix(".musicxml"))
        assert marked == [bar]
        doubled = [
            i + 1 for i, each in enumerate(measures) if each.findtext("barline/bar-style") == "light-light"
        ]
        assert doubled == ([bar] if opens else [])


def test_abc_marks_the_bar_in_which_the_new_music_begins(written):
    """What stands before the mark is the seed, up to the bar line at or before its end."""
    seed, takes, paths, bar, opens = written
    for take, path in zip(takes, paths, strict=True):
        text = path.with_suffix(".abc").read_text()
        before, after = text.split('"^new"')
        assert ("||" in before) == opens
        if len(seed.tracks) == 1:  # else the voices stand behind each other
            assert "||" not in after
            stop = int(take.score.bars()[bar])
            before = abc.read_book(before)[0]
            assert on_grid(before) == on_grid(seed.cut(0, stop))
            assert (stop == take.new.start) == opens


def test_sound_is_stereo_and_as_long_as_the_take(made):
    """Four bars of 4/4 at 120 beats a minute last 8 s; the sound dies away within 10 s."""
    for path in made[1]:
        info = soundfile.info(path.with_suffix(".wav"))
        assert (info.channels, info.samplerate, info.subtype) == (2, 44100, "PCM_16")
        assert 7.9 < info.duration < 18


def test_the_picture_is_named_after_the_take_and_shows_the_seam(made):
    for take, path in zip(*made, strict=True):
        picture = pianoroll.svg([Roll(take.score, path.stem, take.new)])
        assert path.with_suffix(".png").read_bytes() == pianoroll.png(picture)
        assert f">{path.stem}<" in picture and ">new<" in picture


def test_the_pages_are_a_pdf_that_shows_the_seam(made, tmp_path):
    take, path = made[0][0], made[1][0]
    engrave.engrave(take.score, tmp_path / "marked.pdf", new=take.new)
    engrave.engrave(take.score, tmp_path / "plain.pdf")
    found = path.with_suffix(".pdf").read_bytes()
    assert found.startswith(b"%PDF-") and found.rstrip().endswith(b"%%EOF")
    assert found == (tmp_path / "marked.pdf").read_bytes() != (tmp_path / "plain.pdf").read_bytes()


def test_the_new_bars_alone_have_no_seam(tmp_path, eighths, tune):
    seed = of_quarters(tune, 22, (0, 4, 4))
    (take,) = compose(eighths, seed, bars=2, variations=1, seed=3)
    (path,), _ = save([take], tmp_path, "new", model=eighths, forms=ALL, only_new=True)
    for form in WRITTEN:
        assert on_grid(formats.read(path.with_suffix(f".{form}"))) == on_grid(take.fresh)
    assert "^new" not in path.with_suffix(".abc").read_text()
    assert seam_measures(path.with_suffix(".musicxml"))[0] == []
    picture = pianoroll.svg([Roll(take.fresh, "new-1")])
    assert path.with_suffix(".png").read_bytes() == pianoroll.png(picture)
    assert soundfile.info(path.with_suffix(".wav")).duration < 14  # the whole take lasts 16 s


def test_a_tune_from_nothing_has_no_seam(tmp_path, eighths):
    (take,) = compose(eighths, bars=2, variations=1, seed=4, meter=(4, 4))
    (path,), _ = save([take], tmp_path, "tune", model=eighths, forms=WRITTEN)
    assert "^new" not in path.with_suffix(".abc").read_text()
    assert seam_measures(path.with_suffix(".musicxml"))[0] == []


@pytest.mark.parametrize("missing", ["verovio", "typst"])
def test_what_is_not_installed_is_told(monkeypatch, missing):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(MissingExtraError, match=r"notegen\[engrave\]"):
        forms.check(("wav", "pdf"))
    forms.check(tuple(form for form in (*ALL, "sheet") if form != "pdf"))


def test_with_all_extras_all_forms_can_be_written():
    forms.check((*ALL, "sheet"))
