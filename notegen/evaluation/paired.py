"""Models beside one another on the same tunes: bits per note with confidence intervals, paired by tune.

Tunes are what varies: a tune's notes hang together, so intervals come from drawing whole tunes with
replacement (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, percentile method). All models
are measured on the same drawings. Some tunes are hard for every model, and so the interval of a difference
is much narrower than those of the two models.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from notegen.errors import DataError

DRAWINGS = 10_000
CONFIDENCE = 0.95

_SEED = 0
_AT_ONCE = 1 << 20  # tunes that are drawn together

Interval = tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """How a model differs from the first one.

    Attributes
    ----------
    bits_per_note : float
        Below 0 if the model is better.
    interval : (float, float)
    better : float
        The share of tunes on which it needs fewer bits; 0 to 1.
    """

    bits_per_note: float
    interval: Interval
    better: float


@dataclass(frozen=True)
class Standing:
    """How well a model predicts tunes, and how it differs from the first model that was asked for.

    Attributes
    ----------
    model : str
    bits_per_note : float
        Of all tunes together.
    interval : (float, float)
    difference : Difference or None
        None for the first model.
    """

    model: str
    bits_per_note: float
    interval: Interval
    difference: Difference | None


def compare(nats: dict[str, NDArray[np.float64]], notes: NDArray[np.int64]) -> list[Standing]:
    """Compare models on the same tunes.

    Parameters
    ----------
    nats : dict of arrays of float, shape (tunes,)
        What each model pays for each tune.
    notes : array of int, shape (tunes,)
        The notes of each tune, or what else is counted.

    Returns
    -------
    list of Standing
        In the order of `nats`; `dataclasses.asdict` makes rows for JSON of them.

    Raises
    ------
    DataError
        If there are fewer than two tunes.

    Examples
    --------
    >>> first, second = compare({"a": np.array([30.0, 10]), "b": np.array([24.0, 12])}, np.array([10, 10]))
    >>> nats_per_note = second.difference.bits_per_note * np.log(2)
    >>> f"{nats_per_note:.1f} nats per note, better on {second.difference.better:.0%} of the tunes"
    '-0.2 nats per note, better on 50% of the tunes'
    """
    if len(notes) < 2:
        raise DataError(f"a comparison needs two tunes at least, not {len(notes)}")
    paid = np.array(list(nats.values())) / np.log(2)  # (models, tunes)
    bits = paid.sum(axis=1) / notes.sum()
    drawn = _drawings(paid, notes)
    differences = [
        Difference(
            bits_per_note=float(bits[i] - bits[0]),
            interval=_interval(drawn[:, i] - drawn[:, 0]),
            better=float((paid[i] < paid[0]).mean()),
        )
        for i in range(1, len(paid))
    ]
    return [
        Standing(name, float(bits[i]), _interval(drawn[:, i]), difference)
        for i, (name, difference) in enumerate(zip(nats, [None, *differences], strict=True))
    ]


def _drawings(paid: NDArray[np.float64], notes: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the bits per note of each model on tunes drawn with replacement, shape (drawings, models)."""
    rng, tunes = np.random.default_rng(_SEED), len(notes)
    sums = []
    for start in range(0, DRAWINGS, size := max(1, _AT_ONCE // tunes)):
        drawn = rng.integers(tunes, size=(min(size, DRAWINGS - start), tunes), dtype=np.int32)
        sums.append(np.stack([each[drawn].sum(axis=1) for each in (*paid, notes)], axis=1))
    total = np.concatenate(sums)  # (drawings, models and notes)
    ratios: NDArray[np.float64] = total[:, :-1] / total[:, -1:]
    return ratios


def _interval(drawn: NDArray[np.float64]) -> Interval:
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return float(low), float(high)
