"""A model's world: range, meters, density and loudness of what it was trained on, and what lies outside."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.melody import GRID

_EDGES = (0.005, 0.995)  # of all pitches, what lies within
_DENSE = (0.01, 0.99)  # of all pieces, likewise
_RARE = 0.005  # of all pieces: a meter in fewer is not known
_UNUSUAL = 1.5  # times as many notes as nearly all pieces have, or as few, from which on that is told
_LOUDER = 0.01  # of the notes, on average: what changes less in loudness has none to speak of
_OUTSIDE = 0.1  # of the notes of a seed, from which on its range is told


@dataclass(frozen=True)
class World:
    """What a model knows.

    Parameters
    ----------
    pitches : tuple of int
        The lowest and the highest MIDI pitch, but for one in two hundred.
    meters : tuple of str
        Such as "6/8", the most frequent first.
    density : tuple of float
        The fewest and the most notes a quarter that pieces have, but for one in a hundred.
    loud : bool
        Whether notes are louder and softer.
    """

    pitches: tuple[int, int]
    meters: tuple[str, ...]
    density: tuple[float, float]
    loud: bool = True

    @classmethod
    def of(cls, pieces: Iterable[Ids]) -> "World":
        """Measure pieces of note tokens, at least one of which has a note."""
        heard, meters, density, louder = np.zeros(128, np.int64), Counter[str](), [], []
        for ids in pieces:
            heard += np.bincount(v.pitches(ids), minlength=128)
            meters.update(set(_meters(ids)))
            density.append(_density(ids))
            louder.append(_louder(ids))
        below = np.cumsum(heard) / max(1, heard.sum())
        low, high = (int(np.searchsorted(below, edge)) for edge in _EDGES)
        known = [name for name, count in meters.most_common() if count >= _RARE * len(density)]
        thin, dense = np.quantile(density, _DENSE).round(2).tolist()
        return cls((low, high), tuple(known), (thin, dense), float(np.mean(louder)) > _LOUDER)

    @classmethod
    def parse(cls, said: Any) -> "World | None":
        """Read what a bundle's provenance says of it; None if that is nothing, or no world."""
        try:
            low, high = map(int, said["pitches"])
            thin, dense = map(float, said["density"])
            meters = tuple(map(str, said["meters"]))
            return cls((low, high), meters, (thin, dense), bool(said.get("loud", True)))
        except (KeyError, TypeError, ValueError):
            return None

    def strange(self, ids: Ids) -> list[str]:
        """Return in what a piece lies outside, in words.

        Examples
        --------
        >>> from notegen.codecs.notes import encode
        >>> from notegen.melody import melody
        >>> from notegen.score import Score
        >>> tune = Score.of([(480 * i, 480, 60 + i) for i in range(10)], meter=(5, 4))
        >>> World((55, 84), ("4/4", "3/4"), (0.5, 4)).strange(encode(melody(tune)))
        ['its meter of 5/4']
        """
        found = [f"its meter of {meter}" for meter in dict.fromkeys(_meters(ids)) if meter not in self.meters]
        pitches = v.pitches(ids)
        low, high = self.pitches
        if len(pitches) and ((pitches < low) | (pitches > high)).mean() > _OUTSIDE:
            own = f"{v.pitch_name(int(pitches.min()))} to {v.pitch_name(int(pitches.max()))}"
            found.append(f"its range from {own}, beyond {v.pitch_name(low)} to {v.pitch_name(high)}")
        density, (thin, dense) = _density(ids), self.density
        if not thin / _UNUSUAL <= density <= dense * _UNUSUAL:
            found.append(f"its {density:.1f} notes a quarter, where pieces have {thin:.1f} to {dense:.1f}")
        return found


def _meters(ids: Ids) -> Sequence[str]:
    return [v.name(token).split()[1] for token in ids[v.KIND[ids] == v.INDEX["meter"]].tolist()]


def _louder(ids: Ids) -> float:
    """Return in how many of the notes a part becomes louder or softer."""
    told, parts = (int((v.KIND[ids] == v.INDEX[name]).sum()) for name in ("velocity", "program"))
    return max(0, told - parts) / max(1, note_count(ids))


def _density(ids: Ids) -> float:
    """Return how many notes begin in a quarter."""
    kind = v.KIND[ids]
    meter = np.where(kind == v.INDEX["meter"], np.arange(len(ids)), 0)
    lengths = v.METER_LENGTH[v.VALUE[ids[np.maximum.accumulate(meter)]] * (meter.max() > 0)]
    ticks = int(lengths[(ids == v.BAR) | (ids == v.PICKUP)].sum())
    return float(np.isin(kind, [v.INDEX["pitch"], v.INDEX["drum"]]).sum() / max(1, ticks) * GRID)
