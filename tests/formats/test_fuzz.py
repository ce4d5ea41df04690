"""Thousands of damaged files: each is read, or refused with an error of notegen's own."""

import random

import pytest

from notegen.codecs.notes import encode
from notegen.errors import NotegenError
from notegen.formats import midi, skim, smf
from notegen.melody import melody

FILES = 600  # a seed; there are four seeds
LENGTHS = (0, 1, 7, 300, 1 << 16, 1 << 20, (1 << 31) - 1, 1 << 31, (1 << 32) - 1)


def song(rng):
    """Return a sound MIDI file of type 0 or 1 with notes, maps, controllers and system messages."""
    kind = rng.randrange(2)
    chunks = []
    for channel in range(rng.randint(1, 3) if kind else 1):
        messages = [
            (0, smf.meta(0x03, b"part")),
            (0, smf.meta(0x51, b"\x07\xa1\x20")),
            (0, smf.meta(0x58, bytes([rng.randint(2, 9), rng.randint(1, 3), 24, 8]))),
            (0, smf.meta(0x59, bytes([rng.randrange(-7, 8) & 0xFF, rng.randrange(2)]))),
            (0, bytes([0xC0 | channel, rng.randrange(128)])),
            (0, b"\xf0\x05\x7e\x7f\x09\x01\xf7"),  # General MIDI on
        ]
        tick = 0
        for _ in range(rng.randint(2, 20)):
            pitch, length = rng.randint(40, 90), rng.randint(1, 300)
            messages.append((tick, bytes([0x90 | channel, pitch, 80])))
            messages.append((tick + length, bytes([0x80 | channel, pitch, 64])))
            messages.append((tick, bytes([0xB0 | channel, 7, rng.randrange(128)])))
            tick += length
        messages.sort(key=lambda message: message[0])
        chunks.append(smf.write_chunk(messages) + smf.END_OF_TRACK)
    return smf.write_file(kind, rng.choice([24, 96, 480, 15360]), chunks)


def flip(rng, data):
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def replace(rng, data):
    data[rng.randrange(len(data))] = rng.randrange(256)


def cut(rng, data):
    del data[rng.randrange(1, len(data)) :]


def drop(rng, data):
    at = rng.randrange(1, len(data))
    del data[at : at + rng.randint(1, 5)]


def insert(rng, data):
    at = rng.randrange(len(data))
    data[at:at] = rng.randbytes(rng.randint(1, 5))


def lie(rng, data):
    """Change what a chunk says of its length."""
    places = [at for at in range(len(data)) if data[at : at + 4] == b"MTrk"]
    if places:
        at = rng.choice(places)
        data[at + 4 : at + 8] = rng.choice(LENGTHS).to_bytes(4, "big")


def damaged(rng):
    data = bytearray(song(rng))
    for _ in range(rng.randint(1, 4)):
        if len(data) > 1:
            rng.choice([flip, flip, replace, cut, drop, insert, lie])(rng, data)
    return bytes(data)


@pytest.mark.parametrize("read", [midi.decode, skim.decode], ids=["midi", "skim"])
@pytest.mark.parametrize("seed", range(4))
def test_a_damaged_file_is_read_or_refused(seed, read):
    rng = random.Random(seed)
    fates = {"read": 0, "refused": 0}
    for i in range(FILES):
        data = damaged(rng)
        try:
            encode(melody(read(data)))
            fates["read"] += 1
        except NotegenError as error:
            assert str(error) and "\n" not in str(error)
            fates["refused"] += 1
        except Exception as error:
            raise AssertionError(f"file {i} of seed {seed}: {data.hex()}") from error
    assert min(fates.values()) > FILES // 10


@pytest.mark.parametrize("seed", range(4))
def test_a_score_that_was_read_from_a_damaged_file_is_written_back(seed):
    rng = random.Random(seed)
    written = 0
    for _ in range(FILES):
        try:
            score = midi.decode(damaged(rng))
        except NotegenError:
            continue
        late = score.cut(0, score.end).notes[-1:].copy()
        late["onset"] = score.end + 100
        again = midi.decode(midi.encode(score.join(late)))
        assert len(again.notes) == len(score.notes) + len(late)
        written += 1
    assert written > FILES // 10
