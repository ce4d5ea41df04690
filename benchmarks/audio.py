"""Recordings continued: whole-process times, and how 60-second takes compare with their sources."""

import os
import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._inputs import PROGRAM, in_turn, program
from benchmarks._sounds import recordings
from notegen.audio import grains, picture, recording
from notegen.audio.features import FRAME_RATE, levels_of
from notegen.audio.frames import before_fade
from notegen.audio.picture import Panel
from notegen.audio.recording import RATE
from notegen.audio.sound import Sound, hear
from notegen.evaluation.sound import Figures, measure
from notegen.generation.sound import SoundTake, compose
from notegen.generation.sound_files import decoded
from notegen.model.bundle import Bundle, load

SONG = "mainzik-1p"  # five minutes
TAKES = 15  # of each recording
SECONDS = 60
RUNS = 3


@dataclass
class Row:
    """What is told of one take."""

    figures: Figures
    joins: float  # a second
    longest: float  # seconds


def run(arguments: list[str]) -> dict[str, object]:
    """Train on each recording, continue it so many times (15), and tell what came out; then time a song.

    With ``picture PATH`` a picture is drawn instead: the end of the song, a take, and the classic model's.
    """
    if arguments[:1] == ["picture"]:
        with tempfile.TemporaryDirectory() as name:
            models = Path(os.environ.get("NOTEGEN_MODELS", name))
            return draw(recordings(Path(name))[SONG], models, Path(arguments[1]))
    count = int(arguments[0]) if arguments else TAKES
    with tempfile.TemporaryDirectory() as name:
        folder = Path(os.environ.get("NOTEGEN_MODELS", name))  # where models are kept from run to run
        sounds = recordings(Path(name))
        result: dict[str, object] = {}
        rows: list[Row] = []
        print(HEADINGS)
        for title, path in sounds.items():
            found = continued(hear(path), trained(path, folder / f"{title}.notegen"), count)
            rows += found
            print(line(title, found))
        result |= summary(rows)
        result["classic"] = line_of_classic(sounds[SONG], folder) if SONG in sounds else None
        if SONG in sounds:
            result |= timed(sounds[SONG], Path(name))
    return result


def trained(path: Path, bundle: Path) -> Bundle:
    """Return a model of a recording, trained by the command."""
    if not bundle.exists():
        program(PROGRAM, "audio", "train", str(path), "--output", str(bundle))()
    return load(bundle)


def continued(sound: Sound, model: Bundle, count: int) -> list[Row]:
    """Continue a recording, and measure the sound of every take."""
    rows = []
    for take in compose(model, sound, seconds=SECONDS, variations=count, seed=1):
        figures = measure(sound.levels, levels_of(mono(take, sound, model), sound.loudest))
        per_second = len(grains.joins(take.path)) / SECONDS
        rows.append(
            Row(figures, per_second, grains.longest_run(take.path) / FRAME_RATE if len(take.path) else 0)
        )
    return rows


def mono(
    take: SoundTake, sound: Sound, model: Bundle, seconds: int = SECONDS
) -> Iterator[NDArray[np.float32]]:
    """Yield the new sound of a take, mixed down and resampled."""
    import soxr

    source = sound.recording
    stream = soxr.ResampleStream(source.rate, RATE, 1, dtype="float32")
    with recording.reading(source) as read:
        for block in decoded(take, sound, model, "grains", read, seconds * source.rate):
            yield stream.resample_chunk(block.mean(axis=1).astype(np.float32))
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


HEADINGS = "| recording | flux | level | frozen | tempo | folded | pulse | loop error | joins/s | longest |"


def line(title: str, rows: list[Row]) -> str:
    """Tell the takes of a recording in one line of a table; see docs/experiments.md."""
    takes = [row.figures for row in rows]
    flux = sorted(figures.flux_ratio for figures in takes)
    pulses = [figures.pulse_ratio for figures in takes if figures.pulse_ratio is not None]
    loops = [figures.loop_error for figures in takes if figures.loop_error is not None]
    cells = [
        title,
        f"{statistics.median(flux):.2f} ({flux[0]:.2f} to {flux[-1]:.2f})",
        f"{sum(figures.level_outside <= 3 for figures in takes)}/{len(takes)}",
        f"{sum(figures.frozen for figures in takes)}",
        *shares(rows).values(),
        f"{statistics.median(pulses):.2f} ({min(pulses):.2f})" if pulses else "none",
        f"{statistics.median(loops):.1f} ({takes[0].source_loop_error:.1f})" if loops else "none",
        f"{statistics.mean(row.joins for row in rows):.2f} ({max(row.joins for row in rows):.2f})",
        f"{max(row.longest for row in rows):.1f} s",
    ]
    return f"| {' | '.join(cells)} |"


def shares(rows: list[Row]) -> dict[str, str]:
    """Return how many takes have their source's tempo within 4 %, of those whose source has one."""
    exact = [row.figures.tempo_error for row in rows if row.figures.tempo_error is not None]
    folded = [row.figures.tempo_error_folded for row in rows if row.figures.tempo_error_folded is not None]
    return {
        "exact": f"{sum(error <= 0.04 for error in exact)}/{len(exact)}",
        "folded": f"{sum(error <= 0.04 for error in folded)}/{len(folded)}",
    }


def summary(rows: list[Row]) -> dict[str, object]:
    """Return what the takes of all recordings have in common."""
    pulses = [row.figures.pulse_ratio for row in rows if row.figures.pulse_ratio is not None]
    return {
        "takes": len(rows),
        "flux_within": sum(0.7 <= row.figures.flux_ratio <= 1.3 for row in rows),
        "level_within": sum(row.figures.level_outside <= 3 for row in rows),
        "frozen": sum(row.figures.frozen for row in rows),
        "tempo_within": shares(rows)["exact"],
        "tempo_within_folded": shares(rows)["folded"],
        "pulse_ratio": statistics.median(pulses) if pulses else None,
        "pulse_within": f"{sum(pulse >= 0.8 for pulse in pulses)}/{len(pulses)}",
        "joins_per_second": statistics.mean(row.joins for row in rows),
        "most_joins_per_second": max(row.joins for row in rows),
        "longest_run_seconds": max(row.longest for row in rows),
    }


def trained_classic(path: Path, folder: Path) -> Bundle:
    """Return the classic model of a recording, trained by the command."""
    bundle = folder / "classic.notegen"
    if not bundle.exists():
        program(PROGRAM, "audio", "train", str(path), "--classic", "--output", str(bundle))()
    return load(bundle)


def draw(path: Path, folder: Path, picture_path: Path) -> dict[str, object]:
    """Draw the last 20 seconds of a song with what notegen and the classic model put behind them."""
    sound, shown = hear(path), round(20 * FRAME_RATE)
    models = {
        "notegen": trained(path, folder / f"{SONG}.notegen"),
        "the classic model": trained_classic(path, folder),
    }
    end = before_fade(sound.levels)
    before = sound.levels[end - shown : end]
    panels = [Panel(sound.levels[end - 2 * shown : end], "the song", 2 * shown / FRAME_RATE)]
    for name, model in models.items():
        (take,) = compose(model, sound, seconds=20, variations=1, seed=1)
        new = levels_of(mono(take, sound, model, 20), sound.loudest)[:shown]
        levels = np.concatenate([before, new])
        joins = [(shown + int(at)) / FRAME_RATE for at in grains.joins(take.path)] if len(take.path) else []
        panels.append(
            Panel(levels, f"continued by {name}", len(levels) / FRAME_RATE, shown / FRAME_RATE, tuple(joins))
        )
    picture.draw(panels, picture_path, force=True)
    return {"picture": str(picture_path)}


def line_of_classic(path: Path, folder: Path) -> dict[str, object]:
    """Train the classic model on a song, and continue it."""
    model = trained_classic(path, folder)
    (row,) = continued(hear(path), model, 1)
    print(line("classic", [row]))
    return {
        "still_seconds": row.figures.still,
        "frozen": row.figures.frozen,
        "flux_ratio": row.figures.flux_ratio,
        **model.provenance["squared_error"],
    }


def timed(path: Path, folder: Path) -> dict[str, object]:
    """Time training on a song, and a continuation of 20 s, as whole processes."""
    bundle, takes = folder / "timed.notegen", folder / "takes"
    train = program(PROGRAM, "audio", "train", str(path), "--output", str(bundle), "--force")
    continuation = program(
        PROGRAM,
        "audio",
        "compose",
        str(path),
        "--model",
        str(bundle),
        "--variations",
        "1",
        "--output",
        str(takes),
        "--force",
        "--seed",
        "1",
    )
    taken = in_turn({"train": train, "compose": continuation}, RUNS)
    return {f"{name}_seconds": round(statistics.median(times), 2) for name, times in taken.items()}
