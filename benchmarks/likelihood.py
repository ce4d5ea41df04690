"""The shipped model in bits per note on the test tunes, beside n-grams of the same tokens and pitches."""

import math

import numpy as np

from benchmarks._inputs import corpus
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.errors import RangeError
from notegen.evaluation.baselines import HIGHEST, token_baselines
from notegen.evaluation.likelihood import Costs, Likelihood, token_nats
from notegen.evaluation.pitches import pitch_baselines, pitch_nats
from notegen.model.bundle import load
from notegen.model.ngram import choose
from notegen.model.runtime import Runtime

SHIFTS = range(-5, 7)  # semitones: the transpositions that the network is trained with


def run(_: list[str]) -> dict[str, object]:
    """Fit n-grams, with all transpositions too, choose on validation, and read the test side once."""
    tunes, runtime = corpus(), Runtime(load("folk"))
    train, valid, test = ([piece.ids for piece in side] for side in (tunes.train, tunes.valid, tunes.test))
    for name, pieces in (("as written", train), ("transposed", _transposed(train))):
        _print_validation(name, pieces, valid)
    paid = {name: baseline.costs for name, baseline in token_baselines(tunes.sides).items()}
    paid["folk"] = token_nats(runtime, test)
    found = {name: Likelihood.of(costs, test) for name, costs in paid.items()}
    print(f"test: {len(test)} tunes, {found['folk'].notes} notes")
    for name, likelihood in found.items():
        parts = ", ".join(f"{part} {bits:.3f}" for part, bits in likelihood.parts.items())
        print(f"{name}: {likelihood.bits_per_note:.3f} bits per note ({parts})")
    on_pitches = {name: baseline.costs for name, baseline in pitch_baselines(tunes.sides).items()}
    on_pitches["folk"] = pitch_nats(runtime, test)
    per_pitch = {name: _bits(costs) for name, costs in on_pitches.items()}
    print("bits per pitch:", ", ".join(f"{name} {bits:.3f}" for name, bits in per_pitch.items()))
    return {
        "bits_per_note": {name: likelihood.bits_per_note for name, likelihood in found.items()},
        "bits_per_pitch": per_pitch,
    }


def _print_validation(name: str, train: list[Ids], valid: list[Ids]) -> None:
    *_, table = choose(train, valid, HIGHEST)
    notes = sum(map(note_count, valid))
    for method in ("kneser-ney", "witten-bell"):
        row = (f"{table[method, n] / math.log(2) / notes:.3f}" for n in range(2, HIGHEST + 1))
        print(f"n-gram, {name}, {method}, orders 2 to {HIGHEST}, validation bits per note:", *row)


def _bits(costs: Costs) -> float:
    return float(np.concatenate(costs).mean() / np.log(2))


def _transposed(pieces: list[Ids]) -> list[Ids]:
    out = []
    for piece in pieces:
        for shift in SHIFTS:
            try:
                out.append(v.transpose(piece, shift))
            except RangeError:
                continue
    return out
