"""Score: what a piece of music is here.

A score is tables: notes, channel events, and the maps of tempo, meter and key. All times are integer
ticks, `Score.resolution` ticks a quarter note. A pickup is a first meter that lasts one bar and is
shorter than the one that follows it, as notation programs write it.

Scores do not change: their arrays are read-only, and every operation returns a new score.
"""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache
from os import PathLike
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.keys import Key

Table = NDArray[np.void]  # a structured array of one of the types below

NOTE = np.dtype(
    [
        ("onset", np.int64),
        ("duration", np.int64),
        ("pitch", np.int16),
        ("velocity", np.int16),
        ("track", np.int32),
    ]
)
EVENT = np.dtype(
    [("tick", np.int64), ("track", np.int32), ("status", np.uint8), ("data1", np.uint8), ("data2", np.uint8)]
)
TEMPO = np.dtype([("tick", np.int64), ("microseconds", np.int64)])  # per quarter note
METER = np.dtype([("tick", np.int64), ("numerator", np.int32), ("denominator", np.int32)])
KEY = np.dtype([("tick", np.int64), ("fifths", np.int32), ("mode", np.int32)])

DRUM_CHANNEL = 9
DEFAULT_TEMPO = 500_000  # microseconds a quarter: 120 beats a minute
DEFAULT_METER = (4, 4)


@dataclass(frozen=True)
class Track:
    """One instrument's part: its name, General MIDI program (0 to 127) and channel (0 to 15)."""

    name: str = ""
    program: int = 0
    channel: int = 0

    @property
    def is_drum(self) -> bool:
        """Whether the part is percussion, where pitches name instruments."""
        return self.channel == DRUM_CHANNEL


class Source(NamedTuple):
    """The MIDI file that a score begins with, byte for byte.

    `data` is the file, and the first `notes` rows of the note table are its notes. Writing a score
    that has a source repeats these bytes and adds what comes after them, so nothing that the tables
    do not hold (lyrics, system exclusive messages, …) is lost.
    """

    data: bytes
    notes: int


class Span(NamedTuple):
    """A part of a score, for example what of a take is new, in ticks; without a `stop`, up to the end."""

    start: int
    stop: int | None = None


def table(rows: Any, dtype: np.dtype[Any]) -> Table:
    """Return rows as a read-only structured array; a copy only where one is needed."""
    array = np.asarray(rows, dtype=dtype)
    array.flags.writeable = False
    return array


@dataclass(frozen=True, eq=False)
class Score:
    """Notes, tracks, and the maps of tempo, meter and key.

    Parameters
    ----------
    notes : structured array of `NOTE`, shape (notes,), sorted by onset
    tracks : tuple of Track
    tempos, meters, keys : structured arrays of `TEMPO`, `METER` and `KEY`, sorted by tick
        Tempos and meters that do not begin at tick 0 are preceded by 120 beats a minute and 4/4.
    events : structured array of `EVENT`
        Channel messages other than notes: controllers, pitch bends, program changes, pressure.
    resolution : int
        Ticks a quarter note.
    title : str
    source : Source, optional
        The file that the score was read from.

    Examples
    --------
    >>> score = Score.of([(0, 24, 62), (24, 24, 64)], resolution=24)
    >>> score.end, score.transpose(2).notes["pitch"].tolist()
    (48, [64, 66])
    """

    notes: Table = field(default_factory=lambda: table([], NOTE))
    tracks: tuple[Track, ...] = (Track(),)
    tempos: Table = field(default_factory=lambda: table([], TEMPO))
    meters: Table = field(default_factory=lambda: table([], METER))
    keys: Table = field(default_factory=lambda: table([], KEY))
    events: Table = field(default_factory=lambda: table([], EVENT))
    resolution: int = 480
    title: str = ""
    source: Source | None = None

    @classmethod
    def of(
        cls, notes: list[tuple[int, int, int]], *, meter: tuple[int, int] = DEFAULT_METER, **rest: Any
    ) -> "Score":
        """Build a score of one track from (onset, duration, pitch) triples and a meter."""
        rows = table([(*note, 80, 0) for note in notes], NOTE)
        return cls(notes=rows, meters=table([(0, *meter)], METER), **rest)

    @property
    def end(self) -> int:
        """The tick at which the last note ends; 0 without notes."""
        return int((self.notes["onset"] + self.notes["duration"]).max()) if len(self.notes) else 0

    def key_at(self, tick: int) -> Key | None:
        """Return the written key in force at a tick, or None."""
        row = _in_force(self.keys, tick)
        return None if row is None else Key(int(row["fifths"]), int(row["mode"]))

    def meter_at(self, tick: int) -> tuple[int, int]:
        """Return numerator and denominator of the meter in force at a tick."""
        row = _in_force(self.meters, tick)
        return DEFAULT_METER if row is None else (int(row["numerator"]), int(row["denominator"]))

    def tempo_at(self, tick: int) -> int:
        """Return the tempo in force at a tick, in microseconds a quarter note."""
        row = _in_force(self.tempos, tick)
        return DEFAULT_TEMPO if row is None else int(row["microseconds"])

    def bar_length(self, meter: tuple[int, int]) -> int:
        """Return the length of a bar in ticks (at least 1)."""
        return max(1, round(Fraction(4 * self.resolution * meter[0], meter[1])))

    def bars(self, until: int | None = None) -> NDArray[np.int64]:
        """Return the ticks at which bars begin, up to and including the first at or after `until`.

        Without `until`, up to the bar line that closes the bar in which the last note ends. A change
        of meter begins a bar wherever it stands.
        """
        until = self.end if until is None else until
        meters = self.meters if len(self.meters) and self.meters["tick"][0] == 0 else None
        changes = [] if meters is None else meters.tolist()
        if meters is None:
            changes = [(0, *DEFAULT_METER), *self.meters.tolist()]
        pieces = []
        for i, (tick, numerator, denominator) in enumerate(changes):
            if tick > until:
                break
            stop = changes[i + 1][0] if i + 1 < len(changes) else None
            length = self.bar_length((numerator, denominator))
            last = tick + -(-(until - tick) // length) * length
            pieces.append(np.arange(tick, last + 1 if stop is None else min(stop, last + 1), length))
        starts = np.concatenate(pieces)
        if starts[-1] < until:  # a change of meter just after `until` closes the last bar
            starts = np.append(starts, next(tick for tick, *_ in changes if tick >= until))
        return starts

    def transpose(self, semitones: int) -> "Score":
        """Return the score so many semitones higher; drums stay as they are."""
        drums = np.array([track.is_drum for track in self.tracks])
        notes, keys = self.notes.copy(), self.keys.copy()
        notes["pitch"] += np.where(drums[notes["track"]], 0, semitones).astype(np.int16)
        for row in keys:
            row["fifths"] = Key(int(row["fifths"]), int(row["mode"])).transposed(semitones).fifths
        return replace(self, notes=table(notes, NOTE), keys=table(keys, KEY), source=None)

    def quantize(self, resolution: int = 24) -> "Score":
        """Return the score on another grid: every time rounded to `resolution` ticks a quarter.

        Notes are at least one tick long. To a multiple of the present resolution, nothing is lost.
        """
        notes = self.notes.copy()
        notes["onset"] = rescale(self.notes["onset"], self.resolution, resolution)
        ends = rescale(self.notes["onset"] + self.notes["duration"], self.resolution, resolution)
        notes["duration"] = np.maximum(1, ends - notes["onset"])
        maps: dict[str, Any] = {}
        for name in ("tempos", "meters", "keys", "events"):
            rows = getattr(self, name).copy()
            rows["tick"] = rescale(rows["tick"], self.resolution, resolution)
            maps[name] = table(rows, rows.dtype)
        return replace(self, notes=table(notes, NOTE), resolution=resolution, source=None, **maps)

    def cut(self, start: int, stop: int) -> "Score":
        """Return the part from tick `start` to `stop`, moved to tick 0, with the maps in force there."""
        inside = (self.notes["onset"] >= start) & (self.notes["onset"] < stop)
        notes = self.notes[inside].copy()
        notes["duration"] = np.minimum(notes["duration"], stop - notes["onset"])
        notes["onset"] -= start
        maps: dict[str, Any] = {}
        for name in ("tempos", "meters", "keys"):
            rows = getattr(self, name)
            rows = rows[(np.append(rows["tick"][1:], stop) > start) & (rows["tick"] < stop)].copy()
            rows["tick"] = np.maximum(rows["tick"] - start, 0)
            maps[name] = table(rows, rows.dtype)
        events = self.events[(self.events["tick"] >= start) & (self.events["tick"] < stop)].copy()
        events["tick"] -= start
        return replace(self, notes=table(notes, NOTE), events=table(events, EVENT), source=None, **maps)

    def join(self, notes: Table) -> "Score":
        """Return this score followed by more notes, which keep the file that it was read from.

        Parameters
        ----------
        notes : structured array of `NOTE`
            Rows whose tracks are tracks of this score and whose onsets lie after all present ones.
        """
        return replace(self, notes=table(np.concatenate([self.notes, notes]), NOTE))

    def write(self, path: str | PathLike[str], *, force: bool = False) -> None:
        """Write the score as MIDI, ABC or MusicXML, by the name's ending; see `notegen.formats.write`."""
        from notegen import formats  # the format modules stand on this one

        formats.write(self, path, force=force)

    def _repr_html_(self) -> str:
        """Show the score in a notebook, as a picture and a player."""
        from notegen.rendering import notebook  # the same holds for it

        return notebook.html(self)


def rescale(ticks: NDArray[np.int64], old: int, new: int) -> NDArray[np.int64]:
    """Return times in ticks of another resolution, rounded to the nearest (halves up)."""
    if old == new:
        return ticks
    return (2 * ticks * new + old) // (2 * old)


@lru_cache(maxsize=4096)
def meter_of(length: int, denominator: int, resolution: int) -> tuple[int, int] | None:
    """Return the meter whose bar is `length` ticks, in units of 1/denominator or shorter (to 1/32).

    Examples
    --------
    >>> meter_of(12, 8, 24), meter_of(12, 4, 24), meter_of(5, 4, 24)
    ((1, 8), (1, 8), None)
    """
    whole = Fraction(length, 4 * resolution)
    while denominator <= 32:
        if (whole * denominator).denominator == 1:
            return int(whole * denominator), denominator
        denominator *= 2
    return None


def _in_force(rows: Table, tick: int) -> Any:
    at = int(np.searchsorted(rows["tick"], tick, side="right")) - 1
    return rows[at] if at >= 0 else None
