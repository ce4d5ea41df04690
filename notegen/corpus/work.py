"""What a worker does: the sources of a job become ids and records, or refusals."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from notegen.corpus.dedupe import hashes
from notegen.corpus.facts import facts
from notegen.corpus.scan import Piece, Refusal, scan
from notegen.corpus.sources import Source, read_sources
from notegen.corpus.store import Record, Result, readable
from notegen.corpus.tracks import Tracks


class Job(NamedTuple):
    """Sources that are read together, with their numbers, and what is read of them."""

    sources: list[tuple[int, Source]]
    tracks: Tracks = "melody"


def read_job(base: Path, job: Job) -> Result:
    """Read the sources of a job; whatever goes wrong with one is a refusal of it alone.

    Parameters
    ----------
    base : Path
        What relative paths are relative to, as a worker may be anywhere.
    job : Job
    """
    here = {replace(source, path=base / source.path): (number, source.name) for number, source in job.sources}
    of = {source.name: said for source, said in here.items()}
    ids = [np.empty(0, dtype=np.int32)]
    pieces: list[Record] = []
    refused, at = [], 0
    for found in _read(list(here), job.tracks):
        whole = found.name
        while whole not in of:  # a tune of a book: its number stands behind
            whole = whole.rpartition("#")[0]
        source, name = of[whole]
        name += found.name[len(whole) :]
        if isinstance(found, Refusal):
            refused.append((source, name, readable(found.reason)))
            continue
        row = found.ids
        stop = at + len(row)
        pieces.append(Record(source, name, readable(found.title), at, stop, facts(row), *hashes(row)))
        ids.append(row)
        at = stop
    return Result(np.concatenate(ids), pieces, refused)


def _read(sources: list[Source], tracks: Tracks) -> list[Piece | Refusal]:
    try:
        return list(scan(read_sources(sources, tracks), tracks=tracks))
    except Exception:
        return [found for source in sources for found in _read_alone(source, tracks)]


def _read_alone(source: Source, tracks: Tracks) -> Iterator[Piece | Refusal]:
    """Read a source by itself, as one of a job fails in a way that nobody foresaw."""
    try:
        yield from list(scan(read_sources([source], tracks), tracks=tracks))
    except Exception as error:
        said = " ".join(f"{type(error).__name__}: {error}".split())
        yield Refusal(source.name, f"reading it fails ({said})")
