import numpy as np
import pytest

from notegen.errors import DataError, FormatError
from notegen.rendering import soundfont, voices


@pytest.fixture
def small(font_bytes, sine):
    sample = (sine(), 44100, 69, 0, (0, 4400))
    return font_bytes({(0, 5): [({}, 0)], (128, 0): [({}, 0)]}, [[({}, 0)]], [sample])


def test_presets_and_samples_are_found(tmp_path, small, sine):
    path = tmp_path / "small.sf2"
    path.write_bytes(small)
    font = soundfont.load(path)
    assert font.presets == {(0, 5): 0, (128, 0): 1} == soundfont.presets(path)
    assert np.array_equal(font.samples[:4410], sine().astype(np.int16))


def test_a_general_midi_font_has_all_programs_and_a_drum_kit(timgm):
    font = soundfont.load(timgm)
    assert {(0, program) for program in range(128)} | {(128, 0)} <= set(font.presets)
    for program in range(128):
        assert voices.voices(font, 0, program, 60, 80), program


@pytest.mark.parametrize(
    ("bank", "program", "expected"),
    [(0, 5, (0, 5)), (3, 5, (0, 5)), (0, 9, (0, 0)), (128, 0, (128, 0)), (128, 8, (128, 0))],
)
def test_a_missing_preset_is_replaced_as_in_fluidsynth(bank, program, expected):
    assert soundfont.preset({(0, 0): 0, (0, 5): 1, (128, 0): 2}, bank, program) == expected


def test_where_nothing_can_stand_in_there_is_nothing(tmp_path, small):
    path = tmp_path / "small.sf2"
    path.write_bytes(small)
    assert voices.voices(soundfont.load(path), 0, 0, 60, 80) == []


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(DataError, match=r"gone\.sf2: cannot be read"):
        soundfont.load(tmp_path / "gone.sf2")


@pytest.mark.parametrize("data", [b"", b"RIFF", b"MThd" + bytes(40), b"RIFF\x04\0\0\0sfbk"])
def test_a_foreign_file_is_refused(tmp_path, data):
    path = tmp_path / "foreign.sf2"
    path.write_bytes(data)
    with pytest.raises(FormatError):
        soundfont.load(path)


def test_compressed_samples_are_refused_with_what_is_needed(tmp_path, small):
    at = small.index(b"sample 0") + 44  # the type, in the sample's header
    path = tmp_path / "small.sf3"
    path.write_bytes(small[:at] + b"\x11" + small[at + 1 :])
    with pytest.raises(FormatError, match=r"needs a \.sf2"):
        soundfont.load(path)
    assert soundfont.presets(path)


def test_a_font_that_is_cut_short_is_refused_or_played(tmp_path, small):
    path = tmp_path / "cut.sf2"
    refused = 0
    for stop in range(0, len(small), 97):
        path.write_bytes(small[:stop])
        try:
            voices.voices(soundfont.load(path), 0, 5, 60, 80)
        except FormatError:
            refused += 1
    assert refused == len(range(0, len(small), 97))


def test_a_damaged_font_is_refused_or_played(tmp_path, small):
    rng = np.random.default_rng(0)
    path = tmp_path / "damaged.sf2"
    tables = small.index(b"pdta")
    refused = 0
    for _ in range(400):
        data = bytearray(small)
        for at in rng.integers(tables, len(small), 3):
            data[at] = rng.integers(256)
        path.write_bytes(data)
        try:
            voices.voices(soundfont.load(path), 0, 5, 60, 80)
        except FormatError:
            refused += 1
    assert 0 < refused < 400
