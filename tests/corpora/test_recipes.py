import json
import re
import sys
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import notegen_corpora
import pytest
from notegen_corpora import COLLECTIONS, RECIPES, archive, cache, fetched, recipe

from notegen.errors import DataError

each = pytest.mark.parametrize("entry", RECIPES.values(), ids=RECIPES)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTEGEN_CACHE", str(tmp_path))


def put(name, content=b"tunes", **facts):
    """Put a fetched archive into the cache, with what is noted down of it."""
    cache().mkdir(exist_ok=True)
    said = {"fetched_sha256": RECIPES[name].sha256, "size": len(content), "sha256": "0" * 64} | facts
    (cache() / f"{name}.zip").write_bytes(content)
    (cache() / f"{name}.json").write_text(json.dumps(said))


@each
def test_a_recipe_says_whose_it_is_and_on_what_terms(entry):
    assert all((entry.title, entry.contents, entry.licence, entry.notice, entry.citation))
    assert urlsplit(entry.home).scheme == "https"
    assert recipe(entry.name) is entry


@each
def test_an_archive_is_known_again_by_size_and_checksum(entry):
    assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
    assert entry.size > 100_000
    assert urlsplit(entry.address).scheme in ("http", "https")
    assert entry.is_tar == (".tar.gz" in entry.address)


def test_no_two_archives_are_the_same():
    assert len({entry.sha256 for entry in RECIPES.values()}) == len(RECIPES)


def test_recipes_and_collections_have_different_names():
    assert not RECIPES.keys() & COLLECTIONS.keys()


def test_an_unknown_recipe_is_told_with_those_there_are():
    with pytest.raises(DataError, match=r'no corpus "irish" to fetch; there are nottingham, '):
        recipe("irish")


def test_what_was_not_fetched_is_told_with_the_command_that_does_it():
    with pytest.raises(DataError) as told:
        archive("nottingham")
    assert str(told.value) == '"nottingham" is not on this machine yet: notegen corpus fetch nottingham'


def test_what_was_fetched_is_found_by_its_name(tmp_path):
    put("nottingham")
    assert fetched("nottingham") == archive("nottingham") == tmp_path / "corpora" / "nottingham.zip"
    assert fetched("pop909") is None
    assert fetched("irish") is None


@pytest.mark.parametrize("facts", [{"fetched_sha256": "0" * 64}, {"size": 4}], ids=str)
def test_what_is_not_what_the_recipe_says_counts_as_not_fetched(facts):
    put("nottingham", **facts)
    assert fetched("nottingham") is None


@pytest.mark.parametrize("text", ["", "[]", "{}", "text"], ids=str)
def test_what_has_no_note_counts_as_not_fetched(text):
    put("nottingham")
    (cache() / "nottingham.json").write_text(text)
    assert fetched("nottingham") is None


def test_a_recipe_that_has_changed_is_to_be_fetched_again(monkeypatch):
    put("nottingham")
    later = replace(RECIPES["nottingham"], sha256="1" * 64)
    monkeypatch.setitem(notegen_corpora.RECIPES, "nottingham", later)
    assert fetched("nottingham") is None


@pytest.mark.parametrize(
    ("platform", "variables", "folder"),
    [
        ("linux", {}, "~/.cache/notegen/corpora"),
        ("linux", {"XDG_CACHE_HOME": "/fast"}, "/fast/notegen/corpora"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "~/.cache/notegen/corpora"),
        ("linux", {"XDG_CACHE_HOME": "/fast", "NOTEGEN_CACHE": "/own"}, "/own/corpora"),
        ("darwin", {"XDG_CACHE_HOME": "/fast"}, "~/Library/Caches/notegen/corpora"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/notegen/cache/corpora"),
        ("win32", {}, "~/AppData/Local/notegen/cache/corpora"),
    ],
)
def test_the_cache_is_where_the_system_keeps_it(monkeypatch, platform, variables, folder):
    for name in ("NOTEGEN_CACHE", "XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", platform)
    assert cache() == Path(folder).expanduser()


def test_without_a_home_the_variable_is_named(monkeypatch):
    def home():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("NOTEGEN_CACHE")
    monkeypatch.setattr(Path, "home", home)
    with pytest.raises(DataError, match="NOTEGEN_CACHE"):
        cache()
