"""Our reading of the collections' ABC beside music21's, note for note, and why they differ where they do.

Both read the text of the same tune, ornaments and chord symbols aside. Where they differ, one fault of
music21 after the other is worked around by writing the same music in another way; the fault is the reason if
they agree then. Where they agree once all signs of repetition are taken out, they differ in the order of
play alone. Arguments: `all` for every tune instead of every twentieth, and a folder for what music21 read.
"""

import hashlib
import pickle
import re
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks._inputs import COLLECTIONS
from notegen.formats import abc
from notegen.score import Score

GRID = 24  # parts of a quarter note, to which the times of both are rounded
EVERY = 20

Rows = list[tuple[int, int, int]]  # onset, end, pitch
FIELD = re.compile(r"[A-Za-z]:(?![|:])|%")
MARKS = re.compile(
    r'(\[\w:[^\]]*\])|-(?=[<>])|(?<=[<>])-|"[^"]*"|![^!\s]*!|!|\{[^}]*\}-?|[~.`)$*]|[HJLMOPRSTuvk]|\((?!\d)'
)
NOTE = re.compile(r"(\[\w:[^\]]*\])|(\|+|::)|(\^\^|__|[_^=])?([A-Ga-g])([,']*)")
REPEATS = re.compile(r"\[?:*\|[|\]:]*(?:\s*\[?\d[\d,-]*)?|::+(?:\s*\[?\d[\d,-]*)?|\[\d[\d,-]*")
UNEQUAL = re.compile(r"[A-Ga-g][,']*([\d/]*)\)?\s*[<>]+\s*(\(*\d?)[_^=]*[A-Ga-g][,']*([\d/]*)")
CHAIN = re.compile(r"[<>][_^=]*[A-Ga-g][,']*[<>]")


def run(args: list[str]) -> dict[str, object]:
    """Read every twentieth tune, or all, and count the reasons."""
    warnings.simplefilter("ignore")  # of music21, at nearly every tune
    step = 1 if "all" in args else EVERY
    folder = next((Path(arg) for arg in args if arg != "all"), None)
    tunes = [tune for i, tune in enumerate(_tunes()) if i % step == 0]
    groups: dict[str, list[str]] = defaultdict(list)
    for title, text in tunes:
        groups[_reason(text, folder)].append(title)
    for reason, titles in sorted(groups.items(), key=lambda group: -len(group[1])):
        print(f"{len(titles):5}  {reason}: {', '.join(titles[:3])}")
    return {"tunes": len(tunes), **{reason: len(titles) for reason, titles in groups.items()}}


def _tunes() -> Iterator[tuple[str, str]]:
    for entry in COLLECTIONS:
        for path in entry.files():
            for tune in abc.split_tunes(path.read_text(encoding="utf-8", errors="replace")):
                yield f"{tune.title} ({path.name} {tune.number})", "\n".join(tune.lines) + "\n"


def _reason(text: str, folder: Path | None) -> str:
    """Return why two readings of a text differ, or that they agree."""
    ours = _ours(text)
    if ours == _theirs(text, folder)[1]:
        return "agree"
    for name, change in CHANGES.items():
        changed = change(text)
        if changed != text and ours == _theirs(changed, folder)[1]:
            return f"music21: {name}"
    changed = text
    for change in CHANGES.values():
        changed = change(changed)
    if ours == _theirs(changed, folder)[1]:
        return "music21: several of these faults"
    plain = _once(changed)
    theirs = _theirs(changed, folder)[1]
    if _ours(plain) == _theirs(plain, folder)[0]:
        return f"order of play: {_order(text, theirs)}"
    return _rest(_bare(text))


def _order(text: str, theirs: Rows) -> str:
    if re.search(r"(?m)^P:[A-Z\d()]{2,}", text):
        return "the header's P field gives it (notegen is right)"
    if not theirs:
        return "music21 refuses to play repeats that are never closed (notegen is right)"
    if re.search(r"\|\s*\[?\d|\[\d", _bare(text)):
        return "endings by number (not settled one by one)"
    return "a section without a beginning goes back to a double bar or to a repeat (the standard is silent)"


def _rest(text: str) -> str:
    """Return a reason that is seen in the text alone."""
    if "=3" in text or "=2" in text:
        return "a damaged text"
    if "[V:" in text:
        return "music21: voices named in the line are played one after the other"
    if any(before != behind or tuplet for before, tuplet, behind in UNEQUAL.findall(text)) or CHAIN.search(
        text
    ):
        return "broken rhythm between unequal lengths or in chains (undefined in the standard)"
    if "Z" in text:
        return "music21: a bar's rest takes no time"
    return "none of these"


def _ours(text: str) -> Rows:
    score = abc.read_tunes(text)[0][1]
    if not isinstance(score, Score):
        return []
    unit = Fraction(GRID, score.resolution)
    return sorted(
        (round(unit * onset), round(unit * (onset + duration)), pitch)
        for onset, duration, pitch, *_ in score.notes.tolist()
    )


def _theirs(text: str, folder: Path | None) -> tuple[Rows, Rows]:
    """Return music21's notes as they are written and as they are played; the second without, if it cannot."""
    if folder is None:
        return _music21(text)
    path = folder / f"{hashlib.sha256(text.encode()).hexdigest()[:24]}.pickle"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pickle.dumps(_music21(text)))
    found: tuple[Rows, Rows] = pickle.loads(path.read_bytes())
    return found


def _music21(text: str) -> tuple[Rows, Rows]:
    from music21 import repeat
    from music21.abcFormat import ABCFile, translate

    written: Rows = []
    played: Rows = []
    try:
        parts = translate.abcToStreamScore(ABCFile().readstr(text)).parts
    except Exception:  # of many kinds
        return [], []
    for part in parts:
        bars = list(part.getElementsByClass("Measure"))
        if not bars:
            whole = _join([(Fraction(0), _bar(part))])
            written, played = written + whole, played + whole
            continue
        ends = [*(Fraction(bar.offset) for bar in bars[1:]), Fraction(part.highestTime)]
        read = [(end - Fraction(bar.offset), _bar(bar)) for bar, end in zip(bars, ends, strict=True)]
        written += _join(read)
        for i, bar in enumerate(bars):  # empty bars are played out faster
            for element in [*bar.notesAndRests, *bar.voices]:
                bar.remove(element)
            bar.groups = [str(i)]
        try:
            order = [
                int(bar.groups[0]) for bar in repeat.Expander(part).process().getElementsByClass("Measure")
            ]
        except Exception:
            return written, []
        played += _join([read[i] for i in order])
    return sorted(written), sorted(played)


def _bar(bar: Any) -> list[tuple[Fraction, Fraction, int, str]]:
    found = []
    for element in bar.flatten().notes:
        if "Harmony" in element.classes or element.duration.isGrace:
            continue
        for note in element.notes if element.isChord else [element]:
            tie = note.tie or element.tie
            times = Fraction(element.offset), Fraction(element.quarterLength)
            found.append((*times, note.pitch.midi, tie.type if tie else ""))
    return found


def _join(bars: list[tuple[Fraction, list[tuple[Fraction, Fraction, int, str]]]]) -> Rows:
    """Lay bars end to end, and join tied notes."""
    rows: list[list[Any]] = []
    held: dict[tuple[int, Fraction], list[Any]] = {}
    now = Fraction(0)
    for length, notes in bars:
        for onset, duration, pitch, tie in notes:
            row = held.pop((pitch, now + onset), None) if tie in ("stop", "continue") else None
            if row is None:
                row = [now + onset, now + onset, pitch]
                rows.append(row)
            row[1] += duration
            if tie in ("start", "continue"):
                held[pitch, row[1]] = row
        now += length
    return sorted((round(GRID * onset), round(GRID * end), pitch) for onset, end, pitch in rows)


def _unmarked(line: str) -> str:
    return MARKS.sub(lambda mark: mark[1] or "", line)


def _bare(text: str) -> str:
    """Return the lines of music alone, without marks."""
    return "\n".join(_unmarked(line) for line in text.split("\n") if not FIELD.match(line))


def _lines(change: Callable[[str], str]) -> Callable[[str], str]:
    """Return what changes each line of music in a text."""
    return lambda text: "\n".join(line if FIELD.match(line) else change(line) for line in text.split("\n"))


def _written_out(octaves: bool) -> Callable[[str], str]:
    """Return what writes every sign that a note has from an earlier one in its bar."""

    def change(line: str) -> str:
        signs: dict[str, str] = {}

        def note(match: re.Match[str]) -> str:
            field, bar, sign, letter, octave = match.groups()
            if field or bar:
                signs.clear()
                return match[0]
            place = letter.upper() if octaves else letter + octave
            signs[place] = sign or signs.get(place, "")
            return signs[place] + letter + octave

        return NOTE.sub(note, _unmarked(line))

    return _lines(change)


def _opened(text: str) -> str:
    """Write a beginning where a section that ends with a sign of repetition has none."""
    lines = text.split("\n")
    signs = [
        (i, match)
        for i, line in enumerate(lines)
        if not FIELD.match(line)
        for match in REPEATS.finditer(MARKS.sub(lambda mark: " " * len(mark[0]), line))
        if ":" in match[0] or match[0][-1].isdigit() or len(match[0]) > 1
    ]
    later = ""  # the next sign behind that has a colon or a number
    for place, (i, match) in reversed(list(enumerate(signs))):
        sign, before = match[0], signs[place - 1][1][0] if place else ""
        over = sign.startswith(":") or (before[-1:] in "23" and len(sign) > 1)
        if over and not sign[-1].isdigit() and not sign.endswith(":") and later and later[0] != "|":
            mark = " :: " if ":" in sign else " |: "
            lines[i] = f"{lines[i][: match.start()]}{mark}{lines[i][match.end() :]}"
        if ":" in sign or sign[-1].isdigit():
            later = sign.removeprefix("|").removeprefix("|") if sign[-1].isdigit() else sign
    return re.sub(r"((?:::|\|:) *\\?\n? *)\|\|?(?![:|\]\d\[])", r"\1", "\n".join(lines))


def _once(text: str) -> str:
    """Take out what is played more than once."""
    text = re.sub(r"(?m)^P:.*\n|\[P:[^]]*\]", "", text)
    return _lines(lambda line: REPEATS.sub(lambda sign: sign[0] if sign[0] == "|" else " || ", line))(text)


CHANGES: dict[str, Callable[[str], str]] = {
    "notes are lost at `::` between notes": _lines(lambda line: re.sub(r"\s*::\s*", " :: ", line)),
    "a mark between two notes undoes broken rhythm": _lines(_unmarked),
    "an unseen rest takes no time": _lines(lambda line: _unmarked(line).replace("x", "z")),
    "a sign is not carried on through the bar": _written_out(octaves=False),
    "a sign is not carried on to other octaves": _written_out(octaves=True),
    "a section without a beginning is played from another place": _opened,
}
