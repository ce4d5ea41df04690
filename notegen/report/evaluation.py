"""The page of ``notegen evaluate --report``: how well a model knows a music, for musicians to read."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from notegen.report import continuations, distributions, plots
from notegen.report import page as frame
from notegen.report import samples as rolls
from notegen.report.curve import RING, panels
from notegen.report.distributions import Bars, Distribution
from notegen.report.page import Html
from notegen.report.samples import Sample

_TUNES = 5  # at either end
_FAR = 3.0  # times the model's bits; a baseline that needs more is said, not drawn
_BIT = (
    "A bit is what the answer to one question of yes or no tells. "
    "Where {bits:.2f} bits a note are needed, the next note is as open as a choice "
    "among {ways:.1f} equally likely ones. Fewer bits mean that the music is better known."
)
_SPENT = "How many bits of each note go to its pitch, to its rhythm, and to bars, keys and endings."
_SPENT_OF_MANY = (
    "How many bits of each note go to its pitch, to its rhythm, to whose note it is, to how loud it is, and "
    "to bars, keys and endings."
)
_MEANINGS = {
    "bits per note": "what all the tokens of a {one} cost under the model, divided by the {one}'s notes",
    "pitch, rhythm, bars": "the part of the bits that goes to pitches; to where notes begin and end; and to "
    "bar lines, meters, keys and the end",
    "parts, velocity": "the part of the bits that goes to whose the next notes are, and to how loud they are",
    "bits per pitch": "what the pitches alone cost, given what stands before each note and nothing of it",
    "perplexity": "among how many equally likely tokens the model chooses, in the mean",
    "uniform, order 1, n-gram": "models that know nothing, the token before, and the last few tokens",
    "overlap": "the area that two distributions share: of distances within the test tunes, and of distances "
    "from the generated tunes to them",
    "KL": "how far one of these distributions is from the other; 0 if they are the same",
    "ceiling, floor": "the same figures for two halves of the test tunes, and for tunes of order 1",
    "values, changes": "the area that two distributions share: of a feature in each bar of a track, and of "
    "how much it differs between two bars of one passage",
    "shared runs": "the share of places in a {one} at which a run of so many notes begins that stands in the "
    "training {called} too, in any key and at any tempo",
}


def page(
    said: Mapping[str, Any],
    *,
    curve: Sequence[tuple[float, float, float]] | None = None,
    densities: Sequence[Distribution] = (),
    histograms: Sequence[Bars] = (),
    samples: Mapping[str, Sequence[Sample]] | None = None,
) -> str:
    """Return the page; what is not said is left out.

    Parameters
    ----------
    said : mapping
        What ``notegen evaluate --json`` prints.
    curve : sequence of (epoch, nats a token in training, bits per note in validation), optional
    densities : sequence of Distribution
    histograms : sequence of Bars
    samples : mapping of headings to samples, optional
        Generated tunes to see and hear, such as the best and the worst.
    """
    said = {"called": "tunes", **said}
    parts = [
        _header(said),
        _likelihood(said),
        _curve(curve or (), said["called"]),
        _tunes(said.get("tunes") or [], said["called"]),
        distributions.section(said.get("statistics") or {}, densities, histograms),
        continuations.section(said.get("continuations") or {}),
        _originality(said.get("originality") or {}, said["called"]),
        _heard(samples or {}),
        _made(said),
    ]
    played = bool(samples and any(samples.values()))
    return frame.page(
        f"{said['model']} on {said['corpus']}",
        parts,
        style=rolls.STYLE if played else "",
        script=rolls.SCRIPT if played else "",
    )


def _header(said: Mapping[str, Any]) -> Html:
    bits, ngram = said["bits_per_note"], (said.get("baselines") or {}).get("n-gram")
    called = said["called"]
    unseen = f"{called} it has not seen" if said.get("side") == "test" else f"these {called}"
    lead = f"{said['model']} needs {bits:.2f} bits to guess a note of {unseen}"
    if ngram:
        lead += f"; the best n-gram needs {ngram['bits_per_note']:.2f}"
    side = f", {said['side']} side" if said.get("side") else ""
    return Html(
        "\n".join(
            [
                "<header>",
                frame.element("h1", said["model"], " on ", said["corpus"]),
                frame.paragraph(lead, ".", kind="lead"),
                frame.paragraph(_BIT.format(bits=bits, ways=2**bits)),
                *(frame.paragraph(warning, kind="note") for warning in said.get("warnings") or ()),
                frame.tiles(
                    [
                        ("bits per note", float(bits)),
                        ("bits per pitch", said.get("bits_per_pitch")),
                        ("perplexity", said.get("perplexity")),
                        (f"{called}{side}", said.get("pieces")),
                        ("notes", said.get("notes")),
                    ]
                ),
                "</header>",
            ]
        )
    )


def _likelihood(said: Mapping[str, Any]) -> Html:
    rows = {said["model"]: said} if said.get("parts") else {}
    if rows and said.get("without_memory"):
        rows["without memory"] = said["without_memory"]
    others = sorted((said.get("baselines") or {}).items(), key=lambda each: each[1]["bits_per_note"])
    near = [each for each in others if each[1]["bits_per_note"] <= _FAR * said["bits_per_note"]]
    far = [each for each in others if each not in near]
    rows |= {_short(name, other): other for name, other in near if other.get("parts")}
    if not rows:
        return Html()
    names = list(next(iter(rows.values()))["parts"])
    bars = {name: {part: row["parts"].get(part, 0.0) for part in names} for name, row in rows.items()}
    parts = [
        frame.paragraph(_SPENT if len(names) == 3 else _SPENT_OF_MANY),
        frame.legend(list(zip(plots.PARTS, names, strict=False))),
        frame.figure(plots.stacked(bars, label="bits per note of the model and its baselines", unit="bits")),
    ]
    parts += [
        frame.paragraph(f"Not drawn: {name}, with {other['bits_per_note']:.1f} bits.", kind="small")
        for name, other in far
    ]
    parts.append(_pitches(said))
    return frame.section("Beside simpler models", *parts)


def _pitches(said: Mapping[str, Any]) -> Html:
    """Return bits per pitch as a table, the lowest first; empty if they were not asked for."""
    if said.get("bits_per_pitch") is None:
        return Html()
    others = (said.get("pitch_baselines") or {}).items()
    rows = [(said["model"], said), *((_short(name, row), row) for name, row in others)]
    ranked = sorted(([name, row["bits_per_pitch"]] for name, row in rows), key=lambda each: each[1])
    return frame.table(("pitches alone", "bits per pitch"), ranked)


def _short(name: str, row: Mapping[str, Any]) -> str:
    return f"{row['order']}-gram" if name == "n-gram" and row.get("order") else name


def _curve(curve: Sequence[tuple[float, float, float]], called: str) -> Html:
    if not curve:
        return Html()
    return frame.section(
        "How it learned",
        frame.paragraph(f"Each point is an epoch: all training {called}, once. {RING}"),
        frame.grid([frame.figure(picture, name) for name, picture in panels(curve, "bits per note")]),
    )


def _tunes(tunes: Sequence[Mapping[str, Any]], called: str) -> Html:
    """Return the ends of the list of tunes, and how they all lie."""
    if not tunes:
        return Html()
    count = min(_TUNES, len(tunes) // 2)
    head = (called[:-1], "notes", "bits per note")
    rows = [[each.get("title") or each["name"], each["notes"], each["bits_per_note"]] for each in tunes]
    bits = [each["bits_per_note"] for each in tunes]
    spread = (
        plots.histogram(bits, label=f"{called} by bits per note", x_label="bits per note")
        if len(tunes) > 1
        else ""
    )
    return frame.section(
        "What surprises it",
        frame.grid(
            [
                frame.table(head, rows[: max(1, count)], caption="most surprising"),
                frame.table(head, rows[len(rows) - count :][::-1], caption="least surprising"),
            ]
        ),
        frame.figure(spread, f"all {len(tunes):,} {called} by bits per note") if spread else Html(),
    )


def _originality(said: Mapping[str, Any], called: str) -> Html:
    runs, longest = said.get("runs") or {}, said.get("longest") or {}
    parts = []
    if runs:
        shares = [[runs[n].get(of, math.nan) for n in runs] for of in ("human", "generated")]
        label = f"share of runs that stand in the training {called}"
        parts = [
            frame.paragraph(
                f"How much of a {called[:-1]} stands in the training {called} already. People's {called} "
                "share phrases too: a model copies if it shares more than they do."
            ),
            frame.legend([(0, f"human {called} it has not seen"), (1, f"generated {called}")]),
            frame.figure(plots.bars(list(runs), shares, label=label, x_label="notes in a row", percent=True)),
        ]
    for of, whose in (("generated", f"a generated {called[:-1]}"), ("human", f"a human {called[:-1]}")):
        if longest.get(of):
            parts.append(_longest(longest[of], whose))
    return frame.section("Originality", *parts)


def _longest(run: Mapping[str, Any], whose: str) -> Html:
    """Say whose longest run is whose."""
    place = f" ({run['of']})" if run.get("of") else ""
    place = f" (number {run['piece']})" if run.get("piece") is not None else place
    source = f" of “{run['title']}”" if run.get("title") else ""
    return frame.paragraph(
        f"The longest run that {whose}{place} shares with training: {run['notes']:,} notes{source}."
    )


def _heard(samples: Mapping[str, Sequence[Sample]]) -> Html:
    parts = []
    for heading, group in samples.items():
        if group:
            parts += [frame.element("h3", heading), *(rolls.section(sample) for sample in group)]
    return (
        frame.section("Listen", frame.paragraph("A click on a roll plays from there."), *parts)
        if parts
        else Html()
    )


def _made(said: Mapping[str, Any]) -> Html:
    """Say how the figures came about, and what those shown mean."""
    statistics, called = said.get("statistics") or {}, said["called"]
    drawn = said.get("continuations") or statistics
    smoothing = ((said.get("baselines") or {}).get("n-gram") or {}).get("smoothing")
    command = said.get("command")
    shown = {
        "bits per note": True,
        "pitch, rhythm, bars": said.get("parts"),
        "parts, velocity": "velocity" in (said.get("parts") or {}),
        "bits per pitch": said.get("bits_per_pitch") is not None,
        "perplexity": said.get("perplexity"),
        "uniform, order 1, n-gram": said.get("baselines"),
        **dict.fromkeys(("overlap", "KL", "ceiling, floor"), statistics.get("features")),
        "values, changes": said.get("continuations"),
        "shared runs": (said.get("originality") or {}).get("runs"),
    }
    return frame.section(
        "How this was made",
        frame.terms(
            [
                ("command", command and frame.element("code", command)),
                ("model", said["model"]),
                ("SHA-256", said.get("sha256") and frame.element("code", said["sha256"])),
                ("corpus", said["corpus"]),
                ("its terms of use", said.get("notice") or None),
                ("random seed", _exact(drawn.get("seed"))),
                ("n-gram", smoothing and f"smoothing of {smoothing}"),
            ]
        ),
        frame.element("h3", "What the figures mean"),
        frame.terms(
            [
                (name, meaning.format(one=called[:-1], called=called))
                for name, meaning in _MEANINGS.items()
                if shown[name]
            ]
        ),
        frame.paragraph(
            "All figures are defined, with their sources, in notegen's documentation: docs/figures.md.",
            kind="small",
        ),
    )


def _exact(number: int | None) -> str | None:
    """Return a number that is a name, and has no thousands."""
    return None if number is None else str(number)
