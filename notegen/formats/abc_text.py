"""The text of an ABC tune, made ready for abc2midi: its lines and fields.

Left out is what is not heard, and what abc2midi would play and a melody does not have. Octaves of clefs and
fields, which abc2midi reads but once, are put into the notes; the header's order of parts is kept where the
music has these parts. `notegen.formats.abc_music` writes the lines of music.
"""

import re
from dataclasses import dataclass, field

from notegen.errors import NotegenError
from notegen.formats.abc_music import REST, Voice, tokens_of, write_bar, write_chord, write_note, write_tie
from notegen.keys import Key

_SETTINGS = ("%%MIDI nobeataccents", "%%MIDI chordattack 0", "%%MIDI gchordoff")
_FIELD = re.compile(r"([A-Za-z]):(?![|:])")
_INSTRUMENT = re.compile(r"%%MIDI\s+(program|channel)\s+\d")
_KEY = re.compile(r"([A-G][#b]?)\s*([A-Za-z]{0,3})")
_CLEF = re.compile(
    r"(?:^|\s)\s*(?:(?:clef\s*=\s*\"?\w+|(?:treble|bass|alto|tenor|perc)\w*)(?P<shift>[+-](?:8|15))?\"?"
    r"|octave\s*=\s*(?P<octave>[+-]?\d)\b)"
)


@dataclass
class _Walk:
    """The text written so far, and the voices in it."""

    in_order: bool  # whether the header says in which order the parts are played
    voice: Voice = field(default_factory=Voice)
    voices: dict[str, Voice] = field(default_factory=dict)
    out: list[str] = field(default_factory=list)
    in_three: bool = False  # a meter such as 3/4, which abc2midi takes for a compound one


def key_of(text: str) -> Key | None:
    """Return the key that a field names, or None if it names none."""
    match = _KEY.match(text)
    if not match:
        return None
    mode = "m" if match[2] == "m" or match[2].lower() == "min" else match[2]
    try:
        return Key.parse(match[1] + mode)
    except NotegenError:
        return Key.parse(match[1])


def mark_up(lines: tuple[str, ...]) -> str:
    """Return a tune's text as abc2midi is to read it."""
    head, body = _sorted(lines)
    order = next((line for line in head if line[0] == "P"), "")
    walk = _Walk(in_order=_is_order(order[2:], body))
    if walk.in_order:
        walk.out.append(order + "\n")
    for line in head:
        if line[0] not in "PV":
            text = line if line[0] == "%" else _field(walk, line[0], line[2:])
            walk.out.append((f"K:{text or 'none'}" if line[0] == "K" else line) + "\n")
    walk.out += (setting + "\n" for setting in _SETTINGS)
    first = walk.voice
    for line in head:
        if line[0] == "V":
            _field(walk, "V", line[2:])
    walk.voice = first
    for line in body:
        if not _FIELD.match(line):
            _music(walk, line)
            walk.out.append("\n")
        elif (text := _field(walk, line[0], line[2:])) is not None:
            walk.out.append(f"{line[:2]}{text}\n")
    return "".join(walk.out)


def _sorted(lines: tuple[str, ...]) -> tuple[list[str], list[str]]:
    """Return a tune's lines in front of the music and the rest, both without what is not heard."""
    head: list[str] = []
    body: list[str] = []
    in_body = in_text = False
    for raw in lines:
        in_text = raw.startswith("%%begintext") or (in_text and not raw.startswith("%%endtext"))
        if in_text or raw.startswith("+:"):
            continue
        if _INSTRUMENT.match(raw):
            (body if in_body else head).append(raw)
        line = "" if raw.startswith("%") else re.split(r"(?<!\\)%", raw)[0].rstrip()
        if not line:
            continue
        is_field = _FIELD.match(line)
        if not in_body and is_field and line[0] in "MLQTKVP":
            head.append(line)
            in_body = line[0] == "K"
        elif in_body and (not is_field or line[0] in "MLQKVP"):
            body.append(line)
    return head, body


def _is_order(text: str, body: list[str]) -> bool:
    """Whether a header's P field names parts that the music has."""
    named = set(re.findall(r"[A-Z]", text))
    found = re.findall(r"(?m)(?:^|\[)P:\s*([A-Z])", "\n".join(body))
    return bool(named) and named <= set(found) and re.fullmatch(r"[A-Z\d().\s]+", text) is not None


def _field(walk: _Walk, letter: str, text: str) -> str | None:
    """Take note of what a field says; return what to write of it, if anything."""
    text = text.strip()
    if letter == "P":
        walk.voice.end_section()
        return text[:1] if walk.in_order else None
    if letter == "M":
        walk.in_three = text.startswith("3/")
    if letter not in "KV":
        return text
    if letter == "V":
        name = text.split()[0] if text else ""
        walk.voice = walk.voices.setdefault(name, Voice(walk.voice.octave, walk.voice.key))
    shifts = list(_CLEF.finditer(text))
    text = _CLEF.sub("", text).strip()
    if shifts:
        walk.voice.octave = sum(int(m["octave"] or 0) + round(int(m["shift"] or 0) / 8) for m in shifts)
    if letter == "K":
        if shifts and not text:
            return None
        text = text or "none"
        walk.voice.key = _signature(text)
        walk.voice.end_bar()
    return text


def _signature(text: str) -> dict[str, str]:
    """Return the signs that a K field puts before the staff."""
    key = None if re.search(r"\bexp\b", text) else key_of(text)
    fifths = 2 if text[:2] in ("HP", "Hp") else key.fifths if key else 0
    signs = dict.fromkeys("FCGDAEB"[: max(fifths, 0)], "^") | dict.fromkeys("BEADGCF"[: max(-fifths, 0)], "_")
    written = re.findall(r"(\^\^|__|[_^=])([A-Ga-g])", text)
    return signs | {letter.upper(): sign for sign, letter in written}


def _music(walk: _Walk, line: str) -> None:
    """Write a line of music, or an instruction as it stands."""
    if line.startswith("%%"):
        walk.out.append(line)
        return
    tokens = tokens_of(line)
    for i, token in enumerate(tokens):
        kind, text = token.lastgroup, token.group()
        if kind == "note":
            write_note(walk.voice, token, walk.out)
        elif kind == "bar":
            write_bar(walk.voice, token, walk.out)
        elif kind == "chord":
            write_chord(walk.voice, token, tokens[i + 1 :], walk.out)
        elif kind == "tie":
            write_tie(walk.voice, tokens, i, walk.out)
        elif kind == "field":
            kept = _field(walk, text[1], text[3:-1])
            walk.out.append("" if kept is None else f"{text[:3]}{kept}]")
        elif kind == "rest":
            walk.voice.tied = {}
            walk.out.append(REST)
        else:
            walk.out.append(text + ":2" if walk.in_three and text in ("(5", "(7", "(9") else text)
