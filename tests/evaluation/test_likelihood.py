import math

import numpy as np
import pytest

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.corpus.scan import Piece
from notegen.errors import EmptyError
from notegen.evaluation.likelihood import bits_per_note, evaluate, log_softmax, nats
from notegen.melody import melody
from notegen.model.network import NetworkConfig
from notegen.model.runtime import Runtime


@pytest.fixture(scope="module")
def pieces(tune):
    """Pieces of many lengths, more than a batch of them."""
    return [notes.encode(melody(tune(bars=2 + seed % 7, seed=seed))) for seed in range(40)]


@pytest.fixture(scope="module")
def uniform(random_bundle):
    """A model to which all tokens are alike."""
    return random_bundle(NetworkConfig(v.SIZE, embedding=2, units=2, layers=1), scale=0)


def test_a_uniform_model_pays_the_logarithm_of_the_vocabulary_for_each_token(uniform, pieces):
    tokens = sum(len(ids) - 1 for ids in pieces)
    expected = math.log2(v.SIZE) * tokens / sum(map(notes.note_count, pieces))
    assert bits_per_note(Runtime(uniform), pieces) == pytest.approx(expected)


def test_each_piece_is_paid_for_apart(uniform, pieces):
    np.testing.assert_allclose(
        nats(Runtime(uniform), pieces), [math.log(v.SIZE) * (len(ids) - 1) for ids in pieces]
    )


def test_a_piece_costs_the_same_alone_and_among_others(bundle, pieces):
    runtime = Runtime(bundle)
    alone = [nats(runtime, [ids])[0] for ids in pieces]
    np.testing.assert_allclose(nats(runtime, pieces), alone, rtol=1e-5)


def test_the_order_of_pieces_does_not_matter(bundle, pieces):
    runtime = Runtime(bundle)
    np.testing.assert_allclose(nats(runtime, pieces[::-1]), nats(runtime, pieces)[::-1], rtol=1e-5)


def test_evaluation_counts_what_it_measures(uniform, pieces):
    result = evaluate(uniform, [Piece(str(i), "", ids) for i, ids in enumerate(pieces)])
    assert result["pieces"] == 40
    assert result["notes"] == sum(map(notes.note_count, pieces))
    assert result["tokens"] == sum(len(ids) - 1 for ids in pieces)
    assert result["nats_per_token"] == pytest.approx(math.log(v.SIZE))


@pytest.mark.parametrize("pieces", [[], [np.array([v.START, v.END])]], ids=["no piece", "no note"])
def test_without_notes_there_is_nothing_to_measure_by(uniform, pieces):
    with pytest.raises(EmptyError):
        bits_per_note(Runtime(uniform), pieces)


def test_log_probabilities_add_up_to_1_however_large_the_logits():
    logits = np.array([[1e4, 1e4 + 1, -1e4], [0, 0, 0]], dtype=np.float32)
    np.testing.assert_allclose(np.exp(log_softmax(logits)).sum(axis=-1), 1)
    np.testing.assert_allclose(log_softmax(logits)[1], -math.log(3))
