import pytest
from made_tunes import make_song

from notegen.roles import role, roles
from notegen.score import NOTE, Score, Track, table


def test_a_role_is_the_mean_pitch_the_voices_and_who_leads():
    rows = [(0, 480, 60, 80, 0), (0, 480, 64, 80, 0), (0, 480, 67, 80, 0), (480, 480, 61, 80, 0)]
    score = Score(notes=table(rows, NOTE))
    assert role(score, 0, 0) == (63, 2, 1)
    assert role(score, 0, 1).lead == 0


def test_the_melody_leads_and_drums_have_no_role():
    found = roles(make_song())
    assert [found[track].lead for track in found] == [1, 0]
    assert (found[0].voices, found[1].voices) == (1, 3)


@pytest.mark.parametrize("notes", [[], [(0, 60, 36, 90, 0)]], ids=["nothing", "drums"])
def test_where_no_track_has_pitches_there_is_no_role(notes):
    assert roles(Score(notes=table(notes, NOTE), tracks=(Track(channel=9),))) == {}


def test_tracks_without_notes_have_none():
    score = Score(notes=table([(0, 480, 60, 80, 1)], NOTE), tracks=(Track("a"), Track("b")))
    assert list(roles(score)) == [1]
