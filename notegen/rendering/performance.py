"""A score as it is played: notes and controllers in seconds, with the program in force at each note.

What both synthesizers must agree on is decided here: the tempo map is integrated, the sustain pedal
lengthens notes, and a key that is struck again ends the note before it. Parts are what shares
controllers: a channel of a score whose events hold program changes for it, as in MIDI; elsewhere the
tracks of a channel that have the same program.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notegen.errors import EmptyError, RangeError
from notegen.rendering.soundfont import DRUM_BANK
from notegen.score import DEFAULT_TEMPO, DRUM_CHANNEL, Score, Table

NOTE = np.dtype(
    [
        ("onset", np.float64),  # seconds, as is the offset
        ("offset", np.float64),
        ("part", np.int32),
        ("pitch", np.int16),
        ("velocity", np.int16),
        ("bank", np.int16),
        ("program", np.int16),
    ]
)
CHANGE = np.dtype(
    [("time", np.float64), ("part", np.int32), ("status", np.uint8), ("data1", np.uint8), ("data2", np.uint8)]
)
LONGEST = 24 * 3600.0  # seconds; a damaged tempo or time makes more

BANK, BANK_FINE, PEDAL, CHANNEL_MODE = 0, 32, 64, 120  # controllers that are resolved here, or ignored
CONTROLLER, PROGRAM, PRESSURE, BEND = 0xB0, 0xC0, 0xD0, 0xE0


@dataclass(frozen=True, eq=False)
class Performance:
    """Notes and controllers in seconds.

    Parameters
    ----------
    notes : structured array of `NOTE`, sorted by onset
        No two notes of a part and pitch overlap. Drums are of bank 128.
    changes : structured array of `CHANGE`, sorted by time
        Controllers other than bank, pedal and channel modes, channel pressure and pitch bends.
    """

    notes: Table
    changes: Table

    @property
    def seconds(self) -> float:
        """When the last note ends."""
        return float(self.notes["offset"].max())


def perform(score: Score) -> Performance:
    """Return a score's performance.

    Raises
    ------
    EmptyError
        If there are no notes.
    RangeError
        If it would last for more than a day, or a pitch or velocity is none.
    """
    if not len(score.notes):
        raise EmptyError("there are no notes to play")
    for name, low in (("pitch", 0), ("velocity", 1)):
        values = score.notes[name]
        if not low <= values.min() <= values.max() <= 127:
            raise RangeError(f"there is a note whose {name} is not in {low} to 127")
    if seconds(score, np.array([score.end]))[0] > LONGEST:
        raise RangeError("the score claims to last for more than 24 hours; its times are damaged")
    part = _parts(score)
    rows = score.notes
    notes = np.zeros(len(rows), dtype=NOTE)
    notes["onset"] = seconds(score, rows["onset"])
    notes["offset"] = seconds(score, rows["onset"] + rows["duration"])
    notes["part"] = part[rows["track"]]
    notes["pitch"], notes["velocity"] = rows["pitch"], rows["velocity"]
    _choose_programs(score, notes)
    changes = _changes(score, part)
    _hold_pedal(notes, changes)
    notes = _end_at_next_strike(notes)
    kept = changes["time"] <= notes["offset"].max()
    control = changes["status"] == CONTROLLER
    resolved = np.isin(changes["data1"], (BANK, BANK_FINE, PEDAL)) | (changes["data1"] >= CHANNEL_MODE)
    return Performance(notes, changes[kept & ~(control & resolved)])


def seconds(score: Score, ticks: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the times of ticks in seconds, by the tempo map.

    Examples
    --------
    >>> seconds(Score(resolution=480), np.array([0, 960])).tolist()
    [0.0, 1.0]
    """
    at = score.tempos["tick"].astype(np.float64)
    pace = score.tempos["microseconds"] / (score.resolution * 1e6)  # seconds a tick
    if not len(at) or at[0] > 0:
        at = np.append(0.0, at)
        pace = np.append(DEFAULT_TEMPO / (score.resolution * 1e6), pace)
    begun = np.append(0.0, np.cumsum(np.diff(at) * pace[:-1]))
    row = np.searchsorted(at, ticks, side="right") - 1
    result: NDArray[np.float64] = begun[row] + (ticks - at[row]) * pace[row]
    return result


def _parts(score: Score) -> NDArray[np.int64]:
    """Return the part of each track."""
    events = score.events
    shared = set((events["status"][events["status"] & 0xF0 == PROGRAM] & 0x0F).tolist())
    found: dict[tuple[int, int], int] = {}
    keys = [(track.channel, -1 if track.channel in shared else track.program) for track in score.tracks]
    return np.array([found.setdefault(key, len(found)) for key in keys])


def _choose_programs(score: Score, notes: Table) -> None:
    """Set bank and program: those of the last change on the channel, else the track's."""
    channels = np.array([track.channel for track in score.tracks])[score.notes["track"]]
    notes["program"] = np.array([track.program for track in score.tracks])[score.notes["track"]]
    events = score.events[np.argsort(score.events["tick"], kind="stable")]
    kind, on = events["status"] & 0xF0, events["status"] & 0x0F
    banks = (kind == CONTROLLER) & (events["data1"] == BANK)
    for channel in np.unique(channels).tolist():
        played = channels == channel
        ticks = score.notes["onset"][played]
        program = events[(kind == PROGRAM) & (on == channel)]
        row = np.searchsorted(program["tick"], ticks, side="right") - 1
        if len(program):
            notes["program"][played] = np.where(row < 0, notes["program"][played], program["data1"][row])
        bank = events[banks & (on == channel)]
        row = np.searchsorted(bank["tick"], ticks, side="right") - 1
        if len(bank):
            notes["bank"][played] = np.where(row < 0, 0, bank["data2"][row])
    notes["bank"][channels == DRUM_CHANNEL] = DRUM_BANK


def _changes(score: Score, part: NDArray[np.int64]) -> Table:
    """Return all channel messages other than program changes, for each part that they reach."""
    found = []
    for number in range(int(part.max()) + 1):
        channel = score.tracks[int(np.flatnonzero(part == number)[0])].channel
        kind = score.events["status"] & 0xF0
        events = score.events[
            np.isin(kind, (CONTROLLER, PRESSURE, BEND)) & (score.events["status"] & 0x0F == channel)
        ]
        rows = np.zeros(len(events), dtype=CHANGE)
        rows["time"], rows["part"] = seconds(score, events["tick"]), number
        rows["status"], rows["data1"], rows["data2"] = (
            events["status"] & 0xF0,
            events["data1"],
            events["data2"],
        )
        found.append(rows)
    changes = np.concatenate(found)
    result: Table = changes[np.argsort(changes["time"], kind="stable")]
    return result


def _hold_pedal(notes: Table, changes: Table) -> None:
    """Let notes whose keys are let go under the pedal last until it is lifted."""
    pedal = changes[(changes["status"] == CONTROLLER) & (changes["data1"] == PEDAL)]
    end = max(float(notes["offset"].max()), float(pedal["time"].max()) if len(pedal) else 0.0)
    for part in np.unique(pedal["part"]).tolist():
        moves = pedal[pedal["part"] == part]
        down = moves["data2"] >= 64
        lifted = np.append(moves["time"][~down], end)
        played = np.flatnonzero(notes["part"] == part)
        offsets = notes["offset"][played]
        last = np.searchsorted(moves["time"], offsets, side="left") - 1  # the pedal just before
        held = (last >= 0) & down[last]
        later = lifted[np.searchsorted(lifted[:-1], offsets, side="left")]
        notes["offset"][played] = np.where(held, later, offsets)


def _end_at_next_strike(notes: Table) -> Table:
    """End notes where their key is struck again; of strikes at once, the longest stays."""
    order = np.lexsort((notes["offset"], notes["onset"], notes["pitch"], notes["part"]))
    rows = notes[order]
    same = (rows["part"][1:] == rows["part"][:-1]) & (rows["pitch"][1:] == rows["pitch"][:-1])
    following = np.append(np.where(same, rows["onset"][1:], np.inf), np.inf)
    rows["offset"] = np.minimum(rows["offset"], following)
    rows = rows[rows["offset"] > rows["onset"]]
    result: Table = rows[np.argsort(rows["onset"], kind="stable")]
    return result
