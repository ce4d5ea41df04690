"""Beats: clicks and rendered scores, whose tempo is known."""

import numpy as np
import pytest

from notegen.audio import beats, features, recording
from notegen.audio.features import FRAME_RATE
from notegen.audio.recording import RATE
from notegen.rendering import sound
from notegen.score import NOTE, TEMPO, Score, Track, table

TEMPOS = [60, 75, 90, 110, 120, 133, 150, 180]


def band(bpm, bars=6):
    """Return drums, a bass and chords in 4/4: quarters are the beat, the hi-hat plays eighths."""
    notes = []
    for beat in range(4 * bars):
        at, root = 480 * beat, (0, 7, 5, 3)[beat // 4 % 4]
        notes += [(at, 400, 36 + root, 90, 0), (at, 100, 38 if beat % 2 else 36, 100, 1)]
        notes += [(at, 60, 42, 80, 1), (at + 240, 60, 42, 60, 1)]
        if beat % 4 == 0:
            notes += [(at, 1800, pitch + root, 70, 2) for pitch in (60, 64, 67)]
    tempo = table([(0, round(60e6 / bpm))], TEMPO)
    tracks = (Track("", 33, 0), Track("", 0, 9), Track("", 0, 1))
    return Score(notes=table(sorted(notes), NOTE), tracks=tracks, tempos=tempo)


def mean_tempo(found):
    return 60 * FRAME_RATE * (len(found) - 1) / (found[-1] - found[0])


@pytest.mark.parametrize("bpm", TEMPOS)
def test_clicks_are_beats(clicks, bpm):
    levels = features.levels_of([clicks(bpm)])
    assert beats.tempo(beats.strength(levels)) == pytest.approx(bpm, rel=0.01)
    found = beats.track(levels)
    wanted = np.arange(0.3, 19.9, 60 / bpm) * FRAME_RATE
    assert len(found) == len(wanted)
    assert np.abs(found - wanted).max() < 2


@pytest.mark.parametrize("bpm", [70, 100, 128, 174])
@pytest.mark.parametrize("weak", [1.0, 0.4])
def test_beats_of_steady_music_lie_on_a_line(clicks, bpm, weak):
    """In 3/4 too, whose second and third beats are weak; whole frames alone give 0.5."""
    sound = weak * clicks(bpm, 60) + (1 - weak) * clicks(bpm / 3, 60)
    found = beats.track(features.levels_of([sound.astype(np.float32)]))
    line = np.polyval(np.polyfit(np.arange(len(found)), found, 1), np.arange(len(found)))
    assert np.abs(found - line).max() < 0.7


def test_a_figure_across_the_beat_is_not_its_tempo():
    """Notes of 3, 3 and 2 sixteenths in each half of a bar."""
    sixteenth = 60 / 100 / 4 * FRAME_RATE
    onsets = np.zeros(round(480 * sixteenth))
    onsets[[round((8 * half + at) * sixteenth) for half in range(60) for at in (0, 3, 6)]] = 1
    onsets = np.convolve(onsets, [0.5, 1, 0.5], "same")
    assert beats.tempo(onsets - onsets.mean()) == pytest.approx(100, rel=0.01)


@pytest.mark.parametrize("bpm", [60, 100, 140, 180])
def test_the_tempo_of_a_rendered_score_is_found(tmp_path, bpm):
    path = tmp_path / "band.wav"
    path.write_bytes(sound.encoded(band(bpm), ".wav", engine="builtin"))
    levels = features.log_mel(recording.open(path))
    found = beats.track(levels)
    assert beats.tempo(beats.strength(levels)) == pytest.approx(bpm, rel=0.02)
    assert mean_tempo(found) == pytest.approx(bpm, rel=0.01)
    wanted = np.arange(24) * 60 / bpm * FRAME_RATE
    assert np.abs(found[:, None] - wanted).min(axis=1).max() < 3


def test_beats_follow_a_tempo_that_rises(clicks):
    bars = [clicks(bpm, 3, first=0.0)[: round(RATE * 240 / bpm)] for bpm in range(100, 112)]
    found = beats.track(features.levels_of(bars))
    assert mean_tempo(found[:8]) == pytest.approx(100.5, rel=0.03)
    assert mean_tempo(found[-8:]) == pytest.approx(110.5, rel=0.03)


def test_there_are_no_beats_in_the_silence_around(clicks):
    silence = np.zeros(4 * RATE, np.float32)
    found = beats.track(features.levels_of([silence, clicks(120), silence]))
    assert found[0] >= 4 * FRAME_RATE
    assert found[-1] <= 24 * FRAME_RATE


@pytest.mark.parametrize("seconds", [1, 5, 30])
def test_noise_and_drones_have_no_beat(seconds):
    rng = np.random.default_rng(0)
    drone = np.sin(np.arange(RATE * seconds) * 0.1).astype(np.float32)
    for steady in (drone, rng.standard_normal(RATE * seconds).astype(np.float32)):
        assert len(beats.track(features.levels_of([steady]))) == 0


@pytest.mark.parametrize("at", [0, 5, 19.9])
def test_one_sound_in_silence_is_no_beat(clicks, at):
    lonely = np.roll(clicks(60, 20, first=19.5), round((at - 19.5) * RATE))
    assert len(beats.track(features.levels_of([lonely]))) == 0


def test_strength_rises_where_a_note_begins(clicks):
    onsets = beats.strength(features.levels_of([clicks(60, 4, first=1.0)]))
    highest = sorted(onsets.argsort()[-3:])
    assert np.abs(np.array(highest)[0] - FRAME_RATE) < 3
    assert onsets[10] <= 0


def test_phases_count_through_each_beat():
    found = beats.phase(np.array([10, 26, 58]), 70)
    assert found[10:26].tolist() == list(range(16))
    assert found[26:58].tolist() == [i // 2 for i in range(32)]


@pytest.mark.parametrize("few", [[], [7]])
def test_without_beats_every_frame_is_at_the_beginning(few):
    found = np.array(few, np.int64)
    assert beats.phase(found, 5).tolist() == [0] * 5
    assert beats.place(found, 4, 5).tolist() == beats.onward(found, 4, 5, 5).tolist() == [0] * 5


def test_places_count_through_each_bar():
    found = beats.place(np.arange(100, 900, 16), 3, 1000)
    assert found[100:148].tolist() == list(range(48))
    assert (found == (np.arange(1000) - 100) % 48).all()


def test_the_clock_goes_on_at_the_tempo_of_the_last_beats():
    early, late = np.arange(0, 1000, 30), 1000 + np.round(np.arange(60) * 20.2).astype(int)
    found = beats.onward(np.concatenate([early, late]), 4, 4000, 2000)
    wanted = np.floor((np.arange(4000, 6000) - 1000) / 20.2 * 16).astype(int) + 16 * len(early)
    apart = (found - wanted) % 64
    assert np.minimum(apart, 64 - apart).max() <= 1


def test_the_clock_minds_no_gap_between_the_last_beats():
    found = np.delete(np.arange(0, 1000, 20), [-4, -9])
    assert (np.diff(np.flatnonzero(np.diff(beats.onward(found, 1, 1100, 400)) < 0)) == 20).all()


def test_onward_is_place_continued():
    found = np.array([4, 25, 47, 68, 90])
    places = beats.place(found, 3, 500)
    assert beats.onward(found, 3, 120, 380).tolist() == places[120:].tolist()


@pytest.mark.parametrize("beat", [2, 3, 4, 6, 8])
def test_bars_are_told_by_what_repeats(beat):
    rng = np.random.default_rng(beat)
    rhythm = rng.uniform(-40, -10, (beat, 80))
    time = np.arange(3000) / 20.3
    levels = rhythm[time.astype(int) % beat] - 20 * (time % 1)[:, None] + rng.normal(0, 5, (3000, 80))
    found = np.round(np.arange(147) * 20.3).astype(int)
    assert beats.bar(levels.astype(np.float32), found) == beat
    assert beats.bar(levels.astype(np.float32), found[:40]) == 1


def test_where_nothing_repeats_there_is_no_bar(clicks):
    for seed in range(5):
        levels = np.random.default_rng(seed).uniform(-60, 0, (100, 80)).astype(np.float32).repeat(20, axis=0)
        assert beats.bar(levels, np.arange(0, 2000, 20)) == 1
    ticking = features.levels_of([clicks(128, 60)])
    assert beats.bar(ticking, beats.track(ticking)) == 1
