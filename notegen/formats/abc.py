"""ABC tunebooks to scores, by way of the abc2midi that symusic carries.

abc2midi plays repeats and endings out, knows keys, ties, tuplets and broken rhythm, and writes a
performance as MIDI. What a performance does not tell is asked for with controllers that are slipped
into the text: one at each bar line, one at each tie. Ornaments, chord symbols and slurs are left out
before; of ``%%MIDI`` lines program and channel are kept. Each tune is converted once; the whole book in
one call.
"""

import importlib.util
import re
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from notegen.errors import EmptyError, FormatError, NotegenError
from notegen.formats import midi
from notegen.formats.abc_music import BAR, LOWEST, TIE
from notegen.formats.abc_text import key_of, mark_up
from notegen.formats.bars import regular
from notegen.score import EVENT, KEY, NOTE, Score, Table, table

_UNREADABLE = FormatError("abc2midi cannot make sense of this tune")
_TIMEOUT = 60  # seconds for a book


class Tune(NamedTuple):
    """One tune of a book as text: its reference number, title, key fields, and all its lines."""

    number: str
    title: str
    keys: tuple[str, ...]
    lines: tuple[str, ...]


def read_book(text: str) -> list[Score]:
    """Read all tunes of an ABC text; see `read_tunes`.

    Raises
    ------
    FormatError
        If no tune can be read; the message is that of the first.
    """
    scores = [score for _, score in read_tunes(text)]
    readable = [score for score in scores if isinstance(score, Score)]
    if readable:
        return readable
    raise next(
        (error for error in scores if isinstance(error, NotegenError)),
        EmptyError("there is no tune in the file"),
    )


def read_tunes(text: str) -> list[tuple[Tune, Score | NotegenError]]:
    """Read a tunebook; a tune that cannot be read is paired with the reason."""
    tunes = split_tunes(text)
    scores: list[Score | NotegenError] = []
    with tempfile.TemporaryDirectory() as name:
        while len(scores) < len(tunes):  # abc2midi stops at a tune that it cannot bear: go on behind it
            scores += _convert(tunes[len(scores) :], Path(name))
    return list(zip(tunes, scores, strict=True))


def split_tunes(text: str) -> list[Tune]:
    r"""Split a tunebook; text before a tune and between tunes is left out.

    Examples
    --------
    >>> [(tune.number, tune.title) for tune in split_tunes("X:1\nT:A\nK:D\nd2\n\nX:7\nT:B\nK:G\ng2")]
    [('1', 'A'), ('7', 'B')]
    """
    tunes: list[Tune] = []
    lines: list[str] = []
    number = ""
    for line in [*text.splitlines(), ""]:
        begins = re.match(r"X:\s*(\S*)", line)
        if (begins or not line.strip()) and any(kept.startswith("K:") for kept in lines):
            tunes.append(_tune(number, lines))
            lines = []
        if begins:
            number, lines = begins[1], [line]
        elif lines or re.match(r"[TMLK]:", line):
            lines.append(line)
    return tunes


def _tune(number: str, lines: list[str]) -> Tune:
    title = next((line[2:].strip() for line in lines if line.startswith("T:")), "")
    keys = re.findall(r"(?m)^K:\s*(.*)$|\[K:([^\]]*)\]", "\n".join(lines))
    return Tune(number, title, tuple(a or b for a, b in keys), tuple(lines))


def _convert(tunes: list[Tune], folder: Path) -> list[Score | NotegenError]:
    """Convert tunes in one call; return what became of all up to the first that stopped it."""
    book = "\n".join(f"X:{i}\n{mark_up(tune.lines)}\n" for i, tune in enumerate(tunes))
    (folder / "book.abc").write_text(book, encoding="utf-8")
    command = [_program(), "book.abc", "-silent"]
    try:
        code = subprocess.run(
            command, cwd=folder, capture_output=True, timeout=_TIMEOUT, check=False
        ).returncode
    except subprocess.TimeoutExpired:
        code = 1
    scores: list[Score | NotegenError] = []
    for i, tune in enumerate(tunes):
        path = folder / f"book{i}.mid"
        stopped = code != 0 and not (folder / f"book{i + 1}.mid").exists()
        scores.append(_read_tune(tune, path))
        path.unlink(missing_ok=True)
        if stopped and isinstance(scores[-1], NotegenError) and len(scores) > 1:
            return scores[:-1]  # it may do better in a call of its own
        if stopped:
            return scores
    return scores


def _program() -> str:
    spec = importlib.util.find_spec("symusic")
    assert spec is not None and spec.origin is not None  # a dependency of the base install
    name = "abc2midi.exe" if sys.platform == "win32" else "abc2midi"
    return str(Path(spec.origin).parent / "bin" / name)


def _read_tune(tune: Tune, path: Path) -> Score | NotegenError:
    if not path.exists():
        return _UNREADABLE
    try:
        played = midi.decode(path.read_bytes())
    except NotegenError:
        return _UNREADABLE
    notes = played.notes[played.notes["pitch"] >= LOWEST]
    if not len(notes):
        return EmptyError("the tune has no notes")
    marks = played.events[(played.events["status"] & 0xF0) == 0xB0]
    bars = marks["tick"][(marks["data1"] == BAR) & (marks["track"] == 0)]
    ties = marks[marks["data1"] == TIE]
    return replace(
        played,
        notes=_tidy(notes, ties),
        meters=regular(played, np.unique(bars)),
        keys=_modes(played.keys, tune.keys),
        tracks=tuple(
            replace(track, name=track.name if i else tune.title) for i, track in enumerate(played.tracks)
        ),
        events=table([], EVENT),
        title=tune.title,
        source=None,
    )


def _tidy(notes: Table, ties: Table) -> Table:
    """Take back abc2midi's late onsets, and merge notes that a tie joins."""
    notes = notes.copy()
    notes["onset"] -= 1
    notes["duration"] += 1
    tied = {(int(row["track"]), int(row["tick"])) for row in ties}
    if not tied:
        return table(notes, NOTE)
    kept: list[tuple[int, ...]] = []
    last: dict[tuple[int, int, int], int] = {}  # (track, pitch, end) -> row in kept
    for onset, duration, pitch, velocity, track in notes.tolist():
        row = last.pop((track, pitch, onset), None) if (track, onset) in tied else None
        if row is None:
            row = len(kept)
            kept.append((onset, duration, pitch, velocity, track))
        else:
            kept[row] = (kept[row][0], kept[row][1] + duration, *kept[row][2:])
        last[track, pitch, onset + duration] = row
    return table(kept, NOTE)


def _modes(keys: Table, fields: tuple[str, ...]) -> Table:
    """Give the signatures that abc2midi wrote the modes that the text names."""
    named: dict[int, int] = {}
    for text in fields:
        key = key_of(text)
        if key:
            named.setdefault(key.fifths, key.mode)
    return table([(tick, fifths, named.get(fifths, 0)) for tick, fifths, _ in keys.tolist()], KEY)
