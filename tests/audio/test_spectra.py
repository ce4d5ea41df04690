"""Linear magnitudes of recordings, held to sums written out, and the way back to sound."""

import numpy as np
import pytest

from notegen.audio import phase
from notegen.audio.recording import RATE
from notegen.audio.spectra import LOUDEST, sound, spectra
from notegen.errors import EmptyError


def noise(seconds=1.0, level=0.2):
    return (level * np.random.default_rng(0).standard_normal(round(RATE * seconds))).astype(np.float32)


def tone(hertz, seconds=1.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(RATE * seconds)) / RATE).astype(np.float32)


def test_a_frame_is_the_spectrum_around_its_sample(recorded):
    samples = noise()
    frames, unit = spectra(recorded(samples))
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(2048) / 2048)
    for frame in (2, 17, 40):
        middle = 512 * frame
        expected = np.abs(np.fft.rfft(samples[middle - 1024 : middle + 1024] * window))
        assert np.allclose(frames[frame] * unit, expected, rtol=1e-3, atol=1e-3)


def test_the_loudest_magnitude_is_the_same_for_every_recording(recorded):
    loud, soft = (spectra(recorded(noise(level=level))) for level in (0.3, 0.003))
    assert loud.frames.max() == soft.frames.max() == pytest.approx(LOUDEST)
    assert np.allclose(loud.frames, soft.frames, atol=1e-3)
    assert loud.unit == pytest.approx(100 * soft.unit)


@pytest.mark.parametrize("samples", [511, 512, 5120])
def test_frames_are_counted_by_hops(recorded, samples):
    assert spectra(recorded(noise()[:samples])).frames.shape == (1 + samples // 512, phase.BINS)


def test_spectra_outlive_the_reading_of_others(recorded):
    first = spectra(recorded(noise()))
    kept = np.array(first.frames)
    spectra(recorded(tone(440), name="other.wav"))
    assert np.array_equal(first.frames, kept)


def test_sound_comes_back_near_to_its_magnitudes_and_at_its_level(recorded):
    samples = tone(440, 2.0) + tone(660, 2.0) * np.linspace(0, 1, 2 * RATE, dtype=np.float32)
    frames, unit = spectra(recorded(samples))
    found = sound(frames, unit)
    assert phase.convergence(np.asarray(frames) * np.float32(unit), found) < -18
    assert np.sqrt(np.mean(found**2)) == pytest.approx(np.sqrt(np.mean(samples**2)), rel=0.1)


def test_the_same_seed_gives_the_same_sound_and_another_another(recorded):
    frames, unit = spectra(recorded(noise(0.5)))
    assert sound(frames, unit).tobytes() == sound(frames, unit).tobytes()
    assert not np.array_equal(sound(frames, unit), sound(frames, unit, seed=1))


@pytest.mark.parametrize("level", [0, 1e-6])
def test_silence_is_told(recorded, level):
    with pytest.raises(EmptyError, match="silent from beginning to end"):
        spectra(recorded(noise(level=level)))
