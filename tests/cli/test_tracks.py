"""Commands that read all tracks, and hold out files by their numbers."""

import json

import pytest
from made_tunes import make_song

from notegen.model.bundle import load

HELD = ["--test-every", 9]
SMALL = ["--units", 8, "--embedding", 8, "--epochs", 1, "--batch", 7]


@pytest.fixture
def songs(tmp_path):
    for seed in range(1, 20):
        make_song(seed, bars=3).write(tmp_path / "songs" / f"{seed:03}.mid")


@pytest.mark.usefixtures("songs")
def test_a_model_of_all_tracks_is_counted_and_measured(run, tmp_path):
    code, out, err = run(
        "train", "songs", "--tracks", "all", *HELD, "--markov", 2, "--output", "songs.notegen"
    )
    assert (code, err) == (0, "")
    assert "2 to test" in out
    bundle = load(tmp_path / "songs.notegen")
    assert (bundle.codec, bundle.provenance["test_every"]) == ("parts", 9)
    code, out, err = run("evaluate", "songs.notegen", "songs", *HELD)
    assert (code, err) == (0, "")
    assert out.startswith("songs: 2 test pieces, ")
    assert "bits per note  pitch  rhythm  parts  velocity  bars" in out
    assert "2 pieces continued with seed 0" in out
    assert "all tracks go on in " in out
    assert "new bars" in out
    code, out, err = run("evaluate", "songs.notegen", "songs", "--pitch-only")
    assert (code, "no bits per pitch" in err) == (2, True)


@pytest.mark.usefixtures("songs")
def test_continuations_have_a_page_that_says_how_to_make_it_again(run, tmp_path, song_chain_path):
    arguments = ("evaluate", song_chain_path, "songs", *HELD)
    code, out, err = run(*arguments, "--report", "page.html")
    assert (code, err) == (0, "")
    page = (tmp_path / "page.html").read_text()
    assert f"notegen evaluate {song_chain_path} songs --test-every 9 --memory 0.5 --seed 0" in page
    assert page.count("<audio") == 2
    said = json.loads(run(*arguments, "--pieces", 1, "--json")[1])
    assert said["continuations"]["pieces"] == 1
    assert run(*arguments, "--pieces", 0)[1] in out


@pytest.mark.usefixtures("songs")
def test_a_built_corpus_of_all_tracks_is_trained_on(run, tmp_path):
    pytest.importorskip("tensorflow", reason="training is an extra")
    assert run("corpus", "build", "songs", "--tracks", "all", "--jobs", 1, "--output", "built")[0] == 0
    whole = run("corpus", "check", "songs", "--tracks", "all")[1]
    assert run("corpus", "check", "built")[1] == whole
    assert run("corpus", "check", "songs")[1] != whole
    code, _, _ = run("train", "built", *SMALL, "--output", "a.notegen")
    assert (code, load(tmp_path / "a.notegen").codec) == (0, "parts")
    assert run("corpus", "build", "songs", "--jobs", 1, "--output", "melodies")[0] == 0
    code, _, err = run("train", "melodies", "--from", "a.notegen", "--output", "b.notegen")
    assert (code, "is a built corpus of melodies; build one of all tracks" in err) == (2, True)


REFUSED = {
    "a codec of other tracks": (["train", "songs", "--tracks", "all", "--codec", "notes"], "reads melodies"),
    "tracks of a codec": (["train", "songs", "--codec", "parts"], "reads all tracks"),
    "tracks of a model": (
        ["train", "songs", "--from", "folk", "--tracks", "all"],
        "--tracks does not go with",
    ),
    "no such tracks": (["train", "songs", "--tracks", "some"], "'some' is not one of"),
}


@pytest.mark.usefixtures("songs")
@pytest.mark.parametrize(("arguments", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_go_together_is_refused(run, arguments, reason):
    chain = [] if "--from" in arguments else ["--markov", 1]
    code, _, err = run(*arguments, *chain, "--output", "x.notegen")
    assert (code, reason in err, "Traceback" in err) == (2, True, False)


@pytest.mark.usefixtures("songs")
def test_models_of_different_tracks_are_not_compared(run):
    for name, tracks in (("one", "all"), ("two", "melody")):
        run("train", "songs", "--tracks", tracks, *HELD, "--markov", 1, "--output", f"{name}.notegen")
    code, _, err = run("compare", "one.notegen", "two.notegen", "--on", "songs")
    assert (code, "cannot be compared" in err) == (2, True)
    assert run("train", "songs", "--tracks", "all", *HELD, "--markov", 2, "--output", "three.notegen")[0] == 0
    code, out, _ = run("compare", "one.notegen", "three.notegen", "--on", "songs", *HELD)
    assert (code, "2 test pieces" in out, "% of the pieces" in out) == (0, True, True)


def test_a_model_of_all_tracks_is_listed(run, song_chain_path):
    lines = run("models", song_chain_path)[1].splitlines()
    assert lines[0].endswith("songs.notegen: songs")
    assert "Markov chain of order 3, counted in " in lines[1]
    assert lines[1].endswith(" tokens, of all tracks")
    assert "5.00 bits per note on unseen tunes" in lines[2]


@pytest.mark.usefixtures("songs")
def test_numbers_that_no_file_has_are_told(run):
    code, _, err = run("corpus", "check", "songs", "--test-every", 50)
    assert (code, "no file has a number that divides by 50" in err) == (1, True)
