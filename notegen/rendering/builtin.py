"""The built-in synthesizer: a sound font's voices, mixed with NumPy.

Waves come in segments (`waves`), which are kept, since music strikes the same keys again and again. A
voice adds its wave to both sides of a block, times its envelope and its gains. Blocks are made one
after the other, and only what sounds is held, so memory does not grow with the score.

Channel volume, expression, pan, pitch bends with their range, velocity, filters and the modulations of
the font are there. There is no reverb and no modulation wheel, and a looped sample goes on looping
while it dies away.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.rendering import controls, voices, waves
from notegen.rendering.performance import Performance
from notegen.rendering.soundfont import SoundFont
from notegen.rendering.voices import SILENT, Envelope, Voice
from notegen.rendering.waves import SEGMENT, Wave

BLOCK = 4 * SEGMENT  # frames
TAIL = 10.0  # seconds that the last notes may ring on
_CHOKE = 2 ** (-200 / 1200)  # seconds to fall by 96 dB when another voice of the class begins; FluidSynth
_VOLUME = 0.23  # of a voice at full scale, as loud as FluidSynth's; the level of the whole is set later


class _Store:
    """What is used again and again: waves (128 MiB at most), envelopes, and what keys sound with."""

    def __init__(self, font: SoundFont, rate: int) -> None:
        @lru_cache(2048)  # segments of 64 KiB
        def wave(tone: voices.Tone, index: int, bends: waves.Bends) -> Wave:
            return waves.segment(font.samples, rate, tone, index, bends)

        @lru_cache(256)
        def held(envelope: Envelope, index: int) -> Wave:
            return _held(envelope, index, rate)

        @lru_cache(32)
        def falling(seconds: float) -> Wave:
            return _falling(seconds, rate)

        @lru_cache(4096)
        def resolve(bank: int, program: int, pitch: int, velocity: int) -> list[Voice]:
            return voices.voices(font, bank, program, pitch, velocity)

        self.rate, self.wave, self.held, self.falling, self.resolve = rate, wave, held, falling, resolve


@dataclass
class _Sounding:
    """A voice that sounds. Its frames count from its onset, which is frame `begin` of the whole."""

    voice: Voice
    note: int
    part: int
    settings: controls.Controls
    bends: waves.Bends
    begin: int
    held: int  # frames until it is let go
    release: float = 0.0  # seconds to fall by 96 dB
    level: float = 0.0  # of the envelope where it is let go
    done: int = 0  # frames until it is silent; its sample may end before
    gains: tuple[controls.Gain, controls.Gain] | None = None  # None: they change

    def let_go(self, held: int, release: float, store: _Store) -> None:
        """Set when the key is let go, and what follows from it."""
        index, offset = divmod(max(0, held - 1), SEGMENT)
        self.held, self.release = held, release
        self.level = float(store.held(self.voice.envelope, index)[offset])
        left = SILENT + 20 * math.log10(max(self.level, 1e-5))  # dB to fall until it is silent
        self.done = held + math.ceil(min(release * max(left, 0) / SILENT, TAIL) * store.rate)
        self.gains = self.settings.steady(self.begin, self.begin + self.done, self.voice.pan)


def blocks(performance: Performance, font: SoundFont, rate: int) -> Iterator[NDArray[np.float32]]:
    """Play a performance.

    Parameters
    ----------
    performance : Performance
    font : SoundFont
    rate : int
        Frames a second.

    Yields
    ------
    block : array of float32, shape (2, frames)
        Left and right, one block after the other, until all notes have died away, or 10 s after the
        last has ended.
    """
    store = _Store(font, rate)
    settings = controls.read(performance, rate)
    begins = np.rint(performance.notes["onset"] * rate).astype(np.int64)
    last = round((performance.seconds + TAIL) * rate)
    sounding: list[_Sounding] = []
    row, at = 0, 0
    while at < last and (row < len(begins) or sounding):
        stop = int(np.searchsorted(begins, at + BLOCK))
        notes = performance.notes[row:stop].tolist()
        for i, (note, begin) in enumerate(zip(notes, begins[row:stop].tolist(), strict=True), start=row):
            _strike(sounding, i, note, begin, settings, store)
        row = stop
        block = np.zeros((2, BLOCK), dtype=np.float32)
        sounding = [each for each in sounding if _mix(each, block, at, store)]
        yield block[:, : last - at]
        at += BLOCK


def _strike(
    sounding: list[_Sounding],
    index: int,
    note: tuple[Any, ...],
    begin: int,
    settings: dict[int, controls.Controls],
    store: _Store,
) -> None:
    """Add the voices of a row of the performance's notes; they end those of their exclusive classes."""
    _, offset, part, pitch, velocity, bank, program = note
    held = max(round(offset * store.rate) - begin, store.rate // 100)  # 10 ms at least, as in FluidSynth
    for voice in store.resolve(bank, program, pitch, velocity):
        for other in sounding if voice.exclusive else ():
            same = other.part == part and other.voice.exclusive == voice.exclusive
            if same and other.note != index and begin < other.begin + other.held:
                other.let_go(begin - other.begin, _CHOKE, store)
        bends = settings[part].bends(begin, begin + held + math.ceil(voice.envelope.release * store.rate))
        sounding.append(_Sounding(voice, index, part, settings[part], bends, begin, held))
        sounding[-1].let_go(held, voice.envelope.release, store)


def _mix(each: _Sounding, block: NDArray[np.float32], at: int, store: _Store) -> bool:
    """Add a voice to the block that begins at a frame; return whether it goes on behind it."""
    start, stop = max(0, at - each.begin), min(each.done, at + block.shape[1] - each.begin)
    gain = _VOLUME * 10 ** (-each.voice.attenuation / 20)
    while start < stop:
        index, offset = divmod(start, SEGMENT)
        end = min(stop, (index + 1) * SEGMENT, each.held if start < each.held else stop)
        piece = store.wave(each.voice.tone, index, each.bends)[offset : offset + end - start]
        if not len(piece):
            return False  # the sample has ended
        end = start + len(piece)
        if start < each.held:
            piece = piece * store.held(each.voice.envelope, index)[offset : offset + len(piece)]
            factor = np.float32(gain)
        else:
            piece = piece * store.falling(each.release)[start - each.held : end - each.held]
            factor = np.float32(gain * each.level)
        left, right = each.gains or each.settings.gains(each.begin + start, each.begin + end, each.voice.pan)
        place = slice(each.begin + start - at, each.begin + end - at)
        block[0, place] += piece * (factor * left)
        block[1, place] += piece * (factor * right)
        start = end
    return bool(each.begin + each.done > at + block.shape[1])


def _held(envelope: Envelope, index: int, rate: int) -> Wave:
    """Return a segment of a volume envelope while the key is held."""
    since = (np.arange(SEGMENT) + index * SEGMENT) / rate - envelope.delay
    fallen = (since - envelope.attack - envelope.hold) * SILENT / max(envelope.decay, 1e-6)
    level = 10 ** (-np.clip(fallen, 0, envelope.sustain) / 20)
    level = np.where(since < envelope.attack, since / max(envelope.attack, 1e-9), level)
    result: Wave = np.where(since < 0, 0, level).astype(np.float32)
    return result


def _falling(seconds: float, rate: int) -> Wave:
    """Return a release from 1 on that falls by 96 dB in so many seconds, as far as it is heard."""
    frames = np.arange(math.ceil(min(seconds, TAIL) * rate) + 1)
    result: Wave = (10 ** (-SILENT / 20 * frames / (seconds * rate))).astype(np.float32)
    return result
