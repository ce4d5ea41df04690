import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.codecs import notes as codec
from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import accepts
from notegen.errors import FormatError, RangeError
from notegen.melody import GRID, melody
from notegen.score import KEY, METER, Score, meter_of, table

METERS = [(2, 4), (3, 4), (4, 4), (2, 2), (6, 8), (9, 8), (12, 8), (3, 8), (3, 2), (5, 4), (7, 8)]
TRIPLETS, DOTTED, LONG = [4, 8, 16, 32], [9, 18, 36, 72], [96, 288, 289, 576, 1000, 3000]


@st.composite
def scores(draw, odd_bars=False):
    """A line on the grid with pickup, meters and keys that change at bar lines, rests and long notes."""
    at, meters, lines = 0, [], []
    first = draw(st.sampled_from(METERS))
    if draw(st.booleans()):
        pickup = 3 * draw(st.integers(1, GRID * 4 * first[0] // first[1] // 3 - 1))
        meters, lines, at = [(0, *meter_of(pickup, first[1], GRID))], [0], pickup
    for meter in [first, *draw(st.lists(st.sampled_from(METERS), max_size=2))]:
        meters.append((at, *meter))
        for _ in range(draw(st.integers(1, 4))):
            lines.append(at)
            at += 4 * GRID * meter[0] // meter[1]
        at += draw(st.integers(1, 30)) if odd_bars else 0
    keys = [
        (line, *draw(st.sampled_from(v.KEYS)))
        for line in sorted(draw(st.sets(st.sampled_from(lines), min_size=1)))
    ]
    durations = st.sampled_from([6, 12, 12, 24, 48, *TRIPLETS, *DOTTED, *LONG]) | st.integers(1, 40)
    rests = st.sampled_from([0, 0, 0, 0, 6, 12, 24, 96, 300]) | st.integers(0, 40)
    pitches = st.integers(55, 84) | st.integers(0, 127)
    rows, onset = [], 0
    for rest, duration, pitch in draw(
        st.lists(st.tuples(rests, durations, pitches), min_size=1, max_size=40)
    ):
        rows.append((onset + rest, duration, pitch))
        onset += rest + duration
    score = Score.of(rows, resolution=GRID, keys=table(keys, KEY))
    return Score(notes=score.notes, keys=score.keys, resolution=GRID, meters=table(meters, METER))


def content(score):
    """What the codec keeps of a score."""
    notes = score.notes[["onset", "duration", "pitch"]].tolist()
    return notes, score.meters.tolist(), score.keys.tolist(), score.resolution


@given(scores())
def test_decoding_inverts_encoding(score):
    line = melody(score)
    assert content(codec.decode(codec.encode(line))) == content(line)


@given(scores(odd_bars=True))
def test_decoding_inverts_encoding_where_meters_change_inside_a_bar(score):
    line = melody(score)
    assert content(codec.decode(codec.encode(line))) == content(line)


@given(scores(odd_bars=True))
def test_the_grammar_accepts_every_melody(score):
    assert accepts(codec.encode(melody(score)))


@given(scores())
def test_a_decoded_melody_is_a_melody_already(score):
    decoded = codec.decode(codec.encode(melody(score)))
    assert content(melody(decoded)) == content(decoded)


@given(scores(), st.integers(0, 4000))
def test_bars_are_written_as_far_as_asked(score, until):
    line = melody(score, until=until)
    ids = codec.encode(line, until=until)
    last = max(until, int(line.notes["onset"][-1]) + 1)
    assert np.isin(ids, (v.BAR, v.PICKUP)).sum() == len(line.bars(last)) - 1
    assert content(codec.decode(ids))[0] == content(line)[0]


@given(st.lists(scores(odd_bars=True), min_size=1, max_size=5))
def test_many_melodies_encode_as_each_alone(pieces):
    rows = [melody(piece) for piece in pieces]
    lines = codec.Lines(
        *(
            np.concatenate([line.notes[name].astype(np.int64) for line in rows])
            for name in ("onset", "duration", "pitch")
        ),
        [len(line.notes) for line in rows],
        [line.meters.tolist() for line in rows],
        [line.keys.tolist() for line in rows],
        [int(line.notes["onset"][-1]) + 1 for line in rows],
    )
    together = codec.encode_many(lines)
    assert [ids.tolist() for ids in together] == [codec.encode(line).tolist() for line in rows]


@given(scores(), st.data())
def test_a_piece_that_breaks_off_decodes_to_its_beginning(score, data):
    ids = codec.encode(melody(score))
    cut = ids[: data.draw(st.integers(2, len(ids)))]
    whole, part = codec.decode(ids).notes, codec.decode(cut).notes
    for name in ("onset", "pitch"):
        assert part[name].tolist() == whole[name][: len(part)].tolist()


@given(scores())
def test_notes_are_counted(score):
    line = melody(score)
    assert codec.note_count(codec.encode(line)) == len(line.notes)


def names(ids):
    return [v.name(token) for token in ids.tolist()]


def test_a_note_that_follows_the_last_needs_no_position():
    line = Score.of([(0, 24, 62), (24, 24, 66), (72, 24, 69)], resolution=GRID, keys=table([(0, 2, 0)], KEY))
    assert names(codec.encode(line)) == [
        *("start", "meter 4/4", "key D", "bar"),
        *(
            "pitch 4+0",
            "release 24",
            "pitch 4+4",
            "release 48",
            "position 72",
            "pitch 4+7",
            "release 96",
            "end",
        ),
    ]


def test_a_tie_over_the_bar_line_stands_where_it_begins():
    line = Score.of([(0, 72, 60), (72, 48, 64), (120, 72, 67)], resolution=GRID, keys=table([(0, 0, 0)], KEY))
    tied = names(codec.encode(line))[6:]
    assert tied == ["pitch 4+4", "release 120", "bar", "pitch 4+7", "release 96", "end"]


def test_a_note_that_ends_beyond_the_largest_release_takes_more_of_them():
    line = Score.of([(0, 300, 60)], resolution=GRID, keys=table([(0, 0, 0)], KEY))
    assert names(codec.encode(line))[4:] == ["pitch 4+0", "release 288", "release 12", "end"]


def test_a_pickup_says_where_in_the_bar_it_begins():
    meters = table([(0, 1, 4), (24, 3, 4)], METER)
    line = Score.of([(0, 24, 60), (24, 72, 64)], resolution=GRID, keys=table([(0, 0, 0)], KEY))
    line = Score(notes=line.notes, keys=line.keys, meters=meters, resolution=GRID)
    assert names(codec.encode(line))[1:5] == ["meter 3/4", "key C", "pickup", "position 48"]


@pytest.mark.parametrize("meter", [(9, 4), (5, 2), (33, 16)])
def test_a_meter_beyond_the_vocabulary_is_refused(tune, meter):
    with pytest.raises(RangeError, match="{}/{}".format(*meter)):
        codec.encode(melody(tune(meter)))


def test_damaged_times_are_refused_before_they_fill_the_memory():
    with pytest.raises(RangeError, match="50,000 bars"):
        codec.encode(Score.of([(0, 24, 60), (10**12, 24, 62)], resolution=GRID, keys=table([(0, 0, 0)], KEY)))


HEAD = [v.START, v.meter_id((4, 4)), v.FIRST["key"], v.BAR]


@pytest.mark.parametrize(
    "ids",
    [
        [v.START, v.BAR, v.END],
        [*HEAD, v.FIRST["position"] + 48, v.FIRST["pitch"] + 60, v.FIRST["release"] + 23, v.END],
        [*HEAD, v.FIRST["pitch"] + v.PITCHES - 1, v.FIRST["release"] + 23, v.END],
        [*HEAD, v.FIRST["pitch"], v.FIRST["release"] + 23, v.END],
    ],
    ids=["no meter", "ends before it begins", "above MIDI", "below MIDI"],
)
def test_tokens_that_break_the_grammar_are_refused(ids):
    with pytest.raises(FormatError):
        codec.decode(np.array(ids, dtype=np.int32))
