"""Roles: what a track is like, beside the others of its score."""

from typing import NamedTuple

import numpy as np

from notegen.errors import EmptyError
from notegen.melody import melody_track
from notegen.score import Score

_TOGETHER = 12  # less than such a part of a quarter apart, the notes of a played chord begin together


class Role(NamedTuple):
    """What a part or a track is like.

    Parameters
    ----------
    pitch : float
        The mean MIDI pitch of its notes.
    voices : float
        How many notes begin together, on average.
    lead : float
        Whether it carries the melody; of a part, in which share of the pieces.
    """

    pitch: float
    voices: float
    lead: float


def role(score: Score, track: int, lead: int) -> Role:
    """Return what a track with notes is like, where `lead` carries the melody."""
    notes = score.notes[score.notes["track"] == track]
    apart = np.diff(np.sort(notes["onset"])) * _TOGETHER > score.resolution
    return Role(float(notes["pitch"].mean()), len(notes) / (1 + int(apart.sum())), float(track == lead))


def roles(score: Score) -> dict[int, Role]:
    """Return what each track with notes is like; of drums nothing is said."""
    try:
        lead = melody_track(score)
    except EmptyError:
        return {}
    played = np.unique(score.notes["track"]).tolist()
    return {track: role(score, track, lead) for track in played if not score.tracks[track].is_drum}
