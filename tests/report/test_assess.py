"""All that is measured of a model, on a small corpus of made tunes."""

import json
import math

import numpy as np
import pytest
from made_tunes import make_song

from notegen.codecs import vocabulary as v
from notegen.corpus import Corpus
from notegen.corpus.originality import Index
from notegen.errors import DataError, UsageError
from notegen.model.bundle import Bundle
from notegen.report.assess import assess, unseen


@pytest.fixture(scope="module")
def corpus(tune):
    return Corpus.of("made", [(f"{i}.mid", tune(bars=6, seed=i, title=f"Tune {i}")) for i in range(60)])


@pytest.fixture(scope="module")
def found(bundle, corpus):
    return assess(bundle, corpus, pieces=6, seed=4, pitches=True)


def test_the_figures_are_plain_values_that_hang_together(found, corpus):
    said = json.loads(json.dumps(found.said))
    assert said["pieces"] == len(corpus.test) == len(said["tunes"])
    assert math.isclose(sum(said["parts"].values()), said["bits_per_note"])
    bits = said["bits_per_note"] * said["notes"]
    assert math.isclose(bits, said["nats_per_token"] * said["tokens"] / math.log(2))
    assert math.isclose(bits, sum(each["bits_per_note"] * each["notes"] for each in said["tunes"]))
    assert said["perplexity"] == pytest.approx(math.exp(said["nats_per_token"]))


def test_baselines_stand_beside_on_the_same_tunes(found, corpus):
    baselines = found.said["baselines"]
    tokens = sum(len(piece.ids) - 1 for piece in corpus.test)
    assert baselines["uniform"]["bits_per_note"] == pytest.approx(
        tokens * math.log2(v.MELODY) / found.said["notes"]
    )
    assert baselines["n-gram"]["bits_per_note"] < baselines["uniform"]["bits_per_note"]
    assert {"bits_per_note", "parts", "perplexity", "order", "smoothing"} <= set(baselines["n-gram"])
    assert found.said["bits_per_pitch"] > 0
    assert set(found.said["pitch_baselines"]) == {"uniform", "order 1", "order 2", "n-gram"}


def test_statistics_are_of_the_set_that_was_drawn(found):
    statistics = found.said["statistics"]
    assert (statistics["pieces"], statistics["seed"], len(found.drawn)) == (6, 4, 6)
    assert len(statistics["features"]) == len(found.comparisons) >= 12
    count = next(each for each in statistics["features"] if each["feature"] == "pitch count")
    pitches = [len(set(v.pitches(ids).tolist())) for ids in found.drawn]
    assert count["generated"] == pytest.approx(np.mean([each for each in pitches if each]))
    assert set(count["ceiling"]) == set(count["floor"]) == {"overlap", "kl"}


def test_the_same_seed_says_the_same(bundle, corpus, found):
    again = assess(bundle, corpus, pieces=6, seed=4, pitches=True)
    assert json.dumps(again.said) == json.dumps(found.said)


def test_without_pieces_only_likelihood_is_measured(bundle, corpus):
    found = assess(bundle, corpus, pieces=0)
    assert found.said["statistics"] is found.said["originality"] is found.said["bits_per_pitch"] is None
    assert not found.drawn


def test_tunes_that_a_model_was_trained_on_are_no_test(bundle, corpus):
    known = [*corpus.train, corpus.test[1]]
    cheat = Bundle(bundle.config, bundle.weights, name="models/cheat.notegen", index=Index.of(known))
    said = assess(cheat, corpus, pieces=0).said
    assert said["pieces"] == len(corpus.test) - 1
    assert corpus.test[1].name not in {each["name"] for each in said["tunes"]}
    assert "left out of the test tunes: 1 that cheat was trained on." in said["warnings"]
    honest = Bundle(bundle.config, bundle.weights, name="honest", index=Index.of(corpus.train))
    assert unseen(corpus, [honest]) == corpus.test
    assert len(unseen(corpus, [honest, cheat])) == len(corpus.test) - 1
    with pytest.raises(DataError, match="all of its test tunes"):
        unseen(corpus, [Bundle(bundle.config, bundle.weights, index=Index.of(corpus.test))])


def test_one_is_told_that_there_are_few_tunes_and_that_a_model_has_no_index(found):
    assert any("few" in each for each in found.said["warnings"])
    assert any("does not say what it was trained on" in each for each in found.said["warnings"])


def test_what_is_being_done_is_told(bundle, corpus):
    told = []
    assess(bundle, corpus, pieces=2, say=told.append)
    assert told[0] == f"reading {len(corpus.test)} tunes"
    assert "drawing 2 tunes, 2 done" in told


def test_a_corpus_without_a_test_side_is_refused(bundle, tune):
    with pytest.raises(DataError, match="too few"):
        assess(bundle, Corpus.of("one", [("a.mid", tune())]))


def test_a_model_of_recordings_is_refused(bundle, corpus):
    with pytest.raises(UsageError, match="audio compose"):
        assess(Bundle(bundle.config, bundle.weights, codec="frames"), corpus)


@pytest.fixture(scope="module")
def songs():
    made = ((f"{i}.mid", make_song(i, bars=6)) for i in range(20, 38))
    return Corpus.joined("songs", [("songs", made)], tracks="all", test_every=6)


@pytest.fixture(scope="module")
def continued(song_chain, songs):
    return assess(song_chain, songs, pieces=2, seed=3)


def test_a_model_of_all_tracks_continues_test_pieces(continued, songs):
    said = json.loads(json.dumps(continued.said))
    assert (said["called"], said["pieces"]) == ("pieces", len(songs.test))
    assert said["statistics"] is None
    assert (said["continuations"]["pieces"], said["continuations"]["seed"]) == (2, 3)
    assert {each.piece.name for each in continued.continued} <= {piece.name for piece in songs.test}
    assert any("test pieces are few" in each for each in said["warnings"])
    assert set(said["originality"]["runs"]["8"]) == {"generated", "human"}


def test_all_that_it_pays_goes_to_five_parts_in_each_model(continued):
    said = continued.said
    for each in (said, said["without_memory"], *said["baselines"].values()):
        assert set(each["parts"]) == {"pitch", "rhythm", "parts", "velocity", "bars"}
        assert sum(each["parts"].values()) == pytest.approx(each["bits_per_note"])
        assert min(each["parts"].values()) > 0
    assert said["baselines"]["uniform"]["nats_per_token"] == pytest.approx(math.log(v.SIZE))


def test_pieces_too_short_to_be_cut_are_told(song_chain):
    made = ((f"{i}.mid", make_song(i, bars=1)) for i in range(20, 38))
    short = Corpus.joined("short", [("short", made)], tracks="all", test_every=6)
    found = assess(song_chain, short)
    assert found.said["continuations"] is found.said["originality"] is None
    assert "no test piece is long enough to be cut in two and continued." in found.said["warnings"]


def test_model_and_corpus_must_be_of_the_same_tracks(song_chain, bundle, corpus, songs):
    for model, other in ((song_chain, corpus), (bundle, songs)):
        with pytest.raises(UsageError, match="has others"):
            assess(model, other, pieces=0)
