"""Sheet music: scores engraved by verovio, and set on pages by typst."""

import re
import tempfile
from os import PathLike
from pathlib import Path
from typing import Any, Literal

from notegen.errors import MissingExtraError, RangeError, UsageError
from notegen.files import write_atomically
from notegen.score import Score, Span

SUFFIXES = (".svg", ".pdf", ".png")

_WIDTH, _HEIGHT, _TALLEST = 2100, 2970, 60_000  # tenths of a millimetre: A4, and the most of one picture
_OPTIONS = {
    "pageWidth": _WIDTH,
    "scale": 100,
    "footer": "none",
    "svgViewBox": True,
    "smuflTextFont": "none",
    "spacingSystem": 8,
    "xmlIdSeed": 1,  # the same score, the same bytes
}
_PIXELS_AN_INCH = 150
# What verovio writes with letters of its music font, and what any font has for it.
_LETTERS = str.maketrans({"\ueca5": "\u2669", "\ueca7": "\u266a", "\uecb7": ".", " ": None})
_MUSIC = re.compile(r'<tspan font-family="Leipzig" font-size="\d+px">(.*?)</tspan>')
_HEADING = re.compile(
    r'<text font-size="0px">\s*<tspan id="\w+" class="rend" (x="\d+" y="\d+" text-anchor="\w+")>'
    r"\s*<title[^>]*>[^<]*</title>"
)


def engrave(score: Score, path: str | PathLike[str], *, new: Span | None = None, force: bool = False) -> int:
    """Write a score as sheet music: a PDF with pages of A4, or one picture as SVG or PNG.

    Parameters
    ----------
    score : Score
    path : str or PathLike
        Its ending chooses the format.
    new : Span, optional
        What of the music is new, to be marked.
    force : bool
        Write over a file that exists.

    Returns
    -------
    int
        The number of pages.

    Raises
    ------
    UsageError
        If the ending is of no format that can be engraved, or the file exists and `force` is not set.
    MissingExtraError
        If verovio or typst is not installed.
    EmptyError, RangeError
        If there is nothing to write down, or too much for one picture.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(f"{path}: sheet music is written as {', '.join(SUFFIXES)}")
    if path.exists() and not force:
        raise UsageError(f"{path} exists already; choose another name or use --force")
    pages = svg_pages(score, new, paged=suffix == ".pdf")
    data = pages[0].encode() if suffix == ".svg" else _typeset(pages, "pdf" if suffix == ".pdf" else "png")
    write_atomically(path, data, force=force)
    return len(pages)


def svg_pages(score: Score, new: Span | None = None, *, paged: bool = False) -> list[str]:
    """Engrave a score as pages of A4, or as one picture as tall as it needs, each an SVG text."""
    from notegen.formats.musicxml.writer import encode

    toolkit = _toolkit()
    page = {"pageHeight": _HEIGHT} if paged else {"pageHeight": _TALLEST, "adjustPageHeight": True}
    toolkit.setOptions(_OPTIONS | page)
    if not toolkit.loadData(encode(score, new).decode()):
        raise RangeError("verovio cannot engrave this score")
    count = toolkit.getPageCount()
    if count > 1 and not paged:
        raise RangeError("it is too long for one picture; end the name in .pdf for pages")
    return [_plain_fonts(toolkit.renderToSVG(i + 1)) for i in range(count)]


def _toolkit() -> Any:
    try:
        import verovio
    except ImportError as error:
        raise MissingExtraError("engraving", "engrave") from error
    verovio.enableLog(verovio.LOG_OFF)
    return verovio.toolkit()


def _plain_fonts(svg: str) -> str:
    """Replace what only browsers can show: letters of the music font, and anchors inside of a text."""
    svg = _MUSIC.sub(lambda m: f'<tspan font-size="540px">{m[1].translate(_LETTERS)}</tspan>', svg)
    return _HEADING.sub(r'<text font-size="0px" \1><tspan class="rend">', svg)


def _typeset(pages: list[str], kind: Literal["pdf", "png"]) -> bytes:
    """Set pages as PDF or PNG."""
    try:
        import typst
    except ImportError as error:
        raise MissingExtraError("engraving", "engrave") from error
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        head = "#set document(date: none)\n#set page(margin: 0pt, width: 210mm, height: auto, fill: white)\n"
        for i, page in enumerate(pages):
            (folder / f"{i}.svg").write_text(page, encoding="utf-8")
        images = [f'#image("{i}.svg", width: 210mm)' for i in range(len(pages))]
        (folder / "pages.typ").write_text(head + "\n#pagebreak()\n".join(images), encoding="utf-8")
        return typst.compile(folder / "pages.typ", format=kind, ppi=_PIXELS_AN_INCH)
