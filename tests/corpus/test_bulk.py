"""Many files at once give the tokens that each gives alone."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from notegen.codecs.notes import encode
from notegen.corpus.bulk import encode_files
from notegen.errors import FormatError
from notegen.formats import midi, skim
from notegen.melody import melody
from notegen.score import KEY, METER, NOTE, Score, Track, table

METERS = ((2, 4), (3, 4), (4, 4), (2, 2), (6, 8), (9, 8), (12, 8), (3, 8), (3, 2), (5, 4), (7, 8))


@st.composite
def files(draw: st.DrawFn) -> bytes:
    """A MIDI file with rests, overlaps and chords now and then, of any of several divisions."""
    division = draw(st.sampled_from((96, 120, 480, 960, 15360)))
    unit = division // 24
    rows, now = [], 0
    for _ in range(draw(st.integers(1, 20))):
        now += draw(st.sampled_from((0, 0, 6, 12, 24, 90))) * unit
        length = draw(st.sampled_from((6, 8, 11, 12, 24, 36, 400))) * unit
        rows.append((now, length, draw(st.integers(40, 90)), 80, 0))
        now += draw(st.sampled_from((length, length, length, length + unit, length - unit, 0)))
    meter = draw(st.sampled_from(METERS))
    later = draw(st.sampled_from(METERS))
    meters = [(0, *meter)] if draw(st.booleans()) else [(0, 1, 8), (12 * unit, *meter), (600 * unit, *later)]
    one, two = [(0, -3, 1)], [(0, 1, 0), (960 * unit, 2, 0)]
    keys = draw(st.sampled_from(([], [(0, 0, 0)], [(0, 2, 0)], one, two)))
    score = Score(
        notes=table(sorted(rows), NOTE),
        meters=table(meters, METER),
        keys=table(keys, KEY),
        tracks=(Track(channel=draw(st.sampled_from((0, 3)))),),
        resolution=division,
    )
    return midi.encode(score)


@settings(max_examples=150, deadline=None)
@given(st.lists(files(), min_size=1, max_size=6))
def test_bulk_equals_one_by_one(contents: list[bytes]) -> None:
    together = encode_files(contents)
    alone = [encode(melody(skim.decode(data))) for data in contents]
    assert [ids.tolist() for ids in together] == [ids.tolist() for ids in alone]


def test_errors_stand_in_the_place_of_their_files() -> None:
    good = midi.encode(Score.of([(i * 480, 480, 60 + i) for i in range(9)]))
    first, second, third = encode_files([good, b"no MIDI", good])
    assert isinstance(second, FormatError)
    assert np.array_equal(first, third)


def test_nothing_gives_nothing() -> None:
    assert encode_files([]) == []
