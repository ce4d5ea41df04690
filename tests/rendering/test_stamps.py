import numpy as np
import pytest
import soundfile

from notegen.rendering import stamps


@pytest.fixture
def files(tmp_path, sine):
    """Return two Ogg files of the same sound, as libsndfile writes them."""
    paths = [tmp_path / "a.ogg", tmp_path / "b.ogg"]
    wave = np.repeat(sine(frames=44100 * 3)[:, None] / 32768, 2, axis=1)
    for path in paths:
        soundfile.write(path, wave, 44100)
    return paths


def test_the_checksum_is_the_one_that_the_pages_have(files):
    data = files[0].read_bytes()
    told = int.from_bytes(data[22:26], "little")
    stop = data.index(b"OggS", 4)
    assert stamps.checksum(data[:22] + bytes(4) + data[26:stop]) == told


def test_the_same_sound_becomes_the_same_bytes_and_can_be_read(files):
    before = soundfile.read(files[0])[0]
    for path in files:
        stamps.fix_serial(path)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert np.array_equal(soundfile.read(files[0])[0], before)


def test_the_time_of_writing_is_taken_out_of_floats(tmp_path, sine):
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(frames=44100) / 32768, 44100, "FLOAT")
    before = path.read_bytes()
    at = before.index(b"PEAK") + 12
    assert before[at : at + 4] != bytes(4)
    stamps.clear(path, ".wav")
    assert path.read_bytes() == before[:at] + bytes(4) + before[at + 4 :]


def test_sound_that_looks_like_a_stamp_is_left_alone(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.frombuffer(b"PEAK" * 8, np.int16), 44100, "PCM_16")
    before = path.read_bytes()
    stamps.clear(path, ".wav")
    assert path.read_bytes() == before
