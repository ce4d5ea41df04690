"""The plan of a continuation: which tracks a model continues, and what the others do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from notegen.codecs.vocabulary import DRUMS
from notegen.corpus.world import World
from notegen.errors import EmptyError, UsageError
from notegen.generation.accompany import Others
from notegen.generation.cast import cast
from notegen.melody import melody_track
from notegen.model.bundle import Bundle
from notegen.roles import Role, role, roles
from notegen.score import Score

Names = str | Sequence[str]


@dataclass(frozen=True)
class Plan:
    """What becomes of each track that has notes.

    Parameters
    ----------
    casting : dict from track to part
        The tracks that a model continues, and which of its parts each plays.
    roles : dict from track to Role
        What these are like.
    beside : dict from track to str
        What the others do; see `notegen.generation.accompany`.
    """

    casting: dict[int, int]
    roles: dict[int, Role]
    beside: dict[int, Others]


class Part(NamedTuple):
    """A part of a model: what it is like, and the General MIDI program (128: drums) that it has."""

    role: Role
    program: int


class Known(NamedTuple):
    """What a model of many parts knows: the parts, and whether notes are louder and softer."""

    parts: Sequence[Part]
    loud: bool


def plan(score: Score, tracks: Names, others: Others, parts: Sequence[Part] | None) -> Plan:
    """Say what becomes of the tracks of a seed.

    Parameters
    ----------
    score : Score
    tracks : str or sequence of str
        See `chosen`.
    others : str
        What tracks do that are not chosen.
    parts : sequence of Part, optional
        Those of the model, none if they are not known; None if it knows melodies alone.

    Raises
    ------
    EmptyError
        If no chosen track can be continued by a model.
    UsageError
        If there is no such track.
    """
    wanted = chosen(score, tracks)
    pitched = {track: each for track, each in roles(score).items() if track in wanted}
    if not pitched:
        melody_track(score)  # says what is missing
        raise EmptyError("there is nothing but drums in the tracks that were chosen, and a melody is needed")
    if parts is None:
        lead = max(pitched, key=lambda track: (pitched[track].lead, -pitched[track].voices, -track))
        pitched = {lead: pitched[lead]}
    casting = _cast(score, pitched, wanted, parts or [])
    if not casting:
        raise EmptyError("there are no drums in the tracks that were chosen, and the model plays drums alone")
    playing = {track: pitched[track] if track in pitched else role(score, track, -1) for track in casting}
    beside: dict[int, Others] = {
        track: "loop" if track in wanted else others
        for track in sorted(set(score.notes["track"].tolist()))
        if track not in casting
    }
    return Plan(casting, playing, beside)


def _cast(score: Score, pitched: dict[int, Role], wanted: set[int], parts: Sequence[Part]) -> dict[int, int]:
    """Give tracks their parts; drums theirs, if the model has one."""
    tuned = [i for i, part in enumerate(parts) if part.program != DRUMS]
    casting = {} if parts and not tuned else cast(pitched, [parts[i].role for i in tuned])
    if tuned:
        casting = {track: tuned[part] for track, part in casting.items()}
    drums = [i for i, part in enumerate(parts) if part.program == DRUMS][:1]
    return casting | {track: part for part in drums for track in wanted if score.tracks[track].is_drum}


def chosen(score: Score, tracks: Names) -> set[int]:
    """Return the tracks with notes that are meant: "all", "melody", or names or numbers from 1 on.

    Raises
    ------
    UsageError
        If one of them is no track with notes.
    EmptyError
        If the melody is meant, and there is none.
    """
    heard = sorted(set(score.notes["track"].tolist()))
    if tracks == "all":
        return set(heard)
    if tracks == "melody":
        return {melody_track(score)}
    found: set[int] = set()
    for name in tracks.split(",") if isinstance(tracks, str) else tracks:
        found |= _named(score, heard, name.strip())
    if not found:
        raise UsageError("no track is named that is to go on")
    return found


def _named(score: Score, heard: list[int], name: str) -> set[int]:
    """Return the tracks of a name, or the one of a number."""
    names = {track: score.tracks[track].name.strip().casefold() for track in heard}
    same = {track for track in heard if name and names[track] == name.casefold()}
    same = same or {track for track in heard if str(track + 1) == name}
    if not same:
        known = ", ".join(title(score, track) for track in heard)
        raise UsageError(f'there is no track "{name}" with notes: there are {known}')
    return same


def title(score: Score, track: int) -> str:
    """Return what people call a track: its number, and its name if it has one."""
    name = score.tracks[track].name
    return f"{track + 1} ({name})" if name else str(track + 1)


def known(model: Bundle) -> Known:
    """Return what a model knows, as its provenance says; no parts if it does not."""
    world = World.parse(model.provenance.get("world"))
    loud = world is None or world.loud
    try:
        rows = model.provenance["parts"]
        return Known([Part(Role(*map(float, role)), int(program)) for *role, program in rows], loud)
    except (KeyError, TypeError, ValueError):
        return Known([], loud)
