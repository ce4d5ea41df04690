from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_parts import FEWER, band, content, scores

from notegen.arrange import arrange
from notegen.codecs import vocabulary as v
from notegen.errors import EmptyError, RangeError
from notegen.melody import GRID
from notegen.score import DRUM_CHANNEL, EVENT, KEY, NOTE, TEMPO, Score, Track, table


def of(notes, *tracks, **rest):
    rest.setdefault("resolution", GRID)
    return Score(notes=table(notes, NOTE), tracks=tracks or (Track(),), **rest)


@FEWER
@given(scores())
def test_an_arranged_score_stays_as_it_is(score):
    arranged = arrange(score)
    assert content(arrange(arranged)) == content(arranged)


@FEWER
@given(scores())
def test_every_onset_and_pitch_of_each_track_is_kept(score):
    arranged, heard = arrange(score), np.unique(score.notes["track"])
    kept = {(onset, pitch, heard[track]) for onset, _, pitch, _, track in arranged.notes.tolist()}
    assert kept == {(onset, pitch, track) for onset, _, pitch, _, track in score.notes.tolist()}
    assert len(kept) == len(arranged.notes)


@FEWER
@given(scores(), st.integers(1, 5))
def test_another_resolution_changes_nothing(score, times):
    assert content(arrange(score.quantize(GRID * times))) == content(arrange(score))


@FEWER
@given(scores())
def test_maps_change_at_bar_lines_alone(score):
    arranged = arrange(score)
    bars = set(arranged.bars(int(arranged.notes["onset"][-1]) + 1).tolist())
    for rows in (arranged.meters, arranged.keys, arranged.tempos):
        assert rows["tick"][0] == 0
        assert set(rows["tick"].tolist()) <= bars


def test_notes_stand_by_onset_then_track_then_pitch_from_high_to_low():
    notes = arrange(band()).notes
    assert notes[["track", "pitch"]][:5].tolist() == [(0, 76), (1, 67), (1, 64), (1, 60), (2, 36)]


def test_of_notes_that_begin_together_on_one_pitch_the_longest_stays():
    found = arrange(of([(0, 12, 60, 100, 0), (0, 48, 60, 40, 0), (0, 24, 60, 80, 0)]))
    assert found.notes.tolist() == [(0, 48, 60, 40, 0)]


def test_velocities_lie_in_the_middle_of_their_step():
    loud = [1, 15, 16, 100, 127]
    found = arrange(of([(24 * i, 24, 60, velocity, 0) for i, velocity in enumerate(loud)]))
    assert found.notes["velocity"].tolist() == [8, 8, 24, 104, 120]


def test_drum_notes_all_last_equally_long_and_have_no_kit():
    found = arrange(of([(0, 1, 36, 80, 0), (24, 90, 38, 80, 0)], Track("", 25, DRUM_CHANNEL)))
    assert found.notes["duration"].tolist() == [v.DRUM_LENGTH] * 2
    assert found.tracks[0].program == 0


def test_tracks_without_notes_are_left_out():
    found = arrange(of([(0, 24, 60, 80, 1), (0, 24, 48, 80, 3)], *(Track(name) for name in "abcd")))
    assert [track.name for track in found.tracks] == ["b", "d"]
    assert found.notes["track"].tolist() == [0, 1]


def test_a_part_has_the_program_of_its_first_note():
    changes = [(0, 0, 0xC0, 5, 0), (24, 0, 0xC0, 19, 0), (48, 0, 0xC0, 40, 0)]
    score = of([(24, 24, 60, 80, 0), (72, 24, 60, 80, 0)], Track("", 5), events=table(changes, EVENT))
    assert arrange(score).tracks[0].program == 19
    assert not len(arrange(score).events)


def test_a_bar_has_the_tempo_at_which_it_lasts_as_long_as_it_did():
    tempos = [(0, 250_000), (48, 1_000_000), (96, 500_000)]
    found = arrange(of([(0, 24, 60, 80, 0), (100, 24, 60, 80, 0)], tempos=table(tempos, TEMPO)))
    assert found.tempos["tick"].tolist() == [0, 96]
    assert found.tempos["microseconds"].tolist() == [pytest.approx(625_000, rel=0.035), 500_000]


def test_where_no_tempo_is_written_it_is_120():
    assert arrange(of([(0, 24, 60, 80, 0)])).tempos.tolist() == [(0, 500_000)]


def test_a_key_is_guessed_from_what_is_no_drum():
    scale = [(24 * i, 24, pitch, 80, 0) for i, pitch in enumerate((62, 66, 69, 62, 64, 67, 73, 62))]
    drums = [(24 * i, 24, 36, 80, 1) for i in range(200)]
    found = arrange(of(sorted(scale + drums), Track(), Track(channel=DRUM_CHANNEL)))
    assert [str(found.key_at(0))] == ["D"]


def test_drums_alone_are_in_some_key():
    assert len(arrange(of([(0, 24, 36, 80, 0)], Track(channel=DRUM_CHANNEL))).keys) == 1


def test_maps_are_kept_as_far_as_asked():
    keys = table([(0, 0, 0), (960, 2, 0)], KEY)
    score = of([(0, 24, 60, 80, 0)], keys=keys)
    assert len(arrange(score).keys) == 1
    assert arrange(score, until=1000).keys.tolist() == keys.tolist()


def test_nothing_to_hear_is_refused():
    with pytest.raises(EmptyError, match="no note"):
        arrange(of([]))


def test_sixteen_parts_are_told_apart_and_no_more():
    def parts(count):
        return of([(0, 24, 60, 80, i) for i in range(count)], *(Track() for _ in range(count)))

    assert len(arrange(parts(16)).tracks) == 16
    with pytest.raises(RangeError, match="17 tracks"):
        arrange(parts(17))


def test_damaged_times_are_refused_before_they_fill_the_memory():
    with pytest.raises(RangeError, match="50,000 bars"):
        arrange(replace(band(), notes=table([(10**12, 24, 60, 80, 0)], NOTE)))
