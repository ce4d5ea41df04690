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
from notegen.formats.bars import regular
from notegen.keys import Key
from notegen.score import EVENT, KEY, NOTE, Score, Table, table

_BAR, _TIE = 20, 21  # controllers that General MIDI leaves undefined
_BAR_MARK = f"[I:MIDI control {_BAR} 1]"
_TIE_MARK = f"[I:MIDI control {_TIE} 1]"
_REST = "D,,,,,"  # abc2midi puts a controller behind a rest before it: rests are notes below _LOWEST
_LOWEST = 12
_UNREADABLE = FormatError("abc2midi cannot make sense of this tune")
_TIMEOUT = 60  # seconds for a book

_TOKENS = re.compile(
    r"""
    (?P<left_out> "[^"]*" | ![^!\s]*! | \{[^}]*\} | [~.`)$*] | [HJLMOPRSTuv] | \((?!\d) )
  | (?P<field>    \[[A-Za-z]:[^\]]*\] )
  | (?P<bar>      (?: :*\|[|\]:]* | ::+ ) (?: \s*\[? \d[\d,-]* )? )
  | (?P<note>     (?P<pitch> (?:\^\^|__|[_^=])? [A-Ga-g] [,']* ) [\d/]* )
  | (?P<rest>     [zx] )
  | (?P<tie>      - )
  | (?P<other>    . )
    """,
    re.VERBOSE | re.DOTALL,
)
_INSTRUMENT = re.compile(r"%%MIDI\s+(program|channel)\s+\d")
_KEY = re.compile(r"([A-G][#b]?)\s*([A-Za-z]{0,3})")


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


def mark_up(lines: tuple[str, ...]) -> str:
    """Return a tune's text without ornaments and with controllers at bar lines and ties."""
    head: list[str] = []
    body: list[str] = []
    in_body = False
    for raw in lines:
        if _INSTRUMENT.match(raw):
            (body if in_body else head).append(raw)
        line = "" if raw.startswith("%") else re.split(r"(?<!\\)%", raw)[0].rstrip()
        field = re.match(r"([A-Za-z]):", line) and not re.match(r"[A-Za-z]:[|:]", line)
        if field and line[0] in ("K" if in_body else "MLQTK"):
            (body if in_body else head).append(line)
            if line[0] == "K" and not in_body:
                in_body = True
                head += ["%%MIDI nobeataccents", "%%MIDI chordattack 0", "%%MIDI gchordoff"]
        elif (field and in_body and line[0] in "MLQV") or (line and in_body and not field):
            body.append(line)
    music = [line if re.match(r"[A-Z]:[^|:]|%%", line) else _mark_line(line) for line in body]
    return "\n".join([*head, *music])


def _mark_line(line: str) -> str:
    tokens = [
        match for match in _TOKENS.finditer(line) if match.lastgroup != "left_out" and not match["left_out"]
    ]
    out, in_chord, waiting = [], False, ""  # what waits for the end of a chord and its length
    for i, token in enumerate(tokens):
        text = token.group()
        if waiting and not in_chord and text not in "0123456789/":
            out.append(waiting)
            waiting = ""
        in_chord = text != "]" and (in_chord or text == "[")
        if token["bar"]:
            text += _BAR_MARK
        elif token["rest"]:
            text = _REST
        elif token["tie"]:
            text = _TIE_MARK if _is_tie(tokens, i, in_chord) else ""
            if in_chord:
                text, waiting = "", waiting or text
        out.append(text)
    return "".join(out) + waiting


def _is_tie(tokens: list[re.Match[str]], i: int, in_chord: bool) -> bool:
    """Whether a pitch stands on both sides of a hyphen, or nothing behind it; else it is a slur."""
    before = _pitches(tokens[i - 1 :: -1] if i else [], "]", "[")
    if in_chord:
        i = next((j for j in range(i, len(tokens)) if tokens[j].group() == "]"), i)
    after = _pitches(tokens[i + 1 :], "[", "]")
    return bool(before) and (not after or bool(set(before) & set(after)))


def _pitches(tokens: list[re.Match[str]], opening: str, closing: str) -> list[str]:
    """Return the letters of the first note among tokens, or of all notes of the first chord."""
    found: list[str] = []
    in_chord = False
    for token in tokens:
        if token["note"]:
            found.append(token["pitch"].lstrip("_^="))
        in_chord = in_chord or (token.group() == opening and not found)
        if (found and not in_chord) or (in_chord and token.group() == closing):
            break
    return found


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
    notes = played.notes[played.notes["pitch"] >= _LOWEST]
    if not len(notes):
        return EmptyError("the tune has no notes")
    marks = played.events[(played.events["status"] & 0xF0) == 0xB0]
    bars = marks["tick"][(marks["data1"] == _BAR) & (marks["track"] == 0)]
    ties = marks[marks["data1"] == _TIE]
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
        match = _KEY.match(text)
        if match:
            mode = "m" if match[2] == "m" or match[2].lower() == "min" else match[2]
            try:
                key = Key.parse(match[1] + mode)
            except NotegenError:
                key = Key.parse(match[1])
            named.setdefault(key.fifths, key.mode)
    return table([(tick, fifths, named.get(fifths, 0)) for tick, fifths, _ in keys.tolist()], KEY)
