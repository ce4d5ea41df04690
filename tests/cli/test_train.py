"""notegen train: what goes together, and what it says."""

from dataclasses import replace

import pytest
from notegen_cli.train import _known

from notegen.model.bundle import load

SMALL = ["--units", 8, "--embedding", 8, "--epochs", 1, "--batch", 7]


@pytest.fixture
def folders(tmp_path, tune):
    """Two folders of seven tunes each."""
    for i in range(14):
        tune(((4, 4), (6, 8))[i % 2], seed=i).write(tmp_path / "ab"[i % 2] / f"{i}.mid")


REFUSED = {
    "a chain has no units": (["--markov", 3, "--units", 8], "--units does not go with --markov"),
    "a chain is not tied": (["--markov", 3, "--tied"], "--tied does not go with --markov"),
    "a chain hears each tune once": (
        ["--markov", 3, "--weights", "1,2"],
        "--weights does not go with --mark",
    ),
    "a chain goes on from nothing": (["--markov", 3, "--from", "folk"], "--from does not go with --markov"),
    "a model has its own layers": (["--from", "folk", "--layers", 2], "--layers does not go with --from"),
    "a model has its own codec": (
        ["--from", "folk", "--codec", "abc-tokens"],
        "--codec does not go with --fr",
    ),
    "a stream has no window": (["--window", 40], "--window goes with --scheme window"),
    "a GRU has no forget gate": (
        ["--unit", "gru", "--forget-bias", 1],
        "--forget-bias goes with --unit lstm",
    ),
    "nothing to be tied to": (["--tied", "--embedding", 0], "there is no embedding to predict with"),
    "a weight is missing": (["--weights", "3"], "there are 2 sources and 1 weights"),
    "a weight of nothing": (["--weights", "3,0"], "weights must be above zero"),
    "a weight in words": (["--weights", "3,few"], "is no list of numbers"),
    "too long a memory": (["--markov", 99], "99 is not in the range"),
    "an unknown unit": (["--unit", "sru"], "'sru' is not one of"),
}


@pytest.mark.parametrize(("options", "reason"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_go_together_is_refused_before_anything_is_read(run, options, reason):
    code, out, err = run("train", "a", "b", "--output", "x.notegen", *options)
    assert (code, out) == (2, "")
    assert reason in err
    assert "Traceback" not in err


@pytest.mark.usefixtures("folders")
def test_a_chain_is_counted_and_composes(run, tmp_path):
    code, out, err = run("train", "a", "b", "--markov", 3, "--output", "chain.notegen")
    assert (code, err) == (0, "")
    assert out.splitlines()[-1].startswith("chain.notegen: ")
    bundle = load(tmp_path / "chain.notegen")
    assert (bundle.config.order, bundle.provenance["sources"]) == (3, ["a", "b"])
    assert sorted(path.name for path in tmp_path.glob("*.*")) == ["chain.notegen"]
    assert run("train", "a", "--markov", 3, "--output", "chain.notegen")[0] == 2
    assert run("train", "a", "--markov", 3, "--output", "chain.notegen", "--force")[0] == 0


@pytest.mark.usefixtures("folders")
def test_a_chain_is_no_base(run):
    run("train", "a", "b", "--markov", 1, "--output", "chain.notegen")
    code, _, err = run("train", "a", "--from", "chain.notegen", "--output", "x.notegen")
    assert (code, "is a Markov chain, which learns nothing more" in err) == (2, True)


@pytest.mark.usefixtures("folders")
def test_a_network_with_options_is_trained_and_tuned(run, tmp_path):
    pytest.importorskip("tensorflow", reason="training is an extra")
    options = [*SMALL, "--untied", "--forget-bias", 2, "--weights", "3,1"]
    code, out, _ = run("train", "a", "b", "--output", "base.notegen", *options)
    assert (code, "bits per note on the test pieces" in out) == (0, True)
    base = load(tmp_path / "base.notegen")
    assert (base.config.tied, base.config.forget_bias) == (False, 2)
    assert base.provenance["weights"] == [3, 1]
    code, out, err = run("train", "b", "--from", "base.notegen", "--output", "b.notegen", "--epochs", 1)
    assert code == 0, err
    said = load(tmp_path / "b.notegen").provenance
    figures = [
        [said["bits_per_note"][when][name] for when in ("before", "after")] for name in ("corpus", "known")
    ]
    assert out.splitlines()[-3:] == [
        "b.notegen: bits per note on the test pieces, before and after",
        f"  {figures[0][0]:.3f}  {figures[0][1]:.3f}  b",
        f"  {figures[1][0]:.3f}  {figures[1][1]:.3f}  a, b",
    ]


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({}, "it does not say where its tunes are"),
        ({"sources": ["gone"]}, "gone: there is no such file or folder"),
    ],
)
def test_what_a_base_was_trained_on_may_be_gone(bundle, capsys, said, reason):
    assert _known(replace(bundle, name="base.notegen", provenance=said)) is None
    assert capsys.readouterr().err == f"what base.notegen was trained on cannot be measured: {reason}\n"


def test_the_help_has_headings_with_the_few_that_matter_first(run):
    lines = run("train", "--help")[1].splitlines()
    headings = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert headings == ["Options:", "What the model reads and is:", "How it learns:"]
    first = lines[lines.index(headings[0]) + 1 : lines.index(headings[1])]
    assert [line.split()[0] for line in first if line.startswith("  -")] == [
        "--output", "--from", "--weights", "--test-every", "--force", "--restart", "-h,"
    ]  # fmt: skip
