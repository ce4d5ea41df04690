"""The shipped model in bits per note on the test tunes, beside the best n-gram of the same tokens."""

import math

from benchmarks._inputs import corpus
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.errors import RangeError
from notegen.evaluation.likelihood import bits_per_note
from notegen.model.bundle import load
from notegen.model.ngram import choose
from notegen.model.runtime import Runtime

HIGHEST = 10  # tokens of the longest gram
SHIFTS = range(-5, 7)  # semitones: the transpositions that the network is trained with


def run(_: list[str]) -> dict[str, object]:
    """Fit n-grams with all transpositions, choose on validation, and read the test side once."""
    tunes = corpus()
    train, valid, test = ([piece.ids for piece in side] for side in (tunes.train, tunes.valid, tunes.test))
    settings = {}
    for name, pieces in (("as written", train), ("transposed", _transposed(train))):
        model, smoothing, order, table = choose(pieces, valid, HIGHEST)
        settings[table[smoothing, order]] = (name, model, smoothing, order)
        notes = sum(map(note_count, valid))
        for method in ("kneser-ney", "witten-bell"):
            row = (f"{table[method, n] / math.log(2) / notes:.3f}" for n in range(2, HIGHEST + 1))
            print(f"n-gram, {name}, {method}, orders 2 to {HIGHEST}, validation bits per note:", *row)
    name, model, smoothing, order = settings[min(settings)]
    notes = sum(map(note_count, test))
    ngram = sum(model.nats(piece, smoothing, order).sum() for piece in test) / math.log(2) / notes
    network = bits_per_note(Runtime(load("folk")), test)
    uniform = sum(len(piece) - 1 for piece in test) * math.log2(v.SIZE) / notes
    print(f"test: {len(test)} tunes, {notes} notes; n-gram chosen: {name}, {smoothing}, order {order}")
    print(f"bits per note: folk {network:.3f}, n-gram {ngram:.3f}, uniform {uniform:.2f}")
    print(f"folk needs {1 - network / ngram:.1%} fewer bits than the n-gram")
    return {"bits_per_note": network, "ngram_bits_per_note": float(ngram), "ngram_order": order}


def _transposed(pieces: list[Ids]) -> list[Ids]:
    out = []
    for piece in pieces:
        for shift in SHIFTS:
            try:
                out.append(v.transpose(piece, shift))
            except RangeError:
                continue
    return out
