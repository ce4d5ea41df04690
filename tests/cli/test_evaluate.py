"""notegen evaluate and notegen compare, and the page of notegen corpus check."""

import json

import pytest

from notegen.report import illustrate


@pytest.fixture
def tunes(tmp_path, tune):
    folder = tmp_path / "tunes"
    for i in range(40):
        tune(bars=4, seed=i).write(folder / f"{i:02}.mid")
    return folder


def test_a_model_is_measured(run, tunes, bundle_path):
    code, out, err = run("evaluate", bundle_path, tunes, "--pieces", 4, "--pitch-only")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].startswith("tunes: ")
    for word in ("bits per note", "uniform", "order 1", "-gram", "bits per pitch:", "most surprising:"):
        assert word in out
    for word in ("pitch count", "groove consistency", "polyphony", "drawn tunes", "test tunes"):
        assert word in out


def test_the_figures_as_json(run, tunes, bundle_path):
    code, out, _ = run("evaluate", bundle_path, tunes, "--pieces", 4, "--json", "--pitch-only")
    said = json.loads(out)
    assert code == 0
    wanted = {"bits_per_note", "nats_per_token", "bits_per_pitch", "baselines", "statistics", "originality"}
    assert all(said[name] for name in wanted)
    assert run("evaluate", bundle_path, tunes, "--pieces", 4, "--json", "--pitch-only")[1] == out


def test_the_page_is_written_and_not_written_over(run, tunes, bundle_path, tmp_path, monkeypatch):
    monkeypatch.setattr(illustrate, "LONGEST", 2)  # an untrained model goes on and on
    arguments = ("evaluate", bundle_path, tunes, "--pieces", 4, "--report", "out/page.html")
    code, out, _ = run(*arguments)
    assert code == 0
    assert out.rstrip().endswith("out/page.html")
    page = (tmp_path / "out/page.html").read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert f"notegen evaluate {bundle_path} {tunes} --memory 0.5 --pieces 4 --seed 0" in page
    code, _, err = run(*arguments)
    assert code == 2
    assert "exists already" in err
    assert run(*arguments, "--force")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (["evaluate", "gone.notegen", "tunes"], 1, "there is no model"),
        (["evaluate", "MODEL", "gone"], 1, "no such file"),
        (["evaluate", "MODEL"], 2, "Missing argument"),
        (["evaluate", "MODEL", "tunes", "--pieces", "-1"], 2, "--pieces"),
        (["compare", "MODEL", "--on", "tunes"], 2, "two models"),
        (["compare", "MODEL", "folk"], 2, "--on"),
        (["compare", "MODEL", "folk", "--on", "gone"], 1, "no such file"),
    ],
)
@pytest.mark.usefixtures("tunes")
def test_what_cannot_be_done_is_said_in_one_sentence(run, bundle_path, arguments, code, word):
    found, out, err = run(*(bundle_path if each == "MODEL" else each for each in arguments))
    assert found == code
    assert word in err
    assert "Traceback" not in out + err


def test_models_are_compared_by_tune(run, tunes, bundle_path):
    code, out, err = run("compare", "folk", bundle_path, "--on", tunes)
    assert (code, err) == (0, "")
    first, second = out.splitlines()[2:]
    assert first.split()[0] == "folk"
    assert "of the tunes" in second
    assert "of the tunes" not in first


def test_a_comparison_as_json_agrees_with_evaluate(run, tunes, bundle_path):
    said = json.loads(run("compare", bundle_path, "folk", "--on", tunes, "--json")[1])
    alone = json.loads(run("evaluate", "folk", tunes, "--pieces", 0, "--json")[1])
    folk = said["models"][1]
    assert folk["model"] == "folk"
    assert folk["bits_per_note"] == pytest.approx(alone["bits_per_note"])
    low, high = folk["difference"]["interval"]
    assert low <= folk["difference"]["bits_per_note"] <= high


def test_a_corpus_has_a_page_too(run, tunes, tmp_path):
    (tunes / "bad.mid").write_bytes(b"MThd")
    code, out, _ = run("corpus", "check", tunes, "--report", "corpus.html")
    assert code == 0
    assert out.splitlines()[-1] == "all of it to look at: corpus.html"
    page = (tmp_path / "corpus.html").read_text()
    assert "bad.mid" in page
    assert "notes by pitch" in page
    code, _, err = run("corpus", "check", tunes, "--report", "corpus.html")
    assert (code, "exists already" in err) == (2, True)
