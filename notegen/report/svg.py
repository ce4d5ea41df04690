"""What all plots stand on: colours that follow the page, numbers, ticks, and the axes of a plot.

Plots are SVG to stand in a page. Colours are CSS variables, so that they change where the page is dark; by
itself, a plot has the colours of a light page.
"""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from notegen.rendering.panel import COLOURS, number

WIDTH = 360.0  # of a plot, in its units: a phone's width, so that its text can be read there
CHARACTER = 6.6  # the width of one in a plot, with room
INK, MUTED, LINE = "var(--ink, #111827)", "var(--muted, #4b5563)", "var(--line, #d1d5db)"
PAPER = "var(--paper, #fff)"


class Axes(NamedTuple):
    """The area of a plot, and the values at its edges."""

    x_range: tuple[float, float]
    y_range: tuple[float, float]
    left: float = 8.0
    top: float = 8.0
    right: float = WIDTH - 8
    bottom: float = 120.0

    def x(self, value: float) -> float:
        """Return where a value stands from left to right."""
        return self.left + (self.right - self.left) * _share(value, self.x_range)

    def y(self, value: float) -> float:
        """Return where a value stands from top to bottom."""
        return self.bottom - (self.bottom - self.top) * _share(value, self.y_range)


def _share(value: float, span: tuple[float, float]) -> float:
    return (value - span[0]) / (span[1] - span[0]) if span[1] > span[0] else 0.5


def colour(index: int) -> str:
    """Return one of the colours that colour-blind readers can tell apart."""
    return f"var(--c{index}, {COLOURS[index]})"


def finite(values: ArrayLike) -> NDArray[np.float64]:
    """Return the values that are numbers, shape (values,)."""
    flat = np.asarray(values, dtype=np.float64).ravel()
    return flat[np.isfinite(flat)]


def ticks(low: float, high: float, count: int = 4) -> list[float]:
    """Return about `count` round values from `low` to `high`: steps are 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> ticks(0, 7.3), ticks(2.7, 4.4), ticks(3, 3)
    ([0.0, 2.0, 4.0, 6.0], [3.0, 3.5, 4.0], [3])
    """
    if not high > low:
        return [low]
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= 0.999 * rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def document(elements: Sequence[str], label: str, height: float, width: float = WIDTH) -> str:
    """Return elements as a picture of a page; `label` says to those who cannot see what it shows."""
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" '
            f'role="img" aria-label="{escape(label)}" font-size="11" fill="{MUTED}" '
            f'style="max-width: {number(width / 14)}rem">',
            *elements,
            "</svg>",
        ]
    )


def nothing(label: str, height: float = 60, width: float = WIDTH) -> str:
    """Return a picture that says that there is nothing to draw."""
    return document(
        [text(width / 2, height / 2 + 4, "no data", "middle")], f"{label}: no data", height, width
    )


def text(x: float, y: float, words: str, anchor: str = "start", more: str = "") -> str:
    """Return a line of text; words from files are escaped here."""
    place = f'x="{number(x)}" y="{number(y)}" text-anchor="{anchor}"'
    return f"<text {place}{more}>{escape(words)}</text>"


def box(x: float, y: float, width: float, height: float, more: str, hint: str = "") -> str:
    """Return a rectangle, with what a pointer that rests on it is told."""
    place = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
    return f"<rect {place} {more}>{f'<title>{escape(hint)}</title>' if hint else ''}</rect>"


def path(x: ArrayLike, y: ArrayLike) -> str:
    """Return the data of a line through points."""
    places = zip(np.asarray(x).tolist(), np.asarray(y).tolist(), strict=True)
    return "M" + "L".join(f"{number(a)} {number(b)}" for a, b in places)


def floor(axes: Axes, label: str = "") -> list[str]:
    """Draw the line that a plot stands on, round values below it, and what they are."""
    elements = [rule(axes)]
    elements += [
        text(axes.x(tick), axes.bottom + 14, said(tick), "middle") for tick in ticks(*axes.x_range, count=5)
    ]
    if label:
        elements.append(text((axes.left + axes.right) / 2, axes.bottom + 30, label, "middle"))
    return elements


def rule(axes: Axes) -> str:
    """Draw the line that a plot stands on."""
    data = f"M{number(axes.left)} {number(axes.bottom)}H{number(axes.right)}"
    return f'<path d="{data}" stroke="{LINE}" fill="none"/>'


def margin(highest: float, unit: str = "") -> float:
    """Return the room that the values of `levels` take to the left of a plot that begins at 0."""
    return 12 + CHARACTER * max(len(said(tick) + unit) for tick in ticks(0, highest, count=3))


def levels(axes: Axes, unit: str = "") -> list[str]:
    """Draw thin lines across at round values, which stand to the left of them."""
    elements = []
    for tick in ticks(*axes.y_range, count=3):
        y = axes.y(tick)
        data = f"M{number(axes.left)} {number(y)}H{number(axes.right)}"
        elements.append(f'<path d="{data}" stroke="{LINE}" stroke-width=".6" fill="none"/>')
        elements.append(text(axes.left - 5, y + 4, said(tick) + unit, "end"))
    return elements


def said(value: float) -> str:
    """Return a number as it stands at an axis.

    Examples
    --------
    >>> said(0.5), said(3.0), said(12000.0)
    ('0.5', '3', '12,000')
    """
    return f"{value:,.6g}".replace("-", "\N{MINUS SIGN}")
