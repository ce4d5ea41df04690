"""Likelihood of recordings: bits per frame.

Bits per frame are the negative log-likelihood in bits of all frames of a stretch but its first, as entries of
the codebook, divided by their number. They compare models with one codebook, not codebooks.
"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.audio import frames
from notegen.audio.frames import Ids, Levels, Span
from notegen.audio.sound import Sound
from notegen.errors import EmptyError
from notegen.model import memory as memories
from notegen.model.bundle import Bundle
from notegen.model.memory import Memory, Say
from notegen.model.ngram import NGram
from notegen.model.runtime import Runtime

MOST_MOMENTS = 1 << 15  # that are remembered: 12 minutes


class Moments(NamedTuple):
    """Frames of some stretches, and what follows each."""

    keys: Levels  # (moments, width)
    followers: Ids  # (moments,)


class Text(NamedTuple):
    """A recording as a model reads it."""

    tokens: Ids  # (frames,)
    ids: Ids  # (frames,)
    keys: Levels  # (frames, width)


def text(model: Bundle, sound: Sound) -> Text:
    """Return a recording as a model reads it."""
    tokens = frames.tokens(sound.levels, frames.entries_of(model.weights))
    places = sound.clock.places(1)
    return Text(
        tokens, frames.ids(tokens, places, model.network.vocabulary), frames.keys(sound.levels, places[1:])
    )


def moments(heard: Text, spans: Iterable[Span]) -> Moments:
    """Return the frames of stretches and what follows each."""
    at = np.concatenate([np.arange(span.start, span.stop - 1) for span in spans])
    return Moments(heard.keys[at], heard.tokens[at + 1])


def remembered(heard: Text, spans: Iterable[Span], vocabulary: int) -> Memory:
    """Return a memory of the last `MOST_MOMENTS` frames of stretches."""
    keys, followers = moments(heard, spans)
    return Memory(keys[-MOST_MOMENTS:], followers[-MOST_MOMENTS:], vocabulary)


def say_of(model: Bundle) -> Say:
    """Return how the memory of a model votes; not at all, if it does not say."""
    try:
        said = model.provenance["memory"]
        say = Say(float(said["width"]), float(said["share"]))
    except (KeyError, TypeError, ValueError):
        return Say(1.0, 0.0)
    return say if say.width > 0 and 0 <= say.share <= 1 else Say(1.0, 0.0)


def predictions(runtime: Runtime, heard: Text, spans: Iterable[Span]) -> NDArray[np.float64]:
    """Return the network's log-probabilities behind each frame but the last of each stretch."""
    rows = []
    for span in spans:
        ids = heard.ids[span.start : span.stop - 1]
        rows.append(runtime.predict(ids[None], runtime.start())[0][0])
    return np.concatenate(rows)


def choose_say(model: Bundle, sounds: list[Sound], sides: list[dict[str, list[Span]]]) -> Say:
    """Choose how a model's memory votes, by the likelihood of what is held out for validation."""
    runtime, trials = Runtime(model), []
    for sound, side in zip(sounds, sides, strict=True):
        heard = text(model, sound)
        asked = moments(heard, side["valid"])
        given = np.exp(predictions(runtime, heard, side["valid"]))
        probabilities = given[np.arange(len(given)), asked.followers]
        memory = remembered(heard, side["train"], model.network.vocabulary)
        trials.append(memories.Trial(memory, asked.keys, asked.followers, probabilities))
    return memories.fit(trials)


def evaluate(model: Bundle, sounds: list[Sound], sides: list[dict[str, list[Span]]]) -> dict[str, float]:
    """Measure a model in bits per frame on the test stretches of recordings.

    The memory holds what was learned from of the same recording.

    Returns
    -------
    dict
        ``frames``, and bits per frame of ``uniform``, ``unigram``, ``bigram`` (interpolated, the better one
        of Kneser and Ney's and of Witten and Bell's smoothing), ``network`` and ``memory`` (the network
        with its memory).

    Raises
    ------
    EmptyError
        If nothing is held out.
    """
    runtime, say, size = Runtime(model), say_of(model), model.network.vocabulary
    heard = [text(model, sound) for sound in sounds]
    rows = [(each.tokens, span) for each, side in zip(heard, sides, strict=True) for span in side["train"]]
    counted = {order: NGram([tokens[slice(*span)] for tokens, span in rows], order, size) for order in (1, 2)}
    nats: dict[str, float] = dict.fromkeys(("unigram", "kneser-ney", "witten-bell", "network", "memory"), 0.0)
    count = 0
    for each, side in zip(heard, sides, strict=True):
        if not side["test"]:
            continue
        asked = moments(each, side["test"])
        network = predictions(runtime, each, side["test"])
        votes, nearness = remembered(each, side["train"], size).vote(asked.keys, say.width)
        at = np.arange(len(asked.followers))
        nats["network"] -= network[at, asked.followers].sum()
        nats["memory"] -= memories.mix(network, votes, say.share * nearness)[at, asked.followers].sum()
        for span in side["test"]:
            stretch = each.tokens[slice(*span)]
            nats["unigram"] += counted[1].nats(stretch, "witten-bell").sum()
            nats["kneser-ney"] += counted[2].nats(stretch).sum()
            nats["witten-bell"] += counted[2].nats(stretch, "witten-bell").sum()
        count += len(at)
    if not count:
        raise EmptyError("the recordings are too short to hold something out; 10 s are enough")
    bits = {name: float(total / np.log(2) / count) for name, total in nats.items()}
    bigram = min(bits.pop("kneser-ney"), bits.pop("witten-bell"))
    return {"frames": count, "uniform": float(np.log2(size - 1)), "bigram": bigram, **bits}
