"""Saving takes: numbered files, and one that says how they were made."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import notegen
from notegen.corpus.originality import human_longest
from notegen.errors import DataError, UsageError
from notegen.files import write_atomically
from notegen.formats import midi
from notegen.generation.compose import Take
from notegen.generation.forms import WRITERS, sound_source
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle
from notegen.score import Span

Progress = Callable[[int, int, Path], None]  # forms written, forms in all, and the next one


def save(
    takes: list[Take],
    folder: Path,
    stem: str,
    *,
    model: Bundle | Ensemble,
    source: Path | None = None,
    options: dict[str, Any] | None = None,
    forms: tuple[str, ...] = (),
    only_new: bool = False,
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[list[Path], Path]:
    """Write takes as ``stem-1.mid`` and so on, best first, and a sidecar in JSON.

    Numbers that are taken are passed over, unless `force` is set; the sidecar of a later run is named
    after its first take. `forms` are written beside each take (see `notegen.generation.forms`); of
    "sheet" there is one, beside the sidecar. `progress` is told of each form before it is written.

    Returns
    -------
    paths : list of Path
        In the order of the takes.
    sidecar : Path
    """
    progress, ensemble = progress or _quiet, Ensemble.of(model)
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder with --output")
    first = 1 if force else _next_number(folder, stem)
    paths = [folder / f"{stem}-{first + i}.mid" for i in range(len(takes))]
    for take, path in zip(takes, paths, strict=True):
        write_atomically(path, midi.encode(take.fresh if only_new else take.score), force=force)
    sidecar = folder / (f"{stem}.json" if first == 1 else f"{stem}-{first}.json")
    said = describe(takes, paths, ensemble, source, options or {}, only_new=only_new)
    write_atomically(sidecar, _json(said), force=force)
    jobs = [
        (form, path.with_suffix(f".{form}"), take)
        for take, path in zip(takes, paths, strict=True)
        for form in forms
        if form in WRITERS
    ]
    total = len(jobs) + ("sheet" in forms)
    for i, (form, path, take) in enumerate(jobs):
        progress(i, total, path)
        score, new = (take.fresh, None) if only_new else (take.score, take.new)
        with _naming(path):
            said |= WRITERS[form](score, path, new, force)
    if "sheet" in forms:
        from notegen.generation import takesheet  # pictures and sound, which plain takes do without

        path = sidecar.with_suffix(".html")
        progress(len(jobs), total, path)
        with _naming(path):
            page = takesheet.html(takes, paths, ensemble, only_new=only_new)
        write_atomically(path, page.encode(errors="replace"), force=force)
        said.setdefault("sound", sound_source())
    if forms:
        write_atomically(sidecar, _json(said), force=True)
    return paths, sidecar


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Let errors begin with the file that could not be written."""
    try:
        yield
    except DataError as error:
        told = str(error)
        raise error if told.startswith(str(path)) else type(error)(f"{path}: {told}") from None


def _quiet(done: int, total: int, path: Path) -> None:
    """Tell no one."""


def _json(said: dict[str, Any]) -> bytes:
    return (json.dumps(said, indent=2) + "\n").encode()


def describe(
    takes: list[Take],
    paths: list[Path],
    ensemble: Ensemble,
    source: Path | None,
    options: dict[str, Any],
    *,
    only_new: bool = False,
) -> dict[str, Any]:
    """Return everything that is needed to make the takes again, as plain values."""
    origin = None
    if source is not None:
        origin = {"file": source.name, "sha256": hashlib.sha256(source.read_bytes()).hexdigest()}
    new = None if only_new else takes[0].new
    figures = ensemble.models[0].provenance.get("human_originality")
    return {
        "notegen": notegen.__version__,
        "source": origin,
        "models": [{"name": model.name, "sha256": model.digest} for model in ensemble.models],
        "memory": ensemble.memory,
        "blend": ensemble.blend if len(ensemble.models) > 1 else None,
        "seed": takes[0].seed,
        "options": options,
        "human_bits_per_note": ensemble.human_bits or None,
        "seam": new and new.start,
        "until": new and new.stop,
        "takes": [
            {
                "file": path.name,
                "notes": take.notes,
                "bits_per_note": round(take.bits_per_note, 4),
                "flaw": take.flaw or None,
                "redrawn": take.redrawn,
                "copied": take.copied and {"notes": take.copied.notes, "title": take.copied.title},
                "human_longest_copy": human_longest(figures, take.notes),
                "echo": take.echo and take.echo._asdict(),
            }
            for take, path in zip(takes, paths, strict=True)
        ],
    }


def new_of(path: Path) -> Span | None:
    """Return what of a take that was saved is new, as the sidecar in its folder says.

    Of several that name the take, the shortest name counts: only takes that were written over with
    `force` are named twice, and the sidecar of these has no number.
    """
    for sidecar in sorted(path.parent.glob("*.json"), key=lambda each: (len(each.name), each.name)):
        try:
            said = json.loads(sidecar.read_bytes())
            if any(take["file"] == path.name for take in said["takes"]):
                start, stop = said["seam"], said.get("until")
                return None if start is None else Span(int(start), None if stop is None else int(stop))
        except (OSError, ValueError, KeyError, TypeError):
            continue  # some other file
    return None


def _next_number(folder: Path, stem: str) -> int:
    """Return the number behind the highest that a file of an earlier run in the folder has."""
    pattern = re.compile(
        re.escape(stem) + r"(?:-(\d+)\.(?:mid|json|html|wav|png|pdf|musicxml|abc)|\.(?:json|html))"
    )
    matches = [pattern.fullmatch(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    return max((int(match[1] or 1) for match in matches if match), default=0) + 1
