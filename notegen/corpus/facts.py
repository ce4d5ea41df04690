"""What a person wants to know of pieces: how much there is, and of what."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids


class Facts(NamedTuple):
    """A piece in figures: how long it is, its first meter and key, and its lowest and highest pitch."""

    notes: int
    tokens: int
    bars: int
    meter: str
    key: str
    lowest: int
    highest: int


def facts(ids: Ids) -> Facts:
    """Return the figures of a piece; of one without pitches the lowest is above the highest.

    Examples
    --------
    >>> import numpy as np
    >>> from notegen.codecs.vocabulary import BAR, END, FIRST, LOWEST, METER_ID, START, key_id
    >>> from notegen.keys import Key
    >>> head = [START, METER_ID[3, 4], key_id(Key.parse("G")), BAR]
    >>> facts(np.array([*head, FIRST["pitch"] + LOWEST + 60, FIRST["release"] + 23, END]))
    Facts(notes=1, tokens=7, bars=1, meter='3/4', key='G', lowest=67, highest=67)
    """
    kind, pitches = v.KIND[ids], v.pitches(ids)
    return Facts(
        note_count(ids),
        len(ids),
        int(((ids == v.BAR) | (ids == v.PICKUP)).sum()),
        _first(ids, kind == v.INDEX["meter"]),
        _first(ids, kind == v.INDEX["key"]),
        int(pitches.min(initial=127)),
        int(pitches.max(initial=0)),
    )


def _first(ids: Ids, chosen: v.Ids) -> str:
    """Return what the first of the chosen tokens names, or nothing."""
    return v.name(int(ids[chosen.argmax()])).split()[1] if chosen.any() else ""


def totals(rows: Iterable[Facts]) -> dict[str, object]:
    """Add up the figures of pieces; meters and keys are counted, the most frequent first."""
    sums = dict.fromkeys(("notes", "tokens", "bars"), 0)
    meters: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    lowest, highest = 127, 0
    for row in rows:
        for name in sums:
            sums[name] += getattr(row, name)
        meters[row.meter] += bool(row.meter)
        keys[row.key] += bool(row.key)
        lowest, highest = min(lowest, row.lowest), max(highest, row.highest)
    return {
        **sums,
        "meters": _frequent(meters),
        "keys": _frequent(keys),
        "pitch_range": [v.pitch_name(lowest), v.pitch_name(highest)] if lowest <= highest else [],
    }


def _frequent(counts: Counter[str]) -> dict[str, int]:
    return {name: count for name, count in counts.most_common() if count}
