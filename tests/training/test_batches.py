import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import pad
from notegen.melody import melody
from notegen.training.batches import batches, steps, transposing, weight


@pytest.fixture
def pieces():
    """Twenty pieces of 5 to 60 tokens that can be told apart by any of their tokens."""
    rng = np.random.default_rng(0)
    return [np.full(int(rng.integers(5, 60)), i + 1, dtype=np.int32) for i in range(20)]


def unpadded(batch):
    return [row[row != v.PAD].tolist() for row in batch.padded()]


def test_every_piece_is_in_one_batch_whole(pieces):
    for rng in (None, np.random.default_rng(1)):
        rows = [row for batch in batches(pieces, 3, rng) for row in unpadded(batch)]
        assert sorted(rows) == sorted(piece.tolist() for piece in pieces)


def test_a_batch_holds_pieces_of_like_length(pieces):
    made = batches(pieces, 4, np.random.default_rng(1))
    for batch in made:
        assert batch.padded().shape[1] == max(len(row) for row in unpadded(batch))
    padding = sum(int((batch.padded() == v.PAD).sum()) for batch in made)
    assert padding < 0.2 * sum(map(len, pieces))


def test_without_a_generator_the_order_is_by_length(pieces):
    lengths = [len(row) for batch in batches(pieces, 3) for row in unpadded(batch)]
    assert lengths == sorted(lengths)


def test_the_same_generator_gives_the_same_batches_and_another_others(pieces):
    one, same, other = (batches(pieces, 3, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert [unpadded(batch) for batch in one] == [unpadded(batch) for batch in same]
    assert [unpadded(batch) for batch in one] != [unpadded(batch) for batch in other]


def test_augmentation_is_for_shuffled_batches_alone(pieces):
    def negate(ids, _):
        return -ids

    assert all((batch.padded() <= 0).all() for batch in batches(pieces, 3, np.random.default_rng(0), negate))
    assert all((batch.padded() >= 0).all() for batch in batches(pieces, 3, None, negate))


def test_a_batch_is_the_same_whenever_it_is_made(pieces):
    batch = batches(pieces, 5, np.random.default_rng(0), lambda ids, rng: ids + rng.integers(1000))[0]
    assert np.array_equal(batch.padded(), batch.padded())
    assert len({int(row[0] - piece[0]) for row, piece in zip(batch.padded(), batch.pieces, strict=True)}) == 5


def test_pieces_of_a_batch_are_not_copied_before_it_is_made(pieces):
    for batch in batches(pieces, 4, np.random.default_rng(0)):
        assert all(any(row is piece for piece in pieces) for row in batch.pieces)


def test_pieces_are_filled_up_at_the_end():
    assert pad([np.array([1, 2]), np.array([3])]).tolist() == [[1, 2], [3, v.PAD]]


@given(time=st.integers(2, 400), longest=st.integers(1, 100))
def test_steps_read_and_predict_each_token_once_and_in_order(time, longest):
    batch = np.arange(2 * time).reshape(2, time)
    cut = list(steps(batch, longest))
    assert np.array_equal(np.concatenate([step.inputs for step in cut], axis=1), batch[:, :-1])
    assert np.array_equal(np.concatenate([step.targets for step in cut], axis=1), batch[:, 1:])
    assert [step.begins for step in cut] == [True] + [False] * (len(cut) - 1)
    assert max(step.inputs.shape[1] for step in cut) <= longest


def test_steps_are_of_even_length():
    assert [step.inputs.shape[1] for step in steps(np.zeros((1, 66)), 64)] == [33, 32]


def test_padding_has_no_weight():
    assert weight(pad([np.array([4, 5, 6]), np.array([7])])).tolist() == [[1, 1, 1], [1, 0, 0]]


def test_a_transposing_augmentation_reaches_all_twelve_keys(tune):
    ids, augment, rng = notes.encode(melody(tune())), transposing(), np.random.default_rng(0)
    moves = {int(v.pitches(augment(ids, rng))[0] - v.pitches(ids)[0]) for _ in range(300)}
    assert moves == set(range(-5, 7))


@pytest.mark.parametrize("edge", [0, 127])
def test_a_piece_at_the_edge_of_midi_is_moved_away_from_it(tune, edge):
    line = melody(tune())
    pitches = line.notes["pitch"]
    ids = notes.encode(line.transpose(edge - int(pitches.max() if edge else pitches.min())))
    augment, rng = transposing(), np.random.default_rng(0)
    moves = {int(v.pitches(augment(ids, rng))[0] - v.pitches(ids)[0]) for _ in range(200)}
    assert moves == (set(range(-5, 1)) if edge else set(range(7)))
