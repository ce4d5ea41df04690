import numpy as np
import pytest
from made_tunes import make_song

from notegen.arrange import arrange
from notegen.codecs import notes as codec
from notegen.codecs import parts
from notegen.codecs import vocabulary as v
from notegen.generation.echo import Echo, echo_of_parts, echoes
from notegen.generation.judge import bars_of
from notegen.melody import melody


def bar(*pitches):
    """Return a bar of quarters."""
    rows = [
        [v.FIRST["pitch"] + v.LOWEST + p, v.FIRST["release"] + 24 * (i + 1) - 1]
        for i, p in enumerate(pitches)
    ]
    return [v.BAR, *np.ravel(rows).astype(int).tolist()]


ONE, TWO, THREE = bar(60, 62, 64, 65), bar(67, 65, 64, 62), bar(60, 67, 72, 60)
HEAD = [v.START, v.meter_id((4, 4)), v.FIRST["key"]]


def ids(*parts):
    return np.array([token for part in parts for token in part], dtype=np.int32)


def test_bars_of_the_seed_are_counted_wherever_they_stood():
    (found,) = echoes(ids(HEAD, ONE, TWO), [ids(TWO, ONE, THREE, bar(62, 64, 66, 67))])
    assert (found.bars, found.of) == (2, 4)


def test_a_run_is_found_at_another_pitch():
    (found,) = echoes(ids(HEAD, ONE, TWO), [ids(THREE, bar(62, 64, 66, 67), bar(69, 67, 66, 64))])
    assert found == Echo(bars=0, of=3, notes=7)  # the first note of the motif follows another one


def test_what_a_take_repeats_of_itself_is_no_echo():
    (found,) = echoes(ids(HEAD, ONE), [ids(TWO, TWO, TWO)])
    assert found.bars == 0


def test_a_seed_that_is_continued_by_itself_is_echoed_as_a_whole(tune):
    piece = codec.encode(melody(tune((3, 4), bars=6, seed=2)))[:-1]
    bars = piece[np.flatnonzero(piece == v.BAR)[0] :]
    (found,) = echoes(piece, [bars])
    assert found.bars == found.of
    assert found.notes >= codec.note_count(piece) - 1


def test_a_tune_from_nothing_has_no_seed_to_echo():
    assert echoes(ids(HEAD[:1]), [ids(HEAD[1:], ONE), ids(ONE)]) == [None, None]


@pytest.mark.parametrize(
    ("echo", "words"),
    [
        (Echo(0, 8, 3), "no bar as in the seed"),
        (Echo(1, 1, 3), "1 of 1 bar as in the seed"),
        (Echo(3, 8, 12), "3 of 8 bars as in the seed"),
    ],
)
def test_an_echo_is_said_in_words(echo, words):
    assert str(echo) == words


def test_of_several_parts_bars_are_alike_if_all_their_notes_are_and_runs_are_of_the_line_that_leads():
    song = arrange(make_song(bars=6))
    lines = song.bars()
    known = bars_of(song.notes, lines)
    cut = int(np.flatnonzero(parts.encode(song) == v.BAR)[4])
    seed, new = np.split(parts.encode(song), [cut])
    assert echo_of_parts(known[4:], known[:4], seed, new[:-1]).bars == 0
    again = np.append(seed, parts.encode(song)[np.flatnonzero(seed == v.BAR)[0] : cut])
    found = echo_of_parts(known[:4], known[:4], seed, again[cut:])
    assert (found.bars, found.of) == (4, 4)
    tune = (song.notes["track"] == 0) & (song.notes["onset"] < lines[4])
    assert found.notes == tune.sum() - 1  # its first note follows another one


def test_bars_without_a_beginning_count_on_neither_side():
    song = arrange(make_song(bars=2))
    ids, bar = parts.encode(song)[:-1], frozenset({(0, 24, 60, 0)})
    assert echo_of_parts([frozenset(), bar], [frozenset()], ids, ids[-1:])[:2] == (0, 1)
    assert echo_of_parts([frozenset()], [frozenset()], ids, ids[-1:])[:2] == (0, 0)
