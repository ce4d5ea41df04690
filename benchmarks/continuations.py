"""Songs of many tracks, cut in the middle and continued, beside how they really go on.

Without a model, there are only the figures that those of takes are to be compared with: of other songs (the
ceiling), of the bars before the cut, and of the seed's last bars over and over (loop).
"""

import argparse
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import notegen_corpora

from notegen.errors import DataError, NotegenError
from notegen.evaluation.continuations import (
    BARS,
    Going,
    Halves,
    Passage,
    Row,
    behind,
    compare,
    going_on,
    halve,
    loop,
)
from notegen.formats import SUFFIXES, read
from notegen.generation.compose import compose
from notegen.model.bundle import Bundle, load
from notegen.score import Score

Named = tuple[str, Score | NotegenError]
RARE = 0.25  # of the songs: roles that fewer have are left out
COLUMNS = ("takes", "ceiling", "before", "loop")


def run(arguments: list[str]) -> dict[str, object]:
    """Print a row for each feature of each track, and in how many takes all tracks go on."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks continuations")
    parser.add_argument("--data", required=True, help="a folder of files, or the name of a collection")
    parser.add_argument(
        "--every", type=int, default=1, help="the n-th, 2n-th, … piece in order of their names"
    )
    parser.add_argument("--songs", type=int, default=40, help="how many of these, at most")
    parser.add_argument("--model", help="one of codec parts")
    parser.add_argument("--takes", type=int, default=4, help="of each song")
    parser.add_argument("--bars", type=int, default=BARS, help="of a take, at most")
    options = parser.parse_args(arguments)
    found = islice(_scores(options.data), options.every - 1, None, options.every)
    songs = list(_halved(islice(found, options.songs), options.bars))
    if not songs:
        raise DataError(f"{options.data}: there is no song in it to be cut in two")
    takes: list[list[Passage]] = [[] for _ in songs]
    if options.model:
        model = load(options.model)
        takes = [_takes(model, song, options.takes, seed=i) for i, song in enumerate(songs)]
    gone = {
        "takes": going_on(songs, takes),
        "before": going_on(songs, [[song.before] for song in songs]),
        "loop": going_on(songs, [[loop(song)] for song in songs]),
    }
    rows = [row for row in compare(songs, takes) if row.songs >= RARE * len(songs)]
    _print(gone, rows)
    return {
        "songs": len(songs),
        "bars": sum(len(song.after.lines) - 1 for song in songs),
        "going_on": {name: _plain(each.whole) for name, each in gone.items()},
        "values": _means(rows, "values"),
        "changes": _means(rows, "changes"),
        "rows": [
            {"role": row.role, "feature": row.feature}
            | {name: {key: _plain(x) for key, x in getattr(row, name)._asdict().items()} for name in COLUMNS}
            for row in rows
        ],
    }


def _scores(data: str) -> Iterator[Named]:
    """Read the files of a folder in the order of their names, or a collection."""
    if data in notegen_corpora.COLLECTIONS:
        yield from notegen_corpora.collection(data).scores()
        return
    for path in sorted(path for path in Path(data).rglob("*") if path.suffix.lower() in SUFFIXES):
        try:
            yield path.name, read(path)
        except NotegenError as error:
            yield path.name, error


def _halved(found: Iterable[Named], bars: int) -> Iterator[Halves]:
    """Cut what can be read and is long enough; say what is left out."""
    for name, score in found:
        try:
            if not isinstance(score, Score):
                raise score
            yield halve(score, bars)
        except NotegenError as error:
            print(f"{name} is left out: {error}", flush=True)


def _takes(model: Bundle, song: Halves, count: int, seed: int) -> list[Passage]:
    made = compose(model, song.seed, tracks="all", bars=song.bars, variations=count, seed=seed)
    return [behind(song, take.score) for take in made]


def _print(gone: dict[str, Going], rows: list[Row]) -> None:
    for name, each in gone.items():
        if math.isnan(each.whole):
            continue
        shown = {row.role: each.roles.get(row.role, math.nan) for row in rows}
        print(f"{name}: all tracks go on in {each.whole:.0%};", end=" ")
        print(", ".join(f"{role} {share:.0%}" for role, share in shown.items()))
    print(f"{'':32}" + "".join(f"{name:>16}" for name in COLUMNS))
    for row in rows:
        pairs = (getattr(row, name) for name in COLUMNS)
        print(
            f"{row.role:16}{row.feature:16}", *(f"{each.values:9.3f} {each.changes:5.3f}" for each in pairs)
        )


def _means(rows: list[Row], kind: str) -> dict[str, float | None]:
    """Return the mean overlap of all rows, takes and what they are compared with."""
    found = {name: [getattr(getattr(row, name), kind) for row in rows] for name in COLUMNS}
    return {name: _plain(sum(each) / len(each)) if each else None for name, each in found.items()}


def _plain(figure: float) -> float | None:
    return None if math.isnan(figure) else round(figure, 4)
