import numpy as np
import pytest
import soundfile

from notegen.rendering import ogg


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
    assert ogg.checksum(data[:22] + bytes(4) + data[26:stop]) == told


def test_the_same_sound_becomes_the_same_bytes_and_can_be_read(files):
    before = soundfile.read(files[0])[0]
    for path in files:
        ogg.fix_serial(path)
    assert files[0].read_bytes() == files[1].read_bytes()
    assert np.array_equal(soundfile.read(files[0])[0], before)
