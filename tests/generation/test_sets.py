"""Sets: many pieces from nothing."""

import numpy as np
import pytest
from made_text import BARS, SLIPS, chain, each

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import accepts
from notegen.codecs.notes import encode, note_count
from notegen.errors import DataError, UsageError
from notegen.generation import sets
from notegen.generation.sets import draw_chain, draw_counted, draw_set
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


def test_pieces_of_text_are_note_tokens_too():
    drawn = draw_set(chain(SLIPS), 30, seed=3)
    assert len(drawn) == 30
    assert all(map(accepts, drawn))
    assert same(drawn, draw_set(chain(SLIPS), 30, seed=3))
    first = {v.name(int(ids[1])) for ids in drawn}
    assert first == {"meter 3/8"}


def test_bars_of_text_that_could_not_be_read_are_counted(bundle):
    assert draw_counted(chain(BARS), 10, seed=0)[1] == 0
    drawn, refused = draw_counted(chain(SLIPS), 10, seed=0)
    assert len(drawn) == 10
    assert refused > 5
    assert draw_counted(bundle, 2, seed=0)[1] == 0


def test_a_piece_of_text_that_gets_stuck_is_begun_anew():
    """Behind B nothing can be read; one of ten notes is a B."""
    follows = BARS | {"|": {"c": 6, "B": 1}, "B": {"^": 1}, "^": {"|": 1}} | each("gaE", {"|": 8, "end": 2})
    drawn, _ = draw_counted(chain(follows), 20, seed=0)
    assert len({len(ids) for ids in drawn}) > 3


def test_a_model_of_which_nothing_can_be_read_is_told_in_one_sentence():
    with pytest.raises(DataError, match="train it for longer"):
        draw_set(chain(BARS | each("gaE", {"^": 1}) | {"^": {"|": 1}}), 2, seed=0)
