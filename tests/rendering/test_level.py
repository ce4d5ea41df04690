import numpy as np
import pytest

from notegen.rendering import level


def measured(wave):
    """Return the true peak of both channels of a wave."""
    both = np.stack([wave, wave * 0.5]).astype(np.float32)
    peaks = level.chunk_peaks(both)
    return level.true_peak(lambda start, stop: both.T[start:stop], peaks)


@pytest.mark.parametrize("frames", [level.CHUNK * 3, level.CHUNK * 3 + 7])
def test_chunks_know_their_largest_sample(frames):
    wave = np.zeros((2, frames), dtype=np.float32)
    wave[1, level.CHUNK + 5], wave[0, -1] = -0.5, 0.25
    assert level.chunk_peaks(wave).tolist()[:3] == [0, 0.5, 0 if frames > level.CHUNK * 3 else 0.25]
    assert level.chunk_peaks(wave)[-1] == 0.25


def test_a_peak_between_samples_is_found():
    # A quarter of the rate, with each sample at 45 degrees: all samples are 3 dB below the peak.
    wave = 0.5 * np.sin(np.pi / 2 * np.arange(20_000) + np.pi / 4)
    assert np.abs(wave).max() == pytest.approx(0.5 * np.sqrt(0.5), rel=1e-3)
    assert measured(wave) == pytest.approx(0.5, rel=0.05)


def test_no_sample_is_louder_than_the_true_peak():
    wave = np.random.default_rng(0).uniform(-0.7, 0.7, 30_000)
    assert measured(wave) >= np.abs(wave.astype(np.float32)).max()


def test_a_loud_place_is_found_wherever_it_is():
    wave = 0.1 * np.sin(0.1 * np.arange(50_000))
    for at in (0, level.CHUNK - 1, level.CHUNK, 49_999):
        louder = wave.copy()
        louder[at] = 0.9
        assert measured(louder) >= np.float32(0.9)


def test_silence_has_no_peak():
    assert measured(np.zeros(5000)) == 0
