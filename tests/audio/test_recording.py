"""Recordings: what is read is what was written, to the last bit where it is copied."""

import sys
import tracemalloc

import numpy as np
import pytest
import soundfile

from notegen.audio import recording
from notegen.errors import DataError, EmptyError, FormatError, MissingExtraError, UsageError

EXACT = [
    (".wav", "PCM_U8"),
    (".wav", "PCM_16"),
    (".wav", "PCM_24"),
    (".wav", "PCM_32"),
    (".wav", "FLOAT"),
    (".wav", "DOUBLE"),
    (".wav", "ULAW"),
    (".wav", "ALAW"),
    (".flac", "PCM_S8"),
    (".flac", "PCM_16"),
    (".flac", "PCM_24"),
]


def noise(frames=9000, channels=2, seed=0):
    """Return loud noise that reaches both ends of the range."""
    sound = np.random.default_rng(seed).uniform(-1, 1, (frames, channels))
    sound[:2] = [[-1.0], [1.0]]
    return sound


def tone(hertz, rate, seconds=2.0):
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_format_is_read(tmp_path, name, channels):
    sound = np.stack([tone(440, 44_100)] * channels, axis=1)
    soundfile.write(tmp_path / name, sound, 44_100)
    found = recording.open(tmp_path / name)
    assert (found.rate, found.channels, found.frames) == (44_100, channels, 88_200)
    assert found.format == name[2:].upper()
    assert found.seconds == 2
    read = np.concatenate(list(recording.blocks(found)))
    assert read.dtype == np.float32
    middle = slice(5000, -5000)  # MP3 is rough at both ends
    assert np.sqrt(((read - sound)[middle] ** 2).mean()) < 0.02


def test_blocks_are_of_one_size_but_for_the_last(recorded):
    sound = noise(2500, 3).astype(np.float32)
    found = list(recording.blocks(recorded(sound), 1000))
    assert [len(block) for block in found] == [1000, 1000, 500]
    assert np.array_equal(np.concatenate(found), sound)


@pytest.mark.parametrize(("suffix", "subtype"), EXACT)
def test_copied_samples_are_the_same_to_the_last_bit(tmp_path, suffix, subtype):
    source, copy = tmp_path / f"source{suffix}", tmp_path / f"copy{suffix}"
    soundfile.write(source, noise(), 48_000, subtype)
    found = recording.open(source)
    assert found.subtype_for(suffix) == subtype
    with recording.reading(found) as read:
        parts = [read(0, 4000), read(4000, 9000)]
    recording.write(copy, parts, found.rate, found.channels, found.subtype_for(suffix))
    kind = "float64" if subtype == "DOUBLE" else "float32" if subtype == "FLOAT" else "int32"
    expected, rate = soundfile.read(source, dtype=kind)
    assert np.array_equal(soundfile.read(copy, dtype=kind)[0], expected)
    assert (rate, soundfile.info(copy).subtype) == (48_000, subtype)


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3"])
def test_frames_and_blocks_agree_with_one_reading_from_the_start(tmp_path, name):
    sound = tone(440, 44_100, 4.0) + 0.1 * noise(176_400)[:, 0]
    soundfile.write(tmp_path / name, sound, 44_100)
    found = recording.open(tmp_path / name)
    whole = soundfile.read(tmp_path / name, dtype="float32", always_2d=True)[0]
    assert np.array_equal(np.concatenate(list(recording.blocks(found, 10_000))), whole)
    with recording.reading(found) as read:
        for start in (70_000, 0, 150_001, 30_000):
            assert np.abs(read(start, start + 5000) - whole[start : start + 5000]).max() < 1e-6


def test_frames_are_read_from_where_they_are_asked(recorded):
    sound = noise()
    with recording.reading(recorded(sound, subtype="DOUBLE")) as read:
        for start, stop in [(7000, 7100), (0, 5), (8990, 9100)]:
            assert np.array_equal(read(start, stop), sound[start:stop])


@pytest.mark.parametrize(
    ("name", "subtype", "suffix", "wanted"),
    [
        ("a.wav", "FLOAT", ".flac", "PCM_24"),
        ("a.wav", "PCM_U8", ".flac", "PCM_16"),
        ("a.flac", "PCM_S8", ".wav", "PCM_16"),
        ("a.wav", "IMA_ADPCM", ".wav", "PCM_16"),
        ("a.mp3", "MPEG_LAYER_III", ".wav", "PCM_16"),
        ("a.ogg", "VORBIS", ".flac", "PCM_16"),
        ("a.wav", "PCM_24", ".ogg", "VORBIS"),
        ("a.wav", "PCM_24", ".mp3", "MPEG_LAYER_III"),
    ],
)
def test_another_format_has_the_nearest_subtype(recorded, name, subtype, suffix, wanted):
    assert recorded(noise(), name=name, subtype=subtype).subtype_for(suffix) == wanted


def test_what_is_too_loud_is_cut_off_and_does_not_wrap_around(tmp_path):
    recording.write(tmp_path / "a.wav", [np.array([[1.5], [-1.5]])], 8000, 1, "PCM_16")
    assert soundfile.read(tmp_path / "a.wav", dtype="int16")[0].tolist() == [32767, -32768]


@pytest.mark.parametrize("suffix", [".wav", ".ogg"])
def test_the_same_sound_becomes_the_same_bytes(tmp_path, suffix):
    subtype = "FLOAT" if suffix == ".wav" else "VORBIS"
    for name in "ab":
        recording.write(tmp_path / f"{name}{suffix}", [noise() / 2], 44_100, 2, subtype)
    data = (tmp_path / f"a{suffix}").read_bytes()
    assert data == (tmp_path / f"b{suffix}").read_bytes()
    if suffix == ".wav":  # the two would agree within one second anyhow
        at = data.index(b"PEAK")
        assert data[at + 12 : at + 16] == bytes(4)


@pytest.mark.parametrize("rate", [8000, 22_050, 44_100, 96_000])
def test_resampling_keeps_pitch_and_length(recorded, rate):
    found = recording.mono(recorded(tone(1000, rate, 3.0), rate))
    assert found.dtype == np.float32
    assert abs(len(found) - 3 * recording.RATE) <= 1
    middle = slice(2000, -2000)
    assert np.abs(found - tone(1000, recording.RATE, 3.0)[: len(found)])[middle].max() < 1e-3


def test_what_lies_above_half_the_rate_is_gone(recorded):
    found = recording.mono(recorded(tone(15_000, 44_100), 44_100))
    assert np.abs(found[2000:-2000]).max() < 1e-3


def test_channels_are_mixed_to_their_mean(recorded):
    sound = noise(5000, 4).astype(np.float32)
    assert np.allclose(recording.mono(recorded(sound)), sound.mean(axis=1), atol=1e-6)


def test_without_soxr_the_extra_is_named(recorded, monkeypatch):
    monkeypatch.setitem(sys.modules, "soxr", None)
    with pytest.raises(MissingExtraError, match=r"notegen\[audio\]"):
        recording.mono(recorded(noise()))


def test_memory_stays_flat_however_long_the_recording(recorded):
    def peak(seconds):
        found = recorded(np.zeros((8000 * seconds, 1), np.int16), 8000, subtype="PCM_16")
        tracemalloc.start()
        for _ in recording.mono_blocks(found):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(20)  # what is imported on the way counts only once
    assert peak(600) < 1.5 * peak(60)


@pytest.mark.parametrize("data", [b"", b"X:1\nT:A tune in words\nK:D\n" * 40, b"RIFF", b"fLaC"])
def test_what_is_no_sound_is_told(tmp_path, data):
    (tmp_path / "a.wav").write_bytes(data)
    with pytest.raises(FormatError, match=r"a\.wav: cannot be read as sound: \w[^.]*$"):
        recording.open(tmp_path / "a.wav")


def test_a_file_without_samples_is_told(recorded):
    with pytest.raises(EmptyError, match="holds no sound"):
        recorded(np.zeros((0, 2)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_told_with_their_place(recorded, value):
    sound = np.zeros((8000, 2), np.float32)
    sound[6000, 1] = value
    found = recorded(sound, 8000)
    with pytest.raises(FormatError, match=r"0\.75 s from its start"):
        list(recording.blocks(found, 1000))
    with recording.reading(found) as read, pytest.raises(FormatError, match=r"0\.75 s from its start"):
        read(5000, 7000)


def test_a_flac_file_that_is_cut_off_is_told(recorded, tmp_path):
    data = recorded(noise(50_000), name="a.flac", subtype="PCM_16").path.read_bytes()
    (tmp_path / "a.flac").write_bytes(data[: len(data) // 2])
    with pytest.raises(FormatError, match=r"a\.flac: cannot be read as sound"):
        list(recording.blocks(recording.open(tmp_path / "a.flac")))


def test_what_cannot_be_opened_is_told(tmp_path):
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            recording.open(path)


@pytest.mark.parametrize(
    ("name", "rate", "channels", "subtype", "error", "said"),
    [
        ("a.aiff", 44_100, 1, "PCM_16", UsageError, "end the name in one of them"),
        ("a.flac", 44_100, 1, "FLOAT", UsageError, "does not hold FLOAT"),
        ("a.mp3", 96_000, 1, "MPEG_LAYER_III", DataError, "a rate of 96000"),
        ("a.mp3", 44_100, 6, "MPEG_LAYER_III", DataError, "6 channels"),
    ],
)
def test_what_a_format_cannot_hold_leaves_nothing_behind(
    tmp_path, name, rate, channels, subtype, error, said
):
    with pytest.raises(error, match=said):
        recording.write(tmp_path / name, [np.zeros((100, channels))], rate, channels, subtype)
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_is_kept_unless_forced(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(b"mine")
    with pytest.raises(UsageError, match="exists already"):
        recording.write(path, [noise()], 8000, 2, "PCM_16")
    assert path.read_bytes() == b"mine"
    recording.write(path, [noise()], 8000, 2, "PCM_16", force=True)
    assert recording.open(path).frames == 9000
