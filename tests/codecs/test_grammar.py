import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.codecs import notes as codec
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar, accepts
from notegen.melody import melody


def walk(rng, length):
    """Draw a piece from the mask: a kind among the allowed ones, then one of its tokens."""
    grammar, ids = Grammar(1), [v.START]
    grammar.advance(np.array([v.START]))
    while ids[-1] != v.END:
        allowed = np.flatnonzero(grammar.mask()[0])
        kinds = np.unique(v.KIND[allowed])
        kind = v.INDEX["end"] if len(ids) > length and v.INDEX["end"] in kinds else rng.choice(kinds)
        ids.append(int(rng.choice(allowed[v.KIND[allowed] == kind])))
        grammar.advance(np.array(ids[-1:]))
    return np.array(ids, dtype=np.int32)


WALKS = st.builds(
    lambda seed, length: walk(np.random.default_rng(seed), length), st.integers(0), st.integers(1, 80)
)


def rows(score):
    return score.notes.tolist(), score.meters.tolist(), score.keys.tolist()


@given(WALKS)
def test_whatever_the_mask_allows_decodes(ids):
    line = codec.decode(ids)
    ends = line.notes["onset"] + line.notes["duration"]
    assert len(line.notes) == codec.note_count(ids) > 0
    assert (line.notes["onset"][1:] >= ends[:-1]).all()
    assert line.notes["pitch"].tolist() == v.pitches(ids).tolist()


@given(WALKS)
def test_a_drawn_piece_encodes_again_as_itself(ids):
    line = codec.decode(ids)
    again = codec.encode(line)
    assert accepts(again)
    assert codec.decode(again).notes.tolist() == line.notes.tolist()
    assert codec.encode(codec.decode(again)).tolist() == again.tolist()


@given(WALKS)
def test_a_drawn_piece_has_as_many_bars_as_bar_tokens(ids):
    line = codec.decode(ids)
    bars = np.flatnonzero(np.isin(ids, (v.BAR, v.PICKUP)))
    last = np.flatnonzero(v.KIND[ids] == v.INDEX["pitch"])[-1]
    starts = line.bars(int(line.notes["onset"][-1]) + 1)[:-1]
    assert len(starts) == (bars < last).sum()


@given(WALKS, st.data())
def test_a_piece_without_one_of_its_tokens_decodes_or_is_not_accepted(ids, data):
    at = data.draw(st.integers(0, len(ids) - 1))
    broken = np.delete(ids, at)
    if accepts(broken):
        assert len(codec.decode(broken).notes) == codec.note_count(broken)


@given(WALKS)
def test_some_token_may_always_follow_until_the_end(ids):
    grammar = Grammar(1)
    for token in ids[:-1]:
        grammar.advance(np.array([token]))
        assert grammar.mask().any()
    grammar.advance(ids[-1:])
    assert not grammar.mask().any()


@given(st.lists(WALKS, min_size=2, max_size=4))
def test_a_batch_is_its_pieces_side_by_side(pieces):
    size = min(map(len, pieces))
    together, alone = Grammar(len(pieces)), [Grammar(1) for _ in pieces]
    for i in range(size):
        together.advance(np.array([ids[i] for ids in pieces]))
        for grammar, ids in zip(alone, pieces, strict=True):
            grammar.advance(ids[i : i + 1])
        assert np.array_equal(together.mask(), np.concatenate([grammar.mask() for grammar in alone]))


@pytest.mark.parametrize("meter", [(4, 4), (6, 8), (7, 8)])
def test_inside_a_bar_the_mask_is_that_of_the_whole_piece(tune, meter):
    score = tune(meter, bars=3)
    line = melody(score)
    ids = codec.encode(line)[:-1]
    whole = Grammar(1)
    for token in ids:
        whole.advance(np.array([token]))
    length = line.bar_length(meter)
    entered = Grammar.inside(1, int(ids[-1]), length, length, v.key_id(v.Key.parse("D")))
    assert np.array_equal(entered.mask(), whole.mask())


def kinds_allowed(*ids):
    grammar = Grammar(1)
    for token in ids:
        grammar.advance(np.array([token]))
    return {v.TABLE[kind].name for kind in np.unique(v.KIND[: v.MELODY][grammar.mask()[0]])}


HEAD = (v.START, v.meter_id((4, 4)), v.FIRST["key"])


def test_no_bar_begins_before_a_key_is_stated():
    assert kinds_allowed(v.START, v.meter_id((4, 4))) == {"key"}


def test_a_pickup_stands_at_the_beginning_alone():
    assert "pickup" in kinds_allowed(*HEAD)
    assert "pickup" not in kinds_allowed(
        *HEAD, v.BAR, v.FIRST["pitch"] + 66, v.FIRST["release"] + 95, HEAD[1]
    )


def test_a_full_bar_takes_no_more_notes():
    full = (*HEAD, v.BAR, v.FIRST["pitch"] + 66, v.FIRST["release"] + 95)
    assert kinds_allowed(*full) == {"bar", "meter", "key", "end"}


def test_a_note_lasts_longer_only_after_the_largest_release():
    note = (*HEAD, v.BAR, v.FIRST["pitch"] + 66)
    assert "release" not in kinds_allowed(*note, v.FIRST["release"] + v.LONGEST_RELEASE - 2)
    assert "release" in kinds_allowed(*note, v.FIRST["release"] + v.LONGEST_RELEASE - 1)


@pytest.mark.parametrize(
    "ids", [(), (v.START,), (v.END,), HEAD, (*HEAD, v.BAR, v.END), (v.PAD, *HEAD)], ids=str
)
def test_what_is_no_whole_piece_is_not_accepted(ids):
    assert not accepts(np.array(ids, dtype=np.int32))
