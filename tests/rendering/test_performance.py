import numpy as np
import pytest

from notegen.errors import EmptyError, RangeError
from notegen.rendering.performance import perform
from notegen.score import EVENT, NOTE, TEMPO, Score, Track, table


def score(notes, **rest):
    return Score(notes=table(notes, NOTE), **rest)


def events(*rows):
    return table(list(rows), EVENT)


def spans(performance):
    rows = performance.notes
    return [(round(float(row["onset"]), 6), round(float(row["offset"]), 6)) for row in rows]


def test_without_a_tempo_there_are_120_beats_a_minute():
    assert spans(perform(score([(480, 480, 60, 80, 0)]))) == [(0.5, 1.0)]


def test_the_tempo_map_is_integrated():
    tempos = table([(0, 1_000_000), (960, 250_000), (1200, 500_000)], TEMPO)
    notes = [(0, 480, 60, 80, 0), (480, 720, 62, 80, 0), (1680, 480, 64, 80, 0)]
    played = perform(score(notes, tempos=tempos))
    assert spans(played) == [(0.0, 1.0), (1.0, 2.125), (2.625, 3.125)]


def test_a_tempo_map_that_begins_late_follows_120_beats():
    tempos = table([(960, 1_000_000)], TEMPO)
    assert spans(perform(score([(0, 1440, 60, 80, 0)], tempos=tempos))) == [(0.0, 2.0)]


def test_programs_change_at_their_tick_and_banks_with_them():
    notes = [(tick, 240, 60, 80, 0) for tick in (0, 480, 960)]
    changes = events((480, 0, 0xC0, 19, 0), (960, 0, 0xB0, 0, 8), (960, 0, 0xC0, 5, 0))
    rows = perform(score(notes, tracks=(Track("", 3, 0),), events=changes)).notes
    assert rows["program"].tolist() == [3, 19, 5]
    assert rows["bank"].tolist() == [0, 0, 8]


def test_tracks_keep_their_programs_where_no_event_tells():
    notes = [(0, 480, 60, 80, 0), (0, 480, 60, 80, 1), (0, 480, 38, 80, 2)]
    tracks = (Track("", 0, 0), Track("", 40, 0), Track("", 0, 9))
    rows = perform(score(notes, tracks=tracks)).notes
    assert rows["program"].tolist() == [0, 40, 0]
    assert rows["bank"].tolist() == [0, 0, 128]
    assert len(set(rows["part"].tolist())) == 3


def test_tracks_of_one_channel_share_its_program_as_in_midi():
    notes = [(0, 480, 60, 80, 0), (0, 480, 48, 80, 1)]
    shared = score(notes, tracks=(Track("right"), Track("left")), events=events((0, 0, 0xC0, 19, 0)))
    assert perform(shared).notes["program"].tolist() == [19, 19]


def test_the_pedal_holds_notes_until_it_is_lifted():
    pedal = events((0, 0, 0xB0, 64, 127), (1920, 0, 0xB0, 64, 0))
    notes = [(0, 480, 60, 80, 0), (480, 480, 62, 80, 0), (1920, 480, 64, 80, 0)]
    assert spans(perform(score(notes, events=pedal))) == [(0.0, 2.0), (0.5, 2.0), (2.0, 2.5)]


def test_a_pedal_that_is_pressed_late_or_halfway_holds_nothing():
    notes = [(0, 480, 60, 80, 0)]
    late = events((480, 0, 0xB0, 64, 127), (1920, 0, 0xB0, 64, 0))
    half = events((0, 0, 0xB0, 64, 63))
    assert spans(perform(score(notes, events=late))) == [(0.0, 0.5)]
    assert spans(perform(score(notes, events=half))) == [(0.0, 0.5)]


def test_a_pedal_that_stays_down_holds_to_the_end():
    notes = [(0, 480, 60, 80, 0), (960, 480, 62, 80, 0)]
    assert spans(perform(score(notes, events=events((0, 0, 0xB0, 64, 127))))) == [(0.0, 1.5), (1.0, 1.5)]


def test_a_key_that_is_struck_again_ends_its_note():
    pedal = events((0, 0, 0xB0, 64, 127), (1920, 0, 0xB0, 64, 0))
    notes = [(0, 480, 60, 80, 0), (960, 480, 60, 80, 0)]
    assert spans(perform(score(notes, events=pedal))) == [(0.0, 1.0), (1.0, 2.0)]


def test_of_two_strikes_at_once_the_longer_stays():
    assert spans(perform(score([(0, 480, 60, 80, 0), (0, 960, 60, 80, 0)]))) == [(0.0, 1.0)]


def test_what_is_resolved_is_not_told_to_the_synthesizer():
    told = events(
        (0, 0, 0xB0, 64, 127),
        (0, 0, 0xB0, 0, 1),
        (0, 0, 0xB0, 7, 90),
        (0, 0, 0xE0, 0, 80),
        (9, 0, 0xB0, 123, 0),
    )
    changes = perform(score([(0, 480, 60, 80, 0)], events=told)).changes
    assert [(int(row["status"]), int(row["data1"])) for row in changes] == [(0xB0, 7), (0xE0, 0)]


@pytest.mark.parametrize(
    ("notes", "error", "said"),
    [
        ([], EmptyError, "no notes"),
        ([(0, 480, 128, 80, 0)], RangeError, "pitch"),
        ([(0, 480, 60, 0, 0)], RangeError, "velocity"),
        ([(0, 1 << 39, 60, 80, 0)], RangeError, "24 hours"),
    ],
)
def test_what_cannot_be_played_is_told(notes, error, said):
    with pytest.raises(error, match=said):
        perform(score(notes))


def test_long_scores_are_integrated_without_drift():
    rng = np.random.default_rng(0)
    ticks = np.arange(0, 480 * 5000, 480)
    tempos = table([(tick, int(rng.integers(200_000, 800_000))) for tick in ticks.tolist()], TEMPO)
    last = int(ticks[-1])
    exact = int(tempos["microseconds"][:-1].astype(object).sum()) / 1e6
    played = perform(score([(last, 480, 60, 80, 0)], tempos=tempos))
    assert played.notes["onset"][0] == pytest.approx(exact, abs=1e-6)
