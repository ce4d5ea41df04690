"""notegen show."""

import shutil
from pathlib import Path

import click

from notegen import formats
from notegen.errors import DataError
from notegen.generation.save import new_of
from notegen.rendering import blocks, layout, pianoroll
from notegen.rendering.layout import Roll
from notegen_cli.pictures import echo, wants_colour


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output", metavar="PATH", type=click.Path(path_type=Path), help="A picture to write: .png or .svg."
)
@click.option("--force", is_flag=True, help="Write over a picture that exists.")
def command(paths: tuple[Path, ...], output: Path | None, force: bool) -> None:
    """Draw FILE as a piano roll: into a picture, or as text if none is named.

    Several files stand below each other, on the same scale in a picture. Of a take, the new bars
    are marked.
    """
    rolls = [_open(path) for path in paths]
    if output is None:
        _print(rolls)
        return
    pianoroll.draw(rolls, output, force=force)
    click.echo(f"{output}  {_summary(rolls)}")


def _open(path: Path) -> Roll:
    """Read a file, and see that it can be drawn."""
    score = formats.read(path)
    try:
        layout.bars(score)
    except DataError as error:
        raise type(error)(f"{path}: {error}") from None
    return Roll(score, path.name, new_of(path))


def _print(rolls: list[Roll]) -> None:
    width = shutil.get_terminal_size().columns
    texts = [
        blocks.text(roll.score, width=width, new=roll.new, colour=wants_colour(), title=roll.title)
        for roll in rolls
    ]
    echo("\n".join(texts), blocks.ASCII)


def _summary(rolls: list[Roll]) -> str:
    bars = sum(len(layout.bars(roll.score).lines) - 1 for roll in rolls)
    notes = sum(len(roll.score.notes) for roll in rolls)
    files = f"{len(rolls)} files, " if len(rolls) > 1 else ""
    return f"{files}{bars} bar{'s' * (bars != 1)}, {notes} note{'s' * (notes != 1)}"
