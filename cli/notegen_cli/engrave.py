"""notegen engrave."""

from pathlib import Path

import click

from notegen import formats
from notegen.errors import DataError, UsageError
from notegen.generation.save import new_of
from notegen.rendering import engrave

_SUFFIXES = (*engrave.SUFFIXES, ".musicxml", ".abc")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--output",
    metavar="x.pdf|.svg|.png|.musicxml|.abc",
    type=click.Path(path_type=Path),
    help="What to write.  [default: FILE's name with .pdf]",
)
@click.option("--force", is_flag=True, help="Write over a file that exists.")
def command(file: Path, output: Path | None, force: bool) -> None:
    """Write FILE as sheet music.

    Rhythms are rounded to what can be read; the new bars of a take are marked. PDF, SVG and PNG need
    the extra "engrave", MusicXML and ABC need nothing.
    """
    path = output or file.with_suffix(".pdf")
    if path.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"{path}: sheet music is written as {', '.join(_SUFFIXES)}; end the name so")
    score, new = formats.read(file), new_of(file)
    try:
        if path.suffix.lower() in engrave.SUFFIXES:
            pages = engrave.engrave(score, path, new=new, force=force)
            click.echo(f"{path}: {pages} page{'s' * (pages != 1)}" if path.suffix.lower() == ".pdf" else path)
        else:
            formats.write(score, path, new=new, force=force)
            click.echo(path)
    except DataError as error:
        at_fault = path if str(error).startswith(f"{path}: ") else file
        raise type(error)(f"{at_fault}: {str(error).removeprefix(f'{path}: ')}") from None
