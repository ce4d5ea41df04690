"""Takes with some bars of a seed written anew, in seeds of all kinds."""

import io
from dataclasses import replace

import mido
import numpy as np
import pytest
from made_tunes import make_song, make_tune

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.errors import UsageError
from notegen.formats import midi
from notegen.generation import pens
from notegen.generation.compose import compose
from notegen.generation.middle import Middle
from notegen.generation.rules import Rules
from notegen.keys import Key
from notegen.melody import melody
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle, MarkovConfig
from notegen.model.network import NetworkConfig
from notegen.score import EVENT, KEY, METER, NOTE, TEMPO, Score, Track, table

BAR = 1920


@pytest.fixture(scope="module")
def network(random_bundle, song_chain):
    """Return a network of parts, of random weights that lean to short notes."""
    made = random_bundle(
        NetworkConfig(v.SIZE, embedding=4, units=6, layers=1), provenance=song_chain.provenance
    )
    bias = made.weights["logits.bias"]
    bias[np.isin(v.KIND, [v.INDEX["bar"], v.INDEX["position"]])] -= 1
    bias[v.FIRST["release"] + 96 : v.FIRST["release"] + v.LONGEST_RELEASE] -= 4
    return replace(made, codec="parts")


@pytest.fixture(params=["a chain of parts", "a network of parts", "a melody"])
def model(request, monkeypatch, song_chain, network, bundle):
    monkeypatch.setattr(pens, "PARTICLES", 3)  # many drafts take their time
    return {"a chain of parts": song_chain, "a network of parts": network, "a melody": bundle}[request.param]


def from_file(score):
    """Return a score as it is read from a MIDI file."""
    return midi.decode(midi.encode(score))


def messages(score):
    """Read a score with mido: of each track the notes, and the other messages, with their ticks."""
    found = []
    for track in mido.MidiFile(file=io.BytesIO(midi.encode(score))).tracks:
        now, sounding, notes, others = 0, {}, [], []
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                sounding.setdefault(message.note, []).append((now, message.velocity))
            elif message.type in ("note_on", "note_off"):
                begun, velocity = sounding[message.note].pop(0)
                notes.append((begun, now, message.note, velocity))
            elif message.type != "end_of_track":
                others.append((now, str(message.copy(time=0))))
        found.append((sorted(notes), sorted(others)))
    return found


def check(seed, takes, start, stop, tracks=(0, 1, 2)):
    """Check that takes are the seed but for the notes between two ticks, as another program reads them."""
    seed = replace(seed, source=None)
    for take in takes:
        assert take.score.source is None
        assert take.new == (start, stop)
        new = 0
        for track, (old, now) in enumerate(zip(messages(seed), messages(take.score), strict=True)):
            assert now[1] == old[1]
            if track - 1 not in tracks:  # a file of several tracks begins with one of tempos and meters
                assert now[0] == old[0]
                continue
            left = [(on, min(off, start), *what) for on, off, *what in old[0] if on < start]
            right = [note for note in old[0] if note[0] >= stop]
            inside = [note for note in now[0] if start <= note[0] < stop]
            assert [tuple(note) for note in now[0] if note[0] < start] == left
            assert [note for note in now[0] if note[0] >= stop] == right
            assert all(off <= stop for _, off, *_ in inside)
            new += len(inside)
        assert new == len(take.fresh.notes) > 0
        assert take.fresh.end <= stop - start


def test_all_but_these_bars_stays_as_it_is(model):
    seed = from_file(make_song(bars=12))
    takes = compose(model, seed, between=(5, 8), variations=2, seed=1)
    check(seed, takes, 4 * BAR, 8 * BAR)
    assert len({take.score.notes.tobytes() for take in takes}) == 2


def test_the_same_number_gives_the_same_takes(model):
    seed = make_song(bars=8)
    one, other = (
        [take.score.notes.tolist() for take in compose(model, seed, between=(4, 5), variations=2, seed=7)]
        for _ in range(2)
    )
    assert one == other


def test_tracks_that_are_not_named_stay_in_these_bars(model):
    seed = from_file(make_song(bars=8))
    check(
        seed, compose(model, seed, between=(4, 5), tracks="tune", variations=1, seed=1), 3 * BAR, 5 * BAR, {0}
    )


def test_what_a_model_of_melodies_cannot_write_goes_on_as_it_did(bundle):
    seed = from_file(make_song(bars=8))
    (take,) = compose(bundle, seed, between=(5, 6), variations=1, seed=1)
    drums = take.score.notes[take.score.notes["track"] == 2]
    inside = drums[(drums["onset"] >= 4 * BAR) & (drums["onset"] < 6 * BAR)]
    before = drums[drums["onset"] < 4 * BAR]
    known = {tuple(before["pitch"][before["onset"] // BAR == bar].tolist()) for bar in range(4)}
    for bar in (4, 5):
        assert tuple(inside["pitch"][inside["onset"] // BAR == bar].tolist()) in known


def test_tempo_key_and_pedal_of_the_seed_stay_where_they_are(model):
    song = make_song(bars=10)
    seed = from_file(
        replace(
            song,
            tempos=table([(0, 500_000), (4 * BAR + 480, 400_000), (5 * BAR, 600_000)], TEMPO),
            keys=table([(0, 2, 0), (6 * BAR, 1, 0)], KEY),
            events=table([(tick, 0, 0xB0, 64, 127) for tick in range(0, 10 * BAR, 960)], EVENT),
        )
    )
    check(seed, compose(model, seed, between=(5, 6), variations=1, seed=2), 4 * BAR, 6 * BAR)


def test_a_pickup_may_be_all_that_is_on_the_left(model):
    notes = make_song(bars=6).notes.copy()
    notes["onset"] += 480
    rows = [*((0, 480, pitch, 80, track) for track, pitch in enumerate((62, 50, 36))), *notes.tolist()]
    seed = replace(make_song(), notes=table(rows, NOTE), meters=table([(0, 1, 4), (480, 4, 4)], METER))
    check(
        from_file(seed),
        compose(model, from_file(seed), between=(2, 3), variations=1, seed=1),
        480,
        480 + 2 * BAR,
    )


def test_music_beside_its_bar_lines_stays_beside_them(model):
    song = make_song(bars=8)
    notes = song.notes.copy()
    notes["onset"] += 70
    seed = from_file(replace(song, notes=table(notes, NOTE)))
    check(seed, compose(model, seed, between=(4, 5), variations=1, seed=1), 3 * BAR + 70, 5 * BAR + 70)


def test_a_track_that_rests_on_the_left_may_play_in_the_middle(model):
    song = make_song(bars=8)
    late = song.notes[(song.notes["track"] != 1) | (song.notes["onset"] >= 5 * BAR)]
    seed = from_file(replace(song, notes=table(late, NOTE)))
    check(seed, compose(model, seed, between=(4, 5), variations=2, seed=1), 3 * BAR, 5 * BAR)


def test_rules_are_kept_between_bars_too(model):
    seed = make_song(bars=8)
    rules = Rules(density=(3, 5), span=(50, 80))
    for take in compose(model, seed, between=(4, 5), variations=2, seed=1, rules=rules, tracks="tune"):
        inside = take.fresh.notes
        assert set(np.bincount(inside["onset"] // BAR).tolist()) <= {3, 4, 5}
        assert inside["pitch"].min() >= 50
        assert inside["pitch"].max() <= 80
    scale = Key.parse("D").scale
    (take,) = compose(model, seed, between=(4, 5), variations=1, seed=1, key_lock=True, tracks="tune")
    assert {pitch % 12 for pitch in take.fresh.notes["pitch"].tolist()} <= scale


STEPS = (60, 62, 64, 65, 67, 69, 71)


def row(steps):
    """Return a bar of one long note for each step of the scale of C."""
    notes = [(i * BAR, BAR, STEPS[step]) for i, step in enumerate(steps)]
    return Score.of(notes, keys=table([(0, 0, 0)], KEY))


def test_what_is_written_leads_to_what_is_on_the_right():
    """G stands behind F alone, which is one of six notes that may follow any other."""
    rng, pieces = np.random.default_rng(0), []
    for _ in range(60):
        steps = [0]
        for _ in range(15):
            steps.append(4 if steps[-1] == 3 else int(rng.choice([0, 1, 2, 3, 5, 6])))
        pieces.append(notes.encode(melody(row(steps))))
    ends = np.cumsum([len(ids) for ids in pieces])
    config = MarkovConfig(v.MELODY, 4, "witten-bell", int(ends[-1]), len(pieces))
    weights = {"ids": np.concatenate(pieces).astype(np.uint16), "ends": ends.astype(np.uint32)}
    model = Ensemble((Bundle(config, weights),), memory=0)
    takes = compose(model, row([0, 1, 2, 0, 4, 5, 6, 0]), between=(4, 4), variations=8, seed=1)
    first = [int(take.fresh.notes["pitch"][0]) for take in takes]
    assert first.count(STEPS[3]) >= 7


REFUSED = {
    "a meter that changes": (
        {"meters": table([(0, 4, 4), (5 * BAR, 3, 4)], METER)},
        (5, 6),
        "the meter changes in these bars or behind them",
    ),
    "no such bars": ({}, (8, 30), "there are no bars 8 to 30"),
}


@pytest.mark.parametrize(("changed", "between", "reason"), REFUSED.values(), ids=REFUSED)
def test_bars_that_cannot_be_written_anew_are_refused(song_chain, changed, between, reason):
    with pytest.raises(UsageError, match=reason):
        compose(song_chain, replace(make_song(bars=10), **changed), between=between)


def test_without_a_seed_or_with_other_tracks_that_move_it_is_refused(bundle):
    with pytest.raises(UsageError, match="without a seed"):
        compose(bundle, between=(2, 3))
    with pytest.raises(UsageError, match="stay as they are"):
        compose(bundle, make_tune(bars=8), between=(2, 3), others="loop")


def test_a_model_of_text_is_refused(bundle):
    with pytest.raises(UsageError, match="writes text from left to right"):
        Middle(replace(bundle, codec="abc"), make_tune(bars=8), (2, 3))


def test_tracks_that_play_on_one_side_alone_are_refused(bundle):
    rows = [(i * BAR, 480, 72, 80, 0) for i in range(3)] + [(i * BAR, 480, 40, 80, 1) for i in range(8)]
    seed = Score(notes=table(sorted(rows), NOTE), tracks=(Track("Melody"), Track("Bass", 32, 1)))
    with pytest.raises(UsageError, match="on one side of these bars alone"):
        compose(bundle, seed, between=(5, 6))
