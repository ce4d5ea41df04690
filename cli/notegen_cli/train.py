"""notegen train."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from notegen_cli.sources import open_corpus
from notegen_cli.training import trained


@click.command()
@click.argument("sources", metavar="PATH|NAME...", nargs=-1, required=True)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The bundle to write, such as tunes.notegen.",
)
@click.option("--units", type=click.IntRange(1), help="Width of each LSTM layer.")
@click.option("--layers", type=click.IntRange(1), help="How many LSTM layers.")
@click.option(
    "--dropout", type=click.FloatRange(0, 1, max_open=True), help="Share of values zeroed while training."
)
@click.option("--batch", type=click.IntRange(1), help="Rows of pieces that are learned from side by side.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Learning rate at its peak.")
@click.option("--epochs", type=click.IntRange(1), help="Passes over the corpus, at most.")
@click.option("--seed", type=click.IntRange(0), help="Random seed.")
@click.option("--force", is_flag=True, help="Replace the bundle if it exists.")
@click.option("--restart", is_flag=True, help="Begin anew, whatever stands there.")
def command(sources: tuple[str, ...], output: Path, force: bool, restart: bool, **settings: Any) -> None:
    """Train a model on folders, archives and files, built corpora, or public collections.

    All settings have sensible defaults for the size of the corpus. A training that was stopped, by whatever,
    goes on with the same command. Beside the bundle stand a table of how it went (CSV) and its learning
    curve (SVG).
    """
    from notegen.training.engine import require
    from notegen.training.train import FEW_NOTES, suggest, train

    require()
    corpus = open_corpus(sources)
    sides = ", ".join(f"{len(pieces)} to {side}" for side, pieces in corpus.sides.items())
    notes = corpus.notes
    click.echo(f"{corpus.name}: {notes:,} notes; pieces: {sides}; {len(corpus.refused)} refused")
    if corpus.notice:
        click.echo(f"terms: {corpus.notice}")
    if notes < FEW_NOTES:
        click.echo(
            f"This is little to learn from: below {FEW_NOTES:,} notes a model mostly learns by heart.",
            err=True,
        )
    recipe = replace(
        suggest(corpus), **{name: value for name, value in settings.items() if value is not None}
    )
    bundle = trained(
        lambda report: train(corpus, recipe, out=output, force=force, restart=restart, report=report),
        output,
        "bits per note",
    )
    if bundle:
        click.echo(
            f"{output}: {bundle.provenance['test_bits_per_note']:.3f} bits per note on the test pieces"
        )
