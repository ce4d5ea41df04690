"""What a part's controllers do to its voices: gains on both sides, and bends of the pitch."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notegen.rendering.performance import BEND, CONTROLLER, Performance
from notegen.score import Table

VOLUME, PAN, EXPRESSION = 7, 10, 11
_DEFAULT = {VOLUME: 100, PAN: 64, EXPRESSION: 127}
_RPN, _RPN_FINE, _NRPN, _NRPN_FINE, _DATA, _DATA_FINE = 101, 100, 99, 98, 6, 38
_RAMP = 0.005  # seconds that a change of gain takes, so that it does not click

Curve = tuple[NDArray[np.float64], NDArray[np.float64]]  # frames and values, with lines between them
Gain = np.float32 | NDArray[np.float32]  # the same for all frames, or one for each


@dataclass(frozen=True, eq=False)
class Controls:
    """A part's controllers: curves of volume (a factor) and pan (-0.5 to 0.5), and steps of pitch."""

    volume: Curve
    pan: Curve
    pitch: tuple[NDArray[np.int64], NDArray[np.float64]]  # from which frame on it is off by how many cents

    def gains(self, start: int, stop: int, pan: float) -> tuple[Gain, Gain]:
        """Return the factors left and right of a voice panned by so much, of frames `start` to `stop`."""
        volume, place = _between(self.volume, start, stop), _between(self.pan, start, stop)
        if isinstance(place, np.float32):
            angle = (min(max(float(place) + pan, -0.5), 0.5) + 0.5) * math.pi / 2
            return volume * np.float32(math.cos(angle)), volume * np.float32(math.sin(angle))
        angles = (np.clip(place + np.float32(pan), -0.5, 0.5) + np.float32(0.5)) * np.float32(np.pi / 2)
        return volume * np.cos(angles), volume * np.sin(angles)

    def steady(self, start: int, stop: int, pan: float) -> tuple[Gain, Gain] | None:
        """Return the factors left and right if they do not change between two frames, or None."""
        if _constant(self.volume, start, stop) and _constant(self.pan, start, stop):
            return self.gains(start, start + 1, pan)
        return None

    def bends(self, start: int, stop: int) -> tuple[tuple[int, float], ...]:
        """Return the steps of pitch of a note from `start` to `stop`, in frames from its onset."""
        frames, cents = self.pitch
        if len(frames) == 1:
            return ()
        first = int(np.searchsorted(frames, start, side="right")) - 1
        last = int(np.searchsorted(frames, stop))
        steps = zip(frames[max(first, 0) : last].tolist(), cents[max(first, 0) : last].tolist(), strict=True)
        found = tuple((max(0, frame - start), value) for frame, value in steps)
        return found if any(value for _, value in found) else ()


def read(performance: Performance, rate: int) -> dict[int, Controls]:
    """Return each part's controllers, in frames."""
    changes = performance.changes
    parts = np.unique(performance.notes["part"]).tolist()
    return {part: _controls(changes[changes["part"] == part], rate) for part in parts}


def _controls(changes: Table, rate: int) -> Controls:
    frames = np.rint(changes["time"] * rate).astype(np.int64)
    values = dict(_DEFAULT)
    steps: list[tuple[int, float, float]] = [(-1, *_gain(values))]
    control = changes["status"] == CONTROLLER
    gains = control & np.isin(changes["data1"], list(values))
    fields = (changes[name][gains].tolist() for name in ("data1", "data2"))
    for frame, number, value in zip(frames[gains].tolist(), *fields, strict=True):
        values[number] = value
        step = (frame, *_gain(values))
        if steps[-1][0] == frame:
            steps[-1] = step
        else:
            steps.append(step)
    at, volume, pan = (np.array(column, dtype=np.float64) for column in zip(*steps, strict=True))
    return Controls(_ramps(at, volume, rate), _ramps(at, pan, rate), _bend(changes, frames))


def _gain(values: dict[int, int]) -> tuple[float, float]:
    """Return volume and pan; squares as in chapter 8.4 of the sound font's specification."""
    return (values[VOLUME] * values[EXPRESSION] / 127**2) ** 2, (values[PAN] - 64) / 128


def _ramps(frames: NDArray[np.float64], values: NDArray[np.float64], rate: int) -> Curve:
    """Turn steps into short ramps; a value is in force from the note on that begins with its change."""
    length = np.minimum(_RAMP * rate, np.diff(frames))
    at = np.empty(2 * len(frames) - 1)
    level = np.empty(2 * len(frames) - 1)
    at[::2], level[::2] = frames, values
    at[1::2], level[1::2] = frames[1:] - length, values[:-1]
    return at, level


def _constant(curve: Curve, start: int, stop: int) -> bool:
    """Return whether a curve stays as it is between two frames."""
    frames, values = curve
    if len(frames) == 1:
        return True
    first = max(0, int(np.searchsorted(frames, start, side="right")) - 1)
    last = int(np.searchsorted(frames, stop)) + 1
    return bool(np.ptp(values[first:last]) == 0)


def _between(curve: Curve, start: int, stop: int) -> Gain:
    """Return a curve's values at frames, or the one value if it is constant."""
    if _constant(curve, start, stop):
        return np.float32(np.interp(start, *curve))
    result: NDArray[np.float32] = np.interp(np.arange(start, stop), *curve).astype(np.float32)
    return result


def _bend(changes: Table, frames: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the steps of pitch in cents; the range is 2 semitones, or what parameter 0 says."""
    rows = (changes["status"] == BEND) | (
        (changes["status"] == CONTROLLER)
        & np.isin(changes["data1"], (_RPN, _RPN_FINE, _NRPN, _NRPN_FINE, _DATA, _DATA_FINE))
    )
    chosen, reach, bend = [127, 127], [2, 0], 0.0
    steps: list[tuple[int, float]] = [(-1, 0.0)]
    fields = (changes[name][rows].tolist() for name in ("status", "data1", "data2"))
    for frame, status, data1, data2 in zip(frames[rows].tolist(), *fields, strict=True):
        if status == BEND:
            bend = ((data2 << 7 | data1) - 8192) / 8192
        elif data1 in (_RPN, _RPN_FINE):
            chosen[data1 == _RPN_FINE] = data2
        elif data1 in (_NRPN, _NRPN_FINE):
            chosen = [127, 127]
        elif chosen == [0, 0]:
            reach[data1 == _DATA_FINE] = data2
        steps.append((frame, bend * (100 * reach[0] + reach[1])))
    at, cents = zip(*steps, strict=True)
    return np.array(at, dtype=np.int64), np.array(cents)
