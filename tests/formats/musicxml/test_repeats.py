import random

import pytest

from notegen.formats.musicxml.repeats import Bar, order


def bars(text):
    """Read a piece such as ``A |: B [1 C :| [2 D``: a letter is a bar.

    ``!F`` is a fine, ``!T`` to coda, ``!K`` a coda, ``!S`` a segno, ``!C`` a da capo and ``!D`` a dal
    segno; they belong to the bar before them.
    """
    signs = {"!F": "fine", "!T": "to_coda", "!K": "coda", "!S": "segno", "!C": "da_capo", "!D": "dal_segno"}
    found, forward, endings = [], False, frozenset()
    for word in text.split():
        if word == "|:":
            forward, endings = True, frozenset()
        elif word.startswith(":|"):
            found[-1] = found[-1]._replace(times=int(word[2:] or 2))
        elif word in signs:
            found[-1] = found[-1]._replace(**{signs[word]: True})
        elif word == "]":
            endings = frozenset()
        elif word.startswith("["):
            endings = frozenset(int(n) for n in word[1:].split(","))
        else:
            found.append(Bar(forward=forward, endings=endings))
            forward = False
    return found


def play(text):
    names = [word for word in text.split() if word.isalpha()]
    return "".join(names[i] for i in order(bars(text)))


@pytest.mark.parametrize(
    ("text", "played"),
    [
        ("A B C", "ABC"),
        ("A |: B C :| D", "ABCBCD"),
        ("A B :| C", "ABABC"),
        ("A B :| C D :| E", "ABABCDCDE"),
        ("|: A :| |: B :|", "AABB"),
        ("|: A :|4 B", "AAAAB"),
        ("A |: B", "AB"),
        (":|".join(("A ", "")), "AA"),
    ],
)
def test_repeats_lead_back_to_the_last_sign_or_the_end_of_the_last_repeat(text, played):
    assert play(text) == played


@pytest.mark.parametrize(
    ("text", "played"),
    [
        ("|: A [1 B :| [2 C ] D", "ABACD"),
        ("|: A [1 B C :| [2 D E ] F", "ABCADEF"),
        ("A [1,2 B :| [3 C ] D", "ABABACD"),
        ("A [1 B :| [2 C :| [3 D ] E", "ABACADE"),
        ("A [1 B :| [2 C :| ] D", "ABACD"),
        ("A [1 B :| ] C", "ABAC"),
        ("|: A [1 B :| [2 C |: D [1 E :| [2 G", "ABACDEDG"),
        ("A [1 B :| [2 C ] D :| E", "ABACDDE"),
    ],
)
def test_endings_are_played_in_their_turn(text, played):
    assert play(text) == played


@pytest.mark.parametrize(
    ("text", "played"),
    [
        ("A !F B !C", "ABA"),
        ("A B !C", "ABAB"),
        ("|: A :| B !F C !C", "AABCAB"),
        ("|: A [1 B :| [2 C !F ] D !C", "ABACDAC"),
        ("A B !S C !F D !D E", "ABCDBC"),
        ("A B !T C !C D !K E", "ABCABDE"),
        ("A B !S C !T D !D G !K", "ABCDBCG"),
        ("A B !D C", "ABC"),
        ("A !K B !T C !C", "ABCABABC"),
    ],
)
def test_jumps_are_taken_once_and_end_at_the_fine_or_the_coda(text, played):
    assert play(text) == played


def test_a_passage_cannot_be_repeated_for_ever():
    assert len(order([Bar(times=10**9), Bar()])) < 100


def test_any_signs_come_to_an_end():
    rng = random.Random(0)
    for _ in range(2000):
        piece = [
            Bar(
                rng.random() < 0.2,
                rng.choice([0, 0, 2, 3]),
                frozenset(rng.sample([1, 2, 3], rng.choice([0, 0, 1, 2]))),
                *(rng.random() < 0.1 for _ in range(6)),
            )
            for _ in range(rng.randint(1, 12))
        ]
        assert len(order(piece)) < 500
