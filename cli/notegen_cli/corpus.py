"""notegen corpus."""

import json
from collections import Counter
from typing import Any

import click
import notegen_corpora

from notegen_cli.sources import open_corpus


@click.group()
def command() -> None:
    """Look at what there is to train on."""


@command.command("list")
def list_() -> None:
    """List the built-in collections, with their terms."""
    for entry in notegen_corpora.COLLECTIONS.values():
        click.echo(f"{entry.name:8}{entry.title} ({entry.citation}; {entry.credit})")
        click.echo(f"        {entry.notice}")


@command.command()
@click.argument("sources", metavar="PATH|NAME...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON, with every reason.")
def check(sources: tuple[str, ...], as_json: bool) -> None:
    """Say what of a folder, file or collection can be learned from, and why the rest cannot."""
    report = open_corpus(sources).report()
    click.echo(json.dumps(report) if as_json else _text(report))


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
