"""Casting: which part of a model each track of a seed plays, and back.

A model knows parts by their number: what each is like stands in its provenance. Tracks take the parts that
they are most like. Several play one part together where that is more like it, as chords and a bass are what a
piano plays with both hands, or where there are more tracks than parts; what the model writes for it is dealt
out to them by register.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import PARTS
from notegen.melody import GRID
from notegen.roles import Role
from notegen.score import Table

_OCTAVE = 12  # semitones that weigh as much as twice the voices
_LEAD = 1.5  # what it weighs to lead or not
_LINE = 1.5  # voices: what has fewer is a single line
_CROWDED = 1.5  # times as much weigh voices that such a part does not have
_MANY = 5_000  # ways to give tracks their parts: fewer are all tried
_BUSY = 2.0  # octaves that a track is farther from a note while it is sounding another one
_GROUND = 1.0  # octaves that a single line an octave below all others is nearer to what has none below it
_RESTED = 0.25  # octaves that it is nearer after a rest of
_REST = 4 * GRID  # grid ticks, and by as much less as it has rested for less


def cast(tracks: dict[int, Role], parts: Sequence[Role]) -> dict[int, int]:
    """Give each track a part, or several tracks one part.

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
    own = list(tracks.values())
    few = len(parts) ** len(own) <= _MANY
    chosen = _best(own, parts) if few else _in_turn(own, parts)
    names = list(tracks)
    return {names[row]: part for row, part in sorted(enumerate(chosen), key=lambda pair: pair[1])}


def _distance(one: Role, part: Role) -> float:
    voices = float(np.log2(one.voices / part.voices))
    crowded = voices > 0 and part.voices < _LINE
    return (
        abs(one.pitch - part.pitch) / _OCTAVE
        + abs(voices) * (_CROWDED if crowded else 1)
        + _LEAD * abs(one.lead - part.lead)
    )


def _best(tracks: Sequence[Role], parts: Sequence[Role]) -> tuple[int, ...]:
    """Return a part for each track so that the tracks of each part are together the most like it."""

    def cost(chosen: tuple[int, ...]) -> float:
        total = 0.0
        for part in set(chosen):
            group = [each for each, its in zip(tracks, chosen, strict=True) if its == part]
            total += len(group) * _distance(_together(group), parts[part])
        return total

    return min(product(range(len(parts)), repeat=len(tracks)), key=cost)


def _together(group: Sequence[Role]) -> Role:
    """Return what tracks are like if they are played as one."""
    voices = sum(each.voices for each in group)
    pitch = sum(each.pitch * each.voices for each in group) / voices
    return Role(pitch, voices, max(each.lead for each in group))


def _in_turn(tracks: Sequence[Role], parts: Sequence[Role]) -> list[int]:
    """Let the track that fits best choose first, and so on; for whom no part is left, joins the next one."""
    costs = np.array([[_distance(each, part) for part in parts] for each in tracks])
    chosen: list[int] = costs.argmin(axis=1).tolist()
    left = costs.copy()
    for _ in range(min(costs.shape)):
        row, part = np.unravel_index(int(left.argmin()), left.shape)
        chosen[int(row)] = int(part)
        left[row], left[:, part] = np.inf, np.inf
    return chosen


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
    alone = np.array([each.voices < _LINE for each in tracks.values()])
    bass = alone & (centre + _OCTAVE <= np.delete(centre, centre.argmin()).min(initial=128))
    ground, until = _ground(notes), np.zeros(len(names), dtype=np.int64)
    chosen = np.empty(len(notes), dtype=np.int64)
    for i, note in enumerate(notes):
        busy = alone & (until > note["onset"])
        rested = np.clip((note["onset"] - until) / _REST, 0, 1)
        far = abs(centre - note["pitch"]) / _OCTAVE + _BUSY * busy - _RESTED * rested
        far -= _GROUND * bass * ground[i]
        which = int(far.argmin())
        chosen[i], until[which] = which, note["onset"] + note["duration"]
    return names[chosen]


def _ground(notes: Table) -> NDArray[np.bool_]:
    """Return which notes have none below them when they begin."""
    onset, pitch = notes["onset"], notes["pitch"]
    sounds = (onset <= onset[:, None]) & (onset + notes["duration"] > onset[:, None])
    ground: NDArray[np.bool_] = ~(sounds & (pitch < pitch[:, None])).any(axis=1)
    return ground
