"""Sound fonts made by hand: sines and noise in small SF2 files."""

import struct
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

INSTRUMENT, SAMPLE = 41, 53


def chunk(name, data):
    return name.encode() + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def bags(levels, final):
    """Return the rows of a bag and a generator table: for each level its zones of (values, target)."""
    firsts, bag, rows = [], [], []
    for zones in levels:
        firsts.append(len(bag))
        for values, target in zones:
            bag.append(struct.pack("<HH", len(rows), 0))
            rows += [struct.pack("<Hh", *pair) for pair in values.items()]
            rows += [] if target is None else [struct.pack("<HH", final, target)]
    firsts.append(len(bag))
    bag.append(struct.pack("<HH", len(rows), 0))
    return firsts, b"".join(bag), b"".join(rows) + bytes(4)


def make_font(presets, instruments, samples):
    """Return the bytes of a sound font.

    presets : {(bank, program): [(generators, instrument or None), ...]}
    instruments : [[(generators, sample or None), ...], ...]
    samples : [(wave as int16, rate, key, correction, loop), ...]
    """
    data, headers = b"", b""
    for i, (wave, rate, key, correction, loop) in enumerate(samples):
        start = len(data) // 2
        edges = (start, start + len(wave), start + loop[0], start + loop[1])
        headers += struct.pack("<20s5IBbHH", f"sample {i}".encode(), *edges, rate, key, correction, 0, 1)
        data += np.asarray(wave, dtype="<i2").tobytes() + bytes(92)  # 46 frames between samples
    headers += struct.pack("<20s5IBbHH", b"EOS", *[0] * 9)
    first, pbag, pgen = bags(presets.values(), INSTRUMENT)
    phdr = b"".join(
        struct.pack("<20sHHH3I", b"preset", program, bank, at, 0, 0, 0)
        for (bank, program), at in zip([*presets, (255, 255)], first, strict=True)
    )
    first, ibag, igen = bags(instruments, SAMPLE)
    inst = b"".join(struct.pack("<20sH", b"instrument", at) for at in first)
    tables = {"phdr": phdr, "pbag": pbag, "pmod": bytes(10), "pgen": pgen, "inst": inst}
    tables |= {"ibag": ibag, "imod": bytes(10), "igen": igen, "shdr": headers}
    body = chunk("LIST", b"INFO" + chunk("ifil", struct.pack("<HH", 2, 1)))
    body += chunk("LIST", b"sdta" + chunk("smpl", data))
    body += chunk("LIST", b"pdta" + b"".join(chunk(name, rows) for name, rows in tables.items()))
    return chunk("RIFF", b"sfbk" + body)


def make_sine(frequency=441.0, frames=4410, rate=44100, amplitude=0.5):
    return np.rint(32767 * amplitude * np.sin(2 * np.pi * frequency / rate * np.arange(frames)))


@pytest.fixture(scope="session")
def font_bytes():
    return make_font


@pytest.fixture(scope="session")
def sine():
    return make_sine


@pytest.fixture
def sine_font(tmp_path):
    """Return a function that writes a font of one looped sine at A4, with an instrument's generators."""

    def write(generators=None, preset=None, name="sine.sf2"):
        looped = {54: 1, 58: 69} | (generators or {})
        sample = (make_sine(440, 4400, 44000), 44000, 69, 0, (0, 4400))  # 44 periods
        path = tmp_path / name
        path.write_bytes(make_font({(0, 0): [(preset or {}, 0)]}, [[(looped, 0)]], [sample]))
        return path

    return write


@pytest.fixture(scope="session")
def timgm() -> Path:
    """Return the General MIDI font that pretty_midi carries, the same on all machines."""
    return Path(find_spec("pretty_midi").origin).with_name("TimGM6mb.sf2")
