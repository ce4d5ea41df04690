from dataclasses import replace

import pytest
from made_tunes import make_song

from notegen.errors import UsageError
from notegen.formats import midi
from notegen.generation.gap import Gap, parse_between
from notegen.score import METER, NOTE, Score, Track, table

BAR = 1920


def test_notes_that_begin_in_the_bars_go_and_all_others_stay():
    song = make_song(bars=6)
    gap = Gap.of_bars(song, (3, 4), "all")
    assert (gap.start, gap.stop, gap.bars, gap.of, gap.shift) == (2 * BAR, 4 * BAR, 2, 6, 0)
    outside = [row for row in song.notes.tolist() if not 2 * BAR <= row[0] < 4 * BAR]
    assert gap.kept.notes.tolist() == outside


def test_what_sounds_into_the_bars_ends_where_they_begin():
    song = Score.of([(0, 3 * BAR, 60), (BAR, 480, 62), (3 * BAR, 2 * BAR, 64)])
    gap = Gap.of_bars(song, (2, 3), "all")
    assert gap.kept.notes[["onset", "duration"]].tolist() == [(0, BAR), (3 * BAR, 2 * BAR)]


def test_tracks_that_are_not_meant_are_as_they_were():
    song = make_song(bars=6)
    gap = Gap.of_bars(song, (3, 4), "tune")
    chords = song.notes["track"] > 0
    assert gap.tracks == {0}
    assert gap.kept.notes[gap.kept.notes["track"] > 0].tolist() == song.notes[chords].tolist()


def test_a_note_that_is_played_a_little_early_is_of_the_bar_that_it_belongs_to():
    rows = [(0, 400), (BAR - 5, 400), (BAR + 960, 400), (2 * BAR - 5, 400)]
    gap = Gap.of_bars(Score.of([(*row, 60) for row in rows]), (2, 2), "all")
    assert gap.kept.notes["onset"].tolist() == [0, 2 * BAR - 5]


def test_a_file_keeps_its_events_and_no_bytes_of_its_own():
    song = midi.decode(midi.encode(make_song(bars=6)))
    gap = Gap.of_bars(song, (3, 4), "all")
    assert gap.kept.source is None
    assert gap.kept.events.tolist() == song.events.tolist()


def test_music_beside_its_bar_lines_is_counted_by_them():
    song = make_song(bars=6)
    notes = song.notes.copy()
    notes["onset"] += 70
    gap = Gap.of_bars(replace(song, notes=table(notes, NOTE)), (3, 4), "all")
    assert gap.shift == -70
    assert gap.kept.notes.tolist() == [row for row in notes.tolist() if not 2 * BAR <= row[0] - 70 < 4 * BAR]


def test_a_pickup_is_the_first_bar():
    song = make_song(bars=6)
    notes = song.notes[song.notes["onset"] >= 0].copy()
    notes["onset"] += 480
    rows = [(0, 480, 60, 80, 0), *notes.tolist()]
    meters = table([(0, 1, 4), (480, 4, 4)], METER)
    gap = Gap.of_bars(replace(song, notes=table(rows, NOTE), meters=meters), (2, 2), "all")
    assert (gap.start, gap.stop, gap.of) == (480, 480 + BAR, 7)


ONE_SIDED = table(
    [(0, 480, 60, 80, 0), (BAR, 480, 60, 80, 0), *((BAR * i, 480, 40, 80, 1) for i in (2, 3, 4))], NOTE
)
REFUSED = {
    "too many": ((5, 9), "all", "there are no bars 5 to 9: the seed has 5"),
    "none": ((0, 2), "all", "there are no bars 0 to 2"),
    "backwards": ((3, 2), "all", "there are no bars 3 to 2"),
    "the beginning": ((1, 2), "all", "nothing is played before bars 1 to 2"),
    "the end": ((4, 5), "all", "nothing is played behind bars 4 to 5"),
    "of a track": ((2, 3), "1", "nothing is played behind bars 2 to 3"),
}


@pytest.mark.parametrize(("between", "tracks", "reason"), REFUSED.values(), ids=REFUSED)
def test_bars_without_music_on_both_sides_are_refused(between, tracks, reason):
    score = Score(notes=ONE_SIDED, tracks=(Track("a"), Track("b", 1, 1)))
    with pytest.raises(UsageError, match=reason):
        Gap.of_bars(score, between, tracks)


@pytest.mark.parametrize("text", ["", "9:", ":9", "a", "9-12", "9:12:15", "-1:3", "1.5"])
def test_what_is_no_range_of_bars_is_refused(text):
    with pytest.raises(UsageError, match="is not a range of bars"):
        parse_between(text)
