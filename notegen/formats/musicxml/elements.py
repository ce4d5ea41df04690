"""What an element of a MusicXML tree says: its number, and its text."""

import re
from fractions import Fraction
from xml.etree.ElementTree import Element

_HUGE = 1e9  # no number in music comes near it
_FINE = 1_000_000  # nor does a denominator


def number(source: Element | str | None) -> Fraction | None:
    """Return the first number in an element's text or in a text, or None if there is none.

    Examples
    --------
    >>> number("ca. 92.5"), number("lento"), number(None)
    (Fraction(185, 2), None, None)
    """
    text = source if isinstance(source, str) else text_of(source)
    match = re.search(r"-?\d+(\.\d+)?", text)
    value = float(match[0]) if match else _HUGE
    return Fraction(value).limit_denominator(_FINE) if abs(value) < _HUGE else None


def text_of(element: Element | None) -> str:
    """Return an element's text on one line; nothing for no element."""
    return "" if element is None else " ".join((element.text or "").split())
