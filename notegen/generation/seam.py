"""The seam: where a seed ends, and what the new notes there should be like.

Bars of the seed are counted by its own meter map. Its end is the end of its last note, on any track;
what lasts a little over a bar line, or stops a little before one, ends on it.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import notes as codec
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar
from notegen.codecs.vocabulary import Ids
from notegen.keys import Key
from notegen.melody import GRID, melody, melody_track
from notegen.score import NOTE, Score, Table, rescale, table

_CLOSE = 4  # grid ticks from a bar line that count as on it


@dataclass(frozen=True)
class Seam:
    """A seed and its end.

    Parameters
    ----------
    score : Score
        The seed.
    track : int
        The track that is continued.
    line : Score
        Its melody on the grid, with the maps up to the seam.
    grid_bar : int
        The grid tick at which the bar of the seam begins: the one to fill, or the first new one.
    tick : int
        Where the new notes may begin, counted from there; 0 if the seed ends on a bar line.
    length : int
        The grid ticks of the bar that is to be filled, or of the last one of the seed.
    """

    score: Score
    track: int
    line: Score
    grid_bar: int
    tick: int
    length: int

    @classmethod
    def of(cls, score: Score) -> "Seam":
        """Find the seam of a seed.

        Raises
        ------
        EmptyError
            If the seed has no note but drums.
        RangeError
            If the codec cannot write its meter down.
        """
        track = melody_track(score)
        onset = rescale(score.notes["onset"], score.resolution, GRID)
        ends = rescale(score.notes["onset"] + score.notes["duration"], score.resolution, GRID)
        end, last = int(ends.max()), int(onset[np.argmax(ends)])
        bars = melody(score, track, until=end).bars(end)
        if len(bars) > 2 and end - bars[-2] <= _CLOSE and onset.max() < bars[-2]:
            bars = bars[:-1]  # a tail over the bar line is no bar of its own
        start, stop = int(bars[-2]), int(bars[-1])
        line = melody(score, track, until=stop)
        changes = bool((line.meters["tick"] == stop).any())
        if changes or stop - end <= max(_CLOSE, min(GRID // 2, (stop - last) // 8)):
            return cls(score, track, _closed(line, stop), stop, 0, stop - start)
        line = melody(score, track, until=end)
        return cls(score, track, line, start, max(end, line.end) - start, stop - start)

    @cached_property
    def ids(self) -> Ids:
        """The seed's tokens, up to the seam and without an end."""
        return codec.encode(self.line, until=self.grid_bar + self.tick)[:-1]

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

    @property
    def forced(self) -> Ids:
        """The tokens between the seed and the first thing to draw."""
        if self.tick:
            return np.array([], dtype=np.int32)
        known = self.ids[v.KIND[self.ids] == v.INDEX["meter"]]
        meter = v.meter_id(self.meter)
        return np.array([v.BAR] if known[-1] == meter else [meter, v.BAR], dtype=np.int32)

    @property
    def cursor(self) -> int:
        """The grid tick behind the beginning of the seam's bar where the melody's last note ends."""
        start = self.grid_bar if self.tick else self.grid_bar - self.length
        return max(0, self.line.end - start)

    def grammar(self, takes: int) -> Grammar:
        """Return the grammar behind the seed, for so many takes."""
        return Grammar.inside(takes, int(self.ids[-1]), self.cursor, self.length, v.key_id(self.key))

    def notes(self, new: Ids) -> Table:
        """Return new tokens as notes of the seed: its ticks, its track, its touch.

        Parameters
        ----------
        new : array of ids
            What was drawn, `forced` included.
        """
        head = [v.START, v.meter_id(self.meter), v.key_id(self.key)]
        if self.tick:
            head.append(v.BAR)
            if len(new) and v.KIND[new[0]] == v.INDEX["pitch"] and self.cursor:
                head.append(v.FIRST["position"] + self.cursor)
        body = new[1:] if len(new) and v.KIND[new[0]] == v.INDEX["meter"] else new
        drawn = codec.decode(np.concatenate([head, body]).astype(np.int32)).notes
        return self._in_place(drawn)

    def _in_place(self, drawn: Table) -> Table:
        resolution = self.score.resolution
        rows = np.empty(len(drawn), dtype=NOTE)
        ends = self.bar + rescale(drawn["onset"] + drawn["duration"], GRID, resolution)
        rows["onset"] = self.bar + rescale(drawn["onset"], GRID, resolution)
        if len(rows):
            rows["onset"][0] = max(rows["onset"][0], min(self._own_end, ends[0] - 1))
        rows["duration"] = np.maximum(1, np.rint((ends - rows["onset"]) * self._gate))
        rows["pitch"], rows["track"] = drawn["pitch"], self.track
        rows["velocity"] = self._velocities(drawn["onset"])
        return table(rows, NOTE)

    @property
    def _own(self) -> Table:
        own: Table = self.score.notes[self.score.notes["track"] == self.track]
        return own

    @property
    def _own_end(self) -> int:
        return int((self._own["onset"] + self._own["duration"]).max())

    @cached_property
    def _gate(self) -> float:
        """How much of a note's written length the seed lets it sound: the median, at least 3/4."""
        onset = rescale(self._own["onset"], self.score.resolution, GRID)
        at = np.searchsorted(onset, self.line.notes["onset"])
        written = rescale(self.line.notes["duration"], GRID, self.score.resolution)
        return float(np.clip(np.median(self._own["duration"][at] / written), 0.75, 1.0))

    def _velocities(self, onsets: NDArray[np.int64]) -> NDArray[np.int16]:
        """Return the mean velocity of the seed's notes at the same place in the bar, or of all."""
        place = self._places(self.line.notes["onset"])
        velocity = self.line.notes["velocity"]
        count = np.bincount(place, minlength=v.LONGEST_BAR)
        total = np.bincount(place, weights=velocity, minlength=v.LONGEST_BAR)
        mean = np.where(count, total / np.maximum(count, 1), velocity.mean())
        length = self.line.bar_length(self.meter)
        result: NDArray[np.int16] = np.rint(mean[onsets % length]).astype(np.int16)
        return result

    def _places(self, onsets: NDArray[np.int64]) -> NDArray[np.int64]:
        bars = self.line.bars(int(onsets[-1]) + 1)
        places: NDArray[np.int64] = onsets - bars[np.searchsorted(bars, onsets, side="right") - 1]
        return places


def _closed(line: Score, stop: int) -> Score:
    """Return a melody whose last note does not reach over a bar line."""
    notes = line.notes.copy()
    notes["duration"] = np.minimum(notes["duration"], np.maximum(1, stop - notes["onset"]))
    return replace(line, notes=table(notes, NOTE))
