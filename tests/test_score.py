import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.keys import Key
from notegen.score import EVENT, KEY, METER, NOTE, TEMPO, Score, Source, Track, meter_of, rescale, table

BAR = 96  # ticks of a bar of 4/4 at 24 ticks a quarter


def score(*notes, **rest):
    return Score.of(list(notes), resolution=24, **rest)


def with_meters(*rows, end=0):
    notes = table([(0, end, 60, 80, 0)] if end else [], NOTE)
    return Score(notes=notes, meters=table(list(rows), METER), resolution=24)


def triples(of):
    return of.notes[["onset", "duration", "pitch"]].tolist()


def test_tables_are_read_only():
    with pytest.raises(ValueError, match="read-only"):
        score((0, 24, 60)).notes["pitch"] = 1


def test_end_is_where_the_last_note_ends_though_another_begins_later():
    assert Score().end == 0
    assert score((0, 100, 60), (50, 10, 62)).end == 100


def test_maps_have_defaults_before_their_first_row():
    late = Score(
        tempos=table([(10, 400_000)], TEMPO), meters=table([(10, 3, 4)], METER), keys=table([(10, 2, 0)], KEY)
    )
    assert (late.tempo_at(9), late.meter_at(9), late.key_at(9)) == (500_000, (4, 4), None)
    assert (late.tempo_at(10), late.meter_at(10), late.key_at(99)) == (400_000, (3, 4), Key.parse("D"))


@pytest.mark.parametrize(
    ("meter", "length"), [((4, 4), 96), ((6, 8), 72), ((2, 2), 96), ((7, 16), 42), ((1, 64), 2)]
)
def test_bar_length_in_ticks(meter, length):
    assert Score(resolution=24).bar_length(meter) == length


def test_bars_close_the_bar_in_which_the_last_note_ends():
    assert score((0, BAR, 60)).bars().tolist() == [0, BAR]
    assert score((0, BAR + 1, 60)).bars().tolist() == [0, BAR, 2 * BAR]


def test_bars_without_a_meter_are_four_quarters_long():
    assert Score(resolution=24).bars(100).tolist() == [0, 96, 192]
    assert with_meters((96, 3, 4)).bars(100).tolist() == [0, 96, 168]


def test_bars_begin_behind_a_pickup():
    assert with_meters((0, 1, 4), (24, 4, 4), end=100).bars().tolist() == [0, 24, 120]


def test_a_change_of_meter_begins_a_bar_wherever_it_stands():
    assert with_meters((0, 4, 4), (100, 3, 4), end=200).bars().tolist() == [0, 96, 100, 172, 244]


def test_a_change_of_meter_behind_the_end_closes_the_last_bar():
    assert with_meters((0, 4, 4), (100, 3, 4), end=98).bars().tolist() == [0, 96, 100]


@given(
    st.dictionaries(st.integers(0, 500), st.tuples(st.integers(1, 9), st.sampled_from([1, 2, 4, 8, 16]))),
    st.integers(0, 700),
)
def test_bars_rise_from_zero_to_the_end_and_hold_every_change(changes, until):
    bars = with_meters(*((tick, *changes[tick]) for tick in sorted(changes))).bars(until).tolist()
    assert bars == sorted(set(bars))
    assert bars[0] == 0
    assert bars[-1] >= until and all(bar < until for bar in bars[1:-1])
    assert {tick for tick in changes if tick <= until} <= set(bars)


def test_transpose_moves_notes_and_keys_but_not_drums():
    notes = table([(0, 24, 62, 80, 0), (0, 24, 36, 80, 1)], NOTE)
    moved = Score(
        notes=notes, tracks=(Track("flute"), Track("kit", channel=9)), keys=table([(0, 2, 0)], KEY)
    ).transpose(-2)
    assert moved.notes["pitch"].tolist() == [60, 36]
    assert moved.key_at(0) == Key.parse("C")


def test_what_changes_a_score_parts_it_from_its_file():
    read = Score.of([(0, 24, 60)], source=Source(b"MThd", 1))
    assert read.join(read.notes[:0]).source is not None
    assert [read.transpose(1).source, read.quantize(24).source, read.cut(0, 9).source] == [None, None, None]


def test_quantize_rounds_onsets_and_ends_to_the_nearest_tick():
    played = Score.of([(0, 470, 60), (490, 480, 62)], resolution=480)
    assert triples(played.quantize(24)) == [(0, 24, 60), (25, 24, 62)]


def test_quantize_keeps_short_notes_for_one_tick():
    assert triples(Score.of([(0, 1, 60)], resolution=480).quantize(24)) == [(0, 1, 60)]


def test_quantize_moves_maps_and_events_too():
    fine = Score(
        tempos=table([(480, 1)], TEMPO),
        meters=table([(960, 3, 4)], METER),
        keys=table([(1440, 1, 0)], KEY),
        events=table([(1920, 0, 0xB0, 7, 1)], EVENT),
        resolution=480,
    ).quantize(24)
    assert [int(rows["tick"][0]) for rows in (fine.tempos, fine.meters, fine.keys, fine.events)] == [
        24,
        48,
        72,
        96,
    ]


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 10**4), st.integers(0, 127))), st.integers(1, 40)
)
def test_a_multiple_of_the_resolution_loses_nothing(notes, factor):
    notes = sorted(notes)
    assert triples(score(*notes).quantize(24 * factor).quantize(24)) == notes


def test_rescale_rounds_halves_up():
    assert rescale(np.array([0, 1, 2, 3]), 2, 1).tolist() == [0, 1, 1, 2]


def test_cut_moves_to_zero_and_shortens_what_goes_on_behind():
    part = score((0, 50, 60), (24, 24, 62), (40, 100, 64), (60, 5, 65)).cut(24, 60)
    assert triples(part) == [(0, 24, 62), (16, 20, 64)]


def test_cut_keeps_the_maps_in_force_and_the_events_inside():
    part = Score(
        meters=table([(0, 4, 4), (96, 3, 4), (240, 2, 4)], METER),
        keys=table([(0, 1, 0), (96, 2, 0)], KEY),
        events=table([(50, 0, 0xB0, 7, 1), (100, 0, 0xB0, 7, 2), (200, 0, 0xB0, 7, 3)], EVENT),
    ).cut(97, 200)
    assert part.meters.tolist() == [(0, 3, 4)]
    assert part.keys.tolist() == [(0, 2, 0)]
    assert part.events.tolist() == [(3, 0, 0xB0, 7, 2)]


@pytest.mark.parametrize(
    ("length", "denominator", "meter"),
    [(24, 4, (1, 4)), (36, 8, (3, 8)), (36, 4, (3, 8)), (9, 8, (3, 32)), (96, 2, (2, 2)), (5, 4, None)],
)
def test_meter_of_uses_the_unit_or_a_shorter_one(length, denominator, meter):
    assert meter_of(length, denominator, 24) == meter
