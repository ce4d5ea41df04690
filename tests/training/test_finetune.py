"""Fine-tuning: a model learns a corpus of its own."""

from dataclasses import replace

import numpy as np
import pytest
from made_trainings import RECIPE, StopAt, place

from notegen.corpus import Corpus
from notegen.errors import UsageError
from notegen.evaluation.likelihood import evaluate
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle, MarkovConfig, load
from notegen.training.finetune import finetune, suggest

pytestmark = pytest.mark.usefixtures("one_engine", "heeds_ctrl_c")

GENTLE = replace(RECIPE, rate=0.01, epochs=2)


@pytest.fixture(scope="module")
def own(tune):
    """Tunes of another meter than those that the base has learned."""
    return Corpus.of("own", [(f"own {seed}", tune((6, 8), seed=seed, bars=6)) for seed in range(8)], "mine")


@pytest.fixture(scope="module")
def tuned(own, trained, corpus, tmp_path_factory):
    path = tmp_path_factory.mktemp("tuned") / "own.notegen"
    return finetune(own, trained[1], GENTLE, out=path, known=corpus)


def bits(bundle, pieces):
    return evaluate(Ensemble((bundle,), memory=0), pieces)["bits_per_note"]


def test_it_begins_with_the_base_and_gets_better(tuned, trained, own):
    base = trained[1]
    assert bits(tuned, own.valid) < bits(base, own.valid)
    curve = tuned.provenance["curve"]
    assert curve[0][2] < bits(base, own.valid) + 0.1
    moved = np.abs(tuned.weights["lstm0.recurrent"] - base.weights["lstm0.recurrent"])
    assert 0 < moved.max() < 0.2


def test_it_goes_as_far_as_is_best_on_validation(tuned, trained, own):
    said, base = tuned.provenance, trained[1]
    assert said["valid_bits_per_note"] == pytest.approx(bits(tuned, own.valid), abs=1e-3)
    for share in (0.4, 0.6, 0.8, 1.0):
        stretched = share / said["share"]
        weights = {
            name: array + np.float32(stretched) * (tuned.weights[name] - array)
            for name, array in base.weights.items()
        }
        assert bits(replace(tuned, weights=weights), own.valid) > said["valid_bits_per_note"] - 1e-3


def test_both_corpora_are_measured_before_and_after(tuned, trained, own, corpus):
    said = tuned.provenance["bits_per_note"]
    for when, model in (("before", trained[1]), ("after", tuned)):
        assert said[when]["corpus"] == pytest.approx(bits(model, own.test), abs=1e-4)
        assert said[when]["known"] == pytest.approx(bits(model, corpus.test), abs=1e-4)
    assert tuned.provenance["test_bits_per_note"] == said["after"]["corpus"]


def test_the_base_and_its_terms_are_kept(tuned, trained, corpus):
    said, base = tuned.provenance, trained[1]
    assert said["base"] == {
        "name": "tunes", "sha256": base.digest, "corpus": "tunes", "sources": list(corpus.sources)
    }  # fmt: skip
    assert (said["corpus"], said["sources"], said["notice"]) == ("own", ["own"], "free mine")


def test_the_index_is_of_both(tuned, own, corpus):
    for piece in (own.train[1], corpus.train[1]):
        assert tuned.index.longest(piece.ids).name == piece.name
    assert tuned.provenance["human_originality"]["longest"].keys() >= {"16"}


def test_one_that_was_stopped_goes_on_to_the_same_end(own, trained, tuned, corpus, out):
    for call in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            finetune(own, trained[1], GENTLE, out=out, known=corpus, report=StopAt(call))
        assert load(out).provenance["finished"] is False
    assert place(out)["updates"] > 1
    again = finetune(own, trained[1], GENTLE, out=out, known=corpus)
    for name, array in tuned.weights.items():
        assert array.tobytes() == again.weights[name].tobytes(), name
    assert again.provenance["bits_per_note"] == tuned.provenance["bits_per_note"]


def test_another_base_is_another_training(own, trained, out):
    with pytest.raises(KeyboardInterrupt):
        finetune(own, trained[1], GENTLE, out=out, report=StopAt(1))
    other = {name: array * np.float32(0.5) for name, array in trained[1].weights.items()}
    with pytest.raises(UsageError, match="another corpus or other settings"):
        finetune(own, replace(trained[1], weights=other), GENTLE, out=out)


def test_where_nothing_gets_better_the_base_stays(own, trained, out):
    ruinous = replace(GENTLE, rate=5.0, warmup=1, epochs=1)
    bundle = finetune(own, trained[1], ruinous, out=out)
    for name, array in trained[1].weights.items():
        np.testing.assert_array_equal(bundle.weights[name], array)
    assert bundle.provenance["bits_per_note"]["after"] == bundle.provenance["bits_per_note"]["before"]


def test_the_recipe_has_the_network_of_the_base(trained):
    found = suggest(trained[1])
    assert found.network(trained[1].config.vocabulary) == trained[1].config
    assert found.rate < RECIPE.rate


def test_only_networks_of_music_are_tuned(bundle):
    chain = Bundle(MarkovConfig(9, 2, "witten-bell", 7, 2), {}, name="chain.notegen")
    with pytest.raises(UsageError, match=r"chain\.notegen is a Markov chain"):
        suggest(chain)
    with pytest.raises(UsageError, match="is a model of recordings"):
        suggest(replace(bundle, codec="frames"))
