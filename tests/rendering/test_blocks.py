import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notegen.errors import EmptyError, RangeError
from notegen.rendering import blocks
from notegen.rendering.blocks import text
from notegen.score import METER, NOTE, Score, Span, Track, table


def score(*notes, meter=(4, 4), **rest):
    return Score.of(sorted(notes), resolution=24, meter=meter, **rest)


def band():
    rows = [(0, 96, 72, 80, 0), (0, 96, 73, 80, 1), (0, 5, 36, 80, 2), (24, 5, 38, 80, 2)]
    tracks = (Track("flute"), Track("bass", channel=1), Track("kit", channel=9))
    return Score(notes=table(rows, NOTE), tracks=tracks, resolution=24)


def drawn(*lines):
    return "".join(f"{line}\n" for line in lines)


def test_a_small_tune_as_a_whole():
    tune = score((0, 24, 60), (24, 12, 61), (36, 12, 62), (48, 96, 64), (150, 6, 60))
    assert text(tune, width=80, title="a tune") == drawn(
        "a tune",
        "   1                2",
        "   │        ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄        │",
        "   │      ▄▄        │                │",
        "C4 │▄▄▄▄▀▀          │         ▄      │",
    )


def test_a_pickup_is_bar_0():
    meters = table([(0, 1, 4), (24, 3, 4)], METER)
    tune = Score(notes=table([(0, 96, 60, 80, 0)], NOTE), meters=meters, resolution=24)
    assert text(tune, width=80) == drawn("   0    1", "C4 │▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄│")


def test_systems_are_parted_by_an_empty_line_and_numbered_on():
    lines = text(score((0, 8 * 96, 60)), width=80).split("\n")
    assert [line.split() for line in lines if line and not line.startswith("C4")] == [
        ["1", "2", "3", "4"],
        ["5", "6", "7", "8"],
    ]
    assert lines[2] == ""


def test_a_note_struck_again_is_told_from_a_long_one():
    assert "▄▄▄ ▄▄▄▄" in text(score((0, 24, 60), (24, 24, 60)), width=80)
    assert "▄▄▄▄▄▄▄▄" in text(score((0, 48, 60)), width=80)
    assert "│▄▄▄▄  " in text(score((0, 6, 60), (6, 6, 60), (12, 6, 60), (18, 6, 60)), width=80)


def test_notes_that_are_played_a_little_early_stand_in_their_column():
    played = Score.of([(478, 470, 60), (4 * 480 - 9, 400, 62)], resolution=480)
    assert "│    ▄▄▄▄        │" in text(played, width=80)
    assert text(played, width=80).splitlines()[1].endswith("│▄▄▄             │")


def test_the_seam_on_a_bar_line_and_within_a_bar():
    tune = score((0, 24, 60), (96, 24, 60))
    on_a_line = text(tune, width=80, new=Span(96)).splitlines()
    assert on_a_line == ["   1                2 new", "C4 │▄▄▄▄            ┃▄▄▄▄            │"]
    within = text(tune, width=80, new=Span(48)).splitlines()
    assert within == ["   1        new     2", "C4 │▄▄▄▄    ┃       │▄▄▄▄            │"]


def test_the_seam_is_marked_in_its_system_alone():
    lines = text(score((0, 8 * 96, 60), (0, 24, 70)), width=80, new=Span(4 * 96))
    first, second = lines.split("\n\n")
    assert "┃" not in first and "new" not in first
    assert "5 new" in second and "┃" in second


def test_new_bars_in_the_middle_end_with_a_line_without_a_word():
    tune = score((0, 24, 60), (96, 24, 60), (192, 24, 60))
    between = text(tune, width=80, new=Span(96, 192)).splitlines()
    assert between == [
        "   1                2 new            3",
        "C4 │▄▄▄▄            ┃▄▄▄▄            ┃▄▄▄▄            │",
    ]
    within = text(tune, width=80, new=Span(48, 144)).splitlines()
    assert within[1] == "C4 │▄▄▄▄    ┃       │▄▄▄▄    ┃       │▄▄▄▄            │"


def test_new_bars_that_fill_a_system_end_at_its_right():
    lines = text(score((0, 24, 70), (7 * 96, 96, 70)), width=80, new=Span(0, 4 * 96))
    first, second = lines.split("\n\n")
    assert first.splitlines()[-1].count("┃") == 2 and first.splitlines()[-1].endswith("┃")
    assert "┃" not in second and "new" not in second


@pytest.mark.parametrize("new", [None, Span(192), Span(1000)])
def test_without_new_notes_nothing_is_marked(new):
    assert not re.search("new|┃", text(score((0, 192, 60)), width=80, new=new))


def test_drums_have_lines_of_their_own():
    assert text(band(), width=80) == drawn(
        "      1",
        "   C5 │████████████████│",
        "snare │    x           │",
        " kick │x               │",
    )


def test_a_wide_score_takes_four_pitches_a_line():
    lines = text(score(*((i, 6, i) for i in range(128))), width=80).splitlines()
    assert len(lines) - 1 <= 44
    assert sum("C" in line for line in lines) == 11
    assert len(text(score((0, 6, 21), (6, 6, 108)), width=80).splitlines()) <= 46


def test_a_range_without_a_c_is_named_by_its_lowest_line():
    assert text(score((0, 24, 67), (24, 24, 70)), width=80).splitlines()[-1].startswith("F#4 │▀▀▀▀")


@settings(max_examples=80)
@given(
    st.lists(
        st.tuples(st.integers(0, 63), st.integers(1, 16), st.integers(36, 84)),
        min_size=1,
        max_size=20,
        unique_by=lambda note: note[0],
    )
)
def test_each_note_stands_in_its_column_and_row(notes):
    """The text is read back: the first column of each note is painted in the row of its pitch."""
    lines = text(score(*((6 * at, 6 * long, pitch) for at, long, pitch in notes)), width=80).split("\n")
    label = next(i for i, line in enumerate(lines) if re.match(r"C\d|[A-G]#?\d", line))
    name = re.match(r"([A-G]#?)(\d)", lines[label])
    names = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]
    lower = names.index(name[1]) + 12 * (int(name[2]) + 1)
    for at, _, pitch in notes:
        line = lines[label - (pitch - lower) // 2]
        column = line.index("│") + 1 + at + at // 16
        assert line[column] in ("█▄" if pitch % 2 == 0 else "█▀")


@settings(max_examples=120)
@given(
    st.integers(20, 200),
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(1, 400), st.integers(0, 127)), min_size=1, max_size=8
    ),
    st.sampled_from([(4, 4), (3, 4), (12, 8), (1, 16), (15, 4), (7, 1)]),
    st.integers(0, 3000),
    st.booleans(),
)
def test_no_line_is_wider_than_the_terminal_or_ends_in_blanks(width, notes, meter, start, drum):
    tune = score(*notes, meter=meter, tracks=(Track(channel=9 if drum else 0),))
    lines = text(tune, width=width, new=Span(start, start + 96), title="a title " * 9).splitlines()
    assert max(map(len, lines)) <= width
    assert all(line == line.rstrip() for line in lines)
    assert lines[-1]


@pytest.mark.parametrize("width", [0, 1, 15])
def test_a_terminal_without_width_gets_16_columns(width):
    lines = text(band(), width=width).splitlines()
    assert max(map(len, lines)) <= 16
    assert "x" in lines[-1]


def test_with_colours_the_characters_stay_and_tracks_differ():
    tune = Score(
        notes=table([(0, 24, 60, 80, 0), (24, 24, 72, 80, 1)], NOTE), tracks=band().tracks, resolution=24
    )
    coloured = text(tune, width=80, new=Span(48), colour=True, title="a").splitlines()
    plain = text(tune, width=80, new=Span(48), title="a").splitlines()
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in coloured] == [
        plain[0], "■ flute", "■ bass", *plain[1:]
    ]  # fmt: skip
    codes = [re.search(r"\x1b\[([0-9;]*)m[▄▀█]", line) for line in coloured]
    assert len({code[1] for code in codes if code}) == 2
    assert all(line.endswith("\x1b[0m") for line in coloured if "│" in line)


def test_two_tracks_in_one_character_are_fore_and_background():
    coloured = text(band(), width=80, colour=True)
    assert re.search(r"\x1b\[38;5;166;48;5;32m▀{16}\x1b", coloured)


def test_the_first_track_lies_on_top():
    rows = [(0, 24, 60, 80, 0), (0, 96, 60, 80, 1)]
    tune = Score(notes=table(rows, NOTE), tracks=(Track("a"), Track("b")), resolution=24)
    assert re.search(r"38;5;32m▄{4}\x1b\[38;5;166m▄{12}", text(tune, width=80, colour=True))


def test_ascii_keeps_the_shape():
    plain = text(score((0, 24, 60), (24, 24, 61), (54, 18, 60), (54, 18, 61)), width=80, new=Span(72))
    assert plain.translate(blocks.ASCII).splitlines()[1] == "C4 |....'''' ###!   |"
    assert plain.translate(blocks.ASCII).isascii()


def test_control_characters_do_not_reach_the_terminal():
    tracks = (Track("\x1b[2J\n"), Track("b\x07"))
    tune = Score(notes=table([(0, 9, 60, 80, 0), (0, 9, 62, 80, 1)], NOTE), tracks=tracks)
    shown = re.sub(r"\x1b\[(38;5;\d+|0)m", "", text(tune, width=80, colour=True, title="a\x1b[31m\r"))
    assert all(line.isprintable() for line in shown.splitlines())


def test_nothing_cannot_be_drawn():
    with pytest.raises(EmptyError, match="no note"):
        text(Score(), width=80)


def test_absurd_lengths_are_refused():
    with pytest.raises(RangeError, match="10,000,000 bars"):
        text(score((0, 96 * 10_000_000, 60)), width=80)


def test_one_absurd_bar_fits_too():
    meters = table([(0, 4, 4), (96, 255, 1)], METER)
    tune = Score(notes=table([(0, 20_000, 60, 80, 0)], NOTE), meters=meters, resolution=24)
    assert np.max([len(line) for line in text(tune, width=40).splitlines()]) <= 40
