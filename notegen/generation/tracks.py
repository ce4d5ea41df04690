"""Tracks: where takes of many tracks begin, behind a seed.

What a model reads of the seed is one part for each track that it continues, or for several that share it
(`notegen.generation.cast`). What it writes is dealt out to them again, each note played as its track plays.
"""

from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from notegen.align import align
from notegen.arrange import arrange
from notegen.codecs import parts as codec
from notegen.codecs import vocabulary as v
from notegen.codecs.parts_grammar import PartsGrammar
from notegen.codecs.parts_reader import Reader
from notegen.codecs.vocabulary import Ids
from notegen.generation import judge
from notegen.generation.accompany import Others, Stretch, accompany
from notegen.generation.cast import deal
from notegen.generation.constraints import Constraints, single_lines
from notegen.generation.course import course
from notegen.generation.echo import Echo, echo_of_parts
from notegen.generation.plan import Known, Plan
from notegen.generation.rules import Rules
from notegen.generation.seam import Ending, ending
from notegen.keys import Key
from notegen.score import DRUM_CHANNEL, NOTE, Score, Span, Table, Track, table
from notegen.settle import settle

_EVEN = 80  # the velocity of all notes, for a model that knows of none


class Tracks:
    """Behind a seed, in several of its tracks at once.

    Parameters
    ----------
    score : Score
        The seed.
    plan : Plan
        What becomes of its tracks.
    known : Known
        What the model knows its parts by.
    bars : int
        How many new bars there are to be; one that the seed leaves unfinished is filled besides.
    """

    def __init__(self, score: Score, plan: Plan, known: Known, bars: int) -> None:
        self.score, self.plan, self.bars, self.loud = score, plan, bars, known.loud
        self.aligned = align(score)
        self.settled = settle(self.aligned.score)
        self.numbers = sorted(set(plan.casting.values()))
        parts = merged(self.settled.score, plan.casting, self.numbers, known)
        self.at: Ending = ending(self.aligned.score, self.settled.ticks, lambda until: arrange(parts, until))
        until = self.at.grid_bar + self.at.tick
        self.before: Ids = codec.encode(self.at.line, until, self.numbers)[:-1]
        self.forced = self.at.begin(self.before)
        self.key: Key | None = self.at.key
        self.new: Span | None = Span(self.at.end - self.aligned.shift)

    def grammar(self, takes: int) -> PartsGrammar:
        """Return the grammar behind the seed, for so many takes."""
        return PartsGrammar.behind(takes, self.before)

    def constraints(self, rules: Rules) -> Constraints:
        """Return what the new tokens must keep to."""
        begun = int(np.isin(self.before, (v.BAR, v.PICKUP)).sum())
        last = begun + self.bars
        asked = course(rules, begun + 1, last, self.at.meter, self.at.key)
        lines = single_lines(self.at.line, self.numbers)
        return Constraints(last, begun if self.at.tick else 0, self.at.tick, course=asked, lines=lines)

    def flaw(self, ids: Ids) -> str:
        """Return what is wrong with new tokens; see `notegen.generation.judge`."""
        lines, rows = self._lines, self.rows(ids)
        sounding = np.concatenate([rows, self.known])
        first = lines[1:] if self.at.tick else lines  # the seed has notes in its unfinished bar
        return judge.flaw_of_parts(self._new(rows, lines), self._heard, judge.is_silent(sounding, first))

    def echo(self, ids: Ids) -> Echo | None:
        """Return what new tokens say again of the seed."""
        return echo_of_parts(self._new(self.rows(ids), self._lines), self._heard, self.before, ids)

    def _new(self, rows: Table, lines: NDArray[np.int64]) -> list[judge.Bar]:
        """Return the whole new bars."""
        return judge.bars_of(rows, lines)[1 if self.at.tick else 0 :]

    @cached_property
    def _heard(self) -> list[judge.Bar]:
        """The whole bars of the seed."""
        return judge.bars_of(self.known, self.at.line.bars(self.at.grid_bar))

    @cached_property
    def _lines(self) -> NDArray[np.int64]:
        """The grid ticks at which new bars begin, and at which the last one ends."""
        length = self.at.line.bar_length(self.at.meter)
        count = self.bars + (self.at.tick > 0)
        lines: NDArray[np.int64] = self.at.grid_bar + length * np.arange(count + 1)
        return lines

    def rows(self, ids: Ids) -> Table:
        """Return new tokens as notes on the seed's grid; their tracks are the model's parts."""
        reader = self._reader.ahead()
        reader.read(ids)
        rows = reader.notes().copy()
        rows["track"] = np.array(self.numbers)[rows["track"]]
        if not self.loud:
            rows["velocity"] = 0  # nobody told it
        return rows

    @cached_property
    def known(self) -> Table:
        """The notes of the seed likewise."""
        rows = self.at.line.notes.copy()
        rows["track"] = np.array(self.numbers)[rows["track"]]
        return rows

    @cached_property
    def _reader(self) -> Reader:
        reader = Reader()
        reader.read(self.before)
        return reader

    def finish(self, ids: Ids, rng: np.random.Generator) -> tuple[Score, Score]:
        """Return the seed with new tokens behind it, and what is new alone."""
        rows, played = self.rows(ids), []
        for part in self.numbers:
            sharing = {t: self.plan.roles[t] for t, each in self.plan.casting.items() if each == part}
            mine = rows[rows["track"] == part]
            owner = deal(mine, sharing)
            for track in sharing:
                own = mine[owner == track]
                played.append(self.at.played(own, track, self._written[track], rng))
        played += beside(self.at, self.bars, self.plan.beside)
        return together(self.score, self.at.bar, played, self.aligned.shift)

    @cached_property
    def _written(self) -> dict[int, Table]:
        """What each track's notes are on the grid."""
        return {track: arrange(_alone(self.settled.score, track)).notes for track in self.plan.casting}


def _alone(score: Score, track: int) -> Score:
    return replace(score, notes=score.notes[score.notes["track"] == track], source=None)


def merged(score: Score, casting: dict[int, int], numbers: list[int], known: Known) -> Score:
    """Return the tracks that are continued as the parts of a model, in order."""
    programs = [part.program for part in known.parts]
    place = np.full(len(score.tracks), -1)
    for track, part in casting.items():
        place[track] = numbers.index(part)
    notes = score.notes[place[score.notes["track"]] >= 0].copy()
    notes["track"] = place[notes["track"]]
    if not known.loud:
        notes["velocity"] = _EVEN
    first = {part: score.tracks[track] for track, part in reversed(casting.items())}
    tracks = [_known(programs[part]) if part < len(programs) else first[part] for part in numbers]
    return replace(
        score, notes=table(notes, NOTE), tracks=tuple(tracks), events=score.events[:0], source=None
    )


def _known(program: int) -> Track:
    return Track(channel=DRUM_CHANNEL) if program == v.DRUMS else Track(program=program)


def beside(at: Ending, bars: int, others: dict[int, Others]) -> list[Table]:
    """Return what tracks play that no model continues."""
    place = Stretch(at.end, at.bar, at.score.bar_length(at.meter), bars + (at.tick > 0))
    return [accompany(at.score, track, place, how) for track, how in others.items()]


def together(score: Score, bar: int, notes: list[Table], shift: int = 0) -> tuple[Score, Score]:
    """Return a seed with the new notes of its tracks behind it, and the new notes alone from a bar line on.

    Parameters
    ----------
    score : Score
        The seed.
    bar : int
        The tick of the bar line.
    notes : list of structured arrays of `NOTE`
    shift : int
        By how many ticks both are later than in the seed.
    """
    rows = np.concatenate([table([], NOTE), *notes])
    rows = rows[np.argsort(rows["onset"], kind="stable")]
    rows["onset"] -= shift
    alone, start = rows.copy(), max(0, bar - shift)
    alone["onset"] = np.maximum(0, alone["onset"] - start)
    heard = np.unique(rows["track"])
    alone["track"] = np.searchsorted(heard, rows["track"])
    frame = score.cut(start, max(score.end, start) + 1)
    tracks = tuple(_as_played(score, track) for track in heard.tolist())
    tracks = tracks or score.tracks[:1]
    fresh = replace(frame, notes=table(alone, NOTE), tracks=tracks, events=frame.events[:0])
    return score.join(rows), fresh


def _as_played(score: Score, track: int) -> Track:
    """Return a track with the program that it has at the end of the seed."""
    mine = (score.events["track"] == track) & (score.events["status"] & 0xF0 == 0xC0)
    changes = score.events["data1"][mine]
    own = score.tracks[track]
    return replace(own, program=int(changes[-1])) if len(changes) and not own.is_drum else own
