"""notegen render."""

import hashlib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

import notegen
from notegen import files, formats
from notegen.errors import DataError, UsageError
from notegen.rendering import sound


@click.command()
@click.argument("sources", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="The sound file to write: .wav, .flac, .ogg or .mp3.  [default: FILE's name with .wav]",
)
@click.option(
    "--engine",
    type=click.Choice(sound.ENGINES),
    default="auto",
    show_default=True,
    help="The synthesizer; auto is FluidSynth where it is installed.",
)
@click.option(
    "--soundfont",
    type=click.Path(path_type=Path),
    help="The sound font to play (.sf2).  [default: $NOTEGEN_SOUNDFONT, or the best one found]",
)
@click.option(
    "--rate",
    type=click.IntRange(*sound.RATES),
    default=sound.RATE,
    show_default=True,
    help="Frames a second.",
)
@click.option(
    "--depth", type=click.Choice(sound.DEPTHS), default="16", show_default=True, help="Bits a sample."
)
@click.option("--force", is_flag=True, help="Replace files that exist.")
def command(sources: tuple[Path, ...], output: Path | None, force: bool, **options: Any) -> None:
    """Write MIDI, ABC, MusicXML or Humdrum files as sound, each with a .json that says how it was made."""
    if output is not None and len(sources) > 1:
        raise UsageError("--output names one file; leave it out to render several")
    outputs = [output or source.with_suffix(".wav") for source in sources]
    if len(set(outputs)) < len(outputs):
        raise UsageError("two of the files would be written to one; render them one by one with --output")
    for path in outputs:
        sound.check(path, engine=options["engine"], rate=options["rate"], depth=options["depth"])
        for each in (path, _sidecar(path)):
            if each.exists() and not force:
                raise UsageError(f"{each} exists already; choose another name or use --force")
    for source, path in zip(sources, outputs, strict=True):
        _render(source, path, force, options)


def _render(source: Path, path: Path, force: bool, options: dict[str, Any]) -> None:
    score = formats.read(source)
    bar = _Bar(source.name)
    try:
        made = sound.render(score, path, force=force, progress=bar.show, **options)
    except DataError as error:
        raise type(error)(f"{source}: {error}") from None
    finally:
        bar.close()
    origin = {"file": source.name, "sha256": hashlib.sha256(files.read(source)).hexdigest()}
    told = {"notegen": notegen.__version__, "source": origin, **asdict(made)}
    files.write_atomically(_sidecar(path), (json.dumps(told, indent=2) + "\n").encode(), force=force)
    minutes, seconds = divmod(round(made.seconds), 60)
    click.echo(f"{path}: {minutes}:{seconds:02}, {made.engine}, {made.soundfont}")


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".json")


class _Bar:
    """A progress bar on a terminal, for files that take longer than a moment."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bar: Any = None

    def show(self, done: float, total: float) -> None:
        if self.bar is None and sys.stderr.isatty():
            from tqdm import tqdm

            form = "{desc}: {percentage:3.0f}%|{bar}| {remaining} left"
            self.bar = tqdm(
                desc=self.name, total=total, bar_format=form, file=sys.stderr, leave=False, delay=1
            )
        if self.bar is not None:
            self.bar.update(done - self.bar.n)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
