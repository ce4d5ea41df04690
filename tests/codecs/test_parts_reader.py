import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_parts import FEWER, band, content, scores

from notegen.arrange import arrange
from notegen.codecs import vocabulary as v
from notegen.codecs.parts import decode, encode, leave_out
from notegen.codecs.parts_reader import Reader
from notegen.errors import FormatError

IDS = encode(band())
BARS = np.flatnonzero(IDS == v.BAR)


def reader(ids):
    made = Reader()
    made.read(ids)
    return made


def test_a_reader_goes_on_where_it_stopped():
    made = reader(IDS[:200])
    made.read(IDS[200:])
    assert content(made.score()) == content(decode(IDS))


@FEWER
@given(scores(), st.data())
def test_ahead_are_the_notes_to_come_alone(score, data):
    ids = encode(arrange(score))
    bars = np.flatnonzero(ids == v.BAR)
    begun = int(data.draw(st.sampled_from(bars.tolist()))) if len(bars) else len(ids)
    whole, made = decode(ids).notes.tolist(), reader(ids[:begun])
    before = made.notes().tolist()
    ahead = made.ahead()
    ahead.read(ids[begun:])
    assert before + ahead.notes().tolist() == whole
    assert made.notes().tolist() == before


def test_many_go_on_from_one_beginning():
    made = reader(IDS[: BARS[2]])
    soft = IDS[BARS[2] :]
    loud = np.insert(soft, int(np.argmax(v.KIND[soft] == v.INDEX["part"])) + 1, v.FIRST["velocity"] + 7)
    drawn = []
    for ids in (loud, soft, loud):
        ahead = made.ahead()
        ahead.read(ids)
        drawn.append(ahead.notes().tolist())
    assert drawn[0] == drawn[2] != drawn[1]
    assert drawn[1] == [note for note in band_notes() if note[0] >= 192]


def band_notes():
    return decode(IDS).notes.tolist()


def test_what_changes_ahead_is_not_heard_behind():
    made = reader(IDS[: BARS[2]])
    made.ahead().read(np.array([v.meter_id((3, 4)), v.FIRST["key"] + 3, v.FIRST["tempo"], v.BAR]))
    assert content(made.score())[0][1:] == content(decode(IDS[: BARS[2]]))[0][1:]
    made.read(IDS[BARS[2] :])
    assert content(made.score()) == content(decode(IDS))


def test_bars_that_are_filled_ahead_are_read_in_their_place():
    ids = leave_out(band(), 1, 3)
    fill = int(np.argmax(ids == v.FILL))
    ahead = reader(ids[: fill + 1]).ahead()
    ahead.read(ids[fill + 1 :])
    assert ahead.notes().tolist() == [note for note in band_notes() if 96 <= note[0] < 288]


def test_tracks_are_the_declared_parts_in_order():
    ids = encode(band(), numbers=[2, 5, 11])
    assert set(reader(ids).notes()["track"].tolist()) == {0, 1, 2}


def test_a_piece_without_a_note_has_none():
    assert reader(IDS[: BARS[0] + 1]).notes().tolist() == []


@pytest.mark.parametrize("kind", ["release", "drum"])
def test_ahead_of_a_bar_no_note_of_the_seed_goes_on(kind):
    with pytest.raises(FormatError):
        reader(IDS[: BARS[1] + 1]).ahead().read(np.array([v.FIRST["part"], v.FIRST[kind] + 40]))
