"""The token table of the note codecs; everything else about tokens is derived from it.

A token is a kind and a value. Ids follow the order of the table: all of one kind, then the next. The first
`MELODY` ids are those of melodies; scores of many parts use all of them.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.errors import RangeError
from notegen.keys import MODES, Key
from notegen.melody import GRID

LONGEST_BAR = 8 * GRID  # ticks: eight quarters
WHOLE = 4 * GRID
LONGEST_RELEASE = LONGEST_BAR + WHOLE  # ticks from a bar's beginning; what ends later takes more tokens
LOWEST = 8  # the pitch token of the tonic itself is LOWEST above MIDI pitch 0
PITCHES = 139  # semitones above a tonic that lies from three below to eight above C (A3 to G#4)

METERS = tuple(
    (numerator, denominator)
    for denominator in (1, 2, 4, 8, 16, 32)
    for numerator in range(1, 2 * denominator + 1)  # up to LONGEST_BAR
)
KEYS = tuple(Key.of_tonic(tonic, mode) for mode in range(len(MODES)) for tonic in range(12))

TEMPOS = tuple(30 * 2 ** (i / 10) for i in range(32))  # quarters a minute: ten to an octave, 120 among them
PARTS = 16
PROGRAMS = 129  # those of General MIDI, and drums
DRUMS = 128  # the program of drums
LOUDNESS = 16  # MIDI velocities to a step
DRUM_LENGTH = GRID // 4  # ticks of a drum note, whose end nobody hears


class Kind(NamedTuple):
    """A row of the table: a kind of token, how many there are, and what they mean."""

    name: str
    size: int
    meaning: str


TABLE = (
    Kind("pad", 1, "fills a batch up; never in a piece"),
    Kind("start", 1, "begins a piece"),
    Kind("end", 1, "ends a piece"),
    Kind("meter", len(METERS), "the meter from the next bar on; value: index into METERS"),
    Kind("key", len(KEYS), "the key from the next bar on; value: 12 x mode + tonic"),
    Kind("bar", 1, "begins a bar"),
    Kind("pickup", 1, "begins an incomplete first bar; the position that follows says where"),
    Kind("position", LONGEST_BAR, "where the next note begins, if not where the last one ended"),
    Kind("pitch", PITCHES, "a note's semitones above the tonic, plus eight"),
    Kind(
        "release",
        LONGEST_RELEASE,
        "the tick of the bar at which the note ends, less one; after the largest, more",
    ),
    Kind("tempo", len(TEMPOS), "the tempo from the next bar on; value: index into TEMPOS"),
    Kind("part", PARTS, "declares a part, in the head; later: whose the notes that follow are"),
    Kind("program", PROGRAMS, "what a declared part is played with: General MIDI program, or drums"),
    Kind("velocity", 128 // LOUDNESS, "how loud the part's notes are from here on, in steps of 16"),
    Kind("drum", 128, "a note of a drum part, by its MIDI pitch"),
    Kind("gap", 1, "stands in the place of a bar that is missing here, and told behind fill"),
    Kind("fill", 1, "the missing bars follow"),
)

FIRST = {kind.name: sum(before.size for before in TABLE[:i]) for i, kind in enumerate(TABLE)}
SIZE = sum(kind.size for kind in TABLE)
MELODY = FIRST["tempo"]  # how many ids melodies have
KIND = np.repeat(np.arange(len(TABLE)), [kind.size for kind in TABLE])  # id -> row of TABLE
VALUE = np.concatenate([np.arange(kind.size) for kind in TABLE])  # id -> value
INDEX = {kind.name: i for i, kind in enumerate(TABLE)}

PAD, START, END, BAR, PICKUP = (FIRST[name] for name in ("pad", "start", "end", "bar", "pickup"))
GAP, FILL = FIRST["gap"], FIRST["fill"]
METER_ID = {meter: FIRST["meter"] + i for i, meter in enumerate(METERS)}
METER_LENGTH = np.array([WHOLE * numerator // denominator for numerator, denominator in METERS])
MICROSECONDS = np.array([round(60_000_000 / tempo) for tempo in TEMPOS])  # a quarter

Ids = NDArray[np.int32]


def key_id(key: Key) -> int:
    """Return the token of a key."""
    return FIRST["key"] + 12 * key.mode + key.tonic


def meter_id(meter: tuple[int, int]) -> int:
    """Return the token of a meter.

    Raises
    ------
    RangeError
        If no token stands for it.
    """
    try:
        return METER_ID[meter]
    except KeyError:
        raise RangeError(
            f"a meter of {meter[0]}/{meter[1]} is beyond the codec, whose bars last up to 8/4"
        ) from None


def tempo_ids(microseconds: NDArray[np.number[Any]]) -> Ids:
    """Return the tokens of the tempos that are nearest to others, given in microseconds a quarter.

    Examples
    --------
    >>> [name(token) for token in tempo_ids(np.array([500_000, 510_000, 1, 10_000_000]))]
    ['tempo 120', 'tempo 120', 'tempo 257', 'tempo 30']
    """
    step = np.rint(10 * np.log2(60_000_000 / microseconds / TEMPOS[0]))
    ids: Ids = FIRST["tempo"] + np.clip(step, 0, len(TEMPOS) - 1).astype(np.int32)
    return ids


def tonic(key: int) -> int:
    """Return where a key's tonic lies, in semitones from C: -3 (A) to 8 (G#).

    Examples
    --------
    >>> [tonic(key_id(Key.parse(name))) for name in ("C", "D", "F#m", "G", "Bmix")]
    [0, 2, 6, 7, -1]
    """
    return int((VALUE[key] + 3) % 12 - 3)


def name(token: int) -> str:
    """Return a token's name for people; pitches are named by octave and semitones above the tonic.

    Examples
    --------
    >>> name(START), name(key_id(Key.parse("Ador")))
    ('start', 'key Ador')
    >>> name(FIRST["pitch"] + LOWEST + 67), name(FIRST["release"] + 11)
    ('pitch 4+7', 'release 12')
    """
    kind, value = TABLE[KIND[token]], int(VALUE[token])
    if kind.name == "meter":
        return "meter {}/{}".format(*METERS[value])
    if kind.name == "key":
        return f"key {KEYS[value]}"
    if kind.name == "tempo":
        return f"tempo {TEMPOS[value]:.0f}"
    if kind.name == "program" and value == DRUMS:
        return "program drums"
    if kind.name == "pitch":
        octave, semitones = divmod(value - LOWEST, 12)
        return f"pitch {octave - 1}+{semitones}"
    if kind.size == 1:
        return kind.name
    return f"{kind.name} {value + (kind.name == 'release')}"


def pitch_name(pitch: int) -> str:
    """Return a MIDI pitch's name; 60 is C4."""
    return ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")[pitch % 12] + str(
        pitch // 12 - 1
    )


def pitches(ids: Ids) -> NDArray[np.int64]:
    """Return the MIDI pitches of a piece's notes, shape (notes,); drums have none."""
    kind = KIND[ids]
    at = kind == INDEX["pitch"]
    sounding: NDArray[np.int64] = VALUE[ids[at]] - LOWEST + _tonics(ids)[at]
    return sounding


def transpose(ids: Ids, semitones: int) -> Ids:
    """Return the tokens of the same piece so many semitones higher; drums stay as they are.

    Raises
    ------
    RangeError
        If a pitch would leave the range of MIDI.
    """
    sounding = pitches(ids) + semitones
    if len(sounding) and (sounding.min() < 0 or sounding.max() > 127):
        raise RangeError(f"moved by {semitones} semitones the piece would leave the range of MIDI")
    moved = ids.copy()
    keys = KIND[ids] == INDEX["key"]
    values = VALUE[ids[keys]]
    moved[keys] = FIRST["key"] + values // 12 * 12 + (values + semitones) % 12
    at = KIND[ids] == INDEX["pitch"]
    moved[at] = FIRST["pitch"] + LOWEST + sounding - _tonics(moved)[at]
    return moved


def _tonics(ids: Ids) -> NDArray[np.int64]:
    """Return the tonic in force at each token, in semitones from C."""
    last = np.maximum.accumulate(np.where(KIND[ids] == INDEX["key"], np.arange(len(ids)), 0))
    for fill in np.flatnonzero(ids == FILL):  # missing bars are in the key of their place
        last[fill:] = last[np.argmax(ids == GAP)]
    tonics: NDArray[np.int64] = (VALUE[ids[last]] + 3) % 12 - 3
    return tonics


def pad(pieces: Sequence[Ids]) -> Ids:
    """Stack pieces, filled up at the end, into an array of shape (pieces, length of the longest)."""
    out = np.full((len(pieces), max(map(len, pieces))), PAD, dtype=np.int32)
    for row, piece in zip(out, pieces, strict=True):
        row[: len(piece)] = piece
    return out


def describe(size: int = MELODY) -> list[list[object]]:
    """Return the table, as far as the first `size` ids go, in the form in which a bundle carries it."""
    return [[kind.name, kind.size] for kind in TABLE if FIRST[kind.name] < size]
