import numpy as np
import pytest

from notegen.codecs import notes as codec
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar
from notegen.errors import UsageError
from notegen.generation.constraints import Constraints, Guide
from notegen.generation.sampling import Taste, draw, read, sample
from notegen.melody import melody
from notegen.model.predictor import log_softmax
from notegen.model.runtime import Runtime

ROWS = 20_000
HAND_MADE = np.array([0.5, 0.2, 0.2, 0.07, 0.03])


def shares(taste, mask=None, probabilities=HAND_MADE):
    """Return how often each token is drawn."""
    mask = np.ones(5, dtype=bool) if mask is None else np.array(mask, dtype=bool)
    log = np.log(np.tile(probabilities, (ROWS, 1)))
    ids = draw(log, np.tile(mask, (ROWS, 1)), taste, np.random.default_rng(0))
    return np.bincount(ids, minlength=5) / ROWS


def test_tokens_are_drawn_as_likely_as_they_are():
    np.testing.assert_allclose(shares(Taste()), HAND_MADE, atol=0.015)


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_temperature_is_the_root_of_the_probabilities(temperature):
    wanted = HAND_MADE ** (1 / temperature)
    np.testing.assert_allclose(shares(Taste(temperature=temperature)), wanted / wanted.sum(), atol=0.015)


def test_a_low_temperature_takes_the_likeliest():
    assert shares(Taste(temperature=0.001))[0] == 1


def test_top_k_leaves_the_likeliest_and_their_equals():
    assert (shares(Taste(top_k=1)) > 0).tolist() == [True, False, False, False, False]
    assert (shares(Taste(top_k=2)) > 0).tolist() == [True, True, True, False, False]
    assert (shares(Taste(top_k=4)) > 0).tolist() == [True, True, True, True, False]


@pytest.mark.parametrize(("top_p", "kept"), [(0.3, 1), (0.49, 1), (0.6, 2), (0.75, 3), (0.95, 4), (0.99, 5)])
def test_top_p_keeps_the_fewest_tokens_that_reach_it(top_p, kept):
    result = shares(Taste(top_p=top_p))
    assert (result > 0).sum() == kept
    np.testing.assert_allclose(result[:kept], HAND_MADE[:kept] / HAND_MADE[:kept].sum(), atol=0.015)


def test_only_what_the_mask_allows_is_drawn():
    assert (shares(Taste(), mask=[0, 0, 1, 0, 1]) > 0).tolist() == [False, False, True, False, True]
    assert shares(Taste(top_k=1), mask=[0, 0, 0, 1, 1])[3] == 1
    assert shares(Taste(top_p=0.5), mask=[0, 0, 0, 1, 1])[3] == 1
    assert shares(Taste(temperature=10), mask=[0, 0, 0, 0, 1])[4] == 1


def test_a_mask_of_what_the_model_finds_all_but_impossible_still_holds():
    result = shares(
        Taste(), mask=[0, 0, 0, 1, 1], probabilities=np.array([1 - 4e-300, 1e-300, 1e-300, 1e-300, 1e-300])
    )
    np.testing.assert_allclose(result[3:], 0.5, atol=0.015)


class Extreme:
    """A generator that draws the ends of its range."""

    def __init__(self, value):
        self.value = value

    def random(self, size):
        return np.full(size, self.value)


@pytest.mark.parametrize(("value", "expected"), [(0.0, 1), (np.nextafter(1, 0), 3)])
def test_the_ends_of_the_random_range_draw_allowed_tokens(value, expected):
    mask = np.array([[False, True, True, True, False]])
    assert draw(np.log(HAND_MADE[None]), mask, Taste(), Extreme(value)).tolist() == [expected]


@pytest.mark.parametrize(
    "taste",
    [
        *({"temperature": value} for value in (0, -1, 11, float("nan"))),
        *({"top_p": value} for value in (0, 1.1, float("nan"))),
        {"top_k": -1},
    ],
    ids=str,
)
def test_a_taste_out_of_range_is_refused_by_its_name(taste):
    with pytest.raises(UsageError, match=next(iter(taste)).replace("_", "-")):
        Taste(**taste)


class Speller:
    """A model that is sure of one piece: its state counts how many tokens were read."""

    def __init__(self, ids):
        self.piece = np.append(ids, v.END)

    def start(self, batch=1):
        return [np.zeros((batch, 1), dtype=int)]

    def read(self, ids, state):
        return [state[0] + ids.shape[1]]

    def predict(self, ids, state):
        read = state[0] + np.arange(1, ids.shape[1] + 1)  # (batch, time)
        following = self.piece[np.minimum(read, len(self.piece) - 1)]
        return log_softmax(60.0 * np.eye(v.MELODY)[following]), [read[:, -1:]]


@pytest.fixture
def piece(tune):
    return codec.encode(melody(tune((3, 4), bars=6, seed=2)))


def spell(piece, takes, bars, forced=()):
    """Let the model that knows a piece spell it from its first token on."""
    runtime = Speller(piece)
    grammar = Grammar(takes)
    grammar.advance(np.full(takes, v.START))
    return sample(
        runtime,
        read(runtime, piece[:1]),
        Guide(grammar, Constraints(last_bar=bars)),
        Taste(),
        np.random.default_rng(0),
        np.array(forced, dtype=np.int32),
    )


def test_a_model_that_knows_a_tune_spells_it(piece):
    (draft,) = spell(piece, takes=1, bars=6)
    assert draft.ids.tolist() == piece[1:-1].tolist()
    assert draft.nats == pytest.approx(0, abs=1e-6)


def test_all_takes_of_a_batch_are_spelled(piece):
    drafts = spell(piece, takes=3, bars=6)
    assert [draft.ids.tolist() for draft in drafts] == [piece[1:-1].tolist()] * 3


def test_what_is_forced_is_spelled_first_and_costs_nothing(piece):
    (draft,) = spell(piece, takes=1, bars=6, forced=[v.meter_id((6, 8))])
    assert draft.ids.tolist() == [v.meter_id((6, 8)), *piece[2:-1].tolist()]
    assert draft.nats == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("bars", [1, 3, 5])
def test_a_take_stops_with_its_last_bar(piece, bars):
    (draft,) = spell(piece, takes=1, bars=bars)
    bar_lines = np.flatnonzero(piece == v.BAR)
    assert draft.ids.tolist() == piece[1 : bar_lines[bars]].tolist()


def test_reading_a_prompt_in_one_pass_is_reading_token_by_token(bundle, piece):
    runtime = Runtime(bundle)
    prompt = read(runtime, piece)
    state = runtime.start()
    for token in piece[:-1]:
        state = runtime.read(np.array([[token]]), state)
    assert prompt.last == piece[-1]
    for found, expected in zip(prompt.state, state, strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)
