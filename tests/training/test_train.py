"""Training: from a corpus to a bundle."""

import math
import shutil
from dataclasses import replace

import numpy as np
import pytest
from made_trainings import RECIPE, assert_only_results, assert_same, news, stop, table

from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Notes
from notegen.codecs.notes import note_count
from notegen.corpus import Corpus, lengths
from notegen.corpus.originality import human
from notegen.errors import DataError, UsageError
from notegen.evaluation.likelihood import evaluate
from notegen.generation.compose import compose
from notegen.model import habits
from notegen.model.assemble import Ensemble
from notegen.model.bundle import load
from notegen.training import provenance
from notegen.training.pieces import material
from notegen.training.provenance import with_index
from notegen.training.train import suggest, train

pytestmark = pytest.mark.usefixtures("one_engine", "heeds_ctrl_c")


def test_the_loss_falls(trained):
    rows = table(trained[0])
    assert [int(row["epoch"]) for row in rows] == [1, 2]
    for column in ("train_nats_per_token", "valid_bits_per_note"):
        assert float(rows[1][column]) < float(rows[0][column])
    assert float(rows[0]["train_nats_per_token"]) < math.log(v.MELODY)


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
    rows = table(trained[0])
    best = min(float(row["valid_bits_per_note"]) for row in rows)
    assert trained[1].provenance["valid_bits_per_note"] == pytest.approx(best, rel=0.02)


def test_the_bundle_keeps_its_learning_curve(trained):
    rows = table(trained[0])
    kept = trained[1].provenance["curve"]
    assert [row[0] for row in kept] == [1, 2]
    assert [f"{row[1]:.4f}" for row in kept] == [row["train_nats_per_token"] for row in rows]
    assert [f"{row[2]:.4f}" for row in kept] == [row["valid_bits_per_note"] for row in rows]


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
    monkeypatch.setattr(provenance, "MOST_NOTES", 100)
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


def test_reports_count_steps_and_end_an_epoch_with_its_figure(trained):
    reports = trained[2]
    ends = [report for report in reports if report.bits is not None]
    assert [report.epoch for report in ends] == [1, 2]
    assert all(report.seconds_left >= 0 and report.tokens_per_second > 0 for report in reports)
    first = [report.step for report in reports if report.epoch == 1]
    assert first == [*range(1, reports[0].steps + 1), reports[0].steps]
    assert ends[-1].seconds_left == 0
    assert ends[0].best == ends[0].bits
    assert {report.figure for report in reports} == {"bits per note"}
    assert news(reports) == []


def test_restart_forgets_what_was_learned(corpus, trained, out):
    stop(corpus, out, 5)
    other = replace(RECIPE, rate=0.001)
    train(corpus, other, out=out, restart=True)  # else it would be refused
    reports = []
    bundle = train(corpus, RECIPE, out=out, restart=True, report=reports.append)
    assert len(reports) == len(trained[2])
    assert_same(bundle, trained)
    assert_only_results(out.parent)


def test_force_replaces_a_finished_bundle_and_goes_on_with_one_that_is_not(corpus, trained, out):
    shutil.copy(trained[0] / "tunes.notegen", out)
    with pytest.raises(UsageError, match="exists already"):
        stop(corpus, out, 3)
    stop(corpus, out, 3, force=True)
    reports = []
    bundle = train(corpus, RECIPE, out=out, force=True, report=reports.append)
    assert len(reports) == len(trained[2]) - 3
    assert_same(bundle, trained)


def test_a_checkpoint_of_other_settings_is_refused(corpus, out):
    stop(corpus, out, 1)
    with pytest.raises(
        UsageError, match=r"tunes\.notegen\.checkpoint is of another corpus or other settings"
    ):
        train(corpus, replace(RECIPE, rate=0.01), out=out)


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


def test_a_tune_longer_than_a_rows_share_is_cut(corpus, tune):
    """Else it would be read to its end while the other rows are empty."""
    assert material(corpus, RECIPE, Notes()).longest == 0
    short = [(f"tune {seed}", tune(seed=seed)) for seed in range(20)]
    long = [(f"long {seed}", tune(seed=seed, bars=200)) for seed in range(100, 104)]
    mixed = Corpus.of("mixed", [*short, *long])
    sizes, recipe = lengths(mixed.train), replace(RECIPE, batch=8)
    assert sizes.max() > 1000  # one of the long ones is learned from
    tokens = material(mixed, recipe, Notes())
    assert tokens.longest == sizes.sum() // 8
    steps = tokens.learned(8, 32, np.random.default_rng(0))
    assert len(steps) <= 2 * sizes.sum() / (8 * 32) + 1


@pytest.fixture(scope="module")
def two(tune):
    """A corpus of two sources."""
    scores = [(f"tune {seed}", tune(seed=seed, bars=6)) for seed in range(14)]
    return Corpus.joined("two", [("a", scores[:9]), ("b", scores[9:])])


def test_a_training_with_weights_that_is_stopped_goes_on_to_the_same_end(two, tmp_path):
    whole, parts = tmp_path / "whole" / "tunes.notegen", tmp_path / "parts" / "tunes.notegen"
    weights = [1, 3]
    bundle = train(two, RECIPE, out=whole, weights=weights)
    for call in (2, 2):
        stop(two, parts, call, weights=weights)
    again = train(two, RECIPE, out=parts, weights=weights)
    assert (again.provenance["weights"], again.provenance["sources"]) == ([1, 3], ["a", "b"])
    assert again.provenance["curve"] == bundle.provenance["curve"]
    for name, array in bundle.weights.items():
        assert array.tobytes() == again.weights[name].tobytes()


def test_a_checkpoint_of_other_weights_is_refused(two, out):
    stop(two, out, 1, weights=[1, 3])
    with pytest.raises(UsageError, match="another corpus or other settings"):
        train(two, RECIPE, out=out, weights=[3, 1])


@pytest.mark.parametrize("codec", ["abc-characters", "abc-tokens"])
def test_a_model_of_text_is_trained_and_measured_in_bits_per_note(corpus, out, codec):
    bundle = train(corpus, replace(RECIPE, epochs=1), out=out, codec=codec)
    assert (bundle.codec, bundle.config.vocabulary) == (codec, len(bundle.symbols) + 3)
    assert 0 < bundle.provenance["test_bits_per_note"] < 30
    assert bundle.provenance["valid_bits_per_note"] == pytest.approx(
        evaluate(Ensemble((bundle,), memory=0), corpus.valid)["bits_per_note"], rel=0.02
    )


def test_a_bundle_says_what_was_given_as_its_sources(trained):
    assert trained[1].provenance["sources"] == ["tunes"]
    assert "weights" not in trained[1].provenance


def test_the_bundle_knows_how_its_pieces_repeat_themselves(trained, corpus):
    said = trained[1].provenance
    assert len(said["habits"]["length"]) == len(habits.LENGTHS)
    found = evaluate(trained[1], corpus.test)["bits_per_note"]
    assert said["test_bits_with_memory"] == pytest.approx(found, rel=0.01)
    assert said["valid_bits_with_memory"] < said["valid_bits_per_note"]
