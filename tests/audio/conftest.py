"""Fixtures of sound that the tests make themselves."""

import numpy as np
import pytest
import soundfile

from notegen.audio import recording
from notegen.audio.recording import RATE


@pytest.fixture
def recorded(tmp_path):
    """Return a function that writes samples to a file and opens it."""

    def save(samples, rate=RATE, name="sound.wav", subtype="FLOAT"):
        soundfile.write(tmp_path / name, samples, rate, subtype)
        return recording.open(tmp_path / name)

    return save


@pytest.fixture
def clicks():
    """Return a function that makes a click at each beat: samples at 22,050 Hz, float32."""

    def make(bpm, seconds=20, first=0.3):
        time = np.arange(600) / RATE
        click = (np.sin(2 * np.pi * 1500 * time) * np.exp(-time * 280)).astype(np.float32)
        sound = np.zeros(RATE * seconds, np.float32)
        for at in np.arange(first, seconds - 0.1, 60 / bpm):
            sound[round(at * RATE) : round(at * RATE) + 600] += click
        return sound

    return make
