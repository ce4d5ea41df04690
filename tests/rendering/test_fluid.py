import sys

import numpy as np
import pytest

from notegen.errors import DataError, FormatError, UsageError
from notegen.rendering import fluid
from notegen.rendering.performance import perform
from notegen.score import EVENT, NOTE, Score, Track, table

RATE = 44100
needs_fluidsynth = pytest.mark.skipif(fluid.binding() is None, reason="libfluidsynth is not installed")


ORGAN = (Track("", 19, 0),)


def score(notes, events=(), tracks=ORGAN):
    return Score(notes=table(notes, NOTE), tracks=tracks, events=table(list(events), EVENT))


def play(piece, font, **options):
    return np.concatenate(list(fluid.blocks(perform(piece), font, RATE, **options)), axis=1)


def test_without_the_library_there_is_a_sentence(monkeypatch, timgm):
    monkeypatch.setitem(sys.modules, "fluidsynth", None)  # importing it raises ImportError
    assert fluid.binding() is None
    with pytest.raises(UsageError, match=r"apt install libfluidsynth3.*brew install fluid-synth.*Windows"):
        play(score([(0, 480, 60, 80, 0)]), timgm)


@needs_fluidsynth
def test_a_file_that_is_no_sound_font_is_refused(tmp_path):
    foreign = tmp_path / "foreign.sf2"
    foreign.write_bytes(bytes(100))
    with pytest.raises(FormatError, match=r"foreign\.sf2"):
        play(score([(0, 480, 60, 80, 0)]), foreign)
    with pytest.raises(DataError, match=r"gone\.sf2"):
        play(score([(0, 480, 60, 80, 0)]), tmp_path / "gone.sf2")


@needs_fluidsynth
def test_it_says_nothing_on_its_own(timgm, capfd):
    play(score([(0, 480, 60, 80, 0)], tracks=(Track("", 0, 9),)), timgm)
    assert capfd.readouterr() == ("", "")


@needs_fluidsynth
def test_notes_begin_in_the_middle_of_blocks(timgm):
    wave = np.abs(play(score([(480 + i * 701, 240, 72, 110, 0) for i in range(4)]), timgm)).max(axis=0)
    assert wave[: RATE // 2 - 64].max() < 1e-6
    assert wave[RATE // 2 + 64 : RATE // 2 + 1000].max() > 1e-4


@needs_fluidsynth
def test_reverb_is_there_and_can_be_left_out(timgm):
    piece = score([(0, 240, 72, 110, 0)], tracks=(Track("", 115, 0),))
    wet, dry = play(piece, timgm), play(piece, timgm, effects=False)
    tail = slice(RATE, RATE + RATE // 4)
    assert np.abs(wet[:, tail]).max() > 10 * np.abs(dry[:, tail]).max()


@needs_fluidsynth
def test_bends_have_their_range(timgm):
    wide = [(0, 0, 0xB0, 101, 0), (0, 0, 0xB0, 100, 0), (0, 0, 0xB0, 6, 12), (0, 0, 0xE0, 127, 127)]
    bent = play(score([(0, 1920, 60, 100, 0)], wide, (Track("", 79, 0),)), timgm, effects=False)[0]
    plain = play(score([(0, 1920, 72, 100, 0)], (), (Track("", 79, 0),)), timgm, effects=False)[0]
    peaks = [np.abs(np.fft.rfft(wave[:RATE] * np.hanning(RATE))).argmax() for wave in (bent, plain)]
    assert peaks[0] == pytest.approx(peaks[1], abs=3)


@needs_fluidsynth
def test_more_parts_than_channels_are_played(timgm):
    tracks = tuple(Track("", program, channel) for channel in (0, 1, 2) for program in range(100))
    piece = score([(i * 10, 100, 60, 60, i) for i in range(len(tracks))], tracks=tracks)
    assert np.isfinite(play(piece, timgm)).all()
