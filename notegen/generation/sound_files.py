"""Saving takes of a recording: numbered sound files, and one that says how they were made."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import notegen
from notegen.audio import frames, grains, recording, splice
from notegen.audio.ahead import ahead
from notegen.audio.features import FRAME_RATE, levels_of
from notegen.audio.sound import Sound
from notegen.errors import UsageError
from notegen.evaluation.sound import Figures, measure
from notegen.files import write_atomically
from notegen.generation.sound import SoundTake
from notegen.model.bundle import Bundle

DECODERS = ("grains", "phase")
_LOSSLESS = (".wav", ".flac")
_BLOCK = 1 << 16

Progress = Callable[[int, int, Path], None]  # takes written, takes in all, and the next one
Block = NDArray[np.float64]


def save(
    takes: list[SoundTake],
    sound: Sound,
    folder: Path,
    *,
    model: Bundle,
    seconds: float,
    decoder: str = "grains",
    options: dict[str, Any] | None = None,
    force: bool = False,
    progress: Progress | None = None,
) -> tuple[list[Path], Path, list[Figures]]:
    """Write takes as ``song-1.wav`` and so on, and a sidecar in JSON.

    Each file holds the recording, sample for sample, and `seconds` of new sound behind it. FLAC is written as
    FLAC and all else as WAV. Numbers that are taken are passed over, unless `force` is set.

    Returns
    -------
    paths : list of Path
    sidecar : Path
    figures : list of Figures
        Of the new part of each take beside the recording.
    """
    source = sound.recording
    classic = takes[0].magnitudes is not None
    stem, suffix = source.path.stem, source.path.suffix.lower()
    suffix = suffix if suffix in _LOSSLESS else ".wav"
    check_output(folder)
    first = 1 if force else _next_number(folder, stem)
    paths = [folder / f"{stem}-{first + i}{suffix}" for i in range(len(takes))]
    samples = round(seconds * source.rate)
    figures = []
    with recording.reading(source) as read:
        for i, (take, path) in enumerate(zip(takes, paths, strict=True)):
            if progress is not None:
                progress(i, len(takes), path)
            new = decoded(take, sound, model, decoder, read, samples)
            blocks = ahead(_whole(sound, read, new))
            recording.write(
                path, blocks, source.rate, source.channels, source.subtype_for(suffix), force=force
            )
            figures.append(_figures(sound, path))
    sidecar = folder / (f"{stem}.json" if first == 1 else f"{stem}-{first}.json")
    said = {
        "notegen": notegen.__version__,
        "source": {"file": source.path.name, "sha256": _digest(source.path)},
        "model": {"name": model.name, "sha256": model.digest},
        "seed": takes[0].seed,
        "options": {"seconds": seconds, **({} if classic else {"decoder": decoder}), **(options or {})},
        "seam": source.frames / source.rate,
        "takes": [
            {"file": path.name, **describe(take, sound, decoder), **asdict(found)}
            for take, path, found in zip(takes, paths, figures, strict=True)
        ],
    }
    write_atomically(sidecar, (json.dumps(said, indent=2) + "\n").encode(), force=force)
    return paths, sidecar, figures


def check_output(folder: Path) -> None:
    """See that a folder can hold takes.

    Raises
    ------
    UsageError
        If it is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder with --output")


def describe(take: SoundTake, sound: Sound, decoder: str) -> dict[str, Any]:
    """Return what is known of a take before it is heard, as plain values."""
    if take.magnitudes is not None:
        return {}
    bits = {"bits_per_frame": round(take.bits_per_frame, 4)}
    if decoder == "phase":
        return bits
    seam = sound.recording.seconds
    joins = [round(seam + int(frame) / FRAME_RATE, 3) for frame in grains.joins(take.path)]
    return {**bits, "joins": joins, "longest_run": round(grains.longest_run(take.path) / FRAME_RATE, 2)}


def decoded(
    take: SoundTake, sound: Sound, model: Bundle, decoder: str, read: recording.Read, samples: int
) -> Iterator[Block]:
    """Yield the new sound of a take: the recording's own frames, or what is made of levels or magnitudes.

    Parameters
    ----------
    take : SoundTake
    sound : Sound
        The recording.
    model : Bundle
    decoder : str
        One of `DECODERS`; of the classic model's takes it does not matter.
    read : function of start and stop
        See `notegen.audio.recording.reading`.
    samples : int
        How many frames of sound are wanted.

    Yields
    ------
    array of float64, shape (frames, channels)
    """
    source = sound.recording
    if take.magnitudes is None and decoder == "grains":
        runs = splice.plan(read, source, take.path, seam=source.frames)
        return splice.splice(read, source, runs, samples)
    from notegen.audio import resynthesis, spectra  # with SciPy, which grains do without

    if take.magnitudes is not None:
        made = resynthesis.resampled(spectra.sound(take.magnitudes, 1.0), source.rate, samples)
    else:
        levels = frames.entries_of(model.weights)[take.tokens - 1]
        made = resynthesis.sound_of(levels, sound.loudest, source.rate, samples)
    return splice.behind(read, source, np.repeat(made[:, None], source.channels, axis=1))


def _whole(sound: Sound, read: recording.Read, new: Iterator[Block]) -> Iterator[Block]:
    """Yield the recording as it is, and what is new behind it."""
    total = sound.recording.frames
    for start in range(0, total, _BLOCK):
        yield read(start, min(start + _BLOCK, total))
    yield from new


def _figures(sound: Sound, path: Path) -> Figures:
    """Measure the new part of a file beside the recording."""
    new = recording.mono_blocks(recording.open(path), start=sound.recording.frames)
    return measure(sound.levels, levels_of(new, sound.loudest))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _next_number(folder: Path, stem: str) -> int:
    """Return the number behind the highest that a file of an earlier run in the folder has."""
    pattern = re.compile(re.escape(stem) + r"(?:-(\d+)\.(?:wav|flac|json)|\.json)")
    matches = [pattern.fullmatch(path.name) for path in folder.iterdir()] if folder.is_dir() else []
    return max((int(match[1] or 1) for match in matches if match), default=0) + 1
