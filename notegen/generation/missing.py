"""Missing bars, in tokens: what a model reads before it writes them, and what they have to fit."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import notes, parts
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar
from notegen.codecs.parts_grammar import PartsGrammar
from notegen.codecs.vocabulary import Ids
from notegen.generation.constraints import Constraints, single_lines
from notegen.generation.course import course
from notegen.generation.rules import Rules
from notegen.keys import Key
from notegen.score import NOTE, Score, Table, table

LEFT, RIGHT = 16, 8  # bars on either side that a prompt has: the most that `notegen.training.remake` shows
FOLLOWING = 4  # bars on the right that what is written is to fit


@dataclass(frozen=True)
class Missing:
    """Bars of a piece that are not there.

    Parameters
    ----------
    line : Score
        The piece without them, as `notegen.melody.melody` or `notegen.arrange.arrange` return it. Key,
        tempo and meter do not change in these bars nor behind them.
    first, stop : int
        The first missing bar, counted from 0, and the first one behind it that is there.
    numbers : tuple of int, optional
        Which part each track is; None of a melody.
    fills : bool
        Whether a model that has learned to fill gaps reads what is on the right too, and not the left alone.
    """

    line: Score
    first: int
    stop: int
    numbers: tuple[int, ...] | None
    fills: bool = False

    @cached_property
    def lines(self) -> NDArray[np.int64]:
        """The grid ticks of all bar lines of the piece."""
        return self.line.bars()

    @property
    def edges(self) -> NDArray[np.int64]:
        """The grid ticks of the bar lines of the missing bars."""
        return self.lines[self.first : self.stop + 1]

    @property
    def meter(self) -> tuple[int, int]:
        """The meter of the missing bars."""
        return self.line.meter_at(int(self.edges[0]))

    @property
    def key(self) -> Key:
        """The key in force there."""
        key = self.line.key_at(int(self.edges[0]))
        assert key is not None  # melodies and arranged scores have one
        return key

    @cached_property
    def before(self) -> Ids:
        """The tokens of all bars on the left."""
        ids = self.encode(self.line)
        return ids[: _begins(ids)[self.first]]

    @cached_property
    def prompt(self) -> Ids:
        """What a model reads before it writes the missing bars."""
        if not self.fills:
            return self.before
        after = self.line.notes["onset"][self.line.notes["onset"] >= self.edges[-1]]
        heard = int(np.searchsorted(self.lines, after[0], side="right"))
        end = min(len(self.lines) - 1, max(self.stop + RIGHT, heard))
        stretch = self.line.cut(int(self.lines[self._begin]), int(self.lines[end]))
        ids = parts.leave_out(stretch, self.first - self._begin, self.stop - self._begin, self.numbers)
        return ids[: int(np.argmax(ids == v.FILL)) + 1]

    @property
    def _begin(self) -> int:
        """The bar with which the prompt begins."""
        return max(0, self.first - LEFT) if self.fills else 0

    def encode(self, line: Score) -> Ids:
        """Return the tokens of the piece with other notes."""
        return notes.encode(line) if self.numbers is None else parts.encode(line, numbers=self.numbers)

    def grammar(self, takes: int) -> Grammar | PartsGrammar:
        """Return the grammar behind the prompt, for so many takes."""
        if self.numbers is not None:
            return PartsGrammar.behind(takes, self.prompt)
        start, bar = int(self.edges[0]), int(self.lines[self.first - 1])
        left = self.line.notes[self.line.notes["onset"] < start]
        cursor = max(0, int((left["onset"] + left["duration"]).max()) - bar)
        return Grammar.inside(takes, int(self.before[-1]), cursor, start - bar, v.key_id(self.key))

    def constraints(self, rules: Rules) -> Constraints:
        """Return what the tokens of the missing bars must keep to."""
        begun = 1 if self.numbers is None else self.first - self._begin
        last = begun + self.stop - self.first
        lines = None if self.numbers is None else single_lines(self.line, self.numbers)
        return Constraints(last, course=course(rules, begun + 1, last, self.meter, self.key), lines=lines)

    def rows(self, ids: Ids) -> Table:
        """Return tokens behind the prompt as notes of the piece."""
        whole = np.append(self.prompt, ids)
        found = (notes.decode(whole) if self.numbers is None else parts.decode(whole)).notes.copy()
        found["onset"] += self.lines[self._begin]
        inside = (found["onset"] >= self.edges[0]) & (found["onset"] < self.edges[-1])
        return table(found[inside], NOTE)

    def following(self, rows: Table) -> Ids:
        """Return the tokens of the first bars on the right, where such notes stand before them."""
        whole = np.concatenate([self.line.notes, rows])
        whole = whole[np.lexsort((-whole["pitch"], whole["track"], whole["onset"]))]
        ids = self.encode(replace(self.line, notes=table(whole, NOTE)))
        begins = np.append(_begins(ids), len(ids) - 1)
        return ids[begins[self.stop] : begins[min(self.stop + FOLLOWING, len(begins) - 1)]]


def _begins(ids: Ids) -> NDArray[np.int64]:
    """Return where bars begin."""
    return np.flatnonzero((ids == v.BAR) | (ids == v.PICKUP))
