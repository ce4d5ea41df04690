from fractions import Fraction

import numpy as np
import pytest

from notegen.errors import EmptyError
from notegen.model.ngram import NGram, choose

SMOOTHINGS = ["kneser-ney", "witten-bell"]
PIECE = np.array([1, 2, 1, 2, 1, 3])


def probability(model, *ids, **options):
    """Return the probability of the last of the ids behind the others."""
    return float(np.exp(-model.nats(np.array(ids), **options)[-1]))


def test_witten_bell_on_paper():
    """Of 5 unigrams 2 are 2, of 3 kinds; behind 1, of 3 bigrams 2 go on with 2, of 2 kinds."""
    model = NGram([PIECE], order=2, vocabulary=4)
    unigram = (2 + 3 * Fraction(1, 4)) / (5 + 3)
    assert probability(model, 1, 2, smoothing="witten-bell", order=1) == pytest.approx(float(unigram))
    bigram = (2 + 2 * unigram) / (3 + 2)
    assert probability(model, 1, 2, smoothing="witten-bell") == pytest.approx(float(bigram))


def test_kneser_ney_on_paper():
    """Bigrams 12 and 21 stand twice, 13 once; each of 1, 2 and 3 follows one kind of token.

    Counts of counts that are 0 are taken as 1. Bigrams: n1 = 1, n2 = 2, so Y = 1/5, D1 = 1 - 2 Y n2/n1
    = 1/5, D2 = 2 - 3 Y n3/n2 = 17/10. Continuations: n1 = 3, n2 = 1, so Y = 3/5, D1 = 1 - 2 Y n2/n1 = 3/5.
    """
    model = NGram([PIECE], order=2, vocabulary=4)
    continued = (1 - Fraction(3, 5) + Fraction(3, 5) * 3 * Fraction(1, 4)) / 3
    bigram = (2 - Fraction(17, 10) + (Fraction(1, 5) + Fraction(17, 10)) * continued) / 3
    assert probability(model, 1, 2, smoothing="kneser-ney") == pytest.approx(float(bigram))


@pytest.fixture(scope="module")
def pieces():
    """Pieces over 12 tokens, in which each goes on one way more often than others."""
    rng = np.random.default_rng(0)
    rows = []
    for _ in range(20):
        row = [0]
        for _ in range(30):
            row.append((row[-1] + int(rng.choice([1, 1, 1, 5, 7]))) % 11)  # 11 is never seen
        rows.append(np.array(row))
    return rows


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("context", [[0], [0, 1], [3, 4, 5, 6], [11], [11, 4], [0, 9, 2, 2, 2]], ids=str)
def test_probabilities_add_up_to_1(pieces, smoothing, order, context):
    model = NGram(pieces, order=5, vocabulary=12)
    total = sum(probability(model, *context, token, smoothing=smoothing, order=order) for token in range(12))
    assert total == pytest.approx(1)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_what_was_never_seen_is_unlikely_but_possible(pieces, smoothing):
    model = NGram(pieces, order=3, vocabulary=12)
    assert 0 < probability(model, 0, 11, smoothing=smoothing) < probability(model, 0, 1, smoothing=smoothing)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
def test_longer_contexts_help_where_they_tell(pieces, smoothing):
    model = NGram(pieces[:15], order=2, vocabulary=12)
    one, two = (sum(model.nats(piece, smoothing, order).sum() for piece in pieces[15:]) for order in (1, 2))
    assert two < 0.8 * one


def test_pieces_do_not_run_into_one_another():
    """3 ends every piece and 1 begins it, but 1 never follows 3."""
    model = NGram([np.array([1, 2, 3])] * 5, order=2, vocabulary=4)
    assert probability(model, 3, 1, smoothing="witten-bell") < probability(
        model, 2, 3, smoothing="witten-bell"
    )
    apart = NGram([np.array([1, 2, 3]), np.array([1, 2, 3])], order=3, vocabulary=4)
    swapped = NGram([np.array([1, 2, 3]), np.array([1, 2, 3])][::-1], order=3, vocabulary=4)
    assert apart.nats(PIECE).tolist() == swapped.nats(PIECE).tolist()


def test_every_token_after_the_first_is_scored(pieces):
    assert NGram(pieces, order=4, vocabulary=12).nats(pieces[0]).shape == (len(pieces[0]) - 1,)


def test_the_choice_is_the_likeliest_on_the_validation_pieces(pieces):
    model, smoothing, order, table = choose(pieces[:15], pieces[15:], highest=4)
    assert len(table) == 8
    assert table[smoothing, order] == min(table.values())
    nats = sum(model.nats(piece, smoothing, order).sum() for piece in pieces[15:])
    assert nats == pytest.approx(table[smoothing, order])


@pytest.mark.parametrize("pieces", [[], [np.array([1])]], ids=["no piece", "one token"])
def test_there_must_be_something_to_count(pieces):
    with pytest.raises(EmptyError):
        NGram(pieces, order=2)
