import os
from functools import partial
from pathlib import Path

import pytest
import soundfile
from notegen_cli import play

from notegen.errors import UsageError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the players here are scripts of a Unix shell")


@pytest.fixture
def run(run, monkeypatch, tmp_path, tune):
    """Return a function that runs ``notegen play`` where only the test's players are on the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    tune((6, 8), bars=1).write(tmp_path / "jig.mid")
    return partial(run, "play")


def put_player(folder, name, script='for last; do :; done\n/bin/cp "$last" heard\necho "$0 $*" > called'):
    path = folder / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_a_score_is_rendered_and_played(run, tmp_path):
    put_player(tmp_path, "aplay")
    assert run("jig.mid") == (0, "", "")
    (tmp_path / "heard").rename(tmp_path / "heard.wav")
    assert soundfile.info(tmp_path / "heard.wav").duration > 0.5
    played = Path((tmp_path / "called").read_text().split()[-1])
    assert not played.exists()


@pytest.mark.parametrize("name", ["x.wav", "x.flac", "x.OGG", "x.mp3"])
def test_a_sound_file_is_played_as_it_is(run, tmp_path, name):
    put_player(tmp_path, "ffplay")
    (tmp_path / name).write_bytes(b"sound")
    assert run(name)[0] == 0
    assert (tmp_path / "heard").read_bytes() == b"sound"
    assert "-autoexit" in (tmp_path / "called").read_text()


def test_the_first_player_of_the_list_is_taken(run, tmp_path):
    for name in ("mpv", "paplay", "aplay"):
        put_player(tmp_path, name)
    assert run("jig.mid")[0] == 0
    assert "/paplay " in (tmp_path / "called").read_text()


def test_aplay_gets_no_file_that_it_plays_as_noise(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()
    put_player(tmp_path, "aplay")
    assert play.player(tmp_path / "x.wav")
    with pytest.raises(UsageError):
        play.player(tmp_path / "x.ogg")


def test_without_a_player_there_is_a_sentence(run):
    code, _, err = run("jig.mid")
    assert code == 2
    assert "notegen render" in err
    assert err.count("\n") == 1


def test_a_player_that_fails_is_told(run, tmp_path):
    put_player(tmp_path, "aplay", "exit 3")
    code, _, err = run("jig.mid")
    assert code == 1
    assert "aplay could not play" in err


@pytest.mark.parametrize("name", ["gone.mid", "gone.wav"])
def test_a_missing_file_is_told(run, tmp_path, name):
    put_player(tmp_path, "aplay")
    code, _, err = run(name)
    assert code == 1
    assert name in err
