"""Candidate representations of one reduced score, by bits per note on the same held-out tunes.

Each candidate is trained with the same small network for the same time, with the same transposition,
and everything that it encodes counts: meter, key, bars, rhythm, pitch and end.
"""

import argparse
import itertools
import math
import time
from collections.abc import Callable

import numpy as np

import notegen_corpora
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import decode, note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Corpus
from notegen.model.network import NetworkConfig
from notegen.training.batches import batches, steps, transposing
from notegen.training.engine import Engine

RELATIVE = v.SIZE  # pitches above the tonic stand behind the vocabulary
RESTS = v.SIZE + 256  # and durations of rests behind these
VOCABULARY = RESTS + v.WHOLE


def implied(ids: Ids) -> Ids:
    """Position only where a note does not follow the last: what notegen uses."""
    return ids


def position(ids: Ids) -> Ids:
    """A position before every note."""
    line = decode(ids)
    notes = iter(line.notes["onset"].tolist())
    bars = line.bars(line.end)
    out: list[int] = []
    offset = 0
    for token in ids.tolist():
        kind = v.TABLE[v.KIND[token]].name
        if kind == "position" and out[-1] != v.PICKUP:
            continue
        if kind == "position":
            offset = int(v.VALUE[token])
        if kind == "pitch":
            onset = next(notes)
            bar = int(np.searchsorted(bars, onset, side="right")) - 1
            out.append(v.FIRST["position"] + onset - int(bars[bar]) + (offset if bar == 0 else 0))
        out.append(token)
    return np.array(out, dtype=np.int32)


def shift(ids: Ids) -> Ids:
    """A rest's duration instead of a position."""
    line = decode(ids)
    onsets = iter(line.notes["onset"].tolist())
    ends = iter([0, *(line.notes["onset"] + line.notes["duration"]).tolist()])
    out: list[int] = []
    for token in ids.tolist():
        kind = v.TABLE[v.KIND[token]].name
        if kind == "position" and out[-1] != v.PICKUP:
            continue
        if kind == "pitch":
            rest = next(onsets) - next(ends)
            while rest > 0:
                out.append(RESTS + min(rest, v.WHOLE) - 1)
                rest -= v.WHOLE
        out.append(token)
    return np.array(out, dtype=np.int32)


def relative(ids: Ids) -> Ids:
    """Pitch as semitones above the tonic of the key in force, in octaves from the tonic below C4."""
    kinds = v.KIND[ids]
    last = np.maximum.accumulate(np.where(kinds == v.INDEX["key"], np.arange(len(ids)), 0))
    tonic = v.VALUE[ids[last]] % 12
    pitch = kinds == v.INDEX["pitch"]
    return np.where(pitch, RELATIVE + 64 + v.VALUE[ids] - tonic, ids).astype(np.int32)


def duration_first(ids: Ids) -> Ids:
    """The duration before the pitch."""
    out = ids.copy()
    pitch = np.flatnonzero(v.KIND[ids] == v.INDEX["pitch"])
    kinds = np.append(v.KIND[ids], -1)
    for at in pitch.tolist():
        end = at + 1
        while kinds[end] == v.INDEX["duration"]:
            end += 1
        out[at : end - 1], out[end - 1] = ids[at + 1 : end], ids[at]
    return out


CANDIDATES: dict[str, Callable[[Ids], Ids]] = {
    function.__name__: function for function in (implied, position, shift, relative, duration_first)
}


def measure(
    encode: Callable[[Ids], Ids], train: list[Ids], test: list[Ids], seconds: float, units: int
) -> dict[str, float]:
    """Train one candidate for a time; return its bits per note and how far it came."""
    engine = Engine(NetworkConfig(VOCABULARY, embedding=96, units=units, layers=1, dropout=0.1))
    transpose = transposing()
    rng = np.random.default_rng(0)
    compiled = False
    begun = time.monotonic()
    tokens = updates = 0
    while True:
        for batch in batches(train, 32, rng, lambda ids, rng: encode(transpose(ids, rng))):
            for step in steps(batch, 128):
                spent = time.monotonic() - begun
                if spent > seconds:
                    nats = sum(engine.nats(s) for b in batches([encode(t) for t in test], 32) for s in steps(b, 512))
                    bits = nats / math.log(2) / sum(map(note_count, test))
                    return {"bits_per_note": bits, "updates": updates, "epochs": tokens / sum(len(encode(t)) for t in train)}
                engine.rate(3e-3 * max(0.02, 1 - spent / seconds))
                engine.learn(step)
                if not compiled:  # building the graph is not counted
                    compiled, begun = True, time.monotonic()
                updates, tokens = updates + 1, tokens + int((step.targets != 0).sum())


def run(arguments: list[str]) -> dict[str, object]:
    """Train all candidates, and print a row for each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks representation")
    parser.add_argument("--seconds", type=float, default=180, help="training time of each candidate")
    parser.add_argument("--units", type=int, default=192)
    options = parser.parse_args(arguments)
    scores = itertools.chain(*(entry.scores() for entry in notegen_corpora.COLLECTIONS.values()))
    corpus = Corpus.of("folk", scores)
    train, valid = ([piece.ids for piece in side] for side in (corpus.train, corpus.valid))
    rows = {}
    for name, encode in CANDIDATES.items():
        rows[name] = measure(encode, train, valid, options.seconds, options.units)
        rows[name]["tokens_per_note"] = sum(len(encode(t)) for t in valid) / sum(map(note_count, valid))
        print(f"{name:16}", *(f"{key} {value:.3f}" for key, value in rows[name].items()), flush=True)
    return {"seconds": options.seconds, "units": options.units, "rows": rows}
