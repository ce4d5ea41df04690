import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.corpus import originality
from notegen.corpus.intervals import symbols
from notegen.corpus.originality import Index, human, human_longest, longest_within, share
from notegen.corpus.scan import Piece
from notegen.corpus.suffixes import LIMIT
from notegen.melody import melody
from notegen.score import Score


def tokens(score):
    return notes.encode(melody(score))


@pytest.fixture(scope="module")
def pieces(tune):
    """Forty tunes of four bars, about 23 notes each."""
    return [Piece(f"{seed}.mid", f"Tune {seed}", tokens(tune(seed=seed))) for seed in range(40)]


@pytest.fixture(scope="module")
def index(pieces):
    return Index.of(pieces)


def test_a_copy_is_found_with_its_title(index, pieces):
    for number in (0, 17, 39):
        run = index.longest(pieces[number].ids)
        size = notes.note_count(pieces[number].ids)
        assert run == (size - 1, f"Tune {number}", f"{number}.mid", number, 1)


@pytest.mark.parametrize("semitones", [-7, -1, 5, 12])
def test_a_transposed_copy_is_found(index, pieces, semitones):
    assert index.longest(v.transpose(pieces[3].ids, semitones)) == index.longest(pieces[3].ids)


def test_a_copy_of_other_note_lengths_is_found(index, tune):
    plain = tune(seed=5)
    short = plain.notes.copy()
    short["duration"] //= 2
    assert index.longest(tokens(Score(notes=short, meters=plain.meters))).title == "Tune 5"


def test_a_half_copy_is_as_long_as_its_half(index, tune):
    """Two bars of its own, then the last two bars of a tune of the corpus."""
    own, other = tune(seed=99).notes, tune(seed=8).notes
    half = other[other["onset"] >= 2 * 1920]
    score = Score(notes=np.concatenate([own[own["onset"] < 2 * 1920], half]))
    run = index.longest(tokens(score))
    assert run.title == "Tune 8"
    assert len(half) - 1 <= run.notes <= len(half) + 2  # notes beside the seam may agree by chance
    assert abs(run.start - (len(other) - len(half))) <= 2


def test_a_line_of_other_intervals_is_no_copy(index):
    slow = Score.of([(i * 1920, 1920, 60 + i % 2 * 11) for i in range(12)])
    assert index.longest(tokens(slow)) is None
    assert index.matches(tokens(slow)).lengths.tolist() == [0] * 11


def test_runs_end_where_a_piece_ends(pieces):
    first, second = pieces[0].ids, pieces[1].ids
    both = np.append(first[:-1], second[3:])  # the bars of two tunes as one tune's
    run = Index.of(pieces[:2]).longest(both)
    assert run.notes < notes.note_count(both) - 1
    assert run.notes >= max(map(notes.note_count, (first, second))) - 1


def test_notes_of_the_seed_do_not_count(index, tune):
    """Two bars of a tune of the corpus, and two that are not of it."""
    old, new = tune(seed=12).notes, tune(seed=77).notes
    new = new[new["onset"] >= 2 * 1920]
    seed = old[old["onset"] < 2 * 1920]
    ids = tokens(Score(notes=np.concatenate([seed, new])))
    assert index.longest(ids).title == "Tune 12"
    assert index.longest(ids).notes >= len(seed) - 1
    assert index.longest(ids, len(seed)).notes < 8
    lengths = index.matches(ids, len(seed)).lengths
    assert len(lengths) == len(new)
    assert lengths.tolist() == index.matches(ids).lengths[len(seed) - 1 :].tolist()


def test_a_run_may_be_longer_than_any_comparison():
    rng = np.random.default_rng(0)
    long = Score.of([(240 * i, 240, int(p)) for i, p in enumerate(rng.integers(60, 80, LIMIT + 500))])
    index = Index.of([Piece("long.mid", "", tokens(long))])
    assert index.longest(tokens(long)) == (LIMIT + 499, "long.mid", "long.mid", 0, 1)
    excerpt = Score(notes=long.notes[100 : LIMIT + 300])
    assert index.longest(tokens(excerpt))[::4] == (LIMIT + 199, 101)


def shares_by_sets(training, held_out, size):
    """Return the share of runs that stand in a set of all runs: another way to the same figure."""

    def runs(piece):
        row = symbols(piece.ids).tolist()
        return [tuple(row[i : i + size]) for i in range(len(row) - size + 1)]

    known = {run for piece in training for run in runs(piece)}
    found = [run in known for piece in held_out for run in runs(piece)]
    return sum(found) / len(found)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 8])
def test_shares_of_held_out_tunes_are_those_that_sets_give(pieces, size):
    index = Index.of(pieces[:30])
    found = share([index.matches(piece.ids).lengths for piece in pieces[30:]], size)
    assert found == pytest.approx(shares_by_sets(pieces[:30], pieces[30:], size))
    assert found < 0.1 or size < 4


def test_of_copied_tunes_all_runs_are_copied(index, pieces):
    assert share([index.matches(piece.ids).lengths for piece in pieces], 16) == 1


def test_without_runs_of_a_length_there_is_no_share(index, pieces):
    assert share([index.matches(pieces[0].ids).lengths], 500) is None
    assert share([], 8) is None


def test_an_index_comes_back_from_its_tensors(index, pieces):
    again = Index.read(index.tensors())
    assert again.longest(pieces[2].ids) == index.longest(pieces[2].ids)
    assert Index.read({"logits.bias": np.zeros(3)}) is None


def test_the_same_pieces_make_the_same_bytes(index, pieces):
    for name, array in Index.of(pieces).tensors().items():
        assert array.tobytes() == index.tensors()[name].tobytes()


def test_two_indices_are_joined_as_if_made_at_once(index, pieces):
    both = Index.of(pieces[:25]).joined(Index.of(pieces[25:]))
    for name, array in index.tensors().items():
        assert array.tobytes() == both.tensors()[name].tobytes()


def test_rare_notes_of_joined_indices_are_in_no_run(monkeypatch, pieces):
    monkeypatch.setattr(originality, "_RARE", 6)
    one, both = Index.of(pieces[:20]), Index.of(pieces[:20]).joined(Index.of(pieces[20:]))
    for piece in pieces[:20]:
        assert both.longest(piece.ids).notes <= notes.note_count(piece.ids) - 1
        assert one.longest(piece.ids).notes < 22
    assert len(both.symbols) == 5


def test_pieces_without_a_title_are_named():
    ids = tokens(Score.of([(240 * i, 240, 60 + i) for i in range(8)]))
    run = Index.of([Piece("folder/a.mid", "", ids)]).longest(ids)
    assert (run.title, run.name) == ("folder/a.mid", "folder/a.mid")


def test_an_index_of_nothing_knows_nothing(pieces):
    assert Index.of([]).longest(pieces[0].ids) is None
    one = Index.of([Piece("a", "a", tokens(Score.of([(0, 480, 60)])))])
    assert one.longest(pieces[0].ids) is None


def test_where_codes_run_out_the_rarest_notes_are_in_no_run(monkeypatch, pieces):
    monkeypatch.setattr(originality, "_RARE", 6)
    index = Index.of(pieces)
    assert len(index.symbols) == 5
    found = {run.title: run.notes for run in (index.longest(piece.ids) for piece in pieces)}
    assert 2 <= max(found.values()) < 22
    everything = Index.read(index.tensors())
    assert everything.matches(pieces[0].ids).lengths.max() >= 2


@given(lengths=st.lists(st.integers(0, 40), max_size=60), window=st.integers(1, 20))
def test_the_longest_run_in_a_window_ends_in_it(lengths, window):
    row = np.array(lengths, dtype=np.int64)
    expected = [
        max(min(row[i], start + window - i) for i in range(start, start + window))
        for start in range(0, len(row) - window + 1, max(1, window // 16))
    ]
    assert longest_within(row, window).tolist() == expected


def test_what_people_copy_is_told_by_length(pieces):
    index = Index.of(pieces[:30])
    figures = human(index, pieces[30:])
    most = max(notes.note_count(piece.ids) for piece in pieces[30:]) - 1
    assert list(figures["runs"]) == [str(size) for size in (8, 12, 16, 24) if size <= most]
    assert figures["runs"]["8"] == round(shares_by_sets(pieces[:30], pieces[30:], 8), 4)
    assert list(figures["longest"]) == ["16"]
    within = np.concatenate([longest_within(index.matches(p.ids).lengths, 16) for p in pieces[30:]])
    assert figures["longest"]["16"] == pytest.approx(np.percentile(within, 95), abs=0.05)
    assert human(index, pieces[:30])["longest"] == {"16": 16.0}


def test_longer_takes_may_copy_no_less(index, pieces):
    """Windows of 16 notes of a copied tune, and windows of 32 of one that copies nothing."""
    own = Score.of([(i * 1920, 1920, 60 + i % 2 * 11) for i in range(40)])
    figures = human(index, [*pieces[:8], Piece("own", "own", tokens(own))])
    assert figures["longest"] == {"16": 16.0, "32": 16.0}


@pytest.mark.parametrize("figures", [None, {}, {"longest": {}}, {"runs": {}, "longest": {}}])
def test_without_figures_nothing_is_usual(figures):
    assert human_longest(figures, 50) is None
