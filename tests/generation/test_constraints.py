import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar
from notegen.generation.constraints import Constraints
from notegen.generation.course import course
from notegen.generation.ledger import Ledger
from notegen.generation.rules import Rules
from notegen.keys import Key

HEAD = (v.START, v.meter_id((4, 4)), v.key_id(Key.parse("D")), v.BAR)
PITCH, RELEASE, POSITION = v.FIRST["pitch"] + v.LOWEST, v.FIRST["release"] - 1, v.FIRST["position"]
QUARTER = (PITCH + 60, RELEASE + 24)


def allowed(constraints, *ids, fresh=True):
    """Return the ids that may follow others."""
    grammar = Grammar(1)
    for token in ids:
        grammar.advance(np.array([token]))
    mask = grammar.mask()
    constraints.apply(mask, grammar, np.array([fresh]))
    if constraints.course:
        Ledger(constraints.course, grammar).narrow(mask, grammar)
    return set(np.flatnonzero(mask[0]).tolist())


def kinds(ids):
    return {v.TABLE[v.KIND[token]].name for token in ids}


def test_a_take_cannot_end_before_its_last_bar():
    assert v.END not in allowed(Constraints(last_bar=2), *HEAD, *QUARTER)
    assert v.END in allowed(Constraints(last_bar=1), *HEAD, *QUARTER)


def test_meter_and_key_stay_once_a_bar_has_begun():
    assert not kinds(allowed(Constraints(last_bar=4), *HEAD, *QUARTER)) & {"meter", "key", "pickup"}


def test_a_tune_from_nothing_has_no_pickup():
    assert v.PICKUP not in allowed(Constraints(last_bar=4), *HEAD[:-1])


def test_a_note_ends_with_the_last_bar_at_the_latest():
    for last_bar, longest in ((1, 96), (2, 192), (3, 288), (4, 288)):
        releases = allowed(Constraints(last_bar), *HEAD, PITCH + 60)
        assert max(releases) == RELEASE + longest


def test_a_note_that_goes_on_ends_with_the_last_bar_too():
    held = (*HEAD, PITCH + 60, RELEASE + 288)
    releases = {token for token in allowed(Constraints(last_bar=4), *held) if kinds([token]) == {"release"}}
    assert max(releases) == RELEASE + 96
    assert "release" not in kinds(allowed(Constraints(last_bar=3), *held))


def test_a_scale_keeps_other_pitches_out_of_every_octave():
    scale = Key.parse("D").scale
    after = allowed(Constraints(last_bar=2, course=course(Rules(key=Key.parse("D")), 1, 2)), *HEAD)
    pitches = {token - PITCH + 2 for token in after if kinds([token]) == {"pitch"}}  # the tonic is D
    assert pitches == {pitch for pitch in range(128) if pitch % 12 in scale}


def test_a_tune_from_nothing_keeps_to_its_key():
    key = Key.parse("Ador")
    assert allowed(Constraints(last_bar=2, key=key), *HEAD[:2]) == {v.key_id(key)}


@pytest.mark.parametrize("meter", [(4, 4), (7, 8)])
def test_the_unfinished_bar_is_filled_from_its_floor_on(meter):
    head = (v.START, v.meter_id(meter), *HEAD[2:])
    constraints = Constraints(last_bar=3, fill=1, floor=36)
    after = allowed(constraints, *head, *QUARTER)  # the melody ends at 24, the seed at 36
    assert kinds(after) == {"position"}
    assert min(after) == POSITION + 36
    assert kinds(allowed(constraints, *head, *QUARTER, POSITION + 36)) == {"pitch"}


def test_a_melody_that_reaches_the_floor_goes_on_at_once():
    after = allowed(Constraints(last_bar=3, fill=1, floor=24), *HEAD, *QUARTER)
    assert kinds(after) == {"pitch", "position"}


def test_a_filled_bar_may_end():
    constraints = Constraints(last_bar=3, fill=1, floor=24)
    assert v.BAR in allowed(constraints, *HEAD, *QUARTER, *QUARTER[:1], RELEASE + 48, fresh=False)


@pytest.mark.parametrize(
    ("bars", "token", "complete"), [(1, v.BAR, True), (2, v.BAR, False), (2, v.END, True)]
)
def test_a_take_is_complete_with_the_bar_line_behind_its_last_bar(bars, token, complete):
    grammar = Grammar(1)
    for id_ in HEAD:
        grammar.advance(np.array([id_]))
    assert Constraints(last_bar=bars).complete(np.array([token]), grammar).tolist() == [complete]
