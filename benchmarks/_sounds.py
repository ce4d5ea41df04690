"""Recordings of different kinds for the audio benchmarks.

Songs and samples come from Debian's packages `frozen-bubble-data` (GPL-2) and `sonic-pi-samples` (mostly
CC0), if they are installed or unpacked below $NOTEGEN_SOUNDS; chorales and tunes are rendered.
"""

import itertools
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks._inputs import tunes
from benchmarks.notation import chorales
from notegen.rendering.sound import render
from notegen.score import TEMPO, Score, Track, table

RATE = 44_100
_SONGS = "share/games/frozen-bubble/snd"
_SAMPLES = "share/sonic-pi/samples"
_TINTAL = (
    ("dhec", "na_o", "na_o", "dhec"),
    ("dhec", "na_o", "na_o", "dhec"),
    ("ghe1", "tun1", "tun1", "na_o"),
    ("na_o", "re", "re", "ghe1"),
)
Sound = NDArray[np.float64]


def recordings(folder: Path) -> dict[str, Path]:
    """Return the recordings by name; what is made is written into a folder, unless it is there already.

    Names of which the packages are missing are left out, with a word.
    """
    songs, samples = find(_SONGS), find(_SAMPLES)
    found: dict[str, Path] = {}
    if songs is not None:
        found |= {path.stem.removeprefix("frozen-"): path for path in sorted(songs.glob("*zik*.ogg"))}
    makers: dict[str, Callable[[Path], None]] = {"chorales": write_chorales, "reels": write_reels}
    if samples is not None:
        makers |= {"tabla": lambda path: write_tabla(samples, path)}
        makers |= {"ambient": lambda path: write_ambient(samples, path)}
    for name, make in makers.items():
        path = folder / f"{name}.wav"
        if not path.exists():
            make(path)
        found[name] = path
    for name, place in (("frozen-bubble-data", songs), ("sonic-pi-samples", samples)):
        if place is None:
            print(f"left out: the recordings of {name}; install it, or unpack it and set NOTEGEN_SOUNDS")
    return found


def find(place: str) -> Path | None:
    """Return the folder of a package's sounds."""
    for root in (os.environ.get("NOTEGEN_SOUNDS", ""), "/usr"):
        for path in (Path(root, place), Path(root, "usr", place)):
            if root and path.is_dir():
                return path
    return None


def write_chorales(path: Path) -> None:
    """Write six chorales, sung one behind the other."""
    parts = (Track("", 52, 0), Track("", 52, 1), Track("", 52, 2), Track("", 52, 3))
    scores = [replace(score, tracks=parts) for _, score in itertools.islice(chorales(), 6)]
    render(joined(scores, 80), path, engine="builtin")


def write_reels(path: Path) -> None:
    """Write eight reels of a collection, one behind the other, as a fiddle and a harp play them."""
    reels = [
        score
        for _, score in itertools.islice(tunes(), 400)
        if isinstance(score, Score) and score.meter_at(0) == (2, 4) and len(score.tracks) == 1
    ][:8]
    render(
        joined([replace(score, tracks=(Track("", 46, 0),)) for score in reels], 104), path, engine="builtin"
    )


def joined(scores: list[Score], tempo: float) -> Score:
    """Return scores behind one another, in one tempo (quarters a minute)."""
    whole = scores[0]
    for score in scores[1:]:
        bars = whole.bars()
        notes = score.quantize(whole.resolution).notes.copy()
        notes["onset"] += bars[-1]
        whole = whole.join(notes)
    return replace(whole, tempos=table([(0, round(6e7 / tempo))], TEMPO))


def write_tabla(samples: Path, path: Path) -> None:
    """Write three minutes of tintal: sixteen beats over and over, with doubled strokes drawn at random."""
    rng = np.random.default_rng(0)
    theka = [stroke for bar in _TINTAL for stroke in bar]
    voices = {name: mono(samples / f"tabla_{name}.flac") for name in {*theka, "te1", "te2", "ke1", "tas1"}}
    beat = 60 / 138
    strokes = [(i * beat, theka[i % 16], 1.0) for i in range(int(180 / beat))]
    for at, _, _ in list(strokes):
        if rng.random() < 0.45:
            strokes.append((at + beat / 2, str(rng.choice(["te1", "te2", "ke1", "tas1"])), 0.6))
    write(path, mixed([(at, voices[name] * loud) for at, name, loud in strokes], 180))


def write_ambient(samples: Path, path: Path) -> None:
    """Write four minutes of slow layers without a beat."""
    rng = np.random.default_rng(1)
    names = ("choir", "drone", "glass_hum", "haunted_hum", "lunar_land", "piano", "soft_buzz", "swoosh")
    voices = [mono(samples / f"ambi_{name}.flac") for name in names]
    at, layers = 0.0, []
    while at < 236:
        layers.append((at, voices[int(rng.integers(len(voices)))] * rng.uniform(0.4, 1.0)))
        at += float(rng.uniform(0.8, 3.0))
    write(path, mixed(layers, 240))


def mono(path: Path) -> Sound:
    """Return a sample in mono."""
    import soundfile

    sound, rate = soundfile.read(path, always_2d=True)
    assert rate == RATE
    found: Sound = sound.mean(axis=1)
    return found


def mixed(layers: list[tuple[float, Sound]], seconds: float) -> Sound:
    """Return sounds mixed at their times."""
    out = np.zeros(int(seconds * RATE))
    for at, sound in layers:
        start = int(at * RATE)
        out[start : start + len(sound)] += sound[: len(out) - start]
    return out * (0.8 / np.abs(out).max())


def write(path: Path, sound: Sound) -> None:
    """Write mono sound as 16 bits."""
    import soundfile

    soundfile.write(path, sound, RATE, "PCM_16")
