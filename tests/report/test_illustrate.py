"""An assessment as a page."""

import pytest
from made_tunes import make_song

from notegen.corpus import Corpus
from notegen.model.bundle import Bundle
from notegen.report import assess, illustrate


@pytest.fixture(scope="module")
def found(bundle, tune):
    corpus = Corpus.of("made", [(f"{i}.mid", tune(bars=4, seed=i)) for i in range(60)])
    return assess.assess(bundle, corpus, pieces=8)


@pytest.fixture(autouse=True)
def short(monkeypatch):
    monkeypatch.setattr(illustrate, "LONGEST", 2)


def test_the_page_shows_what_was_measured_and_what_can_be_heard(found, bundle):
    model = Bundle(bundle.config, bundle.weights, {"curve": [[1, 2.5, 4.0], [2, 2.0, 3.5]]})
    page = illustrate.page(found, model, "notegen evaluate <x> made")
    assert "notegen evaluate &lt;x&gt; made" in page
    assert page.count("<audio") == 2 * illustrate.HEARD
    for heading in ("How it learned", "nearest to human tunes", "farthest from them", "Originality"):
        assert heading in page
    for each in found.comparisons:
        assert each.feature.name in page


def test_a_page_without_a_drawn_set_is_one_of_likelihood_alone(bundle, found):
    bare = assess.Assessment(found.said | {"statistics": None, "originality": None}, [], [])
    page = illustrate.page(bare, bundle, "notegen evaluate")
    assert "<audio" not in page
    assert "bits per note" in page


def test_long_samples_are_cut_and_it_is_said(found, bundle):
    assert "; 2 of " in illustrate.page(found, bundle, "")


def test_few_samples_are_shown_once(bundle, found):
    few = assess.Assessment(found.said, found.comparisons, found.drawn[:4])
    assert illustrate.page(few, bundle, "").count("<audio") == 4


@pytest.fixture(scope="module")
def continued(song_chain):
    songs = ((f"{i}.mid", make_song(i, bars=20)) for i in range(20, 36))
    corpus = Corpus.joined("songs", [("songs", songs)], tracks="all", test_every=4)
    return assess.assess(song_chain, corpus, pieces=4)


@pytest.mark.usefixtures("silent")
def test_continuations_are_heard_from_the_last_bars_of_their_seeds_on(continued, song_chain):
    page = illustrate.page(continued, song_chain, "")
    assert page.count("<audio") == 4  # of four, the nearest and the farthest are shown once
    for heading in ("4 continuations", "nearest to how people go on", "farthest from it", "Originality"):
        assert heading in page
    for number, each in enumerate(continued.continued, 1):
        assert f"number {number}: {each.piece.name}" in page
    assert f"notes from bar {illustrate.LEAD + 1} on" in page


def test_a_sample_of_a_continuation_ends_with_what_it_is_compared_with(continued):
    each = continued.continued[0]
    heard = illustrate.of_continuation(each, 0).score
    bar = 96
    assert len(each.song.after.lines) - 1 == 8
    assert heard.end <= (illustrate.LEAD + 8) * bar
    lead = heard.notes[heard.notes["onset"] < illustrate.LEAD * bar]
    assert len(lead) == len(each.song.seed.cut(each.song.cut - 4 * bar, each.song.cut).notes)
