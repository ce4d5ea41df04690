"""Sets: many pieces from nothing."""

import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import accepts
from notegen.codecs.notes import encode, note_count
from notegen.errors import UsageError
from notegen.generation import sets
from notegen.generation.sets import draw_chain, draw_set
from notegen.melody import melody
from notegen.model.bundle import Bundle


@pytest.fixture
def pieces(tune):
    return [encode(melody(tune(bars=4, seed=seed))) for seed in range(20)]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_pieces_are_whole_and_of_the_grammar(bundle):
    drawn = draw_set(bundle, 12, seed=3)
    assert len(drawn) == 12
    for ids in drawn:
        assert accepts(ids)
        assert ids.dtype == np.int32


def test_the_same_seed_draws_the_same_set_and_another_another(bundle):
    assert same(draw_set(bundle, 4, seed=1), draw_set(bundle, 4, seed=1))
    assert not same(draw_set(bundle, 4, seed=1), draw_set(bundle, 4, seed=2))


def test_a_chain_says_only_what_it_has_heard_as_long_as_it_knows_the_token_before(pieces):
    heard = {pair for ids in pieces for pair in zip(ids[:-1].tolist(), ids[1:].tolist(), strict=True)}
    drawn = draw_chain(pieces, 100, seed=0)
    pairs = [pair for ids in drawn for pair in zip(ids[:-1].tolist(), ids[1:].tolist(), strict=True)]
    assert all(map(accepts, drawn))
    assert (
        np.mean([pair in heard for pair in pairs]) > 0.5
    )  # the rest: smoothing, and what the grammar forbids


def test_a_chain_knows_nothing_of_the_token_before_the_last():
    """After b comes c or d, whatever came before it, though a b was always followed by c."""
    one, two = v.FIRST["pitch"] + v.LOWEST + 60, v.FIRST["pitch"] + v.LOWEST + 62
    chain = sets._Chain([np.array([one, 5, two]), np.array([two, 5, one])])
    said = chain.predict(np.array([[5]]), chain.start())[0][0, 0]
    assert said[one] == said[two] > said[7]
    assert np.exp(said).sum() == pytest.approx(1)


def test_a_piece_without_end_is_cut(bundle, monkeypatch):
    monkeypatch.setattr(sets, "MOST_BARS", 3)
    weights = dict(bundle.weights)
    weights["logits.bias"] = weights["logits.bias"].copy()
    weights["logits.bias"][v.END] = -1e4
    endless = Bundle(bundle.config, weights)
    drawn = draw_set(endless, 5, seed=0)
    bars = [int(np.isin(ids, (v.BAR, v.PICKUP)).sum()) for ids in drawn]
    assert max(bars) == 3
    assert all(accepts(ids) or not note_count(ids) for ids in drawn)


def test_progress_tells_how_many_are_complete(bundle):
    told = []
    draw_set(bundle, 6, seed=0, report=told.append)
    assert told == sorted(told)
    assert told[-1] == 6


def test_a_model_of_recordings_is_refused(bundle):
    with pytest.raises(UsageError, match="audio compose"):
        draw_set(Bundle(bundle.config, bundle.weights, codec="frames"), 1, seed=0)


def test_pieces_of_a_chain_have_notes(pieces):
    assert np.median([note_count(ids) for ids in draw_chain(pieces, 50, seed=1)]) > 0
