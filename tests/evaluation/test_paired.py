import json
from dataclasses import asdict

import numpy as np
import pytest

from notegen.errors import DataError
from notegen.evaluation import paired
from notegen.evaluation.paired import compare

LN2 = np.log(2)


def nats(*bits):
    return LN2 * np.array(bits, dtype=np.float64)


def made(rng, tunes, effect):
    """Return notes, and nats of two models on tunes that differ more than the models do."""
    notes = rng.integers(50, 300, tunes)
    hard = rng.normal(3, 0.4, tunes)
    first, second = hard * notes, (hard + rng.normal(effect, 0.1, tunes)) * notes
    return notes, {"first": LN2 * first, "second": LN2 * second}


def test_bits_per_note_are_those_of_all_tunes_together():
    """40 bits for 20 notes and 90 for 30 are 2.6, and not the mean of 2 and 3."""
    (found,) = compare({"a": nats(40, 90)}, np.array([20, 30]))
    assert (found.model, found.difference) == ("a", None)
    assert found.bits_per_note == pytest.approx(2.6)


def test_two_tunes_on_paper():
    """Of four drawings one is twice the first tune, and one twice the second: the ends of the interval."""
    first, second = compare({"a": nats(40, 90), "b": nats(30, 96)}, np.array([20, 30]))
    assert first.interval == pytest.approx((2, 3))
    assert second.interval == pytest.approx((1.5, 3.2))
    assert second.difference.bits_per_note == pytest.approx(-4 / 50)
    assert second.difference.interval == pytest.approx((-0.5, 0.2))
    assert second.difference.better == 0.5


def test_differences_are_to_the_first_model():
    *_, last = compare({"a": nats(10, 10), "b": nats(30, 30), "c": nats(20, 20)}, np.array([10, 10]))
    assert last.difference.bits_per_note == pytest.approx(1)
    assert last.difference.better == 0


def test_a_model_differs_from_itself_by_nothing():
    _, again = compare({"a": nats(40, 90, 10), "again": nats(40, 90, 10)}, np.array([20, 30, 10]))
    assert (again.difference.bits_per_note, again.difference.interval) == (0, (0, 0))
    assert again.difference.better == 0


def test_an_advantage_that_is_the_same_on_every_note_is_certain():
    notes = np.array([10, 40, 25, 60])
    bits = np.array([30.0, 90, 80, 300])
    _, second = compare({"a": LN2 * bits, "b": LN2 * (bits - 0.25 * notes)}, notes)
    assert second.difference.interval == pytest.approx((-0.25, -0.25))
    assert second.interval[1] - second.interval[0] > 0.5
    assert second.difference.better == 1


def test_what_is_paired_is_told_apart_where_the_models_alone_are_not():
    notes, paid = made(np.random.default_rng(0), 100, -0.05)
    first, second = compare(paid, notes)
    assert second.interval[1] > first.bits_per_note  # one beside the other they overlap
    assert second.difference.interval[1] < 0


def test_an_interval_of_95_percent_holds_the_truth_95_times_of_100(monkeypatch):
    """600 corpora: of the ratio of sums and of the difference; few drawings are enough for that."""
    monkeypatch.setattr(paired, "DRAWINGS", 300)
    rng, held = np.random.default_rng(7), np.zeros(2)
    for _ in range(600):
        notes, paid = made(rng, 100, 0.02)
        first, second = compare(paid, notes)
        low, high = second.difference.interval
        held += [first.interval[0] <= 3 <= first.interval[1], low <= 0.02 <= high]
    assert (held / 600 > 0.92).all(), held
    assert (held / 600 < 0.975).all(), held


def test_scipy_finds_the_same_interval():
    stats = pytest.importorskip("scipy.stats", reason="it is a witness")
    notes, paid = made(np.random.default_rng(1), 50, 0.0)
    witness = stats.bootstrap(
        (paid["first"] / LN2, notes),
        lambda bits, notes, axis: bits.sum(axis=axis) / notes.sum(axis=axis),
        paired=True,
        method="percentile",
        rng=1,
    ).confidence_interval
    found = compare(paid, notes)[0].interval
    assert found == pytest.approx((witness.low, witness.high), abs=0.01 * found[0])


def test_the_same_tunes_give_the_same_interval_however_many_are_drawn_at_once(monkeypatch):
    notes, paid = made(np.random.default_rng(2), 30, 0.0)
    once = compare(paid, notes)
    assert compare(paid, notes) == once
    monkeypatch.setattr(paired, "_AT_ONCE", 1000)
    again = compare(paid, notes)
    assert again[1].difference.interval == pytest.approx(once[1].difference.interval)


def test_rows_are_plain_values():
    first, second = compare({"a": nats(40, 90), "b": nats(30, 96)}, np.array([20, 30]))
    rows = json.loads(json.dumps([asdict(first), asdict(second)]))
    assert rows[0]["difference"] is None
    assert set(rows[1]["difference"]) == {"bits_per_note", "interval", "better"}


@pytest.mark.parametrize("tunes", [0, 1])
def test_one_tune_says_nothing_of_others(tunes):
    with pytest.raises(DataError, match=f"not {tunes}"):
        compare({"a": np.ones(tunes)}, np.ones(tunes, dtype=np.int64))
