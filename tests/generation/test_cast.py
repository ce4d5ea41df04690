import numpy as np
import pytest

from notegen.generation.cast import cast, deal
from notegen.roles import Role
from notegen.score import NOTE, table

SUNG, STRUMMED, BASS = Role(72, 1.0, 1), Role(58, 3.0, 0), Role(36, 1.0, 0)
PARTS = [Role(70, 1.0, 0.9), Role(60, 2.8, 0.1), Role(40, 1.1, 0.0)]
BEAT = 24


def test_tracks_take_the_parts_that_they_are_like_in_any_order():
    assert cast({7: BASS, 2: SUNG, 3: STRUMMED}, PARTS) == {2: 0, 3: 1, 7: 2}
    assert cast({0: BASS}, PARTS) == {0: 2}


def test_lines_of_one_register_are_no_chord_of_a_single_line():
    """The part of chords takes what the melody cannot play."""
    found = cast({0: SUNG, 1: SUNG, 2: SUNG}, PARTS)
    assert sorted(found.values()) == [0, 1, 1]


def test_the_best_of_all_orders_is_found_not_the_first_best():
    """The second track fits the first part a little better, but the first fits nothing else."""
    tracks = {0: Role(74, 1, 0), 1: Role(71, 1, 0)}
    assert cast(tracks, [Role(72, 1, 0), Role(60, 1, 0)]) == {0: 0, 1: 1}


def test_chords_and_a_bass_play_together_what_a_piano_plays_alone():
    """The parts of pop songs: a melody, second melodies, and a piano that plays all the rest."""
    parts = [Role(71.6, 1.0, 0.52), Role(73.1, 1.1, 0.48), Role(57.7, 1.6, 0.0)]
    assert cast({0: SUNG, 1: STRUMMED, 2: BASS}, parts) == {0: 0, 1: 2, 2: 2}
    assert cast({0: SUNG, 1: Role(75, 1.2, 0), 2: STRUMMED}, parts) == {0: 0, 1: 1, 2: 2}


def test_voices_stay_apart():
    voices = [Role(pitch, 1.0, float(pitch > 69)) for pitch in (70, 65, 59, 51)]
    assert cast(dict(enumerate(voices[::-1])), [Role(*each) for each in voices]) == {3: 0, 2: 1, 1: 2, 0: 3}


def test_of_many_parts_the_best_fits_are_taken_in_turn():
    parts = [Role(30 + 6 * i, 1, 0) for i in range(10)]
    tracks = {i: Role(31 + 6 * (9 - i), 1, 0) for i in range(10)}
    assert cast(tracks, parts) == {9 - i: i for i in range(10)}


def test_more_tracks_than_parts_share_them():
    found = cast({0: SUNG, 1: STRUMMED, 2: BASS, 3: Role(38, 1, 0), 4: Role(59, 3, 0)}, PARTS)
    assert found == {0: 0, 1: 1, 2: 2, 3: 2, 4: 1}


@pytest.mark.parametrize("count", [1, 16, 20])
def test_without_known_parts_tracks_take_them_in_their_order(count):
    found = cast(dict.fromkeys(range(count), SUNG), [])
    assert found == {i: min(i, 15) for i in range(count)}


def row(onset, pitch, duration=BEAT):
    return onset, duration, pitch, 80, 0


def dealt(rows, tracks):
    return deal(table(rows, NOTE), tracks).tolist()


def test_a_chord_is_dealt_out_by_register():
    high, low = Role(72, 1, 0), Role(48, 1, 0)
    chords = [row(BEAT * i, pitch) for i in range(3) for pitch in (74, 50)]
    assert dealt(chords, {5: low, 3: high}) == [3, 5] * 3


def test_single_lines_play_one_note_at_a_time_and_chords_the_rest():
    line, chords = Role(64, 1, 0), Role(60, 3, 0)
    found = dealt([row(0, 67, 96), row(0, 65, 96), row(0, 64, 96)], {0: line, 1: chords})
    assert found.count(0) == 1


def test_tracks_of_one_register_take_turns():
    rows = [row(96 * i, 60, 96) for i in range(8)]
    for tracks in ({0: SUNG, 1: SUNG}, {0: STRUMMED, 1: STRUMMED}):
        found = dealt(rows, tracks)
        assert found.count(0) == found.count(1) == 4


def test_a_rest_does_not_make_a_bass_of_a_soprano():
    rows = [row(BEAT * i, 74 - i % 3) for i in range(40)]
    assert set(dealt(rows, {0: SUNG, 1: BASS})) == {0}


def test_the_bass_takes_what_has_nothing_below_it():
    """A fifth above its own register; not the same pitch over another note, nor the middle of the chords."""
    tracks = {0: Role(60, 3, 0), 1: Role(38, 1, 0)}
    assert dealt([row(0, 62), row(0, 53)], tracks) == [0, 1]
    assert dealt([row(0, 53), row(0, 36)], tracks) == [0, 1]
    assert dealt([row(0, 67), row(0, 60)], tracks) == [0, 0]


def test_one_track_plays_all():
    assert dealt([row(0, 60), row(0, 40), row(24, 70)], {4: SUNG}) == [4, 4, 4]


def test_nothing_is_dealt_of_nothing():
    assert deal(table([], NOTE), {0: SUNG}).dtype == np.int32
