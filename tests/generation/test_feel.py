import numpy as np
import pytest

from notegen.errors import EmptyError
from notegen.generation.feel import Feel
from notegen.melody import melody
from notegen.score import NOTE, Score, table

TICK = 20  # of a seed of 480 ticks a quarter, in one of the grid
BARS = np.arange(0, 64 * 96, 96)


def rows(*notes):
    """NOTE rows from (onset, duration, pitch, velocity)."""
    return table([(*note, 0) for note in notes], NOTE)


def plain(onsets, velocity=0, length=12):
    """Notes on the grid, one an onset."""
    return rows(*((int(onset), length, 60, velocity) for onset in onsets))


def played(written, late=0, velocity=80, length=1.0):
    """A seed whose notes begin so many ticks behind their grid ticks."""
    notes = written.copy()
    notes["onset"] = written["onset"] * TICK + late
    notes["duration"] = np.rint(written["duration"] * TICK * length)
    notes["velocity"] = velocity
    return Score(notes=table(notes[np.argsort(notes["onset"], kind="stable")], NOTE))


def rng(seed=0):
    return np.random.default_rng(seed)


EIGHTHS = plain(range(0, 32 * 96, 12))
OFF_BEAT = EIGHTHS["onset"] % 24 == 12


def test_a_plain_seed_is_continued_plainly():
    """Nothing is moved; velocities are the means of their places, and the rest follows the gate."""
    velocity = np.resize([100, 60, 80, 60], 16)
    quarters = plain(range(0, 16 * 24, 24), length=24)
    feel = Feel.of(played(quarters, 0, velocity, 0.85), 0, quarters)
    new = feel.apply(plain(range(0, 96, 24), length=24), BARS, rng())
    assert new["onset"].tolist() == [0, 480, 960, 1440]
    assert new["duration"].tolist() == [408] * 4
    assert new["velocity"].tolist() == [100, 60, 80, 60]


@pytest.mark.parametrize("resolution", [7, 24, 100, 480, 960])
def test_rounding_is_no_feel(resolution):
    """A resolution that is no multiple of the grid's puts triplets beside their grid ticks."""
    grid = plain(range(0, 96 * 4, 8), length=8)
    seed = Score(notes=grid, resolution=24).quantize(resolution)
    feel = Feel.of(seed, 0, grid)
    assert not feel.offset.any()
    assert feel.apply(grid, BARS, rng())["onset"].tolist() == seed.notes["onset"].tolist()


def test_the_gate_is_measured_against_what_is_written():
    """As a melody the notes are written without the gaps between them, as played with these gaps."""
    seed = played(plain(range(0, 24 * 16, 24), length=24), length=0.85)
    feel = Feel.of(seed, 0, melody(seed).notes)
    assert feel.gate == 0.85
    assert Feel.of(seed, 0, seed.quantize(24).notes).gate == 1


def test_a_seed_that_swings_between_grid_ticks_is_continued_with_swing():
    feel = Feel.of(played(EIGHTHS, np.where(OFF_BEAT, 8, 0)), 0, EIGHTHS)
    new = feel.apply(plain(range(0, 96, 12)), BARS, rng())
    assert new["onset"].tolist() == [0, 248, 480, 728, 960, 1208, 1440, 1688]
    assert new["duration"].tolist() == [248, 232] * 4  # each note still meets the next one


def test_off_beats_that_the_seed_never_plays_on_their_tick_come_as_late_as_its_own():
    """All off-beats of the seed lie nearest to the tick behind; what is new stands on either."""
    late = plain(EIGHTHS["onset"] + OFF_BEAT)
    feel = Feel.of(played(late, np.where(OFF_BEAT, 6, 0)), 0, late)
    new = feel.apply(plain([0, 12, 24, 37]), BARS, rng())
    assert new["onset"].tolist() == [0, 266, 480, 746]


def test_a_seed_that_lies_behind_the_beat_is_continued_behind_it_at_new_places_too():
    feel = Feel.of(played(EIGHTHS, 7), 0, EIGHTHS)
    new = feel.apply(plain([0, 6, 8, 16, 21], length=2), BARS, rng())
    assert (new["onset"] - 7).tolist() == [0, 120, 160, 320, 420]


def test_bars_are_counted_from_where_they_begin():
    """The seed's second quarter in a bar of 3/4 is late and loud, and so is the new bar's."""
    quarters = plain(range(0, 24 * 24, 24), length=24)
    second = quarters["onset"] % 72 == 24
    seed = played(quarters, np.where(second, 9, 0), np.where(second, 100, 70))
    seed = Score(notes=seed.notes, meters=table([(0, 3, 4)], Score.of([]).meters.dtype))
    new = Feel.of(seed, 0, quarters).apply(plain([10, 34, 58], length=24), np.array([10]), rng())
    assert (new["onset"] - 200).tolist() == [0, 489, 960]
    assert new["velocity"].tolist() == [70, 100, 70]


def test_compound_bars_have_long_beats():
    """The seed plays the first half of bars of 6/8 alone; the second half is divided as the first."""
    eighths = plain(bar + tick for bar in range(0, 72 * 16, 72) for tick in (0, 12, 24))
    seed = played(eighths, 0, np.where(eighths["onset"] % 72 == 0, 100, 60))
    seed = Score(notes=seed.notes, meters=table([(0, 6, 8)], Score.of([]).meters.dtype))
    new = Feel.of(seed, 0, eighths).apply(plain([0, 24, 36, 48, 60]), np.array([0]), rng())
    assert new["velocity"].tolist() == [100, 60, 100, 60, 60]


def test_a_place_that_is_seldom_heard_says_little_where_velocities_vary():
    """Eighths vary around 80; a single sixteenth at 40 is one more of the softer ones, not a rule."""
    written = plain(sorted([*EIGHTHS["onset"], 6, *range(18, 24 * 40, 96)]))
    loud = np.rint(rng().normal(80, 12, len(written)))
    loud[written["onset"] == 6] = 40
    feel = Feel.of(played(written, 0, loud), 0, written)
    assert 50 < feel.velocity[6] < 80
    assert abs(feel.velocity[12] - 80) < 6


def test_takes_keep_within_the_spread_of_the_seed():
    late = np.rint(rng(1).normal(3, 2, len(EIGHTHS))).astype(int).clip(-9, 9)
    late[0] = abs(late[0])
    loud = np.rint(rng(2).normal(80, 8, len(EIGHTHS)))
    feel = Feel.of(played(EIGHTHS, late, loud), 0, EIGHTHS)
    new = feel.apply(EIGHTHS, BARS, rng(), start=-20)
    moved = new["onset"] - EIGHTHS["onset"] * TICK
    assert abs(moved.mean() - late.mean()) < 0.6
    assert 0.8 < moved.std() / late.std() < 1.2
    assert moved.min() >= late.min() - 2
    assert moved.max() <= late.max() + 2
    assert abs(new["velocity"].mean() - loud.mean()) < 2
    assert 0.8 < new["velocity"].std() / loud.std() < 1.2


def test_takes_follow_from_their_random_numbers():
    late = rng(1).integers(0, 9, len(EIGHTHS))
    feel = Feel.of(played(EIGHTHS, late), 0, EIGHTHS)
    one, same, other = (feel.apply(EIGHTHS, BARS, rng(seed)) for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != other.tobytes()


def test_notes_that_are_written_without_a_gap_are_played_without_one():
    late = rng(1).integers(0, 9, len(EIGHTHS))
    new = Feel.of(played(EIGHTHS, late), 0, EIGHTHS).apply(EIGHTHS, BARS, rng())
    assert len(np.unique(np.diff(new["onset"]))) > 4
    assert (new["onset"] + new["duration"])[:-1].tolist() == new["onset"][1:].tolist()


def chords(onsets, velocity=0):
    return rows(*((int(onset), 24, pitch, velocity) for onset in onsets for pitch in (60, 64, 67)))


def test_chords_that_are_struck_together_stay_together():
    """The seed's chords wander, but their notes begin at the same time."""
    written = chords(range(0, 96 * 32, 24))
    late = np.repeat(rng(1).integers(0, 9, len(written) // 3), 3)
    new = Feel.of(played(written, late), 0, written).apply(written, BARS, rng())
    onsets = new["onset"].reshape(-1, 3)
    assert (onsets == onsets[:, :1]).all()
    assert len(np.unique(onsets[:, 0] % 480)) > 4


def test_chords_that_are_spread_stay_as_spread_as_in_the_seed():
    written = chords(range(0, 96 * 32, 24))
    late = np.rint(rng(1).normal(0, 3, len(written))).astype(int).clip(-9, 9)
    late[:3] = abs(late[:3])
    new = Feel.of(played(written, late), 0, written).apply(written, BARS, rng(), start=-20)
    inside = new["onset"].reshape(-1, 3).std(axis=1).mean()
    assert 0.85 < inside / late.reshape(-1, 3).std(axis=1).mean() < 1.15
    assert (np.diff(new["onset"]) >= 0).all()


def test_notes_alone_have_no_share_in_the_spread_of_chords():
    """In the seed the lower notes of all chords are early and the upper ones late, by the same."""
    written = rows(*((96 + bar, 12, pitch, 0) for bar in range(0, 96 * 16, 96) for pitch in (60, 64)))
    feel = Feel.of(played(written, np.tile([-6, 6], 16)), 0, written)
    new = feel.apply(plain(range(96, 96 * 16, 96)), BARS, rng())
    assert set(new["onset"] % 1920) == {0}


def test_notes_on_different_grid_ticks_are_never_reordered():
    """The seed's off-beats come more than two ticks late; a grace note behind one must not overtake it."""
    late = plain(EIGHTHS["onset"] + 2 * OFF_BEAT)
    feel = Feel.of(played(late, np.where(OFF_BEAT, 8, 0)), 0, late)
    new = feel.apply(rows((12, 1, 60, 0), (13, 5, 62, 0), (18, 6, 64, 0)), BARS, rng())
    assert new["pitch"].tolist() == [60, 62, 64]
    assert new["onset"].tolist() == [288, 288, 364]
    assert (new["duration"] >= 1).all()


def test_no_note_begins_before_the_seam():
    feel = Feel.of(played(plain(EIGHTHS["onset"] + 24), -8), 0, plain(EIGHTHS["onset"] + 24))
    new = feel.apply(plain([96, 108]), BARS, rng(), start=1920)
    assert new["onset"].tolist() == [1920, 108 * TICK - 8]


def test_a_velocity_step_is_played_as_loud_as_the_seed_plays_it():
    """The model tells the middles of steps; the seed's steps 6 and 3 are at 100 and 60."""
    seed = played(EIGHTHS, 0, np.where(OFF_BEAT, 60, 100))
    feel = Feel.of(seed, 0, EIGHTHS)
    told = rows((0, 12, 60, 104), (12, 12, 60, 56), (24, 12, 60, 56), (36, 12, 60, 0))
    assert feel.apply(told, BARS, rng())["velocity"].tolist() == [100, 60, 60, 60]


def test_a_step_that_the_seed_never_plays_is_off_its_middle_as_the_others_are():
    feel = Feel.of(played(EIGHTHS, 0, np.where(OFF_BEAT, 64, 96)), 0, EIGHTHS)
    assert feel.apply(plain([0, 12], velocity=88), BARS, rng())["velocity"].tolist() == [80, 80]


@pytest.mark.parametrize(("velocity", "played_as"), [(8, 64), (120, 96)])
def test_nothing_is_softer_or_louder_than_the_seed(velocity, played_as):
    feel = Feel.of(played(EIGHTHS, 0, np.where(OFF_BEAT, 64, 96)), 0, EIGHTHS)
    new = feel.apply(plain([0, 12], velocity=velocity), BARS, rng())
    assert set(new["velocity"].tolist()) == {played_as}


@pytest.mark.parametrize("velocity", [0, 8, 120])
def test_velocities_stay_within_those_of_midi(velocity):
    """Beats are now loud, now soft; off-beats are as loud or soft as can be."""
    loud = np.where(OFF_BEAT, 127, rng().choice([10, 110], len(EIGHTHS)))
    loud[-40:] = 1
    feel = Feel.of(played(EIGHTHS, 0, loud), 0, EIGHTHS)
    new = feel.apply(plain(EIGHTHS["onset"], velocity), BARS, rng())["velocity"]
    assert new.min() >= 1
    assert new.max() <= 127


def test_only_the_written_notes_of_the_track_are_measured():
    """Other tracks, and notes below the melody, have their own touch."""
    own = played(EIGHTHS, 4, 90).notes
    below, other = own.copy(), own.copy()
    below["pitch"], below["velocity"] = 48, 20
    other["track"], other["velocity"] = 1, 20
    every = np.sort(np.concatenate([own, below, other]), order="onset", kind="stable")
    feel = Feel.of(Score(notes=table(every, NOTE), tracks=(Score().tracks * 2)), 0, EIGHTHS)
    assert set(feel.velocity) == {90}
    assert set(feel.offset) == {4}


def test_a_track_without_notes_has_no_feel():
    with pytest.raises(EmptyError, match="no note"):
        Feel.of(played(EIGHTHS), 0, plain([]))
    with pytest.raises(EmptyError, match="no note"):
        Feel.of(Score(), 0, EIGHTHS)


def test_nothing_is_played_of_nothing():
    assert not len(Feel.of(played(EIGHTHS), 0, EIGHTHS).apply(plain([]), BARS, rng()))
