import tracemalloc

import numpy as np
import pytest

from notegen.rendering import builtin, fluid, soundfont
from notegen.rendering.performance import perform
from notegen.score import EVENT, NOTE, Score, Track, table

RATE = 44100


def score(notes, program=0, channel=0, events=()):
    tracks = (Track("", program, channel),)
    return Score(notes=table(list(notes), NOTE), tracks=tracks, events=table(list(events), EVENT))


def play(piece, path, rate=RATE):
    font = soundfont.load(path)
    return np.concatenate(list(builtin.blocks(perform(piece), font, rate)), axis=1)


def witness(piece, path, rate=RATE):
    """Return what FluidSynth makes of it, dry."""
    return np.concatenate(list(fluid.blocks(perform(piece), path, rate, effects=False)), axis=1)


def decibels(wave):
    return 10 * np.log10((wave.astype(float) ** 2).mean() + 1e-20)


needs_fluidsynth = pytest.mark.skipif(fluid.binding() is None, reason="libfluidsynth is not installed")


def test_a_note_is_its_sine_from_onset_to_offset(sine_font):
    left, right = play(score([(480, 480, 69, 127, 0)]), sine_font())
    assert np.array_equal(left, right)
    onset, offset = RATE // 2, RATE
    assert not left[: onset - 8].any()
    expected = 0.5 * np.sin(2 * np.pi * 440 / RATE * np.arange(offset - onset))
    ratio = left[onset:offset] @ expected / (expected @ expected)
    assert np.abs(left[onset:offset] - ratio * expected)[16:].max() < 2e-3 * ratio
    assert decibels(left[offset + 1000 :]) < decibels(left[onset:offset]) - 60


def test_attack_decay_sustain_and_release_have_their_lengths(sine_font):
    # 0.5 s up, 1 s (96 dB in 4 s) down to 24 dB below, release of 96 dB in 2 s
    path = sine_font({34: -1200, 36: 2400, 37: 250, 38: 1200})
    left = play(score([(0, 1920, 69, 127, 0)]), path)[0]

    def level(seconds):
        at = round(seconds * RATE)
        return decibels(left[at - 441 : at + 441])

    top = level(0.5)
    assert level(0.25) - top == pytest.approx(-6, abs=0.3)
    assert level(1.0) - top == pytest.approx(-12, abs=0.5)
    assert level(1.9) - top == pytest.approx(-24, abs=0.3)
    assert level(2.5) - top == pytest.approx(-48, abs=0.5)


def test_a_note_ends_others_of_its_exclusive_class(timgm):
    closed, opened = (960, 480, 42, 100, 0), (0, 3840, 46, 100, 0)
    alone = play(score([opened], channel=9), timgm)
    choked = play(score([opened, closed], channel=9), timgm)
    after = slice(round(1.3 * RATE), round(1.6 * RATE))
    assert decibels(choked[:, after]) < decibels(alone[:, after]) - 10
    before = slice(0, RATE - 100)
    assert np.array_equal(choked[:, before], alone[:, before])


def test_a_bend_moves_a_sounding_note(sine_font):
    bent = play(score([(0, 1920, 69, 127, 0)], events=[(960, 0, 0xE0, 127, 127)]), sine_font())[0]
    for part, frequency in ((bent[4410:39690], 440), (bent[48510:83790], 440 * 2 ** (2 / 12))):
        found = (
            np.abs(np.fft.rfft(part * np.hanning(len(part)), 8 * len(part))).argmax() * RATE / 8 / len(part)
        )
        assert 1200 * np.log2(found / frequency) == pytest.approx(0, abs=3)


def test_expression_swells_without_steps(sine_font):
    swell = [(tick, 0, 0xB0, 11, 1 + tick // 16) for tick in range(0, 1920, 16)]
    left = play(score([(0, 1920, 69, 127, 0)], events=swell), sine_font())[0]
    assert decibels(left[70000:80000]) - decibels(left[10000:20000]) > 20
    assert np.abs(np.diff(left)).max() < 1.1 * np.abs(np.diff(left[70000:88000])).max()


def test_blocks_do_not_depend_on_what_came_before(sine_font):
    one = play(score([(0, 480, 69, 100, 0)]), sine_font())
    both = play(score([(0, 480, 69, 100, 0), (9600, 480, 69, 100, 0)]), sine_font())
    again = both[:, 10 * RATE : 10 * RATE + one.shape[1]]
    assert np.array_equal(again[:, :RATE], one[:, :RATE])


@pytest.mark.parametrize("rate", [8000, 48000, 192_000])
def test_the_pitch_is_the_same_at_every_rate(sine_font, rate):
    left = play(score([(0, 960, 72, 127, 0)]), sine_font(), rate)[0][:rate]
    found = np.abs(np.fft.rfft(left * np.hanning(rate), 8 * rate)).argmax() / 8
    assert 1200 * np.log2(found / (440 * 2 ** (3 / 12))) == pytest.approx(0, abs=1)


def test_memory_does_not_grow_with_the_score(timgm):
    def most(minutes):
        piece = score([(960 * 10 * i, 960, 48 + i % 12, 80, 0) for i in range(6 * minutes)])
        performance, font = perform(piece), soundfont.load(timgm)
        tracemalloc.start()
        frames = sum(block.shape[1] for block in builtin.blocks(performance, font, RATE))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return frames, peak

    few, little = most(2)
    many, peak = most(20)
    assert many > 9 * few
    assert peak < little + (1 << 20)


@needs_fluidsynth
@pytest.mark.parametrize(
    ("program", "pitch", "velocity"), [(0, 60, 100), (0, 72, 50), (19, 48, 90), (33, 40, 110), (56, 67, 70)]
)
def test_level_and_decay_are_those_of_fluidsynth(timgm, program, pitch, velocity):
    piece = score([(0, 1920, pitch, velocity, 0)], program)
    own, other = play(piece, timgm), witness(piece, timgm)
    for start, stop in ((0.05, 0.3), (0.5, 1.0), (1.5, 1.9), (2.1, 2.2)):
        part = slice(round(start * RATE), round(stop * RATE))
        assert decibels(own[:, part]) - decibels(other[:, part]) == pytest.approx(0, abs=1.5)


@needs_fluidsynth
@pytest.mark.parametrize("program", [0, 24, 40, 73, 80])
def test_the_spectrum_is_that_of_fluidsynth(timgm, program):
    piece = score([(0, 1920, 64, 100, 0)], program)
    spectra = [
        np.abs(np.fft.rfft(make(piece, timgm)[0, :RATE] * np.hanning(RATE))) for make in (play, witness)
    ]
    for low, high in ((200, 500), (500, 1000), (1000, 2000), (2000, 4000)):
        own, other = (decibels(spectrum[low:high]) for spectrum in spectra)
        assert own - other == pytest.approx(0, abs=2), (low, high)


@needs_fluidsynth
def test_volume_expression_and_pan_are_those_of_fluidsynth(timgm):
    told = [(0, 0, 0xB0, 7, 70), (0, 0, 0xB0, 11, 90), (0, 0, 0xB0, 10, 100)]
    piece = score([(0, 1920, 64, 100, 0)], 73, events=told)
    own, other = play(piece, timgm), witness(piece, timgm)
    for side in range(2):
        assert decibels(own[side, :RATE]) - decibels(other[side, :RATE]) == pytest.approx(0, abs=1)


@needs_fluidsynth
def test_drums_are_those_of_fluidsynth(timgm):
    for pitch in (36, 38, 42, 49):
        piece = score([(0, 480, pitch, 100, 0)], channel=9)
        own, other = play(piece, timgm), witness(piece, timgm)
        assert decibels(own[:, :11025]) - decibels(other[:, :11025]) == pytest.approx(0, abs=1.5)
