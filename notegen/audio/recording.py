"""Recordings: sound files read in blocks, mixed and resampled, and written so that copies stay exact.

Samples are floats from -1 to 1, in arrays of shape (frames, channels). A frame is one sample of every
channel. Double precision holds the samples of every file exactly; `write` rounds to the file's own grid,
so what was copied from a recording is the same, bit for bit, in a file of the same subtype.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.errors import DataError, EmptyError, FormatError, MissingExtraError, UsageError
from notegen.files import replacing
from notegen.rendering import stamps
from notegen.rendering.sound import FORMATS

RATE = 22_050  # of `mono`, in frames a second
_COMPRESSED = {".ogg": "VORBIS", ".mp3": "MPEG_LAYER_III"}
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "ULAW": 16, "ALAW": 16}
_FLOATS = ("FLOAT", "DOUBLE")
_BLOCK = 1 << 16  # frames

Read = Callable[[int, int], NDArray[np.float64]]


@dataclass(frozen=True)
class Recording:
    """A sound file.

    `rate` is in frames a second; `format` and `subtype` are libsndfile's names, such as "FLAC" and
    "PCM_24". `frames` is what the file says of itself: a damaged MP3 file may hold fewer.
    """

    path: Path
    rate: int
    channels: int
    frames: int
    format: str
    subtype: str

    @property
    def seconds(self) -> float:
        """How long the recording lasts."""
        return self.frames / self.rate

    def subtype_for(self, suffix: str) -> str:
        """Return the subtype in which a file of this suffix keeps the recording's samples best.

        The recording's own where it can be had. Compressed sound becomes 16 bits in .wav and .flac.

        Raises
        ------
        UsageError
            If sound is not written with this suffix.
        """
        import soundfile

        if suffix not in FORMATS:
            raise UsageError(f"sound is written as {', '.join(FORMATS)}, and not as {suffix!r}")
        if suffix in _COMPRESSED:
            return _COMPRESSED[suffix]
        if self.subtype in (*_BITS, *_FLOATS) and soundfile.check_format(FORMATS[suffix], self.subtype):
            return self.subtype
        return "PCM_24" if self.subtype in ("PCM_24", "PCM_32", *_FLOATS) else "PCM_16"


def open(path: str | PathLike[str]) -> Recording:
    """Open a sound file: WAV, FLAC, OGG, MP3, or whatever else libsndfile reads.

    Raises
    ------
    DataError
        If the file cannot be read.
    FormatError
        If it is not a sound file, or damaged.
    EmptyError
        If there is no sound in it.
    """
    path = Path(path)
    with _opened(path) as file:
        found = Recording(path, file.samplerate, file.channels, file.frames, file.format, file.subtype)
    if found.frames <= 0:
        raise EmptyError(f"{path} holds no sound")
    return found


def blocks(recording: Recording, size: int = _BLOCK, start: int = 0) -> Iterator[NDArray[np.float32]]:
    """Yield a recording piece by piece from a frame on, so that memory stays flat however long it is.

    Yields
    ------
    array of float32, shape (frames, channels)
        `size` frames; the last one holds what is left.

    Raises
    ------
    FormatError
        If the file is damaged, or holds samples that are no numbers.
    """
    with _opened(recording.path) as file:
        if start:
            file.seek(start)
        file.seekable = lambda: False  # else soundfile seeks after each read, which libsndfile's MP3 misses
        at = start
        while len(block := _frames(recording, file, size, "float32", at)):
            at += len(block)
            yield block


@contextmanager
def reading(recording: Recording) -> Iterator[Read]:
    """Give a function of start and stop that reads these frames exactly, in double precision.

    The function returns an array of float64, shape (frames, channels), and raises FormatError as
    `blocks` does. MP3 is unpacked to a temporary file first: only read from its start is it exact.
    """
    if recording.format == "MP3":
        with tempfile.TemporaryFile() as unpacked:
            with _explained(recording.path):
                for block in blocks(recording):
                    unpacked.write(block.tobytes())
                unpacked.flush()
            if not unpacked.tell():
                raise EmptyError(f"{recording.path} holds no sound")
            samples = np.memmap(unpacked, np.float32, "r").reshape(-1, recording.channels)
            yield lambda start, stop: samples[start:stop].astype(np.float64)
        return
    with _opened(recording.path) as file:

        def read(start: int, stop: int) -> NDArray[np.float64]:
            with _explained(recording.path):
                file.seek(start)
            found: NDArray[np.float64] = _frames(recording, file, stop - start, "float64", start)
            return found

        yield read


def mono_blocks(recording: Recording, rate: int = RATE, start: int = 0) -> Iterator[NDArray[np.float32]]:
    """Yield a recording, from a frame on, mixed down and resampled, as arrays of float32, shape (frames,).

    Raises
    ------
    FormatError
        If the file is damaged, or holds samples that are no numbers.
    MissingExtraError
        If soxr is not installed.
    """
    try:
        import soxr
    except ImportError as error:
        raise MissingExtraError("reading recordings", "audio") from error
    stream = soxr.ResampleStream(recording.rate, rate, 1, dtype="float32")
    for block in blocks(recording, start=start):
        mixed = block.T.sum(axis=0) / np.float32(recording.channels)  # far faster than along short rows
        yield stream.resample_chunk(mixed)
    yield stream.resample_chunk(np.zeros(0, np.float32), last=True)


def mono(recording: Recording, rate: int = RATE) -> NDArray[np.float32]:
    """Return a whole recording mixed down and resampled, shape (frames,); see `mono_blocks`."""
    return np.concatenate(list(mono_blocks(recording, rate)))


def write(
    path: str | PathLike[str],
    blocks: Iterable[NDArray[Any]],
    rate: int,
    channels: int,
    subtype: str,
    *,
    force: bool = False,
) -> None:
    """Write blocks of samples as a sound file: .wav, .flac, .ogg or .mp3.

    Parameters
    ----------
    path : path
    blocks : iterable of float arrays, shape (frames, channels)
        What lies outside -1 to 1 is cut off where the subtype is one of integers.
    rate : int
        Frames a second.
    channels : int
    subtype : str
        libsndfile's name; see `Recording.subtype_for`.
    force : bool
        Write over a file that exists.

    Raises
    ------
    UsageError
        If the file exists, or its format cannot hold such sound.
    DataError
        If the file cannot be written.
    """
    import soundfile

    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise UsageError(f"{path}: sound is written as {', '.join(FORMATS)}; end the name in one of them")
    with replacing(path, force=force) as temporary:
        try:
            with (
                temporary.open("w+b") as opened,
                soundfile.SoundFile(opened, "w", rate, channels, subtype, format=FORMATS[suffix]) as file,
            ):
                for block in blocks:
                    file.write(_rounded(block, _BITS.get(subtype)))
        except ValueError as error:
            raise UsageError(f"{path}: {suffix} does not hold {subtype}") from error
        except soundfile.LibsndfileError as error:
            raise DataError(
                f"{path}: cannot hold {channels} channels at a rate of {rate}: {error.error_string}"
            ) from error
        stamps.clear(temporary, suffix)


def _rounded(block: NDArray[Any], bits: int | None) -> NDArray[Any]:
    """Return samples as left-justified integers of so many bits.

    libsndfile reads integers divided by 2**(bits - 1), but writes floats times 2**(bits - 1) - 1.
    """
    if bits is None:
        return block
    top = 2 ** (bits - 1)
    whole: NDArray[np.float64] = np.clip(np.rint(np.asarray(block, np.float64) * top), -top, top - 1)
    return np.left_shift(whole.astype(np.int32), np.int32(32 - bits), dtype=np.int32)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Open a file with libsndfile."""
    import soundfile

    with _explained(path):
        opened = path.open("rb")  # a name that is no UTF-8 can be opened, but not told to libsndfile
    with opened:
        with _explained(path):
            file = soundfile.SoundFile(opened)
        with file:
            yield file


def _frames(recording: Recording, file: Any, size: int, dtype: str, start: int) -> NDArray[Any]:
    """Read the next frames, which begin at `start` and must be finite numbers."""
    with _explained(recording.path):
        found: NDArray[Any] = file.read(size, dtype=dtype, always_2d=True)
    finite = np.isfinite(found)
    if not finite.all():
        seconds = (start + int(finite.all(axis=1).argmin())) / recording.rate
        raise FormatError(
            f"{recording.path}: the samples {seconds:.2f} s from its start are infinite or no numbers; "
            "export the sound again"
        )
    return found


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn errors while a file is read into sentences."""
    import soundfile

    try:
        yield
    except soundfile.LibsndfileError as error:
        said = error.error_string.removeprefix("Error : ").strip().rstrip(".")
        raise FormatError(f"{path}: cannot be read as sound: {said}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
