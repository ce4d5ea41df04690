"""Candidate representations of the same reduced scores, by bits per note on the same held-out tunes.

Each candidate is trained with the same small network, on the same tunes in the same keys, for the same number
of passes, and its learning rate comes to nothing with the last of them; what its updates took stands beside
it. Everything that a candidate encodes counts: meter, key, bars, rhythm, pitch and end. An n-gram of each
candidate, of order 7 with Kneser-Ney smoothing and without transposition, stands beside it too. ABC is the
text of `notegen.formats.abc_words`, by characters and by words.
"""

import argparse
import math
import time
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from benchmarks._inputs import corpus
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import decode, note_count
from notegen.codecs.vocabulary import Ids
from notegen.formats.abc_codec import CHARACTERS, TOKENS, learn
from notegen.model.network import NetworkConfig
from notegen.model.ngram import NGram
from notegen.training.augment import transposing
from notegen.training.engine import Engine
from notegen.training.packing import Packed, whole

ABSOLUTE = v.MELODY  # MIDI pitches stand behind the vocabulary,
DURATION = ABSOLUTE + 128  # and durations up to a whole note behind these
ROWS, TIME = 32, 64  # of a step
RATE, WARMUP = 1e-2, 100

Encoder = Callable[[Ids], Ids]


class Candidate(NamedTuple):
    """A representation: how it rewrites note tokens, and how many ids it has."""

    encode: Encoder
    size: int


def events(*, absolute: bool = False, duration: bool = False, position: bool = False) -> Candidate:
    """Return a representation by note events.

    Parameters
    ----------
    absolute : bool
        MIDI pitch instead of the distance from the tonic.
    duration : bool
        How long a note lasts, instead of where in the bar it ends.
    position : bool
        A position before every note, instead of where the last one does not lead to it.
    """

    def encode(ids: Ids) -> Ids:
        if not (absolute or duration or position):
            return ids
        notes = decode(ids).notes
        places = _places(ids)
        out: list[int] = []
        note = -1
        for before, token in pairwise([v.START, *ids.tolist()]):
            kind = v.TABLE[v.KIND[token]].name
            if kind == "pitch":
                note += 1
                if position:
                    out.append(v.FIRST["position"] + places[note])
                out.append(ABSOLUTE + int(notes["pitch"][note]) if absolute else token)
            elif kind == "release" and duration:
                if v.KIND[before] != v.INDEX["release"]:
                    out += _duration(int(notes["duration"][note]))
            elif not (kind == "position" and position and before != v.PICKUP):
                out.append(token)
        return np.array(out, dtype=np.int32)

    return Candidate(encode, DURATION + v.WHOLE if duration else DURATION if absolute else v.MELODY)


def _places(ids: Ids) -> list[int]:
    """Return the place in the bar where each note begins."""
    line = decode(ids)
    bars = line.bars(line.end)
    bar = np.searchsorted(bars, line.notes["onset"], side="right") - 1
    pickup = np.flatnonzero(ids == v.PICKUP)
    offset = int(v.VALUE[ids[pickup[0] + 1]]) if len(pickup) else 0
    places: list[int] = (line.notes["onset"] - bars[bar] + np.where(bar == 0, offset, 0)).tolist()
    return places


def _duration(ticks: int) -> list[int]:
    whole, left = divmod(ticks - 1, v.WHOLE)
    return [DURATION + v.WHOLE - 1] * whole + [DURATION + left]


def candidates(train: list[Ids]) -> dict[str, Candidate]:
    """Return all representations; the words of ABC are learned from the training tunes."""
    texts = {name: learn(name, train) for name in (CHARACTERS, TOKENS)}
    return {
        "tonic, release": events(),
        "tonic, duration": events(duration=True),
        "absolute, release": events(absolute=True),
        "absolute, duration": events(absolute=True, duration=True),
        "absolute, duration, position": events(absolute=True, duration=True, position=True),
        "ABC, characters": Candidate(texts[CHARACTERS].encode, texts[CHARACTERS].size),
        "ABC, words": Candidate(texts[TOKENS].encode, texts[TOKENS].size),
    }


def measure(
    candidate: Candidate, train: list[Ids], test: list[Ids], passes: int, units: int
) -> dict[str, float]:
    """Train one candidate for so many passes; return its bits per note and what the updates took."""
    config = NetworkConfig(candidate.size, embedding=96, units=units, layers=1, dropout=0.1)
    engine = Engine(config, rows=ROWS, time=TIME)
    transpose, rng = transposing(), np.random.default_rng(0)
    updates, seconds = 0, 0.0
    for i in range(passes):
        order = rng.permutation(len(train))
        pieces = [candidate.encode(transpose(train[j], rng)) for j in order.tolist()]
        steps = Packed(pieces, whole(list(map(len, pieces))), ROWS, TIME)
        for j in range(len(steps)):
            left = 1 - (i + j / len(steps)) / passes
            step, begun = steps[j], time.perf_counter()
            engine.learn(step, RATE * min((updates + 1) / WARMUP, left))
            seconds += (time.perf_counter() - begun) * (updates > 0)  # the first one compiles
            updates += 1
    coded = [candidate.encode(piece) for piece in test]
    nats = sum(map(engine.loss, Packed(coded, whole(list(map(len, coded))), ROWS, TIME)))
    bits = nats / math.log(2) / sum(map(note_count, test))
    return {"bits_per_note": bits, "updates": updates, "seconds": seconds}


def run(arguments: list[str]) -> dict[str, object]:
    """Train all candidates, and print a row for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks representation")
    parser.add_argument("--passes", type=int, default=3, help="how often each candidate reads the tunes")
    parser.add_argument("--units", type=int, default=192)
    options = parser.parse_args(arguments)
    tunes = corpus()
    train, valid = ([piece.ids for piece in side] for side in (tunes.train, tunes.valid))
    notes = sum(map(note_count, valid))
    rows = {}
    for name, each in candidates(train).items():
        row = measure(each, train, valid, options.passes, options.units)
        coded = [each.encode(piece) for piece in valid]
        model = NGram([each.encode(piece) for piece in train], 7, each.size)
        row["ngram"] = sum(float(model.nats(piece).sum()) for piece in coded) / math.log(2) / notes
        row["tokens_per_note"] = sum(map(len, coded)) / notes
        rows[name] = row
        print(f"{name:32}", *(f"{key} {value:.3f}" for key, value in row.items()), flush=True)
    return {"passes": options.passes, "units": options.units, "rows": rows}
