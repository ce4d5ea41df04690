"""Augmentation: tunes that are moved to other keys."""

import numpy as np
import pytest
from made_tunes import make_song

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import transpose
from notegen.corpus.tracks import tokens
from notegen.melody import melody
from notegen.training.augment import transposing


@pytest.fixture
def ids(tune):
    return notes.encode(melody(tune()))


def moves(ids, count=300, share=1.0, **rest):
    """By how many semitones each of so many drawings moves a tune."""
    augment, rng = transposing(share=share, **rest), np.random.default_rng(0)
    return [int(v.pitches(augment(ids, rng))[0] - v.pitches(ids)[0]) for _ in range(count)]


def test_a_tune_reaches_all_twelve_keys(ids):
    assert set(moves(ids)) == set(range(-5, 7))
    assert set(moves(ids, low=-1, high=2)) == {-1, 0, 1, 2}


def test_a_share_of_the_pieces_is_moved(ids):
    found = np.array(moves(ids, 2000, share=0.3))
    assert 0.23 < (found != 0).mean() < 0.32  # a twelfth of what is drawn is no move
    assert not any(moves(ids, share=0))


def test_what_is_not_moved_is_not_copied(ids):
    assert transposing(share=0)(ids, np.random.default_rng(0)) is ids


def test_the_whole_tune_is_moved_and_stays_as_long(ids):
    augment, rng = transposing(share=1), np.random.default_rng(0)
    for _ in range(20):
        found = augment(ids, rng)
        move = int(v.pitches(found)[0] - v.pitches(ids)[0])
        np.testing.assert_array_equal(found, transpose(ids, move))
        assert found.shape == ids.shape


@pytest.mark.parametrize("edge", [0, 127])
def test_a_piece_at_the_edge_of_midi_is_moved_away_from_it(tune, edge):
    line = melody(tune())
    pitches = line.notes["pitch"]
    ids = notes.encode(line.transpose(edge - int(pitches.max() if edge else pitches.min())))
    assert set(moves(ids)) == (set(range(-5, 1)) if edge else set(range(7)))


def test_drums_stay_where_they_are():
    ids = tokens(make_song(), "all")
    drums = v.KIND[ids] == v.INDEX["drum"]
    assert set(moves(ids)) == set(range(-5, 7))
    for seed in range(8):
        found = transposing(share=1)(ids, np.random.default_rng(seed))
        assert found[drums].tolist() == ids[drums].tolist()
    beat = ids[v.KIND[ids] != v.INDEX["pitch"]]
    assert transposing(share=1)(beat, np.random.default_rng(0)) is beat
