"""Bars of a seed written anew by `notegen compose --between`."""

import json
from pathlib import Path

import pytest
from made_tunes import make_song, make_tune

from notegen.formats import read
from notegen.generation import pens

BAR = 1920


@pytest.fixture
def _seeds(tmp_path, monkeypatch):
    monkeypatch.setattr(pens, "PARTICLES", 3)  # many drafts take their time
    make_song(bars=8).write(tmp_path / "song.mid")
    make_tune(bars=8).write(tmp_path / "tune.abc")


@pytest.mark.usefixtures("_seeds")
def test_bars_are_written_anew_and_told(run, tmp_path, song_chain_path):
    arguments = ("--model", song_chain_path, "--between", "4:5", "--seed", 1, "--variations", 2)
    code, out, err = run("compose", "song.mid", *arguments, "--tracks", "Tune,Kit")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "song.mid: 8 bars, 4/4, D major; bars 4 to 5 are written anew"
    assert lines[1].strip() == f"by {song_chain_path}: 1 (Tune), 3 (Kit)"
    assert lines[2].strip() == "stay as they are: 2 (Chords)"
    assert "song-1.mid  2 bars, " in out
    take, seed = read(tmp_path / "song-takes" / "song-1.mid"), read(tmp_path / "song.mid")
    outside = [row for row in seed.notes.tolist() if not 3 * BAR <= row[0] < 5 * BAR]
    rows = [row for row in take.notes.tolist() if not 3 * BAR <= row[0] < 5 * BAR]
    assert rows == outside
    said = json.loads((tmp_path / "song-takes" / "song.json").read_bytes())
    assert (said["seam"], said["until"]) == (3 * BAR, 5 * BAR)
    assert (said["options"]["between"], said["options"]["bars"]) == ([4, 5], 2)


@pytest.mark.usefixtures("_seeds")
def test_where_the_new_bars_begin_and_end_is_shown(run, bundle_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    arguments = ("--model", bundle_path, "--between", "4:5", "--seed", 1, "--variations", 1)
    assert run("compose", "tune.abc", *arguments)[0] == 0
    code, out, _ = run("show", "tune-takes/tune-1.mid")
    assert (code, "4 new" in out) == (0, True)
    top = next(line for line in out.splitlines() if "┃" in line)
    assert [i for i, char in enumerate(c for c in top if c in "│┃") if char == "┃"] == [3, 5]
    assert run("engrave", "tune-takes/tune-1.mid", "--output", "tune-1.abc")[0] == 0
    music = Path("tune-1.abc").read_text()
    assert music.index('|| "^new"') < music.index('|| "^seed"')


@pytest.mark.usefixtures("_seeds")
def test_only_the_new_bars_are_written_where_they_are_wanted(run, tmp_path, bundle_path):
    arguments = ("--model", bundle_path, "--between", "4", "--seed", 1, "--variations", 1, "--only-new")
    code, out, _ = run("compose", "tune.abc", *arguments)
    assert (code, "bar 4 is written anew" in out) == (0, True)
    fresh = read(tmp_path / "tune-takes" / "tune-1.mid")
    assert len(fresh.notes)
    assert len(fresh.bars()) == 2
    assert (tmp_path / "tune-takes" / "tune-1.abc").exists()


REFUSED = {
    "no seed": (["--between", "4:5"], "writes bars of a seed anew; name one"),
    "bars": (["tune.abc", "--between", "4:5", "--bars", 8], "--bars is for what comes behind a seed"),
    "others": (["song.mid", "--between", "4:5", "--others", "loop"], "--others is for what comes behind"),
    "no range": (["tune.abc", "--between", "4-5"], '"4-5" is not a range of bars'),
    "the end": (["tune.abc", "--between", "7:8"], "nothing is played behind bars 7 to 8"),
    "too many": (["tune.abc", "--between", "7:9"], "there are no bars 7 to 9: the seed has 8"),
}


@pytest.mark.usefixtures("_seeds")
@pytest.mark.parametrize(("arguments", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_a_sentence(run, arguments, reason):
    code, _, err = run("compose", *arguments)
    assert (code, reason in err, "Traceback" in err) == (2, True, False)
