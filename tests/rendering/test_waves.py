import numpy as np
import pytest

from notegen.rendering import waves
from notegen.rendering.voices import Envelope, Lfo, Tone
from notegen.rendering.waves import SEGMENT

RATE = 44100
STILL = Envelope(0, 0, 0, 0, 1, 0)


def tone(frames, *, loop=False, **rest):
    plain = Tone(0, frames, (0, frames) if loop else None, RATE, 0.0, 13500, 0.0, STILL, 0.0, 0.0, ())
    return plain._replace(**rest)


def spectrum(wave):
    size = np.abs(np.fft.rfft(wave * np.hanning(len(wave)))) / len(wave)
    return np.fft.rfftfreq(len(wave), 1 / RATE), 20 * np.log10(size + 1e-12)


def test_at_its_own_pitch_a_sample_is_what_it_was(sine):
    data = sine(440, 3000).astype(np.int16)
    wave = waves.segment(data, RATE, tone(3000), 0)
    assert len(wave) == 3000
    assert np.abs(wave - data / 32768).max() < 1e-4


def test_a_sample_that_is_not_looped_ends(sine):
    data = sine(440, 3000).astype(np.int16)
    assert len(waves.segment(data, RATE, tone(3000, cents=1200), 0)) == 1500
    assert len(waves.segment(data, RATE, tone(3000), 1)) == 0


@pytest.mark.parametrize("cents", [-1200, -333, 702, 1900])
def test_a_transposed_sine_is_a_sine_across_segments(sine, cents):
    data = sine(441, 4400).astype(np.int16)
    looped = tone(4400, loop=True, cents=cents)
    wave = np.concatenate([waves.segment(data, RATE, looped, i) for i in range(3)])
    expected = 0.5 * np.sin(2 * np.pi * 441 * 2 ** (cents / 1200) / RATE * np.arange(3 * SEGMENT))
    assert np.abs(wave - expected)[64:].max() < 2e-3


def test_transposing_up_does_not_fold_back():
    rng = np.random.default_rng(0)
    noise = rng.integers(-8000, 8000, 1 << 16).astype(np.int16)
    spectrum_of = np.fft.rfft(noise)
    spectrum_of[np.fft.rfftfreq(len(noise), 1 / RATE) < 14_000] = 0  # nothing that stays below 22 kHz
    high = np.fft.irfft(spectrum_of).astype(np.int16)
    up = waves.segment(high, RATE, tone(len(high), cents=1200), 0)
    assert np.sqrt((up**2).mean()) < 0.003 * np.sqrt(((high / 32768) ** 2).mean())


def test_interpolation_leaves_little_beside_the_tone(sine):
    data = sine(5000, 1 << 15).astype(np.int16)
    at, level = spectrum(waves.segment(data, RATE, tone(len(data), cents=-150), 0))
    beside = np.abs(at - 5000 * 2 ** (-150 / 1200)) > 100
    assert level[beside].max() < level.max() - 75


@pytest.mark.parametrize("start", [0, 1])
def test_a_filter_of_two_poles_takes_12_db_an_octave(start):
    noise = np.random.default_rng(0).integers(-8000, 8000, 1 << 16).astype(np.int16)
    cutoff = 1200 * np.log2(1000 / 8.176)
    plain = waves.segment(noise, RATE, tone(len(noise)), start)
    at, before = spectrum(plain)
    _, after = spectrum(waves.segment(noise, RATE, tone(len(noise), cutoff=cutoff), start))

    def lost(low, high):
        band = (at > low) & (at < high)
        return np.median(before[band]) - np.median(after[band])

    assert lost(50, 300) == pytest.approx(0, abs=0.5)
    assert lost(970, 1030) == pytest.approx(3, abs=1.5)
    assert lost(3900, 4100) - lost(1950, 2050) == pytest.approx(12, abs=1.5)


def test_a_modulation_envelope_closes_the_filter():
    noise = np.random.default_rng(0).integers(-8000, 8000, 1 << 16).astype(np.int16)
    closing = Envelope(0, 0, 0, 0.5, 0.0, 0)
    moving = tone(len(noise), cutoff=6000, modulation=closing, modulation_cutoff=6000)
    first, late = (waves.segment(noise, RATE, moving, i) for i in (0, 2))
    assert np.abs(np.diff(late)).mean() < 0.1 * np.abs(np.diff(first[:2000])).mean()


def test_segments_of_a_filtered_wave_fit_together():
    noise = np.random.default_rng(0).integers(-8000, 8000, 1 << 16).astype(np.int16)
    dull = tone(len(noise), cutoff=5000, cents=-30)
    both = np.concatenate([waves.segment(noise, RATE, dull, i) for i in (0, 1)])
    jump = np.abs(np.diff(both))
    assert jump[SEGMENT - 1] < 3 * np.median(jump)


def test_vibrato_and_bends_move_the_pitch(sine):
    data = sine(441, 4400).astype(np.int16)
    still = tone(4400, loop=True)
    vibrato = still._replace(lfos=(Lfo(0.1, 5.0, 50.0),))
    plain, moved = (waves.segment(data, RATE, each, 0) for each in (still, vibrato))
    assert np.allclose(plain[:4000], moved[:4000], atol=1e-3)  # its delay
    assert np.abs(plain - moved)[6000:].max() > 0.1
    bent = waves.segment(data, RATE, still, 0, ((0, 0.0), (8192, 200.0)))
    assert np.allclose(bent[64:8192], plain[64:8192], atol=1e-3)
    crossings = np.flatnonzero((bent[8300:-1] < 0) & (bent[8301:] >= 0))
    period = (crossings[-1] - crossings[0]) / (len(crossings) - 1)
    assert 1200 * np.log2(RATE / period / 441) == pytest.approx(200, abs=3)
