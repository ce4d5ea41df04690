from dataclasses import replace

import numpy as np
import pytest
from made_tunes import make_song, make_tune

from notegen.arrange import arrange
from notegen.codecs import notes, parts
from notegen.codecs import vocabulary as v
from notegen.generation import missing as module
from notegen.generation.missing import FOLLOWING, Missing
from notegen.generation.rules import Rules
from notegen.melody import melody
from notegen.score import NOTE, table
from notegen.training import remake

WHERE = [(1, 3), (4, 8), (9, 10), (20, 22)]
KINDS = {"a melody": (False, False), "parts": (True, False), "parts, both sides read": (True, True)}


def pieces(several, first, stop, bars=24):
    """Return a piece, without some bars and with them, and its tokens as they are."""
    if several:
        whole = arrange(make_song(bars=bars))
        ids, numbers = parts.encode(whole), tuple(range(len(whole.tracks)))
    else:
        whole = melody(make_tune(bars=bars))
        ids, numbers = notes.encode(whole), None
    lines = whole.bars()
    inside = (whole.notes["onset"] >= lines[first]) & (whole.notes["onset"] < lines[stop])
    rest = replace(whole, notes=table(whole.notes[~inside], NOTE))
    return rest, numbers, whole.notes[inside], np.split(ids, np.flatnonzero(ids == v.BAR))


@pytest.mark.parametrize(("first", "stop"), WHERE)
@pytest.mark.parametrize(("several", "fills"), KINDS.values(), ids=KINDS)
def test_what_truly_stands_there_is_read_and_allowed(several, fills, first, stop):
    rest, numbers, true, bars = pieces(several, first, stop)
    missing = Missing(rest, first, stop, numbers, fills)
    ids = np.concatenate(bars[1 + first : 1 + stop])  # what is before the first bar is the head
    assert missing.rows(ids).tolist() == true.tolist()
    grammar, constraints = missing.grammar(1), missing.constraints(Rules())
    for token in ids:
        mask = grammar.mask()
        constraints.apply(mask, grammar, np.array([False]))
        assert mask[0, token]
        assert not constraints.complete(np.array([token]), grammar).any()
        grammar.advance(np.array([token]))
    mask = grammar.mask()
    constraints.apply(mask, grammar, np.array([False]))
    assert mask[0, v.END] or mask[0, v.BAR]
    assert constraints.complete(np.array([v.END if mask[0, v.END] else v.BAR]), grammar).all()


@pytest.mark.parametrize(("first", "stop"), WHERE)
@pytest.mark.parametrize(("several", "fills"), KINDS.values(), ids=KINDS)
def test_what_follows_is_told_as_it_stands_behind_these_notes(several, fills, first, stop):
    rest, numbers, true, bars = pieces(several, first, stop)
    missing = Missing(rest, first, stop, numbers, fills)
    assert missing.before.tolist() == np.concatenate(bars[: 1 + first]).tolist()
    right = np.concatenate(bars[1 + stop : 1 + stop + FOLLOWING])
    assert missing.following(true).tolist() == right[right != v.END].tolist()


def test_both_sides_are_read_as_in_training():
    rest, numbers, _, _ = pieces(True, 20, 22, bars=40)
    prompt = Missing(rest, 20, 22, numbers, fills=True).prompt
    assert (prompt == v.BAR).sum() == module.LEFT + module.RIGHT
    assert (prompt == v.GAP).sum() == 2
    assert prompt[-1] == v.FILL
    assert (module.LEFT, module.RIGHT) == (remake.LEFT, remake.RIGHT)


def test_a_long_rest_on_the_right_is_read_up_to_its_end():
    rest, numbers, _, _ = pieces(True, 8, 20)
    prompt = Missing(rest, 8, 9, numbers, fills=True).prompt
    assert (prompt == v.BAR).sum() == 8 + 11 + 1
