"""FluidSynth's sound, through pyfluidsynth and the system's libfluidsynth."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.errors import FormatError, UsageError
from notegen.rendering import soundfont
from notegen.rendering.performance import BEND, CONTROLLER, Performance

INSTALL = (
    "FluidSynth is not installed: on Debian and Ubuntu `sudo apt install libfluidsynth3`, on macOS "
    "`brew install fluid-synth`, on Windows a release of FluidSynth whose folder is on the PATH; "
    "or use --engine builtin"
)
HIGHEST = 96_000  # frames a second; FluidSynth makes no more
BLOCK = 1 << 16  # frames
TAIL = 10.0  # seconds that the last notes may ring on
_STEP = 64  # frames; FluidSynth begins and ends notes on multiples of it
_CHANNELS = 256
_SILENT = 1e-6  # FluidSynth's reverb never quite ends


class _Message(NamedTuple):
    """A call to the synthesizer, and the frame before which it is made."""

    frame: int
    order: int  # at one frame: note-offs, then controllers, then note-ons
    call: str
    arguments: tuple[int, ...]


def binding() -> ModuleType | None:
    """Return pyfluidsynth, or None where the system has no libfluidsynth."""
    try:
        with contextlib.redirect_stdout(None):  # it tells where the library is if the variable CI is set
            import fluidsynth
    except (ImportError, OSError, AttributeError):  # none, one that cannot be loaded, or a foreign one
        return None
    module: ModuleType = fluidsynth
    return module


def blocks(
    performance: Performance, font: Path, rate: int, *, effects: bool = True
) -> Iterator[NDArray[np.float32]]:
    """Play a performance; as `builtin.blocks`, with reverb and chorus unless `effects` is False.

    Raises
    ------
    UsageError
        If libfluidsynth is not installed.
    FormatError
        If it cannot read the sound font.
    """
    found = binding()
    if found is None:
        raise UsageError(INSTALL)
    presets = soundfont.presets(font)
    settings = {"synth.reverb.active": int(effects), "synth.chorus.active": int(effects)}
    synth = _open(found, rate, settings)
    try:
        number = synth.sfload(str(font))
        if number < 0:
            raise FormatError(f"{font}: FluidSynth cannot read this sound font")
        yield from _play(found, synth, _messages(performance, presets, number, rate), performance, rate)
    finally:
        synth.delete()


def _open(found: ModuleType, rate: int, settings: dict[str, int]) -> Any:
    for level in range(5):
        found._fl.fluid_set_log_function(level, None, None)  # what it says on stderr is not for users
    fixed = {"synth.polyphony": 1024, "synth.cpu-cores": 1, "synth.threadsafe-api": 0}
    return found.Synth(samplerate=rate, channels=_CHANNELS, **fixed, **settings)


def _messages(
    performance: Performance, presets: dict[tuple[int, int], int], font: int, rate: int
) -> list[_Message]:
    """Return everything that is to be told to the synthesizer, in order of time."""
    found: list[_Message] = []
    current: dict[int, tuple[int, int] | None] = {}
    for onset, offset, part, pitch, velocity, bank, program in performance.notes.tolist():
        channel = part % _CHANNELS
        chosen = soundfont.preset(presets, bank, program)
        if chosen is None:
            continue
        begin, end = _on_grid(onset, rate), _on_grid(offset, rate)
        if current.get(channel) != chosen:
            found.append(_Message(begin, 2, "program_select", (channel, font, *chosen)))
            current[channel] = chosen
        found.append(_Message(begin, 2, "noteon", (channel, pitch, velocity)))
        found.append(_Message(max(end, begin + _STEP), 0, "noteoff", (channel, pitch)))
    for time, part, status, data1, data2 in performance.changes.tolist():
        channel, frame = part % _CHANNELS, _on_grid(time, rate)
        if status == CONTROLLER:
            found.append(_Message(frame, 1, "cc", (channel, data1, data2)))
        elif status == BEND:
            found.append(_Message(frame, 1, "pitch_bend", (channel, (data2 << 7 | data1) - 8192)))
    return sorted(found, key=lambda message: message[:2])


def _on_grid(seconds: float, rate: int) -> int:
    return _STEP * round(seconds * rate / _STEP)


def _play(
    found: ModuleType, synth: Any, messages: list[_Message], performance: Performance, rate: int
) -> Iterator[NDArray[np.float32]]:
    last = -(-round((performance.seconds + TAIL) * rate) // _STEP) * _STEP
    row = at = 0
    while at < last:
        block = np.zeros((2, min(BLOCK, last - at)), dtype=np.float32)
        stop, now = at + block.shape[1], at
        while now < stop:
            while row < len(messages) and messages[row].frame <= now:
                getattr(synth, messages[row].call)(*messages[row].arguments)
                row += 1
            until = min(stop, messages[row].frame) if row < len(messages) else stop
            _write(found, synth, block, now - at, until - now)
            now = until
        yield block
        at = stop
        if row == len(messages) and np.abs(block).max() < _SILENT:
            return


def _write(found: ModuleType, synth: Any, block: NDArray[np.float32], start: int, frames: int) -> None:
    """Let FluidSynth write frames into a block; pyfluidsynth itself offers 16 bits alone."""
    from ctypes import c_int, c_void_p

    write = found._fl.fluid_synth_write_float
    write.argtypes = [c_void_p, c_int, c_void_p, c_int, c_int, c_void_p, c_int, c_int]
    left, right = block[0].ctypes.data, block[1].ctypes.data
    write(synth.synth, frames, left, start, 1, right, start, 1)
