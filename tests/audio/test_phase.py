"""Phase from magnitudes: measured by spectral convergence, and by ear's yardsticks, pitch and silence."""

import numpy as np
import pytest

from notegen.audio import phase
from notegen.audio.features import HOP, power_spectra
from notegen.errors import EmptyError, UsageError

RATE = 22_050


def noise(samples, seed=0):
    return (0.2 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def plucks(seconds=2.0):
    """Return a chord a half second, each tone of six partials that die away."""
    time = np.arange(round(RATE * seconds)) / RATE
    since = time % 0.5
    root = 110 * 2 ** ((time // 0.5) * 5 / 12)
    partials = [
        np.sin(2 * np.pi * root * ratio * partial * since) / partial * np.exp(-partial * since)
        for ratio in (1, 1.25, 1.5)
        for partial in range(1, 7)
    ]
    return (0.1 * np.sum(partials, axis=0)).astype(np.float32)


def tone(hertz, seconds=1.0):
    return np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE).astype(np.float32)


@pytest.mark.parametrize("samples", [0, 1, 100, 511, 512, 1000, 2047, 2048, 5000, 22_050])
def test_a_signal_of_any_length_comes_back_from_its_spectra(samples):
    signal = noise(samples)
    spectrum = phase.stft(signal)
    assert spectrum.shape == (1 + samples // HOP, phase.BINS)
    assert spectrum.dtype == np.complex64
    back = phase.istft(spectrum, samples=samples)
    assert back.dtype == np.float32
    assert back.shape == signal.shape
    assert np.allclose(back, signal, atol=1e-5)


def test_spectra_are_those_that_the_features_are_made_of():
    signal = noise(9000)
    power = np.concatenate(list(power_spectra([signal])))
    assert np.allclose(np.abs(phase.stft(signal)) ** 2, power, rtol=1e-3, atol=1e-4)


def test_a_length_left_out_is_whole_hops():
    spectrum = phase.stft(noise(5120))
    assert len(phase.istft(spectrum)) == len(phase.reconstruct(np.abs(spectrum))) == 5120


def test_plucked_chords_are_reconstructed():
    magnitude = np.abs(phase.stft(signal := plucks()))
    made = phase.reconstruct(magnitude, rounds=20, samples=len(signal))
    assert made.dtype == np.float32
    assert phase.convergence(magnitude, made) < -24


def test_the_slopes_of_a_magnitude_hold_most_of_its_phase():
    magnitude = np.abs(phase.stft(signal := plucks()))
    made = phase.reconstruct(magnitude, rounds=0, samples=len(signal))
    assert phase.convergence(magnitude, made) < -15


def test_a_phase_from_slopes_is_a_better_start_than_chance():
    magnitude = np.abs(phase.stft(signal := plucks()))
    chance = np.random.default_rng(0).uniform(0, 2 * np.pi, magnitude.shape).astype(np.float32)
    for rounds in (0, 10, 30):
        informed = phase.reconstruct(magnitude, rounds=rounds, samples=len(signal))
        blind = phase.griffin_lim(magnitude, chance, rounds=rounds, samples=len(signal))
        assert phase.convergence(magnitude, informed) < phase.convergence(magnitude, blind) - 3


def test_rounds_come_nearer():
    magnitude = np.abs(phase.stft(signal := noise(RATE)))
    errors = [
        phase.convergence(magnitude, phase.reconstruct(magnitude, rounds=rounds, samples=len(signal)))
        for rounds in (0, 5, 20, 60)
    ]
    assert errors == sorted(errors, reverse=True)


@pytest.mark.parametrize("hertz", [65.4, 440.0, 1234.5, 6000.0])
def test_a_tone_keeps_its_frequency(hertz):
    made = phase.reconstruct(np.abs(phase.stft(tone(hertz))))
    middle = made[4096:-4096] * np.hanning(len(made) - 8192)
    found = np.abs(np.fft.rfft(middle, 1 << 18)).argmax() * RATE / (1 << 18)
    assert found == pytest.approx(hertz, abs=0.2)


@pytest.mark.parametrize("gain", [1e-3, 1e3])
def test_how_loud_the_sound_is_does_not_matter(gain):
    magnitude = np.abs(phase.stft(plucks(1.0)))
    quiet, loud = (phase.reconstruct(magnitude * np.float32(by)) for by in (1, gain))
    ours, theirs = phase.convergence(magnitude, quiet), phase.convergence(magnitude * np.float32(gain), loud)
    assert ours == pytest.approx(theirs, abs=0.5)


def test_silence_gives_silence():
    made = phase.reconstruct(np.zeros((20, phase.BINS), np.float32))
    assert len(made) == 19 * HOP
    assert not made.any()


def test_the_same_magnitudes_give_the_same_bytes():
    magnitude = np.abs(phase.stft(plucks()))
    assert phase.reconstruct(magnitude).tobytes() == phase.reconstruct(magnitude).tobytes()


@pytest.mark.parametrize("samples", [0, 1, 100, 700, 2047])
def test_a_signal_shorter_than_a_window_is_reconstructed(samples):
    signal = tone(440)[:samples]
    made = phase.reconstruct(np.abs(phase.stft(signal)), samples=samples)
    assert made.shape == signal.shape
    assert np.isfinite(made).all()


def test_a_signal_is_no_distance_from_itself():
    signal = plucks(0.5)
    magnitude = np.abs(phase.stft(signal))
    assert phase.convergence(magnitude, signal) == -np.inf
    assert phase.convergence(magnitude, signal / 2) == pytest.approx(-6.02, abs=0.01)


def test_silence_has_no_convergence():
    with pytest.raises(EmptyError, match="all 0"):
        phase.convergence(np.zeros((2, phase.BINS), np.float32), np.zeros(512, np.float32))


@pytest.mark.parametrize("shape", [(phase.BINS,), (0, phase.BINS), (5, 80)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(UsageError, match="bins"):
        phase.reconstruct(np.zeros(shape, np.float32))


def test_a_length_of_other_frames_is_refused():
    with pytest.raises(UsageError, match="11 frames; 10 are given"):
        phase.istft(np.zeros((10, phase.BINS), np.complex64), samples=5120)


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_magnitudes_that_are_none_are_refused(value):
    with pytest.raises(UsageError, match="negative or not finite"):
        phase.reconstruct(np.full((3, phase.BINS), value, np.float32))
