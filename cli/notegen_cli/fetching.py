"""notegen corpus list, and notegen corpus fetch."""

import sys
import time
from pathlib import Path
from typing import Any

import click
import notegen_corpora
from notegen_corpora import Collection, Recipe

_DELAY = 0.5  # seconds until a bar is drawn
_PAUSE = 5.0  # seconds between two lines, where there is no terminal


@click.command("list")
def list_() -> None:
    """List the built-in collections and the corpora to fetch, with their terms."""
    click.echo("Built in, read from the installed music21:")
    for collection in notegen_corpora.COLLECTIONS.values():
        _tell(collection.name, _of_collection(collection))
    click.echo("\nTo be fetched by notegen corpus fetch NAME:")
    for recipe in notegen_corpora.RECIPES.values():
        state = "is here" if notegen_corpora.fetched(recipe.name) else "not fetched"
        _tell(recipe.name, [f"{recipe.title} ({size(recipe.size)}, {state})", *_of_recipe(recipe)])


@click.command()
@click.argument("names", metavar="NAME...", nargs=-1, required=True)
def fetch(names: tuple[str, ...]) -> None:
    """Fetch public corpora by their names, for train and check; `notegen corpus list` names them."""
    built_in = [name for name in names if name in notegen_corpora.COLLECTIONS]
    recipes = [notegen_corpora.recipe(name) for name in names if name not in built_in]
    for name in built_in:
        click.echo(f"{name} is built in; there is nothing to fetch")
    for recipe in recipes:
        _fetch(recipe)


def size(count: int) -> str:
    """Return a number of bytes as people write it.

    Examples
    --------
    >>> size(142_934), size(58_416_533), size(1_768_163_879)
    ('143 kB', '58.4 MB', '1.77 GB')
    """
    for unit, bytes_each in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= bytes_each:
            return f"{count / bytes_each:.3g} {unit}"
    return f"{count} bytes"


def _of_collection(entry: Collection) -> list[str]:
    return [f"{entry.title} ({entry.citation}; {entry.credit})", entry.notice]


def _of_recipe(entry: Recipe) -> list[str]:
    return [entry.contents, f"licence: {entry.licence}. {entry.notice}", f"{entry.citation}; {entry.home}"]


def _tell(name: str, lines: list[str]) -> None:
    """Print a name with lines beside it."""
    for beside, line in zip([name, *[""] * len(lines)], lines, strict=False):
        click.echo(f"{beside:12}{line}")


def _fetch(recipe: Recipe) -> None:
    """Fetch one corpus: its terms first, then how far it is, then where it is."""
    from notegen_corpora.fetch import fetch

    folder = notegen_corpora.cache()
    _tell(recipe.name, [f"{recipe.title} ({size(recipe.size)} from {recipe.address})", *_of_recipe(recipe)])
    there = notegen_corpora.fetched(recipe.name) is not None
    progress = _Bar(recipe.name) if sys.stderr.isatty() else _Lines(recipe.name)
    try:
        path = fetch(recipe, folder, progress.show)
    except KeyboardInterrupt:
        click.echo(f"\n{recipe.name}: call the same command again to go on", err=True)
        raise
    finally:
        progress.close()
    click.echo(_done(recipe, path, there))


def _done(recipe: Recipe, path: Path, there: bool) -> str:
    state = "is here already" if there else "fetched"
    return f"{recipe.name}: {state}, as {path}; look into it with notegen corpus check {recipe.name}"


class _Bar:
    """A progress bar for each task, on a terminal."""

    def __init__(self, name: str) -> None:
        self.name, self.task = name, ""
        self.bar: Any = None

    def show(self, task: str, done: int, total: int) -> None:
        """Draw how far the task is."""
        if task != self.task:
            self.close()
            self.task, self.bar = task, _bar(f"{self.name}: {task}", done, total)
        self.bar.update(done - self.bar.n)

    def close(self) -> None:
        """Take the bar away."""
        if self.bar is not None:
            self.bar.close()


def _bar(told: str, done: int, total: int) -> Any:
    from tqdm import tqdm

    units: dict[str, Any] = {"initial": done, "total": total, "unit": "B", "unit_scale": True}
    return tqdm(desc=told, **units, file=sys.stderr, leave=False, delay=_DELAY)


class _Lines:
    """A line now and then, where there is no terminal."""

    def __init__(self, name: str) -> None:
        self.name, self.task = name, ""
        self.first, self.begun, self.told = 0, 0.0, 0.0

    def show(self, task: str, done: int, total: int) -> None:
        """Print how far the task is, if the last line was printed a while ago."""
        now = time.monotonic()
        if task != self.task:
            self.task, self.first, self.begun, self.told = task, done, now, now
        elif now - self.told >= _PAUSE:
            self.told = now
            click.echo(f"{self.name}: {task}, {self._state(done, total, now - self.begun)}", err=True)

    def close(self) -> None:
        """Do nothing: lines stay."""

    def _state(self, done: int, total: int, seconds: float) -> str:
        rate = (done - self.first) / seconds if seconds else 0.0
        left = f", {size(int(rate))} a second, {(total - done) / rate:.0f} s left" if rate else ""
        return f"{size(done)} of {size(total)}{left}"
