from dataclasses import replace

import pytest
from made_tunes import make_song

from notegen.codecs.vocabulary import DRUMS
from notegen.errors import EmptyError, UsageError
from notegen.generation.plan import Part, chosen, known, plan, title
from notegen.roles import Role, roles
from notegen.score import NOTE, Score, Track, table

PARTS = [Part(Role(72, 1, 1), 73), Part(Role(55, 3, 0), 24), Part(Role(0, 1, 0), DRUMS)]
SONG = make_song()


def named(*names):
    """Return a song whose tracks have other names."""
    tracks = [replace(track, name=name) for track, name in zip(SONG.tracks, names, strict=True)]
    return replace(SONG, tracks=tuple(tracks))


def drums(*channels):
    notes = [(480 * i, 60, 36 + track, 90, track) for i in range(8) for track in range(len(channels))]
    return Score(notes=table(notes, NOTE), tracks=tuple(Track("", 0, channel) for channel in channels))


def test_all_tracks_go_on_with_a_model_that_knows_them():
    found = plan(SONG, "all", "empty", PARTS)
    assert (found.casting, found.beside) == ({0: 0, 1: 1, 2: 2}, {})
    assert (found.roles[0], found.roles[1]) == tuple(roles(SONG).values())


def test_with_a_model_of_melodies_the_melody_goes_on_and_the_rest_as_it_did():
    assert plan(SONG, "all", "empty", None).beside == {1: "loop", 2: "loop"}
    assert plan(SONG, "all", "empty", None).casting == {0: 0}
    assert plan(SONG, "Chords", "hold", None).casting == {1: 0}
    assert plan(SONG, "Chords", "hold", None).beside == {0: "hold", 2: "hold"}


def test_drums_that_a_model_does_not_know_go_on_as_they_did():
    assert plan(SONG, "all", "empty", PARTS[:2]).beside == {2: "loop"}
    assert plan(SONG, "all", "empty", []).beside == {2: "loop"}
    assert plan(SONG, "tune,chords", "hold", PARTS[:2]).beside == {2: "hold"}


def test_all_drum_tracks_play_the_part_of_drums_each_in_its_register():
    score = drums(0, 9, 9)
    found = plan(score, "all", "empty", PARTS)
    assert (found.casting[1], found.casting[2]) == (2, 2)
    assert (found.roles[1].pitch, found.roles[2].pitch) == (37, 38)


@pytest.mark.parametrize(
    ("tracks", "expected"),
    [
        ("all", {0, 1, 2}),
        ("melody", {0}),
        ("Tune", {0}),
        ("KIT, tune", {0, 2}),
        (" chords ", {1}),
        ("2", {1}),
        ("1,3", {0, 2}),
        (["Tune", "2"], {0, 1}),
    ],
)
def test_tracks_are_named_or_numbered(tracks, expected):
    assert chosen(SONG, tracks) == expected


def test_a_name_stands_for_all_tracks_that_have_it_and_wins_over_a_number():
    assert chosen(named("Voice", "voice ", "1"), "voice") == {0, 1}
    assert chosen(named("Voice", "", "1"), "1") == {2}


@pytest.mark.parametrize("tracks", ["Oboe", "0", "4", "", "tune,", ",", ["1", ""], "-1"])
def test_a_track_that_is_not_there_is_refused_by_name(tracks):
    with pytest.raises(UsageError, match=r"with notes: there are 1 \(Tune\), 2, 3 \(Kit\)"):
        chosen(named("Tune", "", "Kit"), tracks)


def test_no_track_is_no_choice():
    with pytest.raises(UsageError, match="no track is named"):
        chosen(SONG, [])


def test_tracks_without_notes_are_not_there():
    assert chosen(replace(SONG, tracks=(*SONG.tracks, Track("Empty"))), "all") == {0, 1, 2}
    with pytest.raises(UsageError, match='no track "empty"'):
        chosen(replace(SONG, tracks=(*SONG.tracks, Track("Empty"))), "empty")


@pytest.mark.parametrize("parts", [None, [], PARTS], ids=["melodies", "unknown", "parts"])
def test_drums_alone_cannot_go_on(parts):
    for tracks in ("all", "3"):
        with pytest.raises(EmptyError, match="a melody is needed"):
            plan(SONG if tracks == "3" else drums(9), tracks, "loop", parts)


def test_a_model_of_drums_alone_plays_them_beside_what_goes_on_as_it_did():
    assert plan(SONG, "all", "empty", PARTS[2:]).casting == {2: 0}
    assert plan(SONG, "all", "empty", PARTS[2:]).beside == {0: "loop", 1: "loop"}
    with pytest.raises(EmptyError, match="drums alone"):
        plan(SONG, "melody", "empty", PARTS[2:])


def test_tracks_are_called_by_number_and_name():
    assert [title(named("Tune", "", "Kit"), i) for i in range(3)] == ["1 (Tune)", "2", "3 (Kit)"]


def test_a_models_parts_are_read_from_its_provenance(song_chain):
    found = known(song_chain).parts
    assert [part.program for part in found] == [73, 24, DRUMS]
    assert (found[0].role.lead, found[1].role.voices) == (1, 3)


@pytest.mark.parametrize("said", [{}, {"parts": None}, {"parts": [[1, 2]]}, {"parts": [["a", 1, 0, 0]]}])
def test_of_parts_that_are_not_told_none_is_known(song_chain, said):
    assert known(replace(song_chain, provenance=said)).parts == []
