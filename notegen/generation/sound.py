"""Continue a recording in several takes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from notegen.audio import frames, grains
from notegen.audio.beats import PHASES
from notegen.audio.features import FRAME_RATE
from notegen.audio.frames import Ids, Span
from notegen.audio.sound import Sound
from notegen.errors import RangeError, UsageError
from notegen.evaluation.frames import say_of, text
from notegen.generation.sampling import Taste, read, sample
from notegen.generation.walk import Walk
from notegen.model import classic_runtime
from notegen.model.bundle import Bundle
from notegen.model.runtime import Runtime

SHORTEST, LONGEST = 0.1, 3600.0  # seconds
MOST_TAKES = 256
_LEAST = 0.4  # seconds that sound
_READ = 1024  # frames that the network reads before it goes on: 24 s, twice what it was trained on


@dataclass(frozen=True)
class SoundTake:
    """One continuation of a recording.

    Parameters
    ----------
    tokens : array of int32, shape (time,)
        What was drawn; nothing by the classic model.
    path : array of int64, shape (time,)
        The recording's frame that each new frame is taken from.
    bits_per_frame : float
        What the tokens cost under the model with its memory.
    seed : int
        The random seed of all takes of the call.
    magnitudes : array of float32, shape (time, bins), optional
        What the classic model predicted.
    """

    tokens: Ids
    path: NDArray[np.int64]
    bits_per_frame: float
    seed: int
    magnitudes: NDArray[np.float32] | None = None


def compose(
    model: Bundle,
    sound: Sound,
    *,
    seconds: float = 20,
    variations: int = 2,
    temperature: float = 0.9,
    seed: int | None = None,
) -> list[SoundTake]:
    """Continue a recording in several takes.

    Parameters
    ----------
    model : Bundle
        Of recordings; the classic one gives one take, whatever is asked for.
    sound : Sound
    seconds : float
        How much is new.
    variations : int
        How many takes.
    temperature : float
        See `notegen.generation.sampling.Taste`.
    seed : int, optional
        The same number gives the same takes; one is drawn if it is missing.

    Raises
    ------
    UsageError
        If an option is out of range.
    """
    model.expect("frames", "spectrum")
    taste = check(seconds, variations, temperature, seed)
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
    count = int(np.ceil(seconds * FRAME_RATE)) + 1
    span = _before(sound)
    if model.codec == "spectrum":
        return [_classic(model, sound, span, count, seed)]
    rng = np.random.default_rng(seed)
    heard, entries = text(model, sound), frames.entries_of(model.weights)
    places = sound.clock.places(count + 1)
    coming = places[len(sound.levels) :]
    ids = heard.ids[max(span.start, span.stop - _READ) : span.stop].copy()
    ids[-1] = heard.tokens[span.stop - 1] + model.network.vocabulary * coming[0]
    with threadpool_limits(1):  # a step is too small to share: two threads are slower than one
        runtime = Runtime(model)
        walk = Walk(heard, sound.levels, entries, span, coming, say_of(model), variations)
        drafts = sample(runtime, read(runtime, ids), walk, taste, rng, np.zeros(0, np.int32))
        own = places[: len(sound.levels)]
        takes = []
        for draft, wished in zip(drafts, walk.path, strict=True):
            path = span.start + grains.choose(
                sound.levels[wished],
                frames.in_bar(coming[:-1]),
                sound.levels[slice(*span)],
                frames.in_bar(own[slice(*span)]),
                beat_places=PHASES,
                after=span.stop - 1 - span.start,
            )
            bits = draft.nats / np.log(2) / len(draft.ids)
            takes.append(SoundTake(draft.ids, path, bits, seed))
    return takes


def _classic(model: Bundle, sound: Sound, span: Span, count: int, seed: int) -> SoundTake:
    """Continue with the classic model, which draws nothing: there is but one take."""
    from notegen.audio import spectra  # with SciPy, which grains do without

    found = spectra.spectra(sound.recording)
    made = classic_runtime.predict(model, found.frames[slice(*span)], count) * np.float32(found.unit)
    return SoundTake(np.zeros(0, np.int32), np.zeros(0, np.int64), 0.0, seed, made)


def check(seconds: float, variations: int, temperature: float, seed: int | None) -> Taste:
    """See that options are in range, and return the taste among them.

    Raises
    ------
    UsageError
        If one is not.
    """
    if not SHORTEST <= seconds <= LONGEST:
        raise UsageError(f"{seconds:g} seconds were asked for; {SHORTEST:g} to {LONGEST:g} are possible")
    if not 1 <= variations <= MOST_TAKES:
        raise UsageError(f"{variations} variations were asked for; 1 to {MOST_TAKES} are possible")
    if seed is not None and seed < 0:
        raise UsageError(f"the random seed is {seed}, but must not be negative")
    return Taste(temperature)


def _before(sound: Sound) -> Span:
    """Return the frames that are gone on from: without silence in front, and before it dies away.

    The last frame is left out too, half of whose window looks at the silence behind the recording.
    """
    first, end = sound.span
    last = min(first + frames.before_fade(sound.levels[first:end]), len(sound.levels) - 1)
    if last - first < _LEAST * FRAME_RATE:
        raise RangeError(f"{sound.recording.path} is all but silent; at least {_LEAST} s of sound are needed")
    return Span(first, last)
