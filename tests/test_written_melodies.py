"""Melodies that benchmarks read as they are written."""

import runpy
from pathlib import Path

import pytest

from notegen.codecs import vocabulary as v
from notegen.score import KEY, Score, table

READER = runpy.run_path(str(Path(__file__).parent.parent / "benchmarks" / "_melodies.py"))
ABC = "X:1\nM:2/4\nL:1/4\nP:AB\nK:{key}\nP:A\n{music}\n"
KERN = "**kern\n*k[f#]\n*G:\n*M2/4\n*>[A,A,B]\n*>A\n=1\n4g\n4a\n=:|!\n*>B\n4b\n4g\n==\n*-\n"


def read(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return READER["melodies"](path)


@pytest.mark.parametrize(
    ("music", "pitches"),
    [
        ("|:CD|EF:|", [60, 62, 64, 65]),
        ("|:CD|1EF:|2GA|]", [60, 62, 64, 65, 67, 69]),
        ("CD::EF|[1G2:|[2A2|]", [60, 62, 64, 65, 67, 69]),
        ("|:C2-|C2:|\nw: one : two |: three", [60]),
        ("[K:G]FG|[M:2/4]z2|:AB:|", [66, 67, 69, 71]),
    ],
)
def test_repeats_of_abc_are_not_played_out(tmp_path, music, pitches):
    (ids,), refused = read(tmp_path, "a.abc", ABC.format(key="C", music=music))
    assert v.pitches(ids).tolist() == pitches
    assert not refused


def test_repeats_of_humdrum_are_not_played_out(tmp_path):
    (ids,), refused = read(tmp_path, "a.krn", KERN)
    assert v.pitches(ids).tolist() == [67, 69, 71, 67]
    assert v.name(int(ids[2])) == "key G"
    assert not refused


@pytest.mark.parametrize(("keys", "name"), [([], "key C"), ([(0, 0, 0)], "key C"), ([(0, 1, 0)], "key G")])
def test_no_key_is_guessed(tmp_path, keys, name):
    """The notes are those of D major."""
    notes = [(24 * i, 24, pitch) for i, pitch in enumerate([62, 66, 69, 73, 74, 69, 66, 62])]
    score = Score.of(notes, resolution=24, keys=table(keys, KEY))
    score.write(tmp_path / "a.mid")
    (ids,), _ = READER["melodies"](tmp_path)
    assert v.name(int(ids[2])) == name
    assert v.pitches(ids).tolist() == [62, 66, 69, 73, 74, 69, 66, 62]


def test_what_is_no_melody_is_said(tmp_path):
    read(tmp_path, "a.abc", ABC.format(key="C", music="z2|"))
    read(tmp_path, "b.mid", b"MThd")
    read(tmp_path, "c.musicxml", "<score-partwise/>")
    kept, refused = READER["melodies"](tmp_path)
    assert not kept
    assert [Path(reason.split(": ")[0]).name.split("#")[0] for reason in refused] == [
        "a.abc",
        "b.mid",
        "c.musicxml",
    ]
