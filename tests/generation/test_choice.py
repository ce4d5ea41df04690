from dataclasses import replace

import pytest
from made_models import chain
from made_tunes import make_song, make_tune

from notegen.generation import choice
from notegen.generation.choice import choose
from notegen.score import NOTE, Score, Track, table


def slow(song):
    """Return a song of half the notes, two octaves lower, all on an organ."""
    notes = song.notes[::2].copy()
    notes["pitch"] -= 12
    tracks = tuple(replace(track, program=19) for track in song.tracks)
    return replace(song, notes=table(notes, NOTE), tracks=tracks)


@pytest.fixture(scope="module")
def models(song_chain):
    """Two models of many parts, and one of melodies."""
    other = chain([slow(make_song(seed)) for seed in range(12)])
    return {"songs": replace(song_chain, name="songs"), "slow": replace(other, name="slow")}


@pytest.fixture
def several(models, bundle, monkeypatch):
    monkeypatch.setattr(choice, "shipped", lambda: ["folk", *models])
    monkeypatch.setattr(choice, "load", lambda name: (models | {"folk": bundle})[name])


@pytest.fixture
def none(bundle, monkeypatch):
    monkeypatch.setattr(choice, "shipped", lambda: ["folk"])
    monkeypatch.setattr(choice, "load", lambda name: {"folk": bundle}[name])


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(("change", "name"), [(lambda song: song, "songs"), (slow, "slow")])
def test_the_model_is_taken_that_finds_the_seed_the_likeliest(change, name):
    found = choose(change(make_song(99)))
    assert found.model.name == name
    bits = {words.split()[0]: float(words.split()[1]) for words in found.reason.split(": ")[1].split(", ")}
    assert min(bits, key=bits.get) == name and set(bits) == {"songs", "slow"}


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize(
    ("score", "tracks"),
    [(make_tune(), "all"), (make_song(), "melody"), (make_song(), "Tune"), (make_song(), "1,3")],
    ids=["a tune", "the melody", "a line by name", "a line and drums"],
)
def test_a_single_line_goes_to_the_model_of_melodies(bundle, score, tracks):
    assert choose(score, tracks) == (bundle, "the seed is a single line")


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("tracks", ["all", "chords", "1,2"])
def test_chords_go_to_a_model_of_many_parts(tracks):
    assert choose(make_song(99), tracks).model.codec == "parts"


@pytest.mark.usefixtures("several")
def test_played_chords_are_no_single_line():
    """No two of their notes begin on one tick."""
    rows = [(480 * i + 7 * j, 400, 60 + 4 * j, 80, 0) for i in range(16) for j in range(3)]
    assert choose(Score(notes=table(rows, NOTE))).reason != "the seed is a single line"


@pytest.mark.usefixtures("several")
def test_a_few_notes_that_overlap_make_no_chords(bundle):
    notes = make_tune(bars=8).notes.tolist()
    rows = sorted([*notes, (0, 480, 50, 80, 0)])
    assert choose(Score(notes=table(rows, NOTE))).model is bundle


@pytest.mark.usefixtures("several")
def test_a_tune_from_nothing_is_a_melody(bundle):
    assert choose(None) == (bundle, "a tune from nothing is a melody")


@pytest.mark.usefixtures("several")
def test_a_seed_of_drums_alone_is_left_to_be_refused(bundle):
    rows = [(480 * i, 60, 36, 90, 0) for i in range(8)]
    assert choose(Score(notes=table(rows, NOTE), tracks=(Track(channel=9),))).model is bundle


@pytest.mark.usefixtures("several")
def test_a_seed_that_is_strange_to_all_models_goes_on_in_its_melody(models, bundle, monkeypatch):
    known = {name: replace(each, provenance={"valid_bits_per_note": 0.01}) for name, each in models.items()}
    monkeypatch.setattr(choice, "load", lambda name: (known | {"folk": bundle})[name])
    found = choose(make_song(99))
    assert found.model is bundle
    assert found.reason.startswith("other models find the seed strange, in bits per note: songs ")


def test_a_model_that_finds_the_seed_strange_is_not_taken_for_paying_the_least(models, bundle, monkeypatch):
    own = {"songs": 0.01, "slow": 99.0}  # bits per note of validation
    known = {
        name: replace(each, provenance={**each.provenance, "valid_bits_per_note": own[name]})
        for name, each in models.items()
    }
    monkeypatch.setattr(choice, "shipped", lambda: ["folk", *models])
    monkeypatch.setattr(choice, "load", lambda name: (known | {"folk": bundle})[name])
    found = choose(make_song(99))
    assert found.model.name == "slow"
    assert found.reason.endswith("; songs finds it strange all the same")


@pytest.mark.usefixtures("none")
def test_without_a_model_of_many_parts_the_melody_goes_on(bundle):
    assert choose(make_song()) == (
        bundle,
        "there is no model of several parts, so its melody is continued",
    )
