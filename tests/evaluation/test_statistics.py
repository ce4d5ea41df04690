"""Sets against sets: densities beside SciPy's and beside theory, and sets whose answer is known."""

import itertools
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gaussian_kde, norm

from notegen.evaluation import statistics
from notegen.evaluation.features import TABLE, measure
from notegen.evaluation.statistics import bandwidth, compare, densities, rows
from notegen.score import Score

SIZE = 24


def spans(*ranges):
    """Return tunes of two notes, so many semitones apart."""
    return [Score.of([(0, 24, 60), (24, 24, 60 + each)], resolution=24) for each in ranges]


def of(comparisons, name):
    return next(each for each in comparisons if each.feature.name == name)


def mean(densities, density):
    """Return the mean of a density."""
    return float(densities.grid @ density / density.sum())


@pytest.fixture(scope="module")
def real(tune):
    return [tune(seed=seed, bars=6) for seed in range(SIZE)]


@pytest.fixture(scope="module")
def others(tune):
    """Tunes made as the real ones are."""
    return [tune(seed=seed, bars=6) for seed in range(100, 100 + SIZE)]


@pytest.fixture(scope="module")
def noise():
    """Quarters of any pitch."""
    rng = np.random.default_rng(0)
    return [
        Score.of(
            [(24 * i, 24, int(pitch)) for i, pitch in enumerate(rng.integers(40, 100, 30))], resolution=24
        )
        for _ in range(SIZE)
    ]


@pytest.fixture(scope="module")
def compared(real, others, noise):
    return compare(real, others, noise)


# Densities.

VALUES = st.lists(st.one_of(st.integers(0, 5).map(float), st.floats(-100, 100)), min_size=1, max_size=30).map(
    np.array
)


@pytest.mark.parametrize("size", [2, 50, 2000])
def test_the_bandwidth_is_scotts(size):
    values = np.random.default_rng(0).gamma(2, 3, size)
    assert bandwidth(values) == pytest.approx(gaussian_kde(values).factor * values.std(ddof=1))


def test_densities_are_those_of_scipy():
    rng = np.random.default_rng(1)
    first, second = rng.gamma(2, 3, 500), rng.choice([2.0, 3.0, 7.0], 300)
    width = min(bandwidth(first), bandwidth(second))
    found = densities(first, second)
    for values, density in ((first, found.first), (second, found.second)):
        theirs = gaussian_kde(values, bw_method=width / values.std(ddof=1))(found.grid)
        np.testing.assert_allclose(density, theirs, atol=0.01 * theirs.max())


def test_two_bells_overlap_as_theory_says():
    rng = np.random.default_rng(2)
    found = densities(rng.normal(0, 1, 20000), rng.normal(2, 1, 20000))
    assert found.overlap == pytest.approx(2 * norm.cdf(-1), abs=0.02)
    assert found.kl == pytest.approx(2, abs=0.1)  # half the squared distance


def test_the_divergence_goes_from_the_first_to_the_second():
    rng = np.random.default_rng(3)
    narrow, wide = rng.normal(0, 1, 20000), rng.normal(0, 2, 20000)
    assert densities(narrow, wide).kl == pytest.approx(math.log(2) + 1 / 8 - 1 / 2, abs=0.03)
    assert densities(wide, narrow).kl == pytest.approx(math.log(1 / 2) + 2 - 1 / 2, abs=0.15)


def test_what_is_far_apart_does_not_overlap_and_its_divergence_is_finite():
    found = densities(np.arange(5.0), np.arange(5.0) + 1000)
    assert found.overlap == pytest.approx(0, abs=1e-9)
    assert 10 < found.kl < 21


@settings(max_examples=50)
@given(VALUES, VALUES)
def test_the_overlap_is_symmetric_and_the_divergence_not_negative(first, second):
    found, turned = densities(first, second), densities(second, first)
    assert found.overlap == pytest.approx(turned.overlap)
    assert 0 <= found.overlap <= 1
    assert found.kl >= 0
    step = found.grid[1] - found.grid[0]
    assert (found.first.sum() * step, found.second.sum() * step) == pytest.approx((1, 1))


@settings(max_examples=50)
@given(VALUES)
def test_a_sample_is_like_itself_and_like_itself_twice(values):
    for again in (values, np.concatenate([values, values])):
        found = densities(values, again)
        assert found.overlap == pytest.approx(1)
        assert found.kl == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(
    ("first", "second", "overlap"),
    [(1, 1, 1), (0.1, 0.1 + 1e-15, 1), (72.4, 72.4 - 1e-11, 1), (1, 2, 0), (0, 1e-6, 0)],
)
def test_constants_are_alike_or_not(first, second, overlap):
    found = densities(np.full(10, float(first)), np.full(7, float(second)))
    assert found.overlap == pytest.approx(overlap)
    assert (found.kl < 1e-9) == bool(overlap)


def test_of_a_constant_and_a_sample_the_share_that_is_constant_overlaps():
    assert densities(np.full(10, 1.0), np.array([1, 1, 1, 2.0])).overlap == pytest.approx(0.75)


def test_without_values_there_is_no_density():
    found = densities(np.zeros(0), np.ones(3))
    assert np.isnan([found.overlap, found.kl]).all()


# Sets.


def test_distances_go_within_the_real_set_and_from_it_to_the_generated_one():
    found = of(compare(spans(0, 2, 6), spans(10, 10), []), "range")
    assert (found.real.tolist(), found.generated.tolist()) == ([pytest.approx(8 / 3)], [10])
    distances = found.distances
    assert mean(distances, distances.first) == pytest.approx((2 + 6 + 4) / 3, abs=0.01)
    assert mean(distances, distances.second) == pytest.approx((10 + 8 + 4) / 3, abs=0.01)
    assert mean(found.values, found.values.first) == pytest.approx(8 / 3, abs=0.01)
    assert found.agreement == (distances.overlap, distances.kl)


def test_histograms_are_as_far_apart_as_in_space():
    found = of(compare(spans(0, 1), spans(0, 0), []), "pitch classes")
    distances = found.distances
    assert found.values is None
    assert found.real.tolist() == [0.75, 0.25, *[0] * 10]
    assert mean(distances, distances.first) == pytest.approx(math.sqrt(0.5), abs=0.01)
    assert mean(distances, distances.second) == pytest.approx(math.sqrt(0.5) / 2, abs=0.01)


def test_a_set_is_like_itself(real):
    for each in compare(real, real, real):
        assert each.agreement.overlap >= 1 - 1 / SIZE - 1e-3, each.feature.name
        assert each.floor == each.agreement
        assert each.real.tolist() == each.generated.tolist()


def test_more_of_the_same_comes_near_the_ceiling_and_noise_does_not(compared):
    for name in ("range", "mean interval", "intervals", "pitch-class entropy", "transitions"):
        each = of(compared, name)
        assert each.agreement.overlap > each.ceiling.overlap - 0.1, name
        assert each.floor.overlap < 0.6, name
        assert each.floor.kl > 10 * each.agreement.kl, name


def test_a_feature_in_which_all_agree_is_alike_everywhere(compared):
    for name in ("polyphony", "polyphony rate", "empty beats"):
        each = of(compared, name)
        for found in (each.agreement, each.ceiling, each.floor):
            assert found == pytest.approx((1, 0), abs=1e-9)


def test_transposed_tunes_differ_by_their_height_alone(real, noise):
    found = compare(real, [score.transpose(24) for score in real], noise)
    assert of(found, "mean pitch").generated == pytest.approx(of(found, "mean pitch").real + 24)
    assert of(found, "mean pitch").agreement.overlap < 0.5
    for name in ("range", "intervals", "durations", "groove consistency"):
        assert of(found, name).agreement.overlap >= 1 - 1 / SIZE - 1e-3


def test_the_same_tune_over_and_over_has_no_spread(real, noise):
    found = of(compare(real, [real[0]] * SIZE, noise), "intervals")
    within = [np.linalg.norm(a - b) for a, b in itertools.combinations(measure(found.feature, real), 2)]
    assert found.spread == pytest.approx((np.mean(within), 0))
    assert rows([found])[0]["spread"] == {"test": found.spread[0], "generated": 0}


def test_the_order_of_pieces_does_not_matter(compared, real, others, noise):
    for one, two in zip(compared, compare(real[::-1], others[::-1], noise[::-1]), strict=True):
        assert two.agreement == pytest.approx(one.agreement, abs=1e-6)
        assert two.floor == pytest.approx(one.floor, abs=1e-6)
        assert two.spread == pytest.approx(one.spread)


def test_the_ceiling_belongs_to_the_real_set_and_is_the_same_each_time(compared, real, noise):
    assert [each.ceiling for each in compare(real, noise, [])] == [each.ceiling for each in compared]


def test_halves_do_not_share_a_piece():
    keys = [Score.of([(0, 24, pitch), (24, 24, pitch)], resolution=24) for pitch in range(60, 68)]
    found = of(compare(keys, [], []), "pitch classes")  # any two are equally far apart
    assert found.ceiling == pytest.approx((1, 0), abs=1e-9)


def test_pieces_without_a_feature_are_left_out_and_counted(compared, real, others, noise):
    found = compare([*real, Score()], [Score(), *others], noise)
    for one, two in zip(compared, found, strict=True):
        assert two.pieces == one.pieces == (SIZE, SIZE)
        assert two.agreement == one.agreement
        assert two.ceiling == one.ceiling
    single = [*others, *spans(2)]  # a single bar has no groove
    assert of(compare(real, single, noise), "groove consistency").pieces == (SIZE, SIZE)


@pytest.mark.parametrize(
    ("real", "generated", "floor"), [(0, 0, 0), (1, 5, 5), (5, 1, 1), (2, 0, 2), (3, 2, 0)]
)
def test_sets_of_fewer_than_two_pieces_have_no_figures(tune, real, generated, floor):
    sets = [[tune(seed=seed + 10 * size) for seed in range(size)] for size in (real, generated, floor)]
    for each in compare(*sets):
        assert (
            math.isnan(each.agreement.overlap) == math.isnan(each.agreement.kl) == (min(real, generated) < 2)
        )
        assert math.isnan(each.floor.overlap) == (min(real, floor) < 2)
        assert math.isnan(each.ceiling.kl) == (real < 4)
        assert np.isnan(each.real).all() == (real < 1)


# Rows.


def test_rows_are_plain_numbers_for_json(compared):
    said = rows(compared)
    assert json.loads(json.dumps(said, allow_nan=False)) == said
    assert [row["feature"] for row in said] == [feature.name for feature in TABLE]
    wide = of(compared, "range")
    assert said[2] == {
        "feature": "range",
        "unit": "semitones",
        "test": float(wide.real[0]),
        "generated": float(wide.generated[0]),
        "spread": {"test": wide.spread[0], "generated": wide.spread[1]},
        "overlap": wide.agreement.overlap,
        "kl": wide.agreement.kl,
        "ceiling": {"overlap": wide.ceiling.overlap, "kl": wide.ceiling.kl},
        "floor": {"overlap": wide.floor.overlap, "kl": wide.floor.kl},
    }


def test_what_is_not_to_be_had_is_none():
    row = rows(compare(spans(1, 2), [], []))[2]
    assert (row["test"], row["generated"], row["overlap"]) == (1.5, None, None)
    assert row["spread"] == {"test": 1, "generated": None}
    assert row["floor"] == row["ceiling"] == {"overlap": None, "kl": None}
    histogram = rows(compare(spans(1, 2), spans(1, 2), []))[5]
    assert (histogram["feature"], histogram["test"]) == ("pitch classes", None)


def test_plots_get_one_grid_of_so_many_points(compared):
    for each in compared:
        assert {len(column) for column in each.distances} == {statistics.POINTS}
        assert (each.values is None) == each.feature.is_histogram
        assert len(each.real) == len(each.generated) == (len(each.feature.bins) or 1)
