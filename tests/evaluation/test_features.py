"""Features, worked out by hand on scores of a few notes, and beside those of muspy."""

import math
from dataclasses import replace

import muspy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notegen.evaluation import features
from notegen.evaluation.features import TABLE, measure
from notegen.score import METER, NOTE, Score, Track, table

Q = 24  # a quarter note
DRUMS = Track(channel=9)
OF = {feature.name: feature for feature in TABLE}


def line(*pitches, length=Q, **rest):
    """Return pitches one after another, of one length."""
    notes = [(i * length, length, pitch) for i, pitch in enumerate(pitches)]
    return Score.of(notes, resolution=Q, **rest)


def rhythm(*onsets, length=6, **rest):
    return Score.of([(onset, length, 60) for onset in onsets], resolution=Q, **rest)


def parts(*tracks, drums=()):
    """Return tracks of (onset, duration, pitch)."""
    rows = [(*note[:3], 80, i) for i, notes in enumerate(tracks) for note in notes]
    kinds = tuple(DRUMS if i in drums else Track() for i in range(len(tracks)))
    return Score(notes=table(sorted(rows), NOTE), tracks=kinds, resolution=Q)


def some(histogram, name):
    """Return the bins of a histogram that are not empty."""
    return {label: float(x) for label, x in zip(OF[name].bins, np.ravel(histogram), strict=True) if x}


# Pitch.


def test_pitches_are_counted_once():
    score = line(60, 64, 67, 72, 60)
    assert features.pitch_count(score) == 4
    assert features.pitch_class_count(score) == 3
    assert features.pitch_range(score) == 12
    assert features.mean_pitch(score) == pytest.approx(64.6)


def test_entropy_is_in_bits():
    score = line(60, 72, 64, 67)
    assert features.pitch_entropy(score) == pytest.approx(2)
    assert features.pitch_class_entropy(score) == pytest.approx(1.5)
    assert features.pitch_class_entropy(line(*range(60, 72))) == pytest.approx(math.log2(12))
    assert features.pitch_class_entropy(line(60, 72)) == 0


def test_pitch_classes_are_shares_of_the_notes_whatever_their_length():
    score = Score.of([(0, Q, 60), (Q, 4 * Q, 62), (5 * Q, Q, 72), (6 * Q, Q, 71)], resolution=Q)
    assert some(features.pitch_classes(score), "pitch classes") == {"C": 0.5, "D": 0.25, "B": 0.25}


def test_transitions_go_from_rows_to_columns():
    matrix = features.transitions(line(60, 62, 60, 74, 67))
    assert (matrix[0, 2], matrix[2, 0], matrix[2, 7], matrix.sum()) == (0.5, 0.25, 0.25, 1)
    assert some(matrix, "transitions") == {"C D": 0.5, "D C": 0.25, "D G": 0.25}


def test_intervals_beyond_an_octave_count_with_the_octaves():
    score = line(60, 62, 62, 81, 67, 69)
    assert some(features.intervals(score), "intervals") == pytest.approx(
        {"-12": 0.2, "0": 0.2, "+2": 0.4, "+12": 0.2}
    )
    assert features.mean_interval(score) == pytest.approx((2 + 0 + 19 + 14 + 2) / 5)


def test_intervals_go_along_the_highest_notes_of_each_track():
    upper = [(0, Q, 60), (0, Q, 72), (Q, Q, 74), (2 * Q, Q, 76), (2 * Q, Q, 64)]
    lower = [(2 * Q, Q, 40), (3 * Q, Q, 47)]
    score = parts(upper, lower)
    assert some(features.intervals(score), "intervals") == pytest.approx({"+2": 2 / 3, "+7": 1 / 3})


def test_a_scale_holds_all_of_a_tune_in_it_and_part_of_others():
    assert features.scale_consistency(line(62, 64, 66, 67, 69, 71, 73)) == 1  # D major
    assert features.scale_consistency(line(57, 59, 60, 62, 64, 65, 68)) == pytest.approx(6 / 7)  # A harmonic
    assert features.scale_consistency(line(*range(60, 72))) == pytest.approx(7 / 12)


# Rhythm.


def test_durations_count_for_the_note_value_nearest_by_ratio():
    lengths = [12, 11, 13, 16, 18, 24, 35, 96, 500, 1]  # ticks; a quarter has 24
    score = Score.of([(500 * i, length, 60) for i, length in enumerate(lengths)], resolution=Q)
    expected = {"1/8": 0.1, "1/2": 0.3, "2/3": 0.1, "3/4": 0.1, "1": 0.1, "3/2": 0.1, "4": 0.2}
    assert some(features.durations(score), "durations") == pytest.approx(expected)
    assert features.mean_duration(score) == pytest.approx(sum(lengths) / 10 / Q)


def test_each_note_value_has_a_bin_of_its_own():
    values = features.NOTE_VALUES * Q
    score = Score.of([(200 * i, int(value), 60) for i, value in enumerate(values)], resolution=Q)
    assert features.durations(score) == pytest.approx(np.full(14, 1 / 14))
    numbers = [eval(label) for label in OF["durations"].bins]
    assert numbers == pytest.approx(features.NOTE_VALUES)


def test_inter_onset_intervals_include_rests_and_leave_out_chords():
    upper = [(0, 6, 60), (0, 6, 64), (12, 6, 60), (48, 6, 62)]
    score = parts(upper, [(3, 6, 40), (99, 6, 40)])
    assert some(features.inter_onsets(score), "inter-onsets") == pytest.approx(
        {"1/2": 1 / 3, "3/2": 1 / 3, "4": 1 / 3}
    )
    assert features.mean_inter_onset(score) == pytest.approx((0.5 + 1.5 + 4) / 3)


def test_density_counts_notes_up_to_the_last_end():
    assert features.density(rhythm(0, 12, 24, 90)) == 1  # four notes in four quarters


def test_bars_of_one_rhythm_are_consistent():
    assert features.groove_consistency(rhythm(0, 24, 48, 96, 120, 144)) == 1


def test_groove_is_counted_in_sixteenths_of_the_bar():
    assert features.groove_consistency(rhythm(0, 24, 96, 120, 144, 168)) == pytest.approx(1 - 2 / 16)
    assert features.groove_consistency(rhythm(0, 24, 72, meter=(6, 8))) == pytest.approx(1 - 1 / 12)
    assert features.groove_consistency(rhythm(0, 84, 96, meter=(7, 8))) == pytest.approx(1 - 1 / 14)


def test_groove_is_the_mean_of_all_neighbours():
    score = rhythm(0, 96, 192, 200, 240)  # bars differ in 0, then in 2 of 16 places
    assert features.groove_consistency(score) == pytest.approx(1 - (0 + 2 / 16) / 2)


def test_played_notes_belong_to_the_nearest_sixteenth_and_early_ones_to_the_next_bar():
    assert features.groove_consistency(rhythm(1, 23, 48, 95, 121, 142)) == 1
    assert features.groove_consistency(rhythm(0, 24, 95, 114)) == pytest.approx(1 - 2 / 16)


def test_a_pickup_and_a_change_of_meter_are_not_compared():
    meters = table([(0, 1, 4), (24, 3, 4), (168, 2, 4)], METER)
    onsets = (0, 6, 24, 48, 96, 120, 168, 174, 180, 216, 222, 228)
    assert features.groove_consistency(replace(rhythm(*onsets), meters=meters)) == 1
    alone = table([(0, 1, 4), (24, 3, 4), (96, 2, 4)], METER)
    assert math.isnan(features.groove_consistency(replace(rhythm(0, 24, 100), meters=alone)))


def test_three_quarters_and_six_eighths_are_bars_of_equal_length():
    meters = table([(0, 3, 4), (72, 6, 8)], METER)
    score = replace(rhythm(0, 24, 48, 72, 108), meters=meters)
    assert features.groove_consistency(score) == pytest.approx(1 - 3 / 12)


def test_a_single_bar_has_no_groove_but_held_notes_have():
    assert math.isnan(features.groove_consistency(rhythm(0, 24)))
    assert features.groove_consistency(rhythm(0, length=120)) == pytest.approx(1 - 1 / 16)


def test_a_beat_is_empty_if_no_note_sounds_in_it():
    score = Score.of([(0, Q, 60), (3 * Q, Q, 60)], resolution=Q)
    assert features.empty_beats(score) == 0.5
    held = Score.of([(0, Q + 1, 60), (3 * Q + 23, 1, 60)], resolution=Q)
    assert features.empty_beats(held) == 0.25


def test_beats_are_counted_from_the_bar_line():
    meters = table([(0, 1, 8), (12, 2, 4)], METER)
    score = replace(rhythm(0, 12, 60, length=12), meters=meters)
    assert features.empty_beats(score) == pytest.approx(1 / 4)  # upbeat, 1 | empty | 1


def test_an_eighth_at_the_end_of_a_bar_is_a_beat():
    assert features.empty_beats(rhythm(0, 36, meter=(3, 8))) == pytest.approx(1 / 3)


# Texture.


def test_polyphony_is_the_mean_of_the_time_in_which_something_sounds():
    score = Score.of([(0, 2 * Q, 60), (Q, Q, 64), (3 * Q, Q, 60)], resolution=Q)
    assert features.polyphony(score) == pytest.approx(4 / 3)
    assert features.polyphony_rate(score) == 0.25


def test_a_pitch_in_two_tracks_sounds_once():
    score = parts([(0, Q, 60), (Q, Q, 62)], [(0, 2 * Q, 60)])
    assert features.polyphony(score) == 1.5
    assert features.polyphony_rate(score) == 0.5


def test_a_pitch_struck_again_while_it_sounds_sounds_once():
    score = Score.of([(0, 4 * Q, 60), (Q, Q, 60), (4 * Q, Q, 60)], resolution=Q)
    assert features.polyphony(score) == 1
    assert features.polyphony_rate(score) == 0


# Drums and nothing.


def test_drums_have_a_rhythm_and_no_pitch():
    tune, beat = [(0, Q, 60), (2 * Q, 2 * Q, 64)], [(i * Q, 2, 35 + i) for i in range(8)]
    alone, both = parts(tune, ()), parts(tune, beat, drums=(1,))
    rhythmic = {"inter-onsets", "mean inter-onset", "density", "groove consistency", "empty beats"}
    for feature in TABLE:
        one, two = feature.function(alone), feature.function(both)
        assert np.array_equal(one, two, equal_nan=True) == (feature.name not in rhythmic), feature.name
    assert features.empty_beats(both) == 0
    assert features.groove_consistency(both) == 1
    assert features.density(both) == pytest.approx(10 / (both.end / Q))


@pytest.mark.parametrize("feature", TABLE, ids=lambda feature: feature.name)
def test_nothing_has_no_feature(feature):
    assert np.isnan(feature.function(Score())).all()
    assert np.isnan(measure(feature, [Score()])).all()
    assert measure(feature, []).shape == (0, len(feature.bins) or 1)


def test_drums_alone_have_no_pitch():
    score = parts([(0, Q, 36), (Q, Q, 38)], drums=(0,))
    nothing = {feature.name for feature in TABLE if np.isnan(feature.function(score)).all()}
    assert nothing == {
        "pitch count", "pitch-class count", "range", "mean pitch", "pitch entropy", "pitch classes",
        "pitch-class entropy", "transitions", "intervals", "mean interval", "scale consistency", "durations",
        "mean duration", "polyphony", "polyphony rate", "groove consistency",
    }  # fmt: skip


# All of them.

PITCHED = ("pitch count", "pitch-class count", "range", "pitch entropy", "pitch-class entropy", "intervals",
           "mean interval", "scale consistency")  # fmt: skip
NOTES = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 60), st.integers(20, 100), st.integers(0, 2)),
    min_size=1,
    max_size=25,
)


def three(notes):
    """Return a score of two tracks and drums."""
    return parts(*([note for note in notes if note[3] == i] for i in range(3)), drums=(2,))


@settings(max_examples=40)
@given(NOTES, st.integers(-12, 12))
def test_transposition_leaves_what_does_not_depend_on_the_key(notes, semitones):
    score = three(notes)
    moved = score.transpose(semitones)
    for feature in TABLE:
        if feature.name in ("pitch classes", "transitions", "mean pitch"):
            continue
        np.testing.assert_allclose(feature.function(moved), feature.function(score), err_msg=feature.name)
    turned = np.roll(features.transitions(score), (semitones, semitones), axis=(0, 1))
    np.testing.assert_allclose(features.transitions(moved), turned)
    np.testing.assert_allclose(
        features.pitch_classes(moved), np.roll(features.pitch_classes(score), semitones)
    )
    assert features.mean_pitch(moved) == pytest.approx(features.mean_pitch(score) + semitones, nan_ok=True)


@settings(max_examples=40)
@given(NOTES)
def test_a_finer_resolution_changes_nothing(notes):
    score = three(notes)
    for feature in TABLE:
        fine = feature.function(score.quantize(480))
        np.testing.assert_allclose(fine, feature.function(score), err_msg=feature.name)


@settings(max_examples=40)
@given(NOTES)
def test_histograms_sum_to_1_and_shares_lie_between_0_and_1(notes):
    score = three(notes)
    for feature in TABLE:
        found = np.ravel(feature.function(score))
        found = found[~np.isnan(found)]
        if feature.is_histogram and len(found):
            assert len(found) == len(feature.bins)
            assert found.sum() == pytest.approx(1)
        if feature.unit == "share":
            assert ((found >= 0) & (found <= 1)).all(), feature.name


def test_many_scores_make_a_table(tune):
    scores = [tune(seed=seed) for seed in range(3)]
    table = measure(OF["transitions"], scores)
    assert table.shape == (3, 144)
    assert table[1].tolist() == features.transitions(scores[1]).ravel().tolist()
    assert measure(OF["range"], scores)[2].tolist() == [features.pitch_range(scores[2])]


def test_names_are_different():
    assert len(OF) == len(TABLE)


# muspy, an implementation by others (version 0.5).


def random_score(seed):
    rng = np.random.default_rng(seed)
    notes = [
        (int(rng.integers(0, 300)), int(rng.integers(1, 60)), int(rng.integers(40, 80)), int(rng.integers(3)))
        for _ in range(30)
    ]
    return three(notes)


def as_muspy(score):
    tracks = [
        muspy.Track(
            is_drum=track.is_drum,
            notes=[
                muspy.Note(time=int(row["onset"]), pitch=int(row["pitch"]), duration=int(row["duration"]))
                for row in score.notes[score.notes["track"] == i]
            ],
        )
        for i, track in enumerate(score.tracks)
    ]
    return muspy.Music(resolution=score.resolution, tracks=tracks)


SAME = {
    features.pitch_count: muspy.n_pitches_used,
    features.pitch_class_count: muspy.n_pitch_classes_used,
    features.pitch_range: muspy.pitch_range,
    features.pitch_entropy: muspy.pitch_entropy,
    features.pitch_class_entropy: muspy.pitch_class_entropy,
    features.scale_consistency: muspy.scale_consistency,
    features.polyphony: muspy.polyphony,
}
MANY = range(40)


@pytest.mark.parametrize("ours", SAME, ids=lambda function: function.__name__)
def test_what_muspy_defines_alike_agrees_with_it(ours):
    scores = [random_score(seed) for seed in MANY]
    theirs = [SAME[ours](as_muspy(score)) for score in scores]
    np.testing.assert_allclose([ours(score) for score in scores], theirs)


def test_the_best_major_scale_is_as_good_as_the_best_minor_one():
    for score in map(random_score, MANY):
        music = as_muspy(score)
        for mode in ("major", "minor"):
            best = max(muspy.pitch_in_scale_rate(music, root, mode) for root in range(12))
            assert best == pytest.approx(features.scale_consistency(score))


def test_polyphony_begins_at_two_pitches_where_muspy_asks_for_three():
    chord = parts([(0, Q, 60), (0, Q, 64)], ())
    assert features.polyphony_rate(chord) == 1
    assert muspy.polyphony_rate(as_muspy(chord)) == 0
    for score in map(random_score, MANY):
        pitched = parts(score.notes[score.notes["track"] < 2][["onset", "duration", "pitch"]].tolist(), ())
        theirs = muspy.polyphony_rate(as_muspy(pitched), threshold=1)
        assert features.polyphony_rate(pitched) == pytest.approx(theirs)


def test_a_note_fills_the_beats_in_which_it_sounds_where_muspy_adds_the_one_that_follows():
    halves = rhythm(*range(0, 8 * Q, 2 * Q), length=Q)  # a quarter, a rest, and so on
    assert features.empty_beats(halves) == pytest.approx(3 / 7)
    assert muspy.empty_beat_rate(as_muspy(halves)) == 0


def test_rhythms_at_random_are_less_alike_in_sixteenths_than_in_ticks():
    rng = np.random.default_rng(0)
    score = rhythm(*sorted(rng.choice(16 * 30, 240, replace=False) * 6))
    assert muspy.groove_consistency(as_muspy(score.quantize(480)), 4 * 480) > 0.99
    assert features.groove_consistency(score) == pytest.approx(0.5, abs=0.1)
    assert features.groove_consistency(score) == pytest.approx(
        muspy.groove_consistency(as_muspy(score.quantize(4)), 16), abs=0.03
    )
