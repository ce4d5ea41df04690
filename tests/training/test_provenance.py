import json

import pytest
from made_tunes import make_song, make_tune

from notegen.codecs.vocabulary import DRUMS
from notegen.corpus import Corpus
from notegen.corpus.world import World
from notegen.roles import roles
from notegen.score import DRUM_CHANNEL, NOTE, Score, Track, table
from notegen.training.provenance import of_music


def corpus_of(scores, tracks="all"):
    return Corpus.of("songs", [(str(i), score) for i, score in enumerate(scores)], tracks=tracks)


@pytest.fixture(scope="module")
def songs():
    return corpus_of([make_song(seed) for seed in range(12)])


def test_of_a_corpus_of_all_tracks_its_parts_are_told(songs):
    said = of_music(songs)
    tune, chords, kit = said["parts"]
    assert (tune[2], chords[2], kit[2]) == (1, 0, 0)
    assert (tune[1], chords[1]) == (1, 3)
    assert [program for *_, program in said["parts"]] == [73, 24, DRUMS]
    mean = sum(roles(make_song(int(piece.name)))[0].pitch for piece in songs.train) / len(songs.train)
    assert tune[0] == pytest.approx(mean, abs=0.001)


def test_what_is_told_is_plain_and_is_read_back(songs):
    said = json.loads(json.dumps(of_music(songs)))
    assert World.parse(said["world"]) == World.of([piece.ids for piece in songs.train])


def test_of_melodies_the_world_alone_is_told():
    said = of_music(corpus_of([make_tune(seed=seed) for seed in range(12)], tracks="melody"))
    assert list(said) == ["world"]
    assert World.parse(said["world"]).meters == ("4/4",)


def test_a_part_is_what_it_is_most_often():
    """In most songs the second part has another program, and in a few it is drums."""
    scores = []
    for seed in range(30):
        tracks = Track("", 0, 0), Track("", 24 if seed % 3 else 30, DRUM_CHANNEL if seed % 10 == 0 else 1)
        rows = [(*note[:4], track) for track in (0, 1) for note in make_tune(seed=seed).notes.tolist()]
        scores.append(Score(notes=table(sorted(rows), NOTE), tracks=tracks))
    corpus = corpus_of(scores)
    assert [program for *_, program in of_music(corpus)["parts"]] == [0, 24]
    pitch = of_music(corpus)["parts"][1][0]
    assert 60 < pitch < 85
