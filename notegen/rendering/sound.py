"""Scores as sound files: played by FluidSynth or the built-in synthesizer, at one level."""

import hashlib
import math
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.errors import DataError, EmptyError, UsageError
from notegen.files import replacing
from notegen.rendering import builtin, fluid, fonts, level, soundfont, stamps
from notegen.rendering.performance import Performance, perform
from notegen.score import Score

ENGINES = ("auto", "fluidsynth", "builtin")
DEPTHS = ("16", "24", "float")
FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}
RATE, RATES = 44_100, (8000, 192_000)  # what is made unless asked otherwise, and what can be
PEAK = -1.0  # dBTP, the level that every recording is brought to
_SUBTYPES = {"16": "PCM_16", "24": "PCM_24", "float": "FLOAT"}
_COMPRESSED = {".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III"}
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
_TAIL = 10 ** (-80 / 20)  # of the peak: what is softer at the end is cut off
_FADE = 0.1  # seconds
_BLOCK = 1 << 16  # frames

Progress = Callable[[float, float], None]


@dataclass(frozen=True)
class Rendering:
    """How a sound file was made.

    `seconds` is its length, `gain_db` what the synthesizer's sound was raised by to reach the level.
    """

    engine: str
    soundfont: str
    soundfont_sha256: str
    rate: int
    depth: str | None
    seconds: float
    gain_db: float


def render(
    score: Score,
    path: str | PathLike[str],
    *,
    engine: str = "auto",
    soundfont: str | PathLike[str] | None = None,
    rate: int = RATE,
    depth: str = "16",
    force: bool = False,
    progress: Progress | None = None,
) -> Rendering:
    """Write a score as a sound file: .wav, .flac, .ogg or .mp3.

    The file is stereo, its true peak lies at -1 dB, and it ends when the last notes have died away,
    10 s after them at most.

    Parameters
    ----------
    score : Score
    path : path
    engine : {"auto", "fluidsynth", "builtin"}
        The synthesizer; "auto" is FluidSynth where the system has it.
    soundfont : path, optional
        An .sf2 file (with FluidSynth also .sf3); else see `fonts.choose`.
    rate : int
        Frames a second, 8000 to 192000.
    depth : {"16", "24", "float"}
        Bits a sample, in formats that are not compressed; "float" is for .wav.
    force : bool
        Write over a file that exists.
    progress : function of seconds done and seconds in all, optional

    Raises
    ------
    UsageError
        If the options do not go together, the file exists, or the engine is not installed.
    EmptyError
        If there is nothing to hear.
    RangeError
        If the score lasts for more than a day.
    FormatError
        If the sound font cannot be read.
    """
    path = Path(path)
    suffix = check(path, engine=engine, rate=rate, depth=depth)
    if path.exists() and not force:
        raise UsageError(f"{path} exists already; choose another name or use --force")
    performance = perform(score)
    engine = engine_of(engine, rate)
    _check_size(path, performance, rate, depth)
    font = fonts.choose(Path(soundfont) if soundfont else None, compressed=engine == "fluidsynth")
    with replacing(path, force=force) as temporary, tempfile.TemporaryFile(dir=path.parent) as raw:
        peaks = _record(_blocks(performance, engine, font, rate), raw, performance, rate, progress)
        frames = _end(peaks, performance, rate)
        peak = level.true_peak(lambda start, stop: _frames(raw, start, min(stop, frames)), peaks)
        if peak == 0:
            raise EmptyError(f"{font.name} has no sound for the notes of this score")
        gain = 10 ** (PEAK / 20) / peak
        _write(temporary, _levelled(raw, frames, gain, rate), suffix, rate, depth)
    return Rendering(
        engine=engine,
        soundfont=font.resolve().name,
        soundfont_sha256=sha256(font),
        rate=rate,
        depth=None if suffix in _COMPRESSED else depth,
        seconds=frames / rate,
        gain_db=20 * math.log10(gain),
    )


def encoded(score: Score, suffix: str, **options: Any) -> bytes:
    """Return a score as the bytes of a sound file; `render` says what the options are."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"sound{suffix}")
        render(score, path, **options)
        return path.read_bytes()


def check(path: Path, *, engine: str = "auto", rate: int = RATE, depth: str = "16") -> str:
    """Return a sound file's suffix, in lower case, if it can be written so.

    Raises
    ------
    UsageError
        If the options do not go together.
    """
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{path}: sound is written as {', '.join(FORMATS)}; end the name in one of them")
    if engine not in ENGINES:
        raise UsageError(f"there is no engine {engine!r}; choose one of {', '.join(ENGINES)}")
    if not RATES[0] <= rate <= RATES[1]:
        raise UsageError(f"a rate of {rate} is not in {RATES[0]} to {RATES[1]} frames a second")
    if engine == "fluidsynth" and rate > fluid.HIGHEST:
        raise UsageError(f"FluidSynth makes at most {fluid.HIGHEST} frames a second; use --engine builtin")
    if suffix == ".mp3" and rate not in _MP3_RATES:
        raise UsageError(f"MP3 has no rate of {rate}; it has {', '.join(map(str, _MP3_RATES))}")
    if depth not in DEPTHS:
        raise UsageError(f"there is no depth {depth!r}; choose one of {', '.join(DEPTHS)}")
    if suffix in _COMPRESSED and depth != "16":
        raise UsageError(f"{path}: {suffix} has no depth; leave the option out")
    if suffix == ".flac" and depth == "float":
        raise UsageError(f"{path}: FLAC holds 16 or 24 bits; write floats as .wav")
    return suffix


def engine_of(engine: str, rate: int) -> str:
    """Return the synthesizer that is meant: "fluidsynth" or "builtin".

    Raises
    ------
    UsageError
        If FluidSynth is asked for and not installed.
    """
    if engine == "auto":
        return "fluidsynth" if rate <= fluid.HIGHEST and fluid.binding() else "builtin"
    if engine == "fluidsynth" and fluid.binding() is None:
        raise UsageError(fluid.INSTALL)
    return engine


def _check_size(path: Path, performance: Performance, rate: int, depth: str) -> None:
    """Refuse what the 32 bits of a WAV file's length cannot count."""
    width = {"16": 2, "24": 3, "float": 4}[depth]
    longest = performance.seconds + fluid.TAIL
    if path.suffix.lower() == ".wav" and 2 * width * rate * longest > 0xFFFF_0000:
        raise UsageError(
            f"{path} would be larger than the 4 GiB of a WAV file; write .flac, or halve the rate"
        )


def _blocks(performance: Performance, engine: str, font: Path, rate: int) -> Iterator[NDArray[np.float32]]:
    if engine == "fluidsynth":
        return fluid.blocks(performance, font, rate)
    return builtin.blocks(performance, soundfont.load(font), rate)


def _record(
    blocks: Iterator[NDArray[np.float32]],
    raw: Any,
    performance: Performance,
    rate: int,
    progress: Progress | None,
) -> NDArray[np.float32]:
    """Write blocks as raw interleaved floats, and return the peaks of their chunks."""
    peaks = []
    done = 0
    for block in blocks:
        raw.write(np.ascontiguousarray(block.T))
        peaks.append(level.chunk_peaks(block))
        done += block.shape[1]
        if progress is not None:
            progress(min(done / rate, performance.seconds), performance.seconds)
    return np.concatenate(peaks)


def _end(peaks: NDArray[np.float32], performance: Performance, rate: int) -> int:
    """Return where to end: behind the last note, and behind what can be heard of it."""
    audible = np.flatnonzero(peaks > peaks.max() * _TAIL)
    heard = (int(audible[-1]) + 1) * level.CHUNK if len(audible) else 0
    return max(heard, math.ceil(performance.seconds * rate)) + round(_FADE * rate)


def _frames(raw: Any, start: int, stop: int) -> NDArray[np.float32]:
    """Return recorded frames, silence behind their end; shape (frames, 2)."""
    raw.seek(start * 8)
    found = np.frombuffer(raw.read(max(0, stop - start) * 8), dtype=np.float32).reshape(-1, 2)
    missing = max(0, stop - start) - len(found)
    return np.pad(found, ((0, missing), (0, 0))) if missing else found


def _levelled(raw: Any, frames: int, gain: float, rate: int) -> Iterator[NDArray[np.float32]]:
    """Yield the recording at its level, faded out at the end."""
    fade = round(_FADE * rate)
    for start in range(0, frames, _BLOCK):
        stop = min(start + _BLOCK, frames)
        block = _frames(raw, start, stop) * np.float32(gain)
        if stop > frames - fade:
            left = (frames - np.arange(start, stop)) / fade
            block *= np.minimum(left, 1).astype(np.float32)[:, None] ** 3
        yield block


def _write(path: Path, blocks: Iterator[NDArray[np.float32]], suffix: str, rate: int, depth: str) -> None:
    import soundfile

    subtype = _COMPRESSED.get(suffix, _SUBTYPES[depth])
    try:
        with (  # a name that is no UTF-8 can be opened, but not told to libsndfile
            path.open("w+b") as opened,
            soundfile.SoundFile(opened, "w", rate, 2, subtype, format=FORMATS[suffix]) as file,
        ):
            for block in blocks:
                file.write(block)
    except soundfile.LibsndfileError as error:
        raise DataError(f"{path}: cannot be written: {error.error_string}") from error
    stamps.clear(path, suffix)


def sha256(path: Path) -> str:
    """Return the hash of a sound font."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
