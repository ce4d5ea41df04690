"""Log-mel frames, held to sums written out and to librosa where it is installed."""

import numpy as np
import pytest

from notegen.audio import features
from notegen.audio.recording import RATE
from notegen.errors import EmptyError, RangeError


def noise(seconds=2.0, seed=0):
    rng = np.random.default_rng(seed)
    return (0.2 * rng.standard_normal(round(RATE * seconds))).astype(np.float32)


def tone(hertz, seconds=1.0):
    return np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE).astype(np.float32)


def test_a_tone_is_loudest_in_the_band_around_it():
    corners = features.hertz(np.linspace(*features.mels(np.array([30, RATE / 2])), features.BANDS + 2))
    for band in (5, 20, 40, 79):
        levels = features.levels_of([tone(corners[band + 1])])
        assert set(levels[4:-4].argmax(axis=1)) == {band}


def test_levels_go_from_the_floor_to_nothing():
    levels = features.levels_of([tone(500)])
    assert (levels.min(), levels.max(), levels.dtype) == (-60, 0, np.float32)


def test_half_the_amplitude_is_six_decibels_less():
    levels = features.levels_of([np.concatenate([tone(1000), tone(1000) / 2])])
    assert levels[10].max() - levels[-10].max() == pytest.approx(6.02, abs=0.01)


def test_how_loud_the_recording_is_does_not_matter():
    sound = noise()
    assert np.allclose(features.levels_of([sound]), features.levels_of([sound / 50]), atol=1e-3)


@pytest.mark.parametrize("size", [1, 511, 512, 5000])
def test_blocks_of_any_length_give_the_same_frames(size):
    sound = noise(0.6)
    parts = [sound[at : at + size] for at in range(0, len(sound), size)]
    assert np.allclose(features.levels_of(parts), features.levels_of([sound]), atol=1e-4)


@pytest.mark.parametrize("samples", [0, 511, 512, 5000, 5120])
def test_frames_are_counted_by_hops(samples):
    assert len(features.levels_of([noise()[:samples]])) == 1 + samples // features.HOP


def test_a_frame_is_the_spectrum_around_its_sample():
    sound = noise()
    found = np.concatenate(list(features.power_spectra([sound])))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    for frame in (2, 17, 60):
        middle = frame * features.HOP
        expected = np.abs(np.fft.rfft(sound[middle - 1024 : middle + 1024] * window)) ** 2
        assert np.allclose(found[frame], expected, rtol=1e-3, atol=1e-3)


def test_mels_and_hertz_are_inverse():
    frequencies = np.geomspace(30, 11_025, 50)
    assert np.allclose(features.hertz(features.mels(frequencies)), frequencies)


def test_every_band_hears_something_and_nothing_lies_outside():
    bank = features.filterbank()
    assert bank.shape == (80, 1025)
    assert bank.sum(axis=1) * RATE / features.WINDOW == pytest.approx(1, rel=0.1)
    assert not bank[:, :3].any()  # 0, 11 and 22 Hz


def test_librosa_has_the_same_bands():
    filters = pytest.importorskip("librosa.filters")
    expected = filters.mel(sr=RATE, n_fft=2048, n_mels=80, fmin=30, fmax=11_025)
    assert np.allclose(features.filterbank(), expected, atol=1e-7)


def test_a_recording_at_another_rate_has_the_same_frames(recorded):
    time = np.arange(2 * 44_100) / 44_100
    sound = sum(np.sin(2 * np.pi * f * time) for f in (220, 450, 3000)) / 4
    high = features.log_mel(recorded(np.stack([sound, sound], axis=1), 44_100))
    low = features.log_mel(recorded(sound[::2]))
    assert high.shape == low.shape == (87, 80)
    assert np.abs(high - low)[3:-3].max() < 0.1


def test_what_is_too_short_is_told(recorded):
    with pytest.raises(RangeError, match=r"lasts 0\.30 s; at least 0\.5 s"):
        features.log_mel(recorded(noise(0.3)))


@pytest.mark.parametrize("level", [0, 1e-6])
def test_silence_is_told(recorded, level):
    with pytest.raises(EmptyError, match="silent from beginning to end"):
        features.log_mel(recorded(level * noise()))


def test_levels_of_silence_lie_at_the_floor():
    assert (features.levels_of([np.zeros(5000, np.float32)]) == features.FLOOR).all()
