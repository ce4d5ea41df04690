"""``notegen engrave`` through its entry point."""

import json
from functools import partial

import pytest

from notegen import formats
from notegen.score import Score


@pytest.fixture
def run(run):
    """Return a function that runs ``notegen engrave``: exit code, output and errors."""
    return partial(run, "engrave")


@pytest.fixture
def jig(tmp_path, tune):
    tune((6, 8), bars=8, title="A Jig").write(tmp_path / "jig.mid")
    return tmp_path / "jig.mid"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_pdf_beside_the_file_is_the_default(run, jig, tmp_path):
    pytest.importorskip("typst")
    code, out, err = run(jig)
    assert (code, out, err) == (0, f"{tmp_path / 'jig.pdf'}: 1 page\n", "")
    assert (tmp_path / "jig.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("x.svg", b"<svg"),
        ("x.png", b"\x89PNG"),
        ("X.PDF", b"%PDF"),
        ("x.musicxml", b"<?xml"),
        ("x.abc", b"X:1"),
    ],
)
def test_the_ending_chooses_the_format(run, jig, tmp_path, name, begins):
    pytest.importorskip("verovio")
    code, out, err = run(jig, "--output", name)
    assert (code, err) == (0, "")
    assert out.startswith(name)
    assert (tmp_path / name).read_bytes().startswith(begins)
    assert names(tmp_path) == sorted(["jig.mid", name])


@pytest.mark.parametrize("name", ["x.abc", "x.musicxml"])
def test_what_is_written_is_the_same_music(run, jig, tmp_path, name):
    run(jig, "--output", name)
    own, back = formats.read(jig).quantize(24), formats.read(tmp_path / name).quantize(24)
    for column in ("onset", "duration", "pitch"):
        assert back.notes[column].tolist() == own.notes[column].tolist()


def test_the_seam_of_a_take_is_marked(run, jig, tmp_path):
    said = {"seam": 4 * 3 * 240 * 2, "takes": [{"file": "jig.mid"}]}
    (tmp_path / "jig.json").write_text(json.dumps(said))
    run(jig, "--output", "x.abc")
    assert '"^new"' in (tmp_path / "x.abc").read_text()
    (tmp_path / "jig.json").unlink()
    run(jig, "--output", "x.abc", "--force")
    assert '"^new"' not in (tmp_path / "x.abc").read_text()


@pytest.mark.parametrize("name", ["x.mid", "x.jpg", "x"])
def test_another_ending_is_bad_usage(run, jig, tmp_path, name):
    code, out, err = run(jig, "--output", name)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert ".pdf" in err
    assert names(tmp_path) == ["jig.mid"]


@pytest.mark.parametrize("name", ["x.svg", "x.abc"])
def test_a_file_that_exists_is_kept_without_force(run, jig, tmp_path, name):
    pytest.importorskip("verovio")
    (tmp_path / name).write_text("mine")
    code, _, err = run(jig, "--output", name)
    assert (code, err.count("\n")) == (2, 1)
    assert "--force" in err
    assert (tmp_path / name).read_text() == "mine"
    assert run(jig, "--output", name, "--force")[0] == 0
    assert (tmp_path / name).read_text() != "mine"


@pytest.mark.parametrize("name", ["x.pdf", "x.musicxml", "x.abc"])
def test_a_file_without_notes_is_bad_data(run, tmp_path, name):
    Score().write(tmp_path / "empty.mid")
    code, out, err = run("empty.mid", "--output", name)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert err.startswith("notegen: empty.mid: ")
    assert names(tmp_path) == ["empty.mid"]


def test_a_missing_file_is_bad_data(run, tmp_path):
    code, _, err = run("gone.mid")
    assert (code, err.count("\n")) == (1, 1)
    assert "gone.mid" in err
    assert names(tmp_path) == []
