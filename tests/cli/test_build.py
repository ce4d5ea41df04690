"""`notegen corpus build` as people run it."""

import os
import signal
import subprocess
import sys
import time

import pytest
from made_tunes import write_tunes

from notegen.corpus import Corpus

# heeds Ctrl-C also where tests run in the background
START = """
import signal
from notegen_cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""
PROGRAM = (sys.executable, "-c", START, "corpus", "build")

# imported by Python at its start: files are read slowly, and many jobs are made of few
SLOW = """
import sys, time
def slow(event, arguments):
    if event == "open" and str(arguments[0]).endswith(".mid"):
        time.sleep(0.005)
sys.addaudithook(slow)
"""


@pytest.fixture
def tunes(tmp_path):
    return write_tunes(tmp_path / "tunes", range(520))


def test_a_corpus_is_built_and_used(run, tunes):
    (tunes / "torn.mid").write_bytes(b"MThd")
    code, out, err = run("corpus", "build", tunes, "--output", "built", "--jobs", "1")
    assert (code, err) == (0, "")
    assert "built: 521 files, 520 pieces kept, 0 duplicates, 1 refused" in out
    code, out, _ = run("corpus", "check", "built")
    assert code == 0
    assert "tunes: 521 pieces, 520 kept, 0 duplicates, 1 refused" in out


def test_what_cannot_be_done_is_one_sentence(run, tunes):
    for arguments, expected in (
        ((tunes, "--output", tunes), 2),
        (("gone", "--output", "built"), 1),
    ):
        code, _, err = run("corpus", "build", *arguments)
        assert code == expected
        assert err.count("\n") == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_build_that_is_stopped_goes_on_to_the_same_bytes(tmp_path, how):
    tunes = write_tunes(tmp_path / "tunes", range(1100))  # five jobs, for two processes
    whole = subprocess.run(
        [*PROGRAM, tunes, "--output", tmp_path / "whole", "--jobs", "1"], capture_output=True, check=True
    )
    assert not whole.stderr
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sitecustomize.py").write_text(SLOW)
    command = [*PROGRAM, tunes, "--output", tmp_path / "cut", "--jobs", "2"]
    with subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as cut:
        while not list((tmp_path / "cut").glob("shard-*")):
            assert cut.poll() is None
            time.sleep(0.02)
        os.killpg(cut.pid, how)
        said = cut.communicate()[1]
    assert cut.returncode == (130 if how == signal.SIGINT else -9)
    if how == signal.SIGINT:
        assert b"goes on from here" in said
        assert b"Traceback" not in said
    left = len(list((tmp_path / "cut").glob("shard-*")))
    assert left < 5
    subprocess.run(command, capture_output=True, check=True)
    shards = [
        {path.name: path.read_bytes() for path in folder.glob("shard-*")}
        for folder in (tmp_path / "whole", tmp_path / "cut")
    ]
    assert len(shards[0]) == 5
    assert shards[0] == shards[1]
    first, second = (Corpus.open(tmp_path / name).report() for name in ("whole", "cut"))
    assert first == second
