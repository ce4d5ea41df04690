import numpy as np
import pytest
from made_tunes import make_song, make_tune

from notegen.arrange import arrange
from notegen.evaluation.likelihood import token_nats
from notegen.generation.missing import Missing
from notegen.generation.particles import drafts, pick, weights
from notegen.generation.sampling import read
from notegen.melody import melody
from notegen.model.assemble import Ensemble


@pytest.mark.parametrize("several", [False, True], ids=["a melody", "parts"])
def test_the_weight_of_a_draft_is_the_likelihood_of_what_follows_it(bundle, song_chain, several):
    model = Ensemble.of(song_chain if several else bundle).predictor
    line = arrange(make_song(bars=12)) if several else melody(make_tune(bars=12))
    missing = Missing(line, 4, 6, (0, 1, 2) if several else None)
    prompt = read(model, missing.before)
    drawn = [draft.ids for draft in drafts(model, missing, prompt, 3, np.random.default_rng(0))]
    for ids, weight in zip(drawn, weights(model, missing, prompt, drawn), strict=True):
        head = np.concatenate([missing.before, ids])
        whole = np.concatenate([head, missing.following(missing.rows(ids))])
        (cost,) = token_nats(model, [whole])
        assert weight == pytest.approx(-cost[len(head) - 1 :].sum(), rel=1e-5)


def test_drafts_are_picked_by_their_weights():
    rng, shares = np.random.default_rng(0), np.array([0.1, 0.6, 0.3])
    picked = [pick(np.log(shares) - 500, rng) for _ in range(2000)]
    np.testing.assert_allclose(np.bincount(picked) / 2000, shares, atol=0.04)
