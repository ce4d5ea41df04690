import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from made_text import BARS, chain

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Notes, Parts
from notegen.corpus.scan import Piece
from notegen.errors import EmptyError, UsageError
from notegen.evaluation.likelihood import (
    PARTS,
    PARTS_OF_MANY,
    Likelihood,
    by_tune,
    evaluate,
    nats,
    token_nats,
)
from notegen.formats import abc_bars
from notegen.formats.abc_codec import codec
from notegen.melody import melody
from notegen.model.assemble import Ensemble
from notegen.model.network import NetworkConfig
from notegen.model.runtime import Runtime

PITCH, POSITION, RELEASE = v.FIRST["pitch"], v.FIRST["position"], v.FIRST["release"]
METER, KEY = v.FIRST["meter"], v.FIRST["key"]
# token after ``start`` -> what it costs in bits, and the part that it belongs to
PAID = [
    (METER, 7, "bars"),
    (KEY, 5, "bars"),
    (v.PICKUP, 4, "bars"),
    (POSITION + 72, 3, "rhythm"),
    (PITCH + 60, 6, "pitch"),
    (RELEASE + 95, 2, "rhythm"),
    (v.BAR, 1, "bars"),
    (PITCH + 62, 4, "pitch"),
    (RELEASE + 23, 1, "rhythm"),
    (v.END, 3, "bars"),
]
ROW = np.array([v.START, *(token for token, _, _ in PAID)])
COST = np.log(2) * np.array([bits for _, bits, _ in PAID])


@pytest.fixture(scope="module")
def pieces(tune):
    """Pieces of many lengths, more than a batch of them."""
    return [notes.encode(melody(tune(bars=2 + seed % 7, seed=seed))) for seed in range(40)]


@pytest.fixture(scope="module")
def uniform(random_bundle):
    """A model to which all tokens are alike."""
    return random_bundle(NetworkConfig(v.MELODY, embedding=2, units=2, layers=1), scale=0)


def test_a_uniform_model_pays_the_logarithm_of_the_vocabulary_for_each_token(uniform, pieces):
    costs = token_nats(Runtime(uniform), pieces)
    for cost, ids in zip(costs, pieces, strict=True):
        np.testing.assert_allclose(cost, np.full(len(ids) - 1, math.log(v.MELODY)))


def test_each_token_pays_for_what_the_tokens_before_it_made_of_it(bundle, pieces):
    """Step by step, without batches and padding."""
    runtime, ids = Runtime(bundle), pieces[3]
    state, expected = runtime.start(), []
    for token, following in itertools.pairwise(ids):
        predicted, state = runtime.predict(token[None, None], state)
        expected.append(-predicted[0, 0, following])
    np.testing.assert_allclose(token_nats(runtime, pieces)[3], expected, rtol=1e-4)


def test_a_piece_costs_the_same_alone_and_among_others(bundle, pieces):
    runtime = Runtime(bundle)
    alone = [nats(runtime, [ids])[0] for ids in pieces]
    np.testing.assert_allclose(nats(runtime, pieces), alone, rtol=1e-5)


def test_the_order_of_pieces_does_not_matter(bundle, pieces):
    runtime = Runtime(bundle)
    np.testing.assert_allclose(nats(runtime, pieces[::-1]), nats(runtime, pieces)[::-1], rtol=1e-5)


def test_a_piece_costs_what_its_tokens_cost(bundle, pieces):
    runtime = Runtime(bundle)
    np.testing.assert_allclose(nats(runtime, pieces), [cost.sum() for cost in token_nats(runtime, pieces)])


def test_bits_go_to_pitch_rhythm_and_bars():
    """36 bits for two notes: 10 for pitches, 6 for places and ends, 20 for the rest."""
    found = Likelihood.of([COST], [ROW])
    assert (found.pieces, found.notes, found.tokens) == (1, 2, 10)
    assert found.parts == pytest.approx({"pitch": 10 / 2, "rhythm": 6 / 2, "bars": 20 / 2})
    assert found.bits_per_note == pytest.approx(18)


def test_perplexity_is_the_geometric_mean_of_what_a_token_was_chosen_from():
    found = Likelihood.of([COST], [ROW])
    assert found.nats_per_token == pytest.approx(3.6 * math.log(2))
    assert found.perplexity == pytest.approx(2**3.6)


KINDS = [
    (codec, kind)
    for codec in (Notes(), Parts())
    for kind in v.TABLE
    if kind.name != "pad" and v.FIRST[kind.name] < codec.size
]


@pytest.mark.parametrize(("codec", "kind"), KINDS, ids=[f"{codec.name}-{kind.name}" for codec, kind in KINDS])
def test_each_kind_of_token_belongs_to_one_part(codec, kind):
    row = np.array([v.START, PITCH, v.FIRST[kind.name]])
    found = Likelihood.of([np.array([0.0, 1.0])], [row], codec)
    of = {"pitch": ["pitch", "drum"], "rhythm": ["position", "release"], "parts": ["part", "program"]}
    of["velocity"] = ["velocity"]
    expected = next((part for part, kinds in of.items() if kind.name in kinds), "bars")
    assert {part for part, bits in found.parts.items() if bits} == {expected}


def test_pieces_of_many_parts_have_parts_of_their_own():
    """A drum of 5 bits, a note's part of 3, how loud it is for 2, and a bar line of 1; two notes."""
    tokens = [v.FIRST["part"], v.FIRST["velocity"], v.FIRST["drum"], PITCH, v.BAR]
    cost = np.log([8.0, 4.0, 32.0, 1.0, 2.0])
    found = Likelihood.of([cost], [np.array([v.START, *tokens])], Parts())
    assert tuple(found.parts) == PARTS_OF_MANY
    expected = {"pitch": 5 / 2, "rhythm": 0, "parts": 3 / 2, "velocity": 2 / 2, "bars": 1 / 2}
    assert found.parts == pytest.approx(expected)
    assert found.bits_per_note == pytest.approx(11 / 2)


def test_pieces_together_are_weighed_by_their_notes():
    """36 bits for two notes and 4 bits for one."""
    short = np.array([v.START, PITCH])
    found = Likelihood.of([COST, np.log([16.0])], [ROW, short])
    assert found.bits_per_note == pytest.approx(40 / 3)
    assert sum(found.parts.values()) == pytest.approx(found.bits_per_note)


def test_evaluation_says_all_of_it(uniform, pieces):
    rows = [Piece(str(i), "", ids) for i, ids in enumerate(pieces)]
    result = evaluate(Ensemble((uniform,), memory=0), rows)
    tokens, count = sum(len(ids) - 1 for ids in pieces), sum(map(notes.note_count, pieces))
    assert (result["pieces"], result["notes"], result["tokens"]) == (40, count, tokens)
    assert result["bits_per_note"] == pytest.approx(math.log2(v.MELODY) * tokens / count)
    assert result["nats_per_token"] == pytest.approx(math.log(v.MELODY))
    assert result["perplexity"] == pytest.approx(v.MELODY)
    assert result["parts"]["pitch"] == pytest.approx(math.log2(v.MELODY))
    assert tuple(result["parts"]) == PARTS


def test_a_model_is_measured_with_its_memory(uniform, pieces):
    """A model that has learned nothing knows the second half of a piece that is played twice."""
    piece = pieces[0]
    begin = int(np.flatnonzero(piece == v.BAR)[0])
    twice = Piece("twice", "", np.concatenate([piece[:-1], piece[begin:]]))
    plain, remembered = evaluate(Ensemble((uniform,), memory=0), [twice]), evaluate(uniform, [twice])
    assert remembered["bits_per_note"] < 0.75 * plain["bits_per_note"]


def test_a_model_of_recordings_says_nothing_of_notes(uniform, pieces):
    with pytest.raises(UsageError, match="recordings"):
        evaluate(replace(uniform, codec="frames"), [Piece("a", "", pieces[0])])


@pytest.mark.parametrize("pieces", [[], [np.array([v.START, v.END])]], ids=["no piece", "no note"])
def test_without_notes_there_is_nothing_to_measure_by(uniform, pieces):
    with pytest.raises(EmptyError):
        evaluate(uniform, [Piece("a", "", ids) for ids in pieces])


def test_tunes_are_told_from_the_most_surprising_on():
    plain = Piece("a", "Plain", np.array([v.START, PITCH, PITCH]))
    odd = Piece("b", "Odd", np.array([v.START, PITCH]))
    costs = [np.log([2.0, 2.0]), np.log([8.0])]
    first, second = by_tune(costs, [plain, odd])
    assert first == {"name": "b", "title": "Odd", "notes": 1, "bits_per_note": pytest.approx(3)}
    assert second == {"name": "a", "title": "Plain", "notes": 2, "bits_per_note": pytest.approx(1)}


def test_tunes_that_surprise_alike_are_in_the_order_of_their_names():
    row = np.array([v.START, PITCH])
    found = by_tune([np.log([2.0])] * 3, [Piece(name, "", row) for name in "cab"])
    assert [tune["name"] for tune in found] == ["a", "b", "c"]


def test_text_is_paid_by_the_note_and_not_by_the_part():
    """Each of six notes was one of three; the bar line had eight chances of ten, and the end two."""
    piece = Piece("a", "A", notes.encode(abc_bars.read("M:3/8\nL:1/8\nK:C\nceg|dfa")))
    found = evaluate(chain(BARS), [piece])
    assert found["bits_per_note"] == pytest.approx(
        (6 * np.log2(3) - np.log2(0.8) - np.log2(0.2)) / 6, rel=1e-4
    )
    assert (found["notes"], found["tokens"]) == (6, 3 + 6 + 1 + 1)
    assert found["parts"] is None


def test_the_codec_says_what_is_read(pieces):
    bundle = chain(BARS)
    spoken = codec(bundle.codec, bundle.symbols)
    costs = token_nats(Runtime(bundle), pieces[:3], spoken)
    assert [len(cost) + 1 for cost in costs] == [len(spoken.encode(piece)) for piece in pieces[:3]]
    sums = [cost.sum() for cost in costs]
    np.testing.assert_allclose(nats(Runtime(bundle), pieces[:3], spoken), sums)
