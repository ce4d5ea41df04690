"""The middle: where takes are written between bars of a seed, in place of some of them.

What is on the right has to follow from what is written: each take is one of many drafts, drawn by how well it
leads there (`notegen.generation.particles`).
"""

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from notegen.arrange import arrange
from notegen.codecs.grammar import Grammar
from notegen.codecs.parts_grammar import PartsGrammar
from notegen.codecs.vocabulary import Ids
from notegen.errors import UsageError
from notegen.generation import judge
from notegen.generation.accompany import Stretch, accompany
from notegen.generation.cast import deal
from notegen.generation.constraints import Constraints
from notegen.generation.echo import Echo, echo_of_parts
from notegen.generation.feel import Feel
from notegen.generation.gap import Between, Gap
from notegen.generation.missing import Missing
from notegen.generation.particles import BAR
from notegen.generation.plan import Known, Names, Plan, known, plan
from notegen.generation.rules import Rules
from notegen.generation.tracks import merged, together
from notegen.keys import Key
from notegen.melody import GRID, melody, pickup_length
from notegen.model.bundle import Bundle
from notegen.score import NOTE, Score, Span, Table, rescale, table
from notegen.settle import settle


class Middle:
    """Between bars of a seed, in place of some of them.

    Parameters
    ----------
    model : Bundle
        What writes it.
    score : Score
        The seed.
    between : (int, int)
        The first and the last of the bars, counted from 1; a pickup counts.
    tracks : str or sequence of str
        Whose bars they are: tracks that are not meant stay as they are, and those that the model cannot
        write, drums among them, play in them as they did before.

    Raises
    ------
    UsageError
        If there are no such bars, nothing is played on one side of them, the meter changes there, or the
        model writes text.
    """

    def __init__(self, model: Bundle, score: Score, between: Between, tracks: Names = "all") -> None:
        if model.codec not in ("notes", "parts"):
            raise UsageError(
                f"{model.name} writes text from left to right; for bars between others take a model of notes"
            )
        self.gap = Gap.of_bars(score, between, tracks)
        self.settled = settle(self.gap.score)
        its = known(model) if model.codec == "parts" else None
        self.plan = _within(plan(self.gap.score, tracks, "empty", its and its.parts), self.gap.tracks)
        self.loud = its is not None and its.loud
        self.missing = self._missing(its)
        self.before, self.forced = self.missing.before, BAR
        self.key: Key | None = self.missing.key
        self.new: Span | None = Span(self.gap.start - self.gap.shift, self.gap.stop - self.gap.shift)

    def _missing(self, its: Known | None) -> Missing:
        score, casting = self.gap.score, self.plan.casting
        self.numbers = sorted(set(casting.values()))
        if its is None:
            line = melody(self.settled.score, next(iter(casting)))
        else:
            line = arrange(merged(self.settled.score, casting, self.numbers, its))
        lines = line.bars()
        edges = rescale(np.array([self.gap.start, self.gap.stop]), score.resolution, GRID)
        first, stop = (int(np.argmin(abs(lines - edge))) for edge in edges)
        line = steady(line, int(lines[first]), int(lines[stop]))
        if line.notes["onset"][0] >= lines[first] or line.notes["onset"][-1] < lines[stop]:
            raise UsageError("the tracks that are to be written play on one side of these bars alone")
        return Missing(line, first, stop, None if its is None else tuple(self.numbers))

    def grammar(self, takes: int) -> Grammar | PartsGrammar:
        """Return the grammar of so many takes."""
        return self.missing.grammar(takes)

    def constraints(self, rules: Rules) -> Constraints:
        """Return what their tokens must keep to."""
        return self.missing.constraints(rules)

    def flaw(self, ids: Ids) -> str:
        """Return what is wrong with new tokens; see `notegen.generation.judge`."""
        if self.missing.numbers is None:
            return judge.flaw(ids, self.before)
        rows, edges = self.missing.rows(ids), self.missing.edges
        return judge.flaw_of_parts(judge.bars_of(rows, edges), self._heard, judge.is_silent(rows, edges))

    def echo(self, ids: Ids) -> Echo | None:
        """Return what new tokens say again of the seed, on either side."""
        new = judge.bars_of(self.missing.rows(ids), self.missing.edges)
        return echo_of_parts(new, self._heard, self.before, ids)

    @cached_property
    def _heard(self) -> list[judge.Bar]:
        """The bars of the seed; those on the left come last, as the new ones follow them."""
        at, line = self.missing, self.missing.line
        sides = at.lines[at.stop :], at.lines[: at.first + 1]
        return [bar for lines in sides for bar in judge.bars_of(line.notes, lines)]

    def finish(self, ids: Ids, rng: np.random.Generator) -> tuple[Score, Score]:
        """Return the seed with new tokens in its middle, and what is new alone."""
        gap, rows = self.gap, self._rows(ids)
        played = [table([], NOTE)]
        for part in self.numbers:
            sharing = {t: self.plan.roles[t] for t, each in self.plan.casting.items() if each == part}
            mine = rows[rows["track"] == part]
            owner = deal(mine, sharing)
            played += [self._played(mine[owner == track], track, rng) for track in sharing]
        length = gap.score.bar_length(gap.score.meter_at(gap.start))
        place = Stretch(gap.start, gap.start, length, gap.bars)
        played += [accompany(gap.score, track, place, "loop") for track in self.plan.beside]
        new = np.concatenate(played)
        new = new[new["onset"] < gap.stop]
        new["duration"] = np.minimum(new["duration"], gap.stop - new["onset"])
        _, fresh = together(gap.kept.cut(0, gap.stop - gap.shift), gap.start, [new], gap.shift)
        new["onset"] -= gap.shift
        whole = np.concatenate([gap.kept.notes, new])
        whole = whole[np.argsort(whole["onset"], kind="stable")]
        return replace(gap.kept, notes=table(whole, NOTE)), fresh

    def _rows(self, ids: Ids) -> Table:
        """Return new tokens as notes on the seed's grid; their tracks are the model's parts."""
        rows = self.missing.rows(ids).copy()
        rows["track"] = np.array(self.numbers)[rows["track"]]
        if not self.loud:
            rows["velocity"] = 0  # nobody told it
        return rows

    def _played(self, drawn: Table, track: int, rng: np.random.Generator) -> Table:
        """Return new notes as a track plays its own on both sides."""
        if not len(drawn):
            return drawn
        score, at = self.gap.score, self.missing
        grid = int(rescale(at.edges[:1], GRID, score.resolution)[0])
        feel = Feel.of(score, track, self._written(track), self.settled.ticks)
        rows = feel.apply(drawn, at.lines, rng, start=grid).copy()
        rows["onset"] += self.gap.start - grid
        rows["track"] = track
        return rows

    def _written(self, track: int) -> Table:
        """Return what a track's notes are on the grid."""
        if self.missing.numbers is None:
            return self.missing.line.notes
        score = self.settled.score
        return arrange(replace(score, notes=score.notes[score.notes["track"] == track])).notes


def _within(found: Plan, tracks: set[int]) -> Plan:
    """Leave the tracks out of a plan that stay as they are."""
    return replace(found, beside={track: how for track, how in found.beside.items() if track in tracks})


def steady(line: Score, start: int, stop: int) -> Score:
    """Return a line whose key and tempo do not change from one grid tick to another.

    Raises
    ------
    UsageError
        If its meter does.
    """
    pickup = pickup_length(line.meters.tolist())  # the meter behind it is that of the piece
    if _inside(line.meters, start, stop)[1 + (pickup > 0) :].any():
        raise UsageError("the meter changes in these bars or behind them; choose others")
    keys, tempos = (rows[~_inside(rows, start, stop)] for rows in (line.keys, line.tempos))
    return replace(line, keys=keys, tempos=tempos)


def _inside(rows: Table, start: int, stop: int) -> NDArray[np.bool_]:
    inside: NDArray[np.bool_] = (rows["tick"] >= start) & (rows["tick"] <= stop)
    return inside
