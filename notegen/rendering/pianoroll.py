"""Piano rolls as SVG and PNG: time to the right, pitch upwards, a panel for each score.

All panels of a picture share one scale: their first bar lines stand above each other, and so do their
pitches. A panel is broken into systems, like a page of music. The louder a note, the stronger its
colour.
"""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from notegen import files
from notegen.errors import RangeError, UsageError
from notegen.rendering import layout, panel
from notegen.rendering.layout import Roll
from notegen.rendering.panel import COLOURS, Scale, System, number
from notegen.score import Score

_WIDTH = 1200  # of the picture; all lengths are in its units, the pixels of a screen
_HIGHEST = 30_000
_QUARTERS = 72  # of a system at most
_EDGE, _LINE = 16, 20  # the margin, and a line of text
_KEY_NAMES, _DRUM_NAMES = 24, 74  # the room that they take
FONT = "DejaVu Sans, Arial, Helvetica, Liberation Sans, Noto Sans, sans-serif"


def svg(rolls: Sequence[Roll]) -> str:
    """Draw scores below each other, on one scale.

    Returns
    -------
    str
        An SVG document 1200 units wide. Each note is a `rect` (a drum's is a `path`) in the group of
        its track, in the group of its system.

    Raises
    ------
    EmptyError
        If a score has no note.
    RangeError
        If the picture would be far too tall.
    """
    panels = [_systems(roll.score) for roll in rolls]
    scale, left = _scale(rolls, [system for systems in panels for system in systems])
    each = panel.RULER + scale.height + panel.FOOT
    if each * sum(map(len, panels)) > _HIGHEST:
        raise RangeError("the picture would be too tall; draw fewer scores, or shorter ones")
    body: list[str] = []
    y, named = float(_EDGE), [""]
    for roll, systems in zip(rolls, panels, strict=True):
        names = layout.part_names(roll.score)
        heading = [_title(roll.title)] if roll.title else []
        heading += _legend(names) if len(names) > 1 and names != named else []
        named = names
        for line in heading:
            body.append(_place([line], "heading", _EDGE, y))
            y += _LINE
        for system in systems:
            body.append(_place(panel.draw(system, scale, roll.new), "system", left, y + panel.RULER))
            y += each
    return "\n".join([*_head(y), *body, "</svg>\n"])


def png(picture: str, width: int = 1600) -> bytes:
    """Return an SVG document as PNG, so many pixels wide."""
    import resvg_py  # needed for this alone

    return bytes(resvg_py.svg_to_bytes(svg_string=picture, width=width, background="white"))


def draw(rolls: Sequence[Roll], path: str | PathLike[str], *, force: bool = False) -> None:
    """Write scores as one picture, PNG or SVG by the file's name; see `svg`.

    Raises
    ------
    UsageError
        If the name ends in neither, or the file exists and `force` is not set.
    """
    save(svg(rolls), path, force=force)


def save(picture: str, path: str | PathLike[str], *, force: bool = False) -> None:
    """Write an SVG document as it is or as PNG, by the file's name; see `draw`."""
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in (".png", ".svg"):
        raise UsageError(f"{path}: pictures are written as PNG or SVG; end the name in .png or .svg")
    files.write_atomically(path, png(picture) if suffix == ".png" else picture.encode(), force=force)


def _systems(score: Score) -> list[System]:
    lines, first = layout.bars(score)
    breaks = layout.systems(np.diff(lines) / score.resolution, _QUARTERS, first)
    return [System(score, lines[part.start : part.stop + 1], first + part.start) for part in breaks]


def _scale(rolls: Sequence[Roll], systems: list[System]) -> tuple[Scale, float]:
    """Find the scale that shows all systems, and where their first bar lines stand."""
    parts = [part for roll in rolls for part in layout.parts(roll.score)]
    pitches, drums = (
        sorted(
            {pitch for track, notes in parts if track.is_drum == drum for pitch in notes["pitch"].tolist()}
        )
        for drum in (False, True)
    )
    low, high = (pitches[0] - 1, pitches[-1] + 1) if pitches else (0, -1)
    if pitches:  # an octave at least
        missing = max(0, 12 - (high - low + 1))
        low, high = low - missing // 2, high + missing - missing // 2
    pickup = max(-system.quarters(system.lines[0]) for system in systems)
    longest = max(system.quarters(system.lines[-1]) for system in systems)
    labels = _EDGE + (_DRUM_NAMES if drums else _KEY_NAMES)
    quarter = (_WIDTH - _EDGE - labels) / (pickup + longest)
    row = min(8.0, max(4.0, 240 / max(1, high - low + 1)))
    return Scale(quarter, row, low, high, tuple(reversed(drums))), labels + pickup * quarter


def _head(height: float) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {_WIDTH} {height:.0f}" font-family="{FONT}" font-size="10" fill="#6b7280">',
        f'<rect width="{_WIDTH}" height="{height:.0f}" fill="#fff"/>',
    ]


def _place(elements: list[str], name: str, x: float, y: float) -> str:
    inside = "\n".join(elements)
    return f'<g class="{name}" transform="translate({number(x)} {number(y)})">\n{inside}\n</g>'


def _title(title: str) -> str:
    text = escape(layout.printable(title))
    return f'<text class="title" y="11" font-size="14" fill="#111827" font-weight="bold">{text}</text>'


def _legend(names: list[str]) -> list[str]:
    """Return lines of track names, each behind its colour."""
    lines, x = [""], 0.0
    for i, name in enumerate(names):
        name = name if len(name) <= 30 else name[:29] + "…"
        width = 32 + 6.5 * len(name)
        if x and x + width > _WIDTH - 2 * _EDGE:
            lines.append("")
            x = 0
        lines[-1] += (
            f'<rect x="{number(x)}" y="1" width="9" height="9" fill="{COLOURS[i % len(COLOURS)]}"/>'
            f'<text x="{number(x + 14)}" y="9.5" font-size="11">{escape(name)}</text>'
        )
        x += width
    return lines
