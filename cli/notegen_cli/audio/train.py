"""notegen audio train."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from notegen_cli.hearing import hear
from notegen_cli.training import trained


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The bundle to write, such as song.notegen.",
)
@click.option(
    "--entries", type=click.IntRange(2, 4096), default=256, show_default=True, help="Codebook size."
)
@click.option("--units", type=click.IntRange(1), help="Width of each LSTM layer.")
@click.option("--layers", type=click.IntRange(1), help="How many LSTM layers.")
@click.option(
    "--dropout", type=click.FloatRange(0, 1, max_open=True), help="Share of values zeroed while training."
)
@click.option("--epochs", type=click.IntRange(1), help="Passes over the recordings, at most.")
@click.option("--seed", type=click.IntRange(0), help="Random seed.")
@click.option("--classic", is_flag=True, help="Train the classic model on spectra: a baseline.")
@click.option("--force", is_flag=True, help="Replace the bundle if it exists.")
@click.option("--restart", is_flag=True, help="Begin anew, whatever stands there.")
def command(
    files: tuple[Path, ...],
    output: Path,
    entries: int,
    classic: bool,
    force: bool,
    restart: bool,
    **settings: Any,
) -> None:
    """Train a model on recordings: WAV, FLAC, Ogg or MP3 files.

    A tenth of each is held out to choose by, and a tenth to test with. A training that was stopped, by
    whatever, goes on with the same command. Beside the bundle stand a table of how it went (CSV) and its
    learning curve (SVG).
    """
    from notegen.training.engine import require
    from notegen.training.sound import FEW_SECONDS, divided, suggest, train

    require()
    sounds = [hear(path) for path in files]
    seconds = sum(sound.recording.seconds for sound in sounds)
    click.echo(f"{len(files)} recording{'s' * (len(files) != 1)}, {seconds:.0f} s")
    if seconds < FEW_SECONDS:
        click.echo(f"This is little to learn from: below {FEW_SECONDS} s it is learned by heart.", err=True)
    recipe = suggest([divided(sound, test=True) for sound in sounds], classic=classic)
    recipe = replace(recipe, **{name: value for name, value in settings.items() if value is not None})
    bundle = trained(
        lambda report: train(
            sounds, recipe, out=output, entries=entries, classic=classic, force=force, restart=restart,
            report=report,
        ),
        output,
        "squared error" if classic else "bits per frame",
    )  # fmt: skip
    if bundle:
        click.echo(f"{output}: {_describe(bundle.provenance)}")


def _describe(said: dict[str, Any]) -> str:
    if "test_bits_per_frame" in said:
        bits = said["test_bits_per_frame"]
        return (
            f"{bits['memory']:.3f} bits per frame on what was held out, {bits['network']:.3f} without the "
            f"memory of the piece; a bigram has {bits['bigram']:.3f}"
        )
    if "squared_error" in said:
        error = said["squared_error"]
        return (
            f"squared error {error['network']:.3f} on validation; copying the frame before has "
            f"{error['copying']:.3f}"
        )
    return "too short to hold anything out"
