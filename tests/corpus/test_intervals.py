import numpy as np
import pytest

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.corpus.intervals import symbols, times
from notegen.melody import melody
from notegen.score import METER, Score, table


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
