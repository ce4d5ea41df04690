"""The codec of piano rolls: frames of sounding pitches to tokens and back.

A frame is what sounds at one step of a steady grid. A piece is ``start``, its frames, ``end``; a frame is its
pitches from the highest to the lowest, then ``frame``, which ends it. A frame of silence is ``frame`` alone.
Whether a pitch is held or struck again is not told.

`encode` and `decode` are inverse to each other.
"""

import numpy as np
from numpy.typing import NDArray

from notegen.codecs.vocabulary import Ids, Kind
from notegen.errors import FormatError, RangeError

LOWEST = 21  # the MIDI pitch of a roll's first column, as on a piano
PITCHES = 88

TABLE = (
    Kind("pad", 1, "fills a batch up; never in a piece"),
    Kind("start", 1, "begins a piece"),
    Kind("end", 1, "ends a piece"),
    Kind("frame", 1, "ends a frame"),
    Kind("pitch", PITCHES, "a pitch that sounds in the frame, less the lowest of a piano"),
)
FIRST = {kind.name: sum(before.size for before in TABLE[:i]) for i, kind in enumerate(TABLE)}
SIZE = sum(kind.size for kind in TABLE)
PAD, START, END, FRAME, PITCH = (FIRST[kind.name] for kind in TABLE)

Roll = NDArray[np.bool_]  # shape (frames, PITCHES)


def encode(roll: NDArray[np.bool_ | np.uint8]) -> Ids:
    """Write a piano roll as tokens.

    Parameters
    ----------
    roll : array of bool or of 0 and 1, shape (frames, 88)
        Column k is MIDI pitch 21 + k.

    Returns
    -------
    array of int32, shape (2 + frames + pitches that sound,)

    Raises
    ------
    RangeError
        If there are more or fewer columns.

    Examples
    --------
    >>> roll = np.zeros((2, 88), bool)
    >>> roll[0, [0, 4]] = True
    >>> encode(roll).tolist()
    [1, 8, 4, 3, 3, 2]
    """
    if roll.ndim != 2 or roll.shape[1] != PITCHES:
        raise RangeError(f"a piano roll has {PITCHES} columns, and not the shape {roll.shape}")
    frames, below = np.nonzero(roll[:, ::-1])
    ids = np.full(2 + len(roll) + len(frames), FRAME, np.int32)
    ids[0], ids[-1] = START, END
    ids[1 + frames + np.arange(len(frames))] = PITCH + PITCHES - 1 - below
    return ids


def decode(ids: Ids) -> Roll:
    """Read tokens as a piano roll; the inverse of `encode`.

    Raises
    ------
    FormatError
        If they are not the tokens of a piece.
    """
    inner = ids[1:-1]
    if len(ids) < 2 or ids[0] != START or ids[-1] != END or ((inner < FRAME) | (inner >= SIZE)).any():
        raise FormatError("these are not the tokens of a piano roll")
    if not follows(ids[:-1])[np.arange(len(ids) - 1), ids[1:]].all():
        raise FormatError("the pitches of a frame must stand from the highest to the lowest")
    notes = inner >= PITCH
    frames = np.cumsum(~notes)
    roll = np.zeros((int((~notes).sum()), PITCHES), bool)
    roll[frames[notes], inner[notes] - PITCH] = True
    return roll


def follows(ids: Ids) -> NDArray[np.bool_]:
    """Return which tokens may follow each, shape (tokens, SIZE).

    After a pitch a lower one or the end of the frame; else any pitch, the end of the frame, or of the piece.
    """
    token = np.arange(SIZE)
    at = np.where(ids >= PITCH, ids, SIZE)[:, None]
    allowed: NDArray[np.bool_] = (token == FRAME) | ((token >= PITCH) & (token < at))
    allowed[ids < PITCH, END] = True
    return allowed


def transpose(ids: Ids, semitones: int) -> Ids:
    """Return the tokens of the same piece so many semitones higher.

    Raises
    ------
    RangeError
        If a pitch would leave the piano.
    """
    moved = np.where(ids >= PITCH, ids + semitones, ids).astype(np.int32)
    pitches = moved[ids >= PITCH]
    if len(pitches) and (pitches.min() < PITCH or pitches.max() >= SIZE):
        raise RangeError(f"moved by {semitones} semitones the piece would leave the piano")
    return moved
