"""How a training went, epoch by epoch: the figure on validation above, the loss in training below it."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from notegen.rendering.panel import number
from notegen.rendering.pianoroll import FONT
from notegen.report import plots, svg
from notegen.report.svg import INK, PAPER, WIDTH

RING = "The ring marks the weights that were kept."
_SCALE = 2  # pixels a unit
_HEAD, _PLOT = 26.0, 160.0  # the height of a panel's name, and of the panel
_VARIABLE = re.compile(r"var\(--\w+, (#\w+)\)")

Rows = Sequence[Sequence[float]]  # of an epoch, its loss in training, and its figure on validation


class Panel(NamedTuple):
    """A plot, and what it shows."""

    name: str
    picture: str


def panels(rows: Rows, figure: str) -> list[Panel]:
    """Return a training as two plots: validation, its lowest value ringed, and training.

    Parameters
    ----------
    rows : sequence of (epoch, nats a token in training, figure on validation)
        As `notegen.training.loop.Trainer.curve` returns them. Of the classic model the second value is a
        squared error too. What is no number is left out.
    figure : str
        What the figure is: "bits per note", "bits per frame" or "squared error".
    """
    epochs, training, validation = zip(*rows, strict=True) if rows else ((), (), ())
    loss = "nats a token" if figure.startswith("bits") else figure
    return [
        Panel(name, plots.line(epochs, values, label=f"{name} by epoch", x_label="epoch", lowest=lowest))
        for name, values, lowest in (
            (f"validation: {figure}", validation, True),
            (f"training: {loss}", training, False),
        )
    ]


def learning_curve(rows: Rows, figure: str) -> str:
    """Return a training as one picture that stands by itself; see `panels`.

    Returns
    -------
    str
        An SVG document, white in light and in dark surroundings. It has no CSS variables, so that every
        viewer shows it.
    """
    size = (WIDTH, 2 * (_HEAD + _PLOT) + _HEAD)
    place = f'width="{number(WIDTH)}" height="{number(_PLOT)}" overflow="visible"'
    elements = [f"<title>{RING}</title>", svg.box(0, 0, *size, f'fill="{PAPER}"')]
    for i, (name, picture) in enumerate(panels(rows, figure)):
        top = i * (_HEAD + _PLOT) + _HEAD
        elements.append(svg.text(12, top - 8, name, more=f' fill="{INK}" font-weight="bold"'))
        elements.append(picture.replace("<svg ", f'<svg y="{number(top)}" {place} ', 1))
    elements.append(svg.text(12, size[1] - 8, RING))
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{number(_SCALE * size[0])}" '
        f'height="{number(_SCALE * size[1])}" viewBox="0 0 {number(size[0])} {number(size[1])}" '
        f'font-family="{FONT}" font-size="11" fill="{svg.MUTED}">'
    )
    return _VARIABLE.sub(r"\1", "\n".join([head, *elements, "</svg>\n"]))
