"""Markov chains counted in a corpus."""

import numpy as np
import pytest

from notegen.codecs.notes import note_count
from notegen.corpus import Corpus
from notegen.errors import DataError, UsageError
from notegen.model.bundle import load
from notegen.model.markov import Markov
from notegen.training.chain import count


def bits_per_note(bundle, pieces):
    """What pieces cost under the chain that a bundle carries."""
    rows = np.split(bundle.weights["ids"], bundle.weights["ends"][:-1])
    config = bundle.config
    chain = Markov([row.astype(np.int32) for row in rows], config.order, config.smoothing, config.vocabulary)
    nats = 0.0
    for piece in pieces:
        said, _ = chain.predict(piece.ids[None, :-1], chain.start())
        nats -= np.take_along_axis(said[0], piece.ids[1:, None].astype(int), axis=1).sum()
    return nats / np.log(2) / sum(note_count(piece.ids) for piece in pieces)


def test_the_bundle_carries_what_it_is_counted_in_and_its_figures(corpus, out):
    bundle = count(corpus, 3, out=out)
    assert (bundle.config.order, bundle.config.pieces) == (3, len(corpus.train))
    said = bundle.provenance
    assert said["valid_bits_per_note"] == pytest.approx(bits_per_note(bundle, corpus.valid), abs=1e-4)
    assert said["test_bits_per_note"] == pytest.approx(bits_per_note(bundle, corpus.test), abs=1e-4)
    assert said["sources"] == ["tunes"]
    assert bundle.index.longest(corpus.train[2].ids).piece == 2


def test_the_smoothing_is_that_which_is_better_on_validation(corpus, tmp_path):
    bundle = count(corpus, 2, out=tmp_path / "a.notegen")
    other = {"kneser-ney": "witten-bell", "witten-bell": "kneser-ney"}[bundle.config.smoothing]
    changed = type(bundle.config)(**{**vars(bundle.config), "smoothing": other})
    worse = type(bundle)(changed, bundle.weights)
    assert bits_per_note(worse, corpus.valid) > bits_per_note(bundle, corpus.valid)


def test_a_chain_of_text_keeps_its_symbols(corpus, out):
    bundle = count(corpus, 4, out=out, codec="abc-characters")
    assert (bundle.codec, bundle.config.vocabulary) == ("abc-characters", len(bundle.symbols) + 3)
    assert 0 < bundle.provenance["test_bits_per_note"] < 30


def test_the_same_corpus_gives_the_same_bytes(corpus, tmp_path):
    for name in "ab":
        count(corpus, 3, out=tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_a_bundle_is_replaced_only_if_asked(corpus, out):
    count(corpus, 1, out=out)
    with pytest.raises(UsageError, match="exists already"):
        count(corpus, 2, out=out)
    assert load(out).config.order == 1
    assert count(corpus, 2, out=out, force=True).config.order == 2


def test_too_small_a_corpus_is_refused(tune, out):
    with pytest.raises(DataError, match="three different pieces"):
        count(Corpus.of("small", [("a", tune())]), 2, out=out)
    assert not out.exists()
