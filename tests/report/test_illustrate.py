"""An assessment as a page."""

import pytest

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
