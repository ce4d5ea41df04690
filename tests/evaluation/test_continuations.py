"""Continuations of many tracks: songs of a few notes, whose figures can be worked out by hand."""

import math
from dataclasses import replace

import numpy as np
import pytest

from notegen.errors import RangeError
from notegen.evaluation.continuations import (
    FEATURES,
    Passage,
    agreement,
    behind,
    compare,
    going_on,
    halve,
    loop,
    measure,
    onsets,
    roles,
    tracks_going_on,
)
from notegen.score import METER, NOTE, Score, Track, table

Q = 24  # a quarter note
BAR = 4 * Q


def song(*tracks, names=(), meter=(4, 4), drums=()):
    """Return tracks of (onset, duration, pitch[, velocity])."""
    rows = [(*note[:3], *(note[3:] or (80,)), i) for i, notes in enumerate(tracks) for note in notes]
    kinds = tuple(
        Track(name=dict(enumerate(names)).get(i, ""), channel=9 if i in drums else 0)
        for i in range(len(tracks))
    )
    meters = table([(0, *meter)], METER)
    return Score(notes=table(sorted(rows), NOTE), tracks=kinds, meters=meters, resolution=Q)


def whole_notes(*pitches, length=BAR):
    """Return pitches one after another, a bar each; None is a rest."""
    return [(i * length, length, pitch) for i, pitch in enumerate(pitches) if pitch is not None]


def passage(*tracks, bars):
    return Passage(song(*tracks), np.arange(bars + 1) * BAR)


def random_song(seed, *, bars=16, velocity=(40, 100), key=0):
    """Return a melody of eighths and a bass, both at random; no two bars of it are alike."""
    rng = np.random.default_rng(seed)
    upper = [
        (i * 12, 12, int(rng.choice([60, 62, 64, 65, 67, 69, 71])) + key, int(rng.integers(*velocity)))
        for i in range(8 * bars)
        if rng.random() < 0.6
    ]
    lower = [(i * BAR, BAR, int(rng.integers(36, 48)) + key) for i in range(bars)]
    return song(upper, lower, names=("Lead", "Bass"))


def of(rows, role, feature):
    return next(row for row in rows if (row.role, row.feature) == (role, feature))


# Cutting.


def test_a_song_is_cut_at_the_bar_line_next_to_its_middle():
    halves = halve(song(whole_notes(*range(60, 67))))  # seven bars: the middle is in the fourth
    assert halves.cut == 3 * BAR
    assert halves.seed.notes["pitch"].tolist() == [60, 61, 62]
    assert halves.before.score.notes["pitch"].tolist() == [60, 61, 62]
    assert halves.after.score.notes["pitch"].tolist() == [63, 64, 65]
    assert halves.after.lines.tolist() == [0, BAR, 2 * BAR, 3 * BAR]
    assert halves.bars == 3


def test_passages_have_so_many_bars_at_most():
    halves = halve(song(whole_notes(*range(60, 68))), most=2)
    assert halves.seed.end == 4 * BAR
    assert halves.before.score.notes["pitch"].tolist() == [62, 63]
    assert halves.after.score.notes["pitch"].tolist() == [64, 65]
    assert halves.bars == 2


@pytest.mark.parametrize(
    ("meter", "several", "length"), [((1, 4), 4, Q), ((3, 8), 2, 36), ((3, 4), 1, 72), ((2, 4), 2, 2 * Q)]
)
def test_as_many_bars_as_fit_into_a_whole_note_count_as_one(meter, several, length):
    halves = halve(song(whole_notes(*[60] * 24, length=length), meter=meter), most=2)
    assert halves.after.lines.tolist() == [0, several * length, 2 * several * length]
    assert halves.bars == 2 * several


def test_silent_bars_before_the_cut_are_continued_too():
    halves = halve(song(whole_notes(60, 61, None, None, 64, 65, 66, 67)))
    assert (halves.cut, halves.seed.end) == (4 * BAR, 2 * BAR)
    assert halves.bars == 2 + 4


def test_a_song_of_one_bar_is_too_short():
    with pytest.raises(RangeError, match="too short"):
        halve(song(whole_notes(60)))


def test_of_a_take_what_is_behind_the_cut_counts_as_long_as_the_true_continuation():
    halves = halve(song(whole_notes(*range(60, 68))), most=2)
    take = song(whole_notes(*range(60, 64), 70, 71, 72))
    assert behind(halves, take).score.notes.tolist() == [(0, BAR, 70, 80, 0), (BAR, BAR, 71, 80, 0)]


def test_a_loop_has_the_last_four_bars_over_and_over():
    halves = halve(song(whole_notes(*range(60, 74))))
    assert loop(halves).score.notes["pitch"].tolist() == [63, 64, 65, 66, 63, 64, 65]
    assert loop(halves).score.notes["onset"].tolist() == [i * BAR for i in range(7)]
    short = halve(song(whole_notes(60, 61, 62, 63)))
    assert loop(short).score.notes["pitch"].tolist() == [60, 61]


# Going on.


def test_a_track_goes_on_if_it_plays_in_half_as_many_bars_as_it_really_does():
    halves = halve(song(whole_notes(*[60] * 8), whole_notes(*[40] * 6, None, None)))
    two, one = whole_notes(None, 60, None, 60), whole_notes(60)
    assert tracks_going_on(halves, passage(two, one, bars=4)) == {0: True, 1: True}
    assert tracks_going_on(halves, passage(one, one, bars=4)) == {0: False, 1: True}
    assert tracks_going_on(halves, passage(two, [], bars=4)) == {0: True, 1: False}


def test_tracks_that_rest_on_either_side_of_the_cut_are_not_asked_for():
    ends, enters = whole_notes(60, 60), whole_notes(None, None, 60, 60)
    halves = halve(song(whole_notes(*[60] * 4), ends, enters))
    assert tracks_going_on(halves, passage(whole_notes(60, 60), [], [], bars=2)) == {0: True}


def test_takes_are_counted_as_wholes_and_by_roles():
    halves = halve(song(whole_notes(*[60] * 4), whole_notes(*[40] * 4), names=("Lead",)))
    both = passage(whole_notes(60, 60), whole_notes(40, 40), bars=2)
    lead = passage(whole_notes(60, 60), [], bars=2)
    found = going_on([halves, halves], [[both, lead], [lead, lead]])
    assert found.whole == 0.25
    assert found.roles == {"Lead": 1.0, "track 2": 0.25}
    assert math.isnan(going_on([halves], [[]]).whole)


def test_roles_are_names_or_numbers_of_tracks_with_notes():
    assert roles(song([], whole_notes(60), whole_notes(60), names=("Title", " Lead "))) == {
        1: "Lead",
        2: "track 3",
    }


# Features.


def test_features_are_of_the_notes_that_begin_in_a_bar():
    notes = [(0, 2 * BAR, 60, 70), (0, 2 * BAR, 64, 90), (Q, Q, 72, 50), (2 * BAR, Q, 62, 30)]
    found = measure(passage(notes, whole_notes(50, 50, 50), bars=3), 0)
    assert found["onsets"].ravel().tolist() == [2, 0, 1]
    assert found["velocity"].ravel().tolist() == pytest.approx([70, math.nan, 30], nan_ok=True)
    assert found["duration"].ravel().tolist() == pytest.approx([17 / 3, math.nan, 1], nan_ok=True)
    assert found["polyphony"].ravel().tolist() == pytest.approx([17 / 8, math.nan, 1], nan_ok=True)
    assert found["pitch classes"].shape == (3, 12)
    assert found["pitch classes"][0, [0, 4]].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_a_chord_that_is_not_struck_at_once_has_one_onset():
    chord = Score.of([(0, 480, 60), (3, 480, 64), (240, 240, 67)], resolution=480)
    assert onsets(chord) == 2


def test_drums_have_onsets_and_velocities_alone():
    drums = song(whole_notes(*[38] * 8), drums=(0,))
    halves = [halve(drums)] * 4
    assert {row.feature for row in compare(halves, [[]] * 4)} == {"onsets", "velocity"}


# Agreement.


def test_a_histogram_agrees_by_what_two_means_share():
    first = [measure(passage(whole_notes(60, 62), bars=2), 0)]
    second = [measure(passage(whole_notes(60, 60, 60, 64), bars=4), 0)]
    assert agreement(first, second, "pitch classes").values == pytest.approx(0.5)


def test_passages_agree_wholly_with_themselves_and_not_with_none():
    some = [measure(passage(whole_notes(60, 62, 65), bars=3), 0)]
    for feature in FEATURES:
        assert agreement(some, some, feature) == pytest.approx((1, 1))
        assert all(map(math.isnan, agreement(some, [], feature)))


def test_changes_are_distances_between_any_two_bars_of_one_passage():
    """Steps of 20 make distances of 20 and 40: bars that stay as they are have none of these."""
    moving = [measure(passage([(i * BAR, Q, 60, 40 + 20 * i) for i in range(3)], bars=3), 0)]
    still = [measure(passage([(i * BAR, Q, 60, 60) for i in range(3)], bars=3), 0)]
    higher = [measure(passage([(i * BAR, Q, 60, 70 + 20 * i) for i in range(3)], bars=3), 0)]
    assert agreement(moving, still, "velocity").changes < 0.01
    assert agreement(moving, higher, "velocity").changes == pytest.approx(1)
    assert agreement(moving, higher, "velocity").values < 0.9


@pytest.fixture(scope="module")
def halves():
    return [halve(random_song(seed, key=seed % 12)) for seed in range(12)]


def test_a_loop_has_the_values_of_a_song_but_not_its_changes(halves):
    for row in compare(halves, [[] for _ in halves]):
        assert math.isnan(row.takes.values)
        assert row.songs == 12
        if (row.role, row.feature) in {("Lead", "pitch classes"), ("Lead", "onsets"), ("Lead", "velocity")}:
            assert row.loop.values > 0.8
            assert row.loop.changes < row.ceiling.changes - 0.05
            assert row.loop.changes < row.before.changes - 0.05


def test_takes_that_are_the_true_continuations_agree_wholly(halves):
    rows = compare(halves, [[song.after, song.after] for song in halves])
    assert {(row.role, row.feature) for row in rows} == {
        (role, feature) for role in ("Lead", "Bass") for feature in FEATURES
    }
    assert [row.takes.values for row in rows] == pytest.approx([1] * len(rows))
    assert [row.takes.changes for row in rows] == pytest.approx([1] * len(rows), abs=0.02)


def test_takes_at_one_velocity_are_told_by_it_alone(halves):
    flat = []
    for each in halves:
        notes = each.after.score.notes.copy()
        notes["velocity"] = 64
        flat.append([Passage(replace(each.after.score, notes=table(notes, NOTE)), each.after.lines)])
    rows = compare(halves, flat)
    row = of(rows, "Lead", "velocity")
    assert row.takes.values < row.ceiling.values - 0.3
    assert row.takes.changes < row.loop.changes
    assert of(rows, "Lead", "duration").takes == pytest.approx((1, 1))


def test_a_ceiling_needs_songs(halves):
    one = compare(halves[:1], [[]])
    assert all(math.isnan(row.ceiling.values) and not math.isnan(row.loop.values) for row in one)
