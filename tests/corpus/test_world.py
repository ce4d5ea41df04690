import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from made_parts import band
from made_tunes import make_song, make_tune

from notegen.arrange import arrange
from notegen.codecs import notes, parts
from notegen.corpus.world import World
from notegen.melody import melody
from notegen.score import METER, NOTE, Score, table


def tune(*args, **kwargs):
    return notes.encode(melody(make_tune(*args, **kwargs)))


KNOWN = World((60, 84), ("4/4", "3/4"), (1.0, 3.0))


def test_a_world_is_the_range_meters_and_density_of_its_pieces():
    found = World.of([tune(seed=seed) for seed in range(5)] + [tune((3, 4), seed=9)])
    pitches = [pitch for seed in range(5) for pitch in make_tune(seed=seed).notes["pitch"].tolist()]
    assert min(pitches) <= found.pitches[0] < found.pitches[1] <= max(pitches)
    assert found.meters == ("4/4", "3/4")
    assert 1 <= found.density[0] <= found.density[1] <= 2


def test_one_note_in_two_hundred_does_not_widen_the_range():
    many = Score.of([(480 * i, 480, 60 + i % 12) for i in range(1000)] + [(480_000, 480, 120)])
    assert World.of([notes.encode(melody(many))]).pitches == (60, 71)


def test_a_meter_of_one_piece_in_many_is_not_known():
    plain, odd = tune(bars=1), tune((5, 8), bars=1)
    assert World.of([*[plain] * 150, odd]).meters == ("4/4", "5/8")
    assert World.of([*[plain] * 250, odd]).meters == ("4/4",)


def test_density_counts_the_notes_of_all_parts_drums_too():
    song = parts.encode(arrange(band()))
    quarters, count = 16, len(band().notes)
    assert World.of([song]).density == (count / quarters, count / quarters)


def test_drums_have_no_place_in_the_range():
    low, high = World.of([parts.encode(arrange(make_song()))]).pitches
    pitched = make_song().notes
    pitched = pitched["pitch"][pitched["track"] < 2]
    assert (low, high) == (pitched.min(), pitched.max())


@pytest.mark.parametrize(("levels", "loud"), [((80,), False), ((60, 100), True)])
def test_a_world_without_loudness_is_told(levels, loud):
    song = make_song()
    rows = song.notes.copy()
    rows["velocity"] = np.resize(levels, len(rows))
    piece = parts.encode(arrange(replace(song, notes=table(rows, NOTE))))
    found = World.of([piece])
    assert found.loud is loud
    assert World.parse(asdict(found)) == found
    assert World.parse({**asdict(KNOWN), "loud": None}).loud is False
    assert World.parse({name: each for name, each in asdict(KNOWN).items() if name != "loud"}).loud


def test_what_is_as_in_the_world_is_not_strange():
    assert KNOWN.strange(tune(seed=3)) == []


def test_all_that_is_strange_is_told():
    low = Score.of([(60 * i, 60, 40 + i % 3) for i in range(140)], meter=(7, 8))
    found = KNOWN.strange(notes.encode(melody(low)))
    assert found == [
        "its meter of 7/8",
        "its range from E2 to F#2, beyond C4 to C6",
        "its 8.0 notes a quarter, where pieces have 1.0 to 3.0",
    ]


def test_a_few_notes_beyond_the_range_are_not_strange():
    ids = notes.encode(melody(Score.of([(480 * i, 480, 62 if i else 50) for i in range(12)])))
    assert KNOWN.strange(ids) == []


@pytest.mark.parametrize("quarters", [1, 5])
def test_a_pickup_has_its_own_time(quarters):
    """Without it, the notes of a pickup would be as dense as in no time at all."""
    tune = make_tune((1, 4), bars=quarters)
    meters = table([(0, 1, 4), (480, 4, 4)], METER)
    line = melody(Score(notes=tune.notes, meters=meters, keys=tune.keys))
    assert not any(
        "a quarter" in said for said in World((0, 127), ("4/4",), (0.3, 4)).strange(notes.encode(line))
    )


def test_a_world_is_written_and_read_as_json():
    assert World.parse(json.loads(json.dumps(asdict(KNOWN)))) == KNOWN


@pytest.mark.parametrize(
    "said",
    [None, {}, [], "x", {"pitches": [1], "meters": [], "density": [1, 2]}, {"pitches": ["a", 2]}],
)
def test_what_is_no_world_is_none(said):
    assert World.parse(said) is None


def test_a_seed_without_notes_of_its_own_is_not_strange_for_its_range():
    head = tune(bars=1)[:3]
    assert not any("range" in said for said in KNOWN.strange(np.array(head)))
