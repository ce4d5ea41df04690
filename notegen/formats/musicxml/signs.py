"""What a MusicXML tree says of the order of play: repeat signs, endings, and jumps.

Notation programs write jumps twice, as words for the eye and in ``<sound>`` for the ear. What is for
the ear counts; words and glyphs do where there is none.
"""

import re
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any
from xml.etree.ElementTree import Element

from notegen.formats.musicxml.elements import number, text_of
from notegen.formats.musicxml.repeats import Bar

_HEARD = {
    "segno": "segno", "coda": "coda", "fine": "fine", "tocoda": "to_coda",
    "dacapo": "da_capo", "dalsegno": "dal_segno",
}  # fmt: skip
_READ = {
    "da_capo": re.compile(r"\bD\.?\s?C\b|\bda capo\b", re.IGNORECASE),
    "dal_segno": re.compile(r"\bD\.?\s?S\b|\bd[ae]l segno\b", re.IGNORECASE),
    "to_coda": re.compile(r"^\W*to coda\b", re.IGNORECASE),
    "fine": re.compile(r"^\W*fine\W*$", re.IGNORECASE),
}


def read_signs(root: Element) -> list[Bar]:
    """Return the signs of each bar; a sign counts in whichever part it stands."""
    parts = [list(_part_signs(part)) for part in root.iterfind("part")]
    bars = [Bar(*map(max, zip(*column, strict=True))) for column in zip_longest(*parts, fillvalue=Bar())]
    return _tell_codas(bars)


def _part_signs(part: Element) -> Iterator[Bar]:
    ending: frozenset[int] = frozenset()
    for measure in part.iterfind("measure"):
        signs: dict[str, Any] = {}
        closes = False
        for barline in measure.iterfind("barline"):
            repeat, bracket = barline.find("repeat"), barline.find("ending")
            if repeat is not None and repeat.get("direction") == "forward":
                signs["forward"] = True
            elif repeat is not None:
                signs["times"] = int(number(repeat.get("times")) or 2)
            if bracket is not None and bracket.get("type") == "start":
                ending = frozenset(int(n) for n in re.findall(r"[0-9]{1,2}", bracket.get("number", "")))
            elif bracket is not None:
                closes = True
        for element in measure:
            if element.tag in ("direction", "sound"):
                signs |= dict.fromkeys(_jumps(element), True)
        yield Bar(**signs, endings=ending)
        if closes:
            ending = frozenset()


def _jumps(element: Element) -> set[str]:
    """Return the names of the jumps and their marks that a direction or a sound stands for."""
    sound = element if element.tag == "sound" else element.find("sound")
    heard = {_HEARD[name] for name in _HEARD if sound is not None and sound.get(name, "no") != "no"}
    if heard:
        return heard
    words = " ".join(text_of(text) for text in element.iterfind("direction-type/words"))
    glyphs = {name for name in ("segno", "coda") if element.find(f"direction-type/{name}") is not None}
    return glyphs | {name for name, pattern in _READ.items() if pattern.search(words)}


def _tell_codas(bars: list[Bar]) -> list[Bar]:
    """Of coda glyphs, let the first stand for the way to the coda if nothing else does."""
    codas = [i for i, bar in enumerate(bars) if bar.coda]
    if len(codas) > 1 and not any(bar.to_coda for bar in bars):
        bars[codas[0]] = bars[codas[0]]._replace(to_coda=True)
    return [bar._replace(coda=bar.coda and not bar.to_coda) for bar in bars]
