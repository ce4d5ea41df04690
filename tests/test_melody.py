from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.codecs.notes import encode
from notegen.errors import EmptyError, RangeError
from notegen.keys import Key
from notegen.melody import GRID, melody, melody_track, pickup_length
from notegen.score import KEY, METER, NOTE, Score, Track, table

QUARTER = GRID
D_MAJOR = (62, 64, 66, 67, 69, 71, 73, 74)


def line(*notes):
    """Return the melody of notes on the grid as (onset, duration, pitch)."""
    return triples(melody(Score.of(list(notes), resolution=GRID)))


def triples(score):
    return score.notes[["onset", "duration", "pitch"]].tolist()


def quarters(count, **rest):
    rows = [(i * QUARTER, QUARTER, D_MAJOR[i % 8], 80, 0) for i in range(count)]
    return Score(notes=table(rows, NOTE), resolution=GRID, **rest)


def meters(score):
    return melody(score).meters.tolist()


def parts(*tracks):
    """Return a score in which each track plays its pitches as quarters."""
    rows = [
        (i * QUARTER, QUARTER, pitch, 80, number)
        for number, (_, pitches) in enumerate(tracks)
        for i, pitch in enumerate(pitches)
    ]
    return Score(notes=table(sorted(rows), NOTE), tracks=tuple(track for track, _ in tracks), resolution=GRID)


# The line.


def test_a_chord_becomes_its_highest_note():
    assert line((0, 24, 60), (0, 24, 67), (0, 24, 64), (24, 24, 62)) == [(0, 24, 67), (24, 24, 62)]


def test_a_legato_overlap_ends_where_the_next_note_begins():
    assert line((0, 30, 60), (24, 24, 64)) == [(0, 24, 60), (24, 24, 64)]


def test_an_accompaniment_below_a_held_note_is_left_out():
    assert line((0, 96, 72), (24, 24, 60), (48, 24, 55), (96, 24, 71)) == [(0, 96, 72), (96, 24, 71)]


def test_a_higher_note_interrupts_a_held_one():
    assert line((0, 96, 60), (24, 72, 72)) == [(0, 24, 60), (24, 72, 72)]


def test_gaps_of_articulation_are_closed():
    assert line((0, 20, 60), (24, 21, 64), (48, 20, 67)) == [(0, 24, 60), (24, 24, 64), (48, 24, 67)]


def test_rests_stay():
    assert line((0, 12, 60), (24, 24, 64)) == [(0, 12, 60), (24, 24, 64)]


def test_short_notes_with_short_rests_are_not_stretched():
    assert line((0, 3, 60), (6, 3, 62)) == [(0, 3, 60), (6, 3, 62)]


def test_times_are_rounded_to_the_grid():
    played = Score.of([(0, 470, 60), (487, 470, 62), (955, 480, 64)], resolution=480)
    assert triples(melody(played)) == [(0, 24, 60), (24, 24, 62), (48, 24, 64)]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 99), st.integers(0, 127)), min_size=1, max_size=30)
)
def test_no_two_notes_sound_at_a_time_and_a_line_is_its_own_melody(notes):
    first = melody(Score.of(sorted(notes), resolution=GRID))
    ends = first.notes["onset"] + first.notes["duration"]
    assert (ends[:-1] <= first.notes["onset"][1:]).all()
    assert (first.notes["duration"] > 0).all()
    again = melody(first)
    for name in ("notes", "meters", "keys"):
        assert getattr(again, name).tolist() == getattr(first, name).tolist()


# The track.


def test_a_track_named_like_a_melody_wins():
    score = parts((Track("Violin"), [80, 81, 82]), (Track("Lead vocal", channel=1), [50, 51, 52]))
    assert melody_track(score) == 1


def test_without_names_a_high_line_wins_over_low_ones_chords_and_drums():
    score = parts((Track(), [40, 41]), (Track(channel=9), [90, 91]), (Track(channel=2), [70, 72]))
    chords = table([(0, 24, pitch, 80, 3) for pitch in (65, 69, 72, 76)], NOTE)
    assert (
        melody_track(Score(notes=score.join(chords).notes, tracks=(*score.tracks, Track()), resolution=GRID))
        == 2
    )


def test_the_track_asked_for_is_taken():
    score = parts((Track("low"), [40]), (Track("melody"), [70]))
    assert melody(score, track=0).tracks == (Track("low"),)
    assert melody(score, track=0).notes["pitch"].tolist() == [40]


def test_nothing_but_drums_is_refused():
    with pytest.raises(EmptyError, match="nothing but drums"):
        melody(parts((Track(channel=9), [36, 38])))


def test_a_score_without_notes_is_refused():
    with pytest.raises(EmptyError, match="no note in it"):
        melody(Score())


@pytest.mark.parametrize("fifths", [[], [0], [0, 1]])
def test_notes_that_lie_years_apart_are_refused(fifths):
    far = Score.of([(0, 1, 60), (1 << 40, 1, 62)], resolution=1)
    keys = table([(tick, number, 0) for tick, number in enumerate(fifths)], KEY)
    with pytest.raises(RangeError):
        encode(melody(replace(far, keys=keys)))


# The meters.


def test_a_pickup_is_kept():
    tune = quarters(9, meters=table([(0, 1, 4), (24, 4, 4)], METER))
    assert meters(tune) == [(0, 1, 4), (24, 4, 4)]
    assert pickup_length(melody(tune).meters.tolist()) == QUARTER


def test_a_pickup_is_written_in_the_units_of_the_meter_that_follows():
    assert meters(quarters(8, meters=table([(0, 1, 4), (24, 6, 8)], METER))) == [(0, 2, 8), (24, 6, 8)]


def test_a_longer_first_bar_is_no_pickup():
    assert pickup_length([(0, 4, 4), (96, 3, 4)]) == 0


def test_two_bars_of_a_shorter_meter_are_no_pickup():
    assert pickup_length([(0, 1, 4), (48, 4, 4)]) == 0


def test_a_change_of_meter_inside_a_bar_makes_that_bar_shorter():
    tune = quarters(12, meters=table([(0, 4, 4), (96 + 48, 3, 4)], METER))
    assert meters(tune) == [(0, 4, 4), (96, 2, 4), (144, 3, 4)]


def test_a_change_that_no_meter_can_reach_waits_for_the_bar_line():
    assert meters(quarters(12, meters=table([(0, 4, 4), (101, 3, 4)], METER))) == [(0, 4, 4), (192, 3, 4)]


def test_a_repeated_meter_and_one_behind_the_last_note_are_left_out():
    tune = quarters(8, meters=table([(0, 4, 4), (96, 4, 4), (960, 3, 4)], METER))
    assert meters(tune) == [(0, 4, 4)]


# The keys.


def test_a_missing_key_is_guessed():
    assert melody(quarters(8)).keys.tolist() == [(0, *Key.parse("D"))]


def test_a_written_key_is_kept_even_where_another_is_likelier():
    assert melody(quarters(8, keys=table([(0, *Key.parse("Ador"))], KEY))).key_at(0) == Key.parse("Ador")


def test_a_written_c_major_that_the_notes_deny_is_taken_for_a_default():
    rows = table([(0, 0, 0)], KEY)
    assert melody(quarters(8, keys=rows)).key_at(0) == Key.parse("D")
    in_c = Score.of([(0, 24, 60), (24, 24, 64), (48, 24, 67)], resolution=GRID, keys=rows)
    assert melody(in_c).key_at(0) == Key.parse("C")


def test_a_change_of_key_moves_to_the_bar_line():
    changing = quarters(12, keys=table([(0, *Key.parse("D")), (120, *Key.parse("G"))], KEY))
    assert melody(changing).keys.tolist() == [(0, *Key.parse("D")), (96, *Key.parse("G"))]


def test_keys_are_spelled_with_at_most_six_accidentals():
    assert melody(quarters(4, keys=table([(0, *Key.parse("C#"))], KEY))).key_at(0) == Key.parse("Db")
