from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from made_parts import FEWER, band, content, scores

from notegen.arrange import arrange
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.parts import decode, encode, leave_out, numbers
from notegen.errors import FormatError, RangeError
from notegen.melody import GRID
from notegen.score import DRUM_CHANNEL, KEY, METER, NOTE, Score, Track, table


def names(ids):
    return [v.name(token) for token in ids.tolist()]


@FEWER
@given(scores())
def test_decoding_inverts_encoding(score):
    arranged = arrange(score)
    assert content(decode(encode(arranged))) == content(arranged)


@FEWER
@given(scores(), st.data())
def test_tracks_may_be_any_parts_that_rise(score, data):
    arranged = arrange(score)
    count = len(arranged.tracks)
    own = sorted(data.draw(st.sets(st.integers(0, 15), min_size=count, max_size=count)))
    ids = encode(arranged, numbers=own)
    assert numbers(ids) == own
    assert content(decode(ids)) == content(arranged)


@FEWER
@given(scores())
def test_a_decoded_score_is_arranged_already(score):
    decoded = decode(encode(arrange(score)))
    assert content(arrange(decoded)) == content(decoded)


@FEWER
@given(scores(), st.integers(0, 4000))
def test_bars_are_written_as_far_as_asked(score, until):
    arranged = arrange(score, until)
    ids = encode(arranged, until)
    last = max(until, int(arranged.notes["onset"][-1]) + 1)
    assert np.isin(ids, (v.BAR, v.PICKUP)).sum() == len(arranged.bars(last)) - 1
    assert content(decode(ids)) == content(arranged)


@FEWER
@given(scores())
def test_all_notes_are_counted_drums_too(score):
    arranged = arrange(score)
    assert note_count(encode(arranged)) == len(arranged.notes)


@FEWER
@given(scores(), st.data())
def test_a_piece_that_breaks_off_decodes_to_its_beginning(score, data):
    ids = encode(arrange(score))
    cut = ids[: data.draw(st.integers(2, len(ids)))]
    whole, part = decode(ids).notes, decode(cut).notes
    for name in ("onset", "pitch", "velocity", "track"):
        assert part[name].tolist() == whole[name][: len(part)].tolist()


@FEWER
@given(scores(), st.integers(-12, 12))
def test_transposed_tokens_decode_to_the_transposed_score(score, semitones):
    arranged = arrange(score)
    moved = arranged.transpose(semitones)
    assume(moved.notes["pitch"].min() >= 0 and moved.notes["pitch"].max() <= 127)
    assert content(decode(v.transpose(encode(arranged), semitones))) == content(moved)


@FEWER
@given(scores(), st.data())
def test_bars_that_are_told_at_the_end_come_back_to_their_place(score, data):
    arranged = arrange(score)
    bars = len(arranged.bars(int(arranged.notes["onset"][-1]) + 1)) - 1
    first = data.draw(st.integers(0, bars - 1))
    stop = data.draw(st.integers(first + 1, bars))
    try:
        ids = leave_out(arranged, first, stop)
    except RangeError:
        assume(False)
    assert (ids == v.GAP).sum() == stop - first
    assert content(decode(ids)) == content(arranged)
    up = arranged.transpose(1)
    assume(up.notes["pitch"].max() <= 127)
    assert content(decode(v.transpose(ids, 1))) == content(up)


def test_a_bar_is_written_by_onset_then_part_then_pitch():
    notes = [(0, 96, 64, 72, 0), (0, 96, 60, 72, 0), (0, 6, 36, 104, 1), (24, 24, 67, 72, 0)]
    tracks = (Track("", 19, 0), Track("", 0, DRUM_CHANNEL))
    score = replace(band(), notes=table(notes, NOTE), tracks=tracks)
    assert names(encode(score)) == [
        *(
            "start",
            "meter 4/4",
            "key C",
            "tempo 120",
            "part 0",
            "program 19",
            "part 1",
            "program drums",
            "bar",
        ),
        *("part 0", "velocity 4", "pitch 4+4", "release 96", "pitch 4+0", "release 96"),
        *("part 1", "velocity 6", "drum 36"),
        *("position 24", "part 0", "pitch 4+7", "release 48", "end"),
    ]


def test_only_what_changes_is_told_and_each_part_has_its_own_loudness():
    notes = [(0, 24, 60, 72, 0), (0, 24, 48, 40, 1), (96, 24, 48, 40, 1), (96 + 24, 24, 60, 88, 0)]
    score = replace(band(), notes=table(notes, NOTE), tracks=(Track(), Track()))
    found = names(encode(score))
    assert found[found.index("bar", 10) :] == [
        *("bar", "pitch 3+0", "release 24"),
        *("position 24", "part 0", "velocity 5", "pitch 4+0", "release 48", "end"),
    ]


def test_a_pickup_says_where_in_the_bar_it_begins():
    meters = table([(0, 1, 4), (24, 3, 4)], METER)
    notes = table([(0, 24, 60, 72, 0), (24, 72, 64, 72, 0)], NOTE)
    found = names(encode(replace(band(), notes=notes, meters=meters, tracks=(Track(),))))
    assert found[1:8] == ["meter 3/4", "key C", "tempo 120", "part 0", "program 0", "pickup", "position 48"]
    assert found[8:12] == ["part 0", "velocity 4", "pitch 4+0", "release 72"]


def test_missing_bars_are_written_as_if_they_stood_in_their_place():
    score = band(bars=4)
    whole, ids = names(encode(score)), names(leave_out(score, 1, 3))
    lines = [i for i, name in enumerate(whole) if name == "bar"]
    fill = ids.index("fill")
    assert ids[fill + 1 : -1] == whole[lines[1] : lines[3]]
    assert ids[lines[1] : lines[1] + 3] == ["gap", "gap", "bar"]


@pytest.mark.parametrize(("first", "stop"), [(1, 1), (-1, 1), (2, 5)])
def test_bars_that_are_not_there_cannot_be_left_out(first, stop):
    with pytest.raises(RangeError, match="there are 4"):
        leave_out(band(bars=4), first, stop)


@pytest.mark.parametrize(("first", "stop"), [(1, 2), (2, 3), (0, 4)])
def test_bars_where_the_key_changes_cannot_be_left_out(first, stop):
    score = replace(band(bars=4), keys=table([(0, 0, 0), (192, 2, 0)], KEY))
    with pytest.raises(RangeError, match="change"):
        leave_out(score, first, stop)


def test_more_than_fifteen_pitched_parts_share_a_channel_but_never_that_of_drums():
    notes = [(0, 24, 60, 72, i) for i in range(16)]
    score = replace(band(), notes=table(notes, NOTE), tracks=tuple(Track("", i) for i in range(16)))
    assert not any(track.is_drum for track in decode(encode(score)).tracks)


def test_a_meter_beyond_the_vocabulary_is_refused():
    with pytest.raises(RangeError, match="9/4"):
        encode(replace(band(), meters=table([(0, 9, 4)], METER)))


def test_damaged_times_are_refused_before_they_fill_the_memory():
    with pytest.raises(RangeError, match="50,000 bars"):
        encode(replace(band(), notes=table([(10**12, 24, 60, 72, 0)], NOTE)))


FIRST = v.FIRST
HEAD = [v.START, v.meter_id((4, 4)), FIRST["key"], FIRST["tempo"], FIRST["part"], FIRST["program"]]
NOTES = [*HEAD, v.BAR, FIRST["part"], FIRST["velocity"]]
DRUMS = [*HEAD[:-1], FIRST["program"] + v.DRUMS, v.BAR, FIRST["part"], FIRST["velocity"]]


@pytest.mark.parametrize(
    "ids",
    [
        [v.START, v.BAR, v.END],
        [*NOTES, FIRST["position"] + 48, FIRST["pitch"] + 60, FIRST["release"] + 23],
        [*NOTES, FIRST["pitch"], FIRST["release"] + 23],
        [*NOTES, FIRST["release"] + 23],
        [*NOTES, FIRST["drum"] + 60],
        [*DRUMS, FIRST["pitch"] + 60, FIRST["release"] + 23],
        [*HEAD, v.BAR, FIRST["pitch"] + 60, FIRST["release"] + 23],
        [*HEAD, v.BAR, FIRST["part"] + 1, FIRST["velocity"], FIRST["pitch"] + 60, FIRST["release"] + 23],
        [*HEAD, v.BAR, v.FILL, v.BAR],
        [*HEAD, v.BAR, v.PICKUP, FIRST["position"] + 48],
    ],
    ids=[
        *("no meter", "ends before it begins", "below MIDI", "no pitch", "no drum part", "a drum part"),
        *("no part", "no such part", "no gap", "late pickup"),
    ],
)
def test_tokens_that_break_the_grammar_are_refused(ids):
    with pytest.raises(FormatError):
        decode(np.array(ids, dtype=np.int32))


@given(st.lists(st.integers(0, v.SIZE - 1), max_size=30))
def test_any_tokens_decode_or_are_refused(tail):
    with suppress(FormatError):
        assert isinstance(decode(np.array(NOTES + tail, dtype=np.int32)), Score)


def test_the_grid_of_a_decoded_score_is_24():
    assert decode(encode(band())).resolution == GRID
