"""Statistics of a generated set beside the test tunes: one line a feature, then its distributions."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from notegen.report import page, plots, svg
from notegen.report.page import Html

_SERIES = ((0, "test tunes"), (1, "generated tunes"))
_READ = (
    "How alike the two sets are in each feature: the overlap is 1 where they cannot be told apart, and 0 "
    "where they share nothing. The generated tunes are the dot. Two halves of the test tunes reach the bar; "
    "the ring is reached by tunes of a model that remembers one token alone. The dot should be near the bar."
)


class Distribution(NamedTuple):
    """Densities of a feature of the test tunes and of the generated ones, on one grid; shapes (points,)."""

    feature: str
    unit: str
    grid: ArrayLike
    test: ArrayLike
    generated: ArrayLike


class Bars(NamedTuple):
    """Mean histograms of a feature, shares of 1; shapes (bins,), or (bins, bins) of transitions.

    `labels` names the bins.
    """

    feature: str
    labels: Sequence[str]
    test: ArrayLike
    generated: ArrayLike


def section(said: Mapping[str, Any], densities: Sequence[Distribution], histograms: Sequence[Bars]) -> Html:
    """Return the statistics as a section; empty if there are none.

    Parameters
    ----------
    said : mapping
        ``statistics`` of what `notegen evaluate` says: ``pieces`` and a list of ``features``.
    densities : sequence of Distribution
    histograms : sequence of Bars
    """
    rows = said.get("features") or []
    parts = []
    if rows:
        parts += [page.paragraph(_READ), page.legend(_SERIES), _table(rows)]
    if densities or histograms:
        parts += [page.element("h3", "Distributions, side by side"), page.legend(_SERIES)]
    parts.append(page.grid([_density(each) for each in densities if not _is_same(each)]))
    same = [each.feature for each in densities if _is_same(each)]
    if same:
        parts.append(page.paragraph(f"The same in both sets: {', '.join(same)}.", kind="small"))
    flat = [each for each in histograms if np.ndim(each.test) != 2]
    parts.append(page.grid([_bars(each) for each in flat]))
    parts += [_matrices(each) for each in histograms if np.ndim(each.test) == 2]
    count = said.get("pieces")
    return page.section(f"Statistics of {count:,} generated tunes" if count else "Statistics", *parts)


def _table(rows: Sequence[Mapping[str, Any]]) -> Html:
    cells = [
        [
            page.text(row["feature"]) if not row.get("unit") else _named(row),
            Html(_span(row)),
            _number(row.get("overlap")),
            _number(row.get("kl")),
            _number(row.get("test")),
            _number(row.get("generated")),
        ]
        for row in rows
    ]
    return page.table(("feature", "overlap, 0 to 1", "overlap", "KL", "mean: test", "generated"), cells)


def _named(row: Mapping[str, Any]) -> Html:
    return Html(f"{page.text(row['feature'])} {page.element('span', row['unit'], kind='small')}")


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def _span(row: Mapping[str, Any]) -> str:
    floor, ceiling = (_number((row.get(name) or {}).get("overlap")) for name in ("floor", "ceiling"))
    overlap = _number(row.get("overlap"))
    label = f"{row['feature']}: floor {floor:.2f}, generated {overlap:.2f}, ceiling {ceiling:.2f}"
    return plots.span(floor, overlap, ceiling, label=label)


def _is_same(each: Distribution) -> bool:
    """Say whether both sets have one distribution, such as that of melodies' polyphony."""
    pair = (np.asarray(each.test, dtype=np.float64), np.asarray(each.generated, dtype=np.float64))
    alike = pair[0].shape == pair[1].shape and np.allclose(*pair, rtol=1e-6, atol=1e-9)
    return pair[0].size > 0 and alike


def _density(each: Distribution) -> Html:
    picture = plots.densities(
        each.grid,
        each.test,
        each.generated,
        label=f"{each.feature} of test and generated tunes",
        unit=each.unit,
    )
    return page.figure(picture, each.feature)


def _bars(each: Bars) -> Html:
    label = f"{each.feature} of test and generated tunes"
    picture = plots.bars(each.labels, (each.test, each.generated), label=label, percent=True)
    return page.figure(picture, each.feature)


def _matrices(each: Bars) -> Html:
    """Return a pair of heat maps, in which one strength of colour is one share."""
    highest = max(svg.finite(table).max(initial=0.0) for table in (each.test, each.generated))
    pair = zip((each.test, each.generated), _SERIES, strict=True)
    figures = [
        page.figure(
            plots.matrix(values, each.labels, highest, label=f"{each.feature} of {name}", index=index), name
        )
        for values, (index, name) in pair
    ]
    return Html(f"{page.element('h3', each.feature)}\n{page.grid(figures)}")
