"""Waves of tones: sample data at the pitch that is asked for, looped, filtered and modulated.

A wave is made in segments of `SEGMENT` frames, each on its own, so that a long note needs no more
memory than a short one, and segments can be kept for the notes that need them again. Loudness is not
part of a wave (but for tremolo), nor is what happens after a note is let go: filter and modulation
envelope stay as they were.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from notegen.rendering.voices import MOST_CENTS, Envelope, Lfo, Tone

SEGMENT = 1 << 14  # frames
Wave = NDArray[np.float32]
Bends = tuple[tuple[int, float], ...]  # from which frame of the note on the pitch is off by how many cents

_STEP = 64  # frames between two values of a modulation, as in FluidSynth
_TAPS, _PHASES = 16, 1024
_FRAME = 512  # of the filter; frames overlap by half
_OPEN = 0.45  # of the rate: a filter above does nothing


def segment(samples: NDArray[np.int16], rate: int, tone: Tone, index: int, bends: Bends = ()) -> Wave:
    """Return a segment of a tone's wave, full scale at 1, as long as the sample lasts.

    Parameters
    ----------
    samples : array of int16
        A sound font's sample data.
    rate : int
        Frames a second.
    tone : Tone
    index : int
        Which segment: it begins `index * SEGMENT` frames after the onset.
    bends : tuple of (frame, cents)

    Returns
    -------
    wave : array of float32, shape (frames,), at most `SEGMENT` frames
    """
    first = index * SEGMENT
    if not _filtered(tone, rate):
        return _tremolo(_pitched(samples, rate, tone, bends, first, first + SEGMENT), tone, rate, first)
    begin = max(0, first - 2 * _FRAME)
    raw = _pitched(samples, rate, tone, bends, begin, first + SEGMENT + _FRAME)
    length = min(SEGMENT, max(0, len(raw) - (first - begin)))
    wave = _filter(raw, tone, rate, begin)[first - begin :][:length]
    return _tremolo(wave, tone, rate, first)


def _pitched(samples: NDArray[np.int16], rate: int, tone: Tone, bends: Bends, start: int, stop: int) -> Wave:
    """Return the frames from `start` to `stop`, unfiltered."""
    places = _places(rate, tone, bends, start, stop)
    if tone.loop is None:
        places = places[: int(np.searchsorted(places, tone.end - tone.start))]
    if not len(places):
        return np.zeros(0, dtype=np.float32)
    speed = max(1.0, float(places[-1] - places[0]) / max(1, len(places) - 1))
    margin = _TAPS + int(64 * speed) * (speed > 1)
    low, high = int(places[0]) - margin, int(places[-1]) + margin
    source = _source(samples, tone, low, high)
    if speed > 1:
        source = _below(source, 0.5 / speed)
    return _interpolate(source, places - low)


def _places(rate: int, tone: Tone, bends: Bends, start: int, stop: int) -> NDArray[np.float64]:
    """Return where in the sample each frame lies, counted from its start, loops unrolled."""
    speed = tone.rate / rate * 2.0 ** (tone.cents / 1200)
    if not (bends or tone.modulation_pitch or any(lfo.pitch for lfo in tone.lfos)):
        return np.arange(start, stop) * np.float64(speed)
    blocks = np.arange(-(-stop // _STEP))
    cents = _modulation(tone, rate, blocks * _STEP, "pitch")
    if bends:
        frames, values = zip(*bends, strict=True)
        row = np.searchsorted(frames, blocks * _STEP, side="right") - 1
        cents = cents + np.where(row >= 0, np.array(values)[row], 0.0)
    cents = np.clip(cents, -MOST_CENTS, MOST_CENTS)
    passed = np.append(0.0, np.cumsum(_STEP * speed * 2.0 ** (cents / 1200)))
    places: NDArray[np.float64] = np.interp(np.arange(start, stop), np.arange(len(passed)) * _STEP, passed)
    return places


def _source(samples: NDArray[np.int16], tone: Tone, low: int, high: int) -> Wave:
    """Return sample data from place `low` to `high` of a tone, silence around it, loops unrolled."""
    places = np.arange(low, high) + tone.start
    if tone.loop is not None:
        first, last = tone.loop
        places = np.where(places < last, places, first + (places - first) % (last - first))
        inside = places >= tone.start
    else:
        inside = (places >= tone.start) & (places < tone.end)
    found: Wave = samples[np.clip(places, 0, len(samples) - 1)].astype(np.float32) / np.float32(32768)
    result: Wave = np.where(inside, found, np.float32(0))
    return result


def _below(source: Wave, edge: float) -> Wave:
    """Take away what lies above a frequency (in cycles a frame), so that it does not fold back."""
    size = -(-len(source) // 4096) * 4096
    frequency = np.fft.rfftfreq(size)
    slope = np.clip((edge - frequency) / (0.15 * edge), 0, 1)
    gain = (0.5 - 0.5 * np.cos(np.pi * slope)).astype(np.float32)
    below = np.fft.irfft(np.fft.rfft(source, size) * gain, size)[: len(source)]
    return below.astype(np.float32, copy=False)


def _interpolate(source: Wave, places: NDArray[np.float64]) -> Wave:
    """Return a wave at places between its frames, by windowed sinc."""
    whole = places.astype(np.int64)
    phase = ((places - whole) * _PHASES + 0.5).astype(np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(source, _TAPS)
    whole -= _TAPS // 2 - 1
    result = np.empty(len(places), dtype=np.float32)
    for start in range(0, len(places), 1024):  # small arrays, which stay in the cache: three times as fast
        part = slice(start, start + 1024)
        np.einsum("ft,ft->f", windows[whole[part]], _kernel().take(phase[part], axis=0), out=result[part])
    return result


@cache
def _kernel() -> NDArray[np.float32]:
    """Return the windowed sinc for each phase from 0 to 1, shape (phases + 1, taps)."""
    distance = np.arange(_TAPS) - (_TAPS // 2 - 1) - np.arange(_PHASES + 1)[:, None] / _PHASES
    window = np.i0(8.0 * np.sqrt(np.clip(1 - (2 * distance / _TAPS) ** 2, 0, 1))) / np.i0(8.0)  # Kaiser
    rows = np.sinc(distance) * window  # distances in frames
    result: NDArray[np.float32] = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
    return result


def _filtered(tone: Tone, rate: int) -> bool:
    lowest = tone.cutoff + min(0.0, tone.modulation_cutoff) - sum(abs(lfo.cutoff) for lfo in tone.lfos)
    return bool(_hertz(np.array(lowest)) < _OPEN * rate) or tone.resonance > 0


def _filter(raw: Wave, tone: Tone, rate: int, begin: int) -> Wave:
    """Pass a wave through the tone's filter, which may move.

    Each frame is multiplied by the filter's response at its middle; frames overlap, and so do the
    responses' tails. The filter is that of FluidSynth: two poles, after R. Bristow-Johnson, with the
    gain lowered by half of the resonance's dB.
    """
    half = _FRAME // 2
    lead = begin % half  # frames lie on one grid, wherever the wave begins
    count = -(-(lead + len(raw)) // half) + 1
    padded = np.zeros((count + 1) * half, dtype=np.float32)
    padded[half + lead : half + lead + len(raw)] = raw
    window = np.hanning(_FRAME + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FRAME)[::half] * window
    middles = np.maximum(0, begin - lead + half * np.arange(count))
    cutoff = tone.cutoff + _modulation(tone, rate, middles, "cutoff")
    response = _response(np.minimum(_hertz(cutoff), _OPEN * rate) / rate, tone.resonance)
    spectra = np.fft.rfft(frames, 2 * _FRAME) * response
    tails = np.fft.irfft(spectra, 2 * _FRAME).astype(np.float32).reshape(count, 4, half)
    result = np.zeros((count + 3, half), dtype=np.float32)
    for quarter in range(4):
        result[quarter : quarter + count] += tails[:, quarter]
    return result.reshape(-1)[half + lead :][: len(raw)]


def _response(cutoff: NDArray[np.float64], resonance: float) -> NDArray[np.complex64]:
    """Return the responses of filters at cutoffs in cycles a frame, shape (filters or 1, bins)."""
    if np.ptp(cutoff) == 0:
        cutoff = cutoff[:1]  # one response for all
    quality = 10 ** ((resonance - 3.01) / 20)
    alpha = np.sin(2 * np.pi * cutoff) / (2 * quality)
    cosine = np.cos(2 * np.pi * cutoff)
    gain = (1 - cosine) / 2 / (1 + alpha) / 10 ** (resonance / 40)
    first, second = -2 * cosine / (1 + alpha), (1 - alpha) / (1 + alpha)
    b, a1, a2 = (column.astype(np.float32)[:, None] for column in (gain, first, second))
    delay = np.exp(-2j * np.pi * np.fft.rfftfreq(2 * _FRAME)).astype(np.complex64)  # one frame's, at each bin
    result = b * (1 + delay) ** 2 / (1 + a1 * delay + a2 * delay**2)
    single: NDArray[np.complex64] = result.astype(np.complex64, copy=False)
    return single


def _modulation(tone: Tone, rate: int, frames: NDArray[np.int64], target: str) -> NDArray[np.float64]:
    """Return by how many cents (volume: dB) envelope and oscillations move a target at frames."""
    seconds = frames / rate
    depth = {"pitch": tone.modulation_pitch, "cutoff": tone.modulation_cutoff}.get(target, 0.0)
    total = depth * _level(tone.modulation, seconds) if depth else np.zeros(len(frames))
    for lfo in tone.lfos:
        if getattr(lfo, target):
            total = total + getattr(lfo, target) * _triangle(lfo, seconds)
    return total


def _level(envelope: Envelope, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a modulation envelope, 0 to 1, of a key that is held."""
    since = seconds - envelope.delay
    rise = np.clip(since / max(envelope.attack, 1e-9), 0, 1)
    rising = np.where(rise < 1, 1 + np.log10(np.maximum(rise, 1e-4)) * 400 / 960, 1.0)  # convex: 9.5.1
    fallen = (since - envelope.attack - envelope.hold) / max(envelope.decay, 1e-9)
    falling = np.maximum(1 - np.maximum(fallen, 0), envelope.sustain)
    result: NDArray[np.float64] = np.where(since < envelope.attack, np.clip(rising, 0, 1), falling)
    return result


def _triangle(lfo: Lfo, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    turn = np.maximum(seconds - lfo.delay, 0) * lfo.frequency + 0.25
    result: NDArray[np.float64] = 1 - np.abs(4 * (turn % 1) - 2)
    return result


def _tremolo(wave: Wave, tone: Tone, rate: int, first: int) -> Wave:
    if not any(lfo.volume for lfo in tone.lfos):
        return wave
    level = _modulation(tone, rate, first + np.arange(len(wave)), "volume")
    result: Wave = wave * (10 ** (level / 20)).astype(np.float32)
    return result


def _hertz(cents: NDArray[np.float64]) -> NDArray[np.float64]:
    result: NDArray[np.float64] = 8.176 * 2.0 ** (cents / 1200)
    return result
