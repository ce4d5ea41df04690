"""notegen audio show."""

import os
import shutil
from pathlib import Path

import click

from notegen.audio import picture
from notegen.audio.picture import Panel
from notegen_cli.pictures import echo, wants_colour

_TRUE_COLOUR = ("truecolor", "24bit")


@click.command()
@click.argument("paths", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output", metavar="PATH", type=click.Path(path_type=Path), help="A picture to write: .png or .svg."
)
@click.option("--force", is_flag=True, help="Write over a picture that exists.")
def command(paths: tuple[Path, ...], output: Path | None, force: bool) -> None:
    """Draw the recording FILE as a spectrogram: into a picture, or as text if none is named.

    Several files stand below each other, on the same scale of time in a picture. Of a take, the place
    where it begins to be new is marked, and so are the joins.
    """
    panels = [picture.panel_of(path) for path in paths]
    if output is None:
        _print(panels)
        return
    picture.draw(panels, output, force=force)
    click.echo(f"{output}  {_summary(panels)}")


def _print(panels: list[Panel]) -> None:
    width = shutil.get_terminal_size().columns
    colour = wants_colour() and os.environ.get("COLORTERM") in _TRUE_COLOUR
    echo("\n".join(picture.text(panel, width, colour) for panel in panels), picture.ASCII)


def _summary(panels: list[Panel]) -> str:
    files = f"{len(panels)} files, " if len(panels) > 1 else ""
    return f"{files}{sum(panel.seconds for panel in panels):.1f} s"
