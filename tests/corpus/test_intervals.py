from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from made_parts import scores
from made_tunes import make_song

from notegen.arrange import arrange
from notegen.codecs import notes, parts
from notegen.codecs import vocabulary as v
from notegen.corpus.intervals import line, symbols, times
from notegen.melody import melody
from notegen.score import METER, NOTE, Score, table


def tokens(score):
    return notes.encode(melody(score))


MELODIES = {
    "pickup": lambda tune: Score(notes=tune((1, 4), 7).notes, meters=table([(0, 1, 4), (480, 3, 4)], METER)),
    "two meters": lambda tune: Score(
        notes=tune((1, 4), 14).notes, meters=table([(0, 4, 4), (3840, 3, 4)], METER)
    ),
    "rests": lambda _: Score.of([(0, 240, 60), (720, 100, 62), (1920, 480, 64), (6000, 480, 65)]),
    "notes of many bars": lambda _: Score.of([(0, 9600, 60), (9600, 480, 62), (10560, 8000, 64)]),
    "jig": lambda tune: tune((6, 8), 5),
    "one note": lambda _: Score.of([(480, 240, 60)]),
}


@pytest.mark.parametrize("make", MELODIES.values(), ids=MELODIES)
def test_onsets_lie_as_in_the_decoded_tune(make, tune):
    ids = tokens(make(tune))
    decoded = notes.decode(ids).notes
    begun, ended = times(ids)
    assert np.diff(begun).tolist() == np.diff(decoded["onset"]).tolist()
    assert len(symbols(ids)) == len(decoded) - 1
    assert (ended - begun).tolist() == decoded["duration"].tolist()


def test_a_row_without_notes_has_no_symbols():
    for ids in ([], [v.START], [v.START, v.meter_id((4, 4)), v.BAR, v.END]):
        assert symbols(np.array(ids, dtype=np.int32)).tolist() == []


def test_symbols_tell_interval_and_inter_onset_whatever_the_key():
    ids = tokens(Score.of([(0, 240, 60), (240, 480, 64), (960, 480, 57)]))
    assert symbols(ids).tolist() == [256 * 12 + 128 + 4, 256 * 36 + 128 - 7]
    assert symbols(v.transpose(ids, -5)).tolist() == symbols(ids).tolist()


@given(scores())
def test_notes_of_parts_lie_as_in_the_decoded_score(score):
    whole = arrange(score)
    drums = np.array([track.is_drum for track in whole.tracks])
    rows = whole.notes[~drums[whole.notes["track"]]]
    begun, ended = times(parts.encode(whole))
    assert (ended - begun).tolist() == rows["duration"].tolist()
    assert len(set((begun - rows["onset"]).tolist())) <= 1  # all are moved alike, by what a pickup lacks


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_of_parts_the_melody_is_compared(order):
    song = arrange(make_song(3))
    rows = song.notes.copy()
    rows["track"] = np.argsort(order)[rows["track"]]
    moved = arrange(replace(song, notes=table(rows, NOTE), tracks=tuple(song.tracks[i] for i in order)))
    onsets, pitches = line(parts.encode(moved))
    melody = song.notes[song.notes["track"] == 0]
    assert pitches.tolist() == melody["pitch"].tolist()
    assert onsets.tolist() == melody["onset"].tolist()


def test_of_chords_the_top_notes_are_compared():
    chords = [(onset, 24, pitch) for onset in range(0, 240, 24) for pitch in (72 + onset // 24, 60, 64)]
    ids = parts.encode(arrange(Score.of(chords, resolution=24)))
    assert line(ids)[1].tolist() == list(range(72, 82))
    assert symbols(ids).tolist() == [256 * 24 + 128 + 1] * 9
