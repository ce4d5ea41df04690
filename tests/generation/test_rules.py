"""Takes are drawn by lot among what the masks leave, and checked by what is heard alone."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest

from notegen.chords import parse_chords
from notegen.codecs import notes, parts
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar
from notegen.codecs.parts_grammar import PartsGrammar
from notegen.errors import UsageError
from notegen.generation.constraints import Constraints, Guide
from notegen.generation.course import course
from notegen.generation.rules import Rules, parse_density, parse_span
from notegen.generation.sampling import Taste, draw
from notegen.keys import Key

TAKES, BARS = 9, 4
PITCH, RELEASE = v.FIRST["pitch"] + v.LOWEST, v.FIRST["release"] - 1
PART, PROGRAM, VELOCITY, DRUM = (v.FIRST[kind] for kind in ("part", "program", "velocity", "drum"))
LENGTH = {(4, 4): 96, (3, 4): 72, (6, 8): 72, (7, 8): 84, (3, 8): 36}
BEATS = {(4, 4): (0, 24, 48, 72), (3, 4): (0, 24, 48), (6, 8): (0, 36), (7, 8): (0, 24, 48), (3, 8): (0,)}
D = Key.parse("D")
NO_ROOM = {"close of some", "close with voices", "close in one voice", "all"}  # in 3/8

# How tokens weigh: each kind alike (bars are thin), parts more (chords are wide), all alike (bars are full).
THIN = -np.log([kind.size for kind in v.TABLE])[v.KIND]
WIDE = THIN + np.where(v.INDEX["part"] == v.KIND, 4, 0)
FULL = np.zeros(v.SIZE)
WEIGHTS = np.tile([THIN, WIDE, FULL], (TAKES // 3, 1))  # (takes, vocabulary)

RULES = {
    "key": Rules(key=Key.parse("Am")),
    "range": Rules(span=(60, 67)),
    "one pitch": Rules(span=(62, 62)),
    "voices": Rules(voices=3),
    "one voice": Rules(voices=1),
    "chords": Rules(chords=parse_chords("D G/2 A7/1.5 Bm")),
    "chromatic chords": Rules(chords=parse_chords("Ebmaj7 F#dim"), voices=2),
    "few": Rules(density=(0, 3)),
    "exactly five": Rules(density=(5, 5)),
    "many": Rules(density=(12, 30)),
    "many in one voice": Rules(density=(12, 16), voices=1),
    "close": Rules(end=True),
    "close in another key": Rules(end=True, key=Key.parse("Edor"), span=(50, 75)),
    "close of one note": Rules(end=True, density=(1, 1)),
    "close of some": Rules(end=True, span=(62, 69), density=(2, 4)),
    "close with voices": Rules(end=True, voices=2, density=(3, 9)),
    "close in one voice": Rules(end=True, voices=1, density=(3, 3)),
    "all": Rules(D, (55, 79), 3, parse_chords("D/3 G A Bm7/1 D"), (3, 6), end=True),
}
CODECS = pytest.mark.parametrize("codec", [notes, parts], ids=["melody", "parts"])
PLACES = pytest.mark.parametrize(
    ("codec", "meter"),
    [
        *(pytest.param(notes, meter, id=f"melody {meter[0]}/{meter[1]}") for meter in LENGTH),
        pytest.param(parts, (4, 4), id="parts 4/4"),
        pytest.param(parts, (6, 8), id="parts 6/8"),
    ],
)


class Note(NamedTuple):
    onset: int
    end: int
    pitch: int
    is_drum: bool


def head(codec, meter, programs=(0, 33, v.DRUMS, 48)):
    """Return the tokens up to half a bar of music."""
    maps = [v.START, v.meter_id(meter), v.key_id(D)]
    if codec is notes:
        return [*maps, v.BAR, PITCH + 64, RELEASE + 18]
    declared = [token for i, program in enumerate(programs) for token in (PART + i, PROGRAM + program)]
    bar = [v.BAR, PART + 0, VELOCITY + 4, PITCH + 64, RELEASE + 18, PITCH + 60, RELEASE + 16]
    return [*maps, v.FIRST["tempo"] + 20, *declared, *bar, PART + 2, VELOCITY + 5, DRUM + 36]


def grammar_behind(codec, ids):
    grammar = (Grammar if codec is notes else PartsGrammar)(TAKES)
    for token in ids:
        grammar.advance(np.full(TAKES, token))
    return grammar


def lots(guide):
    """Return the tokens of each take, drawn by lot under its guide."""
    rng = np.random.default_rng(0)
    rows = [[] for _ in guide.alive]
    while True:
        mask = guide.mask()
        assert mask.any(axis=1).all(), "nothing may come next"
        tokens = draw(WEIGHTS[:, : mask.shape[1]], mask, Taste(), rng)
        guide.advance(tokens)
        if not guide.alive.any():
            return rows
        for i in np.flatnonzero(guide.alive):
            rows[i].append(int(tokens[i]))


def heard(codec, ids):
    score = codec.decode(np.array(ids, dtype=np.int32))
    columns = (score.notes[name].tolist() for name in ("onset", "duration", "pitch", "track"))
    return [
        Note(onset, onset + duration, pitch, score.tracks[track].is_drum)
        for onset, duration, pitch, track in zip(*columns, strict=True)
    ]


def takes(codec, rules, meter, fill=0):
    """Return the seed's notes and the new ones of takes that fill a bar from a tick on, or leave it."""
    ids = head(codec, meter) if fill else [*head(codec, meter), v.BAR]
    asked = course(rules, 2, BARS + 1, meter, D)
    constraints = Constraints(BARS + 1, fill=int(fill > 0), floor=fill, course=asked)
    drawn = lots(Guide(grammar_behind(codec, ids), constraints))
    begin = fill or LENGTH[meter]
    scores = [heard(codec, ids + row) for row in drawn]
    return [([n for n in all_ if n.onset < begin], [n for n in all_ if n.onset >= begin]) for all_ in scores]


def check(rules, meter, before, new, bars=BARS, first=1):
    """Check new notes against rules; the first whole new bar is the one behind `first` bars."""
    length = LENGTH[meter]
    stop = length * (bars + first)
    pitched = [note for note in new if not note.is_drum]
    assert all(note.end <= stop for note in pitched)
    if rules.key:
        assert {note.pitch % 12 for note in pitched} <= rules.key.scale
    if rules.span:
        assert all(rules.span[0] <= note.pitch <= rules.span[1] for note in pitched)
    if rules.voices:
        held = pitched + [note for note in before if not note.is_drum]
        for note in pitched:
            assert sum(other.onset <= note.onset < other.end for other in held) <= rules.voices
    if rules.density:
        begun = Counter(note.onset // length for note in new)
        assert all(rules.density[0] <= begun[first + bar] <= rules.density[1] for bar in range(bars))
        assert max(begun.values(), default=0) <= rules.density[1]
    if rules.chords:
        check_chords(rules.chords, meter, [note for note in pitched if note.onset >= first * length], first)
    if rules.end:
        check_close(rules.key or D, meter, new, stop)


def check_chords(chords, meter, pitched, first):
    length = LENGTH[meter]
    row = [chord for chord in chords for _ in range(int((chord.quarters or 0) * 24) or length)]
    for note in pitched:
        if note.onset % length in BEATS[meter]:
            assert note.pitch % 12 in row[(note.onset - first * length) % len(row)].tones


def check_close(key, meter, new, stop):
    length = LENGTH[meter]
    pitched = [note for note in new if not note.is_drum]
    last = [note for note in pitched if note.end == stop]
    assert len({note.onset for note in last}) == 1
    onset = last[0].onset
    place = onset - (stop - length)
    assert place in BEATS[meter]
    assert 2 * place <= length
    third = 4 if (key.tonic + 4) % 12 in key.scale else 3
    assert {(note.pitch - key.tonic) % 12 for note in last} <= {0, third, 7}
    assert min(note.pitch for note in last) % 12 == key.tonic
    assert max(note.onset for note in new) == onset
    assert all(note.end <= onset for note in pitched if note not in last)


@PLACES
@pytest.mark.parametrize("name", RULES)
def test_takes_drawn_by_lot_keep_to_the_rules(codec, meter, name):
    if meter == (3, 8) and name in NO_ROOM:
        with pytest.raises(UsageError, match="room"):
            course(RULES[name], 2, 6, meter, D)
        return
    for before, new in takes(codec, RULES[name], meter):
        check(RULES[name], meter, before, new)


@CODECS
@pytest.mark.parametrize("name", ["key", "voices", "exactly five", "close in one voice", "all"])
def test_a_bar_is_filled_by_the_rules_too(codec, name):
    for before, new in takes(codec, RULES[name], (4, 4), fill=24):
        assert any(note.onset < 96 for note in new)
        check(RULES[name], (4, 4), before, new)


@pytest.mark.parametrize("name", sorted(RULES.keys() - {"voices", "one voice"}))
def test_without_rules_these_checks_fail(name):
    free = takes(parts, Rules(), (4, 4))
    with pytest.raises((AssertionError, IndexError)):
        for before, new in free:
            check(RULES[name], (4, 4), before, new)


@CODECS
def test_a_tune_from_nothing_keeps_to_the_rules(codec):
    grammar = grammar_behind(codec, [v.START])
    asked = course(RULES["all"], 1, BARS, (4, 4), D)
    guide = Guide(grammar, Constraints(BARS, key=D, course=asked))
    grammar.advance(np.full(TAKES, v.meter_id((4, 4))))
    for row in lots(guide):
        notes_ = heard(codec, [v.START, v.meter_id((4, 4)), *row])
        check(RULES["all"], (4, 4), [], notes_, first=0)


def test_missing_bars_keep_to_the_rules():
    rules = Rules(key=D, voices=2, density=(3, 5), chords=parse_chords("D A"))
    later = [v.GAP, v.GAP, v.BAR, PART + 0, PITCH + 60, RELEASE + 96, v.FILL, v.BAR]
    ids = [*head(parts, (4, 4)), *later]
    guide = Guide(grammar_behind(parts, ids), Constraints(3, course=course(rules, 2, 3, (4, 4), D)))
    for row in lots(guide):
        new = [note for note in heard(parts, ids + row) if 96 <= note.onset < 3 * 96]
        check(rules, (4, 4), [], new, bars=2)


def test_a_chord_may_close_a_piece():
    drawn = takes(parts, RULES["close"], (4, 4))
    closes = [sum(note.end == 96 * (BARS + 1) for note in new) for _, new in drawn]
    assert max(closes) > 1


def test_drums_keep_to_density_alone():
    drawn = takes(parts, Rules(key=D, span=(60, 64), chords=parse_chords("D")), (4, 4))
    assert {note.pitch for _, new in drawn for note in new if note.is_drum} - set(range(60, 65))


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        (Rules(key=Key.parse("C"), span=(61, 61)), "no note of the scale of C"),
        (Rules(span=(60, 61), chords=parse_chords("C D")), "no tone of the chord D"),
        (Rules(key=Key.parse("C"), chords=parse_chords("C F#")), "no tone of the chord F#"),
        (Rules(density=(97, 99)), "a bar of 4/4 has no room"),
        (Rules(density=(60, 99), end=True), "a bar that comes to a close has no room"),
        (Rules(span=(63, 72), end=True, key=Key.parse("A"), chords=parse_chords("E")), "a close needs A"),
        (Rules(span=(63, 73), end=True), "a close needs D"),
    ],
)
def test_demands_that_cannot_be_met_together_are_refused(rules, words):
    with pytest.raises(UsageError, match=words):
        course(rules, 2, 5, (4, 4), D)


@pytest.mark.parametrize("rules", [RULES["few"], RULES["chords"], RULES["close"]])
def test_what_needs_a_meter_is_refused_without_one(rules):
    with pytest.raises(UsageError, match="meter"):
        course(rules, 1, 4)


def test_a_key_and_a_range_need_no_meter():
    ids = [v.START, v.meter_id((5, 8)), v.key_id(D), v.BAR]
    asked = course(Rules(key=D, span=(60, 72)), 1, BARS)
    for row in lots(Guide(grammar_behind(notes, ids), Constraints(BARS, course=asked))):
        assert {note.pitch for note in heard(notes, ids + row)} <= {61, 62, 64, 66, 67, 69, 71}


def test_no_rules_are_no_course():
    assert course(Rules(), 1, 4) is None


def test_drums_alone_cannot_close():
    ids = [*head(parts, (4, 4), programs=(v.DRUMS,))[:7], v.BAR]
    with pytest.raises(UsageError, match="nothing but drums"):
        Guide(grammar_behind(parts, ids), Constraints(3, course=course(Rules(end=True), 2, 3, (4, 4), D)))


@pytest.mark.parametrize("rules", [Rules(voices=1, density=(1, 4)), Rules(end=True)])
def test_notes_that_are_held_over_for_too_long_are_refused(rules):
    held = [VELOCITY + 2, PITCH + 50, RELEASE + 288]
    ids = [*head(parts, (4, 4))[:14], PART, *held]
    with pytest.raises(UsageError, match="held over"):
        Guide(grammar_behind(parts, ids), Constraints(3, course=course(rules, 2, 3, (4, 4), D)))


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"span": (70, 60)}, "range is 70 to 60"),
        ({"span": (0, 128)}, "range is 0 to 128"),
        ({"voices": 0}, "0 voices"),
        ({"density": (3, 2)}, "density is 3 to 2"),
        ({"density": (0, 0)}, "density is 0 to 0"),
        ({"chords": ()}, "at least one"),
    ],
)
def test_values_that_make_no_sense_are_refused(values, words):
    with pytest.raises(UsageError, match=words):
        Rules(**values)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("C3:A5", (48, 81)),
        ("48:81", (48, 81)),
        ("Bb-1:g#9", (10, 128)),
        ("c4:C4", (60, 60)),
        ("B#3:72", (60, 72)),
    ],
)
def test_a_range_is_read_by_name_or_number(text, span):
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "C3", "C3-A5", "C3:", ":A5", "H3:A5", "C3:A5:C6", "1.5:60"])
def test_what_is_no_range_is_refused(text):
    with pytest.raises(UsageError, match="not a range"):
        parse_span(text)


@pytest.mark.parametrize("text", ["", "4-8", "4:", "-1", "four", "1.5"])
def test_what_is_no_density_is_refused(text):
    with pytest.raises(UsageError, match="not a number of notes"):
        parse_density(text)
