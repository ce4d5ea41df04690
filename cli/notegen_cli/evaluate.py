"""notegen evaluate."""

import json
import shlex
from pathlib import Path
from typing import Any

import click

from notegen.corpus.tracks import tracks_of
from notegen.evaluation.continuations import LOOP
from notegen.files import write_atomically
from notegen.model.bundle import load
from notegen.report.assess import CONTINUED, DRAWN, Assessment, assess
from notegen_cli.pages import check_page, page_options
from notegen_cli.remembering import memory_option
from notegen_cli.sources import open_corpus, test_every_option
from notegen_cli.stages import Stages

_TUNES = 3  # that are named at either end


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("sources", metavar="CORPUS...", nargs=-1, required=True)
@click.option(
    "--pitch-only", is_flag=True, help="Also measure bits per pitch, as the literature on melody does."
)
@test_every_option
@memory_option
@click.option(
    "--pieces",
    type=click.IntRange(0),
    help=f"Tunes to draw, or test pieces to continue with a model of all tracks; 0 for likelihood alone."
    f"  [default: {DRAWN}; {CONTINUED} to continue]",
)
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Random seed of the drawing."
)
@page_options
@click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON.")
def command(
    model: str,
    sources: tuple[str, ...],
    pitch_only: bool,
    test_every: int,
    memory: float,
    pieces: int | None,
    seed: int,
    page: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Measure MODEL on the test side of CORPUS: folders, files, built corpora, or collections.

    Says how well it predicts the tunes that are held out, beside simple models; how alike tunes that it draws
    are to them; and how much of what it draws stands in what it was trained on. A model of all tracks draws
    continuations, which are set beside how the pieces really go on.
    """
    check_page(page, force=force)
    bundle = load(model)
    corpus = open_corpus(sources, tracks_of(bundle.codec), test_every)
    with Stages() as stages:
        settings: dict[str, Any] = {"memory": memory, "pieces": pieces, "seed": seed}
        found = assess(bundle, corpus, pitches=pitch_only, say=stages.say, **settings)
        if page is not None:
            stages.say("writing the page")
            _write(found, page, bundle, _command(model, sources, pitch_only, test_every, settings), force)
    click.echo(json.dumps(found.said) if as_json else _text(found.said))
    if page is not None and not as_json:
        click.echo(f"all of it to see and hear: {page}")


def _write(found: Assessment, page: Path, bundle: Any, command: str, force: bool) -> None:
    from notegen.report import illustrate  # sound and pictures, which the figures can do without

    write_atomically(page, illustrate.page(found, bundle, command).encode(), force=force)


def _command(
    model: str, sources: tuple[str, ...], pitch_only: bool, test_every: int, settings: dict[str, Any]
) -> str:
    options = ["--pitch-only"] * pitch_only + ["--test-every", str(test_every)] * bool(test_every)
    for name, value in settings.items():
        options += [] if value is None else [f"--{name}", f"{value:g}"]
    return shlex.join(["notegen", "evaluate", model, *sources, *options])


def _text(said: dict[str, Any]) -> str:
    lines = [f"{said['corpus']}: {said['pieces']} test {said['called']}, {said['notes']:,} notes"]
    lines += [f"note: {warning}" for warning in said["warnings"]]
    lines += [*_likelihood(said), *_tunes(said["tunes"])]
    lines += _statistics(said["statistics"]) if said["statistics"] else []
    lines += _continuations(said["continuations"]) if said["continuations"] else []
    lines += _originality(said["originality"], said["continuations"]) if said["originality"] else []
    return "\n".join(lines)


def _likelihood(said: dict[str, Any]) -> list[str]:
    rows = {said["model"]: said}
    if said["without_memory"]:
        rows[f"{said['model']}, no memory"] = said["without_memory"]
    for name, each in sorted(said["baselines"].items(), key=lambda row: row[1]["bits_per_note"]):
        rows[f"{each['order']}-gram" if name == "n-gram" else name] = each
    width = max(map(len, rows))
    parts = tuple(said["parts"] or ())
    head = ("bits per note", *parts, "nats per token", "perplexity")
    lines = [f"  {'':{width}}  " + "  ".join(head)]
    for name, each in rows.items():
        figures = [each["bits_per_note"], *(each["parts"][part] for part in parts)]
        figures += [each["nats_per_token"], each["perplexity"]]
        lines.append(
            f"  {name:{width}}  "
            + "  ".join(
                f"{value:{len(title)}.{2 if value >= 100 else 3}f}"
                for value, title in zip(figures, head, strict=True)
            )
        )
    if said["bits_per_pitch"] is not None:
        lines.append(
            f"bits per pitch: {said['model']} {said['bits_per_pitch']:.3f}, "
            + ", ".join(
                f"{name} {each['bits_per_pitch']:.3f}" for name, each in said["pitch_baselines"].items()
            )
        )
    return lines


def _tunes(tunes: list[dict[str, Any]]) -> list[str]:
    count = min(_TUNES, len(tunes) // 2)
    lines = []
    for heading, some in (("most surprising", tunes[:count]), ("least surprising", tunes[::-1][:count])):
        lines += [f"{heading}:"] if some else []
        lines += [f"  {each['bits_per_note']:5.2f}  {each['title'] or each['name']}" for each in some]
    return lines


def _statistics(said: dict[str, Any]) -> list[str]:
    lines = [
        f"{said['pieces']} tunes drawn with seed {said['seed']}, beside the test tunes"
        " (overlap of 0 to 1; ceiling: half of them beside the other; floor: a chain of order 1):",
        f"  {'':19}{'test':>8}{'drawn':>8}   overlap  ceiling  floor     KL  ceiling  floor",
    ]
    for row in said["features"]:
        ceiling, floor = row["ceiling"], row["floor"]
        lines.append(
            f"  {row['feature']:19}{_short(row['test']):>8}{_short(row['generated']):>8}   "
            f"{_short(row['overlap']):>7}  {_short(ceiling['overlap']):>7}  {_short(floor['overlap']):>5}  "
            f"{_short(row['kl']):>5}  {_short(ceiling['kl']):>7}  {_short(floor['kl']):>5}"
        )
    return lines


def _continuations(said: dict[str, Any]) -> list[str]:
    lines = [
        f"{said['pieces']} pieces continued with seed {said['seed']}, beside how they go on"
        " (overlap of 0 to 1, mean of all tracks;",
        f"  ceiling: other pieces; before: bars before the cut; loop: the last {LOOP} of them again):",
        f"  {'':13}{'values':>8}  ceiling  before  loop   {'changes':>8}  ceiling  before  loop",
    ]
    for row in said["features"]:
        line = f"  {row['feature']:13}"
        for kind in ("values", "changes"):
            found = (_short(row[name][kind]) for name in ("takes", "ceiling", "before", "loop"))
            line += "{:>8}  {:>7}  {:>6}  {:>4}   ".format(*found)
        lines.append(line.rstrip())
    takes, before = (_percent(said["going_on"][name]) for name in ("takes", "before"))
    return [*lines, f"all tracks go on in {takes} of the continuations, and in {before} of the bars before"]


def _originality(said: dict[str, Any], continued: bool) -> list[str]:
    runs = said["runs"]
    names = ("new bars", "true bars") if continued else ("drawn tunes", "test tunes")
    lines = [
        "runs of so many notes that stand in what it was trained on:",
        "  " + " " * 12 + "".join(f"{notes:>9}" for notes in runs),
    ]
    for name, title in zip(("generated", "human"), names, strict=True):
        shares = "".join("        -" if row[name] is None else f"{row[name]:9.1%}" for row in runs.values())
        lines.append(f"  {title:12}{shares}")
    for name, title in (("generated", "drawn"), ("human", "test")):
        longest = said["longest"][name]
        if longest:
            of = f' of "{longest["of"]}"' if "of" in longest else f" of number {longest['piece']}"
            lines.append(f'  longest, {title}: {longest["notes"]} notes{of}, as in "{longest["title"]}"')
    return lines


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _short(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"
