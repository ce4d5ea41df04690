import numpy as np
import pytest

from notegen.codecs.vocabulary import END
from notegen.errors import UsageError
from notegen.model import recall
from notegen.model.habits import FOLK
from notegen.model.predictor import join, log_softmax, repeat, take
from notegen.model.recall import Remembering, trials

WIDTH, BAR = 13, 3


class Table:
    """Predicts by the last token alone, and carries how many it has read."""

    vocabulary = WIDTH
    rows = log_softmax(np.random.default_rng(0).normal(size=(WIDTH, WIDTH)) - 8 * (np.arange(WIDTH) == END))

    def start(self, batch=1):
        return [np.zeros(batch)]

    def read(self, ids, state):
        return [state[0] + ids.shape[1]]

    def predict(self, ids, state):
        return self.rows[ids], self.read(ids, state)


def piece(bars, seed=0):
    """Return bars of a bar token and three others, drawn by chance."""
    ids = np.random.default_rng(seed).integers(4, WIDTH, (bars, 4))
    ids[:, 0] = BAR
    return ids.ravel().astype(np.int32)


@pytest.fixture
def model():
    return Remembering(Table(), FOLK, [BAR])


def nats(model, ids):
    """Return what each token after the first costs."""
    predicted, _ = model.predict(ids[None, :-1], model.start())
    return -predicted[0, np.arange(len(ids) - 1), ids[1:]]


def test_a_memory_of_zero_leaves_predictions_as_they_are_bit_for_bit():
    ids = np.tile(piece(4), 2)[None]
    model = Remembering(Table(), FOLK, [BAR], memory=0)
    predicted, _ = model.predict(ids, model.start())
    np.testing.assert_array_equal(predicted, Table.rows[ids])


@pytest.mark.parametrize("memory", [-0.1, 1.1, float("nan")])
def test_a_memory_out_of_range_is_refused(memory):
    with pytest.raises(UsageError, match="between 0 and 1"):
        Remembering(Table(), FOLK, [BAR], memory=memory)


@pytest.mark.parametrize("memory", [0.2, 0.5, 1.0])
def test_probabilities_sum_to_one(memory):
    model = Remembering(Table(), FOLK, [BAR], memory=memory)
    ids = np.stack([np.tile(piece(8, seed), 3) for seed in (0, 1)])
    predicted, _ = model.predict(ids, model.start(2))
    np.testing.assert_allclose(np.exp(predicted).sum(axis=-1), 1)


def test_the_end_is_as_likely_as_the_model_has_it(model):
    ids = np.tile(piece(8), 3)[None]
    predicted, _ = model.predict(ids, model.start())
    np.testing.assert_array_equal(predicted[..., END], Table.rows[ids][..., END])


def test_habits_are_not_fitted_to_the_end():
    theme = np.tile(piece(4), 2)
    whole, ended = (list(trials(Table(), [ids], [BAR])) for ids in (theme, np.append(theme, END)))
    for one, other in zip(whole[0], ended[0], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_model_is_not_told_that_its_predictions_are_changed(model):
    before = Table.rows.copy()
    model.predict(np.tile(piece(4), 2)[None], model.start())
    np.testing.assert_array_equal(Table.rows, before)


def test_what_is_said_again_costs_less_with_every_time():
    theme = piece(8)
    costs = nats(Remembering(Table(), FOLK, [BAR]), np.tile(theme, 2))
    plain = nats(Table(), np.tile(theme, 2))
    first, again = slice(0, len(theme) - 1), slice(len(theme) + 8, None)
    assert costs[again].mean() < 0.2 * plain[again].mean()
    assert costs[first].mean() < plain[first].mean() + 0.1
    assert costs[-8:].sum() < costs[len(theme) : len(theme) + 8].sum()


def test_the_more_memory_the_surer_is_what_was_heard():
    ids = np.tile(piece(8), 2)
    said = [
        nats(Remembering(Table(), FOLK, [BAR], memory), ids)[-4:].sum() for memory in (0, 0.1, 0.5, 0.9, 1)
    ]
    assert said == sorted(said, reverse=True)
    assert said[-1] < 1e-3


def test_a_repetition_at_eight_bars_is_believed_sooner_than_one_at_seven(model):
    theme, filling = piece(2), piece(8, seed=5)
    begin = [np.concatenate([theme, filling[: 4 * bars], theme[:4]]) for bars in (5, 6)]
    (seven, _), (eight, _) = (model.predict(ids[None], model.start()) for ids in begin)
    assert eight[0, -1, BAR] > seven[0, -1, BAR]


def test_what_was_said_twice_running_is_not_expected_a_third_time(model):
    theme = piece(8)

    def chance(before, token):
        predicted, _ = model.predict(before[None], model.start())
        return np.exp(predicted[0, -1, token])

    assert chance(np.append(theme, theme[:17]), theme[17]) > 0.9  # in its second statement
    assert chance(np.append(np.tile(theme, 2), theme[:1]), theme[1]) < 0.5


def test_stretches_are_read_as_single_tokens_are(model):
    ids = np.stack([np.tile(piece(6, seed), 2) for seed in (0, 1)])
    whole, end = model.predict(ids, model.start(2))
    state, steps = model.start(2), []
    for t in range(ids.shape[1]):
        predicted, state = model.predict(ids[:, t : t + 1], state)
        steps.append(predicted[:, 0])
    np.testing.assert_array_equal(np.stack(steps, axis=1), whole)
    read = model.read(ids, model.start(2))
    again = [model.predict(ids[:, :1], each)[0] for each in (end, state, read)]
    np.testing.assert_array_equal(again[0], again[1])
    np.testing.assert_array_equal(again[0], again[2])


def test_branches_share_what_came_before_and_do_not_disturb_each_other(model):
    seed, others = piece(6), piece(3, seed=3)
    begun = model.read(seed[None], model.start())
    both = repeat(begun, 2)
    assert both[-1][0] is both[-1][1]
    tails = np.stack([seed[:12], others])
    together, after = model.predict(tails, both)
    for row in (0, 1):
        alone, _ = model.predict(tails[row : row + 1], begun)
        np.testing.assert_array_equal(together[row], alone[0])
    swapped = join([take(after, np.array([1])), take(after, np.array([0])), begun])
    last = np.full((3, 1), BAR)
    predicted, _ = model.predict(last, swapped)
    for row, state in enumerate((take(after, np.array([1])), take(after, np.array([0])), begun)):
        np.testing.assert_array_equal(predicted[row], model.predict(last[:1], state)[0][0])


def test_beyond_the_bound_the_oldest_moments_are_forgotten(model, monkeypatch):
    monkeypatch.setattr(recall, "MOST", 40)
    theme, long = piece(4), piece(30, seed=4)
    near, far = (model.read(np.append(theme, long[:n])[None], model.start()) for n in (16, 120))
    assert far[-1][0].told.shape == (3, 40)
    ids = theme[None, :12]
    remembered, forgotten = (model.predict(ids, state)[0][0, -1, theme[12]] for state in (near, far))
    assert np.exp(remembered) > 0.5
    assert np.exp(forgotten) < 0.4
    stepwise = model.start()
    for token in np.append(theme, long):
        stepwise = model.read(np.array([[token]]), stepwise)
    np.testing.assert_array_equal(model.predict(ids, stepwise)[0], model.predict(ids, far)[0])
