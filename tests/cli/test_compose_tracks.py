"""Seeds of many tracks, continued through the program's entry point; mido and pretty_midi read the takes."""

import json
from dataclasses import replace
from pathlib import Path

import mido
import numpy as np
import pretty_midi
import pytest
from made_tunes import make_song, make_tune

from notegen import formats
from notegen.chords import parse_chords
from notegen.generation import choice
from notegen.keys import Key
from notegen.score import METER, NOTE, Score, Track, table

BAR = 1920
SONG = make_song(99)
KIT = Track("Kit", 0, 9)


@pytest.fixture
def compose(run, song_chain_path):
    """Return a function that continues a score with a model of many parts: exit code, output and errors."""

    def call(score, *options, model=song_chain_path, bars=2, variations=2):
        score.write("seed.mid", force=True)
        few = ["--bars", bars, "--variations", variations, "--seed", 3]
        return run("compose", "seed.mid", "--model", model, *few, *options)

    return call


def takes():
    """Return the sidecar, and the files of the takes."""
    said = json.loads(Path("seed-takes/seed.json").read_text())
    return said, [Path("seed-takes", take["file"]) for take in said["takes"]]


def new_notes(path, seam):
    """Return the notes of a take from its seam on, as pretty_midi has them: tick, end, pitch, instrument."""
    heard = pretty_midi.PrettyMIDI(str(path))
    rows = []
    for number, part in enumerate(heard.instruments):
        for note in part.notes:
            start, end = round(heard.time_to_tick(note.start)), round(heard.time_to_tick(note.end))
            rows += [(start, end, note.pitch, number)] * (start >= seam)
    return sorted(rows), heard


def messages(path):
    return [[str(message) for message in track] for track in mido.MidiFile(path).tracks]


def orchestra(tracks):
    """Return so many tracks of one line each, and drums."""
    rng = np.random.default_rng(4)
    channels = [channel for channel in range(16) if channel != 9]
    rows = [(480 * beat, 60, 36 + beat % 2, 90, tracks) for beat in range(16)]
    for i in range(tracks):
        pitches = 40 + 2 * i + rng.integers(0, 5, 16)
        rows += [(480 * beat, 480, int(pitch), 80, i) for beat, pitch in enumerate(pitches)]
    named = [Track(f"part {i}", i, channels[i % 15]) for i in range(tracks)]
    return Score(notes=table(sorted(rows), NOTE), tracks=(*named, KIT))


@pytest.mark.parametrize("tracks", [15, 16, 24])
def test_all_of_an_orchestra_goes_on_behind_its_own_bytes(compose, tracks):
    code, out, err = compose(orchestra(tracks), bars=12, variations=1)
    assert (code, err) == (0, "")
    assert f"{tracks + 1} (Kit)" in out.splitlines()[1]
    said, (path,) = takes()
    seed = messages("seed.mid")
    for before, now in zip(seed, messages(path), strict=True):
        assert now[: len(before) - 1] == before[:-1]
    rows, heard = new_notes(path, said["seam"])
    assert len(heard.instruments) == tracks + 1
    assert {row[3] for row in rows} == set(range(tracks + 1))


@pytest.mark.parametrize(
    ("tracks", "going", "beside"),
    [
        ("all", {"Tune", "Chords", "Kit"}, set()),
        ("tune,KIT", {"Tune", "Kit"}, {"Chords"}),
        ("2", {"Chords"}, {"Tune", "Kit"}),
        ("melody", {"Tune"}, {"Chords", "Kit"}),
    ],
)
@pytest.mark.parametrize("others", ["loop", "hold", "empty"])
def test_chosen_tracks_go_on_and_the_others_do_as_they_are_told(compose, tracks, going, beside, others):
    code, out, _ = compose(SONG, "--tracks", tracks, "--others", others, variations=1)
    assert code == 0
    said, (path,) = takes()
    assert (said["options"]["tracks"], said["options"]["others"]) == (tracks, others)
    rows, heard = new_notes(path, said["seam"])
    playing = {heard.instruments[row[3]].name for row in rows}
    assert going <= playing
    assert playing - going == (set() if others == "empty" else beside)
    words = {"loop": "go on as they did", "hold": "held", "empty": "left empty"}[others]
    assert (words in out) == bool(beside)
    if others == "hold":
        for row in rows:
            if heard.instruments[row[3]].name in beside:
                assert row[:2] == (8 * BAR, 10 * BAR)


def test_rules_are_kept_and_told(compose):
    rules = ["--key", "G", "--range", "C3:A5", "--max-voices", "4", "--density", "3:12", "--end"]
    code, out, err = compose(SONG, *rules, "--chords", "G D/2 Em/2", bars=4)
    assert (code, err) == (0, "")
    said, paths = takes()
    asked = {"key": "G", "span": [48, 81], "max_voices": 4, "density": [3, 12], "end": True}
    assert said["options"].items() >= (asked | {"chords": "G D/2 Em/2"}).items()
    chords = [chord.tones for chord in parse_chords("G D Em")]
    for path in paths:
        rows, heard = new_notes(path, said["seam"])
        pitched = [row for row in rows if not heard.instruments[row[3]].is_drum]
        assert all(48 <= pitch <= 81 and pitch % 12 in Key.parse("G").scale for _, _, pitch, _ in pitched)
        for bar in range(4):
            begin = (8 + bar) * BAR
            assert 3 <= sum(begin <= at < begin + BAR for at, *_ in rows) <= 12
        for at, _, pitch, _ in pitched:
            place = (at - 8 * BAR) % (2 * BAR)
            if place % 480 == 0:
                chord = 0 if place < BAR else 1 if place < BAR + 960 else 2
                assert pitch % 12 in chords[chord]
            assert sum(one <= at < end for one, end, *_ in pitched) <= 4
        last = [row for row in pitched if row[1] == max(end for _, end, *_ in pitched)]
        assert min(row[2] for row in last) % 12 == 7
        assert last[0][1] == 12 * BAR
    assert out.count("bits per note") >= 2


REFUSED = {
    "no track": (SONG, ["--tracks", "oboe"], 2, 'no track "oboe" with notes: there are 1 (Tune), 2 (Chords)'),
    "nothing named": (SONG, ["--tracks", ""], 2, 'no track ""'),
    "drums alone": (SONG, ["--tracks", "kit"], 1, "nothing but drums in the tracks that were chosen"),
    "no others": (SONG, ["--others", "sing"], 2, "'sing' is not one of"),
    "no voice": (SONG, ["--max-voices", "0"], 2, "0 is not in the range"),
    "no chord": (SONG, ["--chords", "H7"], 2, '"H7" is not a chord'),
    "no range": (SONG, ["--range", "A5"], 2, "is not a range of pitches"),
    "a falling range": (SONG, ["--range", "A5:C3"], 2, "must rise"),
    "a falling density": (SONG, ["--density", "8:4"], 2, "must rise"),
    "a chord out of range": (SONG, ["--chords", "C", "--range", "D4:D4"], 2, "no tone of the chord C"),
    "no key": (SONG, ["--key", "H"], 2, '"H" is'),
    "two models": (SONG, ["--model", "auto"], 2, "auto chooses one model"),
    "an empty seed": (Score(), [], 1, "no note"),
    "a seed of drums": (Score.of([(0, 60, 36)], tracks=(KIT,)), [], 1, "nothing but drums in it"),
    "a long meter": (
        replace(SONG, meters=table([(0, 9, 4)], METER)),
        [],
        1,
        "a meter of 9/4 is beyond the codec, whose bars last up to 8/4",
    ),
}


@pytest.mark.parametrize(("seed", "options", "expected", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_is_refused_in_one_sentence(compose, seed, options, expected, reason):
    code, _, err = compose(seed, *options)
    assert (code, "Traceback" in err, reason in err) == (expected, False, True)
    assert len([line for line in err.splitlines() if reason in line]) == 1
    assert not Path("seed-takes").exists()


def test_a_model_of_many_parts_begins_no_tune(run, song_chain_path):
    code, _, err = run("compose", "--model", song_chain_path)
    assert (code, err.count("\n"), "continues seeds alone" in err) == (2, 1, True)


def unfinished():
    return bars_until(3 * BAR + 960)


def bars_until(tick, score=SONG):
    notes = score.notes[score.notes["onset"] < tick].copy()
    notes["duration"] = np.minimum(notes["duration"], tick - notes["onset"])
    return replace(score, notes=table(notes, NOTE))


def resting():
    """A song whose tune rests in its last two bars, and whose drums rest in the last."""
    notes = SONG.notes
    rest = (notes["track"] == 0) & (notes["onset"] >= 6 * BAR)
    rest |= (notes["track"] == 2) & (notes["onset"] >= 7 * BAR)
    return replace(SONG, notes=table(notes[~rest], NOTE))


def after_a_pickup():
    notes = SONG.notes.copy()
    notes["onset"] += 480
    rows = [(0, 480, 74, 80, 0), *notes.tolist()]
    return replace(SONG, notes=table(rows, NOTE), meters=table([(0, 1, 4), (480, 4, 4)], METER))


def played():
    """A piano piece as it is played: nothing stands exactly on the grid."""
    rng, rows = np.random.default_rng(3), []
    for i in range(32):
        at = max(0, 480 * i + int(rng.normal(0, 12)))
        rows += [(at, int(rng.integers(200, 460)), int(pitch), int(rng.integers(50, 110)), 0)
                 for pitch in (rng.integers(66, 80), 48 + i % 5)]  # fmt: skip
    return Score(notes=table(sorted(rows), NOTE), tracks=(Track("Piano"),))


def in_quarters():
    """A song with a chord at the beginning of each bar, in a meter that says nothing of bars."""
    notes = SONG.notes.copy()
    chords = notes["track"] == 1
    notes["duration"][chords] = BAR
    notes = notes[~chords | (notes["onset"] % BAR == 0)]
    return replace(SONG, notes=table(notes, NOTE), meters=table([(0, 1, 4)], METER))


SEEDS = {
    "an unfinished bar": (unfinished(), 4 * BAR, "4 bars, 4/4, D major, the last bar unfinished"),
    "a track that rests": (resting(), 8 * BAR, "8 bars, 4/4, D major"),
    "a pickup": (after_a_pickup(), 480 + 8 * BAR, "9 bars, 4/4, D major"),
    "a bar to every beat": (in_quarters(), 8 * BAR, "8 bars, 4/4, D major"),
    "played": (played(), 8 * BAR, "8 bars, 4/4, "),
}


@pytest.mark.parametrize(("seed", "stop", "words"), SEEDS.values(), ids=SEEDS)
def test_seeds_of_all_kinds_go_on(compose, seed, stop, words):
    code, out, err = compose(seed)
    assert (code, err) == (0, "")
    assert words in out.splitlines()[0]
    said, paths = takes()
    for path in paths:
        rows, heard = new_notes(path, said["seam"])
        assert {row[3] for row in rows} == set(range(len(heard.instruments)))
        assert stop + BAR < max(end for _, end, *_ in rows) <= stop + 2 * BAR + 30
        for before, now in zip(messages("seed.mid"), messages(path), strict=True):
            assert now[: len(before) - 1] == before[:-1]


def test_notes_without_length_are_no_obstacle(compose):
    """A file in which notes end as they begin, written by mido."""
    file = mido.MidiFile(ticks_per_beat=480)
    track = mido.MidiTrack()
    for i in range(16):
        track.append(mido.Message("note_on", note=60 + i % 5, velocity=80, time=0))
        track.append(mido.Message("note_off", note=60 + i % 5, velocity=0, time=0))
        track.append(mido.Message("control_change", control=1, value=i, time=480))
    file.tracks.append(track)
    file.save("seed.mid")
    seed = formats.read("seed.mid")
    code, _, err = compose(seed)
    assert (code, err) == (0, "")
    assert len(formats.read("seed-takes/seed-1.mid").notes) > len(seed.notes) == 16


@pytest.fixture
def several(bundle, song_chain, monkeypatch):
    """Models as if they were shipped: one of melodies, and one of many parts."""
    models = {"folk": bundle, "songs": replace(song_chain, name="songs")}
    monkeypatch.setattr(choice, "shipped", lambda: list(models))
    monkeypatch.setattr(choice, "load", models.__getitem__)


@pytest.mark.usefixtures("several")
@pytest.mark.parametrize("options", [[], ["--model", "auto"]], ids=["by default", "by name"])
def test_a_model_is_chosen_for_the_seed_and_why_is_told(run, options):
    SONG.write("song.mid")
    make_tune().write("tune.mid")
    few = ["--bars", 1, "--variations", 1, "--seed", 3, *options]
    code, out, _ = run("compose", "song.mid", *few)
    assert (code, "\nmodel songs (bits per note of the seed: songs " in out) == (0, True)
    code, out, _ = run("compose", "tune.mid", *few)
    assert (code, "(the seed is a single line), random seed 3\n" in out) == (0, True)
    code, out, _ = run("compose", *few)
    assert (code, "(a tune from nothing is a melody), random seed 3\n" in out) == (0, True)


def test_what_is_strange_to_a_model_is_told(compose):
    strange = make_song(5).transpose(30)
    line = compose(replace(strange, meters=table([(0, 3, 4)], METER)))[1].splitlines()[2]
    assert line.startswith("  strange to ") and "its meter of 3/4" in line and "its range from" in line
    assert "strange" not in compose(SONG, "--force")[1]


def test_the_same_command_gives_the_same_takes(compose):
    found = []
    for _ in range(2):
        assert compose(SONG, "--force", "--range", "C2:C6")[0] == 0
        found.append([path.read_bytes() for path in takes()[1]])
    assert found[0] == found[1]
    assert found[0][0] != found[0][1]


def test_a_model_of_melodies_continues_the_tune_and_the_rest_goes_on_as_it_did(compose, bundle_path):
    code, out, _ = compose(SONG, model=bundle_path, variations=1)
    assert code == 0
    assert "continued by random: 1 (Tune)\n  go on as they did: 2 (Chords), 3 (Kit)" in out.replace(
        str(bundle_path), "random"
    )
    said, (path,) = takes()
    rows, heard = new_notes(path, said["seam"])
    kit = [(at, pitch) for at, _, pitch, part in rows if heard.instruments[part].is_drum]
    old = [(at, pitch) for at, _, pitch, _, track in SONG.notes.tolist() if track == 2]
    for bar in (8, 9):
        assert one_bar(kit, bar) in [one_bar(old, each) for each in range(8)]


def one_bar(notes, bar):
    return [(at - bar * BAR, pitch) for at, pitch in notes if bar * BAR <= at < (bar + 1) * BAR]
