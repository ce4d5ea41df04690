"""Which tracks of a score a corpus is made of: its melody, or all of them."""

from typing import Literal

from notegen.align import align
from notegen.arrange import arrange
from notegen.codecs import notes, parts
from notegen.codecs.vocabulary import Ids
from notegen.melody import melody
from notegen.score import Score

Tracks = Literal["melody", "all"]

NAMES: dict[Tracks, str] = {"melody": "melodies", "all": "all tracks"}


def tokens(score: Score, tracks: Tracks) -> Ids:
    """Write a score as the tokens that a corpus has of it: those of a melody, or of all its parts, aligned.

    Raises
    ------
    EmptyError, RangeError
        If it is no piece; see `notegen.melody.melody` and `notegen.arrange.arrange`.
    """
    if tracks == "melody":
        return notes.encode(melody(score))
    return parts.encode(arrange(align(score).score))


def tracks_of(codec: str) -> Tracks:
    """Return what a model of a codec reads.

    Examples
    --------
    >>> tracks_of("parts"), tracks_of("abc-tokens")
    ('all', 'melody')
    """
    return "all" if codec == "parts" else "melody"
