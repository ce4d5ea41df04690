"""Piano rolls as text: half blocks, two pitches a line, a sixteenth a column.

Columns are even within a bar, and each bar line has one of its own, through which long notes go on.
Where a bar is too wide for the terminal, a column is an eighth, a quarter, and so on. A note that is
struck again leaves a column free before it, if it has one to spare.
"""

from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.rendering import layout
from notegen.rendering.drums import drum_name
from notegen.score import Score, Span, Table, Track

ASCII = str.maketrans("▀▄█│┃■…", "'.#|!=~")  # for terminals that know nothing else

_NARROWEST = 16  # columns, whatever the terminal says
_MOST_PITCHES = 88  # two a line; of a wider score, four
_COLOURS = (32, 166, 36, 175, 214, 117, 250, 142)  # of 256: the nearest to those of the pictures
_FAINT, _BRIGHT = 244, 214

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")

_Cells = NDArray[np.uint8]  # (rows, columns): 0, or the number of the part whose note stands there


class _Lanes(NamedTuple):
    """What the lines of a system show; each has two rows, of which a drum's uses the upper one.

    Parameters
    ----------
    top : int
        The pitch of the first row, in units of `step`.
    step : int
        Pitches a row.
    labels : list of str
        A name for each line; of pitches only the Cs, or the lowest if there is no C.
    drums : list of int
        The pitches of drums, one a line, below the others.
    """

    top: int
    step: int
    labels: list[str]
    drums: list[int]

    def rows(self, track: Track, pitches: NDArray[np.int16]) -> NDArray[np.int64]:
        """Return the rows in which a track's pitches stand."""
        if not track.is_drum:
            return np.asarray(self.top - pitches.astype(np.int64) // self.step)
        first = len(self.labels) - len(self.drums)
        return np.array([2 * (first + self.drums.index(pitch)) for pitch in pitches.tolist()])

    def glyphs(self, line: int) -> str:
        """Return what stands for no note, the lower, the upper and both rows of a line."""
        return " ▄▀█" if line < len(self.labels) - len(self.drums) else "  xx"


class _Columns(NamedTuple):
    """Where the bars of a piece stand if all systems were one.

    Parameters
    ----------
    ticks, edges : arrays of int, shape (bars + 1,)
        Bar lines, and how many columns of music there are before each.
    """

    ticks: NDArray[np.int64]
    edges: NDArray[np.int64]

    @property
    def bars(self) -> NDArray[np.int64]:
        """The columns of the bar lines."""
        return self.edges + np.arange(len(self.edges))

    def music(self, ticks: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the nearest columns of ticks, bar lines not counted."""
        return np.floor(np.interp(ticks, self.ticks, self.edges) + 0.5).astype(np.int64)

    def place(self, music: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return columns of music as columns of the system, where bar lines count."""
        return music + np.searchsorted(self.edges, music, side="right")

    def seam(self, tick: int) -> int:
        """Return the column of a seam: a bar line's if it stands on one."""
        music = self.music(np.array([tick]))
        bar = int(np.searchsorted(self.edges, music[0]))
        return int(self.bars[bar] if self.edges[bar] == music[0] else self.place(music)[0])


def text(score: Score, *, width: int, new: Span | None = None, colour: bool = False, title: str = "") -> str:
    """Draw a score with characters.

    Parameters
    ----------
    score : Score
    width : int
        The columns of the terminal; no line is longer, but at least 16 are taken.
    new : Span, optional
        What of the score is new.
    colour : bool
        Whether tracks have colours (ANSI, of 256); else they look alike.
    title : str

    Returns
    -------
    str
        Lines that end in newlines.

    Raises
    ------
    EmptyError
        If there is no note.
    RangeError
        If there are far too many bars.
    """
    width = max(_NARROWEST, width)
    ticks, first = layout.bars(score)
    lanes = _lanes(score)
    margin = min(max(map(len, lanes.labels)), width // 5) + 1
    counts = _counts(np.diff(ticks) / score.resolution, width - margin - 2)
    columns = _Columns(ticks, np.append(0, np.cumsum(counts)))
    cells = _paint(score, columns, lanes)
    start, stop = (None if tick is None else columns.seam(tick) for tick in new or (None, None))
    lines = [layout.printable(title)[:width]] if title else []
    lines += _legend(layout.part_names(score), width) if colour else []
    for part in layout.systems(counts + 1.0, width - margin - 1, first):
        bars = columns.bars[part.start : part.stop + 1]
        ground = _ground(bars, start, stop)
        lines.append(" " * margin + _ruler(bars, first + part.start, start, width - margin))
        for line, label in enumerate(lanes.labels):
            halves = cells[2 * line : 2 * line + 2, bars[0] : bars[-1] + 1]
            music = (_coloured if colour else _plain)(halves, ground, lanes.glyphs(line))
            lines.append(f"{label[: margin - 1]:>{margin - 1}} {music}")
        lines.append("")
    return "".join(f"{line.rstrip()}\n" for line in lines[:-1])


def _lanes(score: Score) -> _Lanes:
    parts = layout.parts(score)
    drums, keys = (
        sorted({p for track, notes in parts if track.is_drum == drum for p in notes["pitch"].tolist()})
        for drum in (True, False)
    )
    step = 1 if not keys or keys[-1] - keys[0] < _MOST_PITCHES else 2
    low, high = (keys[0] // step // 2 * 2, keys[-1] // step // 2 * 2 + 1) if keys else (0, -1)
    lower = [row * step for row in range(high - 1, low - 1, -2)]  # the lowest pitch of each line
    labels = [f"C{pitch // 12 - 1}" if pitch % 12 == 0 else "" for pitch in lower]
    if lower and not any(labels):
        labels[-1] = f"{_NAMES[lower[-1] % 12]}{lower[-1] // 12 - 1}"
    drums.reverse()
    return _Lanes(high, step, labels + [drum_name(pitch) for pitch in drums], drums)


def _counts(quarters: NDArray[np.float64], room: int) -> NDArray[np.int64]:
    """Return the columns of each bar, such that the longest bar has room."""
    density = 4.0
    while round(quarters.max() * density) > room:
        density /= 2
    return np.maximum(1, np.rint(quarters * density)).astype(np.int64)


def _paint(score: Score, columns: _Columns, lanes: _Lanes) -> _Cells:
    """Fill in the notes; those of the first part lie on top."""
    cells = np.zeros((2 * len(lanes.labels), int(columns.bars[-1]) + 1), dtype=np.uint8)
    parts = list(enumerate(layout.parts(score), 1))
    for number, (track, notes) in reversed(parts):
        rows = lanes.rows(track, notes["pitch"])
        first, last = _spans(notes, rows, columns, track.is_drum)
        for row, start, stop in zip(rows.tolist(), first.tolist(), last.tolist(), strict=True):
            cells[row, start : stop + 1] = (number - 1) % len(_COLOURS) + 1
    return cells


def _spans(
    notes: Table, rows: NDArray[np.int64], columns: _Columns, struck: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the first and the last column of each note; of one that is struck, the first alone."""
    onsets = np.minimum(columns.music(notes["onset"]), columns.edges[-1] - 1)
    if struck:
        return columns.place(onsets), columns.place(onsets)
    ends = np.maximum(columns.music(notes["onset"] + notes["duration"]), onsets + 1)
    order = np.lexsort((onsets, rows))
    this, following = order[:-1], order[1:]
    again = (rows[this] == rows[following]) & (ends[this] == onsets[following])
    ends[this[again & (ends[this] - onsets[this] > 1)]] -= 1
    return columns.place(onsets), columns.place(ends - 1)


def _ground(bars: NDArray[np.int64], start: int | None, stop: int | None) -> list[str]:
    """Return what stands behind the notes of a system: bar lines, and where new music begins and ends."""
    ground = [" "] * int(bars[-1] - bars[0] + 1)
    for bar in (bars - bars[0]).tolist():
        ground[bar] = "│"
    if start is not None and bars[0] <= start < bars[-1]:
        ground[start - int(bars[0])] = "┃"
    if stop is not None and bars[0] < stop <= bars[-1]:
        ground[stop - int(bars[0])] = "┃"
    return ground


def _ruler(bars: NDArray[np.int64], first: int, seam: int | None, width: int) -> str:
    """Return the word "new" at the seam, and the numbers of the bars, as many as fit."""
    numbers = {int(bar - bars[0]): str(first + i) for i, bar in enumerate(bars[:-1])}
    line = " " * (width + 1)
    if seam is not None and bars[0] <= seam < bars[-1]:
        at = int(seam - bars[0])
        line = _put(line, at + len(numbers.get(at, "")) + (at in numbers), "new")
    for at, number in numbers.items():
        line = _put(line, at, number)
    return line.rstrip()


def _put(line: str, at: int, word: str) -> str:
    """Write a word into a line, if there is room for it and a space on either side."""
    end = at + len(word)
    free = end < len(line) and not line[max(0, at - 1) : end + 1].strip()
    return line[:at] + word + line[end:] if free else line


def _plain(halves: _Cells, ground: list[str], glyphs: str) -> str:
    kinds = (2 * (halves[0] > 0) + (halves[1] > 0)).tolist()
    return "".join(glyphs[kind] if kind else back for kind, back in zip(kinds, ground, strict=True))


def _coloured(halves: _Cells, ground: list[str], glyphs: str) -> str:
    """Return a line with escape codes; two notes of different parts are fore- and background."""
    cells = []
    for upper, lower, back in zip(*halves.tolist(), ground, strict=True):
        if upper and lower and upper != lower:
            cells.append((f"38;5;{_COLOURS[upper - 1]};48;5;{_COLOURS[lower - 1]}", "▀"))
        elif upper or lower:
            colour = _COLOURS[max(upper, lower) - 1]
            cells.append((f"38;5;{colour}", glyphs[2 * (upper > 0) + (lower > 0)]))
        else:
            cells.append((f"38;5;{_BRIGHT if back == '┃' else _FAINT}", back))
    runs = groupby(cells, key=lambda cell: cell[0])
    return "".join(f"\x1b[{code}m{''.join(char for _, char in run)}" for code, run in runs) + "\x1b[0m"


def _legend(names: list[str], width: int) -> list[str]:
    """Return a line for each track, if there are several."""
    if len(names) < 2:
        return []
    return [
        f"\x1b[38;5;{_COLOURS[i % len(_COLOURS)]}m■\x1b[0m {name[: width - 2]}"
        for i, name in enumerate(names)
    ]
