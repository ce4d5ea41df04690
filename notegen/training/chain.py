"""Markov chains: counted in a corpus instead of trained."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import get_args

import numpy as np

from notegen.codecs.vocabulary import Ids
from notegen.corpus import Corpus, ids
from notegen.model.bundle import Bundle, MarkovConfig, load
from notegen.model.ngram import NGram, Smoothing
from notegen.training.pieces import codec_for
from notegen.training.provenance import of_corpus, with_index, with_memory
from notegen.training.train import check


def count(
    corpus: Corpus, order: int, *, out: str | PathLike[str], codec: str | None = None, force: bool = False
) -> Bundle:
    """Count a Markov chain in a corpus and write its bundle.

    Of both smoothings it takes that which expects more of the validation pieces.

    Parameters
    ----------
    corpus : Corpus
    order : int
        How many tokens are looked back at.
    out : path
        The bundle's file.
    codec : str, optional
        What the chain reads; see `notegen.training.train.train`.
    force : bool
        Replace it if it exists.

    Raises
    ------
    DataError
        If the corpus has fewer than three different pieces.
    UsageError
        If the file exists, there is no such codec, or it reads other tracks than the corpus has.
    """
    check(corpus)
    read = codec_for(codec, corpus)
    train, valid, test = ([read.encode(piece) for piece in ids(side)] for side in corpus.sides.values())
    counted = NGram(train, order + 1, read.size)
    costs = {
        smoothing: _bits(counted, valid, smoothing) / corpus.notes_of("valid")
        for smoothing in get_args(Smoothing)
    }
    smoothing = min(costs, key=lambda each: costs[each])
    said = of_corpus(corpus) | {
        "finished": True,
        "valid_bits_per_note": round(costs[smoothing], 4),
        "test_bits_per_note": round(_bits(counted, test, smoothing) / corpus.notes_of("test"), 4),
    }
    config = MarkovConfig(read.size, order, smoothing, sum(map(len, train)), len(train))
    chain = Bundle(config, _weights(train), said, read.name, read.symbols)
    with_index(with_memory(chain, corpus), corpus).save(Path(out), force=force)
    return load(out)


def _weights(pieces: Sequence[Ids]) -> dict[str, np.ndarray]:
    """Return pieces as a bundle carries them: end to end, and where each ends."""
    ends = np.cumsum([len(piece) for piece in pieces])
    return {"ids": np.concatenate(pieces).astype(np.uint16), "ends": ends.astype(np.uint32)}


def _bits(counted: NGram, pieces: Sequence[Ids], smoothing: Smoothing) -> float:
    """Return what pieces cost."""
    return float(sum(counted.nats(piece, smoothing).sum() for piece in pieces) / np.log(2))
