"""notegen corpus fetch and notegen corpus list, against a server on this machine."""

import hashlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import pytest
from file_server import serving
from notegen_cli import corpus, fetching
from notegen_corpora import COLLECTIONS, RECIPES, cache

TUNE = "X:1\nT:A tune of nine notes\nL:1/4\nK:C\nCDEF|GABc|c4|\n"


def zip_of(text, padding=0):
    """Return a zip archive of one tunebook, beside something long that is no music."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as packed:
        packed.writestr("tunes/book.abc", text)
        packed.writestr("tunes/readme", bytes(padding))
    return data.getvalue()


DATA = zip_of(TUNE, padding=400_000)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("NOTEGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setitem(corpus.command.commands, "fetch", fetching.fetch)
    monkeypatch.setitem(corpus.command.commands, "list", fetching.list_)


@pytest.fixture
def served(monkeypatch):
    """Serve the archive under the name of a recipe."""
    with serving(DATA) as server:
        monkeypatch.setitem(RECIPES, "nottingham", recipe_for(server))
        yield server


def recipe_for(server):
    facts = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    return replace(RECIPES["nottingham"], address=server.address, **facts)


def test_the_terms_are_shown_and_the_corpus_is_fetched(run, served):
    code, out, err = run("corpus", "fetch", "nottingham")
    assert (code, err) == (0, "")
    assert out.index("licence: none stated") < out.index("nottingham: fetched")
    assert str(cache() / "nottingham.zip") in out
    assert served.address in out
    assert (cache() / "nottingham.zip").read_bytes() == DATA


def test_a_second_call_says_that_it_is_here(run, served):
    run("corpus", "fetch", "nottingham")
    code, out, _ = run("corpus", "fetch", "nottingham")
    assert code == 0
    assert "nottingham: is here already" in out
    assert len(served.asked) == 1


@pytest.mark.usefixtures("served")
def test_where_there_is_no_terminal_lines_tell_how_far_it_is(run, monkeypatch):
    monkeypatch.setattr(fetching, "_PAUSE", 0.0)
    err = run("corpus", "fetch", "nottingham")[2]
    lines = [line for line in err.splitlines() if "downloading" in line]
    form = r"nottingham: downloading, [\d.]+ k?B(ytes)? of 40\d kB, .+ a second, \d+ s left"
    assert lines
    assert all(re.fullmatch(form, line) for line in lines)


@pytest.mark.usefixtures("served")
def test_on_a_terminal_a_bar_tells_how_far_it_is(run, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(fetching, "_DELAY", 0.0)
    code, _, err = run("corpus", "fetch", "nottingham")
    assert code == 0
    assert "nottingham: downloading:   0%|" in err
    assert "nottingham: checking: " in err
    assert "\n" not in err


@pytest.mark.usefixtures("served")
def test_what_was_fetched_is_known_by_its_name(run):
    run("corpus", "fetch", "nottingham")
    code, out, _ = run("corpus", "check", "nottingham")
    assert code == 0
    assert "Nottingham Music Database: 1 pieces, 1 kept, 0 duplicates, 0 refused" in out
    assert (
        json.loads(run("corpus", "check", "nottingham", "--json")[1])["notice"]
        == RECIPES["nottingham"].notice
    )


def test_what_was_not_fetched_is_told_with_the_command_that_does_it(run):
    code, _, err = run("corpus", "check", "nottingham")
    assert code == 1
    assert err == 'notegen: "nottingham" is not on this machine yet: notegen corpus fetch nottingham\n'


def test_what_is_built_in_needs_no_fetching(run):
    code, out, _ = run("corpus", "fetch", "ryan")
    assert (code, out) == (0, "ryan is built in; there is nothing to fetch\n")


def test_an_unknown_name_is_told_before_anything_is_fetched(run, served):
    code, _, err = run("corpus", "fetch", "nottingham", "irish")
    assert code == 1
    assert err.startswith('notegen: there is no corpus "irish" to fetch')
    assert err.count("\n") == 1
    assert served.asked == []


@pytest.mark.usefixtures("served")
def test_without_a_network_one_sentence_is_printed(run, monkeypatch):
    monkeypatch.setitem(RECIPES, "nottingham", replace(RECIPES["nottingham"], address="http://127.0.0.1:9/a"))
    code, _, err = run("corpus", "fetch", "nottingham")
    assert code == 1
    assert re.fullmatch(r"notegen: 127\.0\.0\.1 cannot be reached \(.+\); is this machine online\?\n", err)


def test_other_bytes_are_refused(run, served):
    served.body = DATA[::-1]
    code, _, err = run("corpus", "fetch", "nottingham")
    assert code == 1
    assert err.count("\n") == 1
    assert "another SHA-256" in err


@pytest.mark.usefixtures("served")
def test_the_list_tells_all_there_is_with_terms(run):
    code, out, _ = run("corpus", "list")
    assert code == 0
    lines = out.splitlines()
    names = [line.split()[0] for line in lines if line and not line[0].isspace() and not line.endswith(":")]
    assert names == [*COLLECTIONS, *RECIPES]
    assert all(entry.notice in out for entry in (*COLLECTIONS.values(), *RECIPES.values()))
    assert "For experiments only." in out
    assert "Nottingham Music Database (400 kB, not fetched)" in out


@pytest.mark.usefixtures("served")
def test_the_list_tells_what_is_here(run):
    run("corpus", "fetch", "nottingham")
    assert "Nottingham Music Database (400 kB, is here)" in run("corpus", "list")[1]


PROGRAM = """
import signal
import sys
from dataclasses import replace
from notegen_cli import corpus, fetching
from notegen_cli.main import main
from notegen_corpora import RECIPES
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where tests run in the background

address, size, sha256 = sys.argv.pop(1), int(sys.argv.pop(1)), sys.argv.pop(1)
RECIPES["nottingham"] = replace(RECIPES["nottingham"], address=address, size=size, sha256=sha256)
corpus.command.commands["fetch"] = fetching.fetch
main()
"""


@pytest.mark.skipif(os.name == "nt", reason="a signal to one process needs POSIX")
def test_an_interrupted_program_keeps_what_came(run, monkeypatch):
    with serving(DATA, pause=0.05) as slow:
        recipe = recipe_for(slow)
        facts = [slow.address, str(recipe.size), recipe.sha256]
        command = [sys.executable, "-c", PROGRAM, *facts, "corpus", "fetch", "nottingham"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        part, until = cache() / "nottingham.part", time.monotonic() + 60
        while not (part.exists() and part.stat().st_size) and time.monotonic() < until:
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    there = part.stat().st_size
    assert process.returncode == 130
    assert "Traceback" not in err
    assert "call the same command again to go on" in err
    assert 0 < there < len(DATA)
    with serving(DATA) as server:
        monkeypatch.setitem(RECIPES, "nottingham", recipe_for(server))
        assert run("corpus", "fetch", "nottingham")[0] == 0
    assert server.sent == len(DATA) - there
