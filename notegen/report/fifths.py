"""Keys on the circle of fifths: signatures around it, modes as rings, the major keys outside."""

import math
from collections.abc import Mapping

from notegen.keys import MODES, Key
from notegen.rendering.panel import number
from notegen.report import svg
from notegen.report.svg import INK, LINE, PAPER

_SIZE, _MIDDLE = 420.0, 210.0
_OUTER, _INNER = 172.0, 48.0  # the radius of the first ring and of the last
_LARGEST = 22.0  # radius of a key
_READABLE, _NAMED = 11.0, 3.5  # radii at which a name fits in, and at which it stands below
_ORDER = (0, 5, 2, 1, 4, 3, 6)  # modes from the outermost ring inwards, the usual ones first
_COLOURS = (0, 1, 2, 3, 4, 5, 7)  # of the modes, as `MODES` lists them


def circle(counts: Mapping[str, int], *, label: str) -> str:
    """Draw how many pieces are in which key, as discs whose areas are the numbers.

    Parameters
    ----------
    counts : mapping of keys such as "Ador" to numbers
    label : str
        What the picture shows.
    """
    keys = {Key.parse(name): count for name, count in counts.items() if count > 0}
    if not keys:
        return svg.nothing(label, width=_SIZE)
    modes = modes_of(counts)
    step = (_OUTER - _INNER) / max(1, len(modes) - 1)
    radii = {mode: _OUTER - i * step for i, mode in enumerate(modes)}
    rings = [
        f'<circle cx="{number(_MIDDLE)}" cy="{number(_MIDDLE)}" r="{number(radius)}" fill="none" '
        f'stroke="{LINE}"/>'
        for radius in radii.values()
    ]
    largest = min(_LARGEST, 0.55 * step) if len(modes) > 1 else _LARGEST
    most = max(keys.values())
    discs = [
        element
        for key, count in keys.items()
        for element in _disc(key, count, largest * math.sqrt(count / most), radii[key.mode])
    ]
    return svg.document([*rings, *_signatures(), *discs], label, _SIZE, _SIZE)


def modes_of(counts: Mapping[str, int]) -> list[int]:
    """Return the modes that there are, by the rings that they stand on, the outermost first."""
    found = {Key.parse(name).mode for name, count in counts.items() if count > 0}
    return [mode for mode in _ORDER if mode in found]


def legend(counts: Mapping[str, int]) -> list[tuple[int, str]]:
    """Return the colours of the modes that there are, with their names."""
    return [(_COLOURS[mode], MODES[mode]) for mode in modes_of(counts)]


def _place(fifths: int, radius: float) -> tuple[float, float]:
    """Return where a signature stands on a ring: none at the top, sharps clockwise."""
    angle = math.radians(30 * fifths - 90)
    return _MIDDLE + radius * math.cos(angle), _MIDDLE + radius * math.sin(angle)


def _disc(key: Key, count: int, radius: float, ring: float) -> list[str]:
    x, y = _place(key.fifths, ring)
    place = f'cx="{number(x)}" cy="{number(y)}" r="{number(max(1.5, radius))}"'
    hint = f"<title>{key.long_name}: {count:,}</title>"
    disc = f'<circle {place} fill="{svg.colour(_COLOURS[key.mode])}" fill-opacity=".85">{hint}</circle>'
    if radius >= _READABLE:
        return [disc, svg.text(x, y + 4, _name(key), "middle", f' fill="{PAPER}" font-weight="bold"')]
    if radius >= _NAMED:
        return [disc, svg.text(x, y + radius + 10, _name(key), "middle", ' font-size="10"')]
    return [disc]


def _name(key: Key) -> str:
    """Return a key's short name, with the signs that musicians write."""
    tonic = key.tonic_name
    return tonic.replace("b", "♭").replace("#", "♯") + str(key).removeprefix(tonic)


def _signatures() -> list[str]:
    """Write the major key of each signature around the circle."""
    elements = []
    for fifths in range(-5, 7):
        x, y = _place(fifths, _OUTER + 30)
        elements.append(svg.text(x, y + 4, _name(Key(fifths, 0)), "middle", f' fill="{INK}"'))
    return elements
