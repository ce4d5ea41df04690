"""The shipped model in bits per note on the test tunes, beside n-grams of the same tokens and pitches."""

import math

from benchmarks._inputs import corpus
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.errors import RangeError
from notegen.evaluation.baselines import HIGHEST
from notegen.model.bundle import load
from notegen.model.ngram import choose
from notegen.report.assess import assess

SHIFTS = range(-5, 7)  # semitones: the transpositions that the network is trained with


def run(_: list[str]) -> dict[str, object]:
    """Choose n-grams on validation, with all transpositions too, and read the test side once."""
    tunes, model = corpus(), load("folk")
    train, valid = ([piece.ids for piece in side] for side in (tunes.train, tunes.valid))
    for name, pieces in (("as written", train), ("transposed", _transposed(train))):
        _print_validation(name, pieces, valid)
    said = assess(model, tunes, pieces=0, pitches=True).said
    print(f"test: {said['pieces']} tunes, {said['notes']} notes")
    rows = {"folk": said, "folk, no memory": said["without_memory"], **said["baselines"]}
    for name, row in rows.items():
        parts = ", ".join(f"{part} {bits:.3f}" for part, bits in row["parts"].items())
        print(f"{name}: {row['bits_per_note']:.3f} bits per note ({parts})")
    pitches = {"folk": said, **said["pitch_baselines"]}
    print("bits per pitch:", *(f"{name} {row['bits_per_pitch']:.3f}" for name, row in pitches.items()))
    ngram = said["baselines"]["n-gram"]
    return {
        "bits_per_note": said["bits_per_note"],
        "bits_per_note_without_memory": said["without_memory"]["bits_per_note"],
        "ngram_bits_per_note": ngram["bits_per_note"],
        "ngram_order": ngram["order"],
        "bits_per_pitch": said["bits_per_pitch"],
        "ngram_bits_per_pitch": said["pitch_baselines"]["n-gram"]["bits_per_pitch"],
    }


def _print_validation(name: str, train: list[Ids], valid: list[Ids]) -> None:
    *_, table = choose(train, valid, HIGHEST)
    notes = sum(map(note_count, valid))
    for method in ("kneser-ney", "witten-bell"):
        row = (f"{table[method, n] / math.log(2) / notes:.3f}" for n in range(2, HIGHEST + 1))
        print(f"n-gram, {name}, {method}, orders 2 to {HIGHEST}, validation bits per note:", *row)


def _transposed(pieces: list[Ids]) -> list[Ids]:
    out = []
    for piece in pieces:
        for shift in SHIFTS:
            try:
                out.append(v.transpose(piece, shift))
            except RangeError:
                continue
    return out
