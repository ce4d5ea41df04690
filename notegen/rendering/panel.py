"""One system of a piano roll in SVG: keys, beats and bars below, the notes above them, and what is new.

Coordinates are those of the system: x is 0 at its first bar line (behind a pickup), y is 0 at its top.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.rendering import layout
from notegen.rendering.drums import drum_name
from notegen.score import Score, Span, Table

# Okabe and Ito's colours, which colour-blind readers can tell apart; the yellow is a darker one.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#B8A800")
RULER, FOOT = 14, 18  # the height of the bar numbers, and of the space below

_DRUM_ROW = 11
_NARROWEST = 1.5  # a note that one can see
_CLOSEST_BEATS, _CLOSEST_NUMBERS = 6, 22
_BLACK_KEYS = (1, 3, 6, 8, 10)
_SEAM = "#B45309"


class Scale(NamedTuple):
    """Where times and pitches stand in every system of a picture."""

    quarter: float  # the width of a quarter note
    row: float  # the height of a semitone
    low: int
    high: int
    drums: tuple[int, ...]  # the pitches of drum parts, from the top

    @property
    def keys(self) -> float:
        """The height of the pitches from `low` to `high`."""
        return (self.high - self.low + 1) * self.row

    @property
    def height(self) -> float:
        """The height of all notes, drums included."""
        return self.keys + _DRUM_ROW * len(self.drums)


class System(NamedTuple):
    """A score, the bar lines of one of its systems, and the number of the first bar there."""

    score: Score
    lines: NDArray[np.int64]
    number: int

    @property
    def origin(self) -> int:
        """The tick at which x is 0."""
        return int(self.lines[0 if self.number else 1])

    def quarters(self, tick: float) -> float:
        """Return how many quarter notes a tick lies behind the origin."""
        return float(tick - self.origin) / self.score.resolution


class _Frame(NamedTuple):
    """A system on its scale."""

    system: System
    scale: Scale

    def x(self, tick: float) -> float:
        return self.system.quarters(tick) * self.scale.quarter

    def y(self, pitch: int) -> float:
        return (self.scale.high - pitch) * self.scale.row


def draw(system: System, scale: Scale, new: Span | None) -> list[str]:
    """Return the elements of one system."""
    frame = _Frame(system, scale)
    below, above = ([], []) if new is None else (_new(frame, new), _seams(frame, new))
    return [*below, *_keys(frame), *_grid(frame), *_numbers(frame), *_notes(frame), *above]


def number(value: float) -> str:
    """Write a coordinate in hundredths, without needless zeros."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _box(x: float, y: float, width: float, height: float) -> str:
    return f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'


def _text(x: float, y: float, text: str, more: str = "") -> str:
    return f'<text x="{number(x)}" y="{number(y)}"{more}>{text}</text>'


def _keys(frame: _Frame) -> list[str]:
    """Shade the black keys and name the Cs and the drums."""
    scale, left, right = frame.scale, frame.x(frame.system.lines[0]), frame.x(frame.system.lines[-1])
    pitches = range(scale.low, scale.high + 1)
    row, width = number(scale.row), number(right - left)
    black = [
        f"M{number(left)} {number(frame.y(p))}h{width}v{row}h-{width}z"
        for p in pitches
        if p % 12 in _BLACK_KEYS
    ]
    below_c = [f"M{number(left)} {number(frame.y(p - 1))}h{width}" for p in pitches if p % 12 == 0]
    names = [
        _text(left - 5, frame.y(p) + scale.row / 2 + 3.5, f"C{p // 12 - 1}") for p in pitches if p % 12 == 0
    ] + [
        _text(left - 8, scale.keys + _DRUM_ROW * i + 8.5, drum_name(pitch), ' font-size="9"')
        for i, pitch in enumerate(scale.drums)
    ]
    return [
        f'<path class="black-keys" d="{"".join(black)}" fill="#000" fill-opacity=".045"/>',
        f'<path class="octaves" d="{"".join(below_c)}" stroke="#d1d5db" stroke-width=".6"/>',
        f'<g class="names" text-anchor="end">{"".join(names)}</g>',
    ]


def _grid(frame: _Frame) -> list[str]:
    """Draw beats and, stronger, bar lines and a frame."""
    score, lines = frame.system.score, frame.system.lines
    height = number(frame.scale.height)
    beats: list[float] = []
    for start, stop in zip(lines[:-1].tolist(), lines[1:].tolist(), strict=True):
        beat = layout.beat_length(score, start)
        if frame.x(start + beat) - frame.x(start) >= _CLOSEST_BEATS:
            beats += np.arange(start + beat, stop, beat).tolist()
    left, right = frame.x(lines[0]), frame.x(lines[-1])
    across = [0, frame.scale.height] + ([frame.scale.keys] if frame.scale.drums and frame.scale.keys else [])
    border = "".join(f"M{number(left)} {number(y)}H{number(right)}" for y in across)
    return [
        f'<path class="{name}" d="{"".join(f"M{number(frame.x(t))} 0v{height}" for t in ticks)}{more}" '
        f'stroke="{colour}" stroke-width="{width}" fill="none"/>'
        for name, ticks, more, colour, width in (
            ("beats", beats, "", "#e5e7eb", ".8"),
            ("bars", lines.tolist(), "", "#9ca3af", "1"),
            ("border", [], border, "#9ca3af", "1"),
        )
    ]


def _numbers(frame: _Frame) -> list[str]:
    """Write the numbers of the bars; of every second, fourth, … one where they stand close together."""
    lines, first = frame.system.lines, frame.system.number
    step, mean = 1, frame.x(lines[-1]) - frame.x(lines[0])
    while mean / (len(lines) - 1) * step < _CLOSEST_NUMBERS:
        step *= 2
    shown = [
        _text(frame.x(tick), -4, str(first + i))
        for i, tick in enumerate(lines[:-1].tolist())
        if (first + i - 1) % step == 0 or -frame.x(tick) >= _CLOSEST_NUMBERS / 2  # a pickup's, with room
    ]
    return [f'<g class="numbers">{"".join(shown)}</g>']


def _notes(frame: _Frame) -> list[str]:
    """Draw the notes in a group for each track; a note across a system's end goes on in the next."""
    groups = []
    for i, (track, notes) in enumerate(layout.parts(frame.system.score)):
        ends = notes["onset"] + notes["duration"]
        inside = (notes["onset"] < frame.system.lines[-1]) & (ends > frame.system.lines[0])
        if not inside.any():
            continue
        shapes = _drums(frame, notes[inside]) if track.is_drum else _bars(frame, notes[inside])
        groups.append(
            f'<g class="track" fill="{COLOURS[i % len(COLOURS)]}" stroke="#fff" stroke-width=".5">'
            + "".join(shapes)
            + "</g>"
        )
    return groups[::-1]  # the first track on top


def _bars(frame: _Frame, notes: Table) -> list[str]:
    start, stop = int(frame.system.lines[0]), int(frame.system.lines[-1])
    shapes = []
    for onset, duration, pitch, velocity, _ in notes.tolist():
        left = frame.x(max(onset, start))
        width = max(_NARROWEST, frame.x(min(onset + duration, stop)) - left)
        box = _box(left, frame.y(pitch), width, frame.scale.row)
        shapes.append(f'<rect {box} fill-opacity="{_strength(velocity)}"/>')
    return shapes


def _drums(frame: _Frame, notes: Table) -> list[str]:
    """Draw drum notes as diamonds where they are struck; how long they last means nothing."""
    shapes = []
    for onset, _, pitch, velocity, _ in notes[notes["onset"] >= frame.system.lines[0]].tolist():
        y = frame.scale.keys + _DRUM_ROW * frame.scale.drums.index(pitch) + 1
        path = f"M{number(frame.x(onset))} {number(y)}l4.5 4.5-4.5 4.5-4.5-4.5z"
        shapes.append(f'<path d="{path}" fill-opacity="{_strength(velocity)}"/>')
    return shapes


def _strength(velocity: int) -> str:
    return number(0.35 + 0.65 * velocity / 127)


def _new(frame: _Frame, new: Span) -> list[str]:
    """Shade what is new."""
    left, right = int(frame.system.lines[0]), int(frame.system.lines[-1])
    start, stop = max(new.start, left), right if new.stop is None else min(new.stop, right)
    if start >= stop:
        return []
    box = _box(frame.x(start), 0, frame.x(stop) - frame.x(start), frame.scale.height)
    return [f'<rect class="new" {box} fill="#FEF3C7" fill-opacity=".5"/>']


def _seams(frame: _Frame, new: Span) -> list[str]:
    """Draw a line with a word where the new part begins, and one without where it ends."""
    left, right = int(frame.system.lines[0]), int(frame.system.lines[-1])
    drawn, foot = [], frame.scale.height + 12
    if left <= new.start < right:
        drawn += [_seam(frame.x(new.start), foot)]
        drawn += [_text(frame.x(new.start) + 4, foot - 1, "new", f' fill="{_SEAM}" font-weight="bold"')]
    if new.stop is not None and left < new.stop <= right:
        drawn += [_seam(frame.x(new.stop), foot)]
    return drawn


def _seam(x: float, foot: float) -> str:
    return f'<path class="seam" d="M{number(x)} 0V{number(foot)}" stroke="{_SEAM}" stroke-width="1.5"/>'
