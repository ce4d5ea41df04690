"""Models of many parts, counted in songs."""

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.corpus import Corpus
from notegen.model.bundle import Bundle, MarkovConfig
from notegen.training.provenance import of_music


def chain(songs, order=3):
    """Return a Markov chain of parts that is counted in songs, and knows what they are like."""
    corpus = Corpus.of("songs", [(str(i), song) for i, song in enumerate(songs)], tracks="all")
    pieces = [piece.ids for piece in corpus.pieces]
    ends = np.cumsum([len(ids) for ids in pieces])
    config = MarkovConfig(v.SIZE, order, "witten-bell", int(ends[-1]), len(pieces))
    weights = {"ids": np.concatenate(pieces).astype(np.uint16), "ends": ends.astype(np.uint32)}
    said = {"corpus": "songs", "valid_bits_per_note": 5.0, "notegen": "0", "date": "2000-01-01"}
    return Bundle(config, weights, said | of_music(corpus), "parts")
