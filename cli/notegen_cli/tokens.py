"""notegen tokens."""

from pathlib import Path

import click
import numpy as np

from notegen import formats
from notegen.codecs import notes, vocabulary
from notegen.melody import melody


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Print FILE's melody as tokens, a bar a line."""
    ids = notes.encode(melody(formats.read(file)))
    starts = np.flatnonzero(np.isin(ids, (vocabulary.BAR, vocabulary.PICKUP)))
    for i, line in enumerate(np.split(ids, starts)):
        label = f"{i:4}  " if i else "      "
        click.echo(label + ", ".join(vocabulary.name(int(token)) for token in line))
    click.echo(f"{len(ids)} tokens, {notes.note_count(ids)} notes")
