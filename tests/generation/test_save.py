import hashlib
import json

import pytest

import notegen
from notegen import formats
from notegen.errors import DataError, UsageError
from notegen.formats import midi
from notegen.generation.compose import compose
from notegen.generation.save import save


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
    assert said["model"] == {"name": bundle.name, "sha256": bundle.digest}
    assert (said["seed"], said["options"], said["human_bits_per_note"]) == (5, {"bars": 2}, 9.0)
    assert [take["file"] for take in said["takes"]] == ["jig-1.mid", "jig-2.mid", "jig-3.mid"]
    assert [take["notes"] for take in said["takes"]] == [take.notes for take in takes]


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
