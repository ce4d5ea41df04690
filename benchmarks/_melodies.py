"""Melodies as they are written: repeats are not played out, and no key is guessed."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from notegen.codecs.notes import encode
from notegen.codecs.vocabulary import Ids
from notegen.corpus.sources import Source, sources
from notegen.errors import DataError, NotegenError
from notegen.formats import ABC_SUFFIXES, HUMDRUM_SUFFIXES, abc, humdrum, midi
from notegen.melody import melody
from notegen.score import KEY, Score, table

_ABC_FIELD = re.compile(r"[A-Za-z+]:(?![|:])|%")
_ABC_REPEAT = re.compile(r":+\|+:*|\|+:+|::+")
_ABC_ENDING = re.compile(r"(?<=\|)\s*\[?\s*\d[\d,-]*|\[\s*\d[\d,-]*")
_MIDI_SUFFIXES = (".mid", ".midi")


def melodies(path: Path) -> tuple[list[Ids], list[str]]:
    """Read a file or folder of ABC, MIDI or Humdrum; return melodies in tokens, and what is no melody."""
    kept, refused = [], []
    for source in sources(path):
        for score in _scores(source):
            try:
                if isinstance(score, NotegenError):
                    raise score
                kept.append(encode(_line(score)))
            except NotegenError as error:
                refused.append(f"{source.name}: {error}")
    return kept, refused


def _scores(source: Source) -> Iterator[Score | NotegenError]:
    try:
        data = source.read()
        if source.suffix in ABC_SUFFIXES:
            for _, score in abc.read_tunes(abc_once(data.decode("utf-8", "replace"))):
                yield score
        elif source.suffix in HUMDRUM_SUFFIXES:
            yield from humdrum.decode_all(humdrum_once(data.decode("utf-8", "replace")).encode())
        elif source.suffix in _MIDI_SUFFIXES:
            yield midi.decode(data)
        else:
            yield DataError("is neither ABC, MIDI nor Humdrum")
    except NotegenError as error:
        yield error


def abc_once(text: str) -> str:
    """Return ABC without repeats, endings and an order of parts."""
    lines = [line for line in text.splitlines() if not line.startswith("P:")]
    return "\n".join(line if _ABC_FIELD.match(line) else _music_once(line) for line in lines)


def _music_once(line: str) -> str:
    return _ABC_ENDING.sub("", _ABC_REPEAT.sub("|", line))


def humdrum_once(text: str) -> str:
    """Return Humdrum without an order of sections and signs of repetition."""
    lines = [line for line in text.splitlines() if not re.match(r"\*>\w*\[", line)]
    return "\n".join(line.replace(":", "") if line.startswith("=") else line for line in lines)


def _line(score: Score) -> Score:
    """Return a score's melody in the first key that is written, or in C: a guess would know all notes."""
    fifths, mode = score.keys.tolist()[0][1:] if len(score.keys) else (0, 0)
    return replace(melody(score), keys=table([(0, fifths, mode)], KEY))
