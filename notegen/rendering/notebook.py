"""Scores in notebooks: a piano roll, and a player under it."""

from html import escape

import numpy as np

from notegen.errors import NotegenError
from notegen.rendering import embed, pianoroll
from notegen.rendering.layout import Roll
from notegen.rendering.performance import seconds
from notegen.score import Score

_LONGEST = 600  # seconds of sound that a notebook is to hold


def html(score: Score) -> str:
    """Return a score as a picture and a player, or the reason why it is neither.

    A score of more than ten minutes has no player.
    """
    try:
        picture = pianoroll.svg([Roll(score, score.title)]).replace(
            "<svg ", '<svg style="max-width: 100%" ', 1
        )
        return f"<div>{picture}{_player(score)}</div>"
    except NotegenError as error:
        return f"<p>a score: {escape(str(error))}</p>"


def _player(score: Score) -> str:
    if seconds(score, np.array([score.end]))[0] > _LONGEST:
        return ""
    return f'<audio controls src="{embed.mp3(score)}"></audio>'
