import csv
import math
import os
from dataclasses import replace

import numpy as np
import pytest

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.corpus import Corpus
from notegen.corpus.originality import human
from notegen.errors import DataError, UsageError
from notegen.generation.compose import compose
from notegen.model.bundle import load
from notegen.training import train as train_module
from notegen.training.loop import Recipe
from notegen.training.train import suggest, train, with_index

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

RECIPE = Recipe(embedding=8, units=16, layers=1, batch=4, steps=32, rate=0.02, warmup=5, epochs=2, seed=1)


@pytest.fixture(scope="module")
def corpus(tune):
    """Fourteen tunes; of as many, some are on each side."""
    return Corpus.of(
        "tunes", [(f"tune {seed}", tune(seed=seed, bars=6)) for seed in range(14)], notice="free"
    )


@pytest.fixture(scope="module")
def trained(corpus, tmp_path_factory):
    """A whole training: its folder, its bundle and its reports."""
    folder, reports = tmp_path_factory.mktemp("trained"), []
    return folder, train(corpus, RECIPE, out=folder / "tunes.notegen", report=reports.append), reports


class StopAt:
    """A report callback that presses Ctrl-C at one of its calls."""

    def __init__(self, call):
        self.left = call

    def __call__(self, _):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def test_the_loss_falls(trained):
    rows = list(csv.DictReader((trained[0] / "tunes.csv").read_text().splitlines()))
    assert [int(row["epoch"]) for row in rows] == [1, 2]
    for column in ("train_nats_per_token", "valid_bits_per_note"):
        assert float(rows[1][column]) < float(rows[0][column])
    assert float(rows[0]["train_nats_per_token"]) < math.log(v.SIZE)


def test_the_bundle_is_written_with_figures_and_provenance(trained, corpus):
    folder, bundle, _ = trained
    assert sorted(path.name for path in folder.iterdir()) == ["tunes.csv", "tunes.notegen"]
    said = load(folder / "tunes.notegen").provenance
    assert said == bundle.provenance
    assert (said["corpus"], said["notice"], said["epochs"], said["finished"]) == ("tunes", "free", 2, True)
    assert said["pieces"] == {side: len(pieces) for side, pieces in corpus.sides.items()}
    assert said["recipe"]["units"] == RECIPE.units
    assert 0 < said["valid_bits_per_note"] < 30
    assert 0 < said["test_bits_per_note"] < 30


def test_the_stated_figure_is_that_of_the_validation(trained):
    rows = list(csv.DictReader((trained[0] / "tunes.csv").read_text().splitlines()))
    best = min(float(row["valid_bits_per_note"]) for row in rows)
    assert trained[1].provenance["valid_bits_per_note"] == pytest.approx(best, rel=0.02)


def test_the_bundle_keeps_its_learning_curve(trained):
    rows = list(csv.DictReader((trained[0] / "tunes.csv").read_text().splitlines()))
    kept = trained[1].provenance["curve"]
    assert [row[0] for row in kept] == [1, 2]
    assert [row[1] for row in kept] == [float(row["train_nats_per_token"]) for row in rows]
    assert [row[2] for row in kept] == [float(row["valid_bits_per_note"]) for row in rows]


def test_a_new_training_begins_a_new_log(trained, corpus, tmp_path):
    (tmp_path / "tunes.csv").write_text("epoch,updates,seconds,train,valid\n1,1,1,9.9,9.9\n")
    bundle = train(corpus, RECIPE, out=tmp_path / "tunes.notegen")
    assert bundle.provenance["curve"] == trained[1].provenance["curve"]


def test_the_bundle_knows_its_corpus_and_what_people_copy_from_it(trained, corpus):
    for number in (0, len(corpus.train) - 1):
        piece = corpus.train[number]
        run = trained[1].index.longest(piece.ids)
        assert run == (note_count(piece.ids) - 1, piece.name, piece.name, number, 1)
    figures = trained[1].provenance["human_originality"]
    assert figures == human(trained[1].index, corpus.valid)
    assert figures["runs"]["8"] < 0.5
    assert 0 < figures["longest"]["16"] < 16


def test_too_large_a_corpus_is_not_indexed_and_the_bundle_says_so(trained, corpus, monkeypatch):
    monkeypatch.setattr(train_module, "MOST_NOTES", 100)
    bare = with_index(replace(trained[1], provenance={"corpus": "tunes"}), corpus)
    assert bare.index is None
    assert bare.provenance == {"corpus": "tunes", "no_index": "the corpus has more than 100 notes"}


def test_an_index_can_be_added_later(trained, corpus, tmp_path):
    bare = replace(trained[1], index=None)
    with_index(bare, corpus).save(tmp_path / "later.notegen")
    assert (tmp_path / "later.notegen").read_bytes() == (trained[0] / "tunes.notegen").read_bytes()


def test_a_trained_model_composes(trained, tune):
    takes = compose(trained[1], tune(), bars=2, variations=2, seed=1)
    assert [take.notes > 0 for take in takes] == [True, True]


def test_reports_count_batches_and_end_an_epoch_with_its_figure(trained):
    reports = trained[2]
    ends = [report for report in reports if report.bits is not None]
    assert [report.epoch for report in ends] == [1, 2]
    assert all(report.seconds_left >= 0 and report.tokens_per_second > 0 for report in reports)
    assert max(report.batch for report in reports) == reports[0].batches
    assert ends[-1].seconds_left == 0


@pytest.mark.parametrize("call", [2, 5], ids=["in the first epoch", "in the second"])
def test_a_stopped_training_goes_on_to_the_same_end(corpus, trained, tmp_path, call):
    out = tmp_path / "tunes.notegen"
    with pytest.raises(KeyboardInterrupt):
        train(corpus, RECIPE, out=out, report=StopAt(call))
    assert load(out).provenance["finished"] is False
    assert (tmp_path / "tunes.notegen.checkpoint").exists()

    bundle = train(corpus, RECIPE, out=out)
    assert (bundle.provenance["finished"], bundle.provenance["epochs"]) == (True, 2)
    assert not (tmp_path / "tunes.notegen.checkpoint").exists()
    for name, array in trained[1].weights.items():
        np.testing.assert_allclose(bundle.weights[name], array, atol=2e-3)


def test_a_checkpoint_of_other_settings_is_refused(corpus, tmp_path):
    with pytest.raises(KeyboardInterrupt):
        train(corpus, RECIPE, out=tmp_path / "a.notegen", report=StopAt(1))
    with pytest.raises(UsageError, match=r"a\.notegen\.checkpoint is of another corpus or other settings"):
        train(corpus, Recipe(**{**vars(RECIPE), "rate": 0.01}), out=tmp_path / "a.notegen")


def test_too_small_a_corpus_is_refused(tune, tmp_path):
    small = Corpus.of("small", [("a", tune()), ("b", tune(seed=1)), ("c", tune().transpose(2))])
    with pytest.raises(DataError, match=r"small: training needs .*three different pieces, and there are 2"):
        train(small, RECIPE, out=tmp_path / "a.notegen")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_is_not_trained_over_without_force(corpus, trained):
    path = trained[0] / "tunes.notegen"
    before = path.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        train(corpus, RECIPE, out=path)
    assert path.read_bytes() == before


def test_a_small_corpus_gets_small_batches_and_many_passes(corpus):
    recipe = suggest(corpus)
    assert recipe.batch == 8
    assert 12 <= recipe.epochs <= 100
