import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.codecs import rolls
from notegen.errors import FormatError, RangeError

FRAMES = st.lists(st.sets(st.integers(0, rolls.PITCHES - 1), max_size=6), max_size=12)


def roll_of(frames):
    roll = np.zeros((len(frames), rolls.PITCHES), bool)
    for row, pitches in zip(roll, frames, strict=True):
        row[list(pitches)] = True
    return roll


@given(FRAMES)
def test_decoding_inverts_encoding(frames):
    roll = roll_of(frames)
    assert np.array_equal(rolls.decode(rolls.encode(roll)), roll)


@given(FRAMES)
def test_each_token_of_a_piece_may_follow_the_one_before_it(frames):
    ids = rolls.encode(roll_of(frames))
    assert rolls.follows(ids[:-1])[np.arange(len(ids) - 1), ids[1:]].all()


@given(FRAMES, st.data())
def test_tokens_of_which_one_may_not_follow_are_refused(frames, data):
    ids = rolls.encode(roll_of(frames))
    at = data.draw(st.integers(1, len(ids) - 1))
    wrong = data.draw(st.sampled_from(np.flatnonzero(~rolls.follows(ids[at - 1 : at])[0]).tolist()))
    ids[at] = wrong
    with pytest.raises(FormatError):
        rolls.decode(ids)


def test_a_chord_stands_from_the_highest_pitch_to_the_lowest():
    chord = roll_of([{60 - rolls.LOWEST, 67 - rolls.LOWEST, 64 - rolls.LOWEST}])
    expected = [rolls.START, *(rolls.PITCH + pitch - 21 for pitch in (67, 64, 60)), rolls.FRAME, rolls.END]
    assert rolls.encode(chord).tolist() == expected


def test_a_roll_of_zeros_and_ones_is_read_like_one_of_bool():
    roll = roll_of([{3, 50}, set(), {87, 0}])
    assert np.array_equal(rolls.encode(roll.astype(np.uint8)), rolls.encode(roll))


@given(FRAMES, st.integers(-12, 12))
def test_a_transposed_piece_has_its_columns_moved(frames, semitones):
    ids, roll = rolls.encode(roll_of(frames)), roll_of(frames)
    sounding = np.flatnonzero(roll.any(0)) + semitones
    if len(sounding) and (sounding[0] < 0 or sounding[-1] >= rolls.PITCHES):
        with pytest.raises(RangeError):
            rolls.transpose(ids, semitones)
    else:
        assert np.array_equal(rolls.decode(rolls.transpose(ids, semitones)), np.roll(roll, semitones, 1))


@pytest.mark.parametrize("shape", [(3, 87), (3, 128), (88,)])
def test_a_roll_of_another_width_is_refused(shape):
    with pytest.raises(RangeError, match="88 columns"):
        rolls.encode(np.zeros(shape, bool))


@pytest.mark.parametrize("ids", [[], [rolls.START], [rolls.START, rolls.FRAME], [rolls.FRAME, rolls.END]])
def test_what_is_no_whole_piece_is_refused(ids):
    with pytest.raises(FormatError):
        rolls.decode(np.array(ids, np.int32))


def test_ids_are_those_of_the_table():
    assert sum(kind.size for kind in rolls.TABLE) == rolls.SIZE == 92
    assert (rolls.PAD, rolls.START, rolls.END, rolls.FRAME, rolls.PITCH) == (0, 1, 2, 3, 4)
