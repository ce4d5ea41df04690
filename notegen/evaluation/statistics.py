"""Statistics: a set of pieces beside another, feature by feature, after Yang and Lerch (2018).

For each feature, the distances between any two pieces of the real set (intra-set) are set against the
distances from each real piece to each generated one (inter-set). Where the sets are alike, so are the two
distributions: their overlapped area is near 1 and their divergence near 0. One half of the real set against
its other half (the ceiling) tells what to expect of a set that is as good as real, and a floor set what of a
bad one. A set of one average tune over and over still overlaps by 0.8 or 0.9: its spread gives it away.

Yang and Lerch, On the evaluation of generative models in music, Neural Computing and Applications 32 (2018).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.evaluation import features
from notegen.evaluation.features import Feature
from notegen.score import Score

Array = NDArray[np.float64]

POINTS = 512  # of a grid
HALVINGS = 10  # of the real set, each in both directions
_REACH = 4.0  # bandwidths: how far a kernel reaches
_SHARPEST = 1 / 128  # of the range of the values: the least bandwidth, so that the grid can show it
_HAZE = 1e-6  # of each density is spread evenly, so that the divergence stays finite
_DIGITS = 9  # decimals; what differs by less is equal


class Densities(NamedTuple):
    """Two distributions on one grid, shape (points,) each; the densities are per unit of the grid.

    All are NaN where there is nothing to make a density of.
    """

    grid: Array
    first: Array
    second: Array

    @property
    def overlap(self) -> float:
        """The overlapped area, 0 to 1: the integral of the smaller of the two."""
        return float(np.minimum(*self._shares).sum().clip(max=1))

    @property
    def kl(self) -> float:
        """Kullback and Leibler's divergence of the second from the first, D(first || second), in nats.

        A millionth of either is spread evenly over the grid, so that it is at most about 20.
        """
        first, second = ((1 - _HAZE) * shares + _HAZE / POINTS for shares in self._shares)
        return float((first * np.log(first / second)).sum().clip(min=0))

    @property
    def _shares(self) -> tuple[Array, Array]:
        return self.first / self.first.sum(), self.second / self.second.sum()


class Agreement(NamedTuple):
    """How well two sets agree in a feature: overlapped area (0 to 1) and divergence (nats)."""

    overlap: float
    kl: float


@dataclass(frozen=True, eq=False)
class Comparison:
    """A feature of a generated set beside the real one.

    Attributes
    ----------
    feature : Feature
    pieces : (int, int)
        How many real and generated pieces have the feature; the others say nothing of it.
    real, generated : array of float64, shape (bins,) or (1,)
        The mean over pieces; NaN without pieces.
    distances : Densities
        Of the distances within the real set, and of those from it to the generated set.
    values : Densities or None
        Of the feature itself in the real and in the generated set; None for histograms.
    spread : (float, float)
        The mean distance between two pieces of the real set, and of the generated one.
    agreement, ceiling, floor : Agreement
        Of the real set with the generated one, of its halves with each other, with the floor set.
    """

    feature: Feature
    pieces: tuple[int, int]
    real: Array
    generated: Array
    distances: Densities
    values: Densities | None
    spread: tuple[float, float]
    agreement: Agreement
    ceiling: Agreement
    floor: Agreement


def compare(real: list[Score], generated: list[Score], floor: list[Score]) -> list[Comparison]:
    """Set a generated set of pieces against a real one, in every feature of `features.TABLE`.

    Sets need two pieces, and the ceiling four, or the figures are NaN. Chance weighs more in small sets, and
    halves are smaller than the whole: other real tunes come out above the ceiling, by an overlap of 0.01 at
    200 pieces, 0.02 at 50 and 0.04 at 20. A copy of the real set comes to 1 less at most 1 / pieces, for each
    piece meets itself there.

    Parameters
    ----------
    real, generated, floor : list of Score
        Of about equal sizes, some hundreds at most: time grows with the square. The floor is drawn from a
        poor model, for example.
    """
    return [_compare(feature, real, generated, floor) for feature in features.TABLE]


def rows(comparisons: Iterable[Comparison]) -> list[dict[str, Any]]:
    """Return comparisons for JSON: names and plain numbers; None for NaN, and for the means of histograms."""
    return [
        {
            "feature": each.feature.name,
            "unit": each.feature.unit,
            "test": None if each.feature.is_histogram else _plain(each.real[0]),
            "generated": None if each.feature.is_histogram else _plain(each.generated[0]),
            "spread": dict(zip(("test", "generated"), map(_plain, each.spread), strict=True)),
            **_pair(each.agreement),
            "ceiling": _pair(each.ceiling),
            "floor": _pair(each.floor),
        }
        for each in comparisons
    ]


def densities(first: Array, second: Array) -> Densities:
    """Estimate two densities by Gaussian kernels on one grid.

    Both have one bandwidth, the smaller of the two by Scott's rule: equal distributions get equal densities
    whatever the sizes of the samples, and where values are few, neither is more blurred than the other.

    Parameters
    ----------
    first, second : array of float64, shape (values,)
        Without values in either, all is NaN.
    """
    if not len(first) or not len(second):
        return Densities(*np.full((3, POINTS), np.nan))
    first, second = np.round(first, _DIGITS), np.round(second, _DIGITS)
    low, high = min(first.min(), second.min()), max(first.max(), second.max())
    width = max(min(bandwidth(first), bandwidth(second)), _SHARPEST * (high - low)) if low < high else 1.0
    grid = np.linspace(low - _REACH * width, high + _REACH * width, POINTS)
    return Densities(grid, _density(first, grid, width), _density(second, grid, width))


def bandwidth(values: Array) -> float:
    """Return a Gaussian kernel's standard deviation by Scott's rule: that of the values x n ** (-1 / 5)."""
    return float(values.std(ddof=1) * len(values) ** -0.2) if len(values) > 1 else 0.0


def _compare(feature: Feature, real: list[Score], generated: list[Score], floor: list[Score]) -> Comparison:
    ours, theirs, worst = (_measured(feature, scores) for scores in (real, generated, floor))
    within = _distances(ours, ours)
    intra, theirs_intra = _pairs(within), _pairs(_distances(theirs, theirs))
    distances = _set_against(intra, ours, theirs)
    return Comparison(
        feature,
        (len(ours), len(theirs)),
        _mean(ours),
        _mean(theirs),
        distances,
        None if feature.is_histogram else densities(ours[:, 0], theirs[:, 0]),
        (float(_mean(intra)), float(_mean(theirs_intra))),
        _agreement(distances),
        _ceiling(within),
        _agreement(_set_against(intra, ours, worst)),
    )


def _measured(feature: Feature, scores: list[Score]) -> Array:
    """Return the feature of the pieces that have it, shape (pieces, bins)."""
    rows = features.measure(feature, scores)
    return rows[~np.isnan(rows).any(axis=1)]


def _set_against(intra: Array, ours: Array, theirs: Array) -> Densities:
    """Estimate the densities of distances within our set and to theirs; one piece is no set."""
    return densities(intra, _distances(ours, theirs).ravel() if len(theirs) > 1 else np.zeros(0))


def _distances(first: Array, second: Array) -> Array:
    """Return Euclidean distances, shape (first, second); of single numbers, their absolute differences."""
    apart = [np.sqrt(np.square(second - row).sum(axis=1)) for row in first]
    return np.array(apart).reshape(len(first), len(second))


def _pairs(distances: Array) -> Array:
    """Return the distances of any two pieces of a set, each once."""
    return distances[np.triu_indices(len(distances), 1)]


def _ceiling(within: Array) -> Agreement:
    """Return how well halves agree, mean of random halvings (of one seed); within: their distances."""
    rng, size = np.random.default_rng(0), len(within) // 2
    found = []
    for _ in range(HALVINGS if size > 1 else 0):
        order = rng.permutation(len(within))
        for half, other in ((order[:size], order[size:]), (order[size:], order[:size])):
            intra = _pairs(within[np.ix_(half, half)])
            found.append(_agreement(densities(intra, within[np.ix_(half, other)].ravel())))
    return Agreement(*np.mean(found, axis=0).tolist()) if found else Agreement(np.nan, np.nan)


def _density(values: Array, grid: Array, width: float) -> Array:
    """Estimate a density: values are shared out to the grid's points beside them, and these smoothed."""
    step = grid[1] - grid[0]
    place = (values - grid[0]) / step
    left = place.astype(np.int64)
    weights = np.bincount(left, weights=1 - (place - left), minlength=POINTS)
    weights += np.bincount(left + 1, weights=place - left, minlength=POINTS)
    reach = int(_REACH * width / step)
    kernel = np.exp(-0.5 * np.square(np.arange(-reach, reach + 1) * step / width))
    smooth = np.convolve(weights, kernel)[reach : reach + POINTS]
    density: Array = smooth / (smooth.sum() * step)
    return density


def _agreement(found: Densities) -> Agreement:
    return Agreement(found.overlap, found.kl)


def _mean(rows: Array) -> Array:
    mean: Array = rows.mean(axis=0) if len(rows) else np.full(rows.shape[1:], np.nan)
    return mean


def _pair(agreement: Agreement) -> dict[str, float | None]:
    return {name: _plain(figure) for name, figure in agreement._asdict().items()}


def _plain(figure: float) -> float | None:
    return None if np.isnan(figure) else float(figure)
