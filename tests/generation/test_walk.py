"""A walk through a recording: what tokens stand for, and what the memory has to say."""

import numpy as np
import pytest
from made_frames import made_codebook, made_model, made_sound

from notegen.audio.frames import Span
from notegen.evaluation.frames import text
from notegen.generation import walk as module
from notegen.generation.sampling import Taste, read, sample
from notegen.generation.walk import Walk
from notegen.model.memory import Say
from notegen.model.runtime import Runtime

ENTRIES = made_codebook(100)
PIECE = (np.random.default_rng(0).permutation(100) + 1).astype(np.int32)  # no token comes twice
UNIFORM = np.log(np.full((1, 101), 1 / 101))
FULL = Say(0.7, 0.9)


def begin(tokens=PIECE, span=None, *, noise=0.0, say=FULL, takes=1, places=None, time=200):
    """Return a walk through a recording of tokens, from the last frame of a span on."""
    sound = made_sound(tokens, ENTRIES, noise)
    heard = text(made_model(ENTRIES, [PIECE]), sound)
    places = np.zeros(time + 1, np.int32) if places is None else places
    span = Span(0, len(tokens)) if span is None else span
    return Walk(heard, sound.levels, ENTRIES, span, places, say, takes)


def follow(walk, *tokens):
    """Draw tokens one after another in every take, and return the path of the first take."""
    for token in tokens:
        walk.advance(np.full(len(walk.alive), token, np.int32))
    return walk.path[0].tolist()


def votes(walk, take=0):
    """Return the probability of each token, where the network says nothing."""
    return np.exp(walk.advise(np.repeat(UNIFORM, len(walk.alive), axis=0)))[take]


def test_the_walk_goes_on_as_long_as_the_tokens_are_those_of_the_recording():
    assert follow(begin(), *PIECE[30:80]) == list(range(30, 80))


def test_a_token_that_is_elsewhere_leads_there():
    assert follow(begin(), *PIECE[[30, 31, 70, 71, 5]]) == [30, 31, 70, 71, 5]


def test_behind_the_last_frame_the_walk_leads_back():
    assert follow(begin(), *PIECE[[97, 98, 99, 0]]) == [97, 98, 99, 0]


def test_the_frame_of_a_token_is_the_one_most_like_what_would_have_come():
    """Frame 50 would have come. Three frames, 5 to 7 dB from it, are heard as the token that does."""
    entries, token = ENTRIES.copy(), PIECE[10]
    entries[PIECE[50] - 1] = entries[token - 1] + np.float32(7)
    sound = made_sound(np.append(PIECE, [token, token]), entries)
    sound.levels[[10, 100, 101]] += np.array([[0], [1.9], [1]], np.float32)
    heard = text(made_model(entries, [PIECE]), sound)
    assert (heard.tokens[[10, 100, 101]] == token).all()
    walk = Walk(heard, sound.levels, entries, Span(0, 102), np.zeros(9, np.int32), FULL, 1)
    assert follow(walk, PIECE[49], token) == [49, 100]


@pytest.mark.parametrize(("away", "path"), [(2.0, [30, 31, 32]), (7.0, [30, 60, 32])])
def test_a_frame_that_is_heard_nearly_as_the_token_is_gone_on_to(away, path):
    """The entry of frame 60 is so many decibels away from that of frame 31."""
    entries = ENTRIES.copy()
    entries[PIECE[60] - 1] = entries[PIECE[31] - 1] + np.float32(away)
    sound = made_sound(PIECE, entries)
    heard = text(made_model(entries, [PIECE]), sound)
    walk = Walk(heard, sound.levels, entries, Span(0, 100), np.zeros(9, np.int32), FULL, 1)
    assert follow(walk, *PIECE[[30, 60, 32]]) == path


def test_a_token_of_another_recording_stands_for_the_frame_that_is_nearest():
    missing = int(PIECE[0])
    tokens = PIECE[1:]
    walk = begin(tokens)
    distance = ((ENTRIES[tokens - 1] - ENTRIES[missing - 1]) ** 2).sum(axis=1)
    assert follow(walk, missing) == [int(distance.argmin())]


def test_the_walk_keeps_to_its_span():
    """Tokens from outside of it are those of another recording."""
    walk = begin(span=Span(40, 70))
    path = follow(walk, *PIECE[[20, 45, 46, 90, 69, 70, 41]])
    assert all(40 <= frame < 70 for frame in path)
    assert path[1:3] == [45, 46]
    assert path[4] == 69 and path[6] == 41


def test_of_a_long_recording_only_the_last_minutes_are_walked_over(monkeypatch):
    monkeypatch.setattr(module, "MOST_MOMENTS", 20)
    walk = begin()
    path = follow(walk, *PIECE[[5, 85, 86, 99]])
    assert 79 <= path[0] < 100
    assert path[1:] == [85, 86, 99]
    assert votes(walk).shape == (101,)


def test_ids_carry_the_token_and_the_place_of_the_next_frame():
    walk = begin(places=np.array([7, 8, 50, 2], np.int32))
    for token, place in zip(PIECE[[3, 4, 60]], [8, 50, 2], strict=True):
        ids = walk.advance(np.array([token], np.int32))
        assert ids.dtype == np.int32
        assert divmod(int(ids[0]), 101) == (place, token)


def test_the_walk_ends_behind_the_frames_that_were_wanted():
    walk = begin(takes=2, time=3)
    for token in PIECE[:3]:
        walk.advance(np.full(2, token, np.int32))
        assert walk.alive.all()
    walk.advance(np.full(2, PIECE[3], np.int32))
    assert not walk.alive.any()
    assert walk.path.tolist() == [[0, 1, 2]] * 2


def test_takes_walk_apart():
    walk = begin(takes=3)
    for step in range(4):
        walk.advance(PIECE[np.array([10, 50, 97]) + step - (step == 3) * np.array([0, 0, 97])])
    assert walk.path.tolist() == [[10, 11, 12, 13], [50, 51, 52, 53], [97, 98, 99, 3]]


def test_everything_but_padding_may_come():
    mask = begin(takes=2).mask()
    assert mask.shape == (2, 101)
    assert not mask[:, 0].any()
    assert mask[:, 1:].all()


def test_advice_is_a_distribution():
    walk = begin(np.tile(PIECE[:50], 3), noise=1.0, takes=2)
    follow(walk, *PIECE[10:14])
    assert votes(walk).sum() == pytest.approx(1)


def test_what_followed_the_last_time_is_voted_for():
    walk = begin(np.tile(PIECE[:50], 3), noise=0.2)
    follow(walk, PIECE[10])
    found = votes(walk)
    assert found.argmax() == PIECE[11]
    assert found[PIECE[11]] > 0.8


def test_the_first_frame_asks_too():
    """The last frame of the recording was heard before; what followed then is voted for."""
    found = votes(begin(np.append(PIECE, PIECE[:41]), noise=0.2))
    assert found.argmax() == PIECE[41]


def test_what_is_being_played_does_not_vote():
    """In a piece in which nothing comes twice the memory would have the walk go on as the piece does."""
    walk = begin()
    for at in (0, 30, 31, 60, 98):
        follow(walk, PIECE[at])
        found = votes(walk)
        around = PIECE[max(0, at - 20) : at + 21]
        assert (found[around] <= 1 / 101 + 1e-12).all()
        assert found.sum() == pytest.approx(1)


@pytest.mark.parametrize("first", [0, 7])
@pytest.mark.parametrize("at", [7, 45, 96, 99])
def test_half_a_second_around_the_present_frame_does_not_vote(first, at):
    """With a bell as wide as this all moments that vote have votes alike."""
    walk = begin(span=Span(first, 100), say=Say(1e4, 0.9))
    follow(walk, PIECE[at])
    moments = np.arange(first, 99)
    voting = moments[np.abs(moments - at) > 22]
    wanted = np.full(101, 0.1 / 101)
    wanted[PIECE[voting + 1]] += 0.9 / len(voting)
    np.testing.assert_allclose(votes(walk), wanted, rtol=1e-3)


def test_what_is_a_second_away_votes():
    tokens = PIECE.copy()
    tokens[60] = tokens[30]  # the same moment, but other followers
    walk = begin(tokens)
    follow(walk, PIECE[29], PIECE[30])
    assert walk.path[0, -1] == 30
    assert votes(walk).argmax() == PIECE[61]


def test_where_all_is_being_played_the_network_decides_alone():
    walk = begin(PIECE[:15])
    follow(walk, PIECE[7])
    np.testing.assert_allclose(votes(walk), 1 / 101)


def test_a_memory_without_a_say_is_not_asked():
    walk = begin(np.tile(PIECE[:50], 3), say=Say(0.7, 0.0))
    follow(walk, PIECE[10])
    assert walk.advise(UNIFORM) is UNIFORM


def test_what_a_take_has_said_itself_counts_again():
    """One moment was followed by two things; the take has gone on to the second, twice."""
    tokens = np.append(PIECE, PIECE[0])
    tokens[20] = tokens[50] = tokens[80]  # followed by those at 21 and at 51
    walk = begin(tokens, takes=2)

    def shares(take):
        found = votes(walk, take)
        return found[tokens[51]] / found[tokens[21]]

    walk.advance(tokens[[79, 79]])
    walk.advance(tokens[[80, 80]])
    assert walk.path[:, -1].tolist() == [80, 80]
    assert [shares(0), shares(1)] == pytest.approx([1, 1], rel=0.01)
    for _ in range(2):
        for at, other in zip([49, 50, 51], [60, 61, 62], strict=True):
            walk.advance(tokens[[at, other]])
    assert walk.path[0, -3:].tolist() == [49, 50, 51]
    walk.advance(tokens[[79, 79]])
    walk.advance(tokens[[80, 80]])
    assert [shares(0), shares(1)] == pytest.approx([21, 1], rel=0.03)


def test_the_sampler_is_led_for_as_long_as_was_wanted():
    sound = made_sound(np.tile(PIECE[:50], 3), ENTRIES, noise=0.5, beats=range(0, 150, 20))
    model = made_model(ENTRIES, [PIECE], scale=0.1)
    heard = text(model, sound)

    def takes():
        walk = Walk(heard, sound.levels, ENTRIES, Span(0, 150), sound.clock.places(31)[150:], FULL, 3)
        runtime, rng = Runtime(model), np.random.default_rng(3)
        return sample(runtime, read(runtime, heard.ids), walk, Taste(0.9), rng, np.zeros(0, np.int32)), walk

    drafts, walk = takes()
    assert walk.path.shape == (3, 30)
    assert [len(draft.ids) for draft in drafts] == [30] * 3
    assert all(draft.nats > 0 for draft in drafts)
    assert ((walk.path >= 0) & (walk.path < 150)).all()
    assert np.array_equal(takes()[1].path, walk.path)
    assert (np.diff(walk.path) == 1).mean() > 0.5  # with a memory it goes on more often than not


def test_a_recording_of_one_entry_goes_on_however_long_the_take():
    tokens = np.ones(20, np.int32)
    entries = ENTRIES[:1]
    sound = made_sound(tokens, entries)
    heard = text(made_model(entries, [tokens]), sound)
    walk = Walk(heard, sound.levels, entries, Span(0, 20), np.zeros(60, np.int32), FULL, 1)
    for _ in range(59):
        assert walk.mask().tolist() == [[False, True]]
        walk.advance(np.ones(1, np.int32))
    assert walk.path.shape == (1, 59)
