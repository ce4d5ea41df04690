"""notegen audio evaluate."""

import json
from pathlib import Path

import click

from notegen.evaluation.frames import evaluate
from notegen.model.bundle import load
from notegen.training.sound import divided
from notegen_cli.hearing import hear


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
def command(model: Path, files: tuple[Path, ...], as_json: bool) -> None:
    """Measure MODEL in bits per frame on the tenth of each FILE that training holds out.

    Beside it: n-grams of the same entries of the codebook. Files that were not trained on can be given too;
    the n-grams count in the other nine tenths.
    """
    bundle = load(model)
    bundle.expect("frames")
    if "test_bits_per_frame" not in bundle.provenance:
        click.echo(
            f"{model} was trained without holding anything out: on its own recordings it knows all.", err=True
        )
    sounds = [hear(path) for path in files]
    figures = evaluate(bundle, sounds, [divided(sound, test=True) for sound in sounds])
    if as_json:
        click.echo(json.dumps({"model": str(model), "files": [str(path) for path in files], **figures}))
        return
    click.echo(f"{figures['frames']:,} frames held out; bits per frame:")
    for name, title in _TITLES.items():
        click.echo(f"  {figures[name]:6.3f}  {title}")


_TITLES = {
    "uniform": "all entries of the codebook alike",
    "unigram": "entries by how often they come",
    "bigram": "interpolated bigram",
    "network": "the network",
    "memory": "the network with its memory of the piece",
}
