"""The shipped model in bits per note on the test tunes, beside n-grams of the same tokens and pitches."""

import argparse
import math
from typing import Any

from benchmarks._inputs import asked, data_options
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.errors import RangeError
from notegen.evaluation.baselines import HIGHEST
from notegen.model.bundle import load
from notegen.model.ngram import choose
from notegen.report.assess import assess

SHIFTS = range(-5, 7)  # semitones: the transpositions that the network is trained with


def run(arguments: list[str]) -> dict[str, object]:
    """Choose n-grams on validation, with all transpositions too, and read the test side once."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks likelihood")
    parser.add_argument("--model", default="folk")
    data_options(parser)
    options = parser.parse_args(arguments)
    tunes, model = asked(options), load(options.model)
    train, valid = ([piece.ids for piece in side] for side in (tunes.train, tunes.valid))
    melodies = tunes.tracks == "melody"
    _print_validation("as written", train, valid, v.MELODY if melodies else v.SIZE)
    if melodies:
        _print_validation("transposed", _transposed(train), valid, v.MELODY)
    said = assess(model, tunes, pieces=0, pitches=melodies).said
    name = said["model"]
    print(f"test: {said['pieces']} {said['called']}, {said['notes']} notes")
    rows = {name: said, f"{name}, no memory": said["without_memory"], **said["baselines"]}
    for each, row in rows.items():
        parts = ", ".join(f"{part} {bits:.3f}" for part, bits in row["parts"].items())
        print(f"{each}: {row['bits_per_note']:.3f} bits per note ({parts})")
    ngram = said["baselines"]["n-gram"]
    found = {
        "bits_per_note": said["bits_per_note"],
        "bits_per_note_without_memory": said["without_memory"]["bits_per_note"],
        "ngram_bits_per_note": ngram["bits_per_note"],
        "ngram_order": ngram["order"],
    }
    return found | (_pitches(said) if melodies else {})


def _pitches(said: dict[str, Any]) -> dict[str, object]:
    pitches = {said["model"]: said, **said["pitch_baselines"]}
    print("bits per pitch:", *(f"{name} {row['bits_per_pitch']:.3f}" for name, row in pitches.items()))
    return {
        "bits_per_pitch": said["bits_per_pitch"],
        "ngram_bits_per_pitch": said["pitch_baselines"]["n-gram"]["bits_per_pitch"],
    }


def _print_validation(name: str, train: list[Ids], valid: list[Ids], vocabulary: int) -> None:
    *_, table = choose(train, valid, HIGHEST, vocabulary)
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
