import pytest

from notegen.errors import FormatError
from notegen.formats import abc_bars
from notegen.formats.abc_bars import Place, joined, read_bar
from notegen.keys import Key

HEAD = "M:4/4\nL:1/8\nK:D\n"
HERE = Place(96, (4, 4), Key.parse("D"), bars=1)


def notes(text, head=HEAD):
    return abc_bars.read(head + text).notes[["onset", "duration", "pitch"]].tolist()


def test_signs_count_for_their_letter_up_to_the_bar_line():
    read = notes("F2=F2f2F2|F2^^F2__G2G2")
    assert [pitch for _, _, pitch in read] == [66, 65, 77, 65, 66, 67, 65, 65]


def test_octaves_are_marked():
    assert [pitch for _, _, pitch in notes("D,,D,Ddd'd''")] == [38, 50, 62, 74, 86, 98]


def test_ties_join_notes_in_a_bar_and_over_bar_lines():
    assert notes("A2-A2z2A2-|A8-|A4A4") == [(0, 48, 69), (72, 168, 69), (240, 48, 69)]


def test_thirds_in_tuplets_and_as_fractions_are_the_same():
    assert notes("(3ABc(3:2:2A2B") == notes("A2/3B2/3c2/3A4/3B2/3")


def test_meters_keys_and_pickups_are_read():
    line = abc_bars.read(HEAD + "A|A8|[M:3/4][K:Em]B6|[M:3/4]B6")
    assert line.meters.tolist() == [(0, 1, 8), (12, 4, 4), (108, 3, 4)]
    assert line.keys.tolist() == [(0, 2, 0), (108, 1, 1)]
    assert line.notes["onset"].tolist() == [0, 12, 108, 180]


def test_a_tune_of_one_short_bar_has_no_pickup():
    assert abc_bars.read(HEAD + "A2").meters.tolist() == [(0, 4, 4)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "does not begin"),
        ("M:4/4\nK:D\nA8", "does not begin"),
        ("M:9/4\nL:1/8\nK:D\nA8", "9/4 is no meter"),
        ("M:4/3\nL:1/8\nK:D\nA8", "4/3 is no meter"),
        ("M:4/0\nL:1/8\nK:D\nA8", "4/0 is no meter"),
        ("M:4/4\nL:1/8\nK:Dxy\nA8", '"Dxy" is not a key'),
        (HEAD, "no notes"),
        (HEAD + "z8", "no notes"),
        (HEAD + "A2?", "bar 1 cannot be read"),
        (HEAD + "A2 B2", "bar 1 cannot be read"),
        (HEAD + "A8|2A", "bar 2 cannot be read"),
        (HEAD + "A8|A7[M:3/4]A|A6", "bar 2 cannot be read"),
        (HEAD + "A8|(3A(3BBB", "bar 2 cannot be read"),
        (HEAD + "A8|A7|A8", "bar 2 is longer or shorter"),
        (HEAD + "A8|A9|A8", "bar 2 is longer or shorter"),
        (HEAD + "A8|A9", "bar 2 is longer or shorter"),
        (HEAD + "A8|(3AB|c8", "bar 2 is longer or shorter"),
        (HEAD + "|c8", "bar 1 is longer or shorter"),
        (HEAD + "A8||c8", "bar 2 is longer or shorter"),
        (HEAD + "A8|A/7", "bar 2 has a note whose length"),
        (HEAD + "A8|A0", "bar 2 has a note whose length"),
        (HEAD + "A8|A/0", "bar 2 has a note whose length"),
        (HEAD + "A8-|B8", "bar 2 has a tie"),
        (HEAD + "A8-|z8", "bar 2 has a tie"),
        (HEAD + "A8|z-A", "bar 2 has a tie"),
        (HEAD + "A8|d'''''''", "no pitch of MIDI"),
        (HEAD + "A8|D,,,,,,,", "no pitch of MIDI"),
        (HEAD + "A/12|A8", "no meter stands for a pickup of 1 ticks"),
    ],
)
def test_what_is_wrong_is_told_in_one_sentence(text, told):
    with pytest.raises(FormatError, match=told.replace("?", r"\?")) as error:
        abc_bars.read(text)
    assert "\n" not in str(error.value)


def test_a_bar_is_read_behind_what_of_it_was_there():
    heard, place = read_bar("A4", HERE, begun=48)
    assert joined(heard) == [(144, 48, 69)]
    assert place == HERE._replace(tick=192, bars=2)


def test_a_tie_is_open_until_the_next_bar():
    heard, place = read_bar("B4A4-", HERE)
    more, _ = read_bar("A8", place)
    assert joined(heard + more) == [(96, 48, 71), (144, 144, 69)]


def test_only_a_first_and_a_last_bar_may_be_short():
    assert read_bar("A4", HERE._replace(bars=0))[1].tick == 144
    assert read_bar("A4", HERE, is_last=True)[1].tick == 144
    with pytest.raises(FormatError, match="longer or shorter"):
        read_bar("A4", HERE)
