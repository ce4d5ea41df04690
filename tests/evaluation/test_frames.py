"""Bits per frame: of models made by hand, whose bits are known."""

import math

import numpy as np
import pytest
from made_frames import made_codebook, made_model, made_sound

from notegen.audio.frames import PLACES, Span, keys
from notegen.errors import EmptyError
from notegen.evaluation import frames
from notegen.model.memory import Say
from notegen.model.predictor import log_softmax
from notegen.model.runtime import Runtime

ENTRIES = made_codebook(12)


@pytest.fixture(scope="module")
def walk():
    """600 tokens, each near the one before."""
    steps = np.random.default_rng(0).integers(-1, 3, 600)
    return (np.cumsum(steps) % 12 + 1).astype(np.int32)


@pytest.fixture(scope="module")
def chance():
    """800 tokens without rhyme or reason."""
    return np.random.default_rng(1).integers(1, 13, 800).astype(np.int32)


SIDES = {
    "train": [Span(0, 300), Span(350, 500)],
    "valid": [Span(300, 350)],
    "test": [Span(500, 540), Span(541, 600)],
}


def learned(tokens, sides=SIDES):
    return [tokens[slice(*span)] for span in sides["train"]]


def test_a_network_of_zeros_has_exactly_the_bits_of_its_prior(walk):
    model = made_model(ENTRIES, learned(walk))
    found = frames.evaluate(model, [made_sound(walk, ENTRIES, noise=1)], [SIDES])
    probabilities = np.exp(model.weights["prior"].astype(np.float64))
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    pairs = [(walk[i], walk[i + 1]) for start, stop in SIDES["test"] for i in range(start, stop - 1)]
    bits = -np.mean([math.log2(probabilities[pair]) for pair in pairs])
    assert found["frames"] == len(pairs) == 97
    assert found["network"] == pytest.approx(bits, rel=1e-6)


def test_the_prior_is_as_good_as_the_bigram_that_it_is(walk):
    found = frames.evaluate(made_model(ENTRIES, learned(walk)), [made_sound(walk, ENTRIES)], [SIDES])
    assert found["bigram"] <= found["network"] + 0.01
    assert found["bigram"] == pytest.approx(found["network"], abs=0.1)
    assert found["bigram"] < 2.2 < 3.3 < found["unigram"]
    assert found["uniform"] == pytest.approx(math.log2(12))


def test_a_network_that_knows_more_than_its_prior_has_fewer_bits(walk):
    """It is told by its bias that the first entries are all that comes."""
    low = np.where(walk > 3, 1, walk).astype(np.int32)
    model = made_model(ENTRIES, [np.arange(1, 13)])
    before = frames.evaluate(model, [made_sound(low, ENTRIES)], [SIDES])
    model.weights["logits.bias"][4:] = -9
    after = frames.evaluate(model, [made_sound(low, ENTRIES)], [SIDES])
    assert after["network"] < before["network"] - 0.5
    assert after["bigram"] == before["bigram"]


@pytest.fixture(scope="module")
def repeated(chance):
    """The first 200 frames four times over, with some noise."""
    tokens = np.tile(chance[:200], 4)
    sides = {"train": [Span(0, 400)], "valid": [Span(400, 600)], "test": [Span(600, 800)]}
    return tokens, made_sound(tokens, ENTRIES, noise=1.0), sides


@pytest.fixture(scope="module")
def again():
    """A piece of a hundred frames that all differ, four times over, and its codebook."""
    entries = made_codebook(100)
    tokens = np.tile(np.random.default_rng(0).permutation(100) + 1, 4).astype(np.int32)
    return made_sound(tokens, entries, noise=0.2), entries


def test_memory_lowers_the_bits_of_what_comes_again(again):
    sound, entries = again
    sides = {"train": [Span(0, 200)], "valid": [Span(200, 300)], "test": [Span(300, 400)]}
    model = made_model(entries, [np.arange(1, 101)], memory={"width": 0.7, "share": 0.9})
    found = frames.evaluate(model, [sound], [sides])
    assert found["network"] > 5
    assert found["memory"] < 0.5


def test_a_memory_without_a_share_changes_nothing(repeated):
    tokens, sound, sides = repeated
    for said in ({}, {"memory": {"width": 0.7, "share": 0.0}}):
        found = frames.evaluate(made_model(ENTRIES, learned(tokens, sides), **said), [sound], [sides])
        assert found["memory"] == pytest.approx(found["network"])


def test_recordings_are_measured_by_their_frames_and_each_has_its_own_memory(walk, repeated):
    _, sound, sides = repeated
    model = made_model(ENTRIES, [walk], scale=0.3, memory={"width": 0.5, "share": 0.4})
    other = made_sound(walk, ENTRIES, noise=1.0)
    one, two = (frames.evaluate(model, *args) for args in (([sound], [sides]), ([other], [SIDES])))
    both = frames.evaluate(model, [sound, other], [sides, SIDES])
    assert both["frames"] == one["frames"] + two["frames"]
    for name in ("network", "memory"):
        total = sum(each[name] * each["frames"] for each in (one, two))
        assert both[name] == pytest.approx(total / both["frames"])


def test_a_recording_that_nothing_is_held_out_of_is_only_learned_from(walk, repeated):
    _, sound, sides = repeated
    model = made_model(ENTRIES, [walk])
    whole = {"train": [Span(0, 600)], "valid": [], "test": []}
    found = frames.evaluate(model, [made_sound(walk, ENTRIES), sound], [whole, sides])
    assert found["frames"] == 199


def test_where_nothing_is_held_out_there_is_nothing_to_measure(walk):
    with pytest.raises(EmptyError, match="too short to hold something out; 10 s are enough"):
        frames.evaluate(made_model(ENTRIES, [walk]), [made_sound(walk, ENTRIES)], [{**SIDES, "test": []}])


def test_a_text_holds_what_the_model_reads(walk):
    sound = made_sound(walk, ENTRIES, noise=0.5, beats=range(3, 600, 20), bar=2)
    heard = frames.text(made_model(ENTRIES, [walk]), sound)
    assert np.array_equal(heard.tokens, walk)
    assert np.array_equal(heard.ids % 13, walk)
    assert np.array_equal(heard.ids // 13, sound.clock.places(1)[1:])
    assert np.array_equal(heard.keys, keys(sound.levels, sound.clock.places(1)[1:]))
    assert 0 < heard.ids.max() // 13 < PLACES


def test_moments_do_not_reach_across_stretches(walk):
    heard = frames.text(made_model(ENTRIES, [walk]), made_sound(walk, ENTRIES, noise=1))
    at = [*range(10, 19), *range(40, 42)]
    found = frames.moments(heard, [Span(10, 20), Span(40, 43), Span(50, 51)])
    assert np.array_equal(found.keys, heard.keys[at])
    assert np.array_equal(found.followers, walk[np.array(at) + 1])


def test_a_memory_holds_the_last_moments(walk, monkeypatch):
    heard = frames.text(made_model(ENTRIES, [walk]), made_sound(walk, ENTRIES, noise=1))
    monkeypatch.setattr(frames, "MOST_MOMENTS", 4)
    memory = frames.remembered(heard, [Span(10, 20), Span(40, 43)], 20)
    votes, nearness = memory.vote(heard.keys[[18, 10]], width=0.01)
    assert votes[0].argmax() == walk[19] and nearness[0] == pytest.approx(1, abs=1e-3)
    assert nearness[1] < 0.01


def test_each_stretch_is_predicted_from_its_own_beginning(walk):
    model = made_model(ENTRIES, [walk], scale=0.5)
    runtime, heard = Runtime(model), frames.text(model, made_sound(walk, ENTRIES))
    spans = [Span(0, 30), Span(100, 140)]
    both = frames.predictions(runtime, heard, spans)
    np.testing.assert_allclose(np.exp(both).sum(axis=1), 1)
    assert both.shape == (29 + 39, 13)
    np.testing.assert_allclose(both[29:], frames.predictions(runtime, heard, spans[1:]), atol=1e-6)


def test_a_prediction_stands_behind_the_frame_that_it_follows(walk):
    model = made_model(ENTRIES, [walk])
    found = frames.predictions(Runtime(model), frames.text(model, made_sound(walk, ENTRIES)), [Span(5, 9)])
    np.testing.assert_allclose(found, log_softmax(model.weights["prior"][walk[5:8]]), rtol=1e-5)


def test_the_say_is_that_of_the_bundle_and_none_where_none_is_told(walk):
    assert frames.say_of(made_model(ENTRIES, [walk], memory={"width": 0.5, "share": 0.3})) == Say(0.5, 0.3)
    assert frames.say_of(made_model(ENTRIES, [walk])).share == 0


def test_a_piece_that_comes_again_gives_the_memory_its_say(again):
    sound, entries = again
    sides = {"train": [Span(0, 200)], "valid": [Span(200, 250), Span(250, 300)], "test": []}
    model = made_model(entries, [np.arange(1, 101)])
    assert frames.choose_say(model, [sound], [sides]).share >= 0.8


def test_a_piece_in_which_nothing_follows_from_anything_gives_it_none(chance):
    sides = {"train": [Span(0, 500)], "valid": [Span(500, 800)], "test": []}
    model = made_model(ENTRIES, [chance])
    assert frames.choose_say(model, [made_sound(chance, ENTRIES, noise=2)], [sides]).share <= 0.1
