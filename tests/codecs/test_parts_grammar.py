from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from made_parts import FEWER, band, content, scores

from notegen.arrange import arrange
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.parts import decode, encode, leave_out, numbers
from notegen.codecs.parts_grammar import PartsGrammar
from notegen.errors import RangeError
from notegen.melody import GRID
from notegen.score import NOTE, table

SEEDS = st.tuples(st.integers(0), st.integers(1, 120))
RARE = [v.INDEX[name] for name in ("gap", "fill", "meter", "key", "tempo")]


def walk(seed, length, ids=(v.START,)):
    """Draw a piece from the mask: a kind among the allowed ones, then one of its tokens."""
    rng, ids = np.random.default_rng(seed), list(ids)
    grammar = PartsGrammar.behind(1, np.array(ids))
    while ids[-1] != v.END:
        allowed = np.flatnonzero(grammar.mask()[0])
        kinds = np.unique(v.KIND[allowed])
        weights = np.where(np.isin(kinds, RARE), 0.2, 1.0)
        ending = [kind for kind in (v.INDEX["end"], v.INDEX["fill"]) if len(ids) > length and kind in kinds]
        kind = ending[0] if ending else rng.choice(kinds, p=weights / weights.sum())
        ids.append(int(rng.choice(allowed[v.KIND[allowed] == kind])))
        grammar.advance(np.array(ids[-1:]))
    return np.array(ids, dtype=np.int32)


WALKS = SEEDS.map(lambda drawn: walk(*drawn))


def refused(ids):
    """Return where the first token stands that the grammar does not allow, or -1."""
    grammar = PartsGrammar(1)
    for i, token in enumerate(ids.tolist()):
        if i and not grammar.mask()[0, token]:
            return i
        grammar.advance(np.array([token]))
    return -1


@FEWER
@given(WALKS)
def test_whatever_the_mask_allows_decodes(ids):
    score = decode(ids)
    assert len(score.notes) == note_count(ids)
    own = {(onset, pitch, part) for onset, _, pitch, _, part in score.notes.tolist()}
    assert len(own) == len(score.notes)
    drums = np.array([track.is_drum for track in score.tracks])[score.notes["track"]]
    assert (score.notes["duration"][drums] == v.DRUM_LENGTH).all()


@FEWER
@given(WALKS)
def test_what_is_drawn_is_the_one_way_to_write_it(ids):
    gaps = np.flatnonzero(ids == v.GAP)
    again = encode(decode(ids), numbers=numbers(ids))
    assert content(decode(again))[0][0] == content(decode(ids))[0][0]
    if not len(gaps):  # the bars behind the last note are no more, nor what changes in them
        assert again.tolist() == ids.tolist()


@FEWER
@given(scores())
def test_every_arranged_score_is_allowed(score):
    assert refused(encode(arrange(score))) == -1


@FEWER
@given(scores(), st.data())
def test_every_score_with_missing_bars_is_allowed(score, data):
    arranged = arrange(score)
    bars = len(arranged.bars(int(arranged.notes["onset"][-1]) + 1)) - 1
    first = data.draw(st.integers(0, bars - 1))
    try:
        ids = leave_out(arranged, first, data.draw(st.integers(first + 1, bars)))
    except RangeError:
        assume(False)
    assert refused(ids) == -1


@FEWER
@given(WALKS, st.data())
def test_the_grammar_knows_what_sounds(ids, data):
    body = int(np.argmax(np.isin(ids, (v.BAR, v.PICKUP, v.GAP))))
    cut = data.draw(st.integers(body + 1, len(ids) - 1))
    ids = ids[:cut]
    assume(v.FILL not in ids)
    grammar, score = PartsGrammar.behind(1, ids), decode(ids)
    pickup = v.VALUE[ids[body + 1]] if ids[body] == v.PICKUP and len(ids) > body + 1 else 0
    starts = np.cumsum([0, *bar_lengths(ids)[:-1]]) - pickup
    until = np.zeros((v.PARTS, 128), dtype=np.int64)
    for onset, duration, pitch, _, part in score.notes.tolist():
        number = numbers(ids)[part]
        until[number, pitch] = max(until[number, pitch], onset + duration - starts[-1])
    assert np.array_equal(np.maximum(grammar.sounding[0], 0), np.maximum(until, 0))
    assert grammar.bars[0] == len(starts)


def bar_lengths(ids):
    """Return the length of each bar, a pickup's as if it were whole."""
    lengths, length = [], v.WHOLE
    for token in ids.tolist():
        if v.TABLE[v.KIND[token]].name == "meter":
            length = int(v.METER_LENGTH[v.VALUE[token]])
        elif token in (v.BAR, v.PICKUP, v.GAP):
            lengths.append(length)
    return lengths


@FEWER
@given(st.lists(WALKS, min_size=2, max_size=4))
def test_a_batch_is_its_pieces_side_by_side(pieces):
    together, alone = PartsGrammar(len(pieces)), [PartsGrammar(1) for _ in pieces]
    for i in range(max(map(len, pieces))):
        tokens = np.array([ids[min(i, len(ids) - 1)] for ids in pieces])  # what has ended ends again
        together.advance(tokens)
        for grammar, token in zip(alone, tokens, strict=True):
            grammar.advance(np.array([token]))
        assert np.array_equal(together.mask(), np.concatenate([grammar.mask() for grammar in alone]))


@FEWER
@given(WALKS, st.data())
def test_behind_tokens_all_is_as_if_they_had_been_drawn(ids, data):
    begun = ids[: data.draw(st.integers(1, len(ids)))]
    drawn, behind = PartsGrammar(2), PartsGrammar.behind(2, begun)
    for token in begun.tolist():
        drawn.advance(np.array([token, token]))
    for token in [*ids[len(begun) :].tolist(), v.END]:
        assert np.array_equal(drawn.mask(), behind.mask())
        assert np.array_equal(drawn.sounding, behind.sounding)
        drawn.advance(np.array([token, token]))
        behind.advance(np.array([token, token]))


@FEWER
@given(st.integers(0))
def test_a_gap_is_filled_with_as_many_bars_as_are_missing(seed):
    given_ids = leave_out(band(), 1, 3)
    ids = walk(seed, 200, given_ids[: np.argmax(given_ids == v.FILL) + 1])
    assert (ids == v.BAR).sum() == len(band().bars()) - 1
    kept = [note for note in band().notes.tolist() if not 96 <= note[0] < 288]
    assert set(kept_rows(kept)) <= set(kept_rows(decode(ids).notes.tolist()))


def kept_rows(notes):
    """Return what a note is, whatever its loudness was rounded to."""
    return [(onset, duration, pitch, part) for onset, duration, pitch, _, part in notes]


FIRST = v.FIRST
HEAD = (v.START, v.meter_id((4, 4)), FIRST["key"], FIRST["tempo"])
BAND = (*HEAD, FIRST["part"], FIRST["program"], FIRST["part"] + 1, FIRST["program"] + v.DRUMS)
NOTE_ON = (FIRST["part"], FIRST["velocity"], FIRST["pitch"] + v.LOWEST + 60)
SOUNDS = (*BAND, v.BAR, *NOTE_ON, FIRST["release"] + 23)


def kinds(*ids):
    mask = PartsGrammar.behind(1, np.array(ids)).mask()[0]
    return {v.TABLE[kind].name for kind in np.unique(v.KIND[mask])}


def values(kind, *ids):
    mask = PartsGrammar.behind(1, np.array(ids)).mask()[0]
    return v.VALUE[mask & (v.INDEX[kind] == v.KIND)].tolist()


def test_the_head_is_meter_key_tempo_and_a_part_at_least():
    found = [kinds(*BAND[: i + 1]) for i in range(6)]
    assert found[:5] == [{"meter"}, {"key"}, {"tempo"}, {"part"}, {"program"}]
    assert found[5] == {"part", "bar", "pickup", "gap"}


def test_parts_are_declared_in_order_and_some_may_be_left_out():
    assert values("part", *HEAD) == list(range(16))
    assert values("part", *HEAD, FIRST["part"] + 3, FIRST["program"]) == list(range(4, 16))
    assert kinds(*HEAD, FIRST["part"] + 15, FIRST["program"]) == {"bar", "pickup", "gap"}


def test_only_parts_that_are_declared_play():
    head = (*HEAD, FIRST["part"] + 3, FIRST["program"], FIRST["part"] + 7, FIRST["program"])
    assert values("part", *head, v.BAR) == [3, 7]


def test_the_first_note_says_whose_it_is_and_how_loud():
    assert kinds(*BAND, v.BAR) == {"position", "part", "bar", "meter", "key", "tempo", "gap"}
    assert values("part", *BAND, v.BAR) == [0, 1]
    assert kinds(*BAND, v.BAR, FIRST["part"]) == kinds(*BAND, v.BAR, FIRST["part"] + 1) == {"velocity"}


def test_drum_parts_have_drums_and_the_others_pitches():
    assert kinds(*BAND, v.BAR, FIRST["part"], FIRST["velocity"]) == {"pitch"}
    assert kinds(*BAND, v.BAR, FIRST["part"] + 1, FIRST["velocity"]) == {"drum"}


def test_what_is_so_already_is_not_said_again():
    assert values("part", *SOUNDS) == [1]
    assert values("velocity", *SOUNDS) == [1, 2, 3, 4, 5, 6, 7]
    assert HEAD[1] - FIRST["meter"] not in values("meter", *SOUNDS)
    assert values("key", *SOUNDS) == list(range(1, len(v.KEYS)))
    assert values("tempo", *SOUNDS) == list(range(1, len(v.TEMPOS)))


def test_chords_stand_from_high_to_low():
    assert max(values("pitch", *SOUNDS)) == v.LOWEST + 59
    assert max(values("pitch", *SOUNDS, FIRST["position"] + 12)) == v.LOWEST + 127


def test_below_the_lowest_pitch_nothing_more_is_announced():
    lowest = (*BAND, v.BAR, *NOTE_ON[:2], FIRST["pitch"] + v.LOWEST, FIRST["release"] + 23)
    assert kinds(*lowest).isdisjoint({"pitch", "velocity"})


def test_parts_of_one_onset_stand_in_order():
    drum = (FIRST["part"] + 1, FIRST["velocity"], FIRST["drum"] + 36)
    assert values("part", *BAND, v.BAR, *drum) == []
    assert values("part", *BAND, v.BAR, *drum, FIRST["position"] + 12) == [0]


def test_onsets_ascend_and_notes_end_behind_them():
    assert values("position", *SOUNDS) == list(range(1, 96))
    later = (*SOUNDS, FIRST["position"] + 48)
    assert kinds(*later) == {"part", "velocity", "pitch"}
    assert values("release", *later, FIRST["pitch"] + v.LOWEST + 60)[0] == 48


def test_a_note_lasts_longer_only_after_the_largest_release():
    assert "release" not in kinds(*SOUNDS)
    assert "release" in kinds(*SOUNDS[:-1], FIRST["release"] + v.LONGEST_RELEASE - 1)


def test_a_pickup_stands_at_the_beginning_and_keeps_its_meter():
    opening = (*BAND, v.PICKUP, FIRST["position"] + 72)
    assert kinds(*opening) == {"position", "part", "bar", "key", "tempo", "gap"}
    assert "meter" not in kinds(*opening, *NOTE_ON, FIRST["release"] + 95)
    assert "pickup" not in kinds(*SOUNDS)


def test_a_first_bar_that_is_shorter_than_the_next_is_a_pickup():
    lengths = v.METER_LENGTH[values("meter", *SOUNDS)]
    assert lengths.max() == 96
    assert v.METER_LENGTH[values("meter", *SOUNDS, v.BAR)].max() == v.LONGEST_BAR


def test_gaps_stand_in_one_place_and_are_filled_at_the_end():
    assert kinds(*SOUNDS, v.GAP) == {"gap", "bar", "fill"}
    behind = (*SOUNDS, v.GAP, v.BAR)
    assert "fill" in kinds(*behind)
    assert kinds(*behind).isdisjoint({"gap", "end"})
    assert kinds(*behind, v.FILL) == {"bar"}
    filling = kinds(*behind, v.FILL, v.BAR)
    assert "end" in filling
    assert filling.isdisjoint({"bar", "gap", "fill", "meter", "key", "tempo"})


def test_behind_fill_all_is_as_it_was_before_the_gap():
    keyed = (FIRST["key"] + 2, v.meter_id((3, 4)))
    ids = (*SOUNDS, v.GAP, v.BAR, keyed[1], keyed[0], v.BAR, FIRST["part"] + 1, FIRST["velocity"] + 7)
    whole = PartsGrammar.behind(1, np.array([*ids, FIRST["drum"] + 40, v.FILL, v.BAR]))
    before = PartsGrammar.behind(1, np.array([*SOUNDS, v.BAR]))
    for name in ("bars", "length", "tonic", "part", "velocity", "sounding", "cursor"):
        assert np.array_equal(getattr(whole, name), getattr(before, name)), name


@pytest.mark.parametrize("last", range(len(BAND)))
def test_no_piece_ends_in_its_head(last):
    assert "end" not in kinds(*BAND[: last + 1])


def test_the_notes_of_a_band_are_followed():
    score = replace(band(bars=1), notes=table([(0, 300, 60, 72, 0), (0, 6, 36, 72, 2)], NOTE))
    grammar = PartsGrammar.behind(3, encode(score)[:-1])
    assert grammar.declared.nonzero()[1].tolist() == [0, 1, 2] * 3
    assert grammar.drums[0].nonzero()[0].tolist() == [2]
    assert (grammar.sounding[1, 0, 60], grammar.sounding[1, 2, 36]) == (300, GRID // 4)
    grammar.advance(np.array([v.BAR] * 3))
    assert grammar.sounding[2, 0, 60] == 300 - 96
