"""A corpus as what is learned from."""

import numpy as np
import pytest
from made_trainings import RECIPE
from made_tunes import make_song

from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Notes, Parts
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import PAD, pitches
from notegen.corpus import Corpus, lengths
from notegen.errors import DataError, UsageError
from notegen.formats.abc_codec import learn
from notegen.training.pieces import codec_for, heard, material


@pytest.fixture(scope="module")
def two(tune):
    """Twenty short tunes of one source, and ten long ones of another."""
    short = [(f"short {seed}", tune(seed=seed)) for seed in range(20)]
    long = [(f"long {seed}", tune((6, 8), seed=seed, bars=20)) for seed in range(10)]
    return Corpus.joined("two", [("short", short), ("long", long)])


def heard_tokens(corpus, repeats):
    """How many tokens of each source a pass hears in the mean."""
    sources = [piece.source for piece in corpus.train]
    return np.bincount(sources, weights=lengths(corpus.train) * repeats)


@pytest.mark.parametrize("weights", [[1, 1], [3, 1], [0.2, 0.1], [1, 50]])
def test_sources_are_heard_in_their_shares_and_a_pass_stays_as_long(two, weights):
    short, long = heard_tokens(two, heard(two, weights))
    assert short / long == pytest.approx(weights[0] / weights[1])
    assert short + long == pytest.approx(lengths(two.train).sum())


def test_weights_go_into_the_pass(two):
    steps = material(two, RECIPE, Notes(), repeats=heard(two, [1, 9])).learned(
        4, 32, np.random.default_rng(0)
    )
    pieces = steps.stretches[:, 0]
    tokens = np.bincount([two.train[piece].source for piece in pieces], lengths(two.train)[pieces])
    assert tokens[1] / tokens.sum() == pytest.approx(0.9, abs=0.05)


@pytest.mark.parametrize("weights", [[1], [1, 1, 1], [1, 0], [1, -1], [1, float("nan")], [1, float("inf")]])
def test_weights_that_do_not_fit_the_sources_are_refused(two, weights):
    with pytest.raises(UsageError, match="weights"):
        heard(two, weights)


def test_one_source_has_no_weights(corpus):
    with pytest.raises(UsageError, match="a built corpus counts as one"):
        heard(corpus, [1])


def test_a_source_without_a_piece_of_its_own_cannot_be_weighed(tune):
    same = [(str(seed), tune(seed=seed)) for seed in range(6)]
    with pytest.raises(DataError, match="theirs: there is nothing in it to learn from"):
        heard(Corpus.joined("all", [("mine", same), ("theirs", same[:3])]), [1, 1])


@pytest.mark.parametrize("name", ["abc-characters", "abc-tokens"])
def test_text_is_learned_in_other_keys_and_measured_as_it_is(corpus, name):
    codec = learn(name, [piece.ids for piece in corpus.train])
    tokens = material(corpus, RECIPE, codec)
    assert tokens.config.vocabulary == codec.size
    assert [row.tolist() for row in tokens.valid] == [codec.encode(p.ids).tolist() for p in corpus.valid]
    first, *others = (tokens.learned(4, 32, np.random.default_rng(seed)).pieces for seed in (0, 0, 1, 2, 3))
    assert all(np.array_equal(one, other) for one, other in zip(first, others[0], strict=True))
    moved = 0
    for found in others[1:]:
        for row, piece in zip(found, corpus.train, strict=True):
            assert note_count(codec.decode(row)) == note_count(piece.ids)
            distance = set(pitches(codec.decode(row)) - pitches(piece.ids))
            assert len(distance) == 1
            moved += distance != {0}
    assert 0.1 < moved / (3 * len(corpus.train)) < 0.6


def test_a_codec_of_another_name_is_refused(corpus):
    assert codec_for("notes", corpus) == Notes()
    with pytest.raises(UsageError, match='there is no codec "midi": it is one of notes, parts, abc-'):
        codec_for("midi", corpus)


def test_text_is_asked_for_to_its_end(corpus):
    codec = learn("abc-characters", [])
    tokens = material(corpus, RECIPE, codec)
    steps = tokens.held_out(4, 32)
    asked = sum(int((step.targets != PAD).sum()) for step in steps)
    assert asked == sum(len(codec.encode(piece.ids)) - 1 for piece in corpus.valid)


@pytest.fixture(scope="module")
def songs():
    """Twelve songs with all of their tracks."""
    return Corpus.of("songs", [(str(seed), make_song(seed)) for seed in range(12)], tracks="all")


def test_of_all_tracks_the_tokens_of_parts_are_learned_from(songs):
    codec = codec_for(None, songs)
    assert codec == codec_for("parts", songs) == Parts()
    assert codec_for(None, Corpus.of("tunes", [("a", make_song())])) == Notes()
    found = material(songs, RECIPE, codec)
    assert found.config.vocabulary == v.SIZE
    assert found.train[0].tolist() == songs.train[0].ids.tolist()


def test_a_codec_of_other_tracks_is_refused(songs, corpus):
    for name in ("notes", "abc-characters"):
        with pytest.raises(
            UsageError, match=f'songs is a corpus of all tracks, and the codec "{name}" reads mel'
        ):
            codec_for(name, songs)
    with pytest.raises(UsageError, match='is a corpus of melodies, and the codec "parts" reads all tracks'):
        codec_for("parts", corpus)
