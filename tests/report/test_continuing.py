"""Test pieces, continued and set beside how they go on."""

from dataclasses import replace

import numpy as np
import pytest
from made_tunes import make_song

from notegen.codecs import parts
from notegen.corpus import Corpus
from notegen.corpus.originality import Index
from notegen.evaluation.continuations import FEATURES
from notegen.model.assemble import Ensemble
from notegen.report import continuing
from notegen.report.continuing import BARS, SETS, copied, draw, figures
from notegen.score import NOTE, table


@pytest.fixture(scope="module")
def pieces():
    made = ((f"{i}.mid", make_song(i, bars=6)) for i in range(20, 26))
    return Corpus.joined("songs", [("songs", made)], tracks="all").pieces


@pytest.fixture(scope="module")
def made(song_chain, pieces):
    return draw(Ensemble((song_chain,)), pieces, 3, 0, lambda _: None)


def perfect(each):
    """Return what would have been made by a model that knows how the piece goes on."""
    return replace(each, take=replace(each.take, score=parts.decode(each.piece.ids)))


def silent(each):
    score = each.take.score
    kept = score.notes[score.notes["onset"] < each.song.cut]
    return replace(each, take=replace(each.take, score=replace(score, notes=table(kept, NOTE), source=None)))


def test_pieces_are_evenly_spread_and_continued_behind_the_cut(made, pieces):
    assert [each.piece for each in made] == [pieces[0], pieces[2], pieces[5]]
    for each in made:
        assert len(each.song.after.lines) - 1 == 3 <= BARS
        assert each.take.new.start == each.song.cut == 3 * 96
        assert len(each.passage.score.notes) > 0
        assert each.passage.score.end <= 3 * 96


def test_the_seed_makes_the_takes(made, song_chain, pieces):
    for seed, same in ((0, True), (1, False)):
        again = draw(Ensemble((song_chain,)), pieces, 3, seed, lambda _: None)
        pairs = zip(made, again, strict=True)
        assert all(np.array_equal(a.take.score.notes, b.take.score.notes) for a, b in pairs) == same


def test_one_is_told_how_many_are_done(song_chain, pieces):
    told = []
    draw(Ensemble((song_chain,)), pieces, 2, 0, told.append)
    assert told == ["continuing 2 pieces, 0 done", "continuing 2 pieces, 1 done"]


def test_what_goes_on_as_the_piece_does_agrees_with_it(made):
    said = figures([perfect(each) for each in made])
    assert (said["pieces"], said["bars"]) == (3, 9)
    assert said["going_on"]["takes"] == 1
    assert [row["feature"] for row in said["features"]] == list(FEATURES)
    for row in [*said["features"], *said["roles"]]:
        assert row["takes"]["values"] == pytest.approx(1, abs=1e-3)
        assert set(SETS) < set(row)
    assert {row["role"] for row in said["roles"]} == {"track 1", "track 2", "track 3"}


def test_the_mean_is_over_the_tracks_that_have_a_feature(made):
    said = figures(made)
    for row in said["features"]:
        values = [each["takes"]["values"] for each in said["roles"] if each["feature"] == row["feature"]]
        assert row["takes"]["values"] == pytest.approx(np.mean(values))
    assert len([each for each in said["roles"] if each["feature"] == "duration"]) == 2  # drums have none


def test_silence_does_not_go_on(made):
    said = figures([silent(each) for each in made])
    assert said["going_on"]["takes"] == 0
    assert all(row["takes"]["values"] is None for row in said["roles"] if row["feature"] == "duration")


def test_tracks_that_few_pieces_have_are_left_out(made, monkeypatch):
    fewer = made[0], *(replace(each, song=_without_drums(each)) for each in made[1:])
    assert any(row["role"] == "track 3" for row in figures(list(fewer))["roles"])
    monkeypatch.setattr(continuing, "RARE", 0.5)
    assert not any(row["role"] == "track 3" for row in figures(list(fewer))["roles"])


def _without_drums(each):
    seed = each.song.seed
    return each.song._replace(seed=replace(seed, notes=seed.notes[seed.notes["track"] < 2]))


def test_only_new_bars_are_looked_for_in_the_training_pieces(made, pieces):
    """A take that goes on as its piece does copies as much as people; the bars of its seed do not count."""
    index = Index.of(pieces)
    said = copied(index, [perfect(each) for each in made])
    assert said["runs"]["8"] == {"generated": 1, "human": 1}
    assert said["longest"]["human"]["notes"] < 30
    nothing = copied(index, [silent(each) for each in made])
    assert nothing["runs"]["8"] == {"generated": None, "human": 1}
    assert nothing["longest"]["generated"] is None


def test_nothing_stands_in_an_empty_corpus(made):
    assert copied(Index.of([]), made)["longest"] == {"generated": None, "human": None}
