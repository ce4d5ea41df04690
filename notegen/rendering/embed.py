"""Pictures and sound inside a page, which then needs no other file."""

import base64
from html import escape
from typing import Any

from notegen.score import Score


def data_uri(kind: str, content: bytes) -> str:
    """Return bytes of a media type as an address.

    Examples
    --------
    >>> data_uri("text/plain", b"C major")
    'data:text/plain;base64,QyBtYWpvcg=='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def image(svg: str, alt: str) -> str:
    """Return an SVG document as an image of a page; `alt` says what it shows."""
    return f'<img alt="{escape(alt)}" src="{data_uri("image/svg+xml", svg.encode())}">'


def mp3(score: Score, **options: Any) -> str:
    """Return the address of a score's sound; `notegen.rendering.sound.render` says what the options are."""
    from notegen.rendering import sound  # a page without sound does without

    return data_uri("audio/mpeg", sound.encoded(score, ".mp3", **options))
