"""Files to scores and back, a module a format; `read` and `write` choose by the file's name."""

from os import PathLike
from pathlib import Path

from notegen import files
from notegen.errors import DataError, EmptyError, UsageError
from notegen.formats import abc, midi
from notegen.score import Score, Span

MIDI_SUFFIXES = (".mid", ".midi", ".kar", ".rmi")
ABC_SUFFIXES = (".abc",)
MUSICXML_SUFFIXES = (".musicxml", ".xml", ".mxl")
HUMDRUM_SUFFIXES = (".krn", ".kern", ".hmd")
SUFFIXES = MIDI_SUFFIXES + ABC_SUFFIXES + MUSICXML_SUFFIXES + HUMDRUM_SUFFIXES


def read(path: str | PathLike[str]) -> Score:
    """Read a score from a MIDI, ABC, MusicXML or Humdrum file; of an ABC tunebook, its first tune.

    Raises
    ------
    FormatError
        If the file is damaged or of no known kind; the message begins with its path.
    EmptyError
        If there is nothing in it.
    MissingExtraError
        If it is a Humdrum file and music21 is not installed.
    """
    path = Path(path)
    data = files.read(path)
    if not data:
        raise EmptyError(f"{path}: the file is empty")
    try:
        if path.suffix.lower() in ABC_SUFFIXES:
            return abc.read_book(data.decode("utf-8", "replace"))[0]
        if path.suffix.lower() in MUSICXML_SUFFIXES:
            from notegen.formats import musicxml

            return musicxml.decode(data)
        if path.suffix.lower() in HUMDRUM_SUFFIXES:
            from notegen.formats import humdrum

            return humdrum.decode(data)
        return midi.decode(data)
    except DataError as error:
        raise type(error)(f"{path}: {error}") from None


def write(score: Score, path: str | PathLike[str], *, new: Span | None = None, force: bool = False) -> None:
    """Write a score as MIDI, ABC or MusicXML, by the name's ending, whole or not at all.

    ABC and MusicXML are written in readable rhythms: see `notegen.notation.sheet.notate`.

    Parameters
    ----------
    score : Score
    path : str or PathLike
    new : Span, optional
        What of the music is new, marked in ABC and MusicXML.
    force : bool
        Write over a file that exists.

    Raises
    ------
    UsageError
        If the name's ending is of no format that can be written, or the file exists and `force` is
        not set.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix in MIDI_SUFFIXES:
        data = midi.encode(score)
    elif suffix in ABC_SUFFIXES:
        from notegen.formats import abc_writer  # `notegen compose` can do without

        data = abc_writer.encode(score, new)
    elif suffix in (".musicxml", ".xml"):
        from notegen.formats.musicxml import writer

        data = writer.encode(score, new)
    else:
        raise UsageError(
            f"{path}: scores are written as MIDI, ABC or MusicXML; end the name in .mid, .abc or .musicxml"
        )
    files.write_atomically(path, data, force=force)


__all__ = [
    "ABC_SUFFIXES",
    "HUMDRUM_SUFFIXES",
    "MIDI_SUFFIXES",
    "MUSICXML_SUFFIXES",
    "SUFFIXES",
    "read",
    "write",
]
