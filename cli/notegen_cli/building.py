"""notegen corpus build."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
import notegen_corpora
from notegen_corpora import Collection, Recipe
from tqdm import tqdm

from notegen_cli.sources import entry, tracks_option

if TYPE_CHECKING:
    from notegen.corpus.build import Progress
    from notegen.corpus.tracks import Tracks

_EVERY = 30.0  # seconds between plain lines


@click.command()
@click.argument("paths", metavar="PATH|NAME...", nargs=-1, required=True)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The folder of the built corpus, new or to be brought up to date.",
)
@tracks_option
@click.option("--jobs", type=click.IntRange(1), help="How many processes; without it, one for each core.")
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="A Dask scheduler whose workers do it, such as tcp://10.0.0.1:8786; "
    "they must reach the files under the same paths.",
)
def build(
    paths: tuple[str, ...], output: Path, tracks: "Tracks | None", jobs: int | None, scheduler: str | None
) -> None:
    """Build a corpus that opens at once, however large it is, of folders, files and public corpora.

    A build that was stopped goes on with the same command. Later the same command brings the corpus up to
    date: only new and changed files are read, and what is gone is dropped. Wherever a corpus is asked
    for, the folder can be named.
    """
    from notegen.corpus.build import build as build_corpus

    entries = [entry(path) for path in paths]
    found = [file for path, known in zip(paths, entries, strict=True) for file in _files(path, known)]
    names = [
        known.title if known else Path(path).absolute().name
        for path, known in zip(paths, entries, strict=True)
    ]
    notices = dict.fromkeys(known.notice for known in entries if known and known.notice)
    try:
        with _shown() as show:
            built = build_corpus(
                found,
                output,
                tracks=tracks or "melody",
                scheduler=scheduler,
                jobs=jobs or -1,
                name=", ".join(names),
                notice=" ".join(notices),
                report=show,
            )
    except KeyboardInterrupt:
        click.echo("Stopped. The same command goes on from here.", err=True)
        sys.exit(130)
    click.echo(
        f"{output}: {built.files:,} files, {built.kept:,} pieces kept, {built.duplicates:,} duplicates, "
        f"{built.refused:,} refused"
    )
    if built.refused:
        click.echo(f"notegen corpus check {output} tells why.")


def _files(path: str, known: Collection | Recipe | None) -> list[Path]:
    """Return what a path or the name of a corpus stands for."""
    if isinstance(known, Collection):
        return known.files()
    return [notegen_corpora.archive(path) if known else Path(path)]


@contextmanager
def _shown() -> "Iterator[Callable[[Progress], None]]":
    """Show how far a build is: on a terminal in one line, elsewhere by a plain line now and then."""
    bar = tqdm(unit=" files", file=sys.stderr, disable=not sys.stderr.isatty(), smoothing=0)
    last = time.monotonic()

    def show(progress: "Progress") -> None:
        nonlocal last
        if not progress.seconds:
            bar.reset(progress.files)
            bar.initial = bar.n = progress.known
        bar.update(progress.done - bar.n)
        if bar.disable and time.monotonic() - last > _EVERY:
            left = time.strftime("%H:%M:%S", time.gmtime(progress.seconds_left))
            click.echo(
                f"{progress.done:,} of {progress.files:,} files, {progress.files_per_second:,.0f} files/s, "
                f"{left} left",
                err=True,
            )
            last = time.monotonic()

    with bar:
        yield show
