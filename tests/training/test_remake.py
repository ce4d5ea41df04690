from dataclasses import replace

import numpy as np
import pytest
from made_tunes import make_song

from notegen.arrange import arrange
from notegen.codecs import vocabulary as v
from notegen.codecs.parts import decode, encode, numbers
from notegen.codecs.parts_grammar import PartsGrammar
from notegen.score import KEY, METER, Score, table
from notegen.training.remake import LEFT, MIDDLE, RIGHT, remaking

PIECE = encode(arrange(make_song(bars=40)))
RNG = np.random.default_rng


def made(piece=PIECE, times=60, **shares):
    """Return what becomes of a piece, with other random numbers each time."""
    remake = remaking([piece], **{"thinned": 0, "filled": 0, **shares})
    return [remake(0, RNG(seed)) for seed in range(times)]


def intervals(ids):
    """What stays of a piece in another key."""
    score = decode(ids)
    drums = np.array([track.is_drum for track in score.tracks])[score.notes["track"]]
    pitch = score.notes["pitch"] - np.where(drums, 0, score.notes["pitch"][~drums][0])
    return [*zip(score.notes["onset"].tolist(), pitch.tolist(), score.notes["track"].tolist(), strict=True)]


def is_allowed(ids):
    grammar = PartsGrammar(1)
    for i, token in enumerate(ids.tolist()):
        if i and not grammar.mask()[0, token]:
            return False
        grammar.advance(np.array([token]))
    return True


def test_without_shares_pieces_are_at_most_in_another_key():
    found = made()
    assert 0 < sum(ids.tolist() == PIECE.tolist() for ids in found) < len(found)
    for ids in found[:10]:
        assert intervals(ids) == intervals(PIECE)


def test_a_thinned_piece_has_some_of_the_parts_under_their_own_numbers():
    seen = set()
    whole = decode(PIECE).notes
    for ids in made(thinned=1):
        kept = numbers(ids)
        seen.add(tuple(kept))
        for i, part in enumerate(kept):
            mine, own = decode(ids).notes, whole[whole["track"] == part]
            assert mine["onset"][mine["track"] == i].tolist() == own["onset"].tolist()
    assert seen == {(0,), (1,), (2,), (0, 1), (0, 2), (1, 2)}


def test_a_piece_of_one_part_is_not_thinned():
    solo = encode(arrange(replace(make_song(), notes=make_song().notes[make_song().notes["track"] == 0])))
    assert all(numbers(ids) == [0] for ids in made(solo, thinned=1, times=20))


def test_of_a_filled_piece_a_stretch_is_there_with_its_middle_at_the_end():
    for ids in made(filled=1):
        gaps, fill = (ids == v.GAP).sum(), int(np.argmax(ids == v.FILL))
        assert 1 <= gaps <= MIDDLE
        assert (ids[fill:] == v.BAR).sum() == gaps
        first = int(np.argmax(ids == v.GAP))
        assert 1 <= (ids[:first] == v.BAR).sum() <= LEFT
        assert 1 <= (ids[first:fill] == v.BAR).sum() <= RIGHT
        assert ids[-1] == v.END
        assert numbers(ids) == [0, 1, 2]


def test_what_is_made_is_as_the_grammar_has_it():
    for ids in made(encode(arrange(make_song(bars=8))), thinned=0.5, filled=0.5, times=5):
        assert is_allowed(ids)


def test_a_stretch_comes_back_as_it_stands_in_the_piece():
    """Bars of drums tell where a stretch is from: each must be a run of bars of the piece."""

    def bars(ids):
        notes = decode(ids).notes
        found = [[] for _ in range(notes["onset"].max() // 96 + 1)]
        for note in notes[notes["track"] == 2]:
            found[note["onset"] // 96].append((int(note["onset"] % 96), int(note["pitch"])))
        return [tuple(bar) for bar in found]

    whole = bars(PIECE)
    for ids in made(filled=1, times=20):
        some = bars(ids)
        assert any(whole[i : i + len(some)] == some for i in range(len(whole)))


def test_shares_are_those_that_are_asked_for():
    found = made(thinned=0.2, filled=0.2, times=300)
    assert np.mean([v.FILL in ids for ids in found]) == pytest.approx(0.2, abs=0.06)
    assert np.mean([len(numbers(ids)) < 3 for ids in found]) == pytest.approx(0.2, abs=0.06)


def test_the_same_random_numbers_make_the_same_piece():
    once, again = made(thinned=0.4, filled=0.4, times=9), made(thinned=0.4, filled=0.4, times=9)
    assert [ids.tolist() for ids in once] == [ids.tolist() for ids in again]


def test_a_piece_too_short_to_lack_a_bar_stays_whole():
    short = encode(arrange(make_song(bars=2)))
    assert all(v.GAP not in ids for ids in made(short, filled=1, times=10))


CHANGING = {
    "keys": {"keys": table([(7680 * i, i, 0) for i in range(3)], KEY)},
    "meters": {"meters": table([(7680 * i, 4 - 2 * (i % 2), 4) for i in range(3)], METER)},
    "a pickup": {"meters": table([(0, 1, 4), (480, 4, 4)], METER)},
}


@pytest.mark.parametrize("change", CHANGING.values(), ids=CHANGING)
def test_changes_on_the_way_are_no_obstacle(change):
    piece = encode(arrange(replace(make_song(bars=12), **change)))
    found = made(piece, thinned=0.3, filled=0.7, times=30)
    assert any(v.GAP in ids for ids in found)
    for i, ids in enumerate(found):
        assert len(decode(ids).notes)
        assert i % 10 or is_allowed(ids)


def test_bars_of_rest_and_long_notes_are_no_obstacle():
    rows = [(0, 480 * 60, 40), *((480 * i, 480, 60 + i % 5) for i in range(12)), (480 * 40, 480, 61)]
    piece = encode(arrange(Score.of(rows)))
    for ids in made(piece, filled=1, times=20):
        assert is_allowed(ids)
