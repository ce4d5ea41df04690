from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.model.assemble import alone
from notegen.training.keys import with_written_keys

KEY, METER = v.FIRST["key"], v.FIRST["meter"]
KEYS = slice(KEY, KEY + len(v.KEYS))


def piece(meter, key):
    return np.array([v.START, METER + meter, KEY + key, v.FIRST["bar"], v.END], np.int32)


PIECES = [piece(0, 2)] * 60 + [piece(0, 7)] * 20 + [piece(1, 7)] * 20


def expected(bundle, *head):
    """The probabilities of all tokens behind a head."""
    said, _ = alone(bundle).predict(np.array([head], np.int32), alone(bundle).start())
    return np.exp(said[0, -1].astype(np.float64))


def of_keys(bundle, meter):
    found = expected(bundle, v.START, METER + meter)[KEYS]
    return found / found.sum()


def test_keys_come_as_often_as_they_are_written(bundle):
    changed = with_written_keys(bundle, PIECES)
    mean = 0.8 * of_keys(changed, 0) + 0.2 * of_keys(changed, 1)
    counted = Counter({2: 60, 7: 40})
    assert mean == pytest.approx(
        [(counted[i] + 0.5) / (100 + len(v.KEYS) / 2) for i in range(len(v.KEYS))], rel=1e-3
    )


def test_what_is_not_a_key_is_as_likely_beside_others_as_before(bundle):
    before, after = (expected(each, v.START) for each in (bundle, with_written_keys(bundle, PIECES)))
    others = np.ones(len(before), bool)
    others[KEYS] = False
    assert after[others] / after[others].sum() == pytest.approx(before[others] / before[others].sum())


def test_a_model_that_expects_keys_as_they_are_stays_as_it_is(bundle):
    once = with_written_keys(bundle, PIECES)
    again = with_written_keys(once, PIECES)
    assert of_keys(again, 0) == pytest.approx(of_keys(once, 0), rel=0.02)


def test_pieces_without_a_key_say_nothing(bundle):
    keyless = [ids[ids < KEY] for ids in PIECES]
    assert with_written_keys(bundle, keyless) is bundle


def test_nothing_but_the_biases_of_keys_is_changed(bundle):
    changed = with_written_keys(bundle, PIECES)
    bias = changed.weights["logits.bias"] != bundle.weights["logits.bias"]
    assert bias[KEYS].all() and bias.sum() == len(v.KEYS)
    rest = {name: array for name, array in changed.weights.items() if name != "logits.bias"}
    assert all(array is bundle.weights[name] for name, array in rest.items())
    assert replace(changed, weights=bundle.weights) == bundle
