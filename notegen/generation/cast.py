"""Casting: which part of a model each track of a seed plays, and back.

A model knows parts by their number: what each is like stands in its provenance. Tracks take the parts that
they are most like; where there are more tracks than parts, several play one part together, and what the model
writes for it is dealt out to them by register.
"""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import PARTS
from notegen.melody import GRID
from notegen.roles import Role
from notegen.score import Table

_OCTAVE = 12  # semitones that weigh as much as twice the voices
_LEAD = 1.5  # what it weighs to lead or not
_FEW = 6  # tracks of which every order is tried
_BUSY = 2.0  # octaves that a track is farther from a note while it is sounding another one
_RESTED = 1.0  # octaves that it is nearer after a rest of
_REST = 4 * GRID  # grid ticks, and by as much less as it has rested for less


def cast(tracks: dict[int, Role], parts: Sequence[Role]) -> dict[int, int]:
    """Give each track a part: each another one, as far as there are parts.

    Parameters
    ----------
    tracks : dict from track to Role
    parts : sequence of Role
        Of the model; without one, tracks take parts in their order.

    Returns
    -------
    dict from track to part

    Examples
    --------
    >>> from notegen.roles import Role
    >>> sung, strummed = Role(72, 1.0, 1), Role(55, 2.8, 0)
    >>> cast({0: strummed, 4: sung}, [Role(70, 1.0, 0.9), Role(58, 3.0, 0.1)])
    {4: 0, 0: 1}
    """
    if not parts:
        return {track: min(i, PARTS - 1) for i, track in enumerate(tracks)}
    costs = np.array([[_distance(each, part) for part in parts] for each in tracks.values()])
    chosen = _assigned(costs) if len(tracks) <= len(parts) else _shared(costs)
    names = list(tracks)
    return {names[row]: part for row, part in sorted(chosen.items(), key=lambda pair: pair[1])}


def _distance(one: Role, other: Role) -> float:
    return (
        abs(one.pitch - other.pitch) / _OCTAVE
        + abs(float(np.log2(one.voices / other.voices)))
        + _LEAD * abs(one.lead - other.lead)
    )


def _assigned(costs: NDArray[np.float64]) -> dict[int, int]:
    """Return a part for each row, all different, of the least cost in all."""
    rows, parts = costs.shape
    if parts > _FEW:
        return _in_turn(costs)
    orders = permutations(range(parts), rows)
    best = min(orders, key=lambda order: float(costs[np.arange(rows), list(order)].sum()))
    return dict(enumerate(best))


def _in_turn(costs: NDArray[np.float64]) -> dict[int, int]:
    """Let the row that fits best choose first, and so on."""
    costs, chosen = costs.copy(), {}
    for _ in range(min(costs.shape)):
        row, part = np.unravel_index(int(costs.argmin()), costs.shape)
        chosen[int(row)] = int(part)
        costs[row], costs[:, part] = np.inf, np.inf
    return chosen


def _shared(costs: NDArray[np.float64]) -> dict[int, int]:
    """Fill all parts with the rows that fit best, and let the others join the part next to them."""
    chosen = _in_turn(costs)
    return chosen | {row: int(costs[row].argmin()) for row in range(len(costs)) if row not in chosen}


def deal(notes: Table, tracks: dict[int, Role]) -> NDArray[np.int32]:
    """Return which track plays each note of a part that several share, by register.

    Parameters
    ----------
    notes : structured array of `NOTE`, sorted by onset
        In grid ticks.
    tracks : dict from track to Role
        Those that share the part. One that plays a single line plays one note at a time, if it can; of those
        in one register, each has its turn.

    Returns
    -------
    array of int, shape (notes,)
    """
    names = np.array(list(tracks), dtype=np.int32)
    centre = np.array([each.pitch for each in tracks.values()])
    alone = np.array([each.voices < 1.5 for each in tracks.values()])
    until = np.zeros(len(names), dtype=np.int64)
    chosen = np.empty(len(notes), dtype=np.int64)
    for i, note in enumerate(notes):
        busy = alone & (until > note["onset"])
        rested = np.clip((note["onset"] - until) / _REST, 0, 1)
        far = abs(centre - note["pitch"]) / _OCTAVE + _BUSY * busy - _RESTED * rested
        which = int(far.argmin())
        chosen[i], until[which] = which, note["onset"] + note["duration"]
    return names[chosen]
