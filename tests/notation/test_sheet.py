import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notegen.errors import EmptyError, RangeError
from notegen.formats import abc, abc_writer
from notegen.keys import Key
from notegen.notation.metre import RESOLUTION
from notegen.notation.sheet import MOST_BARS, notate
from notegen.notation.spelling import Name, spell
from notegen.score import DRUM_CHANNEL, KEY, METER, NOTE, TEMPO, Score, Span, Track, table

Q = 24  # ticks a quarter in these scores


def score_of(quarters, meter=(4, 4), **rest):
    """Return a score of notes given as (onset, duration) or (onset, duration, pitch) in quarters."""
    notes = [(round(n[0] * 480), round(n[1] * 480), n[2] if len(n) > 2 else 72) for n in quarters]
    rest.setdefault("keys", table([(0, *Key.parse("D"))], KEY))
    return Score.of(sorted(notes), meter=meter, resolution=480, **rest)


def line(*lengths, pitch=72):
    """Return notes of so many quarters one after the other; negative lengths are rests."""
    at = np.append(0, np.cumsum(np.abs(lengths)))
    return [(start, length, pitch) for start, length in zip(at, lengths, strict=False) if length > 0]


def with_meters(score, *rows):
    return Score(notes=score.notes, keys=score.keys, meters=table(list(rows), METER), resolution=480)


@pytest.fixture
def written(in_words):
    """Return a function that writes one part's bars in words, voices parted by ``&``."""

    def write(score, part=0):
        return [" & ".join(map(in_words, bar)) for bar in notate(score).parts[part].bars]

    return write


# Every score can be written.

METERS = st.tuples(st.integers(1, 33), st.sampled_from([1, 2, 4, 8, 16, 32, 64])) | st.sampled_from(
    [(4, 4), (3, 4), (6, 8), (7, 8), (5, 4), (2, 2), (12, 8), (3, 16), (1, 64), (64, 4), (255, 16)]
)


@st.composite
def scores(draw):
    """Draw several tracks of whatever notes, under whatever meters."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    resolution = draw(st.sampled_from([24, 96, 120, 220, 480, 1000]))
    tracks = draw(st.integers(1, 3))
    count = draw(st.integers(1, 40))
    divisions = rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 24], count)
    if draw(st.booleans()):
        divisions[:] = divisions[0]
    noise = draw(st.sampled_from([0.0, 0.0, 0.01, 0.04, 1.0])) * resolution
    onsets = rng.integers(0, 12 * divisions) * resolution / divisions + rng.normal(0, noise, count)
    lengths = rng.integers(0, 3 * divisions) * resolution / divisions + rng.normal(0, noise, count)
    onsets, lengths = np.maximum(0, np.rint(onsets)), np.maximum(0, np.rint(lengths))
    pitches, owners = rng.integers(0, 128, count), rng.integers(0, tracks, count)
    rows = sorted(zip(onsets, lengths, pitches, [80] * count, owners, strict=True))
    meters, at = [(0, *draw(METERS))], 0
    for beats in draw(st.lists(st.sampled_from([0.3, 1, 1.5, 3, 4, 7.01]), max_size=3)):
        at += round(beats * resolution)
        meters.append((at, *draw(METERS)))
    return Score(
        notes=table(rows, NOTE),
        tracks=(Track(),) * tracks,
        meters=table(meters, METER),
        resolution=resolution,
    )


@settings(max_examples=150)
@given(scores())
def test_every_score_can_be_written_down(check_bar, score):
    sheet = notate(score)
    assert len(sheet.parts) == len(set(score.notes["track"].tolist()))
    ends = [measure.start + measure.length for measure in sheet.measures]
    assert [measure.start for measure in sheet.measures] == [0, *ends[:-1]]
    for part in sheet.parts:
        assert len(part.bars) == len(sheet.measures)
        for measure, bar in zip(sheet.measures, part.bars, strict=True):
            assert bar
            for voice in bar:
                check_bar(voice, measure.length)


@settings(max_examples=50)
@given(scores())
def test_every_pitch_of_a_track_is_written(score):
    for part, track in zip(notate(score).parts, np.unique(score.notes["track"]), strict=True):
        values = [value for bar in part.bars for voice in bar for value in voice]
        heard = {pitch for value in values for pitch in value.pitches}
        assert heard == set(score.notes["pitch"][score.notes["track"] == track].tolist())


# Rhythm.


@pytest.mark.parametrize(
    ("meter", "lengths", "bars"),
    [
        ((4, 4), [1, 2, 1], ["4 2 4"]),
        ((4, 4), [1.5, 1, 1.5], ["4. 8~ 8 4."]),
        ((4, 4), [2 / 3] * 3 + [2], ["4/3 4/3 4/3 2"]),
        ((4, 4), [3, 2, 3], ["2. 4~", "4 2."]),
        ((6, 8), [0.5, 0.5, 0.5, 1, 0.5, 3], ["8 8 8 4 8", "2."]),
        ((2, 4), [0.2] * 5 + [0.5] * 42, ["16/5 16/5 16/5 16/5 16/5 8 8", *["8 8 8 8"] * 10]),
        ((4, 4), [4, 1], ["1", "4 r4 r2"]),
        ((4, 4), [-4, 4], ["r1", "1"]),
        ((4, 4), [14], ["1~", "1~", "1~", "2 r2"]),
        ((3, 4), [0.5] * 6 + [3], ["8 8 8 8 8 8", "2."]),
        ((4, 4), [0.5], ["8 r8 r4 r2"]),
    ],
    ids=str,
)
def test_rhythms_are_written_as_a_musician_would(written, meter, lengths, bars):
    assert written(score_of(line(*lengths), meter)) == bars


TUNE = [1, 0.5, 0.5, 1, 1, 0.5, 0.5, 1, 2, 1.5, 0.5, 1, 1, 0.5, 0.25, 0.25, 1, 2]


@pytest.mark.parametrize("seed", range(6))
def test_a_played_tune_is_written_as_it_was_meant(written, seed):
    rng = np.random.default_rng(seed)
    meant = line(*TUNE)
    played = [
        (max(0, on + rng.uniform(-0.04, 0.04)), length * rng.uniform(0.75, 1), pitch)  # 20 ms
        for on, length, pitch in meant
    ]
    assert written(score_of(played)) == written(score_of(meant))


@pytest.mark.parametrize("lag", [0.05, 0.08])
def test_a_constant_lag_is_taken_out(written, lag):
    rng = np.random.default_rng(3)
    meant = line(*TUNE, *TUNE)
    played = [(on + lag + rng.uniform(-0.02, 0.02), 0.9 * length, pitch) for on, length, pitch in meant]
    assert written(score_of(played)) == written(score_of(meant))


def test_articulation_is_not_written_as_rests(written):
    assert written(score_of([(i, 0.93) for i in range(8)])) == ["4 4 4 4"] * 2
    assert written(score_of([(i / 2, 0.45) for i in range(8)])) == ["8 8 8 8 8 8 8 8"]


def test_a_last_note_held_a_little_too_long_adds_no_bar(written):
    assert written(score_of([(0.02, 0.9), (1.01, 0.93), (1.97, 2.13)])) == ["4 4 2"]


# Voices.


def test_two_lines_are_two_voices_where_they_differ(written):
    notes = [*line(1, 1, 2, 4, pitch=76), (0, 4, 60), (4, 4, 64)]
    assert written(score_of(notes)) == ["4 4 2 & 1", "1"]


def test_a_cluster_of_five_is_one_chord():
    (((chord,),),) = (part.bars for part in notate(score_of([(0, 4, p) for p in range(60, 65)])).parts)
    assert chord[0].pitches == (60, 61, 62, 63, 64)


def test_a_unison_is_written_twice(written):
    assert written(score_of([(0, 4, 60), (0, 4, 60)])) == ["1 & 1"]
    assert written(score_of([(0, 4, 60), (2, 2, 60)])) == ["1 & r2 2"]


# Bars.


def test_a_pickup_is_bar_zero_and_shows_the_meter_of_the_next(written):
    score = with_meters(score_of(line(1, 1, 1, 1, 1, 4)), (0, 1, 4), (480, 4, 4))
    first, second, third = notate(score).measures
    assert (first.number, first.shown, first.length) == (0, (4, 4), RESOLUTION)
    assert (second.number, second.shown, third.number) == (1, None, 2)
    assert written(score) == ["4", "4 4 4 4", "1"]


def test_a_change_of_meter_is_shown_where_it_stands(written):
    score = with_meters(score_of(line(4, 3, 3)), (0, 4, 4), (4 * 480, 3, 4))
    assert [measure.shown for measure in notate(score).measures] == [(4, 4), (3, 4), None]
    assert written(score) == ["1", "2.", "2."]


def test_a_change_of_meter_off_the_bar_line_makes_a_short_bar(written):
    score = with_meters(score_of(line(4, 1, 3)), (0, 4, 4), (5 * 480, 3, 4))
    assert [measure.meter for measure in notate(score).measures] == [(4, 4), (1, 4), (3, 4)]
    assert written(score) == ["1", "4", "2."]


def test_all_parts_have_the_bars_of_the_longest():
    rows = [(0, 480, 60, 80, 0), (0, 480 * 12, 72, 80, 1)]
    sheet = notate(Score(notes=table(rows, NOTE), tracks=(Track("a"), Track("b"))))
    assert [len(part.bars) for part in sheet.parts] == [3, 3]
    assert not any(value.pitches for value in sheet.parts[0].bars[2][0])


def test_tracks_without_notes_have_no_staff():
    sheet = notate(Score(notes=table([(0, 480, 60, 80, 1)], NOTE), tracks=(Track("a"), Track("b"))))
    assert [part.track.name for part in sheet.parts] == ["b"]


def test_a_meter_in_64ths_is_written_in_32nds():
    assert notate(score_of([(0, 0.125)], (2, 64))).measures[0].meter == (1, 32)
    assert notate(score_of([(0, 0.125)], (1, 64))).measures[0].meter == (1, 32)


# Keys, tempos, clefs.


def test_the_written_key_is_kept_and_shown_where_it_changes():
    keys = table([(0, *Key.parse("D")), (4 * 480, *Key.parse("G")), (8 * 480, *Key.parse("G"))], KEY)
    measures = notate(score_of(line(4, 4, 4), keys=keys)).measures
    assert [str(measure.key) for measure in measures] == ["D", "G", "G"]
    assert [measure.new_key for measure in measures] == [True, True, False]


@pytest.mark.parametrize(
    ("at", "keys"), [(3.5, ["D", "G", "G"]), (4.5, ["D", "G", "G"]), (7, ["D", "D", "G"])]
)
def test_a_key_that_changes_inside_a_bar_is_shown_at_the_nearest_bar_line(at, keys):
    rows = table([(0, *Key.parse("D")), (round(at * 480), *Key.parse("G"))], KEY)
    measures = notate(score_of(line(4, 4, 4), keys=rows)).measures
    assert [str(measure.key) for measure in measures] == keys


def test_a_missing_key_is_guessed():
    notes = [(i, 1, pitch) for i, pitch in enumerate([62, 66, 69, 74, 73, 71, 69, 62])]
    assert str(notate(score_of(notes, keys=table([], KEY))).measures[0].key) == "D"


def test_drums_alone_have_no_key():
    score = Score(notes=table([(0, 480, 36, 80, 0)], NOTE), tracks=(Track(channel=DRUM_CHANNEL),))
    sheet = notate(score)
    assert sheet.measures[0].key == Key(0, 0)
    assert sheet.parts[0].clef == "percussion"


def test_keys_with_more_than_seven_signs_are_written_with_fewer():
    keys = table([(0, 8, 0), (4 * 480, 9, 0)], KEY)
    assert [m.key.fifths for m in notate(score_of(line(4, 4), keys=keys)).measures] == [-4, -3]


@pytest.mark.parametrize(
    ("pitch", "clef"), [(24, "bass 8vb"), (43, "bass"), (60, "treble"), (72, "treble"), (96, "treble 8va")]
)
def test_the_clef_suits_the_notes(pitch, clef):
    assert notate(score_of(line(4, pitch=pitch))).parts[0].clef == clef


def test_tempos_stand_in_the_bars_in_which_they_change():
    tempos = table([(0, 600_000), (480 * 6, 500_000), (480 * 7, 500_000)], TEMPO)
    measures = notate(score_of(line(4, 4), tempos=tempos)).measures
    assert [m.tempos for m in measures] == [
        ((0, pytest.approx(100)),),
        ((2 * RESOLUTION, pytest.approx(120)),),
    ]


def test_tempos_by_the_hundred_are_all_kept():
    tempos = table([(i * 20, 500_000 + i) for i in range(400)], TEMPO)
    measures = notate(score_of(line(*[4] * 5), tempos=tempos)).measures
    assert sum(len(measure.tempos) for measure in measures) == 400


# What is new.


@pytest.mark.parametrize(
    ("start", "stop", "marks", "opens"),
    [
        (4, None, ["", "new", ""], [False, True, False]),
        (6, None, ["", "new", ""], [False, False, False]),
        (100, None, [""] * 3, [False] * 3),
        (4, 8, ["", "new", "seed"], [False, True, True]),
        (2, 6, ["new", "seed", ""], [False] * 3),
        (8, 12, ["", "", "new"], [False, False, True]),
    ],
)
def test_what_is_new_is_marked_in_the_bars_where_it_begins_and_ends(start, stop, marks, opens):
    new = Span(start * 480, None if stop is None else stop * 480)
    measures = notate(score_of(line(4, 4, 4)), new).measures
    assert [measure.mark for measure in measures] == marks
    assert [measure.opens for measure in measures] == opens


# Odd scores.


def test_notes_without_length_get_one(written):
    assert written(score_of([(0, 0), (1, 0)])) == ["8 r8 8 r8 r2"]


@pytest.mark.parametrize("pitch", [0, 127])
def test_the_outermost_pitches_are_written(pitch):
    assert notate(score_of(line(4, pitch=pitch))).parts[0].bars[0][0][0].pitches == (pitch,)


def test_fifteen_tracks_are_fifteen_parts():
    rows = [(0, 480, 40 + i, 80, i) for i in range(15)]
    assert len(notate(Score(notes=table(rows, NOTE), tracks=(Track(),) * 15)).parts) == 15


def test_a_score_without_notes_is_refused():
    with pytest.raises(EmptyError, match="no note"):
        notate(Score())


@pytest.mark.parametrize(("at", "meter"), [(4 * MOST_BARS, (4, 4)), (10**7, (4, 4)), (2000, (1, 16))])
def test_a_score_of_too_many_bars_is_refused(at, meter):
    with pytest.raises(RangeError, match=f"{MOST_BARS}"):
        notate(score_of([(0, 1), (at, 1)], meter))


def test_a_note_tied_over_a_change_of_key_keeps_its_name():
    keys = table([(0, *Key.parse("Db")), (96, *Key.parse("B"))], KEY)
    score = Score.of([(0, 48, 61), (48, 96, 70)], resolution=24, keys=keys)
    (back,) = abc.read_book(abc_writer.encode(score).decode())  # a tie joins notes of one name alone
    assert back.quantize(24).notes["duration"].tolist() == [48, 96]
    before, after = (part[0][-1 if i == 0 else 0] for i, part in enumerate(notate(score).parts[0].bars))
    assert spell(70, before.key) == spell(70, after.key) == Name("B", -1, 4)
