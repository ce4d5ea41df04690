"""The voices that a key of a sound font's program sounds with.

A preset is a list of zones, each of which names an instrument; an instrument is a list of zones, each
of which names a sample. A key sounds every pair of zones that its key and velocity lie in. Values are
taken as FluidSynth takes them. Modulators are not read: the standard ones (velocity, volume,
expression, pan, pitch bend) belong to the synthesizer.

Source: SoundFont Technical Specification 2.04, chapters 8 and 9.
"""

import math
from functools import lru_cache
from typing import NamedTuple

from notegen.rendering.soundfont import INSTRUMENT, SAMPLE, SoundFont, preset

MOST_CENTS = 7200  # that a sample is transposed by; more is a damaged font
SILENT = 96.0  # dB: how far envelopes fall within their decay and release times

_KEYS, _VELOCITIES = 43, 44
_DEFAULTS = dict.fromkeys(range(61), 0)
_DEFAULTS |= dict.fromkeys((21, 23, 25, 26, 27, 28, 30, 33, 34, 35, 36, 38), -12000)  # timecents
_DEFAULTS |= {8: 13500, 46: -1, 47: -1, 56: 100, 58: -1}
_SAMPLE_ONLY = {0, 1, 2, 3, 4, 12, 45, 46, 47, 50, 54, 57, 58}  # of no meaning in a preset's zones


class Envelope(NamedTuple):
    """Times in seconds, and a sustain level.

    Of a volume envelope, sustain is in dB below the peak, decay and release are the times to fall by
    96 dB. Of a modulation envelope, sustain is a share of the peak, and they are the times to fall
    from the peak to nothing.
    """

    delay: float
    attack: float
    hold: float
    decay: float
    sustain: float
    release: float


class Lfo(NamedTuple):
    """A triangular oscillation: delay in seconds, frequency in Hz, and its depths.

    `pitch` and `cutoff` are in cents, `volume` is in dB.
    """

    delay: float
    frequency: float
    pitch: float
    cutoff: float = 0.0
    volume: float = 0.0


class Tone(NamedTuple):
    """What decides a voice's wave: a stretch of sample data, its pitch and its filter.

    Frames count from the beginning of the font's sample data. `cents` is the distance from the pitch
    at which the sample was recorded, `cutoff` is in cents above 8.176 Hz, `resonance` in dB; the
    modulation envelope moves pitch and cutoff by so many cents at its peak.
    """

    start: int
    end: int
    loop: tuple[int, int] | None
    rate: int
    cents: float
    cutoff: float
    resonance: float
    modulation: Envelope
    modulation_pitch: float
    modulation_cutoff: float
    lfos: tuple[Lfo, ...]


class Voice(NamedTuple):
    """One sample of a sounding key: attenuation in dB (velocity included), pan from -0.5 to 0.5.

    A voice of an exclusive class other than 0 ends those of the same class, as hi-hats do.
    """

    tone: Tone
    envelope: Envelope
    attenuation: float
    pan: float
    exclusive: int


class _Zone(NamedTuple):
    keys: tuple[int, int]
    velocities: tuple[int, int]
    target: int | None  # an instrument or a sample; None in a global zone
    generators: dict[int, int]


def voices(font: SoundFont, bank: int, program: int, key: int, velocity: int) -> list[Voice]:
    """Return what a key of a program sounds with; nothing where the font has nothing.

    Parameters
    ----------
    bank : int
        0 to 127, or 128 for drums.
    program, key, velocity : int
        0 to 127; a velocity of at least 1.
    """
    chosen = preset(font.presets, bank, program)
    if chosen is None:
        return []
    return [
        _voice(font, _add(inner, outer), inner.target or 0, key, velocity)
        for outer in _zones(font, "p", font.presets[chosen])
        if _holds(outer, key, velocity)
        for inner in _zones(font, "i", outer.target or 0)
        if _holds(inner, key, velocity)
    ]


@lru_cache(maxsize=512)
def _zones(font: SoundFont, level: str, index: int) -> tuple[_Zone, ...]:
    """Return the zones of a preset ("p") or an instrument ("i"), the global zone's values in each."""
    headers = font.tables["phdr" if level == "p" else "inst"]
    bags = font.tables[f"{level}bag"]["generators"]
    rows = font.tables[f"{level}gen"]
    final = INSTRUMENT if level == "p" else SAMPLE
    zones: list[_Zone] = []
    common: dict[int, int] = {}
    first, last = int(headers["bag"][index]), int(headers["bag"][index + 1])
    for bag in range(first, last):
        values = dict(rows[int(bags[bag]) : int(bags[bag + 1])].tolist())
        if final in values:
            zones.append(_zone(common | values, final))
        elif bag == first:
            common = values
    return tuple(zones)


def _zone(values: dict[int, int], final: int) -> _Zone:
    keys, velocities = (
        (values.get(operator, 0x7F00) & 0xFF, values.get(operator, 0x7F00) >> 8 & 0xFF)
        for operator in (_KEYS, _VELOCITIES)
    )
    return _Zone(keys, velocities, values[final] & 0xFFFF, values)


def _holds(zone: _Zone, key: int, velocity: int) -> bool:
    return zone.keys[0] <= key <= zone.keys[1] and zone.velocities[0] <= velocity <= zone.velocities[1]


def _add(inner: _Zone, outer: _Zone) -> dict[int, int]:
    """Return an instrument zone's values, to which those of the preset's zone are added."""
    values = _DEFAULTS | inner.generators
    for operator, amount in outer.generators.items():
        if operator in values and operator not in _SAMPLE_ONLY:
            values[operator] += amount
    return values


def _voice(font: SoundFont, values: dict[int, int], sample: int, key: int, velocity: int) -> Voice:
    key = values[46] if 0 <= values[46] <= 127 else key
    velocity = values[47] if 1 <= values[47] <= 127 else velocity
    envelope = _envelope(values, 33, key)
    sustain = SILENT * min(max(values[37], 0), 1000) / 1000  # 1000 is silence, as in FluidSynth
    return Voice(
        tone=_tone(font, values, sample, key),
        envelope=envelope._replace(sustain=sustain, release=max(envelope.release, 2 ** (-7200 / 1200))),
        # 0.4: what the EMU8000 made of it, and fonts rely on. Velocity: section 8.4.1.
        attenuation=0.04 * min(max(values[48], 0), 1440) + 40 * math.log10(127 / velocity),
        pan=min(max(values[17], -500), 500) / 1000,
        exclusive=values[57],
    )


def _tone(font: SoundFont, values: dict[int, int], sample: int, key: int) -> Tone:
    header = font.tables["shdr"][sample]
    size = len(font.samples)

    def place(field: str, fine: int, coarse: int) -> int:
        return min(max(int(header[field]) + values[fine] + 32768 * values[coarse], 0), size)

    start, end = place("start", 0, 4), place("end", 1, 12)
    loop = place("loop_start", 2, 45), place("loop_end", 3, 50)
    looped = values[54] & 1 and start <= loop[0] < loop[1] <= size
    recorded = int(header["key"]) if header["key"] <= 127 else 60
    root = values[58] if 0 <= values[58] <= 127 else recorded
    distance = key - root + int(header["correction"]) / 100
    modulation = _envelope(values, 25, key)
    return Tone(
        start=start,
        end=max(start, end),
        loop=loop if looped else None,
        rate=min(max(int(header["rate"]), 400), 192_000),
        cents=min(max(values[56] * distance + 100 * values[51] + values[52], -MOST_CENTS), MOST_CENTS),
        cutoff=min(max(values[8], 1500), 13500),
        resonance=min(max(values[9], 0), 960) / 10,
        modulation=modulation._replace(sustain=1 - min(max(values[29], 0), 1000) / 1000),
        modulation_pitch=values[7],
        modulation_cutoff=values[11],
        lfos=_lfos(values),
    )


def _lfos(values: dict[int, int]) -> tuple[Lfo, ...]:
    modulation = Lfo(
        _seconds(values[21]), _hertz(values[22]), values[5], values[10], min(max(values[13], -960), 960) / 10
    )
    vibrato = Lfo(_seconds(values[23]), _hertz(values[24]), values[6])
    return tuple(lfo for lfo in (modulation, vibrato) if lfo.pitch or lfo.cutoff or lfo.volume)


def _envelope(values: dict[int, int], first: int, key: int) -> Envelope:
    """Return the envelope whose delay is generator `first`; hold and decay scale with the key."""
    delay, attack, hold, decay, _, release, hold_scale, decay_scale = (values[first + i] for i in range(8))
    hold += hold_scale * (60 - key)
    decay += decay_scale * (60 - key)
    return Envelope(
        _seconds(delay), _seconds(attack), _seconds(hold), _seconds(decay), 0.0, _seconds(release)
    )


def _seconds(timecents: int) -> float:
    return 0.0 if timecents <= -12000 else math.exp2(min(timecents, 8000) / 1200)


def _hertz(cents: int) -> float:
    return 8.176 * math.exp2(min(max(cents, -16000), 4500) / 1200)
