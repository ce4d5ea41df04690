"""A recording, heard: its levels and its beat."""

import numpy as np
import pytest
import soundfile

from notegen.audio.features import FRAME_RATE, levels_of
from notegen.audio.recording import RATE
from notegen.audio.sound import hear
from notegen.errors import DataError, EmptyError, FormatError, RangeError


@pytest.fixture
def heard(tmp_path):
    """Return a function that writes samples to a file and hears it."""

    def write(samples, rate=RATE, subtype="FLOAT"):
        soundfile.write(tmp_path / "a.wav", samples, rate, subtype)
        return hear(tmp_path / "a.wav")

    return write


def test_clicks_are_heard_with_their_beat(heard, clicks):
    sound = heard(clicks(100, 10))
    assert sound.recording.seconds == 10
    assert sound.levels.shape == (1 + 10 * RATE // 512, 80)
    assert sound.clock.frames == len(sound.levels)
    assert sound.clock.tempo == pytest.approx(100, rel=0.02)


def test_the_recording_keeps_its_rate_and_channels(heard, clicks):
    stereo = np.repeat(clicks(120, 3)[:, None], 2, axis=1)
    sound = heard(stereo, 48_000, "PCM_24")
    assert (sound.recording.rate, sound.recording.channels) == (48_000, 2)
    assert sound.recording.subtype == "PCM_24"


def test_0_decibels_are_the_loudest_level(heard, clicks):
    made = clicks(120, 3)
    loud, quiet = heard(made), heard(made / 4)
    assert loud.levels.max() == 0
    assert loud.loudest - quiet.loudest == pytest.approx(12.04, abs=0.01)
    np.testing.assert_allclose(loud.levels, quiet.levels, atol=0.01)
    np.testing.assert_allclose(levels_of([made / 4], loud.loudest).max(), -12.04, atol=0.01)


def test_the_span_leaves_silence_at_either_end_out(heard):
    rng = np.random.default_rng(0)
    silence, noise = np.zeros(RATE, np.float32), rng.uniform(-0.5, 0.5, 2 * RATE).astype(np.float32)
    sound = heard(np.concatenate([silence, noise, silence]))
    assert np.abs(np.array(sound.span) - [FRAME_RATE, 3 * FRAME_RATE]).max() < 3


def test_music_without_a_beat_is_heard_without_one(heard):
    sound = heard(np.random.default_rng(0).uniform(-0.5, 0.5, 5 * RATE).astype(np.float32))
    assert sound.clock.tempo is None
    assert not sound.clock.places(1).any()


@pytest.mark.parametrize("gain", [1e-3, 30.0])
def test_a_quiet_or_clipped_recording_is_heard(heard, clicks, gain):
    sound = heard(np.clip(gain * clicks(120, 5), -1, 1))
    assert np.isfinite(sound.levels).all()
    assert sound.clock.tempo == pytest.approx(120, rel=0.02)


@pytest.mark.parametrize(
    ("samples", "error", "said"),
    [
        (np.full(RATE // 5, 0.5), RangeError, r"0\.20 s"),
        (np.zeros(2 * RATE), EmptyError, "silent"),
        (np.zeros(0), EmptyError, "no sound"),
        (np.full(2 * RATE, np.nan), FormatError, "no numbers"),
    ],
    ids=["short", "silent", "empty", "no numbers"],
)
def test_what_cannot_be_learned_from_is_told(heard, samples, error, said):
    with pytest.raises(error, match=said):
        heard(samples)


def test_a_missing_file_and_a_text_are_told(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        hear(tmp_path / "none.wav")
    (tmp_path / "text.wav").write_text("a tune in words\n" * 99)
    with pytest.raises(FormatError, match=r"text\.wav: cannot be read as sound"):
        hear(tmp_path / "text.wav")
