"""German children's songs, or any melodies: bits per pitch in ten-fold cross-validation.

Each pitch is foretold before anything of its note is known, its onset and its duration included; repeats are
not played out, ties are merged, the end of a melody is not counted.
"""

import argparse
from itertools import chain
from pathlib import Path

import notegen_corpora
import numpy as np

from benchmarks._melodies import melodies
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Corpus
from notegen.corpus.dedupe import groups
from notegen.evaluation.expectation import FOLDS, cross_validate, folds
from notegen.model.ngram import NGram
from notegen.model.viewpoints import notes_of

BESIDE = ("ryan", "oneill", "aird", "essen")


def run(arguments: list[str]) -> dict[str, object]:
    """Print bits per pitch of the model's parts and of all of it, without and with a corpus beside it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks melody")
    parser.add_argument("--data", type=Path, default=notegen_corpora.collection("kinder").files()[0])
    pieces, refused = melodies(parser.parse_args(arguments).data)
    for reason in refused:
        print(f"left out: {reason}")
    pitches = notes_of(pieces).pitch
    print(f"{len(pieces)} melodies, {len(pitches)} notes, {len(np.unique(pitches))} pitches")
    corpus = _others(pieces)
    print(f"{len(corpus)} melodies beside them, none of them a version of one of the set", flush=True)
    nats = {f"Markov chain of order {order}": _markov(pieces, order) for order in (1, 2)}
    nats |= cross_validate(pieces, corpus)
    bits = {name: float(paid.mean() / np.log(2)) for name, paid in nats.items()}
    for name, figure in bits.items():
        print(f"{name:40} {figure:.3f}")
    return {
        "bits_per_pitch": bits["set alone"],
        "bits_per_pitch_pretrained": bits["set and corpus"],
        "parts": bits,
        "melodies": len(pieces),
        "notes": len(pitches),
    }


def _others(pieces: list[Ids]) -> list[Ids]:
    """Return the tunes of the collections that are no versions of a set's."""
    scores = chain.from_iterable(notegen_corpora.collection(name).scores() for name in BESIDE)
    others = [piece.ids for piece in Corpus.of("the collections", scores).pieces]
    group = groups([*pieces, *others])
    own = np.isin(group[len(pieces) :], group[: len(pieces)])
    return [ids for ids, is_own in zip(others, own, strict=True) if not is_own]


def _markov(pieces: list[Ids], order: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return what a chain of absolute pitches pays for each note: a witness that the set is the known one."""
    notes = notes_of(pieces)
    alphabet, said = np.unique(notes.pitch, return_inverse=True)
    rows = [np.append(len(alphabet), row) for row in np.split(said, np.flatnonzero(notes.number == 0)[1:])]
    fold = folds(len(pieces))
    paid: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = [np.empty(0)] * len(rows)
    for held in range(FOLDS):
        chain_ = NGram([rows[i] for i in np.flatnonzero(fold != held)], order + 1, len(alphabet))
        for i in np.flatnonzero(fold == held):
            paid[i] = chain_.nats(rows[i], "witten-bell")
    return np.concatenate(paid)
