import errno
import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

import notegen
from notegen import formats
from notegen.corpus.originality import Run
from notegen.errors import DataError, RangeError, UsageError
from notegen.formats import midi
from notegen.generation import forms
from notegen.generation.compose import compose
from notegen.generation.save import new_of, save
from notegen.rendering import fluid
from notegen.score import Span


@pytest.fixture(scope="module")
def takes(bundle, tune):
    return compose(bundle, midi.decode(midi.encode(tune(bars=2))), bars=2, variations=3, seed=5)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_takes_are_numbered_best_first_with_a_sidecar(tmp_path, bundle, takes):
    folder = tmp_path / "new" / "takes"
    paths, sidecar = save(takes, folder, "jig", model=bundle)
    assert [path.name for path in paths] == ["jig-1.mid", "jig-2.mid", "jig-3.mid"]
    assert names(folder) == ["jig-1.mid", "jig-2.mid", "jig-3.mid", "jig.json"]
    assert sidecar == folder / "jig.json"
    for path, take in zip(paths, takes, strict=True):
        assert path.read_bytes() == midi.encode(take.score)


def test_later_takes_go_on_counting_and_nothing_is_written_over(tmp_path, bundle, takes):
    save(takes, tmp_path, "jig", model=bundle)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    paths, sidecar = save(takes[:2], tmp_path, "jig", model=bundle)
    assert [path.name for path in paths] == ["jig-4.mid", "jig-5.mid"]
    assert sidecar.name == "jig-4.json"
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    ("present", "first"),
    [
        (["jig-7.mid"], "jig-8.mid"),
        (["jig.json"], "jig-2.mid"),
        (["jig-3.json"], "jig-4.mid"),
        (["jig.mid", "jig-2.txt", "big-jig-9.mid", "jig-x.mid", "jig-2-takes.mid"], "jig-1.mid"),
        (["jig-007.mid"], "jig-8.mid"),
        *(([f"jig-4.{form}"], "jig-5.mid") for form in ("wav", "png", "pdf", "musicxml", "abc", "html")),
        (["jig.html"], "jig-2.mid"),
        (["jig-2.wav", "jig-3.png", "jig-9.wav.part", "jig-8.svg"], "jig-4.mid"),
    ],
)
def test_numbers_that_are_taken_are_passed_over(tmp_path, bundle, takes, present, first):
    for name in present:
        (tmp_path / name).write_text("mine")
    assert save(takes, tmp_path, "jig", model=bundle)[0][0].name == first
    assert all((tmp_path / name).read_text() == "mine" for name in present)


def test_force_writes_over_the_first_takes(tmp_path, bundle, takes):
    save(takes, tmp_path, "jig", model=bundle)
    paths, sidecar = save(takes[::-1], tmp_path, "jig", model=bundle, force=True)
    assert len(names(tmp_path)) == 4
    assert paths[0].read_bytes() == midi.encode(takes[-1].score)
    assert json.loads(sidecar.read_text())["takes"][0]["notes"] == takes[-1].notes


def test_a_stem_with_signs_of_patterns_is_taken_literally(tmp_path, bundle, takes):
    for _ in range(2):
        paths, _ = save(takes[:1], tmp_path, "a+b (1)", model=bundle)
    assert paths[0].name == "a+b (1)-2.mid"


def test_the_sidecar_tells_how_the_takes_were_made(tmp_path, bundle, takes):
    source = tmp_path / "seed.mid"
    source.write_bytes(b"the seed")
    _, sidecar = save(takes, tmp_path / "out", "jig", model=bundle, source=source, options={"bars": 2})
    said = json.loads(sidecar.read_text())
    assert said["notegen"] == notegen.__version__
    assert said["source"] == {"file": "seed.mid", "sha256": hashlib.sha256(b"the seed").hexdigest()}
    assert said["models"] == [{"name": bundle.name, "sha256": bundle.digest}]
    assert (said["memory"], said["blend"]) == (0.5, None)
    assert (said["seed"], said["options"], said["human_bits_per_note"]) == (5, {"bars": 2}, 9.0)
    assert [take["file"] for take in said["takes"]] == ["jig-1.mid", "jig-2.mid", "jig-3.mid"]
    assert [take["notes"] for take in said["takes"]] == [take.notes for take in takes]


def test_the_sidecar_tells_what_is_copied(tmp_path, bundle, takes):
    run = Run(11, "Miss McLeod's Reel", "reels.abc#3", 2, 40)
    known = {**bundle.provenance, "human_originality": {"runs": {}, "longest": {"16": 9.0, "4096": 9.0}}}
    copying = [replace(takes[0], copied=run, copies=True), *takes[1:]]
    _, sidecar = save(copying, tmp_path, "jig", model=replace(bundle, provenance=known))
    said = json.loads(sidecar.read_text())["takes"]
    assert [take["copied"] for take in said] == [{"notes": 11, "title": "Miss McLeod's Reel"}, None, None]
    assert [take["human_longest_copy"] for take in said] == [9.0] * 3


def test_the_sidecar_of_a_model_without_an_index_leaves_open_what_is_copied(tmp_path, bundle, takes):
    _, sidecar = save(takes, tmp_path, "jig", model=bundle)
    for take in json.loads(sidecar.read_text())["takes"]:
        assert take["copied"] is None and take["human_longest_copy"] is None


def test_the_sidecar_of_the_same_takes_is_the_same(tmp_path, bundle, takes):
    first, second = (save(takes, tmp_path / name, "jig", model=bundle)[1].read_bytes() for name in "ab")
    assert first == second


def test_only_the_new_bars_can_be_written(tmp_path, bundle, takes):
    paths, _ = save(takes, tmp_path, "jig", model=bundle, only_new=True)
    assert [len(formats.read(path).notes) for path in paths] == [take.notes for take in takes]


def test_a_file_in_the_folders_place_is_left_alone(tmp_path, bundle, takes):
    (tmp_path / "takes").write_text("mine")
    with pytest.raises(UsageError, match="is a file"):
        save(takes, tmp_path / "takes", "jig", model=bundle)
    with pytest.raises(DataError, match="cannot be written"):
        save(takes, tmp_path / "takes" / "deeper", "jig", model=bundle)
    assert (tmp_path / "takes").read_text() == "mine"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_forms_are_numbered_with_their_takes_and_not_written_over(tmp_path, bundle, takes):
    written = ("png", "abc", "sheet")
    save(takes[:1], tmp_path, "jig", model=bundle, forms=written)
    before = contents(tmp_path)
    assert sorted(before) == ["jig-1.abc", "jig-1.mid", "jig-1.png", "jig.html", "jig.json"]
    save(takes[1:2], tmp_path, "jig", model=bundle, forms=written)
    after = contents(tmp_path)
    assert sorted(set(after) - set(before)) == [
        *("jig-2.abc", "jig-2.html", "jig-2.json", "jig-2.mid", "jig-2.png")
    ]
    assert {name: after[name] for name in before} == before


def test_force_writes_over_the_forms(tmp_path, bundle, takes):
    for take in takes[:2]:
        save([take], tmp_path / "twice", "jig", model=bundle, forms=("png", "abc", "sheet"), force=True)
    save(takes[1:2], tmp_path / "once", "jig", model=bundle, forms=("png", "abc", "sheet"))
    assert contents(tmp_path / "twice") == contents(tmp_path / "once")


def test_the_same_takes_are_the_same_bytes_in_every_form(tmp_path, eighths, tune):
    pytest.importorskip("verovio")
    takes = compose(eighths, tune((2, 4), bars=1), bars=1, variations=1, seed=1)
    for name in "ab":
        save(takes, tmp_path / name, "jig", model=eighths, forms=(*forms.WRITERS, "sheet"))
    assert len(contents(tmp_path / "a")) == 3 + len(forms.WRITERS)
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.parametrize("form", ["wav", "sheet"])
def test_the_sidecar_tells_what_was_played(tmp_path, eighths, tune, form):
    takes = compose(eighths, tune((2, 4), bars=1), bars=1, variations=1, seed=1)
    _, sidecar = save(takes, tmp_path, "jig", model=eighths, forms=(form,))
    font = Path(os.environ["NOTEGEN_SOUNDFONT"])
    assert json.loads(sidecar.read_text())["sound"] == {
        "engine": "fluidsynth" if fluid.binding() else "builtin",
        "soundfont": font.name,
        "soundfont_sha256": hashlib.sha256(font.read_bytes()).hexdigest(),
    }


def test_a_form_that_cannot_be_written_is_named(tmp_path, bundle, takes, monkeypatch):
    def fail(*_):
        raise RangeError("the picture would be too tall")

    monkeypatch.setitem(forms.WRITERS, "png", fail)
    with pytest.raises(RangeError, match=r"jig-1\.png: the picture would be too tall"):
        save(takes, tmp_path, "jig", model=bundle, forms=("png",))


def test_progress_is_told_before_each_form(tmp_path, bundle, takes):
    told = []
    save(
        takes[:2],
        tmp_path,
        "jig",
        model=bundle,
        forms=("png", "abc"),
        progress=lambda done, total, path: told.append((done, total, path.name, path.exists())),
    )
    names = ["jig-1.png", "jig-1.abc", "jig-2.png", "jig-2.abc"]
    assert told == [(i, 4, name, False) for i, name in enumerate(names)]


def no_space(path, data):
    """Write a file as a full disk does: the first half of it."""
    with path.open("wb") as file:
        file.write(data[: len(data) // 2])
        if ".png." in path.name:
            raise OSError(errno.ENOSPC, "No space left on device")
        file.write(data[len(data) // 2 :])


def too_much(*_):
    raise RangeError("it is too tall")


@pytest.mark.parametrize(
    ("target", "name", "failure", "reason"),
    [(Path, "write_bytes", no_space, "No space left"), (forms.WRITERS, "png", too_much, "too tall")],
    ids=["full disk", "too tall"],
)
def test_a_form_that_fails_leaves_whole_takes(
    monkeypatch, tmp_path, bundle, takes, target, name, failure, reason
):
    with monkeypatch.context() as patch:
        (patch.setitem if isinstance(target, dict) else patch.setattr)(target, name, failure)
        with pytest.raises(DataError, match=reason):
            save(takes, tmp_path, "jig", model=bundle, forms=("abc", "png", "sheet"))
    assert names(tmp_path) == ["jig-1.abc", "jig-1.mid", "jig-2.mid", "jig-3.mid", "jig.json"]
    for i, take in enumerate(takes, start=1):
        assert (tmp_path / f"jig-{i}.mid").read_bytes() == midi.encode(take.score)
    assert len(json.loads((tmp_path / "jig.json").read_text())["takes"]) == 3
    assert save(takes, tmp_path, "jig", model=bundle, forms=("abc", "png"))[0][0].name == "jig-4.mid"


def test_what_is_new_of_a_take_is_found_beside_it(tmp_path, bundle, takes):
    paths, _ = save(takes, tmp_path, "jig", model=bundle)
    later, _ = save(takes[:1], tmp_path, "jig", model=bundle, only_new=True)
    assert {new_of(path) for path in paths} == {takes[0].new} == {Span(2 * 1920)}
    assert new_of(later[0]) is None
    assert new_of(tmp_path / "other.mid") is None


def test_the_end_of_new_bars_in_the_middle_is_found_too(tmp_path, bundle, takes):
    between = [replace(take, new=Span(960, 1920)) for take in takes]
    paths, sidecar = save(between, tmp_path, "jig", model=bundle)
    assert {new_of(path) for path in paths} == {Span(960, 1920)}
    said = json.loads(sidecar.read_bytes())
    assert (said["seam"], said.pop("until")) == (960, 1920)
    sidecar.write_text(json.dumps(said))
    assert new_of(paths[0]) == Span(960)


def test_what_is_new_of_a_take_that_was_written_over_is_what_the_later_run_says(
    tmp_path, bundle, tune, takes
):
    """The last run writes over the takes of two runs before it, but over the sidecar of the first alone."""
    for _ in range(2):
        save(takes[:1], tmp_path, "jig", model=bundle)
    others = compose(bundle, tune(bars=1), bars=1, variations=2, seed=6)
    paths, _ = save(others, tmp_path, "jig", model=bundle, force=True)
    assert names(tmp_path) == ["jig-1.mid", "jig-2.json", "jig-2.mid", "jig.json"]
    assert {new_of(path) for path in paths} == {Span(1920)}


@pytest.mark.parametrize(
    "text",
    ["", "no json", "[]", "3", '"takes"', "null", "{}", '{"takes": 3}', '{"takes": ["jig-1.mid"]}', "\xff"],
)
def test_other_json_files_do_not_hide_what_is_new(tmp_path, bundle, takes, text):
    paths, _ = save(takes, tmp_path, "jig", model=bundle)
    for name in ("a.json", "zzzzzz.json"):
        (tmp_path / name).write_bytes(text.encode("latin-1"))
    assert new_of(paths[0]) == Span(2 * 1920)
    (tmp_path / "jig.json").unlink()
    assert new_of(paths[0]) is None


@pytest.mark.skipif(os.name == "nt", reason="file names are text there")
def test_a_name_that_is_no_text_does_not_stop_the_page(tmp_path, bundle, takes):
    stem = os.fsdecode(b"caf\xe9")
    try:
        save(takes[:1], tmp_path, stem, model=bundle, forms=("png", "abc", "sheet"))
    except DataError:
        pytest.skip("this file system takes text alone")
    assert "<h2>caf?-1.mid</h2>" in (tmp_path / f"{stem}.html").read_text()
