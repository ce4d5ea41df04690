"""The frame of a page: head, style, sections, tables. A page needs no other file, and no network.

What is not marked as `Html` is text, and escaped: names and titles come from files, and may hold anything.
"""

import math
from collections.abc import Iterable, Sequence
from html import escape

import notegen
from notegen.rendering.layout import printable

_STYLE = """
:root { color-scheme: light dark; --ink: #111827; --muted: #4b5563; --line: #d1d5db; --paper: #fff;
  --note: #fef3c7; --c0: #0072B2; --c1: #D55E00; --c2: #009E73; --c3: #CC79A7; --c4: #E69F00;
  --c5: #56B4E9; --c7: #B8A800 }
@media screen and (prefers-color-scheme: dark) { :root { --ink: #e5e7eb; --muted: #a3aab8; --line: #3b4452;
  --paper: #14181f; --note: #3a3116; --c0: #5AA9E6; --c1: #F2803D; --c2: #2FBF95; --c3: #DB94BD;
  --c5: #A8DCFA; --c7: #D6C52E } }
* { box-sizing: border-box }
body { font: 16px/1.55 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 48rem; margin: 2.5rem auto; padding: 0 1rem; overflow-wrap: anywhere }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .4rem }
h2 { font-size: 1.2rem; margin: 0 0 .4rem } h3 { font-size: 1rem; margin: 1.4rem 0 .2rem }
p { margin: .4rem 0; max-width: 42rem } header p, .small, figcaption, caption, footer { color: var(--muted) }
header .lead { font-size: 1.15rem; color: var(--ink) }
section { border-top: 1px solid var(--line); margin-top: 1.8rem; padding-top: 1.2rem }
.small, figcaption, footer { font-size: .875rem }
.note { background: var(--note); border-radius: .3rem; padding: .5rem .8rem }
.tiles { display: flex; flex-wrap: wrap; gap: .6rem 2rem; margin: 1.2rem 0 }
.tiles div { display: flex; flex-direction: column } .tiles dt { order: 2 } .tiles dd { margin: 0 }
.tiles dt { color: var(--muted); font-size: .875rem } .tiles dd { font-size: 1.5rem; line-height: 1.2 }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: .6rem 0; list-style: none }
.legend li::before { content: ""; display: inline-block; width: .8em; height: .8em; margin-right: .4em;
  border-radius: .15em; background: var(--swatch) }
.grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: .8rem 1.6rem }
figure { margin: .6rem 0; break-inside: avoid } figure > svg { display: block; width: 100% }
figcaption { margin-bottom: .2rem } .grid figcaption { color: var(--ink) }
.wide { overflow-x: auto }
.grid > * { min-width: 0 } td:first-child { min-width: 7rem }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; overflow-wrap: break-word;
  font-variant-numeric: tabular-nums }
caption { text-align: left; padding-bottom: .3rem }
th, td { text-align: left; padding: .25rem .8rem .25rem 0; border-bottom: 1px solid var(--line) }
th { font-weight: 600; vertical-align: bottom } td { vertical-align: middle }
tr > :last-child { padding-right: 0 } .number { text-align: right; white-space: nowrap }
td svg { display: block; width: 10rem }
details { margin: .3rem 0 } summary { cursor: pointer } details ul { margin: .3rem 0; padding-left: 1.4rem }
dl.terms { display: grid; grid-template-columns: minmax(6rem, max-content) 1fr; gap: .2rem 1rem }
.terms dt { font-weight: 600 } .terms dd { margin: 0 } code { overflow-wrap: anywhere }
@media (max-width: 30rem) { dl.terms { display: block } .terms dd { margin-bottom: .5rem } }
@media print { body { margin: 0; max-width: none; font-size: 10.5pt } section { break-inside: auto }
  h2, h3 { break-after: avoid } tr { break-inside: avoid } }
"""
_NAMED = 500  # of a list that is folded; the rest is counted


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def page(title: str, parts: Iterable[str], *, style: str = "", script: str = "") -> str:
    """Return a whole page.

    Parameters
    ----------
    title : str
    parts : iterable of Html
        The header and the sections; what is empty is left out.
    style, script : str
        What the parts need beside the style of all pages.
    """
    body = "\n".join(part for part in parts if part)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{_STYLE}{style}</style>\n</head>\n<body>\n{body}\n"
        f"<footer><p>notegen {text(notegen.__version__)}</p></footer>\n"
        + (f"<script>{script}</script>\n" if script else "")
        + "</body>\n</html>\n"
    )


def text(value: object) -> Html:
    """Return a value as markup: numbers as people read them, text escaped, `Html` as it is.

    Examples
    --------
    >>> text(12345), text(2.9081), text("<i>"), text(Html("<i>"))
    ('12,345', '2.91', '&lt;i&gt;', '<i>')
    """
    if isinstance(value, Html):
        return value
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return Html("\N{EN DASH}")
    if isinstance(value, float):
        return Html(f"{value:.2f}".replace("-", "\N{MINUS SIGN}"))
    if isinstance(value, int):
        return Html(f"{value:,}".replace("-", "\N{MINUS SIGN}"))
    return Html(escape(printable(str(value))))


def element(tag: str, *content: object, kind: str = "") -> Html:
    """Return an element of a class."""
    inside = "".join(map(text, content))
    return Html(f"<{tag}{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{inside}</{tag}>")


def paragraph(*content: object, kind: str = "") -> Html:
    """Return a paragraph."""
    return element("p", *content, kind=kind)


def section(heading: str, *parts: Html) -> Html:
    """Return a section; nothing if it has no part."""
    kept = [part for part in parts if part]
    return Html("\n".join(["<section>", element("h2", heading), *kept, "</section>"])) if kept else Html()


def figure(picture: str, caption: object = "") -> Html:
    """Return a plot, with what it shows above it."""
    above = element("figcaption", caption) if caption else ""
    return Html(f"<figure>{above}{picture}</figure>")


def grid(figures: Sequence[Html]) -> Html:
    """Return figures beside each other, as many as there is room for."""
    return Html("\n".join(['<div class="grid">', *figures, "</div>"])) if figures else Html()


def tiles(figures: Sequence[tuple[str, object]]) -> Html:
    """Return figures with their names, large, in a row; what is None is left out."""
    shown = "".join(
        f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>"
        for name, value in figures
        if value is not None
    )
    return Html(f'<dl class="tiles">{shown}</dl>') if shown else Html()


def terms(pairs: Sequence[tuple[str, object]]) -> Html:
    """Return words with what they mean; what is None is left out."""
    shown = "".join(
        f"<dt>{text(name)}</dt><dd>{text(value)}</dd>" for name, value in pairs if value is not None
    )
    return Html(f'<dl class="terms">{shown}</dl>') if shown else Html()


def legend(names: Sequence[tuple[int, str]]) -> Html:
    """Return the names of colours, which are given by their number."""
    shown = "".join(f'<li style="--swatch: var(--c{index})">{text(name)}</li>' for index, name in names)
    return Html(f'<ul class="legend">{shown}</ul>')


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str = "") -> Html:
    """Return a table; numbers stand to the right. Nothing if it has no rows."""
    listed = list(rows)
    if not listed:
        return Html()
    numeric = [_is_number(cell) for cell in listed[0]]
    top = "".join(_cell("th", name, right) for name, right in zip(head, numeric, strict=True))
    body = "\n".join(
        f"<tr>{''.join(_cell('td', cell, right) for cell, right in zip(row, numeric, strict=True))}</tr>"
        for row in listed
    )
    above = element("caption", caption) if caption else ""
    return Html(
        f'<div class="wide"><table>{above}<thead><tr>{top}</tr></thead>\n'
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _is_number(cell: object) -> bool:
    return cell is None or (isinstance(cell, int | float) and not isinstance(cell, bool))


def _cell(tag: str, value: object, right: bool) -> Html:
    return element(tag, value, kind="number" if right else "")


def fold(summary: object, items: Sequence[object]) -> Html:
    """Return a list that is folded until a reader asks for it; of a long one the beginning."""
    rows = "".join(element("li", item) for item in items[:_NAMED])
    if len(items) > _NAMED:
        rows += element("li", "and ", len(items) - _NAMED, " more")
    return Html(f"<details><summary>{text(summary)}</summary><ul>{rows}</ul></details>")
