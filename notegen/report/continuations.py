"""Continuations of many tracks beside how the pieces go on: a line for each feature of each track."""

from collections.abc import Mapping
from typing import Any

from notegen.report import page, plots
from notegen.report.page import Html

_READ = (
    "How alike continuations are to how the pieces really go on, bar by bar: in the values of each feature, "
    "and in how much it changes from bar to bar. 1 is where they cannot be told apart. The continuations are "
    "the dot. Other test pieces reach the bar; the ring is reached by the last bars before the cut, over and "
    "over: their values are right, but nothing changes. The last column is of the values of the bars before "
    "the cut."
)


def section(said: Mapping[str, Any]) -> Html:
    """Return the continuations as a section; empty if there are none.

    Parameters
    ----------
    said : mapping
        ``continuations`` of what `notegen evaluate` says.
    """
    if not said:
        return Html()
    rows = [_row(row, row["role"], row["songs"]) for row in said["roles"]]
    means = [_row(row, "mean of all", said["pieces"]) for row in said["features"]]
    head = ("track", "feature", "pieces", "values", "", "changes", "", "before")
    return page.section(
        f"{said['pieces']:,} continuations",
        page.paragraph(_READ),
        page.paragraph(_going(said["going_on"])),
        page.table(head, [*rows, *means]),
    )


def _row(row: Mapping[str, Any], role: str, songs: int) -> list[object]:
    cells: list[object] = [page.text(role), page.text(row["feature"]), songs]
    for kind in ("values", "changes"):
        found = {name: _number(row[name][kind]) for name in ("takes", "ceiling", "loop")}
        label = f"{kind} of {row['feature']} of {role}: loop {found['loop']:.2f}, "
        label += f"continuations {found['takes']:.2f}, other pieces {found['ceiling']:.2f}"
        picture = plots.span(found["loop"], found["takes"], found["ceiling"], label=label)
        cells += [Html(picture), found["takes"]]
    return [*cells, _number(row["before"]["values"])]


def _going(said: Mapping[str, float | None]) -> str:
    return (
        f"All tracks go on in {_share(said['takes'])} of the continuations; by the same measure, in "
        f"{_share(said['before'])} of the bars before the cut."
    )


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.0%}"


def _number(value: float | None) -> float:
    return float("nan") if value is None else value
