import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.errors import EmptyError
from notegen.generation.seam import Seam
from notegen.score import KEY, METER, NOTE, Score, Track, table

D = table([(0, 2, 0)], KEY)
QUARTER = 480


def quarters(count, length=QUARTER, **rest):
    """A seed of quarter notes, each sounding `length` ticks, in D."""
    rest.setdefault("keys", D)
    return Score.of([(i * QUARTER, length, 62 + i % 5) for i in range(count)], **rest)


def meters(score, *rows):
    return Score(notes=score.notes, keys=score.keys, meters=table(list(rows), METER))


def forced(seam):
    return [v.name(token) for token in seam.forced.tolist()]


def test_a_seed_that_ends_on_a_bar_line_goes_on_there():
    seam = Seam.of(quarters(8))
    assert (seam.bar, seam.tick) == (8 * QUARTER, 0)
    assert forced(seam) == ["bar"]


def test_an_unfinished_bar_is_filled_from_where_the_seed_ends():
    seam = Seam.of(quarters(6))
    assert (seam.bar, seam.tick, seam.length) == (4 * QUARTER, 48, 96)
    assert forced(seam) == []


@pytest.mark.parametrize("length", [480, 470, 440, 400, 490, 520])
def test_a_little_more_or_less_than_a_bar_ends_on_the_bar_line(length):
    seam = Seam.of(quarters(8, length))
    assert (seam.bar, seam.tick) == (8 * QUARTER, 0)


def test_short_notes_end_where_they_are_written_to():
    """A staccato last quarter is a sixteenth by its sound, and the bar lacks the rest."""
    assert Seam.of(quarters(8, 120)).tick == 78


@pytest.mark.parametrize(
    ("meter", "whole", "part"),
    [((3, 4), 6, 7), ((6, 8), 6, 8), ((2, 2), 8, 9), ((5, 4), 5, 7), ((3, 2), 6, 8), ((7, 8), 7, 9)],
)
def test_bars_are_those_of_the_meter(meter, whole, part):
    bar = 4 * QUARTER * meter[0] // meter[1]
    assert Seam.of(quarters(whole, meter=meter)).tick == 0
    seam = Seam.of(quarters(part, meter=meter))
    assert seam.bar == part * QUARTER // bar * bar
    assert seam.tick == (part * QUARTER - seam.bar) // 20
    assert seam.meter == meter


def test_bars_are_counted_from_behind_a_pickup():
    pickup = meters(quarters(9), (0, 1, 4), (QUARTER, 4, 4))
    assert (Seam.of(pickup).bar, Seam.of(pickup).tick) == (9 * QUARTER, 0)
    assert Seam.of(meters(quarters(7), (0, 1, 4), (QUARTER, 4, 4))).tick == 48


def test_the_meter_in_force_at_the_end_goes_on():
    seam = Seam.of(meters(quarters(10), (0, 4, 4), (4 * QUARTER, 3, 4)))
    assert (seam.meter, seam.bar, seam.tick, seam.length) == ((3, 4), 10 * QUARTER, 0, 72)
    assert forced(seam) == ["bar"]


def test_a_change_of_meter_written_at_the_end_counts_for_the_new_bars():
    seam = Seam.of(meters(quarters(8), (0, 4, 4), (8 * QUARTER, 3, 4)))
    assert (seam.meter, seam.bar, seam.tick) == ((3, 4), 8 * QUARTER, 0)
    assert forced(seam) == ["meter 3/4", "bar"]


def test_the_key_in_force_at_the_end_goes_on():
    assert str(Seam.of(quarters(8, keys=table([(0, 2, 0), (4 * QUARTER, 1, 0)], KEY))).key) == "G"


def test_other_tracks_may_last_longer_than_the_melody():
    """The bass ends two bars behind the melody; what is new begins behind both."""
    rows = [(i * QUARTER, QUARTER, 74, 90, 0) for i in range(4)] + [
        (i * QUARTER, QUARTER, 40, 60, 1) for i in range(12)
    ]
    score = Score(notes=table(sorted(rows), NOTE), tracks=(Track("tune"), Track("bass", 32, 1)), keys=D)
    seam = Seam.of(score)
    assert (seam.track, seam.bar, seam.tick, seam.cursor) == (0, 12 * QUARTER, 0, 0)
    assert np.isin(seam.ids, v.BAR).sum() == 3


def test_the_seeds_tokens_have_no_end():
    ids = Seam.of(quarters(6)).ids
    assert ids[0] == v.START
    assert v.END not in ids


@pytest.mark.parametrize(
    ("score", "tick"),
    [
        (quarters(8), 8 * QUARTER),
        (quarters(6), 6 * QUARTER),
        (quarters(8, 520), 8 * QUARTER),
        (quarters(8, 400), 8 * QUARTER),
        (quarters(8, 120), 4 * QUARTER + 78 * 20),
        (meters(quarters(9), (0, 1, 4), (QUARTER, 4, 4)), 9 * QUARTER),
        (meters(quarters(7), (0, 1, 4), (QUARTER, 4, 4)), 7 * QUARTER),
        (Score.of([(0, 50, 62), (50, 100, 64)], resolution=100), 150),
        (Score.of([(0, 7, 62), (7, 14, 64)], resolution=7), 21),
        (Score.of([(0, 15360, 62)], resolution=15360), 15360),
    ],
    ids=[
        "bar line",
        "inside a bar",
        "tail over the bar line",
        "short of the bar line",
        "staccato",
        "pickup",
        "pickup and inside a bar",
        "100 ticks",
        "7 ticks",
        "15360 ticks",
    ],
)
def test_the_music_is_new_from_where_the_seed_ends(score, tick):
    assert Seam.of(score).end == tick


@pytest.mark.parametrize("late", [-20, -1, 1, 20])
def test_the_music_is_new_from_a_bar_line_beside_the_grid(late):
    """The last bar of 3/4 begins a little early or late, and so does the new one."""
    score = Score.of([(0, 960, 62), (960 + late, 1440, 64)])
    assert Seam.of(meters(score, (0, 2, 4), (960 + late, 3, 4))).end == 960 + late + 1440


def test_a_single_note_is_a_seed():
    assert (Seam.of(quarters(1)).bar, Seam.of(quarters(1)).tick) == (0, 24)


@pytest.mark.parametrize(
    "score", [Score(), Score(notes=quarters(4).notes, tracks=(Track(channel=9),))], ids=["none", "drums"]
)
def test_a_seed_without_a_melody_is_refused(score):
    with pytest.raises(EmptyError):
        Seam.of(score)


RNG = np.random.default_rng(0)
PITCH, RELEASE = v.FIRST["pitch"] + v.LOWEST + 60, v.FIRST["release"] - 1


def test_new_tokens_become_notes_behind_the_seed():
    notes = Seam.of(quarters(8)).notes(
        np.array([v.BAR, PITCH, RELEASE + 24, PITCH + 4, RELEASE + 48, v.BAR, PITCH, RELEASE + 96]),
        RNG,
    )
    assert notes[["onset", "duration", "pitch"]].tolist() == [
        (3840, 480, 62),
        (4320, 480, 66),
        (5760, 1920, 62),
    ]


def test_new_notes_in_an_unfinished_bar_stand_behind_its_old_ones():
    notes = Seam.of(quarters(6)).notes(np.array([PITCH, RELEASE + 72, PITCH + 2, RELEASE + 96]), RNG)
    assert notes[["onset", "duration", "pitch"]].tolist() == [(2880, 480, 62), (3360, 480, 64)]


def test_new_notes_take_the_velocity_and_touch_of_the_seeds():
    rows = [(i * QUARTER, 408, 62 + i % 4, (100, 60, 80, 60)[i % 4], 0) for i in range(8)]
    seam = Seam.of(Score(notes=table(rows, NOTE), keys=D))
    new = [v.BAR]
    for end in (24, 48, 72, 96):
        new += [PITCH, RELEASE + end]
    notes = seam.notes(np.array(new), RNG)
    assert notes["velocity"].tolist() == [100, 60, 80, 60]
    assert notes["duration"].tolist() == [408] * 4


@pytest.mark.parametrize("meter", [(7, 8), (9, 8)])
def test_a_seed_whose_last_note_is_as_long_as_the_largest_release_is_not_lengthened(meter):
    """Twelve quarters end inside a bar of 7/8 or 9/8; the first new token must begin a note."""
    seam = Seam.of(Score.of([(0, 12 * QUARTER, 62)], meter=meter, keys=D))
    assert seam.tick > 0
    kinds = {v.TABLE[kind].name for kind in v.KIND[np.flatnonzero(seam.grammar(1).mask()[0])]}
    assert "release" not in kinds
