from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from notegen.notation.voices import MOST_VOICES, Block, voices

NOTES = st.lists(
    st.tuples(st.integers(0, 20), st.integers(1, 12), st.integers(40, 80)).map(
        lambda note: (note[0], note[0] + note[1], note[2])
    ),
    min_size=1,
    max_size=30,
)


def sounding(found):
    """Return all notes of some voices."""
    return sorted(
        (block.start, block.stop, pitch) for voice in found for block in voice for pitch in block.pitches
    )


@given(NOTES)
def test_in_a_voice_one_block_follows_the_other(notes):
    found = voices(sorted(notes))
    assert 1 <= len(found) <= MOST_VOICES
    for voice in found:
        assert voice
        assert all(before.stop <= after.start for before, after in pairwise(voice))
        assert all(block.stop > block.start for block in voice)
        assert all(list(block.pitches) == sorted(set(block.pitches)) for block in voice)


@given(NOTES)
def test_notes_keep_their_times_where_four_voices_are_enough(notes):
    most = max(len({n[:2] for n in notes if n[0] <= at < n[1]}) for at in range(40))
    doubled = len(set(notes)) < len(notes)
    if most <= MOST_VOICES and not doubled:
        assert sounding(voices(sorted(notes))) == sorted(notes)


@given(NOTES)
def test_no_onset_is_lost(notes):
    found = {(start, pitch) for start, _, pitch in sounding(voices(sorted(notes)))}
    assert found == {(start, pitch) for start, _, pitch in notes}


def test_a_line_and_its_chords_are_one_voice():
    notes = [(0, 2, 60), (0, 2, 64), (0, 2, 67), (2, 4, 62), (2, 4, 65)]
    assert voices(notes) == [[Block(0, 2, (60, 64, 67)), Block(2, 4, (62, 65))]]


def test_a_cluster_of_five_is_one_chord():
    assert voices([(0, 2, pitch) for pitch in range(60, 65)]) == [[Block(0, 2, (60, 61, 62, 63, 64))]]


def test_the_upper_of_two_lines_is_the_first_voice():
    upper = [(i, i + 1, 72) for i in range(4)]
    lower = [(0, 4, 55)]
    assert voices(sorted(upper + lower)) == [[Block(*n[:2], (72,)) for n in upper], [Block(0, 4, (55,))]]


def test_lines_that_part_for_a_while_come_together_again():
    notes = [(0, 1, 60), (1, 3, 50), (1, 2, 62), (2, 3, 64), (3, 4, 60)]
    upper, lower = voices(sorted(notes))
    assert [block.pitches for block in upper] == [(60,), (62,), (64,), (60,)]
    assert [block.pitches for block in lower] == [(50,)]


def test_a_unison_of_two_lines_stands_in_both_voices():
    assert voices([(0, 4, 60), (0, 4, 60)]) == [[Block(0, 4, (60,))], [Block(0, 4, (60,))]]
    assert voices([(0, 4, 60), (2, 4, 60)]) == [[Block(0, 4, (60,))], [Block(2, 4, (60,))]]


def test_where_voices_run_out_the_one_that_ends_next_is_cut():
    notes = [*((0, 8 + i, 60 + i) for i in range(MOST_VOICES)), (2, 4, 80)]
    found = voices(notes)
    assert len(found) == MOST_VOICES
    assert (0, 2, 60) in sounding(found) and (2, 4, 80) in sounding(found)


def test_where_voices_run_out_at_once_notes_join_those_nearest_in_length():
    notes = [(0, 2 + i, 60 + i) for i in range(MOST_VOICES + 1)]
    assert len(sounding(voices(notes))) == MOST_VOICES + 1
