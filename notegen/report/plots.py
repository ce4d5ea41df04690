"""Plots as SVG: lines, densities, bars, histograms, heat maps. What is no number is left out.

Each function is given plain values and returns the text of a picture; without a value to draw, that picture
says "no data". Of two series the first is blue, the second vermilion.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from notegen.rendering.panel import number
from notegen.report import svg
from notegen.report.svg import INK, LINE, MUTED, PAPER, Axes, colour

PARTS = (2, 4, 3, 5, 7)  # the colours of what is stacked
_NAME = 16  # characters of a row
_LEVELS = 48.0  # the room of values such as 0.0005 to the left of a line
_POINTS = 120  # of a density; more cannot be seen
_FEW = 16  # bars that are all labelled
_STACK = (420.0, 30.0)  # the width of stacked bars, and the height of a row


def line(x: ArrayLike, y: ArrayLike, *, label: str, x_label: str, lowest: bool = False) -> str:
    """Draw values of a count, such as epochs, as a line with dots.

    Parameters
    ----------
    x, y : array of float, shape (points,)
    label : str
        What the picture shows.
    x_label : str
    lowest : bool
        Whether to mark the lowest value.
    """
    at, values = (np.asarray(each, dtype=np.float64).ravel() for each in (x, y))
    kept = np.isfinite(at) & np.isfinite(values)
    if not kept.any():
        return svg.nothing(label)
    counted = (float(np.nanmin(at)), float(np.nanmax(at)))  # gaps keep their room
    at, values = at[kept], values[kept]
    span = float(np.ptp(values)) or abs(float(values[0])) or 1.0
    below = 0.3 if lowest else 0.08  # room for what is written there
    axes = Axes(counted, (values.min() - below * span, values.max() + 0.08 * span), left=_LEVELS)
    places = [(axes.x(a), axes.y(b)) for a, b in zip(at.tolist(), values.tolist(), strict=True)]
    elements = [*svg.levels(axes), *_counts(axes, x_label)]
    elements.append(f'<path d="{svg.path(*zip(*places, strict=True))}" stroke="{colour(0)}" fill="none"/>')
    elements += [
        f'<circle cx="{number(a)}" cy="{number(b)}" r="2.5" fill="{colour(0)}">'
        f"<title>{svg.said(float(value))}</title></circle>"
        for (a, b), value in zip(places, values, strict=True)
    ]
    if lowest:
        best = int(values.argmin())
        a, b = places[best]
        anchor = "end" if a > (axes.left + axes.right) / 2 else "start"
        elements += [
            f'<circle cx="{number(a)}" cy="{number(b)}" r="5.5" fill="none" stroke="{colour(1)}"/>',
            svg.text(a, b + 18, f"{values[best]:.3g}", anchor, f' fill="{INK}"'),
        ]
    return svg.document(elements, label, axes.bottom + 36)


def _counts(axes: Axes, label: str) -> list[str]:
    """Draw the line that a plot stands on, with whole numbers alone below it."""
    whole = [tick for tick in svg.ticks(*axes.x_range, count=5) if float(tick).is_integer()]
    below = [svg.text(axes.x(tick), axes.bottom + 14, svg.said(tick), "middle") for tick in whole]
    middle = (axes.left + axes.right) / 2
    return [svg.rule(axes), *below, svg.text(middle, axes.bottom + 30, label, "middle")]


def densities(grid: ArrayLike, first: ArrayLike, second: ArrayLike, *, label: str, unit: str) -> str:
    """Draw two densities above each other, on one grid.

    Parameters
    ----------
    grid, first, second : array of float, shape (points,)
    label, unit : str
        What the picture shows, and the unit of the grid.
    """
    at = np.asarray(grid, dtype=np.float64).ravel()
    pair = [np.asarray(each, dtype=np.float64).ravel() for each in (first, second)]
    pair = [each if len(each) == len(at) else np.full(len(at), np.nan) for each in pair]
    shown = [np.isfinite(each).any() and np.isfinite(at).all() for each in pair]
    if len(at) < 2 or not any(shown):
        return svg.nothing(label)
    rows = np.unique(np.linspace(0, len(at) - 1, _POINTS).astype(int))
    highest = max(float(np.nanmax(each)) for each, seen in zip(pair, shown, strict=True) if seen)
    axes = Axes((at.min(), at.max()), (0, highest or 1.0), left=12, right=svg.WIDTH - 12)
    elements = []
    for i, (values, seen) in enumerate(zip(pair, shown, strict=True)):
        if seen:
            heights = [axes.y(value) for value in np.nan_to_num(values[rows]).tolist()]
            data = svg.path([axes.x(value) for value in at[rows].tolist()], heights)
            closed = f"{data}V{number(axes.bottom)}H{number(axes.left)}Z"
            elements.append(f'<path d="{closed}" fill="{colour(i)}" fill-opacity=".15"/>')
            elements.append(f'<path d="{data}" stroke="{colour(i)}" stroke-width="1.5" fill="none"/>')
    return svg.document([*elements, *svg.floor(axes, unit)], label, axes.bottom + 36)


def bars(
    labels: Sequence[str],
    series: Sequence[ArrayLike],
    *,
    label: str,
    x_label: str = "",
    below: Sequence[str] = (),
    percent: bool = False,
    colours: Sequence[int] = (0, 1),
) -> str:
    """Draw one or two series as bars beside each other.

    Parameters
    ----------
    labels : sequence of str, length bins
        What the bars are; written below them, as far as there is room.
    series : one or two arrays of float, shape (bins,)
    label, x_label : str
        What the picture shows, and what the labels are.
    below : sequence of str, length bins, optional
        What stands below the bars instead of the labels.
    percent : bool
        Whether the values are shares of 1, to be shown in percent.
    colours : sequence of int
        The colour of each series.
    """
    rows = [np.nan_to_num(np.asarray(each, dtype=np.float64).ravel()) for each in series]
    if not labels or not any(svg.finite(each).size and svg.finite(each).any() for each in series):
        return svg.nothing(label)
    scale, unit = (100, " %") if percent else (1, "")
    highest = scale * max(float(row.max()) for row in rows)
    axes = Axes((0, len(labels)), (0, highest), left=svg.margin(highest, unit))
    room = axes.x(1) - axes.left
    width = min(0.8 * room / len(rows), 24.0)
    elements = svg.levels(axes, unit)
    for i, row in enumerate(rows):
        for j, value in enumerate((scale * row).tolist()):
            x = axes.x(j + 0.5) + (i - len(rows) / 2) * width
            if value > 0:
                hint = f"{labels[j]}: {value:,.3g}{unit}"
                y = axes.y(value)
                elements.append(svg.box(x, y, width, axes.bottom - y, f'fill="{colour(colours[i])}"', hint))
    elements += [svg.rule(axes), *(_all(axes, below) if below else _below(axes, labels, room))]
    if x_label:
        elements.append(svg.text((axes.left + axes.right) / 2, axes.bottom + 38, x_label, "middle"))
    return svg.document(elements, label, axes.bottom + (44 if x_label else 30))


def _all(axes: Axes, labels: Sequence[str], lines: int = 1) -> list[str]:
    """Write all labels of bars that are not empty, in turn on so many lines."""
    return [
        svg.text(axes.x(i + 0.5), axes.bottom + 14 + 11 * (i % lines), name, "middle")
        for i, name in enumerate(labels)
        if name
    ]


def _below(axes: Axes, labels: Sequence[str], room: float) -> list[str]:
    """Write the labels of bars; where they are too wide, on two lines, or every so many of them."""
    widest = svg.CHARACTER * (max(map(len, labels)) + 0.9)
    step = max(1, int(np.ceil(widest / room)))
    if step == 2 and len(labels) <= _FEW:
        return _all(axes, labels, lines=2)
    first = (len(labels) // 2) % step  # the middle one is labelled
    return [
        svg.text(axes.x(i + 0.5), axes.bottom + 14, labels[i], "middle")
        for i in range(first, len(labels), step)
    ]


def histogram(values: ArrayLike, *, label: str, x_label: str, index: int = 0) -> str:
    """Draw how many values lie where; the highest hundredth is put into the last bar.

    Parameters
    ----------
    values : array of float, shape (values,)
    label, x_label : str
        What the picture shows, and the unit of the values.
    index : int
        The colour.
    """
    known = svg.finite(values)
    if not len(known):
        return svg.nothing(label)
    low, high = float(known.min()), float(np.quantile(known, 0.99))
    steps = svg.ticks(0, max(high - low, 1e-9), 20)
    width = steps[1] - steps[0]
    if np.all(known == np.round(known)):
        width = max(1.0, width)
    first = np.floor(low / width)
    bins = np.minimum(np.floor(known / width), max(first, np.floor(high / width))) - first
    counts = np.bincount(bins.astype(int))
    names = [svg.said(round((first + i) * width, 9)) for i in range(len(counts))]
    if known.max() >= (first + len(counts)) * width:
        names[-1] += "+"
    return bars(names, [counts], label=label, x_label=x_label, colours=(index,))


def stacked(rows: Mapping[str, Mapping[str, float]], *, label: str, unit: str) -> str:
    """Draw rows of parts that add up, with their sums behind them.

    Parameters
    ----------
    rows : mapping of names to mappings of parts to values
    label, unit : str
        What the picture shows, and the unit of the values.
    """
    width, height = _STACK
    sums = {name: float(svg.finite(list(parts.values())).sum()) for name, parts in rows.items()}
    if not sums or not max(sums.values()) > 0:
        return svg.nothing(label, width=width)
    left = 10 + svg.CHARACTER * min(_NAME, max(map(len, rows)))
    axes = Axes((0, max(sums.values())), (0, 1), left=left, right=width - 92)
    elements = []
    for i, (name, parts) in enumerate(rows.items()):
        y, at = i * height + 4, 0.0
        short = name if len(name) <= _NAME else f"{name[: _NAME - 1]}…"
        elements.append(svg.text(left - 8, y + 15, short, "end", f' fill="{INK}"'))
        for j, (part, value) in enumerate(parts.items()):
            if np.isfinite(value) and value > 0:
                elements += _part(axes, y, at, value, part, PARTS[j % len(PARTS)])
                at += value
        total = f"{_exact(sums[name])} {unit}"
        elements.append(svg.text(axes.x(at) + 6, y + 15, total, "start", f' fill="{INK}"'))
    return svg.document(elements, label, len(rows) * height, width)


def _part(axes: Axes, y: float, at: float, value: float, part: str, index: int) -> list[str]:
    """Draw one part of a stacked bar, with its value in it if there is room."""
    left, wide = axes.x(at), axes.x(value) - axes.left
    more = f'fill="{colour(index)}" stroke="{PAPER}"'
    drawn = [svg.box(left, y, wide, 22, more, f"{part}: {_exact(value)}")]
    if wide > 8 + svg.CHARACTER * len(_exact(value)):
        drawn.append(svg.text(left + wide / 2, y + 15, _exact(value), "middle", ' fill="#111827"'))
    return drawn


def _exact(value: float) -> str:
    """Return a count as it is, and a measure in hundredths."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:.2f}"


def span(low: float, value: float, high: float, *, label: str) -> str:
    """Draw a value from 0 to 1 as a dot, on a line from `low` (a ring) to `high` (a bar)."""
    axes = Axes((0, 1), (0, 1), left=6, right=154)
    if not np.isfinite(value):
        return svg.nothing(label, 18, 160)
    rail = f"M{number(axes.left)} 9H{number(axes.right)}"
    elements = [f'<path d="{rail}" stroke="{LINE}" fill="none"/>']
    if np.isfinite(low) and np.isfinite(high):
        band = f"M{number(axes.x(low))} 9H{number(axes.x(high))}"
        elements.append(f'<path d="{band}" stroke="{MUTED}" stroke-width="3" stroke-opacity=".4"/>')
    if np.isfinite(low):
        place = f'cx="{number(axes.x(low))}" cy="9" r="4"'
        elements.append(f'<circle {place} fill="{PAPER}" stroke="{MUTED}"/>')
    if np.isfinite(high):
        elements.append(svg.box(axes.x(high) - 1.5, 2, 3, 14, f'fill="{colour(0)}"'))
    elements.append(f'<circle cx="{number(axes.x(value))}" cy="9" r="5" fill="{colour(1)}"/>')
    return svg.document(elements, label, 18, 160)


def matrix(values: ArrayLike, labels: Sequence[str], highest: float, *, label: str, index: int = 0) -> str:
    """Draw a table of shares as a heat map, rows from the top; the larger a share, the stronger its colour.

    Parameters
    ----------
    values : array of float, shape (size, size)
    labels : sequence of str, length size
    highest : float
        The share that is drawn strongest.
    label : str
        What the picture shows.
    index : int
        The colour.
    """
    table: NDArray[np.float64] = np.asarray(values, dtype=np.float64)
    size = len(labels)
    if table.shape != (size, size) or not svg.finite(table).any() or not highest > 0:
        return svg.nothing(label)
    left, top, cell = 30.0, 20.0, (svg.WIDTH - 60) / size
    elements = [svg.text(left + (i + 0.5) * cell, 14, name, "middle") for i, name in enumerate(labels)]
    elements += [svg.text(left - 6, top + (i + 0.65) * cell, name, "end") for i, name in enumerate(labels)]
    frame = f'fill="none" stroke="{LINE}"'
    elements.append(svg.box(left, top, size * cell, size * cell, frame))
    for (i, j), value in np.ndenumerate(table):
        strength = number(min(1.0, float(value) / highest) ** 0.5) if value > 0 else "0"
        if strength != "0":
            more = f'fill="{colour(index)}" fill-opacity="{strength}"'
            hint = f"{labels[i]} to {labels[j]}: {100 * value:.1f} %"
            elements.append(svg.box(left + j * cell, top + i * cell, cell, cell, more, hint))
    return svg.document(elements, label, top + size * cell + 8)
