"""Places: where takes begin, behind a seed or from nothing; in note tokens, and in ABC text."""

from dataclasses import replace
from functools import cached_property

import numpy as np

from notegen.codecs import notes as codec
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar, Mask
from notegen.codecs.vocabulary import Ids
from notegen.errors import UsageError
from notegen.formats import abc_words
from notegen.formats.abc_bars import Place, joined
from notegen.generation.constraints import Constraints, pitch_classes
from notegen.generation.seam import Seam
from notegen.generation.sets import as_tune
from notegen.generation.text import Frame, Written
from notegen.keys import Key
from notegen.melody import GRID
from notegen.score import DEFAULT_METER, KEY, METER, NOTE, Score, Table, table


class Continuation:
    """Behind a seed."""

    def __init__(self, seam: Seam) -> None:
        self.seam, self.forced, self.before = seam, seam.forced, seam.ids
        self.tick: int | None = seam.end

    def grammar(self, takes: int) -> Grammar:
        """Return the grammar of so many takes."""
        return self.seam.grammar(takes)

    def constraints(self, bars: int, key_lock: bool) -> Constraints:
        """Return what the tokens of so many bars must keep to."""
        pitches = pitch_classes(self.seam.key.scale) if key_lock else None
        return Constraints(bars + 1, fill=int(self.seam.tick > 0), floor=self.seam.tick, pitches=pitches)

    def words(self) -> list[str]:
        """Return the text of the seed."""
        line, tick = self._text
        return abc_words.write(line, self.seam.grid_bar + tick)

    def frame(self, bars: int, key_lock: bool) -> Frame:
        """Return what the text of so many bars must keep to."""
        seam = self.seam
        place = Place(seam.grid_bar, seam.meter, seam.key, bars=1)
        pitches = pitch_classes(seam.key.scale) if key_lock else None
        return Frame(bars + (seam.tick > 0), place, self._text[1], pitches)

    def tokens(self, written: Written) -> Ids:
        """Turn drawn text into the tokens behind the seed's."""
        assert written.place is not None  # it began at one
        line = self.seam.line
        rows = np.array([(*row, 80, 0) for row in joined(written.notes)], dtype=NOTE)
        late = np.maximum(0, line.end - rows["onset"])  # what begins before the seed's last note is over
        rows["onset"], rows["duration"] = rows["onset"] + late, rows["duration"] - late
        rows = rows[rows["duration"] > 0]
        whole = replace(line, notes=table(np.concatenate([line.notes, rows]), NOTE))
        return codec.encode(whole, until=written.place.tick)[len(self.before) : -1]

    def finish(self, ids: Ids) -> tuple[Score, Score]:
        """Return the seed with new tokens behind it, and what is new alone."""
        notes = self.seam.notes(ids)
        return self.seam.score.join(notes), self._alone(notes)

    @cached_property
    def _text(self) -> tuple[Score, int]:
        """The seed's melody and the tick of the seam in its bar, as they can be read."""
        from notegen.generation.legible import legible  # which models of notes do without

        seam = self.seam
        return legible(seam.line, seam.grid_bar, seam.tick, seam.length)

    def _alone(self, notes: Table) -> Score:
        """Return the new notes from their bar line on, with the tempo, meter, key and program there."""
        score, bar = self.seam.score, self.seam.bar
        frame = score.cut(bar, max(score.end, bar) + 1)
        moved = notes.copy()
        moved["onset"] -= bar
        moved["track"] = 0
        changes = score.events[
            (score.events["track"] == self.seam.track) & (score.events["status"] & 0xF0 == 0xC0)
        ]
        track = score.tracks[self.seam.track]
        if len(changes):
            track = replace(track, program=int(changes["data1"][-1]))
        return replace(frame, notes=table(moved, NOTE), tracks=(track,), events=frame.events[:0])


class Opening:
    """The beginning of a tune from nothing."""

    def __init__(self, meter: tuple[int, int] | None, key: Key | None) -> None:
        self.meter, self.key = meter, key
        self.tick: int | None = None
        self.before = np.array([v.START], dtype=np.int32)
        if meter is not None and meter not in v.METER_ID:
            raise UsageError(f"{meter[0]}/{meter[1]} is no meter that notegen knows: bars last up to 8/4")
        self.forced = np.array([] if meter is None else [v.meter_id(meter)], dtype=np.int32)

    def grammar(self, takes: int) -> Grammar:
        """Return the grammar of so many takes."""
        grammar = Grammar(takes)
        grammar.advance(np.full(takes, v.START))
        return grammar

    def constraints(self, bars: int, key_lock: bool) -> Constraints:
        """Return what the tokens of so many bars must keep to."""
        return Constraints(bars, pitches=self._pitches(key_lock), key=self.key)

    def words(self) -> list[str]:
        """Return the text before it, of which there is none."""
        return []

    def frame(self, bars: int, key_lock: bool) -> Frame:
        """Return what the text of so many bars must keep to."""
        return Frame(bars, pitches=self._pitches(key_lock), meter=self.meter, key=self.key)

    def tokens(self, written: Written) -> Ids:
        """Turn drawn text into the tokens of a tune behind its start."""
        place = written.place or Place(0, DEFAULT_METER, self.key or Key(0, 0))
        rows = [(*row, 80, 0) for row in joined(written.notes)]
        if not rows:
            return np.array([v.meter_id(place.meter), v.key_id(place.key), v.BAR], dtype=np.int32)
        meters, keys = table([(0, *place.meter)], METER), table([(0, *place.key)], KEY)
        line = Score(notes=table(rows, NOTE), meters=meters, keys=keys, resolution=GRID)
        return codec.encode(line, until=place.tick)[1:-1]

    def _pitches(self, key_lock: bool) -> Mask | None:
        if key_lock and self.key is None:
            raise UsageError("without a seed there is no scale to stay in: name a key too")
        return pitch_classes(self.key.scale) if key_lock and self.key else None

    def finish(self, ids: Ids) -> tuple[Score, Score]:
        """Return the tune of new tokens, twice."""
        tune = as_tune(np.append(self.before, ids))
        return tune, tune
