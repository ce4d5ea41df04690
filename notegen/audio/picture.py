"""Spectrograms as SVG, PNG and text: time to the right, frequency upwards, a panel for each recording.

All panels of a picture share one scale of time. The louder a band, the lighter its colour; the recording's
loudest is the lightest. Of a take the seam is a line, and what was joined has a mark above the panel.
"""

import base64
import json
from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

import numpy as np
from numpy.typing import NDArray

from notegen.audio import beats, features, raster, recording
from notegen.audio.features import BANDS, FRAME_RATE
from notegen.errors import RangeError
from notegen.rendering.layout import printable
from notegen.rendering.panel import number
from notegen.rendering.pianoroll import FONT, save

COLUMNS = 1500  # of a panel at most
ASCII = str.maketrans("░▒▓█▀╙─┴", ".:*#'!-+")  # for terminals that know nothing else

_FREQUENCIES = {100: "100", 300: "300", 1000: "1k", 3000: "3k", 10_000: "10k"}  # hertz
_STEPS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 3600)  # seconds
_PULSE = 600  # seconds; in a longer recording the ticks of beats would touch

_WIDTH, _HEIGHT = 1200, 240  # of the picture, and of a spectrogram; all lengths are in the same units
_HIGHEST = 30_000
_EDGE, _LEFT = 15, 60
_PLOT = _WIDTH - _LEFT - _EDGE  # 1,500 pixels of a PNG, so that columns are not blurred
_TITLE, _MARKS, _BEATS, _FOOT = 24, 18, 13, 36  # heights of what stands above and below
_WIDEST_LABEL, _CLOSEST_BEATS = 64, 3
_SEAM = "#B45309"

_ROWS, _MARGIN, _NARROWEST = 20, 4, 16  # lines and columns of text


class Panel(NamedTuple):
    """A recording to draw; times are in seconds.

    Parameters
    ----------
    levels : array of float32, shape (columns, BANDS)
        Decibels, from `FLOOR` to 0; the columns stand for even parts of the recording.
    title : str
    seconds : float
        How long the recording lasts.
    seam : float, optional
        Where it begins to be new.
    joins : tuple of float
        Where one part of the source was joined to another.
    beats : tuple of float
    """

    levels: NDArray[np.float32]
    title: str
    seconds: float
    seam: float | None = None
    joins: tuple[float, ...] = ()
    beats: tuple[float, ...] = ()


def panel_of(path: str | PathLike[str]) -> Panel:
    """Analyse a recording. If a sidecar in its folder names it as a take, that tells seam and joins.

    Beats are looked for in recordings of up to ten minutes.

    Raises
    ------
    DataError
        If the file cannot be read as sound, is shorter than half a second, or is silent.
    """
    path = Path(path)
    opened = recording.open(path)
    levels = features.log_mel(opened)
    seconds = min(opened.seconds, len(levels) / FRAME_RATE)  # a damaged MP3 says more than it holds
    pulse = beats.track(levels) / FRAME_RATE if seconds <= _PULSE else np.zeros(0)
    seam, joins = _origin(path, seconds)
    thinned = raster.thinned(levels, min(len(levels), COLUMNS))
    return Panel(thinned, path.name, seconds, seam, joins, tuple(pulse.tolist()))


def svg(panels: Sequence[Panel]) -> str:
    """Draw recordings below each other, on one scale of time.

    Returns
    -------
    str
        An SVG document 1200 units wide; each spectrogram is an `image` in the group of its panel.

    Raises
    ------
    RangeError
        If the picture would be far too tall.
    """
    scale = _PLOT / max(panel.seconds for panel in panels)
    body, y = [], float(_EDGE)
    for panel in panels:
        above = _TITLE + _MARKS * _is_take(panel)
        inside = "\n".join(_panel(panel, scale, above))
        body.append(f'<g class="panel" transform="translate({_LEFT} {number(y + above)})">\n{inside}\n</g>')
        y += above + _HEIGHT + _BEATS * _shows_beats(panel, scale) + _FOOT
    if y > _HIGHEST:
        raise RangeError("the picture would be too tall; draw fewer recordings")
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{y:.0f}" '
        f'viewBox="0 0 {_WIDTH} {y:.0f}" font-family="{FONT}" font-size="12" fill="#4b5563">\n'
        f'<rect width="{_WIDTH}" height="{y:.0f}" fill="#fff"/>'
    )
    return "\n".join([head, *body, "</svg>\n"])


def draw(panels: Sequence[Panel], path: str | PathLike[str], *, force: bool = False) -> None:
    """Write recordings as one picture, PNG or SVG by the file's name; see `svg`.

    Raises
    ------
    UsageError
        If the name ends in neither, or the file exists and `force` is not set.
    """
    save(svg(panels), path, force=force)


def text(panel: Panel, width: int, colour: bool = False) -> str:
    """Draw a recording with characters.

    Parameters
    ----------
    panel : Panel
    width : int
        The columns of the terminal; no line is longer, but at least 16 are taken.
    colour : bool
        Whether to draw with half blocks in colour (ANSI, 24 bits), else with shades.

    Returns
    -------
    str
        Lines that end in newlines: a title, 20 lines of spectrogram, the time, and of a take a line of
        what is new, with its joins.
    """
    columns = max(_NARROWEST, width) - _MARGIN - 1
    labels = {int(_ROWS - _ROWS * _height(f)): name for f, name in _FREQUENCIES.items()}
    lines = (raster.blocks if colour else raster.shades)(panel.levels, columns, _ROWS)
    rows = [(labels.get(i, ""), line) for i, line in enumerate(lines)]
    rows += [("", _ruler(panel, columns))] + [("new", _news(panel, columns))] * _is_take(panel)
    title = f"{printable(panel.title)}  {_length(panel)}"[: columns + _MARGIN + 1]
    return "\n".join([title, *(f"{label:>{_MARGIN}} {line}".rstrip() for label, line in rows), ""])


def _origin(path: Path, seconds: float) -> tuple[float | None, tuple[float, ...]]:
    """Return where a take that was saved is new, and where it was joined, as its sidecar says.

    Of several that name the take, the shortest name counts, as in `notegen.generation.save.seam_of`.
    """
    for sidecar in sorted(path.parent.glob("*.json"), key=lambda each: (len(each.name), each.name)):
        try:
            said = json.loads(sidecar.read_bytes())
            take = next(take for take in said["takes"] if take["file"] == path.name)
            seam = said["seam"] if said["seam"] is not None and 0 <= said["seam"] <= seconds else None
            return seam, tuple(join for join in take.get("joins", ()) if 0 <= join <= seconds)
        except (OSError, ValueError, KeyError, TypeError, StopIteration):
            continue  # some other file
    return None, ()


def _height(frequency: float) -> float:
    """Return where on the axis a frequency stands: 0 at the foot of the lowest band, 1 at the very top."""
    lowest, here, highest = features.mels(np.array([features.LOWEST, frequency, features.HIGHEST]))
    return float((BANDS + 1) * (here - lowest) / (highest - lowest) - 0.5) / BANDS


def _clock(seconds: float, decimals: int = 0) -> str:
    """Return a time as minutes and seconds.

    Examples
    --------
    >>> _clock(119.7), _clock(7201), _clock(0.5, 1)
    ('2:00', '120:01', '0:00.5')
    """
    minutes, rest = divmod(round(seconds, decimals), 60)
    return f"{minutes:.0f}:{rest:0{3 + decimals if decimals else 2}.{decimals}f}"


def _length(panel: Panel) -> str:
    return _clock(panel.seconds, int(panel.seconds < 10))


def _times(seconds: float, room: float) -> list[tuple[float, str]]:
    """Return round times and their names, at most `room` of them to the recording's length."""
    step = next((step for step in _STEPS if seconds / step <= room), _STEPS[-1])
    return [(time, _clock(time, int(step < 1))) for time in np.arange(0, seconds + 1e-6, step).tolist()]


def _is_take(panel: Panel) -> bool:
    return panel.seam is not None or bool(panel.joins)


def _shows_beats(panel: Panel, scale: float) -> bool:
    """Say whether there are beats, and their ticks can be told apart."""
    spans = len(panel.beats) - 1
    return spans > 0 and (panel.beats[-1] - panel.beats[0]) * scale / spans >= _CLOSEST_BEATS


def _panel(panel: Panel, scale: float, above: float) -> list[str]:
    """Return the elements of a panel; 0 is the upper left corner of its spectrogram."""
    foot = _HEIGHT + _BEATS * _shows_beats(panel, scale)
    return [
        f'<text class="title" y="{12 - above}" font-size="15" font-weight="bold" fill="#111827">'
        f"{escape(printable(panel.title))}"
        f'<tspan dx="10" font-size="12" font-weight="normal" fill="#6b7280">{_length(panel)}</tspan></text>',
        _image(panel, panel.seconds * scale),
        *_axes(panel, scale, foot),
        *(_pulse(panel, scale) if foot > _HEIGHT else []),
        *(_joins(panel, scale, above) if panel.joins else []),
        *(_seam(panel.seam * scale, foot) if panel.seam is not None else []),
    ]


def _image(panel: Panel, width: float) -> str:
    columns = max(1, min(len(panel.levels), round(COLUMNS * width / _PLOT)))
    code = base64.b64encode(raster.png(raster.thinned(panel.levels, columns))).decode()
    return (
        f'<image width="{number(width)}" height="{_HEIGHT}" preserveAspectRatio="none" '
        f'href="data:image/png;base64,{code}"/>'
    )


def _axes(panel: Panel, scale: float, foot: float) -> list[str]:
    """Name frequencies and times; a faint line runs through at each frequency."""
    width = panel.seconds * scale
    levels = [(_HEIGHT * (1 - _height(f)), name) for f, name in _FREQUENCIES.items()]
    times = [(t * scale, name) for t, name in _times(panel.seconds, width / _WIDEST_LABEL)]
    across = "".join(f"M0 {number(y)}H{number(width)}" for y, _ in levels)
    ticks = "".join(f"M-5 {number(y)}h5" for y, _ in levels)
    ticks += "".join(f"M{number(x)} {foot}v5" for x, _ in times)
    names = [f'<text x="-9" y="{number(y + 4)}" text-anchor="end">{name}</text>' for y, name in levels]
    clock = [  # the last one is moved, if it would run over the edge
        f'<text x="{number(min(x, _PLOT + _EDGE - 4 * len(name)))}" y="{foot + 18}" '
        f'text-anchor="middle">{name}</text>'
        for x, name in times
    ]
    return [
        f'<path class="lines" d="{across}" stroke="#fff" stroke-opacity=".13"/>',
        f'<path class="ticks" d="{ticks}" stroke="#9ca3af"/>',
        f'<g class="hertz">{"".join(names)}</g>',
        f'<g class="times">{"".join(clock)}</g>',
    ]


def _pulse(panel: Panel, scale: float) -> list[str]:
    """Draw the beats in a strip of their own."""
    ticks = "".join(f"M{number(beat * scale)} {_HEIGHT + 4}v6" for beat in panel.beats)
    name = f'<text x="-9" y="{_HEIGHT + 11}" text-anchor="end" font-size="10" fill="#6b7280">beats</text>'
    return [f'<path class="beats" d="{ticks}" stroke="#374151"/>', name]


def _joins(panel: Panel, scale: float, above: float) -> list[str]:
    """Point at the joins from above, and count them in the line of the title."""
    points = "".join(f"M{number(join * scale)} -1l-2.5 -5h5z" for join in panel.joins)
    told = f"{len(panel.joins)} join{'s' * (len(panel.joins) != 1)}"
    return [
        f'<path class="joins" d="{points}" fill="{_SEAM}"/>',
        f'<path d="M{_PLOT - 5} {12 - above}l-4 -8h8z" fill="{_SEAM}"/>',
        f'<text x="{_PLOT - 14}" y="{12 - above}" text-anchor="end">{told}</text>',
    ]


def _seam(x: float, foot: float) -> list[str]:
    """Draw the line at which the new part begins, light and dark so that it stands out from all colours."""
    line = f'd="M{number(x)} {-_MARKS}V{foot}"'
    beside = f'x="{number(x + 5)}"' if x < _PLOT - 36 else f'x="{number(x - 5)}" text-anchor="end"'
    return [
        f'<path {line} stroke="#fff" stroke-width="4.5"/>',
        f'<path class="seam" {line} stroke="{_SEAM}" stroke-width="2"/>',
        f'<text {beside} y="-9" fill="{_SEAM}" font-weight="bold">new</text>',
    ]


def _ruler(panel: Panel, columns: int) -> str:
    """Return the times, each right of where it is; the last one only if there is room."""
    line = ""
    for time, name in _times(panel.seconds, columns / 9):
        longer = line.ljust(int(time / panel.seconds * columns)) + name
        line = longer if len(longer) <= columns else line
    return line


def _news(panel: Panel, columns: int) -> str:
    """Return a line that begins at the seam and branches off at the joins."""

    def column(time: float) -> int:
        return min(columns - 1, int(time / panel.seconds * columns))

    start = columns if panel.seam is None else column(panel.seam)
    joins = {column(join) for join in panel.joins}
    return "".join(
        "╙" if i == start else "┴" if i in joins else "─" if i > start else " " for i in range(columns)
    )
