"""Tokens of parts read back, one after the other; `notegen.codecs.parts` says what they mean."""

from copy import copy
from typing import NamedTuple

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import pickup_meter
from notegen.codecs.vocabulary import Ids
from notegen.errors import FormatError
from notegen.melody import GRID
from notegen.score import DRUM_CHANNEL, KEY, METER, NOTE, TEMPO, Score, Table, Track, table

_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]


class _Place(NamedTuple):
    """What is in force before a gap."""

    next_bar: int
    length: int
    tonic: int
    part: int
    velocities: list[int]


class Reader:
    """What has been read of a piece; a method for each kind of token that says something."""

    def __init__(self) -> None:
        self._notes: list[list[int]] = []  # as the rows of a note table
        self._meters: list[tuple[int, int, int]] = []
        self._keys: list[tuple[int, int, int]] = []
        self._tempos: list[tuple[int, int]] = []
        self._programs: dict[int, int] = {}  # by part, in order
        self._before = v.INDEX["pad"]  # the kind of the last token
        self._bar = self._next_bar = self._cursor = self._tonic = 0
        self._length, self._part = v.WHOLE, -1
        self._velocities = [-1] * v.PARTS  # -1: not told yet
        self._sounding = -1  # the pitch of a note whose end is not told yet
        self._missing: _Place | None = None

    def read(self, ids: Ids) -> None:
        """Read tokens as far as the end of the piece.

        Raises
        ------
        FormatError
            If they break the grammar.
        """
        steps = [getattr(self, f"_read_{kind.name}", None) for kind in v.TABLE]
        for kind, value in zip(v.KIND[ids].tolist(), v.VALUE[ids].tolist(), strict=True):
            step = steps[kind]
            if step is not None:
                step(value)
            elif kind == v.INDEX["end"]:
                break
            self._before = kind

    def score(self) -> Score:
        """Return what has been read as a score of resolution 24.

        Raises
        ------
        FormatError
            If it holds what no score does.
        """
        if not self._meters:
            raise FormatError("the tokens do not begin with a meter")
        return Score(
            notes=self.notes(),
            tracks=self._tracks(),
            tempos=table(self._tempos, TEMPO),
            meters=table(self._meters, METER),
            keys=table(self._keys, KEY),
            resolution=GRID,
        )

    def notes(self) -> Table:
        """Return the notes that have been read, sorted; their tracks are the declared parts in order.

        Raises
        ------
        FormatError
            If they hold what no score does.
        """
        notes = np.array(list(map(tuple, self._notes)), dtype=NOTE)
        notes["track"] = np.searchsorted(list(self._programs), notes["track"])
        notes = notes[np.lexsort((-notes["pitch"], notes["track"], notes["onset"]))]
        _check(notes)
        return table(notes, NOTE)

    def ahead(self) -> "Reader":
        """Return a reader that goes on from here, and whose notes are those to come alone."""
        reader = copy(self)
        reader._notes, reader._velocities = [], self._velocities.copy()
        reader._meters, reader._keys = self._meters.copy(), self._keys.copy()
        reader._tempos = self._tempos.copy()
        return reader

    def _tracks(self) -> tuple[Track, ...]:
        return tuple(
            Track("", 0, DRUM_CHANNEL)
            if program == v.DRUMS
            else Track("", program, _CHANNELS[i % len(_CHANNELS)])
            for i, program in enumerate(self._programs.values())
        )

    def _read_meter(self, value: int) -> None:
        self._meters.append((self._next_bar, *v.METERS[value]))
        self._length = int(v.METER_LENGTH[value])

    def _read_key(self, value: int) -> None:
        self._keys.append((self._next_bar, *v.KEYS[value]))
        self._tonic = v.tonic(v.FIRST["key"] + value)

    def _read_tempo(self, value: int) -> None:
        self._tempos.append((self._next_bar, int(v.MICROSECONDS[value])))

    def _read_program(self, value: int) -> None:
        self._programs[self._part] = value
        self._part = -1

    def _read_bar(self, _: int) -> None:
        self._bar = self._cursor = self._next_bar
        self._next_bar += self._length

    _read_pickup = _read_bar

    def _read_gap(self, _: int) -> None:
        if self._missing is None:
            now = self._next_bar, self._length, self._tonic, self._part, self._velocities.copy()
            self._missing = _Place(*now)
        self._read_bar(0)

    def _read_fill(self, _: int) -> None:
        if self._missing is None:
            raise FormatError("the tokens fill a gap that is not there")
        self._next_bar, self._length, self._tonic, self._part, self._velocities = self._missing

    def _read_position(self, value: int) -> None:
        if self._before != v.INDEX["pickup"]:
            self._cursor = self._bar + value
            return
        if not self._meters or self._bar or not 0 < value < self._length:
            raise FormatError("the tokens hold a pickup that is not at the beginning")
        self._meters.insert(0, (0, *pickup_meter(self._length - value, self._meters)))
        self._bar, self._next_bar = -value, self._length - value
        self._meters[1] = (self._next_bar, *self._meters[1][1:])

    def _read_part(self, value: int) -> None:
        self._part = value

    def _read_velocity(self, value: int) -> None:
        self._velocities[self._part] = value * v.LOUDNESS + v.LOUDNESS // 2

    def _read_pitch(self, value: int) -> None:
        self._expect(drums=False)
        self._sounding = value - v.LOWEST + self._tonic

    def _read_drum(self, value: int) -> None:
        self._expect(drums=True)
        self._add(v.DRUM_LENGTH, value)

    def _expect(self, drums: bool) -> None:
        """See that the present part may have such a note, and that its loudness is told."""
        told = self._part in self._programs and self._velocities[self._part] >= 0
        if not told or (self._programs[self._part] == v.DRUMS) != drums:
            raise FormatError("the tokens hold a note of no part that could play it")

    def _read_release(self, value: int) -> None:
        if self._before == v.INDEX["pitch"]:
            self._add(self._bar + value + 1 - self._cursor, self._sounding)
        elif self._before == v.INDEX["release"] and self._notes:
            self._notes[-1][1] += value + 1
        else:
            raise FormatError("the tokens end a note that has not begun")

    def _add(self, duration: int, pitch: int) -> None:
        self._notes.append([self._cursor, duration, pitch, self._velocities[self._part], self._part])


def _check(notes: Table) -> None:
    """See that notes end behind their beginning, and lie in the range of MIDI."""
    if len(notes) and (notes["duration"].min() < 1 or notes["pitch"].min() < 0 or notes["pitch"].max() > 127):
        raise FormatError("the tokens hold a note that ends before it begins, or has no MIDI pitch")
