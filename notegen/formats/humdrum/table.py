"""A Humdrum table, read row by row, to a score.

Times are quarters from the beginning. What stands between two rows of notes happens when the second
begins, so it waits for that.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import count, pairwise

from notegen.errors import EmptyError, FormatError
from notegen.formats.humdrum.spines import Spine, follow
from notegen.formats.humdrum.tokens import Heard, read_change, read_instrument, read_notes
from notegen.formats.musicxml import repeats
from notegen.formats.musicxml.instruments import assign_channels
from notegen.formats.musicxml.parts import Note, Part, Place, add
from notegen.formats.musicxml.play import play
from notegen.keys import Key
from notegen.score import Score

_KERN = "**kern"
_VELOCITY = 80
_MOST_BARS = 100_000  # in play

_LABEL = re.compile(r"\*>([^\[\]]+)$")
_ORDER = re.compile(r"\*>\[(.*)\]$")
_BACK, _FORWARD = re.compile(":[|!]"), re.compile("[|!]:")

Timed = list[tuple[Fraction, tuple[int, ...]]]


class _Lines:
    """What is read of one part."""

    def __init__(self) -> None:
        self.notes: list[tuple[Fraction, Heard]] = []
        self.changes: dict[str, Timed] = defaultdict(list)
        self.interpretations: list[str] = []


class Table:
    """The rows of one piece."""

    def __init__(self) -> None:
        self.spines: list[Spine] = []
        self.numbers = count()
        self.parts: dict[int, _Lines] = defaultdict(_Lines)
        self.waiting: list[tuple[int, str]] = []  # parts and their interpretations; bar lines
        self.now = self.end = Fraction(0)
        self.bars = {Fraction(0)}
        self.back: set[Fraction] = set()  # signs of repetition
        self.forward: set[Fraction] = set()
        self.sections: dict[str, Fraction] = {}
        self.order: list[str] = []  # of sections in play

    def read(self, cells: list[str]) -> None:
        """Read a row.

        Raises
        ------
        FormatError
            If it is damaged, or does not fit the rows before it.
        """
        if not self.spines:
            if self.parts or not all(cell.startswith("**") for cell in cells):
                raise FormatError("no spine is open here; a Humdrum file begins with **kern")
            self.spines = [Spine(next(self.numbers)) for _ in cells]
        if len(cells) != len(self.spines):
            raise FormatError(f"it has {len(cells)} columns, and {len(self.spines)} spines are open")
        kinds = {cell[0] if cell[0] in "*=!" else "" for cell in cells}
        if len(kinds) > 1:
            raise FormatError("notes, bar lines, comments and interpretations (*) are mixed in it")
        if kinds == {"*"}:
            self._interpret(cells)
        elif kinds == {"="}:
            self.waiting.append((-1, cells[0]))
        elif kinds == {""}:
            self._sound(cells)

    def _interpret(self, cells: list[str]) -> None:
        for spine, cell in zip(self.spines, cells, strict=True):
            if spine.kind == _KERN:
                read_change(cell)  # what is damaged is told with its own line
                self.waiting.append((spine.part, cell))
                self.end = max(self.end, spine.free)
        self.spines = follow(self.spines, cells, self.numbers)
        if not self.spines:
            self._settle(self.end)

    def _sound(self, cells: list[str]) -> None:
        begin = [
            (spine, notes)
            for spine, cell in zip(self.spines, cells, strict=True)
            if spine.kind == _KERN and cell != "." and (notes := read_notes(cell))
        ]
        if not begin:
            return
        times = {spine.free for spine, _ in begin if spine.begun} or {max(spine.free for spine, _ in begin)}
        time = max(times)
        if len(times) > 1 or time < self.now:
            raise FormatError("its notes do not begin where the notes before them end")
        self._settle(time)
        self.now = time
        for spine, notes in begin:
            self.parts[spine.part].notes += [(time, note) for note in notes]
            spine.free, spine.begun = add(time, notes[0].duration), True

    def _settle(self, time: Fraction) -> None:
        """Let happen what waits."""
        for part, cell in self.waiting:
            if cell.startswith("="):
                self.bars.add(time)
                self.back |= {time} if _BACK.search(cell) else set()
                self.forward |= {time} if _FORWARD.search(cell) else set()
            elif label := _LABEL.match(cell):
                self.bars.add(time)
                self.sections.setdefault(label[1], time)
            elif order := _ORDER.match(cell):
                self.order = self.order or order[1].split(",")
            elif change := read_change(cell):
                self.parts[part].changes[change[0]].append((time, change[1]))
            else:
                self.parts[part].interpretations.append(cell)
        self.waiting.clear()

    def score(self, title: str) -> Score:
        """Return the piece.

        Raises
        ------
        FormatError
            If it breaks off, or is not music, or plays sections that it does not have.
        EmptyError
            If there are no notes.
        """
        if self.spines:
            raise FormatError("the file breaks off: its spines are not closed by *-")
        if not self.parts:
            raise FormatError("there is no **kern spine in it, and others are not read")
        parts = [part for _, part in sorted(self.parts.items(), reverse=True)]
        if not any(note.pitch is not None for part in parts for _, note in part.notes):
            raise EmptyError("the piece has no notes")
        starts = sorted(bar for bar in self.bars if bar < self.end)
        tracks = assign_channels([read_instrument(part.interpretations) for part in parts])
        written = [_written(part, starts, self.end) for part in parts]
        return play(written, tracks, self._bars_in_play(starts), title)

    def _bars_in_play(self, starts: list[Fraction]) -> list[int]:
        ends = [*starts[1:], self.end]
        if not self.order:
            bars = [
                repeats.Bar(start in self.forward, 2 * (end in self.back))
                for start, end in zip(starts, ends, strict=True)
            ]
            return repeats.order(bars)
        bounds = [*sorted(self.sections.values()), self.end]
        played = [i for i, start in enumerate(starts) if start < bounds[0]]
        for name in self.order:
            if name not in self.sections:
                raise FormatError(f"its order of sections (*>) names {name[:40]}, which there is not")
            first = self.sections[name]
            stop = min(bound for bound in bounds if bound > first or bound == self.end)
            played += [i for i, start in enumerate(starts) if first <= start < stop]
            if len(played) > _MOST_BARS:
                raise FormatError(f"its order of sections (*>) plays more than {_MOST_BARS:,} bars")
        return played


def _written(part: _Lines, starts: list[Fraction], end: Fraction) -> Part:
    """Return a part with its times as bars and offsets in them."""

    def place(time: Fraction) -> Place:
        bar = bisect_right(starts, time) - 1
        return bar, time - starts[bar]

    notes = [
        Note(place(time), one.duration, one.pitch, _VELOCITY, one.tied, one.ties)
        for time, one in part.notes
        if one.pitch is not None
    ]
    timed = {"meter": part.changes["meter"], "tempo": part.changes["tempo"], "key": _keys(part.changes)}
    changes = {
        kind: [(place(time), value) for time, value in rows if time < end] for kind, rows in timed.items()
    }
    return Part(sorted(notes), [(True, stop - start) for start, stop in pairwise([*starts, end])], changes)


def _keys(changes: dict[str, Timed]) -> Timed:
    """Return the keys; a new signature without one is taken to be that of a major key."""
    keys = dict(changes["key"])
    before: Sequence[int] = ()
    for time, fifths in changes["signature"]:
        if fifths != before:
            keys.setdefault(time, Key(fifths[0], 0))
        before = fifths
    return sorted(keys.items())
