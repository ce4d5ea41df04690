"""Corpora of all tracks."""

from dataclasses import replace

import numpy as np
import pytest
from made_tunes import make_song, make_tune

from notegen.arrange import arrange
from notegen.codecs import parts
from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.corpus import Corpus
from notegen.corpus.build import build
from notegen.corpus.dedupe import content_hash, groups, interval_hash
from notegen.corpus.tracks import tokens
from notegen.errors import DataError, EmptyError, UsageError
from notegen.report.gather import gather
from notegen.score import NOTE, Score, Track, table


@pytest.fixture(scope="module")
def songs(tmp_path_factory):
    """A folder of songs 000 to 023, two of them MusicXML, and a file that is none."""
    folder = tmp_path_factory.mktemp("songs")
    for seed in range(24):
        make_song(seed).write(folder / f"{seed:03}.{'musicxml' if seed % 12 == 5 else 'mid'}")
    Score.of([(0, 480, 60)]).write(folder / "short.mid")
    return folder


@pytest.fixture(scope="module")
def built(songs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("built")
    build([songs], folder, tracks="all", jobs=1)
    return folder


@pytest.fixture(scope="module")
def corpus(songs):
    return Corpus.open(songs, tracks="all")


def song_ids(seed=0, change=lambda song: song):
    return tokens(change(make_song(seed)), "all")


def louder(song):
    notes = song.notes.copy()
    notes["velocity"] = 120
    return replace(song, notes=table(notes, NOTE))


def on_organ(song):
    return replace(song, tracks=tuple(replace(track, program=19) for track in song.tracks))


def accompanied_otherwise(song):
    """The melody of a song, with the chords and drums of another."""
    other = make_song(99)
    rows = np.concatenate([song.notes[song.notes["track"] == 0], other.notes[other.notes["track"] > 0]])
    return replace(song, notes=table(np.sort(rows, order="onset"), NOTE))


def test_pieces_are_whole_scores_whatever_the_format(corpus):
    assert (len(corpus.pieces), corpus.tracks) == (24, "all")
    for piece, seed in zip(corpus.pieces, range(24), strict=True):
        whole = arrange(make_song(seed))
        assert note_count(piece.ids) == len(whole.notes)
        if not piece.name.endswith(".musicxml"):  # which has no loudness
            assert piece.ids.tolist() == parts.encode(whole).tolist()


def test_what_is_too_short_is_told_without_a_word_of_melodies(corpus):
    assert [refusal.reason for refusal in corpus.refused] == ["it has 1 notes; 8 are the least to learn from"]


def test_the_same_files_are_melodies_if_nothing_is_said(songs):
    corpus = Corpus.open(songs)
    assert corpus.tracks == "melody"
    assert all((piece.ids < v.MELODY).all() for piece in corpus.pieces)


def test_a_built_corpus_has_what_the_files_have(corpus, built):
    found = Corpus.open(built)
    assert found.tracks == "all"
    assert found.notes == corpus.notes
    assert found.report() | {"name": ""} == corpus.report() | {"name": ""}
    for side, pieces in corpus.sides.items():
        assert [piece.ids.tolist() for piece in found.sides[side]] == [p.ids.tolist() for p in pieces]


def test_a_built_corpus_is_of_one_kind(songs, built):
    with pytest.raises(
        UsageError, match="is a built corpus of all tracks; choose another folder for one of mel"
    ):
        build([songs], built, jobs=1)
    with pytest.raises(UsageError, match="is a built corpus of all tracks; build one of melodies"):
        Corpus.open(built, tracks="melody")
    assert Corpus.open(built, tracks="all").tracks == "all"


def test_drums_count_as_notes_but_not_as_pitches(corpus):
    said = gather(corpus)
    drums = sum(int((v.KIND[piece.ids] == v.INDEX["drum"]).sum()) for piece in corpus.pieces)
    assert drums > 0
    assert said["notes"] == sum(said["lengths"]["notes"]) == corpus.notes
    assert sum(said["pitches"].values()) == corpus.notes - drums


@pytest.mark.parametrize("change", [lambda song: song.transpose(-4), louder], ids=["lower", "louder"])
def test_a_copy_in_another_key_or_played_otherwise_is_a_duplicate(change):
    assert content_hash(song_ids(0, change)) == content_hash(song_ids(0))
    assert song_ids(0, change).tolist() != song_ids(0).tolist()


def test_other_instruments_make_another_piece_and_the_same_side():
    assert content_hash(song_ids(0, on_organ)) != content_hash(song_ids(0))
    assert interval_hash(song_ids(0, on_organ)) == interval_hash(song_ids(0))


def test_a_song_accompanied_otherwise_is_a_version():
    rows = [
        song_ids(0),
        song_ids(1),
        song_ids(0, accompanied_otherwise),
        song_ids(1, lambda s: s.transpose(5)),
    ]
    assert groups(rows).tolist() == [0, 1, 0, 1]


def test_pieces_of_drums_alone_are_told_apart():
    def beat(seed):
        notes = make_tune(seed=seed).notes.copy()
        notes["pitch"] = 35 + notes["pitch"] % 12
        return Score(notes=table(notes, NOTE), tracks=(Track(channel=9),))

    rows = [tokens(beat(seed), "all") for seed in (0, 1, 0)]
    assert groups(rows).tolist() == [0, 1, 0]
    assert Corpus.of("beats", [("a", beat(0))], tracks="all").report()["pitch_range"] == []


def test_files_of_certain_numbers_are_held_out(songs):
    sides = Corpus.open(songs, tracks="all", test_every=9).sides
    assert sorted(piece.title for piece in sides["test"]) == ["000", "009", "018"]
    assert sides["train"] and sides["valid"]
    assert sum(map(len, sides.values())) == 24


def test_versions_of_what_is_held_out_are_held_out_too():
    songs = {"009": (0, None), "010": (0, accompanied_otherwise), "011": (1, None), "013": (2, None)}
    scores = [
        (f"{name}.mid", (change or (lambda s: s))(make_song(seed))) for name, (seed, change) in songs.items()
    ]
    scores += [("027.mid", make_song(1).transpose(2))]  # a duplicate of 011
    corpus = Corpus.joined("songs", [("songs", scores)], tracks="all", test_every=9)
    assert sorted(piece.name for piece in corpus.test) == ["009.mid", "010.mid", "011.mid"]


def test_a_number_that_no_file_has_is_told(built):
    with pytest.raises(DataError, match="no file has a number that divides by 1000"):
        Corpus.joined("s", [("s", [("1.mid", make_song(0))])], test_every=1000).sides  # noqa: B018
    with pytest.raises(UsageError, match="settled when it was built"):
        Corpus.open(built, test_every=9)


def test_a_score_without_notes_is_no_piece():
    with pytest.raises(EmptyError, match="there is no note"):
        tokens(Score(), "all")
