"""Memory and blended models, through the program's entry point; Markov chains serve as models."""

import json
from pathlib import Path

import numpy as np
import pytest

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.formats import read
from notegen.melody import melody


@pytest.fixture
def chain(run, tune):
    """Count a chain in forty tunes, and return its path."""
    for i in range(40):
        tune(bars=4, seed=i).write(Path("tunes", f"{i:02}.mid"))
    assert run("train", "tunes", "--markov", 3, "--output", "chain.notegen")[0] == 0
    return "chain.notegen"


@pytest.fixture
def seed(tune):
    tune(bars=4, seed=3).write("seed.mid")
    return "seed.mid"


def repeated(folder):
    """Return how many bars behind the seed are bars of the seed, of all takes together."""
    said = json.loads(Path(folder, "seed.json").read_text())
    assert all(take["echo"]["of"] == 8 for take in said["takes"])
    return sum(take["echo"]["bars"] for take in said["takes"])


def composed(run, seed, *options):
    usual = ["--seed", 1, "--variations", 8, "--output", "takes", "--force"]
    code, out, err = run("compose", seed, *usual, *options)
    assert (code, err) == (0, "")
    return out


def test_the_more_memory_the_more_of_the_seed_comes_again(run, chain, seed):
    found = []
    for memory in (0, 0.5, 0.9):
        out = composed(run, seed, "--model", chain, "--memory", memory)
        assert "of 8 bars as in the seed" in out or "no bar as in the seed" in out
        found.append(repeated("takes"))
    assert found == sorted(found)
    assert found[0] < found[2]


def test_bars_that_are_told_to_be_of_the_seed_are(run, chain, seed):
    composed(run, seed, "--model", chain, "--memory", 0.9, "--variations", 1)
    (take,) = json.loads(Path("takes/seed.json").read_text())["takes"]
    ids = notes.encode(melody(read(Path("takes", take["file"]))))
    bars = [bar.tolist() for bar in np.split(ids[:-1], (ids[:-1] == v.BAR).nonzero()[0])[1:]]
    assert sum(bar in bars[:4] for bar in bars[4:]) == take["echo"]["bars"]


def test_two_models_are_named_with_their_blend(run, chain, seed, bundle_path):
    both = ["--model", chain, "--model", bundle_path]
    assert "models chain.notegen and " in composed(run, seed, *both, "--blend", 0.25)
    said = json.loads(Path("takes/seed.json").read_text())
    assert [each["name"] for each in said["models"]] == [chain, str(bundle_path)]
    assert (said["blend"], said["memory"]) == (0.25, 0.5)


def test_a_blend_of_nothing_of_the_second_is_the_first_alone(run, chain, seed, bundle_path):
    composed(run, seed, "--model", chain)
    alone = Path("takes/seed-1.mid").read_bytes()
    composed(run, seed, "--model", chain, "--model", bundle_path, "--blend", 0)
    assert Path("takes/seed-1.mid").read_bytes() == alone


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--blend", 0.5], "--blend is for two models"),
        (["--model", "chain.notegen"] * 2, "one or two"),
        (["--memory", 1.5], "--memory"),
        (["--model", "chain.notegen", "--blend", -1], "--blend"),
    ],
    ids=str,
)
def test_what_does_not_go_is_refused(run, chain, seed, options, words):
    code, out, err = run("compose", seed, "--model", chain, *options)
    assert (code, out) == (2, "")
    assert words in err
    assert not Path("seed-takes").exists()


def test_evaluation_tells_the_figures_with_memory_and_without(run, chain):
    said = json.loads(run("evaluate", chain, "tunes", "--pieces", 0, "--json")[1])
    without = json.loads(run("evaluate", chain, "tunes", "--pieces", 0, "--memory", 0, "--json")[1])
    assert said["without_memory"]["bits_per_note"] == without["bits_per_note"] != said["bits_per_note"]
    assert without["without_memory"] is None
    assert "chain, no memory" in run("evaluate", chain, "tunes", "--pieces", 0)[1]


def test_models_are_compared_with_the_memory_that_is_asked_for(run, chain, bundle_path):
    compare = ("compare", chain, bundle_path, "--on", "tunes", "--json")
    with_memory, without = (
        json.loads(run(*compare, *options)[1])["models"][0]["bits_per_note"]
        for options in ([], ["--memory", 0])
    )
    assert with_memory != without


def test_models_tells_of_a_chain(run, chain):
    assert "Markov chain of order 3, counted in" in run("models", chain)[1]


def test_takes_behind_an_abc_seed_are_written_as_abc(run, chain):
    Path("seed.abc").write_text("X:1\nT:Reel\nM:4/4\nL:1/8\nK:D\ndcAG FAdf|edcB A2GA|BGdB cAFA|GEDE G4|\n")
    assert run("compose", "seed.abc", "--model", chain, "--variations", 1)[0] == 0
    assert len(read(Path("seed-takes/seed-1.abc")).notes) == len(read(Path("seed-takes/seed-1.mid")).notes)
