"""Candidate representations of the same reduced scores, by bits per note on the same held-out tunes.

Each candidate is trained with the same small network, the same transpositions and the same number of
tokens: the same time on the same machine, whatever else it does. Everything that a candidate encodes
counts: meter, key, bars, rhythm, pitch and end. An n-gram of each candidate, of order 7 with
Kneser-Ney smoothing and without transposition, stands beside it.
"""

import argparse
import math
from collections.abc import Callable
from itertools import pairwise

import numpy as np

from benchmarks._inputs import corpus
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import decode, note_count
from notegen.codecs.vocabulary import Ids
from notegen.model.network import NetworkConfig
from notegen.model.ngram import NGram
from notegen.training.augment import transposing
from notegen.training.engine import Engine
from notegen.training.packing import Packed, whole

ABSOLUTE = v.SIZE  # MIDI pitches stand behind the vocabulary,
DURATION = ABSOLUTE + 128  # and durations up to a whole note behind these
VOCABULARY = DURATION + v.WHOLE
ROWS, TIME = 32, 64  # of a step

Encoder = Callable[[Ids], Ids]


def candidate(*, absolute: bool = False, duration: bool = False, position: bool = False) -> Encoder:
    """Return an encoder that rewrites notegen's tokens.

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

    return encode


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


CANDIDATES: dict[str, Encoder] = {
    "tonic, release": candidate(),
    "tonic, duration": candidate(duration=True),
    "absolute, release": candidate(absolute=True),
    "absolute, duration": candidate(absolute=True, duration=True),
    "absolute, duration, position": candidate(absolute=True, duration=True, position=True),
}


def measure(encode: Encoder, train: list[Ids], test: list[Ids], budget: int, units: int) -> dict[str, float]:
    """Train one candidate on so many tokens; return its bits per note and how far it came."""
    config = NetworkConfig(VOCABULARY, embedding=96, units=units, layers=1, dropout=0.1)
    engine = Engine(config, rows=ROWS, time=TIME)
    transpose, rng = transposing(), np.random.default_rng(0)
    stretches = whole([len(encode(piece)) for piece in train])  # as long in every key
    updates = tokens = 0
    while tokens < budget:
        order = rng.permutation(stretches)
        for step in Packed(train, order, ROWS, TIME, lambda ids, rng: encode(transpose(ids, rng)), updates):
            rate = 3e-3 * min(1.0, (updates + 1) / 100, max(0.02, 1 - tokens / budget))
            engine.learn(step, rate)
            updates, tokens = updates + 1, tokens + step.predictions
            if tokens >= budget:
                break
    coded = [encode(piece) for piece in test]
    nats = sum(map(engine.loss, Packed(coded, whole(list(map(len, coded))), ROWS, TIME)))
    bits = nats / math.log(2) / sum(map(note_count, test))
    return {"bits_per_note": bits, "updates": updates, "epochs": tokens / (stretches[:, 2] - 1).sum()}


def run(arguments: list[str]) -> dict[str, object]:
    """Train all candidates, and print a row for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks representation")
    parser.add_argument("--tokens", type=int, default=1_000_000, help="tokens to train each candidate on")
    parser.add_argument("--units", type=int, default=192)
    options = parser.parse_args(arguments)
    tunes = corpus()
    train, valid = ([piece.ids for piece in side] for side in (tunes.train, tunes.valid))
    notes = sum(map(note_count, valid))
    rows = {}
    for name, encode in CANDIDATES.items():
        row = measure(encode, train, valid, options.tokens, options.units)
        model = NGram([encode(piece) for piece in train], 7, VOCABULARY)
        row["ngram"] = sum(float(model.nats(encode(piece)).sum()) for piece in valid) / math.log(2) / notes
        row["tokens_per_note"] = sum(len(encode(piece)) for piece in valid) / notes
        rows[name] = row
        print(f"{name:32}", *(f"{key} {value:.3f}" for key, value in row.items()), flush=True)
    return {"tokens": options.tokens, "units": options.units, "rows": rows}
