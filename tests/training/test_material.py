"""Material: pieces to learn from, and pieces held out."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.corpus import Piece, ids
from notegen.model.network import NetworkConfig
from notegen.training.material import Tokens, shares

CONFIG = NetworkConfig(vocabulary=500, embedding=4, units=4)


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.fixture
def pieces():
    """Nine pieces of 3 to 89 ids; no id is in two places."""
    ends = np.cumsum([1, 89, 5, 3, 33, 34, 60, 7, 12, 80])
    return [np.arange(start, stop, dtype=np.int32) for start, stop in pairwise(ends)]


def made(pieces, **rest):
    return Tokens(pieces, pieces[:3], CONFIG, 10.0, "bits per thing", **rest)


def targets(steps):
    """All that is to be predicted."""
    return sorted(np.concatenate([step.targets[step.targets != v.PAD] for step in steps]).tolist())


def told(steps):
    return [[np.asarray(each).tolist() for each in step] for step in steps]


def behind_the_first(pieces):
    return sorted(i for piece in pieces for i in piece[1:].tolist())


@pytest.mark.parametrize("longest", [0, 20])
def test_a_pass_asks_for_each_id_once(pieces, longest):
    steps = made(pieces, longest=longest).learned(4, 16, rng())
    assert targets(steps) == behind_the_first(pieces)
    assert {step.inputs.shape for step in steps} == {(4, 16)}


def test_long_pieces_are_cut_and_their_stretches_shuffled(pieces):
    stretches = made(pieces, longest=20).learned(4, 16, rng()).stretches
    assert (stretches[:, 2] - stretches[:, 1]).max() == 20
    of_the_longest = stretches[stretches[:, 0] == 0, 1]
    assert len(of_the_longest) > 4
    assert not np.array_equal(of_the_longest, np.sort(of_the_longest))


def test_pieces_that_come_round_again_are_cut_elsewhere(pieces):
    steps = made(pieces, longest=20, repeats=3).learned(4, 16, rng())
    assert targets(steps) == sorted(3 * behind_the_first(pieces))
    starts = [start for piece, start, _ in steps.stretches.tolist() if piece == 0 and start]
    assert len(set(starts)) > len(starts) / 2


def test_passes_differ_and_the_same_generator_gives_the_same_pass(pieces):
    material = made(pieces, longest=20, augment=lambda ids, rng: ids + rng.integers(1, 50, dtype=np.int32))
    one, same, other = (told(material.learned(4, 16, rng(seed))) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_what_is_held_out_is_measured_whole_and_as_it_is(pieces):
    material = made(pieces, longest=20, augment=lambda ids, _: ids + 1)
    steps = material.held_out(2, 16)
    assert targets(steps) == behind_the_first(pieces[:3])
    assert sum(int((step.keeps == 0).sum()) for step in steps) == 3
    assert told(steps) == told(material.held_out(2, 16))


def test_the_longest_that_is_held_out_comes_first(pieces):
    """Else the last of a thousand would stand alone at the end of its row."""
    first = made(pieces[::-1]).held_out(2, 16)[0].inputs[:, 0]
    assert first.tolist() == [pieces[-1][0], pieces[-2][0]]


def test_augmentation_is_for_what_is_learned_from(pieces):
    steps = made(pieces, augment=lambda ids, _: ids + 1).learned(4, 16, rng())
    assert targets(steps) == [i + 1 for i in behind_the_first(pieces)]


def test_steps_count_what_they_ask_for(pieces):
    steps = made(pieces, repeats=2).learned(4, 16, rng())
    assert sum(step.predictions for step in steps) == 2 * sum(len(piece) - 1 for piece in pieces)


def test_pieces_of_a_corpus_are_read_when_their_step_is_made(pieces):
    named = [Piece(f"{i}.mid", str(i), array) for i, array in enumerate(pieces)]
    lazy = Tokens(ids(named), ids(named[:3]), CONFIG, 10.0, "bits per thing", longest=20)
    eager = made(pieces, longest=20)
    assert told(lazy.learned(4, 16, rng())) == told(eager.learned(4, 16, rng()))
    assert lazy.identity() == eager.identity()


def times(pieces, steps):
    """How often each piece stands in a pass."""
    heard = np.concatenate([step.targets[step.targets != v.PAD] for step in steps])
    return np.array([(heard == piece[-1]).sum() for piece in pieces])


def test_a_fraction_of_a_round_is_a_chance(pieces):
    repeats = np.array([0.4] * 5 + [2.25] * 4)
    material = made(pieces, repeats=repeats)
    passes = np.array([times(pieces, material.learned(4, 16, rng(seed))) for seed in range(400)])
    np.testing.assert_allclose(passes.mean(axis=0), repeats, atol=0.12)
    assert set(passes[:, :5].ravel()) == {0, 1}
    assert set(passes[:, 5:].ravel()) == {2, 3}
    assert set(passes[:, :5].sum(axis=1)) <= {1, 2, 3}  # of two in the mean
    assert set(passes[:, 5:].sum(axis=1)) <= {8, 9, 10}


def test_sources_are_heard_in_the_shares_that_are_asked_for(pieces):
    """Five short pieces against four long ones, three to one."""
    sources, sizes = np.array([1, 0, 1, 1, 0, 1, 0, 1, 0]), np.array([len(piece) for piece in pieces])
    material = made(pieces, repeats=shares(sources, sizes, [1, 3]))
    heard = np.zeros(2)
    for seed in range(100):
        counts = times(pieces, material.learned(4, 16, rng(seed)))
        heard += np.bincount(sources, weights=counts * sizes)
    assert heard[1] / heard[0] == pytest.approx(3, rel=0.05)
    assert heard.sum() / 100 == pytest.approx(sizes.sum(), rel=0.05)


def test_pieces_that_are_made_anew_may_be_of_any_length(pieces):
    """They are cut by the length that they have in this pass."""
    longer = [np.repeat(piece, 1 + i % 3) for i, piece in enumerate(pieces)]
    material = made(pieces, longest=20, remake=lambda piece, _: longer[piece])
    steps = material.learned(4, 16, rng())
    assert targets(steps) == behind_the_first(longer)
    assert (steps.stretches[:, 2] - steps.stretches[:, 1]).max() == 20
    assert targets(material.held_out(4, 16)) == behind_the_first(pieces[:3])


def test_passes_of_pieces_made_anew_differ_and_the_same_generator_gives_the_same(pieces):
    material = made(pieces, remake=lambda piece, rng: pieces[piece][: int(rng.integers(2, 90))])
    one, same, other = (told(material.learned(4, 16, rng(seed))) for seed in (1, 1, 2))
    assert one == same
    assert one != other


@pytest.mark.parametrize("anew", [False, True], ids=["as they are", "made anew"])
def test_of_windows_a_pass_asks_for_one_id_in_a_windows_length(pieces, anew):
    config = replace(CONFIG, window=16)
    material = Tokens(pieces, pieces[:3], config, 1.0, "", remake=(lambda i, _: pieces[i]) if anew else None)
    steps = material.learned(4, 16, rng())
    found = targets(steps)
    asked = behind_the_first(pieces)
    assert len(found) == len(set(found)) == -(-len(asked) // 16)
    assert {step.inputs.shape for step in steps} == {(4, 16)}
    assert targets(material.held_out(4, 16)) == behind_the_first(pieces[:3])


def test_materials_are_told_apart(pieces):
    assert made(pieces).identity()[:2] == [9, 323]
    others = [
        made(pieces[1:]),
        made([piece[::-1] for piece in pieces]),
        made(pieces, repeats=2),
        made(pieces, repeats=np.array([1, 1, 1, 1, 1, 1, 1, 1, 1.5])),
        made(pieces, given={"prior": np.ones(3, np.float32)}),
        made(pieces, start={"embedding": np.full(3, 2, np.float32)}),
    ]
    assert all(other.identity() != made(pieces).identity() for other in others)
