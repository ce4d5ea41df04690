"""The page of ``notegen corpus check --report``: what was kept, what not and why, and what it is like."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from notegen.codecs.vocabulary import pitch_name
from notegen.report import fifths, plots
from notegen.report import page as frame
from notegen.report.page import Html

_MOST = 16  # meters, or sources, that are shown by themselves
_BOOK = re.compile(r"#\d.*")  # behind a tunebook's name
_NUMBER = re.compile(r"\d[\d,./:]*")


def page(report: Mapping[str, Any]) -> str:
    """Return the page; what is not said is left out.

    Parameters
    ----------
    report : mapping
        What `notegen.corpus.Corpus.report` returns. If they are there, these are shown too: ``sources``
        (pieces kept, by where they come from), ``lengths`` (of each piece, a list each of ``bars`` and
        ``notes``), ``pitches`` (notes by MIDI number), ``durations`` (notes by their note value), and of each
        duplicate its ``title`` and the piece that it repeats (``of``).
    """
    parts = [
        _header(report),
        _sources(report.get("sources") or {}),
        _refused(report.get("refused") or []),
        _duplicates(report.get("duplicates") or []),
        _music(report),
        _keys(report.get("keys") or {}),
        _sides(report.get("sides") or {}),
        _terms(report),
    ]
    return frame.page(f"{report['name']}: {report['kept']:,} of {report['pieces']:,} pieces", parts)


def _header(report: Mapping[str, Any]) -> Html:
    kept, refused, duplicates = report["kept"], len(report["refused"]), len(report["duplicates"])
    lead = (
        f"{report['pieces']:,} pieces: {kept:,} to learn from, {duplicates:,} that repeat others, "
        f"{refused:,} that cannot be used."
    )
    parts = {"kept": kept, "duplicates": duplicates, "refused": refused}
    return Html(
        "\n".join(
            [
                "<header>",
                frame.element("h1", report["name"]),
                frame.paragraph(lead, kind="lead"),
                frame.legend(list(zip(plots.PARTS, parts, strict=False))),
                frame.figure(plots.stacked({"": parts}, label=lead, unit="pieces")),
                frame.tiles(
                    [
                        ("notes", report.get("notes")),
                        ("bars", report.get("bars")),
                        ("tokens", report.get("tokens")),
                        ("groups of versions", report.get("groups")),
                    ]
                ),
                "</header>",
            ]
        )
    )


def _sources(sources: Mapping[str, int]) -> Html:
    counts: Counter[str] = Counter()
    for name, above in _gathered(sources).items():
        counts[above] += sources[name]
    table = frame.table(("source", "pieces kept"), _largest(counts).items())
    return frame.section("Where the pieces come from", table)


def source_of(name: str) -> str:
    """Return where a piece stands: its tunebook, else its folder.

    Examples
    --------
    >>> source_of("tunes/a.abc#12 Reel #2"), source_of("tunes.zip/jigs/b.mid"), source_of("c.mid")
    ('tunes/a.abc', 'tunes.zip/jigs', 'c.mid')
    """
    book = _BOOK.sub("", name)
    return book if book != name else _above(name)


def _gathered(sources: Iterable[str]) -> dict[str, str]:
    """Return each source, or the folder above it, as far up as it takes to have a few.

    Examples
    --------
    >>> set(_gathered(f"tunes/{i}.abc" for i in range(100)).values())
    {'tunes'}
    """
    places = {source: source for source in sources}
    while len(set(places.values())) > _MOST:
        above = {source: _above(place) for source, place in places.items()}
        if above == places:
            break
        places = above
    return places


def _above(name: str) -> str:
    return name.rpartition("/")[0] or name


def _refused(refused: Sequence[Mapping[str, str]]) -> Html:
    """Return the reasons, most frequent first; reasons that differ in numbers alone are one."""
    groups: dict[tuple[str, ...], list[Mapping[str, str]]] = defaultdict(list)
    for each in refused:
        groups[tuple(_NUMBER.split(each["reason"]))].append(each)
    folds = []
    for group in sorted(groups.values(), key=lambda each: (-len(each), each[0]["reason"])):
        reason = _common([each["reason"] for each in group])
        count = f"{len(group):,} piece{'s' * (len(group) != 1)}"
        folds.append(frame.fold(f"{count}: {reason}", [_named(each, reason) for each in group]))
    return frame.section("What cannot be used, and why", *folds)


def _common(reasons: Sequence[str]) -> str:
    """Return a reason with a gap for each number in which the reasons differ.

    Examples
    --------
    >>> _common(["5 notes of 8", "7 notes of 8"])
    '… notes of 8'
    """
    words = _NUMBER.split(reasons[0])
    columns = zip(*map(_NUMBER.findall, reasons), strict=True)
    numbers = [column[0] if len(set(column)) == 1 else "…" for column in columns]
    return "".join(word + number for word, number in zip(words, [*numbers, ""], strict=True))


def _named(each: Mapping[str, str], reason: str) -> str:
    return each["name"] if each["reason"] == reason else f"{each['name']}: {each['reason']}"


def _duplicates(duplicates: Sequence[Mapping[str, str]]) -> Html:
    """Return which sources share how many pieces, and the pieces."""
    known = [(source_of(each["name"]), source_of(each["of"])) for each in duplicates if each.get("of")]
    above = _gathered(source for pair in known for source in pair)
    pairs = Counter((above[one], above[other]) for one, other in known).most_common(_MOST)
    rows = [[one, "itself" if one == other else other, count] for (one, other), count in pairs]
    names = [_twin(each) for each in duplicates]
    return frame.section(
        "What is there twice",
        frame.paragraph("Pieces with the notes of another one, in whatever key: one of them is kept.")
        if duplicates
        else Html(),
        frame.table(("in", "repeats", "pieces"), rows),
        frame.fold(f"all {len(duplicates):,} duplicates", names) if duplicates else Html(),
    )


def _twin(each: Mapping[str, str]) -> str:
    title = f" “{each['title']}”" if each.get("title") else ""
    return f"{each['name']}{title}: {each['reason']}"


def _keys(keys: Mapping[str, int]) -> Html:
    if not keys:
        return Html()
    label = "pieces by their first key, on the circle of fifths"
    ranked = Counter(keys).most_common()
    return frame.section(
        "Keys",
        frame.paragraph(
            "Each disc is a key, its area the number of pieces in it. Keys in one direction from the middle "
            "share a signature, which is that of the major key outside."
        ),
        frame.legend(fifths.legend(keys)),
        frame.figure(fifths.circle(keys, label=label)),
        frame.fold(f"all {len(ranked)} keys", [f"{name}: {count:,}" for name, count in ranked]),
    )


def _music(report: Mapping[str, Any]) -> Html:
    """Return what the kept pieces are like: meters, note values, lengths, pitches."""
    lengths = report.get("lengths") or {}
    pitches = {int(pitch): count for pitch, count in (report.get("pitches") or {}).items() if count}
    whole = range(min(pitches), max(pitches) + 1) if pitches else range(0)
    figures = [
        _counted(_largest(report.get("meters") or {}), "pieces by meter"),
        _counted(report.get("durations") or {}, "notes by note value"),
        _counted(
            {pitch_name(pitch): pitches.get(pitch, 0) for pitch in whole},
            "notes by pitch",
            below=["" if pitch % 12 else pitch_name(pitch) for pitch in whole],
        ),
        *(_spread(lengths.get(unit) or (), unit) for unit in ("bars", "notes")),
    ]
    span = report.get("pitch_range")
    return frame.section(
        "Meters, notes, lengths",
        frame.paragraph("The lowest note is {}, the highest {}.".format(*span)) if span else Html(),
        frame.grid([each for each in figures if each]),
    )


def _largest(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the largest counts, and the sum of the others."""
    ranked = Counter(counts).most_common()
    rest = sum(count for _, count in ranked[_MOST:])
    return dict(ranked[:_MOST]) | ({"others": rest} if rest else {})


def _counted(counts: Mapping[str, int], label: str, below: Sequence[str] = ()) -> Html:
    if not counts:
        return Html()
    picture = plots.bars(list(counts), [list(counts.values())], label=label, below=below)
    return frame.figure(picture, label)


def _spread(sizes: Sequence[int], unit: str) -> Html:
    if not len(sizes):
        return Html()
    picture = plots.histogram(sizes, label=f"pieces by their {unit}", x_label=unit)
    return frame.figure(picture, f"{unit} in a piece, {float(np.median(sizes)):,.0f} in the median")


def _sides(sides: Mapping[str, int]) -> Html:
    return frame.section(
        "Sides",
        *(
            [
                frame.paragraph(
                    "Models learn from train, settings are chosen by valid, and figures are read from test. "
                    "Versions of a tune are on one side."
                ),
                frame.table(("side", "pieces"), [[side, count] for side, count in sides.items()]),
            ]
            if sides
            else []
        ),
    )


def _terms(report: Mapping[str, Any]) -> Html:
    return (
        frame.section("Terms of use", frame.paragraph(report["notice"])) if report.get("notice") else Html()
    )
