import math
from fractions import Fraction

import numpy as np
import pytest

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.corpus.scan import Piece
from notegen.evaluation.baselines import HIGHEST, Text, fit, token_baselines
from notegen.evaluation.likelihood import Likelihood
from notegen.melody import melody
from notegen.model.ngram import NGram

PAPER = np.array([1, 2, 1, 2, 1, 3])


@pytest.fixture(scope="module")
def sides(tune):
    """Tunes in three sides, as a corpus has them."""
    pieces = [
        Piece(str(seed), "", notes.encode(melody(tune(bars=6 + seed % 3, seed=seed)))) for seed in range(30)
    ]
    return {"train": pieces[:20], "valid": pieces[20:25], "test": pieces[25:]}


def rows(sides, side):
    return [piece.ids for piece in sides[side]]


def walks(seed, count, step):
    """Return rows over 8 tokens whose next token follows from the last two."""
    rng, made = np.random.default_rng(seed), []
    for _ in range(count):
        row = [0, *rng.integers(1, 8, 2).tolist()]
        for _ in range(20):
            row.append(1 + (row[-1] + row[-2] + step) % 7)
        made.append(np.array(row))
    return made


def test_a_uniform_distribution_pays_the_same_for_every_token(sides):
    found = token_baselines(sides)["uniform"]
    for cost, ids in zip(found.costs, rows(sides, "test"), strict=True):
        np.testing.assert_allclose(cost, np.full(len(ids) - 1, math.log(v.MELODY)))


def test_costs_have_the_form_of_a_network(sides):
    for baseline in token_baselines(sides).values():
        assert [cost.shape for cost in baseline.costs] == [(len(ids) - 1,) for ids in rows(sides, "test")]
        assert Likelihood.of(baseline.costs, rows(sides, "test")).bits_per_note > 0


def test_a_markov_model_on_paper():
    """Of 5 unigrams 2 are 2, of 3 kinds; behind 1, of 3 bigrams 2 go on with 2, of 2 kinds.

    Witten and Bell's smoothing is the likelier one of ``1 2`` here: Kneser and Ney's would give 0.37.
    """
    found = fit({"": Text([PAPER], [np.array([1, 2])], [np.array([1, 2])], 4)}, (1,))["order 1"]
    unigram = (2 + 3 * Fraction(1, 4)) / (5 + 3)
    assert (found.order, found.smoothing) == (2, "witten-bell")
    assert found.costs[0] == pytest.approx([-math.log((2 + 2 * unigram) / (3 + 2))])


def test_what_depends_on_two_tokens_is_beyond_one_token_of_context():
    text = Text(walks(0, 60, 1), walks(1, 20, 1), walks(2, 20, 1), 8)
    found = fit({"": text}, (1, 2))
    paid = {name: np.concatenate(baseline.costs).mean() for name, baseline in found.items()}
    assert paid["order 2"] < 0.5 * paid["order 1"]
    assert paid["order 1"] <= 1.05 * paid["uniform"]
    assert paid["n-gram"] <= 1.05 * paid["order 2"]


def test_the_best_ngram_is_the_likeliest_on_validation(sides):
    found = token_baselines(sides)["n-gram"]
    model = NGram(rows(sides, "train"), HIGHEST)
    paid = {
        (order, smoothing): sum(model.nats(ids, smoothing, order).sum() for ids in rows(sides, "valid"))
        for order in range(1, HIGHEST + 1)
        for smoothing in ("kneser-ney", "witten-bell")
    }
    assert (found.order, found.smoothing) == min(paid, key=paid.get)


def test_the_test_side_chooses_nothing(sides):
    once = token_baselines(sides)
    again = token_baselines({**sides, "test": sides["train"]})
    for name in once:
        assert (once[name].order, once[name].smoothing) == (again[name].order, again[name].smoothing)


def test_of_several_ways_of_writing_the_likelier_one_is_taken():
    told = Text(walks(0, 20, 1), walks(1, 10, 1), walks(2, 10, 1), 8)
    rng = np.random.default_rng(0)
    shuffled = Text(*([rng.permutation(row) for row in side] for side in told[:3]), 8)
    found = fit({"shuffled": shuffled, "told": told}, (2,))
    assert (found["order 2"].text, found["n-gram"].text) == ("told", "told")


@pytest.mark.parametrize("empty", ["train", "valid"])
def test_a_corpus_that_lacks_a_side_has_the_uniform_distribution_alone(sides, empty):
    assert list(token_baselines({**sides, empty: []})) == ["uniform"]


def test_three_pieces_are_enough(sides):
    found = token_baselines({side: pieces[:1] for side, pieces in sides.items()})
    assert list(found) == ["uniform", "order 1", "n-gram"]
    paid = {name: float(baseline.costs[0].sum()) for name, baseline in found.items()}
    assert paid["n-gram"] < paid["uniform"]
