"""Scores in notebooks: a piano roll, and a player under it."""

import base64
from html import escape

import numpy as np

from notegen.errors import NotegenError
from notegen.rendering import pianoroll, sound
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
    heard = base64.b64encode(sound.encoded(score, ".mp3")).decode()
    return f'<audio controls src="data:audio/mpeg;base64,{heard}"></audio>'
