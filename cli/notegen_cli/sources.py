"""What the command line accepts as a corpus: folders, archives, files, built corpora, and names."""

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, get_args

import click
import notegen_corpora
from notegen_corpora import Collection, Recipe
from tqdm import tqdm

from notegen.corpus import Corpus, Named
from notegen.corpus.sources import Source, read_sources
from notegen.corpus.sources import sources as music_in
from notegen.corpus.store import is_built
from notegen.corpus.tracks import Tracks

tracks_option = click.option(
    "--tracks",
    type=click.Choice(get_args(Tracks)),
    help="What is read of each piece: its melody, or all of its tracks.  [default: melody]",
)
test_every_option = click.option(
    "--test-every",
    default=0,
    type=click.IntRange(0),
    metavar="N",
    help="Hold out files whose number divides by N, as 9 holds out 009.mid, 018.mid; else chance decides.",
)


def open_corpus(sources: tuple[str, ...], tracks: Tracks | None = None, test_every: int = 0) -> Corpus:
    """Read paths, collections and fetched corpora into one corpus; a path wins over a name."""
    if any(is_built(Path(source)) for source in sources):
        return Corpus.open(*sources, tracks=tracks, test_every=test_every)
    read = tracks or "melody"
    entries = [entry(source) for source in sources]
    names = [
        known.title if known else Path(source).absolute().name
        for source, known in zip(sources, entries, strict=True)
    ]
    notices = dict.fromkeys(known.notice for known in entries if known and known.notice)
    with _reading([_found(source) for source in sources], read) as scores:
        return Corpus.joined(
            ", ".join(names),
            zip(sources, scores, strict=True),
            " ".join(notices),
            tracks=read,
            test_every=test_every,
        )


def entry(source: str) -> Collection | Recipe | None:
    """Return the corpus of a name, or None for a path."""
    if Path(source).exists():
        return None
    return notegen_corpora.COLLECTIONS.get(source) or notegen_corpora.RECIPES.get(source)


def _found(source: str) -> Collection | Path:
    """Return a collection, or a path in which there is music."""
    known = entry(source)
    if isinstance(known, Collection):
        return known
    path = notegen_corpora.archive(source) if known else Path(source)
    music_in(path)
    return path


@contextmanager
def _reading(found: list[Collection | Path], tracks: Tracks) -> Iterator[list[Iterator[Named]]]:
    """Return what reads each of them; on a terminal, tell how far it is if that takes a while."""
    shown = sys.stderr.isatty()
    total = sum(map(_count, found)) if shown else None
    looks = {"unit": " files", "delay": 1, "smoothing": 0, "leave": False}  # an even guess of the time left
    with tqdm(total=total, file=sys.stderr, disable=not shown, **looks) as bar:
        yield [_scores(each, tracks, bar) for each in found]


def _scores(found: Collection | Path, tracks: Tracks, bar: Any) -> Iterator[Named]:
    """Read a source, and count its files on a bar."""
    ahead: deque[str] = deque()  # names of files whose last piece has not come yet
    for name, content in _read(found, tracks, ahead):
        while ahead and not name.startswith(ahead[0]):
            ahead.popleft()
            bar.update()
        yield name, content
    bar.update(len(ahead))


def _count(found: Collection | Path) -> int:
    return len(found.files()) if isinstance(found, Collection) else sum(1 for _ in music_in(found))


def _read(found: Collection | Path, tracks: Tracks, ahead: deque[str]) -> Iterator[Named]:
    """Read scores; before those of a file come, its name stands in a queue."""
    if isinstance(found, Collection):
        ahead.extend(f"{found.name}/{path.name}" for path in found.files())
        return found.scores()
    return read_sources(_noted(music_in(found), ahead), tracks)


def _noted(found: Iterable[Source], ahead: deque[str]) -> Iterator[Source]:
    for source in found:
        ahead.append(source.name)
        yield source
