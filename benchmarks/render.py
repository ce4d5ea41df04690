"""Whole-process speed of `notegen render`, both engines, beside pretty_midi's fluidsynth()."""

import statistics
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks._inputs import PROGRAM, in_turn, program
from notegen.rendering import fluid
from notegen.score import NOTE, Score, Track, table

RUNS = 5
BARS = 90  # of four quarters at 120 beats a minute: three minutes
RESOLUTION = 480
TRACKS = (Track("melody", 73, 0), Track("chords", 0, 1), Track("bass", 33, 2), Track("drums", 0, 9))
PRETTY_MIDI = """
import sys, pretty_midi, soundfile
soundfile.write(sys.argv[2], pretty_midi.PrettyMIDI(sys.argv[1]).fluidsynth(), 44100)
"""


def run(_: list[str]) -> dict[str, object]:
    """Time three minutes of four tracks, turn by turn; the figures are times real time."""
    piece = music()
    seconds = piece.end / RESOLUTION / 2
    with TemporaryDirectory() as folder:
        path = str(Path(folder, "piece.mid"))
        piece.write(path)
        engines = ["builtin", *(["fluidsynth"] if fluid.binding() else [])]
        tasks = {
            engine: program(PROGRAM, "render", path, "--engine", engine, "--force", cwd=folder)
            for engine in engines
        }
        if fluid.binding():
            out = str(Path(folder, "pretty.wav"))
            tasks["pretty_midi"] = program(sys.executable, "-c", PRETTY_MIDI, path, out, cwd=folder)
        in_turn(tasks, 1)  # the first run reads files that later ones find in memory
        taken = in_turn(tasks, RUNS)
    for name, times in taken.items():
        middle = statistics.median(times)
        print(f"{name:12} median {middle:.2f} s of {RUNS}, {min(times):.2f} to {max(times):.2f}")
    return {
        f"times_real_time_{name}": seconds / statistics.median(taken[name]) if name in taken else None
        for name in ("builtin", "fluidsynth", "pretty_midi")
    }


def music() -> Score:
    """Return a melody of eighths over chords, a bass and a drum kit; always the same."""
    rng = np.random.default_rng(0)
    half, notes, degree = RESOLUTION // 2, [], 7
    scale = [60 + 12 * octave + step for octave in (0, 1) for step in (0, 2, 4, 5, 7, 9, 11)]
    for bar in range(BARS):
        root = (0, 5, 3, 4)[bar % 4]
        at = bar * 4 * RESOLUTION
        for eighth in range(8):
            degree = int(np.clip(degree + rng.integers(-2, 3), 0, len(scale) - 1))
            notes.append((at + eighth * half, half, scale[degree], int(rng.integers(70, 110)), 0))
        for beat in range(4):
            begin = at + beat * RESOLUTION
            notes += [(begin, RESOLUTION, scale[(root + third) % 14] - 12, 70, 1) for third in (0, 2, 4)]
            notes.append((begin, RESOLUTION, scale[root] - 24, 90, 2))
            notes.append((begin, half, 38 if beat % 2 else 36, 100, 3))
            notes += [(begin + after, half, 42, 80, 3) for after in (0, half)]
    rows = np.sort(table(notes, NOTE), order="onset", kind="stable")
    return Score(notes=table(rows, NOTE), tracks=TRACKS, resolution=RESOLUTION)
