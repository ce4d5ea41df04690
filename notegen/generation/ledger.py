"""The ledger: how each take stands with the rules, and which tokens these leave it.

No token is left that would lead to a place where the rules cannot be met any more: notes that are still
owed to a bar keep their room in it, a voice falls silent in time for them, and the last bar can always come
to its close.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar, Mask
from notegen.codecs.parts_grammar import PartsGrammar
from notegen.codecs.vocabulary import INDEX, Ids
from notegen.errors import UsageError
from notegen.generation.course import NONE, UNLIMITED, Course

AnyGrammar = Grammar | PartsGrammar
Ticks = NDArray[np.int64]

_POSITION = slice(v.FIRST["position"], v.FIRST["position"] + v.LONGEST_BAR)
_PITCH = slice(v.FIRST["pitch"], v.FIRST["pitch"] + v.PITCHES)
_RELEASE = slice(v.FIRST["release"], v.FIRST["release"] + v.LONGEST_RELEASE)
_PART = slice(v.FIRST["part"], v.FIRST["part"] + v.PARTS)
_VELOCITY = slice(v.FIRST["velocity"], v.FIRST["drum"])
_DRUM = slice(v.FIRST["drum"], v.FIRST["drum"] + 128)
_DRUMS = v.FIRST["program"] + v.DRUMS
_TICKS = np.arange(v.LONGEST_BAR)
_ENDS = np.arange(v.LONGEST_RELEASE) + 1
_SEMITONES = np.arange(v.PITCHES) - v.LOWEST
_PITCHES = np.arange(128)
_FAR = 1 << 30


class _Now(NamedTuple):
    """How each take stands before its next token; arrays have shape (batch,)."""

    tick: Ticks  # where in the bar a note may begin; of no account behind the bar
    last: Mask  # in the bar that comes to a close
    settled: Mask  # its close has its tonic
    left: Ticks  # how many more notes may begin in the bar
    need: Ticks  # how many more must
    until: Ticks  # where the first of these begins at the latest
    spare: Ticks  # how many voices are silent


class Ledger:
    """A batch of takes under rules.

    Parameters
    ----------
    course : Course
    grammar : Grammar or PartsGrammar
        Where the takes begin.

    Raises
    ------
    UsageError
        If what sounds at the beginning, or the lack of parts with pitches, makes the rules impossible.
    """

    def __init__(self, course: Course, grammar: AnyGrammar) -> None:
        batch = len(grammar.kind)
        self.course = course
        self._count, self._slot, self._end = (np.zeros(batch, dtype=np.int64) for _ in range(3))
        self._closed = np.zeros(batch, dtype=bool)
        self._low, self._pitch = np.full(batch, NONE), np.full(batch, NONE)
        rules = course.voices, course.most < UNLIMITED, course.least, course.close
        self._counts = any(rules)  # else there is nothing to be kept in mind
        held = self._held(grammar)
        self._latest = held[:, -1].copy()  # where all notes so far have ended
        self._voices = 1 if isinstance(grammar, Grammar) else course.voices
        # until when each voice sounds; without a limit two voices stand for those that are always silent
        self._ends = np.full((batch, 2), -_FAR) if self._voices is None else held[:, -self._voices :]
        self._check(grammar)

    def _held(self, grammar: AnyGrammar) -> Ticks:
        """Return until when notes sound that have begun already, shape (batch, notes), in order."""
        if isinstance(grammar, Grammar):
            return grammar.cursor[:, None].copy()
        pitched = _pitched(grammar)
        ends = np.where(pitched[:, :, None], grammar.sounding, 0).reshape(len(pitched), -1)
        ordered: Ticks = np.sort(ends, axis=1)
        return ordered

    def _check(self, grammar: AnyGrammar) -> None:
        course, close = self.course, self.course.close
        begun = grammar.bars > 0
        if not begun.any():
            return
        if close and isinstance(grammar, PartsGrammar) and not _pitched(grammar).any():
            raise UsageError("nothing but drums goes on, and drums cannot come to a close in a key")
        away = (course.first - 1 - grammar.bars) * grammar.next_length + grammar.length  # of the first bar
        late = self._ends.min(axis=1) > away + self._until(grammar.next_length, course.first)
        if close:
            bars = course.last - course.first
            late |= self._latest > away + bars * grammar.next_length + close.latest
        if (late & begun).any():
            raise UsageError(
                "the notes that are held over leave the rules no room; continue from a later bar"
            )

    def _until(self, length: Ticks, bar: int | Ticks, begun: int | Ticks = 0) -> Ticks:
        """Return at which tick of a bar the first note that it still needs begins at the latest.

        Parameters
        ----------
        length : array of int, shape (batch,)
            The bar's ticks.
        bar : int or array of int, shape (batch,)
            Its number.
        begun : int or array of int, shape (batch,)
            How many notes have begun in it.
        """
        course, close = self.course, self.course.close
        need = np.where(bar >= course.first, course.least, 0) - begun
        until = np.where(need > 0, length - need * course.room, _FAR)
        if close is not None:
            closing = close.latest - np.maximum(need - 1, 0) * close.room
            until = np.where(bar == course.last, closing, until)
        return until

    def _look(self, grammar: AnyGrammar) -> _Now:
        course, close = self.course, self.course.close
        need = np.where(grammar.bars >= course.first, course.least - self._count, 0)
        until = self._until(grammar.length, grammar.bars, self._count)
        last = settled = np.zeros(len(need), dtype=bool)
        if close is not None:
            last = grammar.bars == course.last
            settled = self._closed & np.append(close.tonic, False)[self._low]
            need = np.maximum(need, last & ~settled)
        spare = (self._ends <= grammar.cursor[:, None]).sum(axis=1)
        tick = np.minimum(grammar.cursor, v.LONGEST_BAR - 1)
        return _Now(tick, last, settled, course.most - self._count, need, until, spare)

    def narrow(self, mask: Mask, grammar: AnyGrammar) -> None:
        """Narrow a mask of shape (batch, vocabulary) in place to what the rules leave."""
        course = self.course
        bar = np.clip(grammar.bars - course.first + 1, 0, len(course.at) - 1)
        tick = np.minimum(grammar.cursor, v.LONGEST_BAR - 1)
        tones: Mask = course.tones[course.at[bar, tick]]  # (batch, 128): which pitches may begin now
        if self._counts:
            self._narrow_counted(mask, tones, grammar)
        sounding = np.clip(_SEMITONES + grammar.tonic[:, None], 0, 127)
        mask[:, _PITCH] &= np.take_along_axis(tones, sounding, axis=1)
        if isinstance(grammar, PartsGrammar):
            lower = (tones & (grammar.pitch[:, None] > _PITCHES)).any(axis=1)
            is_drum = grammar.drums[np.arange(len(mask)), grammar.part]
            mask[:, _VELOCITY] &= (is_drum | lower)[:, None]

    def _narrow_counted(self, mask: Mask, tones: Mask, grammar: AnyGrammar) -> None:
        """Narrow a mask, and the pitches that may begin, to what voices, density and a close leave."""
        now = self._look(grammar)
        tones &= ((now.left > 0) & (now.spare > 0))[:, None]
        if now.last.any():
            self._narrow_close(tones, now)
        if self.course.least or self.course.close:
            self._narrow_releases(mask, grammar, now)
        drums: Mask | None = None
        if isinstance(grammar, PartsGrammar):
            drums = self._drums(grammar, now)
            self._narrow_parts(mask, grammar, tones, drums)
        self._narrow_positions(mask, now, drums)
        owing = now.need > 0
        mask[owing, v.BAR] = mask[owing, v.END] = False
        mask[now.last, v.BAR] = False

    def _narrow_close(self, tones: Mask, now: _Now) -> None:
        """In the last bar, leave what may stand in the close, or before it, in place."""
        close = self.course.close
        assert close is not None
        tick = now.tick
        low = np.where(self._closed, self._low, NONE)[:, None]
        lowest = close.lowest[tick][:, None]
        more = ((now.left > 1) & (now.spare > 1))[:, None]
        below = close.tonic & (low > _PITCHES)
        unsettled = below | close.triad & more & (lowest < np.minimum(low, _PITCHES))
        settled = close.triad & (low < _PITCHES) | below
        closing = tones & np.where(now.settled[:, None], settled, unsettled)
        closing &= (self._closed | close.places[tick] & (self._latest <= tick))[:, None]
        free = (~self._closed & (tick < close.latest) & (now.left > 1))[:, None]
        tones[:] = np.where(now.last[:, None] & ~free, closing, tones)

    def _drums(self, grammar: PartsGrammar, now: _Now) -> Mask:
        """Return for which parts a drum may be struck now, shape (batch, 16)."""
        drums: Mask = grammar.drums & (now.left > 0)[:, None]
        close = self.course.close
        if close is not None:
            later = np.cumsum(_pitched(grammar)[:, ::-1], axis=1)[:, ::-1] > 0
            free = np.logical_or(now.settled, ~self._closed & (grammar.cursor < close.latest))
            allowed = (now.left > 1 - now.settled)[:, None] & (free[:, None] | later)
            drums &= ~now.last[:, None] | allowed
        return drums

    def _narrow_parts(self, mask: Mask, grammar: PartsGrammar, tones: Mask, drums: Mask) -> None:
        """Leave the parts behind which a note may begin, and the drums that may."""
        begun = grammar.bars > 0
        pitched = tones.any(axis=1, keepdims=True) & ~grammar.drums
        mask[:, _PART] &= ~begun[:, None] | drums | pitched
        rows = np.arange(len(mask))
        silent = grammar.drums[rows, grammar.part] & ~drums[rows, grammar.part]
        mask[silent, _VELOCITY] = mask[silent, _DRUM] = False
        if self.course.close is not None:  # the first part has pitches, so that it can close
            mask[~grammar.declared.any(axis=1), _DRUMS] = False

    def _narrow_positions(self, mask: Mask, now: _Now, drums: Mask | None) -> None:
        """Leave the onsets at which a note may begin, and from which on the rest of the bar can be kept."""
        free = self._ends.min(axis=1)
        if drums is not None:
            free = np.where(drums.any(axis=1), 0, free)
        allowed = (now.until[:, None] >= _TICKS) & (free[:, None] <= _TICKS)
        allowed &= ((now.left > 0) & ~self._closed)[:, None]
        if now.last.any():
            assert self.course.close is not None
            must = (now.last & (now.left == 1))[:, None]
            allowed &= ~must | self.course.close.places & (self._latest[:, None] <= _TICKS)
        mask[:, _POSITION] &= allowed

    def _narrow_releases(self, mask: Mask, grammar: AnyGrammar, now: _Now) -> None:
        """Leave the ends that free a voice in time for what must come."""
        rows = ((grammar.kind == INDEX["pitch"]) | grammar.held).nonzero()[0]
        if not len(rows):
            return
        length, bars = grammar.length[rows], grammar.bars[rows]
        ends = _ENDS + np.where(grammar.held, self._end, 0)[rows, None]
        others = self._ends[rows].copy()
        if self._voices is not None:
            others[np.arange(len(rows)), self._slot[rows]] = _FAR
        following = length + self._until(grammar.next_length[rows], bars + 1)
        following[bars >= self.course.last] = _FAR
        limit = np.where(now.need[rows] > 0, now.until[rows], following)
        limit[others.min(axis=1) <= limit] = _FAR
        close = self.course.close
        if close is not None:
            home = length + (self.course.last - bars - 1) * grammar.next_length[rows] + close.latest
            limit = np.minimum(limit, np.where(now.last[rows], close.latest, home))
        allowed = ends <= limit[:, None]
        if now.last.any():
            self._narrow_last(allowed, rows, grammar.length[rows], now)
        mask[rows, _RELEASE] &= allowed

    def _narrow_last(self, allowed: Mask, rows: Ticks, length: Ticks, now: _Now) -> None:
        """In the last bar, let notes end with the bar if they close it, or else in time for the close."""
        close = self.course.close
        assert close is not None
        tick, pitch, closed = now.tick[rows], self._pitch[rows], self._closed[rows]
        more = (now.left[rows] > 0) & (now.spare[rows] > 0) & (close.lowest[tick] < pitch)
        may = close.places[tick] & (self._latest[rows] <= tick) & (self._count[rows] >= self.course.least)
        may &= close.triad[pitch] & (close.tonic[pitch] | more)
        go_on = ~closed & (tick < close.latest) & (now.left[rows] > 0)
        last = now.last[rows]
        allowed[last & ~go_on] = False
        at_end = length[:, None] == _ENDS
        allowed |= at_end & (last & (closed | may))[:, None]

    def advance(self, ids: Ids, grammar: AnyGrammar) -> None:
        """Take in the next token of each take, which the grammar does not know yet."""
        if not self._counts:
            return
        kinds = v.KIND[ids]
        bars = ((kinds == INDEX["bar"]) | (kinds == INDEX["pickup"])).nonzero()[0]
        if len(bars):
            gone = np.where(grammar.bars[bars] > 0, grammar.length[bars], 0)
            self._ends[bars] -= gone[:, None]
            self._latest[bars] -= gone
            self._end[bars] -= gone
            self._count[bars] = 0
        self._count += (kinds == INDEX["pitch"]) | (kinds == INDEX["drum"])
        begun = (kinds == INDEX["pitch"]).nonzero()[0]
        if len(begun):
            self._begin(begun, v.VALUE[ids[begun]] - v.LOWEST + grammar.tonic[begun])
        released = (kinds == INDEX["release"]).nonzero()[0]
        if len(released):
            self._release(released, v.VALUE[ids[released]] + 1, grammar)

    def _begin(self, rows: Ticks, pitch: Ticks) -> None:
        """Give a note to the voice that has been silent for longest."""
        self._pitch[rows] = pitch
        self._slot[rows] = self._ends[rows].argmin(axis=1)
        if self._voices is not None:
            self._ends[rows, self._slot[rows]] = _FAR
        self._low[rows] = np.where(self._closed[rows], np.minimum(self._low[rows], pitch), NONE)

    def _release(self, rows: Ticks, end: Ticks, grammar: AnyGrammar) -> None:
        chained = grammar.kind[rows] == INDEX["release"]
        end = end + np.where(chained, self._end[rows], 0)
        self._end[rows] = end
        self._latest[rows] = np.maximum(self._latest[rows], end)
        if self._voices is not None:
            self._ends[rows, self._slot[rows]] = end
        if self.course.close is not None:
            closing = (grammar.bars[rows] == self.course.last) & (end == grammar.length[rows])
            self._closed[rows] |= closing
            self._low[rows] = np.where(closing, np.minimum(self._low[rows], self._pitch[rows]), NONE)


def _pitched(grammar: PartsGrammar) -> Mask:
    """Return which parts there are that have pitches, shape (batch, 16)."""
    pitched: Mask = grammar.declared & ~grammar.drums
    return pitched
