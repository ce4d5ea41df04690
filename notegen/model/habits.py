"""Habits of repetition: how much an earlier moment of a piece says of what follows now.

Tables of weights, fitted to pieces by likelihood, that `notegen.model.recall` reads.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.errors import BundleError

Weights = NDArray[np.float64]
Classes = NDArray[np.int8]
Integers = NDArray[np.integer]

LENGTHS = (1, 2, 3, 4, 5, 6, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257)  # where classes begin
DISTANCES = (
    *("0", "1", "2", "4", "8", "16", "32", "64", "128", "3", "6", "12", "24", "48", "96"),
    *("odd", "even", "multiple of 4", "multiple of 8"),
)  # names of classes, in bars; the last four of what is left
BETWEEN = (0.0, 0.2, 0.4, 0.6, 0.75, 0.9)  # shares at which classes begin; two more follow
FARTHEST = 1 << 14  # bars or tokens that a moment may lie back
_TABLES = {"length": len(LENGTHS), "distance": len(DISTANCES), "between": len(BETWEEN) + 2}

_STEPS = 80  # of the fit
_HOLD = 1.0  # nats that a logarithm costs which is 1 away from where it began


class Moments(NamedTuple):
    """Earlier moments by their classes, one for each table of `Habits`; arrays of shape (moments,)."""

    length: Classes
    distance: Classes
    between: Classes


@dataclass(frozen=True)
class Habits:
    """Logarithms of weights; a moment's weight is the product of one of each table.

    A weight of 1 counts as much as the model's own prediction.

    Parameters
    ----------
    length : tuple of float
        By the number of tokens up to the moment that are the same as those up to now: see `LENGTHS`.
    distance : tuple of float
        By how many bars it lies back: see `DISTANCES`.
    between : tuple of float
        By the share of what lies between that repeats something longer: see `BETWEEN`. Last, where what lies
        between is a repetition, to the last token, of as much before it, or of twice as much.

    Raises
    ------
    BundleError
        If a table is not of its size, or holds what is no number.
    """

    length: tuple[float, ...]
    distance: tuple[float, ...]
    between: tuple[float, ...]

    def __post_init__(self) -> None:
        for name, size in _TABLES.items():
            table = getattr(self, name)
            if len(table) != size or not np.isfinite(table).all():
                raise BundleError(f"the habits of repetition are damaged: {name} is not {size} numbers")

    @cached_property
    def weights(self) -> tuple[Weights, ...]:
        """The weights themselves, table by table."""
        return tuple(np.exp(getattr(self, name)) for name in _TABLES)

    def weigh(self, moments: Moments) -> Weights:
        """Return the weight of each moment, shape (moments,)."""
        length, distance, between = self.weights
        weights: Weights = length[moments.length]
        weights *= distance[moments.distance]
        weights *= between[moments.between]
        return weights


def _distance_classes(most: int) -> Classes:
    """Return the class of each distance up to `most`."""
    bars = np.arange(most + 1)
    power = np.minimum(bars & -bars, 128)  # the largest power of two that divides it
    zeros = np.log2(np.maximum(power, 1)).astype(np.int64)
    once, thrice = bars == power, (bars == 3 * power) & (zeros <= 5)
    choices = [np.zeros_like(bars), 1 + zeros, 9 + zeros]
    classes = np.select([bars == 0, once, thrice], choices, 15 + np.minimum(zeros, 3))
    return _small(classes)


def _small(classes: Integers) -> Classes:
    return classes.astype(np.int8)


_SHARES = 20  # steps of a share in which all classes begin
_LENGTH_CLASSES = _small(np.searchsorted(LENGTHS, np.arange(LENGTHS[-1] + 1), side="right") - 1)
_SHARE_CLASSES = _small(np.searchsorted(BETWEEN, np.arange(_SHARES + 1) / _SHARES, side="right") - 1)
_DISTANCE_CLASSES = _distance_classes(FARTHEST)


def classify(same: Integers, bars: Integers, tokens: Integers, heard: Integers) -> Moments:
    """Return the classes of moments; arrays of shape (moments,).

    Parameters
    ----------
    same : array of int
        How many tokens are the same as now, up to each: at least 1.
    bars, tokens : arrays of int
        How far back they lie.
    heard : array of int
        How many of these tokens repeat something longer.
    """
    length = _LENGTH_CLASSES[np.minimum(same, LENGTHS[-1])]
    between = _SHARE_CLASSES[_SHARES * heard // tokens]
    between[same >= tokens] = len(BETWEEN)
    between[same >= 2 * tokens] = len(BETWEEN) + 1
    return Moments(length, _DISTANCE_CLASSES[bars], between)


class Trial(NamedTuple):
    """What earlier moments of a piece would have voted.

    `owner` (moments,): which prediction each takes part in; `right` (moments,): whether it votes for what
    came; `probabilities` (predictions,): what the model gave that.
    """

    moments: Moments
    owner: NDArray[np.int64]
    right: NDArray[np.bool_]
    probabilities: Weights


def fit(trials: Iterable[Trial], begun: Habits) -> Habits:
    """Choose weights by the likelihood of what came, from some habits on, and held to these a little.

    Each logarithm takes steps by the sign of its slope alone, longer ones as long as the sign stays (Rprop;
    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning", 1993).
    """
    trial = _join(list(trials))
    anchors = [np.array(getattr(begun, name)) for name in _TABLES]
    tables = [anchor.copy() for anchor in anchors]
    sizes = [np.full(len(anchor), 0.2) for anchor in anchors]
    before = [np.zeros(len(anchor)) for anchor in anchors]
    for _ in range(_STEPS):
        for i, slope in enumerate(_slopes(trial, tables)):
            slope = slope + 2 * _HOLD * (tables[i] - anchors[i])
            turned = slope * before[i]
            sizes[i] = np.clip(sizes[i] * np.where(turned > 0, 1.2, np.where(turned < 0, 0.5, 1)), 1e-4, 1)
            before[i] = np.where(turned < 0, 0, slope)
            tables[i] -= np.sign(before[i]) * sizes[i]
    return Habits(*(tuple(np.round(table, 3).tolist()) for table in tables))


def nats(trial: Trial, habits: Habits) -> Weights:
    """Return the negative log-likelihood of what came, at a memory of one half, shape (predictions,)."""
    return _mixed(trial, habits.weigh(trial.moments))[2]


def _mixed(trial: Trial, weights: Weights) -> tuple[Weights, Weights, Weights]:
    """Return the weight of all votes and the model, of those for what came, and its nats."""
    count = len(trial.probabilities)
    whole: Weights = np.ones(count) + np.bincount(trial.owner, weights, count)
    right: Weights = trial.probabilities + np.bincount(trial.owner, weights * trial.right, count)
    paid: Weights = np.log(whole) - np.log(right)
    return whole, right, paid


def _slopes(trial: Trial, tables: list[Weights]) -> list[Weights]:
    """Return the gradient of the summed negative log-likelihood by the logarithms in each table."""
    moments, owner = trial.moments, trial.owner
    weights = np.exp(sum(table[each] for table, each in zip(tables, moments, strict=True)))
    whole, right, _ = _mixed(trial, weights)
    slope = weights * (1 / whole[owner] - trial.right / right[owner])
    return [
        np.bincount(each, slope, len(table)).astype(float)
        for table, each in zip(tables, moments, strict=True)
    ]


def _join(trials: list[Trial]) -> Trial:
    """Return several trials as one."""
    moments = Moments(*map(np.concatenate, zip(*(trial.moments for trial in trials), strict=True)))
    first = np.cumsum([0, *(len(trial.probabilities) for trial in trials[:-1])]).tolist()
    owner = np.concatenate([trial.owner + start for trial, start in zip(trials, first, strict=True)])
    right, probabilities = (np.concatenate([trial[i] for trial in trials]) for i in (2, 3))
    return Trial(moments, owner, right, probabilities)


FOLK = Habits(  # fitted to the validation tunes of the shipped model `folk`
    length=(
        *(-7.43, -4.47, -2.58, -1.44, -0.76, -0.56, -0.06, 0.2, 0.47, 0.45),
        *(1.57, 2.23, 3.13, 4.89, 5.32, 5.16, 4.45, 4.38),
    ),
    distance=(
        *(-2.65, -1.43, -0.62, 0.45, 1.55, 0.35, 0.38, 0.0, 0.0),
        *(-2.32, -1.83, -0.92, 0.09, 1.6, 0.0),
        *(-1.58, -1.29, -0.42, -0.88),
    ),
    between=(1.75, 0.9, -0.07, -0.61, -0.98, -2.19, -6.03, -3.86),
)
