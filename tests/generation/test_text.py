"""Text is drawn from models that know by which word each word is followed; see made_text.py."""

import numpy as np
import pytest
from made_text import BARS, END, NEVER, SLIPS, chain, each

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import accepts
from notegen.formats.abc_bars import Place, joined
from notegen.formats.abc_codec import codec
from notegen.generation.constraints import pitch_classes
from notegen.generation.sampling import Taste, read
from notegen.generation.text import MOST_TRIES, Frame, write
from notegen.keys import Key
from notegen.model.runtime import Runtime

C = Key.parse("C")
BEHIND = Place(36, (3, 8), C, bars=1)


def draw(follows, frame, *, before=(), takes=8, seed=0, taste=None, report=None):
    """Draw takes behind words; return each with its text."""
    bundle = chain(follows)
    abc = codec(bundle.codec, bundle.symbols)
    runtime = Runtime(bundle)
    prompt = read(runtime, np.append(v.START, abc.spell(before)).astype(np.int32))
    rng = np.random.default_rng(seed)
    written = write(runtime, abc, prompt, frame, takes, taste or Taste(), rng, report)
    return [(each, abc.text(each.ids)) for each in written], abc


def test_a_take_has_the_bars_that_were_asked_for():
    for follows in (BARS, SLIPS):
        drawn, _ = draw(follows, Frame(5, BEHIND), before=["|"])
        for take, text in drawn:
            assert take.is_complete
            bars = text.split("|")
            assert len(bars) == 5
            assert all(len(bar) == 3 for bar in bars[:-1])
            assert len(take.notes) == sum(map(len, bars))
            assert take.place.tick == 36 + 36 * 4 + 12 * len(bars[-1])


def test_bars_that_cannot_be_read_are_drawn_anew():
    drawn, _ = draw(SLIPS, Frame(12, BEHIND), before=["|"])
    assert sum(take.redrawn for take, _ in drawn) > 20
    assert all("^" not in text for _, text in drawn)
    drawn, _ = draw(BARS, Frame(12, BEHIND), before=["|"])
    assert not any(take.redrawn for take, _ in drawn)


def test_what_was_refused_costs_nothing_and_leaves_no_trace_in_the_model():
    """The nats are those of the text that is left, read in one go."""
    for follows in (BARS, SLIPS):
        drawn, abc = draw(follows, Frame(6, BEHIND), before=["|"])
        runtime = Runtime(chain(follows))
        for take, _ in drawn:
            ids = np.concatenate([[v.START], abc.spell(["|"]), take.ids])[None]
            predicted, _ = runtime.predict(ids, runtime.start())
            cost = np.take_along_axis(predicted[0, 1:-1], take.ids[:, None], axis=1).sum()
            assert take.nats == pytest.approx(-cost, rel=1e-6)


def test_a_bar_that_never_can_be_read_ends_a_take():
    stuck = BARS | each("gaE", {"^": 1}) | {"^": {"|": 1}}
    drawn, _ = draw(stuck, Frame(4, BEHIND), before=["|"])
    for take, text in drawn:
        assert not take.is_complete
        assert (text, take.notes, take.nats, take.redrawn) == ("", [], 0.0, MOST_TRIES)


def test_a_take_does_not_end_before_its_last_bar():
    ends = BARS | each("gaE", {"|": 1, END: 99})
    drawn, _ = draw(ends, Frame(7, BEHIND), before=["|"])
    assert all(text.count("|") == 6 for _, text in drawn)


def test_a_bar_that_is_begun_is_filled_and_given_a_note():
    drawn, _ = draw(BARS, Frame(2, BEHIND, begun=12), before=["|", "c"])
    for take, text in drawn:
        assert text[2] == "|"
        assert take.notes[0].onset == 48


def test_only_the_pitches_that_may_sound_do():
    pitches = pitch_classes(frozenset({0, 4, 7}))  # c, e and g
    drawn, _ = draw(BARS, Frame(3, BEHIND, pitches=pitches), before=["|"])
    assert {note.pitch % 12 for take, _ in drawn for note in take.notes} == {0, 4, 7}


def test_fields_do_not_change_behind_a_seed():
    changing = BARS | {"|": {"[M:3/8]": 3, "c": 1}, "[M:3/8]": {"c": 1}}
    drawn, _ = draw(changing, Frame(4, BEHIND), before=["|"])
    assert all("[" not in text for _, text in drawn)
    free, _ = draw(changing, Frame(8, is_free=True))
    assert any("[" in text for _, text in free)


@pytest.mark.parametrize(
    ("asked", "head"),
    [
        ({}, "M:3/8\nL:1/8\nK:C\n"),
        ({"meter": (3, 8)}, "M:3/8\nL:1/8\nK:C\n"),
        ({"key": Key.parse("D")}, "M:3/8\nL:1/8\nK:D\n"),
        ({"meter": (6, 16), "key": Key.parse("Am")}, "M:6/16\nL:1/8\nK:Am\n"),
    ],
)
def test_tunes_from_nothing_begin_as_they_were_asked_to(asked, head):
    follows = BARS | {f"K:{key}\n": BARS["|"] for key in ("D", "Am")}
    drawn, _ = draw(follows, Frame(2, **asked))
    for take, text in drawn:
        assert text.startswith(head)
        assert take.is_complete
        assert take.nats < -NEVER  # what was given costs nothing


def test_a_head_that_cannot_be_read_is_drawn_anew_with_what_was_asked_for():
    follows = BARS | {"L:1/8\n": {"K:C\n": 1, "M:3/8\n": 1}}
    drawn, _ = draw(follows, Frame(2, meter=(3, 8)), takes=20)
    assert all(text.startswith("M:3/8\nL:1/8\nK:C\n") for _, text in drawn)
    assert any(take.redrawn for take, _ in drawn)


def test_free_tunes_are_pieces_of_the_grammar():
    drawn, abc = draw(SLIPS, Frame(40, is_free=True), takes=20)
    for take, _ in drawn:
        ids = abc.decode(take.ids)
        assert accepts(ids)
        assert notes.decode(ids).notes["onset"].tolist() == [row[0] for row in joined(take.notes)]
    assert len({take.place.bars for take, _ in drawn}) > 2


def test_free_tunes_end_after_their_most_bars():
    endless = BARS | each("gaE", {"|": 1})
    drawn, _ = draw(endless, Frame(9, is_free=True))
    assert all(take.is_complete and take.place.bars == 9 for take, _ in drawn)


def test_the_same_seed_draws_the_same_text():
    one, again, other = (draw(SLIPS, Frame(4, BEHIND), before=["|"], seed=seed)[0] for seed in (1, 1, 2))
    texts = [[text for _, text in each] for each in (one, again, other)]
    assert texts[0] == texts[1] != texts[2]


def test_a_low_temperature_takes_the_likeliest_words():
    likely = BARS | {"|": {"c": 5, "d": 1}, **each("cdC", {"e": 5, "f": 1})}
    likely |= each("efD", {"g": 5, "a": 1})
    drawn, _ = draw(likely, Frame(4, BEHIND), before=["|"], taste=Taste(temperature=0.1))
    assert {text for _, text in drawn} == {"ceg|ceg|ceg|ceg"}


def test_it_is_told_how_many_are_complete():
    told = []
    draw(SLIPS, Frame(20, is_free=True), takes=5, report=told.append)
    assert told == sorted(told)
    assert told[-1] == 5
