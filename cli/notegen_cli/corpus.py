"""notegen corpus."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import click

from notegen.corpus import Corpus
from notegen.corpus.tracks import Tracks
from notegen.files import write_atomically
from notegen_cli.building import build
from notegen_cli.fetching import fetch, list_
from notegen_cli.pages import check_page, page_options
from notegen_cli.sources import open_corpus, test_every_option, tracks_option


@click.group()
def command() -> None:
    """Get, build and look at what there is to train on."""


@command.command()
@click.argument("sources", metavar="PATH|NAME...", nargs=-1, required=True)
@tracks_option
@test_every_option
@page_options
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, with every reason.")
def check(
    sources: tuple[str, ...],
    tracks: Tracks | None,
    test_every: int,
    page: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Say what of folders, files or collections can be learned from, and why the rest cannot."""
    check_page(page, force=force)
    corpus = open_corpus(sources, tracks, test_every)
    report = corpus.report()
    if page is not None:
        _write(corpus, page, force=force)
    click.echo(json.dumps(report) if as_json else _text(report))
    if page is not None and not as_json:
        click.echo(f"all of it to look at: {page}")


def _write(corpus: Corpus, page: Path, *, force: bool) -> None:
    from notegen.report import corpus as pages  # pictures, which the text can do without
    from notegen.report.gather import gather

    write_atomically(page, pages.page(gather(corpus)).encode(), force=force)


for _other in (build, fetch, list_):
    command.add_command(_other)


def _text(report: dict[str, Any]) -> str:
    sides = ", ".join(f"{side} {count}" for side, count in report["sides"].items())
    lines = [
        f"{report['name']}: {report['pieces']} pieces, {report['kept']} kept, "
        f"{len(report['duplicates'])} duplicates, {len(report['refused'])} refused",
        f"  {report['notes']:,} notes in {report['bars']:,} bars, {report['tokens']:,} tokens"
        + (
            f", from {report['pitch_range'][0]} to {report['pitch_range'][1]}"
            if report["pitch_range"]
            else ""
        ),
        f"  meters: {_shares(report['meters'])}",
        f"  keys: {_shares(report['keys'])}",
        f"  sides: {sides}",
    ]
    if report["notice"]:
        lines.append(f"  terms: {report['notice']}")
    lines += [f"  refused: {entry['name']}: {entry['reason']}" for entry in report["refused"]]
    if report["duplicates"]:
        lines.append(
            f"  duplicates: {len(report['duplicates'])} pieces have the notes of another (--json names them)"
        )
    return "\n".join(lines)


def _shares(counts: dict[str, int]) -> str:
    top = Counter(counts).most_common(8)
    rest = sum(counts.values()) - sum(count for _, count in top)
    return ", ".join(f"{name} {count}" for name, count in top) + (f", others {rest}" if rest else "")
