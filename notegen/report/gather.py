"""What the page of a corpus shows besides its report: where pieces come from, and all their notes counted."""

from collections import Counter
from typing import Any

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.corpus import Corpus
from notegen.corpus.intervals import times
from notegen.melody import GRID
from notegen.report.corpus import source_of

_VALUES = {
    "1/32": 1 / 8,
    "1/24": 1 / 6,
    "1/16": 1 / 4,
    "1/12": 1 / 3,
    "1/8": 1 / 2,
    "1/6": 2 / 3,
    "3/16": 3 / 4,
    "1/4": 1,
    "3/8": 3 / 2,
    "1/2": 2,
    "3/4": 3,
    "1": 4,
}  # fmt: skip  (a table: fractions of a whole note, in quarters)
_BORDERS = np.sqrt(np.multiply(list(_VALUES.values())[1:], list(_VALUES.values())[:-1])) * GRID


def gather(corpus: Corpus) -> dict[str, Any]:
    """Return the report of a corpus, and what `notegen.report.corpus.page` shows besides.

    Returns
    -------
    dict
        Of `Corpus.report`, and ``sources`` (pieces kept, by where they come from), ``lengths`` (``bars`` and
        ``notes`` of each piece), ``pitches`` (notes by MIDI number) and ``durations`` (notes by the nearest
        of some note values).
    """
    bars, notes = [], []
    pitches, durations = np.zeros(128, dtype=np.int64), np.zeros(len(_VALUES), dtype=np.int64)
    for piece in corpus.pieces:
        begun, ended = times(piece.ids)
        notes.append(note_count(piece.ids))
        bars.append(int(np.isin(piece.ids, (v.BAR, v.PICKUP)).sum()))
        pitches += np.bincount(v.pitches(piece.ids), minlength=128)
        durations += np.bincount(np.searchsorted(_BORDERS, ended - begun), minlength=len(_VALUES))
    return {
        **corpus.report(),
        "sources": dict(Counter(source_of(piece.name) for piece in corpus.pieces).most_common()),
        "lengths": {"bars": bars, "notes": notes},
        "pitches": {str(pitch): int(count) for pitch, count in enumerate(pitches) if count},
        "durations": dict(zip(_VALUES, durations.tolist(), strict=True)),
    }
