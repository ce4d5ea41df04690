"""Bars of notes in short words, and what every written bar must fulfil."""

from itertools import pairwise

import pytest

from notegen.notation.metre import RESOLUTION


def short(value):
    """Write a value as its kind, dots, tuplet and tie: ``4. r8 8/3 2~``."""
    text = f"{'' if value.pitches else 'r'}{value.kind}{'.' * value.dots}"
    return text + (f"/{value.tuplet.actual}" if value.tuplet else "") + ("~" if value.ties else "")


def plain_length(value):
    """Return the ticks that a value has outside of tuplets."""
    length = 4 * RESOLUTION // value.kind
    return length * 3 // 2 if value.dots else length


def check(values, length):
    """Ask that values fill a bar, that each is a legal note value, and that tuplets are whole."""
    assert values[0].start == 0 and values[-1].stop == length
    assert all(before.stop == after.start for before, after in pairwise(values))
    for value in values:
        assert value.kind in (1, 2, 4, 8, 16, 32, 64) and value.dots in (0, 1)
        ratio = (value.tuplet.normal, value.tuplet.actual) if value.tuplet else (1, 1)
        assert value.length * ratio[1] == plain_length(value) * ratio[0] > 0
    for tuplet in {value.tuplet for value in values if value.tuplet}:
        inside = [value for value in values if value.tuplet == tuplet]
        assert (inside[0].start, inside[-1].stop) == (tuplet.start, tuplet.stop)
        assert sum(value.length for value in inside) == tuplet.stop - tuplet.start
        assert sum(map(plain_length, inside)) * tuplet.normal == tuplet.actual * sum(v.length for v in inside)
    for before, after in pairwise(values):
        assert before.ties == after.tied
        assert not before.ties or before.pitches == after.pitches


@pytest.fixture(scope="session")
def in_words():
    return lambda values: " ".join(map(short, values))


@pytest.fixture(scope="session")
def check_bar():
    return check
