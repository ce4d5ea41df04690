import numpy as np
import pytest

from notegen.errors import FormatError
from notegen.formats import midi, skim, smf
from notegen.score import KEY, METER, NOTE, TEMPO, Score, Track, table


def random_score(seed):
    """Return a score of some tracks whose notes of one pitch do not overlap, with rising maps."""
    rng = np.random.default_rng(seed)
    tracks = tuple(
        Track(f"part {i}", int(rng.integers(1, 128)) if i != 9 else 0, i) for i in range(rng.integers(1, 12))
    )
    rows = []
    for i in range(len(tracks)):
        durations = rng.integers(1, 1000, size=rng.integers(1, 40))
        onsets = np.cumsum(durations) - durations + rng.integers(0, 500)
        for onset, duration in zip(onsets.tolist(), durations.tolist(), strict=True):
            pitches = rng.choice(128, size=rng.integers(1, 4), replace=False).tolist()
            rows += [(onset, duration, pitch, int(rng.integers(1, 128)), i) for pitch in pitches]
    ticks = [0, *sorted(rng.choice(np.arange(1, 9999), 3, replace=False).tolist())]
    return Score(
        notes=table(sorted(rows, key=lambda row: (row[0], row[4])), NOTE),
        tracks=tracks,
        tempos=table([(tick, int(rng.integers(100_000, 2_000_000))) for tick in ticks], TEMPO),
        meters=table(
            [(tick, int(rng.integers(1, 13)), 1 << int(rng.integers(0, 6))) for tick in ticks], METER
        ),
        keys=table([(tick, int(rng.integers(-7, 8)), int(rng.integers(0, 2))) for tick in ticks], KEY),
        resolution=int(rng.choice([96, 120, 480, 960, 15360])),
    )


def rows(notes):
    return np.sort(notes, order=["onset", "track", "pitch"]).tolist()


@pytest.mark.parametrize("seed", range(25))
def test_both_readers_find_the_same_notes_and_maps(seed):
    data = midi.encode(random_score(seed))
    quick, full = skim.decode(data), midi.decode(data)
    assert rows(quick.notes) == rows(full.notes) and len(full.notes)
    for name in ("tempos", "meters", "keys"):
        assert getattr(quick, name).tolist() == getattr(full, name).tolist()
    assert quick.resolution == full.resolution
    told = [[(track.name, track.program, track.is_drum) for track in score.tracks] for score in (quick, full)]
    assert told[0] == told[1]


def test_both_readers_split_a_chunk_by_channel():
    chunk = bytes.fromhex("00903c50 60803c40 00913e50 60813e40 00ff2f00")
    data = smf.write_file(0, 96, [chunk])
    assert rows(skim.decode(data).notes) == rows(midi.decode(data).notes)
    assert len(skim.decode(data).tracks) == 2


def test_a_file_without_notes_has_one_empty_track():
    score = skim.decode(smf.write_file(1, 96, [smf.END_OF_TRACK]))
    assert (len(score.notes), score.tracks) == (0, (Track(),))


@pytest.mark.parametrize("length", [0, 3, 25, 1 << 16, (1 << 31) - 1, (1 << 32) - 1])
def test_a_chunk_length_that_lies_does_no_harm(length):
    data = bytearray(midi.encode(random_score(0)))
    at = data.rindex(b"MTrk")
    data[at + 4 : at + 8] = length.to_bytes(4, "big")
    try:
        expected = midi.decode(bytes(data))
    except FormatError:
        with pytest.raises(FormatError):
            skim.decode(bytes(data))
    else:
        assert rows(skim.decode(bytes(data)).notes) == rows(expected.notes)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not a MIDI file"),
        (b"plain text", "not a MIDI file"),
        (bytes.fromhex("4d546864 00000006 0002 0000 01e0"), "MIDI type 2"),
        (bytes.fromhex("4d546864 00000006 0001 0000 e728"), "SMPTE"),
        (bytes.fromhex("4d546864 00000006 0001 0000 0000"), "division is zero"),
    ],
)
def test_bad_files_are_told_as_the_full_reader_tells_them(data, reason):
    with pytest.raises(FormatError, match=reason):
        skim.decode(data)


def test_a_key_that_is_none_is_left_out():
    def with_key(content):
        chunk = smf.write_chunk([(0, smf.meta(0x59, content)), (0, b"\x90\x3c\x50"), (96, b"\x80\x3c\x40")])
        return smf.write_file(1, 96, [chunk + smf.END_OF_TRACK])

    for content in (b"\x08\x00", b"\x28\x00", b"\x00\x02", b"\x00\x80"):  # forty sharps, mode 2, …
        assert (
            skim.decode(with_key(content)).keys.tolist() == midi.decode(with_key(content)).keys.tolist() == []
        )
    assert skim.decode(with_key(b"\xfe\x01")).keys.tolist() == [(0, -2, 1)]
