"""Humdrum files: ``**kern`` spines to scores.

A Humdrum file is a table. Its columns, called spines, are parts; they may split, join, and change
places. What begins together stands in one row, and nothing but durations tells when that is. music21
reads the notes and knows the instruments. The table is followed here: music21 skips a note that it
cannot read, which moves all that follow, and loses the voices of a spine that splits twice.
"""

import re

from notegen.errors import EmptyError, FormatError, NotegenError
from notegen.formats.humdrum.table import Table
from notegen.score import Score

_TITLE = re.compile(r"!!!OTL[^:]*:\s*(.*?)\s*$")

Rows = list[tuple[int, str]]  # lines with their numbers, counted from 1


def decode(data: bytes) -> Score:
    """Read the bytes of a Humdrum file; of several pieces, the first that can be read.

    A ``**kern`` spine is a track, the last of them first, as scores are read from above. Tied notes are
    one, grace notes are left out. Sections are played in the order that the file lists
    (``*>[A,A,B]``); where it lists none, signs of repetition are followed.

    Raises
    ------
    FormatError
        If the bytes are damaged or no such file; the message names the line.
    EmptyError
        If there are no notes.
    MissingExtraError
        If music21 is not installed.
    """
    pieces = decode_all(data)
    for piece in pieces:
        if isinstance(piece, Score):
            return piece
    raise next(piece for piece in pieces if isinstance(piece, NotegenError))


def decode_all(data: bytes) -> list[Score | NotegenError]:
    """Read the pieces of a Humdrum file, of which most hold one; an error stands for what is damaged."""
    pieces: list[Score | NotegenError] = []
    for rows in _split(data):
        try:
            pieces.append(_read(rows))
        except NotegenError as error:
            pieces.append(error)
    return pieces


def _split(data: bytes) -> list[Rows]:
    """Return the rows of each piece; what stands between two pieces belongs to the second."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    pieces: list[Rows] = [[]]
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text), start=1):
        pieces[-1].append((number, line))
        if set(line.split()) == {"*-"}:
            pieces.append([])
    rest = pieces.pop()
    if not pieces or any(line.startswith("**") for _, line in rest):
        return [*pieces, rest]
    pieces[-1] += rest
    return pieces


def _read(rows: Rows) -> Score:
    if not any(line.strip() for _, line in rows):
        raise EmptyError("the file is empty")
    table, title = Table(), ""
    for number, line in rows:
        named = _TITLE.match(line)
        title = title or (named[1] if named else "")
        if not line.strip() or line.startswith("!!"):
            continue
        try:
            table.read(re.split("\t+", line.strip()))
        except FormatError as error:
            raise FormatError(f"line {number}: {error}") from error
    return table.score(title)
