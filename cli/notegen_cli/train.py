"""notegen train."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from notegen_cli.live import Live
from notegen_cli.sources import open_corpus


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
@click.option("--batch", type=click.IntRange(1), help="Pieces a batch.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Learning rate at its peak.")
@click.option("--epochs", type=click.IntRange(1), help="Passes over the corpus, at most.")
@click.option("--seed", type=click.IntRange(0), help="Random seed.")
@click.option("--force", is_flag=True, help="Replace the bundle if it exists.")
def command(sources: tuple[str, ...], output: Path, force: bool, **settings: Any) -> None:
    """Train a model on folders, archives and files, built corpora, or public collections.

    All settings have sensible defaults for the size of the corpus. A training that was stopped goes
    on with the same command.
    """
    from notegen.codecs.notes import note_count
    from notegen.training.engine import require
    from notegen.training.train import FEW_NOTES, suggest, train

    require()
    corpus = open_corpus(sources)
    sides = ", ".join(f"{len(pieces)} to {side}" for side, pieces in corpus.sides.items())
    notes = sum(note_count(piece.ids) for piece in corpus.pieces)
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
    live = Live()
    try:
        bundle = train(corpus, recipe, out=output, force=force, report=live.show)
    except KeyboardInterrupt:
        live.close()
        click.echo(f"Stopped. {output} holds the best weights so far; the same command goes on from here.")
        sys.exit(130)
    live.close()
    click.echo(f"{output}: {bundle.provenance['test_bits_per_note']:.3f} bits per note on the test pieces")
