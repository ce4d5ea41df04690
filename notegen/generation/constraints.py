"""Constraints: what a take must keep to, as masks over the next token.

The grammar says what could follow in any piece; constraints say what may follow in this one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Mask
from notegen.codecs.parts_grammar import PartsGrammar
from notegen.codecs.vocabulary import INDEX, Ids
from notegen.generation.course import Course
from notegen.generation.ledger import AnyGrammar, Ledger
from notegen.keys import Key
from notegen.score import Score

_TICKS = np.arange(v.LONGEST_BAR)
_POSITION = slice(v.FIRST["position"], v.FIRST["position"] + v.LONGEST_BAR)
_RELEASE = slice(v.FIRST["release"], v.FIRST["release"] + v.LONGEST_RELEASE)
_ENDS = np.arange(v.LONGEST_RELEASE) + 1
_KEY = slice(v.FIRST["key"], v.FIRST["key"] + len(v.KEYS))
_HEAD = np.isin(v.KIND, [INDEX[name] for name in ("meter", "key", "tempo", "pickup")])
_NOTES = np.isin(v.KIND, [INDEX[name] for name in ("part", "velocity", "pitch", "drum")])
_SOUNDING = np.isin(v.KIND, [INDEX[name] for name in ("velocity", "pitch")])
_PART = slice(v.FIRST["part"], v.FIRST["part"] + v.PARTS)
_FAR = 1 << 30
_FEW = 8  # notes
_SOUND = np.isin(np.arange(len(v.TABLE)), [INDEX["pitch"], INDEX["drum"]])  # by kind


@dataclass(frozen=True)
class Constraints:
    """The frame of a continuation.

    Parameters
    ----------
    last_bar : int
        How many bars, the seed's counted in, there are when the take is complete.
    fill : int
        Which bar (counted likewise) is the seed's unfinished one, to be given a note before it may
        end; 0 if the seed ends on a bar line.
    floor : int
        The tick of that bar before which nothing new may begin.
    key : Key, optional
        The key of a tune from nothing.
    course : Course, optional
        The rules that people ask for; see `notegen.generation.rules`.
    lines : array of bool, shape (16,), optional
        Which parts are single lines and stay so: no note of one begins while another sounds. Where there are
        rules too, these alone are kept.
    """

    last_bar: int
    fill: int = 0
    floor: int = 0
    key: Key | None = None
    course: Course | None = None
    lines: Mask | None = None

    def apply(self, mask: Mask, grammar: AnyGrammar, fresh: Mask) -> None:
        """Narrow a mask of shape (batch, vocabulary) in place.

        Parameters
        ----------
        mask : array of bool
            What the grammar allows.
        grammar : Grammar or PartsGrammar
        fresh : array of bool, shape (batch,)
            Which takes have no new note yet.
        """
        begun = grammar.bars > 0
        mask[np.ix_(begun, _HEAD[: mask.shape[1]])] = False
        mask[:, v.PICKUP] = False
        end = grammar.cursor
        if isinstance(grammar, PartsGrammar):
            end = grammar.end
            mask[:, v.GAP] = mask[:, v.FILL] = False
        last = grammar.bars >= self.last_bar
        mask[~last, v.END] = False
        to_come = np.maximum(self.last_bar - grammar.bars, 0) * grammar.next_length
        room = grammar.length + to_come - np.where(grammar.held, end, 0)
        mask[:, _RELEASE] &= room[:, None] >= _ENDS
        if self.key is not None:
            mask[:, _KEY] &= np.arange(len(v.KEYS)) == v.key_id(self.key) - v.FIRST["key"]
        if self.fill:
            self._fill(mask, grammar, fresh)
        if self.lines is not None and self.course is None and isinstance(grammar, PartsGrammar):
            _keep_lines(mask, grammar, self.lines)

    def _fill(self, mask: Mask, grammar: AnyGrammar, fresh: Mask) -> None:
        waiting = fresh & (grammar.bars == self.fill)
        mask[waiting, v.BAR] = False
        mask[waiting, _POSITION] &= self.floor <= _TICKS
        direct = waiting & (grammar.cursor < self.floor) & (grammar.kind != INDEX["position"])
        mask[np.ix_(direct, _NOTES[: mask.shape[1]])] = False

    def complete(self, ids: Ids, grammar: AnyGrammar) -> Mask:
        """Return which takes are complete with the token that each is about to take."""
        begins = (ids == v.BAR) & (grammar.bars >= self.last_bar)
        ended: Mask = begins | (ids == v.END)
        return ended


class Guide:
    """Leads the sampler through tunes: grammar and constraints of a batch of takes.

    Parameters
    ----------
    grammar : Grammar or PartsGrammar
        Where the takes stand; its batch says how many there are.
    constraints : Constraints

    Raises
    ------
    UsageError
        If the rules cannot be kept behind such a beginning.
    """

    def __init__(self, grammar: AnyGrammar, constraints: Constraints) -> None:
        self.grammar, self.constraints = grammar, constraints
        self.alive, self._fresh = (np.ones(len(grammar.kind), dtype=bool) for _ in range(2))
        course = constraints.course
        self._ledger = Ledger(course, grammar) if course else None

    def mask(self) -> Mask:
        """Return what may come next, shape (takes, vocabulary)."""
        mask = self.grammar.mask()
        self.constraints.apply(mask, self.grammar, self._fresh)
        if self._ledger:
            self._ledger.narrow(mask, self.grammar)
        mask[~self.alive, v.END] = True
        return mask

    def advise(self, log_probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Leave the network's log-probabilities as they are."""
        return log_probabilities

    def advance(self, tokens: Ids) -> Ids:
        """Take one token each, and return what the network is to read; complete takes end before it."""
        self.alive &= ~self.constraints.complete(tokens, self.grammar)
        taken = np.where(self.alive, tokens, v.END)
        if self._ledger:
            self._ledger.advance(taken, self.grammar)
        self.grammar.advance(taken)
        self._fresh &= ~_SOUND[v.KIND[tokens]]
        return tokens


def _keep_lines(mask: Mask, grammar: PartsGrammar, lines: Mask) -> None:
    """Let no note of a single line begin while another one of it sounds."""
    until = np.where(lines, grammar.sounding.max(axis=2), 0)  # (batch, 16)
    busy = until > grammar.cursor[:, None]
    begun = grammar.bars > 0
    mask[:, _PART] &= ~(busy & begun[:, None])
    held = busy[np.arange(len(busy)), grammar.part] & begun
    mask[np.ix_(held, _SOUNDING)] = False
    free = np.where(grammar.declared, until, _FAR).min(axis=1)  # from when on a note may begin at all
    mask[:, _POSITION] &= ~begun[:, None] | (free[:, None] <= _TICKS)


def single_lines(score: Score, numbers: Sequence[int]) -> Mask:
    """Return which parts never have two notes at once, shape (16,).

    Parameters
    ----------
    score : Score
        As `notegen.arrange.arrange` returns it.
    numbers : sequence of int
        The part of each of its tracks. One with few notes is no line yet, nor are drums.
    """
    lines = np.zeros(v.PARTS, dtype=bool)
    for track, part in enumerate(numbers):
        notes = score.notes[score.notes["track"] == track]
        over = notes["onset"][:-1] + notes["duration"][:-1] > notes["onset"][1:]
        lines[part] = len(notes) >= _FEW and not over.any() and not score.tracks[track].is_drum
    return lines


def pitch_classes(scale: frozenset[int]) -> Mask:
    """Return which MIDI pitches belong to a set of pitch classes."""
    return np.isin(np.arange(128) % 12, list(scale))
