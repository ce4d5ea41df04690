from fractions import Fraction

import numpy as np
import pytest

from notegen.errors import EmptyError
from notegen.model.markov import Markov
from notegen.model.ngram import NGram
from notegen.model.predictor import join, repeat, take

SMOOTHINGS = ["kneser-ney", "witten-bell"]
ORDERS = [0, 1, 2, 5]


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


def test_a_chain_on_paper():
    """Of 5 unigrams 2 are 2, of 3 kinds; behind 1, of 3 bigrams 2 go on with 2 and 1 with 3."""
    chain = Markov([np.array([1, 2, 1, 2, 1, 3])], order=1, smoothing="witten-bell", vocabulary=4)
    share = Fraction(3, 4) / (5 + 3)  # of each of the four tokens, of what unigrams leave
    unigram = [share, Fraction(2, 8) + share, Fraction(2, 8) + share, Fraction(1, 8) + share]
    bigram = [Fraction(count + 2 * p, 5) for count, p in zip((0, 0, 2, 1), unigram, strict=True)]
    nats, _ = chain.predict(np.array([[1]]), chain.start())
    np.testing.assert_allclose(np.exp(nats[0, 0]), [float(p) for p in bigram])


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", ORDERS)
def test_a_chain_is_the_n_gram_of_one_token_more(pieces, smoothing, order):
    chain = Markov(pieces[:15], order, smoothing, vocabulary=12)
    ngram = NGram(pieces[:15], order + 1, vocabulary=12)
    batch = np.array([*pieces[15:], np.full(31, 11)])
    said, _ = chain.predict(batch, chain.start(len(batch)))
    for row, piece in zip(said, batch, strict=True):
        expected = ngram.nats(piece, smoothing)
        np.testing.assert_allclose(-row[np.arange(30), piece[1:]], expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("smoothing", SMOOTHINGS)
@pytest.mark.parametrize("order", ORDERS)
def test_probabilities_add_up_to_1(pieces, smoothing, order):
    chain = Markov(pieces, order, smoothing, vocabulary=12)
    said, _ = chain.predict(np.array([[0, 11, 3, 4, 5, 6]]), chain.start())
    np.testing.assert_allclose(np.exp(said).sum(axis=2), 1)


@pytest.mark.parametrize("order", ORDERS)
def test_tokens_read_one_by_one_are_those_read_at_once(pieces, order):
    chain = Markov(pieces[:15], order, vocabulary=12)
    piece = pieces[15][None]
    whole, _ = chain.predict(piece, chain.start())
    state = chain.read(piece[:, :4], chain.start())
    for place in range(4, 8):
        said, state = chain.predict(piece[:, place : place + 1], state)
        np.testing.assert_array_equal(said[:, 0], whole[:, place])


def test_rows_of_a_state_can_be_repeated_chosen_and_joined(pieces):
    chain = Markov(pieces[:15], 3, vocabulary=12)
    states = [chain.read(piece[None, :9], chain.start()) for piece in pieces[15:17]]
    state = take(repeat(join(states), 2), np.array([3, 0]))
    said, _ = chain.predict(np.array([[1], [1]]), state)
    for row, one in zip(said, states[::-1], strict=True):
        np.testing.assert_array_equal(row, chain.predict(np.array([[1]]), one)[0][0])


def test_reading_leaves_the_state_as_it_was(pieces):
    chain = Markov(pieces, 2, vocabulary=12)
    state = chain.read(np.array([[0, 1]]), chain.start())
    chain.predict(np.array([[5, 6, 7]]), state)
    assert state[0].tolist() == [[0, 1]]


def test_there_must_be_something_to_count():
    with pytest.raises(EmptyError):
        Markov([np.array([1])], order=2)
