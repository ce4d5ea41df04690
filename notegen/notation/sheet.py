"""Sheet: a score as it is written on paper, from which MusicXML, ABC and engravings are made."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from notegen import keys
from notegen.errors import EmptyError, RangeError
from notegen.keys import Key
from notegen.melody import GRID, pickup_length, tidy_meters
from notegen.notation import metre
from notegen.notation.metre import RESOLUTION
from notegen.notation.rhythm import Ints
from notegen.notation.rounding import SCALE, cells, rounded
from notegen.notation.values import Piece, Value, write_bar
from notegen.notation.voices import Block, voices
from notegen.score import METER, Score, Span, Track, table

MOST_BARS = 4000


class Measure(NamedTuple):
    """One bar of all parts.

    Parameters
    ----------
    number : int
        Counted from 1; a pickup is 0.
    start, length : int
        In ticks of `RESOLUTION` a quarter.
    meter : tuple of int
        Numerator and denominator of the bar's own length.
    shown : tuple of int, optional
        The meter to print here, where it changes; that of the next bar in a pickup.
    key : Key
    new_key : bool
        Whether the key is to be printed here.
    tempos : tuple of (int, float)
        Offset in ticks and quarters a minute, for each change in the bar.
    mark : str
        "new" if new music begins in this bar, "seed" if it ends here; else empty.
    opens : bool
        Whether it does so on the bar line.
    """

    number: int
    start: int
    length: int
    meter: tuple[int, int]
    shown: tuple[int, int] | None
    key: Key
    new_key: bool
    tempos: tuple[tuple[int, float], ...]
    mark: str
    opens: bool


@dataclass(frozen=True)
class Part:
    """One staff: its track, its clef, and for each measure the values of each voice that sounds in it."""

    track: Track
    clef: str
    bars: tuple[tuple[tuple[Value, ...], ...], ...]


@dataclass(frozen=True)
class Sheet:
    """A score written down."""

    title: str
    measures: tuple[Measure, ...]
    parts: tuple[Part, ...]


def notate(score: Score, new: Span | None = None) -> Sheet:
    """Write a score down: readable rhythms, bars, voices, one staff for each track with notes.

    Parameters
    ----------
    score : Score
    new : Span, optional
        What of the music is new.

    Raises
    ------
    EmptyError
        If there is no note.
    RangeError
        If it has more than `MOST_BARS` bars.
    """
    if not len(score.notes):
        raise EmptyError("there is no note in it to write down")
    grid = _regular(score)
    times = rounded(score, cells(_bars(grid, grid.end), grid))
    end = max(int(ends.max()) for _, ends in times.values())
    measures = _measures(score, grid, end, new)
    parts = tuple(_part(score, track, *own, measures) for track, own in times.items())
    return Sheet(score.title, measures, parts)


def _regular(score: Score) -> Score:
    """Return the score on the coarse grid with meters that change at bar lines alone."""
    grid = score.quantize(GRID)
    last = int(grid.notes["onset"].max())
    if last > MOST_BARS * 8 * GRID:
        raise RangeError(f"it is longer than the {MOST_BARS} bars that can be written down")
    rows = tidy_meters([_writable(*row) for row in grid.meters.tolist()], last)
    return replace(grid, meters=table(rows, METER), source=None)


def _writable(tick: int, numerator: int, denominator: int) -> tuple[int, int, int]:
    """Return a meter whose bar the grid can hold; meters in 64ths are rounded up to 32nds."""
    while denominator > 32:
        numerator, denominator = -(-numerator // 2), denominator // 2
    return tick, numerator, denominator


def _bars(grid: Score, until: int) -> list[int]:
    bars: list[int] = grid.bars(until).tolist()
    if len(bars) > MOST_BARS:
        raise RangeError(f"it has {len(bars) - 1:,} bars; {MOST_BARS} are the most that can be written down")
    return bars


def _measures(score: Score, grid: Score, end: int, new: Span | None) -> tuple[Measure, ...]:
    bars = _bars(grid, -(-end // SCALE))
    pickup = bool(pickup_length(grid.meters.tolist()))
    written = _written_keys(score, grid, bars)
    tempos, marks = _tempos(score), _marks(new, score.resolution)
    measures: list[Measure] = []
    for i, (bar, following) in enumerate(pairwise(bars)):
        meter = grid.meter_at(bar)
        shown = grid.meter_at(following) if pickup and i == 0 else meter
        same = i > 0 and (measures[-1].meter == meter or (pickup and i == 1))
        start, length = bar * SCALE, metre.bar_length(meter)
        inside = tuple((at - start, speed) for at, speed in tempos if start <= at < following * SCALE)
        at, mark = next((each for each in marks if bar <= each[0] < following), (0, ""))
        key = written.get(bar, measures[-1].key if i else Key(0, 0))
        new_key = i == 0 or key != measures[-1].key
        number = i if pickup else i + 1
        signs = (None if same else shown, key, new_key, inside)
        measures.append(
            Measure(number, start, length, meter, *signs, mark, bool(mark) and at - bar < GRID // 4)
        )
    return tuple(measures)


def _marks(new: Span | None, resolution: int) -> list[tuple[int, str]]:
    """Return the grid ticks at which new music begins and ends, and the words for there."""
    if new is None:
        return []
    words = zip(new, ("new", "seed"), strict=True)
    return [(round(tick * GRID / resolution), word) for tick, word in words if tick is not None]


def _written_keys(score: Score, grid: Score, bars: list[int]) -> dict[int, Key]:
    """Return the key at the bar nearest to each written one, and at the first, guessed if need be."""
    drums = np.array([track.is_drum for track in score.tracks])
    pitched = score.notes[~drums[score.notes["track"]]]
    weights = np.bincount(pitched["pitch"] % 12, weights=pitched["duration"], minlength=12)
    written = [(tick, Key(fifths, mode)) for tick, fifths, mode in grid.keys.tolist()]
    first = keys.settle([key for _, key in written], weights) if len(pitched) else Key(0, 0)
    result = {bars[0]: first}
    if len(written) > 1 or (written and len(pitched) == 0):
        for tick, key in written:
            bar = min(bars[:-1], key=lambda bar: abs(bar - tick))
            result[bar] = Key.of_tonic(key.tonic, key.mode) if abs(key.fifths) > 7 else key
    return result


def _tempos(score: Score) -> list[tuple[int, float]]:
    """Return the tempo map in ticks of `RESOLUTION` and quarters a minute, without repeats."""
    rows = [(tick, 60e6 / each) for tick, each in score.tempos.tolist()] or [(0, 120.0)]
    if rows[0][0]:
        rows.insert(0, (0, 120.0))
    kept = [row for i, row in enumerate(rows) if not i or row[1] != rows[i - 1][1]]
    return [(tick * RESOLUTION // score.resolution, speed) for tick, speed in kept]


def _part(score: Score, track: int, onsets: Ints, ends: Ints, measures: tuple[Measure, ...]) -> Part:
    pitches = score.notes["pitch"][score.notes["track"] == track].tolist()
    notes = list(zip(onsets.tolist(), ends.tolist(), pitches, strict=True))
    lines = [_by_measure(voice, measures) for voice in voices(notes)]
    bars = []
    for i, measure in enumerate(measures):
        heard = [line[i] for line in lines if line[i]] or [[]]
        bars.append(tuple(tuple(write_bar(pieces, measure.meter, measure.length)) for pieces in heard))
    return Part(score.tracks[track], _clef(score.tracks[track], pitches), tuple(bars))


def _by_measure(voice: list[Block], measures: tuple[Measure, ...]) -> list[list[Piece]]:
    """Cut the blocks of a voice at the bar lines."""
    rows: list[list[Piece]] = [[] for _ in measures]
    i = 0
    for block in voice:
        while block.start >= measures[i].start + measures[i].length:
            i += 1
        j, at = i, block.start
        while at < block.stop:
            bar = measures[j]
            stop = min(block.stop, bar.start + bar.length)
            ties = at > block.start, stop < block.stop
            piece = Piece(at - bar.start, stop - bar.start, block.pitches, *ties, measures[i].key)
            rows[j].append(piece)
            j, at = j + 1, stop
    return rows


def _clef(track: Track, pitches: list[int]) -> str:
    """Choose a clef by the median pitch."""
    if track.is_drum:
        return "percussion"
    middle = float(np.median(pitches))
    if middle < 36:
        return "bass 8vb"
    return "bass" if middle < 60 else "treble" if middle <= 86 else "treble 8va"
