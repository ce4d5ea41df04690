"""Models of ABC that know by which word each word is followed, and nothing else."""

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.formats.abc_codec import ALPHABET, FIRST
from notegen.model.bundle import Bundle
from notegen.model.network import NetworkConfig

START, END = "start", "end"
NEVER = -30.0  # nats


def each(words, row):
    """Return the same row for each of several words of one letter."""
    return dict.fromkeys(words, row)


# Bars of three eighths: one of cdC, one of efD, one of gaE. After most bars another one comes.
BARS = {
    START: {"M:3/8\n": 1},
    "M:3/8\n": {"L:1/8\n": 1},
    "L:1/8\n": {"K:C\n": 1},
    "K:C\n": {"c": 1, "d": 1, "C": 1},
    "|": {"c": 1, "d": 1, "C": 1},
    **each("cdC", {"e": 1, "f": 1, "D": 1}),
    **each("efD", {"g": 1, "a": 1, "E": 1}),
    **each("gaE", {"|": 8, END: 2}),
}
# The same, but every other bar has a note too many, or a word that stands for nothing.
SLIPS = BARS | each("gaE", {"|": 5, END: 1, "^": 2, "c": 2})


def chain(follows, provenance=None):
    """Return a bundle of words, each followed by others as often as is said."""
    words = {*follows, *(word for row in follows.values() for word in row)} - {START, END}
    symbols = tuple(sorted({*ALPHABET, *words}))
    ids = {START: v.START, END: v.END} | {word: FIRST + i for i, word in enumerate(symbols)}
    size = len(symbols) + FIRST
    table = np.full((size, size), NEVER, dtype=np.float32)
    for word, row in follows.items():
        for other, often in row.items():
            table[ids[word], ids[other]] = np.log(often / sum(row.values()))
    weights = {
        "rnn0.input": 20 * np.eye(size, dtype=np.float32),
        "rnn0.recurrent": np.zeros((size, size), dtype=np.float32),
        "rnn0.bias": np.zeros(size, dtype=np.float32),
        "logits.kernel": table,
        "logits.bias": np.zeros(size, dtype=np.float32),
    }
    config = NetworkConfig(size, embedding=0, units=size, unit="rnn")
    return Bundle(config, weights, provenance or {"valid_bits_per_note": 2.0}, "abc-tokens", symbols)
