import hashlib
import io
import json
import random
import shutil
import tarfile
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from file_server import serving
from notegen_corpora import fetch as fetching
from notegen_corpora.fetch import fetch
from notegen_corpora.recipes import RECIPES

from notegen.errors import DataError

DATA = random.Random(0).randbytes(300_000)
CUT = 120_000


def recipe_for(server, data=DATA, **rest):
    """Return a recipe of the server's file, whose published bytes are `data`."""
    facts = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "is_tar": False} | rest
    return replace(RECIPES["nottingham"], name="tiny", address=server.address, **facts)


def begin(folder, **manners):
    """Fetch from a server that breaks off, so that a part is there."""
    with serving(DATA, cut=CUT, **manners) as server, pytest.raises(DataError, match="broke off"):
        fetch(recipe_for(server), folder)
    assert names(folder)[0] == "tiny.part"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def told(action):
    """Return what the error that an action ends with says; it is one sentence."""
    with pytest.raises(DataError) as caught:
        action()
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_what_is_fetched_is_what_was_published(tmp_path):
    with serving(DATA) as server:
        path = fetch(recipe_for(server), tmp_path / "new" / "folder")
    assert path.read_bytes() == DATA
    assert names(path.parent) == ["tiny.json", "tiny.zip"]
    said = json.loads((path.parent / "tiny.json").read_text())
    assert (said["address"], said["sha256"]) == (server.address, hashlib.sha256(DATA).hexdigest())


def test_progress_grows_from_nothing_to_all(tmp_path):
    heard = []
    with serving(DATA) as server:
        fetch(recipe_for(server), tmp_path, lambda *state: heard.append(state))
    counts = [done for task, done, _ in heard if task == "downloading"]
    assert counts == sorted(counts)
    assert (counts[0], counts[-1]) == (0, len(DATA))
    assert {total for _, _, total in heard} == {len(DATA)}
    assert list(dict.fromkeys(task for task, *_ in heard)) == ["downloading", "checking"]


def test_a_second_call_asks_for_nothing(tmp_path):
    with serving(DATA) as server:
        recipe = recipe_for(server)
        first = fetch(recipe, tmp_path)
        stamp = first.stat().st_mtime_ns
        assert fetch(recipe, tmp_path) == first
    assert server.asked == [None]
    assert first.stat().st_mtime_ns == stamp


@pytest.mark.parametrize("harm", [lambda b: b[:-1] + b"?", lambda b: b[:-1]], ids=["changed", "cut"])
def test_what_has_been_damaged_since_is_fetched_again(tmp_path, harm):
    with serving(DATA) as server:
        path = fetch(recipe_for(server), tmp_path)
        path.write_bytes(harm(DATA))
        assert fetch(recipe_for(server), tmp_path).read_bytes() == DATA
    assert len(server.asked) == 2


def test_what_broke_off_is_continued(tmp_path):
    begin(tmp_path)
    heard = []
    with serving(DATA) as server:
        path = fetch(recipe_for(server), tmp_path, lambda *state: heard.append(state))
    assert server.asked == [f"bytes={CUT}-"]
    assert server.sent == len(DATA) - CUT
    assert heard[0] == ("downloading", CUT, len(DATA))
    assert path.read_bytes() == DATA
    assert names(tmp_path) == ["tiny.json", "tiny.zip"]


def test_what_was_interrupted_is_continued(tmp_path):
    def stop(*state):
        if state[1]:
            raise KeyboardInterrupt

    with serving(DATA) as server, pytest.raises(KeyboardInterrupt):
        fetch(recipe_for(server), tmp_path, stop)
    there = (tmp_path / "tiny.part").stat().st_size
    assert 0 < there < len(DATA)
    with serving(DATA) as server:
        assert fetch(recipe_for(server), tmp_path).read_bytes() == DATA
    assert server.sent == len(DATA) - there


@pytest.mark.parametrize(
    ("manners", "asked"),
    [
        ({"ranges": False}, f"bytes={CUT}-"),
        ({"tag": '"second"'}, f"bytes={CUT}-"),
    ],
    ids=["no ranges", "another version"],
)
def test_what_cannot_be_continued_is_begun_again(tmp_path, manners, asked):
    begin(tmp_path)
    with serving(DATA, **manners) as server:
        assert fetch(recipe_for(server), tmp_path).read_bytes() == DATA
    assert server.asked == [asked]
    assert server.sent == len(DATA)


@pytest.mark.parametrize("tag", [None, 'W/"first"'], ids=["none", "weak"])
def test_a_file_whose_version_is_not_told_is_begun_again(tmp_path, tag):
    begin(tmp_path, tag=tag)
    with serving(DATA, tag=tag) as server:
        assert fetch(recipe_for(server), tmp_path).read_bytes() == DATA
    assert server.asked == [None]


def test_a_part_that_is_too_long_is_begun_again(tmp_path):
    begin(tmp_path)
    (tmp_path / "tiny.part").write_bytes(DATA + DATA)
    with serving(DATA) as server:
        assert fetch(recipe_for(server), tmp_path).read_bytes() == DATA
    assert server.asked == [f"bytes={2 * len(DATA)}-", None]


def test_a_part_that_is_all_there_is_only_checked(tmp_path):
    begin(tmp_path)
    (tmp_path / "tiny.part").write_bytes(DATA)
    with serving(DATA) as server:
        assert fetch(recipe_for(server), tmp_path).read_bytes() == DATA
    assert server.asked == []


def test_other_bytes_are_refused_and_thrown_away(tmp_path):
    with serving(DATA[::-1]) as server:
        text = told(lambda: fetch(recipe_for(server), tmp_path))
    assert "another SHA-256" in text and server.address in text
    assert names(tmp_path) == []


def test_a_continued_part_of_other_bytes_is_refused_and_thrown_away(tmp_path):
    begin(tmp_path)
    (tmp_path / "tiny.part").write_bytes(bytes(CUT))
    with serving(DATA) as server:
        assert "another SHA-256" in told(lambda: fetch(recipe_for(server), tmp_path))
    assert names(tmp_path) == []


@pytest.mark.parametrize("body", [DATA[:-1], DATA + b"?"], ids=["shorter", "longer"])
def test_another_length_is_refused_before_it_is_fetched(tmp_path, body):
    with serving(body) as server:
        assert "not as long as" in told(lambda: fetch(recipe_for(server), tmp_path))
    assert names(tmp_path) == []


def test_more_than_was_published_is_refused_though_no_length_is_told(tmp_path):
    heard = []
    with serving(DATA + DATA, tells_length=False) as server:
        recipe = recipe_for(server)
        assert "longer than" in told(lambda: fetch(recipe, tmp_path, lambda *state: heard.append(state)))
    assert all(done <= total for _, done, total in heard)
    assert names(tmp_path) == []


def test_no_length_need_be_told(tmp_path):
    with serving(DATA, tells_length=False) as server:
        assert fetch(recipe_for(server), tmp_path).read_bytes() == DATA


@pytest.mark.parametrize("status", [403, 404, 503])
def test_a_server_that_refuses_is_quoted(tmp_path, status):
    with serving(DATA, status=status) as server:
        text = told(lambda: fetch(recipe_for(server), tmp_path))
    assert f"127.0.0.1 answers {status}" in text
    assert RECIPES["nottingham"].home in text
    assert names(tmp_path) == []


def test_a_server_that_is_not_there_is_told(tmp_path):
    with serving(DATA) as server:
        pass
    assert "127.0.0.1 cannot be reached" in told(lambda: fetch(recipe_for(server), tmp_path))


def test_a_name_that_nobody_knows_is_told(tmp_path):
    with serving(DATA) as server:
        recipe = replace(recipe_for(server), address="http://tunes.invalid/tunes.zip")
    assert "tunes.invalid cannot be reached" in told(lambda: fetch(recipe, tmp_path))


def test_a_server_that_says_nothing_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT", 0.2)
    with serving(DATA, hush=True) as server:
        assert "timed out" in told(lambda: fetch(recipe_for(server), tmp_path))


def test_a_server_that_falls_silent_is_not_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr(fetching, "TIMEOUT", 0.2)
    with serving(DATA, pause=0.5) as server:
        assert "broke off" in told(lambda: fetch(recipe_for(server), tmp_path))


def test_a_full_disk_is_told_before_anything_is_fetched(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=1 << 17)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    with serving(DATA) as server:
        assert "0 MiB are free" in told(lambda: fetch(recipe_for(server), tmp_path))
    assert server.asked == []


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with serving(DATA) as server:
        text = told(lambda: fetch(recipe_for(server), tmp_path / "file"))
    assert text.startswith(f"{tmp_path / 'file'}: cannot be used")


def test_a_disk_that_fills_up_is_told(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    (tmp_path / "tiny.part").symlink_to("/dev/full")
    with serving(DATA) as server:
        assert "No space left" in told(lambda: fetch(recipe_for(server), tmp_path))


def tar_of(**files):
    """Return a compressed tar archive of files, whose names have / for __."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("__", "/"))
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        link = tarfile.TarInfo("link.mid")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return data.getvalue()


ODD = {
    "a__1.mid": b"one",
    "..__out.MID": b"two",
    "a__AC:DC?.mid": b"three",
    "read.me": b"text",
    "b.abc": b"X:1",
}


def test_a_tar_archive_becomes_a_zip_archive_of_its_music(tmp_path):
    heard = []
    data = tar_of(**ODD)
    with serving(data) as server:
        recipe = recipe_for(server, data, is_tar=True)
        path = fetch(recipe, tmp_path, lambda *state: heard.append(state))
        assert fetch(recipe, tmp_path) == path
    assert len(server.asked) == 1
    assert names(tmp_path) == ["tiny.json", "tiny.zip"]
    assert ("repacking", len(data), len(data)) in heard
    with zipfile.ZipFile(path) as packed:
        assert {name: packed.read(name) for name in packed.namelist()} == {
            "a/1.mid": b"one",
            "../out.MID": b"two",
            "a/AC:DC?.mid": b"three",
            "b.abc": b"X:1",
        }


def test_repacking_gives_the_same_bytes_each_time(tmp_path):
    data = tar_of(**ODD)
    with serving(data) as server:
        first, second = (
            fetch(recipe_for(server, data, is_tar=True), tmp_path / name).read_bytes() for name in "ab"
        )
    assert first == second


def test_names_in_a_foreign_encoding_do_no_harm(tmp_path):
    data = tar_of(**{"caf\udce9.mid": b"one"})
    with serving(data) as server:
        path = fetch(recipe_for(server, data, is_tar=True), tmp_path)
    with zipfile.ZipFile(path) as packed:
        assert packed.namelist() == ["caf\N{REPLACEMENT CHARACTER}.mid"]


@pytest.mark.parametrize("data", [DATA, tar_of(**{"a.mid": DATA})[:-5000]], ids=["no archive", "cut archive"])
def test_an_archive_that_cannot_be_read_is_told(tmp_path, data):
    with serving(data) as server:
        text = told(lambda: fetch(recipe_for(server, data, is_tar=True), tmp_path))
    assert "the archive cannot be read" in text
    assert "tiny.zip" not in names(tmp_path)
