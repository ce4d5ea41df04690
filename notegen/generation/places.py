"""Places: where takes begin, behind a seed or from nothing; in note tokens, and in ABC text."""

from dataclasses import replace
from functools import cached_property
from typing import Protocol

import numpy as np

from notegen.codecs import notes as codec
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar, Mask
from notegen.codecs.parts_grammar import PartsGrammar
from notegen.codecs.vocabulary import Ids
from notegen.errors import UsageError
from notegen.formats import abc_bars, abc_words
from notegen.generation import judge
from notegen.generation.accompany import Others
from notegen.generation.constraints import Constraints, pitch_classes
from notegen.generation.course import course
from notegen.generation.echo import Echo, echoes
from notegen.generation.plan import Names, Plan, known, plan
from notegen.generation.rules import Rules
from notegen.generation.seam import Seam
from notegen.generation.sets import as_tune
from notegen.generation.text import Frame, Written
from notegen.generation.tracks import Tracks, beside, together
from notegen.keys import Key
from notegen.melody import GRID
from notegen.model.bundle import Bundle
from notegen.score import DEFAULT_METER, KEY, METER, NOTE, Score, Span, table


class Place(Protocol):
    """Where takes begin, and what comes of them."""

    before: Ids  # what the model has read then
    forced: Ids  # what each take begins with
    new: Span | None  # what of a take is new; None if all of it is
    key: Key | None  # of the new bars, as far as it is known

    def grammar(self, takes: int) -> Grammar | PartsGrammar:
        """Return the grammar of so many takes."""

    def constraints(self, rules: Rules) -> Constraints:
        """Return what their tokens must keep to."""

    def flaw(self, ids: Ids) -> str:
        """Return what is wrong with new tokens; see `notegen.generation.judge`."""

    def echo(self, ids: Ids) -> Echo | None:
        """Return what new tokens say again of the seed, if there is one."""

    def finish(self, ids: Ids, rng: np.random.Generator) -> tuple[Score, Score]:
        """Return the seed with new tokens behind it, and what is new alone."""


class Continuation:
    """Behind a seed, in its melody.

    Parameters
    ----------
    score : Score
        The seed.
    plan : Plan
        What becomes of its tracks.
    bars : int
        How many new bars there are to be; one that the seed leaves unfinished is filled besides.
    """

    def __init__(self, score: Score, plan: Plan, bars: int) -> None:
        (track,) = plan.casting
        self.seam = self.at = Seam.of(score, track)
        self.plan, self.bars = plan, bars
        self.forced, self.before = self.seam.forced, self.seam.ids
        self.key: Key | None = self.seam.key
        self.new: Span | None = Span(self.seam.end)

    def grammar(self, takes: int) -> Grammar:
        """Return the grammar of so many takes."""
        return self.seam.grammar(takes)

    def constraints(self, rules: Rules) -> Constraints:
        """Return what their tokens must keep to."""
        last = self.bars + 1
        asked = course(rules, 2, last, self.seam.meter, self.seam.key)
        return Constraints(last, fill=int(self.seam.tick > 0), floor=self.seam.tick, course=asked)

    def flaw(self, ids: Ids) -> str:
        """Return what is wrong with new tokens."""
        return judge.flaw(ids, self.before)

    def echo(self, ids: Ids) -> Echo | None:
        """Return what new tokens say again of the seed."""
        return echoes(self.before, [ids])[0]

    def words(self) -> list[str]:
        """Return the text of the seed."""
        line, tick = self._text
        return abc_words.write(line, self.seam.grid_bar + tick)

    def frame(self, rules: Rules) -> Frame:
        """Return what the text of the new bars must keep to."""
        seam = self.seam
        place = abc_bars.Place(seam.grid_bar, seam.meter, seam.key, bars=1)
        return Frame(self.bars + (seam.tick > 0), place, self._text[1], _pitches(rules))

    def tokens(self, written: Written) -> Ids:
        """Turn drawn text into the tokens behind the seed's."""
        assert written.place is not None  # it began at one
        line = self.seam.line
        rows = np.array([(*row, 80, 0) for row in abc_bars.joined(written.notes)], dtype=NOTE)
        late = np.maximum(0, line.end - rows["onset"])  # what begins before the seed's last note is over
        rows["onset"], rows["duration"] = rows["onset"] + late, rows["duration"] - late
        rows = rows[rows["duration"] > 0]
        whole = replace(line, notes=table(np.concatenate([line.notes, rows]), NOTE))
        return codec.encode(whole, until=written.place.tick)[len(self.before) : -1]

    def finish(self, ids: Ids, rng: np.random.Generator) -> tuple[Score, Score]:
        """Return the seed with new tokens behind it, and what is new alone."""
        played = [self.seam.notes(ids, rng), *beside(self.seam, self.bars, self.plan.beside)]
        return together(self.seam.score, self.seam.bar, played)

    @cached_property
    def _text(self) -> tuple[Score, int]:
        """The seed's melody and the tick of the seam in its bar, as they can be read."""
        from notegen.generation.legible import legible  # which models of notes do without

        seam = self.seam
        return legible(seam.line, seam.grid_bar, seam.tick, seam.length)


class Opening:
    """The beginning of a tune of so many bars from nothing."""

    def __init__(self, meter: tuple[int, int] | None, key: Key | None, bars: int) -> None:
        self.meter, self.key, self.bars = meter, key, bars
        self.new: Span | None = None
        self.before = np.array([v.START], dtype=np.int32)
        if meter is not None and meter not in v.METER_ID:
            raise UsageError(f"{meter[0]}/{meter[1]} is no meter that notegen knows: bars last up to 8/4")
        self.forced = np.array([] if meter is None else [v.meter_id(meter)], dtype=np.int32)

    def grammar(self, takes: int) -> Grammar:
        """Return the grammar of so many takes."""
        grammar = Grammar(takes)
        grammar.advance(np.full(takes, v.START))
        return grammar

    def constraints(self, rules: Rules) -> Constraints:
        """Return what their tokens must keep to."""
        asked = course(rules, 1, self.bars, self.meter, self.key)
        return Constraints(self.bars, key=self.key, course=asked)

    def flaw(self, ids: Ids) -> str:
        """Return what is wrong with new tokens."""
        return judge.flaw(ids, self.before)

    def echo(self, ids: Ids) -> Echo | None:  # noqa: ARG002  # as `Place` has it
        """Return nothing: there is no seed."""
        return None

    def words(self) -> list[str]:
        """Return the text before it, of which there is none."""
        return []

    def frame(self, rules: Rules) -> Frame:
        """Return what the text of the tune must keep to."""
        return Frame(self.bars, pitches=_pitches(rules), meter=self.meter, key=self.key)

    def tokens(self, written: Written) -> Ids:
        """Turn drawn text into the tokens of a tune behind its start."""
        place = written.place or abc_bars.Place(0, DEFAULT_METER, self.key or Key(0, 0))
        rows = [(*row, 80, 0) for row in abc_bars.joined(written.notes)]
        if not rows:
            return np.array([v.meter_id(place.meter), v.key_id(place.key), v.BAR], dtype=np.int32)
        meters, keys = table([(0, *place.meter)], METER), table([(0, *place.key)], KEY)
        line = Score(notes=table(rows, NOTE), meters=meters, keys=keys, resolution=GRID)
        return codec.encode(line, until=place.tick)[1:-1]

    def finish(self, ids: Ids, rng: np.random.Generator) -> tuple[Score, Score]:  # noqa: ARG002  # likewise
        """Return the tune of new tokens, twice."""
        tune = as_tune(np.append(self.before, ids))
        return tune, tune


def behind(
    model: Bundle, score: Score, bars: int, tracks: Names = "all", others: Others = "empty"
) -> Tracks | Continuation:
    """Return where takes begin behind a seed, for a model.

    Parameters
    ----------
    model : Bundle
    score : Score
    bars : int
    tracks, others
        See `notegen.generation.compose.compose`.
    """
    if model.codec != "parts":
        return Continuation(score, plan(score, tracks, others, None), bars)
    its = known(model)
    return Tracks(score, plan(score, tracks, others, its.parts), its, bars)


def _pitches(rules: Rules) -> Mask | None:
    return pitch_classes(rules.key.scale) if rules.key else None
