"""Test pieces of many parts, cut in two and continued: what models of all tracks are measured by.

Of each piece there is one take, drawn as `notegen compose` draws it (flawed ones anew), and set beside how
the piece really goes on; see `notegen.evaluation.continuations`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from notegen.arrange import arrange
from notegen.codecs import parts
from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.corpus.originality import Index
from notegen.corpus.scan import Piece
from notegen.errors import EmptyError, RangeError
from notegen.evaluation.continuations import (
    FEATURES,
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
from notegen.generation.compose import Take, compose
from notegen.model.assemble import Ensemble
from notegen.report.copying import originality
from notegen.score import Score

BARS = 8  # of a continuation, at most
RARE = 0.25  # of the pieces: tracks that fewer have are left out

SETS = ("takes", "ceiling", "before", "loop")
KINDS = ("values", "changes")


@dataclass(frozen=True, eq=False)
class Continued:
    """A test piece, cut in two, and a take that goes on from its first half."""

    piece: Piece
    song: Halves
    take: Take

    @property
    def passage(self) -> Passage:
        """What the take has behind the cut."""
        return behind(self.song, self.take.score)


def draw(
    ensemble: Ensemble, test: Sequence[Piece], count: int, seed: int, say: Callable[[str], None]
) -> list[Continued]:
    """Continue so many test pieces, evenly spread; those that are too short to be cut are left out.

    Parameters
    ----------
    ensemble : Ensemble
        Of a model of codec "parts".
    test : sequence of Piece
    count : int
        How many at most.
    seed : int
        The same number gives the same takes.
    say : callable
        Told what is being done.
    """
    places = np.linspace(0, len(test) - 1, min(len(test), count)).astype(int).tolist()
    made: list[Continued] = []
    for number, i in enumerate(places):
        say(f"continuing {len(places)} pieces, {number} done")
        try:
            song = halve(parts.decode(test[i].ids), BARS)
            (take,) = compose(ensemble, song.seed, bars=song.bars, variations=1, seed=seed + i)
        except (EmptyError, RangeError):
            continue
        made.append(Continued(test[i], song, take))
    return made


def figures(made: list[Continued]) -> dict[str, Any]:
    """Return how continuations compare with how the pieces really go on, as plain values.

    Returns
    -------
    dict
        ``pieces`` and ``bars``; ``going_on``: in how many takes all tracks go on, beside the bars before the
        cut and a loop of the last ones; ``roles``: a row for each track and feature; ``features``: their
        means over tracks.
    """
    songs = [each.song for each in made]
    rows = [row for row in compare(songs, [[each.passage] for each in made]) if row.songs >= RARE * len(made)]
    going: dict[str, Going] = {
        "takes": going_on(songs, [[each.passage] for each in made]),
        "before": going_on(songs, [[song.before] for song in songs]),
        "loop": going_on(songs, [[loop(song)] for song in songs]),
    }
    return {
        "pieces": len(made),
        "bars": sum(len(song.after.lines) - 1 for song in songs),
        "going_on": {name: _plain(each.whole) for name, each in going.items()},
        "features": [
            {"feature": feature, **_means([row for row in rows if row.feature == feature])}
            for feature in FEATURES
            if any(row.feature == feature for row in rows)
        ],
        "roles": [
            {"role": row.role, "feature": row.feature, "songs": row.songs, **_means([row])} for row in rows
        ],
    }


def copied(index: Index, made: list[Continued]) -> dict[str, Any]:
    """Return how much of takes, and of how the pieces really go on, stands in a training corpus."""
    drawn = [_written(each.passage.score) for each in made]
    true = [replace(each.piece, ids=_written(each.song.after.score)) for each in made]
    return originality(index, drawn, true)


def _written(score: Score) -> Ids:
    """Return a passage as a piece by itself."""
    if not len(score.notes):
        return np.array([v.START, v.END], dtype=np.int32)
    return parts.encode(arrange(score))


def _means(rows: list[Row]) -> dict[str, dict[str, float | None]]:
    """Return the mean overlaps of rows; what is no number in one of them does not count."""
    return {
        name: {kind: _mean([getattr(getattr(row, name), kind) for row in rows]) for kind in KINDS}
        for name in SETS
    }


def _mean(figures: list[float]) -> float | None:
    known = [figure for figure in figures if not np.isnan(figure)]
    return float(np.mean(known)) if known else None


def _plain(figure: float) -> float | None:
    return None if np.isnan(figure) else float(figure)
