"""The seam: where a seed ends, and what the new notes there should be like.

Bars of the seed are counted by its own meter map. Its end is the end of its last note, on any track;
what lasts a little over a bar line, or stops a little before one, ends on it.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import notes as codec
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar
from notegen.codecs.vocabulary import Ids
from notegen.generation.feel import Feel
from notegen.keys import Key
from notegen.melody import GRID, melody, melody_track
from notegen.score import NOTE, Score, Table, rescale, table
from notegen.settle import settle

_CLOSE = 4  # grid ticks from a bar line that count as on it


@dataclass(frozen=True)
class Ending:
    """A seed and where it ends.

    Parameters
    ----------
    score : Score
        The seed.
    ticks : array of int, shape (notes,)
        The grid ticks on which its notes were meant; see `notegen.settle`.
    line : Score
        What of it a model reads, on the grid, with the maps up to the seam.
    grid_bar : int
        The grid tick at which the bar of the seam begins: the one to fill, or the first new one.
    tick : int
        Where the new notes may begin, counted from there; 0 if the seed ends on a bar line.
    length : int
        The grid ticks of the bar that is to be filled, or of the last one of the seed.
    """

    score: Score
    ticks: NDArray[np.int64]
    line: Score
    grid_bar: int
    tick: int
    length: int

    @property
    def bar(self) -> int:
        """The seed's tick at which the bar of the seam begins.

        A bar line of the seed that is a little off the grid is the bar line all the same.
        """
        resolution = self.score.resolution
        tick = int(rescale(np.array([self.grid_bar]), GRID, resolution)[0])
        lines = self.score.bars(tick + resolution)
        nearest = int(lines[np.argmin(abs(lines - tick))])
        return nearest if abs(nearest - tick) * GRID <= _CLOSE * resolution else tick

    @property
    def end(self) -> int:
        """The seed's tick from which on the music is new."""
        return self.bar + int(rescale(np.array([self.tick]), GRID, self.score.resolution)[0])

    @property
    def meter(self) -> tuple[int, int]:
        """The meter of the new bars."""
        return self.line.meter_at(self.line.meters["tick"][-1])

    @property
    def key(self) -> Key:
        """The key of the new bars."""
        row = self.line.keys[-1]
        return Key(int(row["fifths"]), int(row["mode"]))

    def played(self, drawn: Table, track: int, written: Table, rng: np.random.Generator) -> Table:
        """Return new notes as a track of the seed plays its own.

        Parameters
        ----------
        drawn : structured array of `NOTE`, sorted by onset
            In grid ticks of the seed; velocities of 0 are not told.
        track : int
        written : structured array of `NOTE`
            What the model has read of the track.
        rng : numpy.random.Generator
        """
        if not len(drawn):
            return drawn
        grid = int(rescale(np.array([self.grid_bar]), GRID, self.score.resolution)[0])
        own = self.score.notes[self.score.notes["track"] == track]
        over = int((own["onset"] + own["duration"]).max()) + grid - self.bar
        bars = self.line.bars(int(drawn["onset"][-1]) + 1)
        feel = Feel.of(self.score, track, written, self.ticks)
        rows = feel.apply(drawn, bars, rng, start=self.end + grid - self.bar).copy()
        first = rows["onset"] == rows["onset"][0]  # what is still sounding is heard out
        late = np.minimum(over, rows["onset"] + rows["duration"] - 1) - rows["onset"]
        late = np.where(first, np.maximum(late, 0), 0)
        rows["onset"], rows["duration"] = rows["onset"] + late, rows["duration"] - late
        rows["onset"] += self.bar - grid
        rows["track"] = track
        return table(rows, NOTE)

    def begin(self, ids: Ids) -> Ids:
        """Return the tokens between those of the seed, `ids`, and the first thing to draw."""
        if self.tick:
            return np.array([], dtype=np.int32)
        known = ids[v.KIND[ids] == v.INDEX["meter"]]
        meter = v.meter_id(self.meter)
        return np.array([v.BAR] if known[-1] == meter else [meter, v.BAR], dtype=np.int32)


def ending(score: Score, ticks: NDArray[np.int64], read: Callable[[int], Score]) -> Ending:
    """Find where a seed ends.

    Parameters
    ----------
    score : Score
    ticks : array of int, shape (notes,)
        The grid ticks on which its notes were meant.
    read : callable
        Returns what of the seed a model reads, on the grid, with the maps up to a grid tick.
    """
    ends = rescale(score.notes["onset"] + score.notes["duration"], score.resolution, GRID)
    end, last = int(ends.max()), int(ticks[np.argmax(ends)])
    bars = read(end).bars(end)
    if len(bars) > 2 and end - bars[-2] <= _CLOSE and ticks.max() < bars[-2]:
        bars = bars[:-1]  # a tail over the bar line is no bar of its own
    start, stop = int(bars[-2]), int(bars[-1])
    line = read(stop)
    changes = bool((line.meters["tick"] == stop).any())
    full = line.end >= stop  # as it is written, though what was played is over before
    if full or changes or stop - end <= max(_CLOSE, min(GRID // 2, (stop - last) // 8)):
        return Ending(score, ticks, _closed(line, stop), stop, 0, stop - start)
    line = read(end)
    return Ending(score, ticks, line, start, max(end, line.end) - start, stop - start)


@dataclass(frozen=True)
class Seam(Ending):
    """A seed whose melody is continued.

    Parameters
    ----------
    score, ticks, line, grid_bar, tick, length
        See `Ending`; the line is its melody.
    track : int
        The track that carries it.
    """

    track: int

    @classmethod
    def of(cls, score: Score, track: int | None = None) -> "Seam":
        """Find the seam of a seed.

        Parameters
        ----------
        score : Score
        track : int, optional
            Which track is continued; the melody if it is not said.

        Raises
        ------
        EmptyError
            If the seed has no note but drums.
        RangeError
            If the codec cannot write its meter down.
        """
        track = melody_track(score) if track is None else track
        settled = settle(score)
        at = ending(score, settled.ticks, lambda until: melody(settled.score, track, until=until))
        return cls(at.score, at.ticks, at.line, at.grid_bar, at.tick, at.length, track)

    @cached_property
    def ids(self) -> Ids:
        """The seed's tokens, up to the seam and without an end."""
        return codec.encode(self.line, until=self.grid_bar + self.tick)[:-1]

    @property
    def forced(self) -> Ids:
        """The tokens between the seed and the first thing to draw."""
        return self.begin(self.ids)

    @property
    def cursor(self) -> int:
        """The grid tick behind the beginning of the seam's bar where the melody's last note ends."""
        start = self.grid_bar if self.tick else self.grid_bar - self.length
        return max(0, self.line.end - start)

    def grammar(self, takes: int) -> Grammar:
        """Return the grammar behind the seed, for so many takes."""
        return Grammar.inside(takes, int(self.ids[-1]), self.cursor, self.length, v.key_id(self.key))

    def notes(self, new: Ids, rng: np.random.Generator) -> Table:
        """Return new tokens as notes of the seed: its ticks, its track, its feel.

        Parameters
        ----------
        new : array of ids
            What was drawn, `forced` included.
        rng : numpy.random.Generator
        """
        head = [v.START, v.meter_id(self.meter), v.key_id(self.key)]
        if self.tick:
            head.append(v.BAR)
            if len(new) and v.KIND[new[0]] == v.INDEX["pitch"] and self.cursor:
                head.append(v.FIRST["position"] + self.cursor)
        body = new[1:] if len(new) and v.KIND[new[0]] == v.INDEX["meter"] else new
        drawn = codec.decode(np.concatenate([head, body]).astype(np.int32)).notes.copy()
        drawn["onset"] += self.grid_bar
        drawn["velocity"] = 0
        return self.played(drawn, self.track, self.line.notes, rng)


def _closed(line: Score, stop: int) -> Score:
    """Return a melody whose last note does not reach over a bar line."""
    notes = line.notes.copy()
    notes["duration"] = np.minimum(notes["duration"], np.maximum(1, stop - notes["onset"]))
    return replace(line, notes=table(notes, NOTE))
