"""A line of ABC music, written so that abc2midi plays what it says.

Left out are ornaments, chord symbols and slurs. Written otherwise is what abc2midi would misread: chords
with lengths inside and outside, accidentals that a tie hands over a bar line, sections played three times
and more, and last endings, behind which it loses its place. Added are controllers, one at each bar line and
each tie, which tell what a performance alone does not.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction

BAR, TIE = 20, 21  # controllers that General MIDI leaves undefined
REST = "D,,,,,"  # abc2midi puts a controller behind a rest before it: rests are notes below LOWEST
LOWEST = 12
_BAR_MARK = f"[I:MIDI control {BAR} 1]"
_TIE_MARK = f"[I:MIDI control {TIE} 1]"
_MOST = 16  # times that a section is played, whatever the text says

Token = re.Match[str]
_TOKENS = re.compile(
    r"""
    (?P<note>     (?P<sign>\^\^|__|[_^=])? (?P<pitch>[A-Ga-g][,']*) (?P<length>[\d/]*) )
  | (?P<left_out> "[^"]*" | ![^!\s]*! | \{[^}]*\}-? | [~.`)$*] | [HJLMOPRSTuv] | \((?!\d) )
  | (?P<field>    \[[A-Za-z]:[^\]]*\] )
  | (?P<tuplet>   \(\d[\d:]* )
  | (?P<bar>      (?P<signs> \[?:*\|(?:[|\]:]|\[(?=[|\]]))* | ::+ ) (?: \s*\[? (?P<then>\d[\d,-]*) )?
                  | \[(?P<alone>\d[\d,-]*) )
  | (?P<chord>    (?: \[ (?P<inner> (?:"[^"]*"|![^!\s]*!|[^]["|!])* ) \]
                  | \+ (?P<old> [A-Ga-g^_=,'\d/]+ ) \+ ) (?P<times> [\d/]* ) )
  | (?P<stray>    \+[^+\s|]*\+ | \[ )
  | (?P<rest>     [zx] )
  | (?P<tie>      - )
  | (?P<other>    [\s\d/<>]+ | . )
    """,
    re.VERBOSE | re.DOTALL,
)
_SILENT = {"left_out", "stray"}
_SIGNS = re.compile(r"\[?(?:\|*\])?(:*)[|\[\]]+(:*)\|?")


@dataclass
class Voice:
    """Where a voice stands while its text is walked."""

    octave: int = 0  # to add to what is written
    key: dict[str, str] = field(default_factory=dict)  # letters and their signs in the key signature
    signs: dict[str, str] = field(default_factory=dict)  # letters and their signs in this bar
    carried: set[str] = field(default_factory=set)  # letters whose sign came into the bar by a tie alone
    tied: dict[str, str] = field(default_factory=dict)  # pitches that a tie holds, and their signs
    endings: set[int] = field(default_factory=set)  # numbers of the endings of this section so far
    ending: set[int] = field(default_factory=set)  # those of the ending at hand
    behind: int | None = None  # where in the text the last ending before this section was over

    def end_bar(self) -> None:
        """Forget the signs of the bar."""
        self.signs, self.carried = {}, set()

    def end_section(self) -> None:
        """Forget the endings."""
        self.endings, self.behind = set(), None


def tokens_of(text: str) -> list[Token]:
    """Return what is heard of a line of music, and the signs that say how often."""
    return [token for token in _TOKENS.finditer(text) if token.lastgroup not in _SILENT]


def write_note(voice: Voice, token: Token, out: list[str]) -> None:
    """Write a note."""
    tied, voice.tied = voice.tied, {}
    out.append(_pitch(voice, token, tied) + token["length"])


def write_chord(voice: Voice, token: Token, behind: list[Token], out: list[str]) -> None:
    """Write a chord; a length behind it multiplies those within, which abc2midi would drop."""
    inner = _inside(token)
    times = token["times"]
    within = any(part["length"] for part in inner)
    tied, voice.tied = voice.tied, {}
    text, held, last = "", [], ""
    for part in inner:
        if part["note"]:
            last = part["pitch"]
            length = part["length"]
            text += _pitch(voice, part, tied) + (_product(length, times) if within and times else length)
        elif part["tie"]:
            held += _held([last], behind)
        elif part["rest"] or not part.group().strip("0123456789/"):
            text += REST if part["rest"] else part.group()
    if text:
        out.append(f"[{text}]{'' if within else times}")
    _hold(voice, held, out)


def write_tie(voice: Voice, tokens: list[Token], i: int, out: list[str]) -> None:
    """Write a tie where token `i`, a hyphen, is one."""
    _hold(voice, _held(_pitches(tokens[i - 1 :: -1] if i else []), tokens[i + 1 :]), out)


def _pitches(tokens: Iterable[Token]) -> list[str]:
    """Return the pitches of the first note or chord, without their signs."""
    for token in tokens:
        if token["note"]:
            return [token["pitch"]]
        if token["chord"]:
            return [note["pitch"] for note in _inside(token) if note["note"]]
    return []


def _inside(chord: Token) -> list[Token]:
    return tokens_of(chord["old"] if chord["inner"] is None else chord["inner"])


def _held(pitches: list[str], behind: Iterable[Token]) -> list[str]:
    """Return the pitches that stand on both sides of a hyphen, or all where nothing stands behind it."""
    after = _pitches(behind)
    return [pitch for pitch in pitches if pitch in after or not after]


def _hold(voice: Voice, held: list[str], out: list[str]) -> None:
    if held:
        out.append(_TIE_MARK)
        signs = ((pitch, voice.signs.get(pitch[0].upper())) for pitch in held)
        voice.tied |= {pitch: sign for pitch, sign in signs if sign}


def _pitch(voice: Voice, token: Token, tied: dict[str, str]) -> str:
    """Return a note without its length, with the sign and in the octave that it sounds with."""
    sign, pitch, letter = token["sign"] or "", token["pitch"], token["pitch"][0].upper()
    if sign:
        voice.carried.discard(letter)
    elif pitch in tied:
        if voice.signs.get(letter) != tied[pitch]:
            sign = tied[pitch]
            voice.carried.add(letter)
    elif letter in voice.carried:
        sign = voice.key.get(letter, "=")
        voice.carried.discard(letter)
    if sign:
        voice.signs[letter] = sign
    octave = voice.octave + pitch.count("'") - pitch.count(",")
    return sign + pitch[0] + "'" * octave + "," * -octave


def _product(first: str, second: str) -> str:
    """Multiply two lengths.

    >>> _product("3/", "2"), _product("", "//")
    ('3/1', '1/4')
    """
    value = Fraction(1)
    for length in (first, second):
        above, _, below = length[:9].partition("/")
        slashes = 1 + below.count("/") if "/" in length else 0
        below = below.strip("/")
        value *= Fraction(int(above or 1), (int(below) or 1) if below.isdigit() else 2**slashes)
    return f"{value.numerator}/{value.denominator}"


def write_bar(voice: Voice, token: Token, out: list[str]) -> None:
    """Write a bar line, a sign of repetition, the beginning of an ending, or all of these.

    Behind a last ending, abc2midi goes back to the beginning of the tune and misses first endings, unless
    the section there begins with a sign of its own; and it plays a section once more if its last ending
    is closed by a sign. A section that is played three times becomes one with empty endings.
    """
    signs, listed = token["signs"] or "", token["then"] or token["alone"] or ""
    numbers = _numbers(listed)
    close, begin = _turns(signs)
    was_last = len(voice.endings) > 1 and len(voice.endings) == max(voice.endings)
    is_over = was_last and not numbers and signs != "|"
    if is_over:
        close = 0
        if len(voice.ending) > 1:  # more turns are to come
            out.append(":|")
    elif voice.behind is not None and (close or numbers):
        out[voice.behind] = (":|" if min(numbers, default=1) > 1 else "|:") + _BAR_MARK
    if is_over or close or begin or numbers:
        voice.behind = None
    if not numbers and (is_over or close or begin):
        voice.endings = set()
    if close > 1 and not numbers:
        out.append(f"{_BAR_MARK}|1-{close}:|{close + 1}")
        is_over, close = True, 0
    if (is_over and not begin) or (voice.behind is not None and len(signs) > 1):
        voice.behind = len(out)  # a double bar is the nearer beginning
    if close or begin or is_over:
        signs = ("::" if begin else ":|") if close else ("|:" if begin else "||")
    if numbers:  # a sign that stands on the line before has made an end of the section
        voice.ending = numbers
        voice.endings |= numbers | set(range(1, min(numbers)))
    voice.end_bar()
    out.append(signs + (f"[{listed}" if numbers else "") + _BAR_MARK)


def _turns(signs: str) -> tuple[int, int]:
    """Return how many colons stand before a bar line, and how many behind it."""
    if signs.startswith("::") and "|" not in signs:
        return 1, 1
    shape = _SIGNS.fullmatch(signs)
    return (min(len(shape[1]), _MOST - 1), len(shape[2])) if shape else (0, 0)


def _numbers(text: str) -> set[int]:
    """Return the numbers of a list such as ``1,3`` or ``1-3``."""
    found: set[int] = set()
    for first, last in re.findall(r"(\d{1,2})(?:-(\d{1,2}))?", text):
        found |= set(range(int(first), int(last or first) + 1))
    return found
