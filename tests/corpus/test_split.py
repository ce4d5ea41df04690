import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.corpus.scan import Piece
from notegen.corpus.split import split


def pieces(count, seed=0, name="piece"):
    """Return pieces of random notes, none a version of another."""
    rng = np.random.default_rng(seed)
    rows = (v.FIRST["pitch"] + rng.integers(40, 90, 30).astype(np.int32) for _ in range(count))
    return [Piece(f"{name} {i}", "", ids) for i, ids in enumerate(rows)]


def versions(piece, count):
    return [Piece(f"{piece.name} +{i}", "", piece.ids + i) for i in range(count)]


def side_of(found):
    """Return each piece's side by name, and fail if a piece is on two."""
    sides = {}
    for side, members in split(found).items():
        for piece in members:
            assert piece.name not in sides, f"{piece.name} is on the sides {sides[piece.name]} and {side}"
            sides[piece.name] = side
    return sides


def test_each_piece_is_on_one_side_and_none_is_lost():
    found = pieces(300)
    assert set(side_of(found)) == {piece.name for piece in found}


@pytest.mark.parametrize("count", [3, 4, 5, 8, 12])
def test_small_corpora_give_each_side_something_and_no_piece_to_two(count):
    for seed in range(100):
        found = pieces(count, seed)
        sides = side_of(found)
        assert set(sides.values()) == {"train", "valid", "test"}, f"corpus {seed}"
        assert len(sides) == count


def test_a_large_corpus_gives_about_a_twentieth_to_each_held_out_side():
    sides = list(side_of(pieces(2000)).values())
    for side in ("valid", "test"):
        assert 70 <= sides.count(side) <= 130


@pytest.mark.parametrize("count", [0, 1, 2])
def test_of_fewer_pieces_than_sides_none_is_lost_or_doubled(count):
    for seed in range(20):
        assert len(side_of(pieces(count, seed))) == count


def test_versions_of_a_tune_are_on_one_side():
    originals = pieces(100)
    found = [version for piece in originals for version in versions(piece, 3)]
    sides = side_of(found)
    for piece in originals:
        assert len({sides[f"{piece.name} +{i}"] for i in range(3)}) == 1
    assert set(sides.values()) == {"train", "valid", "test"}


def test_pieces_stay_where_they_are_when_others_come_and_go():
    old, more = pieces(200), pieces(150, seed=1, name="newcomer")
    before, after = side_of(old), side_of([*more, *reversed(old)])
    assert {name: after[name] for name in before} == before
    fewer = side_of(old[::2] + more)
    assert all(fewer[piece.name] == before[piece.name] for piece in old[::2])


def test_pieces_that_bear_one_name_are_told_apart():
    """As in a tunebook that numbers all of its tunes X:1."""
    found = [Piece("book.abc#1", "", piece.ids) for piece in pieces(6)]
    sides = split(found)
    assert sum(map(len, sides.values())) == 6
    assert all(sides.values())
