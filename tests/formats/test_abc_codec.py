import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Notes, Parts
from notegen.errors import FormatError
from notegen.formats import abc
from notegen.formats.abc_codec import ALPHABET, CHARACTERS, FIRST, TOKENS, codec, learn
from notegen.melody import GRID, melody
from notegen.score import KEY, METER, Score, meter_of, table

LETTERS = codec(CHARACTERS, ALPHABET)


@st.composite
def pieces(draw):
    """Draw note tokens of a tune with a pickup or without, with changes, ties, triplets and odd lengths."""
    meters, keys, at = [], [], 0
    first = draw(st.sampled_from([(4, 4), (3, 4), (6, 8), (2, 2), (7, 8), (11, 16)]))
    if draw(st.booleans()):
        at = 3 * draw(st.integers(1, GRID * 4 * first[0] // first[1] // 3 - 1))
        meters.append((0, *meter_of(at, first[1], GRID)))
    for meter in (first, draw(st.sampled_from(v.METERS))):
        meters.append((at, *meter))
        keys.append((at if keys else 0, *draw(st.sampled_from(v.KEYS))))
        at += draw(st.integers(1, 3)) * (4 * GRID * meter[0] // meter[1])
    durations = st.sampled_from([12, 12, 24, 6, 18, 36, 72, 200, 8, 8, 16, 4]) | st.integers(1, 40)
    rests = st.sampled_from([0, 0, 0, 12, 96]) | st.integers(0, 40)
    rows, now = [], 0
    for rest, duration, pitch in draw(
        st.lists(st.tuples(rests, durations, st.integers(0, 127)), min_size=1, max_size=30)
    ):
        rows.append((now + rest, duration, pitch))
        now += rest + duration
    score = Score.of(rows, resolution=GRID)
    line = Score(notes=score.notes, meters=table(meters, METER), keys=table(keys, KEY), resolution=GRID)
    return notes.encode(melody(line))


@settings(max_examples=60)
@given(pieces())
def test_decoding_inverts_encoding(piece):
    ids = LETTERS.encode(piece)
    assert (ids[0], ids[-1]) == (v.START, v.END)
    assert ids.min() > v.PAD
    assert ids.max() < LETTERS.size
    assert np.array_equal(LETTERS.decode(ids), piece)


@settings(max_examples=20)
@given(st.lists(pieces(), min_size=3, max_size=3))
def test_words_that_were_not_learned_are_spelled(drawn):
    words = learn(TOKENS, drawn[:1])
    for piece in drawn:
        assert np.array_equal(words.decode(words.encode(piece)), piece)
        assert words.text(words.encode(piece)) == LETTERS.text(LETTERS.encode(piece))


def test_abc2midi_reads_the_same_tune(tune):
    """In 3/4, 4/4 and 6/8, with ties over bar lines, rests, triplets and accidentals."""
    thirds = [(0, 8, 62), (8, 8, 63), (16, 8, 64), (24, 72, 61), (108, 60, 66), (168, 24, 65)]
    extra = Score.of(thirds, resolution=24, keys=table([(0, 2, 0)], KEY))
    scores = [tune(meter=meter) for meter in ((3, 4), (4, 4), (6, 8))] + [extra]
    for score in scores:
        piece = notes.encode(melody(score))
        (heard,) = abc.read_book("X:1\nT:a tune\n" + LETTERS.text(LETTERS.encode(piece)) + "\n")
        assert np.array_equal(notes.encode(melody(heard)), piece)


def test_words_are_fewer_than_characters_and_learned_in_a_fixed_order(tune):
    corpus = [notes.encode(melody(tune(seed=seed))) for seed in range(12)]
    words = learn(TOKENS, corpus)
    assert words.symbols == learn(TOKENS, corpus).symbols == tuple(sorted(words.symbols))
    assert set(ALPHABET) < set(words.symbols)
    assert {"M:4/4\n", "K:D\n", "^c"} & set(words.symbols) == {"M:4/4\n", "K:D\n"}
    assert all(len(words.encode(piece)) < len(LETTERS.encode(piece)) for piece in corpus)


def test_words_of_other_keys_are_learned_too(tune):
    corpus = [notes.encode(melody(tune(seed=seed))) for seed in range(12)]
    found = set(learn(TOKENS, corpus).symbols)
    assert sum(word.startswith("K:") for word in found) == 12


def test_a_piece_that_cannot_be_moved_is_learned_as_it_stands():
    piece = notes.encode(melody(Score.of([(0, 480, 0), (480, 480, 127)], resolution=480)))
    assert "K:C\n" in learn(TOKENS, [piece]).symbols


def test_the_bar_line_begins_bars(tune):
    piece = notes.encode(melody(tune(bars=5)))
    for each in (LETTERS, learn(TOKENS, [piece])):
        assert np.isin(each.encode(piece), each.bars).sum() == 4


def test_text_that_cannot_be_read_is_refused():
    with pytest.raises(FormatError, match="does not begin"):
        LETTERS.decode(np.array([v.START, FIRST, v.END]))


def test_codecs_are_found_by_their_names(tune):
    piece = notes.encode(melody(tune()))
    assert codec("notes") == learn("notes", [piece]) == Notes()
    assert codec("parts") == learn("parts", [piece]) == Parts()
    assert codec(TOKENS, ("a", "b")).size == 5
    assert learn(CHARACTERS, [piece]).symbols == ALPHABET
