"""Takes of many tracks, behind seeds of all kinds."""

import io
from dataclasses import replace

import mido
import numpy as np
import pretty_midi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_parts import scores
from made_tunes import make_song

from notegen.codecs import vocabulary as v
from notegen.errors import EmptyError
from notegen.formats import midi
from notegen.generation.compose import compose
from notegen.generation.places import behind
from notegen.model.bundle import load
from notegen.score import EVENT, KEY, METER, NOTE, Score, Track, table

BAR = 1920
BAND = Track("Tune", 73, 0), Track("Chords", 24, 1), Track("Kit", 0, 9)


def from_file(score):
    """Return a score as it is read from a MIDI file."""
    return midi.decode(midi.encode(score))


def seed_of(rows, tracks=BAND, meters=((0, 4, 4),), **rest):
    return from_file(
        Score(notes=table(sorted(rows), NOTE), tracks=tracks, meters=table(list(meters), METER), **rest)
    )


def song(bars=4, start=0, bar=BAR, until=0, rests=(), gate=1.0, **rest):
    """Return a song of the three tracks of `BAND`.

    Parameters
    ----------
    start : int
        The tick at which its first bar begins.
    until : int
        The tick at which it breaks off, if it does.
    rests : pairs of int
        Which track rests in which bar.
    gate : float
        The part of their length that notes sound.
    """
    rng, rows = np.random.default_rng(0), []
    for i in range(bars):
        at = start + i * bar
        own = [(at + t, 480, 72 + int(rng.integers(-5, 6)), 90, 0) for t in range(0, bar, 480)]
        own += [(at, bar, pitch, 60, 1) for pitch in (52, 55, 60)]
        own += [(at + t, 60, 42 if t % 480 else 36, 100, 2) for t in range(0, bar, 120)]
        rows += [row for row in own if (row[4], i) not in rests]
    rows = [(at, max(1, round(long * gate)), *what) for at, long, *what in rows]
    if until:
        rows = [(at, min(long, until - at), *what) for at, long, *what in rows if at < until]
    return seed_of(rows, **rest)


def performed():
    """Return a piano piece as it is played: loose, uneven, with chords and pedal."""
    rng, rows = np.random.default_rng(3), []
    for i in range(32):
        at = max(0, 480 * i + int(rng.normal(0, 12)))
        rows.append(
            (at, int(rng.integers(200, 460)), int(rng.integers(66, 80)), int(rng.integers(60, 110)), 0)
        )
        if i % 4 == 0:
            rows += [(at + int(rng.integers(0, 25)), 1700, pitch, 50, 0) for pitch in (48, 52, 55)]
    pedal = [(tick, 0, 0xB0, 64, 127 * (tick % BAR > 0)) for tick in range(0, 8 * BAR, BAR // 2)]
    return seed_of(rows, (Track("Piano", 0, 0),), events=table(pedal, EVENT))


def orchestra(tracks, bars=4):
    """Return so many tracks of one line each, and drums."""
    rng = np.random.default_rng(4)
    channels = [channel for channel in range(16) if channel != 9]
    named = [Track(f"part {i}", i, channels[i % 15]) for i in range(tracks)]
    rows = [
        (480 * beat, 480, 36 + 3 * i % 50 + int(rng.integers(0, 5)), 80, i)
        for beat in range(4 * bars)
        for i in range(tracks)
    ]
    rows += [(480 * beat, 60, 36 + 2 * (beat % 2), 90, tracks) for beat in range(4 * bars)]
    return seed_of(rows, (*named, Track("Kit", 0, 9)))


PICKUP = {"start": 480, "meters": ((0, 1, 4), (480, 4, 4))}
TWO = (Track("a", 0, 0), Track("b", 1, 1))
SEEDS = {
    "bars": (song(), 4 * BAR),
    "an unfinished bar": (song(until=3 * BAR + 960), 4 * BAR),
    "an unfinished first bar": (song(bars=1, until=960), BAR),
    "staccato": (song(gate=0.05), 4 * BAR),
    "a track that rests": (song(bars=8, rests={(0, 6), (0, 7), (2, 7)}), 8 * BAR),
    "a pickup": (song(**PICKUP), 480 + 4 * BAR),
    "a pickup and an unfinished bar": (song(until=480 + 3 * BAR + 960, **PICKUP), 480 + 4 * BAR),
    "a bar to every beat": (song(meters=((0, 1, 4),)), 4 * BAR),
    "beside its bars": (song(start=100), 100 + 4 * BAR),
    "a little late": (song(start=20), 20 + 4 * BAR),
    "3/4": (song(bar=1440, meters=((0, 3, 4),)), 4 * 1440),
    "a change of meter": (song(meters=((0, 4, 4), (3 * BAR, 2, 4))), 4 * BAR),
    "played": (performed(), 8 * BAR),
    "notes without length": (seed_of([(480 * i, 0, 60 + i % 3, 80, 0) for i in range(16)], TWO[:1]), 4 * BAR),
    "one note": (seed_of([(0, 480, 60, 80, 0)], TWO[:1]), BAR),
    "one pitch twice": (seed_of([(0, 480, 60, 80, 0), (0, 240, 60, 90, 0), (480, 480, 62, 80, 1)], TWO), BAR),
    "one channel": (
        seed_of([(480 * i, 480, 60 + i % 5, 80, i % 2) for i in range(16)], (TWO[0], Track("b"))),
        4 * BAR,
    ),
    "a note over the end": (
        seed_of([*((480 * i, 480, 72 + i % 5, 80, 0) for i in range(16)), (7000, 3000, 40, 80, 1)], TWO),
        6 * BAR,
    ),
    "tracks without notes": (
        seed_of([(480 * i, 480, 60 + i, 80, 1) for i in range(16)], (Track("x"), TWO[0], Track("y"))),
        4 * BAR,
    ),
}


def bytes_kept(seed, take):
    """Whether the notes of a seed stand unchanged in a take, for mido."""
    files = [mido.MidiFile(file=io.BytesIO(midi.encode(score))) for score in (seed, take)]
    for old, new in zip(*(file.tracks for file in files), strict=True):
        before = [str(message) for message in old[:-1]]
        if before != [str(message) for message in new[: len(before)]]:
            return False
    return True


@pytest.mark.parametrize(("seed", "stop"), SEEDS.values(), ids=SEEDS)
def test_a_seed_stays_as_it_is_and_new_bars_follow(song_chain, seed, stop):
    bars = 2
    for take in compose(song_chain, seed, bars=bars, variations=2, seed=1):
        assert take.flaw == ""
        assert take.score.notes[: len(seed.notes)].tolist() == seed.notes.tolist()
        new = take.score.notes[len(seed.notes) :]
        assert len(new) == take.notes > 0
        assert take.new.stop is None and new["onset"].min() >= take.new.start
        length = BAR if seed.meter_at(seed.end) == (1, 4) else seed.bar_length(seed.meter_at(stop))
        last = stop + (bars - 1) * length
        assert last < take.score.end <= last + length + 30  # what is played loosely may ring over
        assert bytes_kept(seed, take.score)


@settings(max_examples=12)
@given(scores(), st.sampled_from(["loop", "hold", "empty"]))
def test_any_seed_with_a_melody_goes_on(song_chain, score, others):
    seed = from_file(score)
    if all(seed.tracks[track].is_drum for track in seed.notes["track"].tolist()):
        return
    (take,) = compose(song_chain, seed, bars=1, variations=1, seed=1, others=others)
    assert take.score.notes[: len(seed.notes)].tolist() == seed.notes.tolist()
    assert (take.score.notes["onset"][len(seed.notes) :] >= take.new.start).all()
    assert take.notes or take.flaw


def test_loose_playing_is_kept_where_it_overlaps(song_chain):
    """The music is new from behind the longest note on; nothing begins twice at one place and pitch."""
    for take in compose(song_chain, performed(), bars=4, variations=3, seed=2):
        rows = [(row["onset"], row["pitch"], row["track"]) for row in take.score.notes]
        assert len(set(rows)) == len(rows)
        assert len(set((take.score.notes["onset"][-take.notes :] % 120).tolist())) > 3


@pytest.mark.parametrize(("tracks", "known"), [(4, True), (15, True), (20, True), (4, False), (20, False)])
def test_all_tracks_of_an_orchestra_go_on(song_chain, tracks, known):
    model = song_chain if known else replace(song_chain, provenance={"valid_bits_per_note": 5.0})
    seed = orchestra(tracks)
    (take,) = compose(model, seed, bars=12, variations=1, seed=3)
    assert set(take.score.notes["track"][-take.notes :].tolist()) <= set(range(tracks + 1))
    heard = pretty_midi.PrettyMIDI(io.BytesIO(midi.encode(take.score)))
    assert [part.program for part in heard.instruments][:tracks] == list(range(tracks))
    for part in heard.instruments:
        assert max(note.start for note in part.notes) > seed.end / 960, part.name
    assert bytes_kept(seed, take.score)


def test_programs_and_loudness_are_those_of_the_tracks(song_chain):
    seed = song(bars=8)
    (take,) = compose(song_chain, seed, bars=8, variations=1, seed=4)
    new = take.score.notes[len(seed.notes) :]
    for track, loud in enumerate((90, 60, 100)):
        assert abs(new["velocity"][new["track"] == track].mean() - loud) < 24
    assert [track.program for track in take.fresh.tracks] == [73, 24, 0]
    assert set(new["pitch"][new["track"] == 2].tolist()) <= {36, 38, 42}


def test_a_model_that_knows_no_loudness_leaves_it_to_the_seed(song_chain):
    said = song_chain.provenance
    even = replace(song_chain, provenance={**said, "world": {**said["world"], "loud": False}})
    seed = song(bars=8)
    for take in compose(even, seed, bars=4, variations=2, seed=4):
        new = take.score.notes[len(seed.notes) :]
        for track, loud in enumerate((90, 60, 100)):
            assert set(new["velocity"][new["track"] == track].tolist()) == {loud}


def test_the_new_bars_alone_begin_at_their_bar_line(song_chain):
    seed = song(until=3 * BAR + 960)
    for take in compose(song_chain, seed, bars=2, variations=2, seed=5):
        new = take.score.notes[len(seed.notes) :]
        assert take.fresh.notes["onset"].tolist() == (new["onset"] - 3 * BAR).tolist()
        assert take.fresh.notes["pitch"].tolist() == new["pitch"].tolist()


def overlaps(notes):
    """How many notes begin while the one before them sounds."""
    return int((notes["onset"][:-1] + notes["duration"][:-1] > notes["onset"][1:]).sum())


def choir(chords=()):
    """Four voices for eight bars; the tracks in `chords` sing two notes at once."""
    voices = (72, 67, 60, 48), (74, 65, 59, 50), (72, 69, 60, 53), (71, 67, 62, 55)
    rows = [
        (480 * beat, 480, pitch + step, 80, track)
        for beat in range(32)
        for track, pitch in enumerate(voices[beat % 4])
        for step in ((0, -3) if track in chords else (0,))
    ]
    return seed_of(rows, tuple(Track(name, 52, i) for i, name in enumerate("SATB")))


def test_a_single_line_stays_one():
    """At this temperature the model alone would double many notes."""
    seed = choir()
    for take in compose(load("chorale"), seed, bars=8, variations=4, temperature=1.5, seed=3):
        new = take.score.notes[len(seed.notes) :]
        assert [overlaps(new[new["track"] == track]) for track in range(4)] == [0] * 4


def test_what_has_chords_keeps_them():
    seed = choir(chords={1})
    takes = compose(load("chorale"), seed, bars=8, variations=2, temperature=1.5, seed=3)
    new = np.concatenate([take.score.notes[len(seed.notes) :] for take in takes])
    assert overlaps(new[new["track"] == 1]) > 0


def test_several_kits_all_go_on(song_chain):
    one = song(bars=8)
    rows = [(*row[:4], 3) if row[2] == 42 and row[4] == 2 else tuple(row) for row in one.notes.tolist()]
    seed = seed_of(rows, (*BAND, Track("Hats", 0, 9)))
    (take,) = compose(song_chain, seed, bars=8, variations=1, seed=6)
    new = take.score.notes[len(seed.notes) :]
    assert {2, 3} <= set(new["track"].tolist())
    pitch = [new["pitch"][new["track"] == track].mean() for track in (2, 3)]
    assert pitch[0] < pitch[1]


@pytest.mark.parametrize("others", ["loop", "hold", "empty"])
def test_other_tracks_do_what_is_asked_for(song_chain, others):
    seed = song()
    for take in compose(song_chain, seed, tracks="tune,kit", others=others, bars=2, variations=2, seed=7):
        new = take.score.notes[len(seed.notes) :]
        chords = new[new["track"] == 1]
        begin = {"loop": [0, BAR], "hold": [0], "empty": []}[others]
        assert sorted(set((chords["onset"] - 4 * BAR).tolist())) == begin
        assert take.notes == len(new) - len(chords)


def test_the_same_random_numbers_give_the_same_bytes(song_chain):
    first, second = (compose(song_chain, song(), bars=2, variations=2, seed=8) for _ in range(2))
    assert [midi.encode(take.score) for take in first] == [midi.encode(take.score) for take in second]


def test_drums_alone_are_refused(song_chain):
    seed = seed_of([(480 * i, 60, 36, 90, 0) for i in range(16)], (Track("Kit", 0, 9),))
    with pytest.raises(EmptyError, match="nothing but drums"):
        compose(song_chain, seed)


def test_an_empty_seed_is_refused(song_chain):
    with pytest.raises(EmptyError, match="no note"):
        compose(song_chain, Score())


def test_a_program_that_comes_on_the_way_is_that_of_the_new_bars(song_chain):
    changed = song(events=table([(BAR, 0, 0xC0, 40, 0)], EVENT))
    (take,) = compose(song_chain, changed, bars=2, variations=1, seed=9)
    assert take.fresh.tracks[0].program == 40
    assert take.score.tracks == changed.tracks


def test_tokens_in_front_are_those_of_the_seed_with_the_models_programs(song_chain):
    place = behind(song_chain, make_song(5), 2)
    assert place.numbers == [0, 1, 2]
    assert len(place.known) == len(make_song(5).notes)
    flute = replace(make_song(5), tracks=tuple(replace(track, program=5) for track in make_song().tracks))
    assert behind(song_chain, flute, 2).before.tolist() == place.before.tolist()


def test_a_seed_of_chords_alone_plays_their_part(song_chain):
    chords = seed_of([row for row in song().notes.tolist() if row[4] == 1])
    place = behind(song_chain, chords, 2)
    assert place.plan.casting == {0: 1}
    assert place.numbers == [1]
    for take in compose(song_chain, chords, bars=2, variations=2, seed=10):
        assert set(take.score.notes["track"].tolist()) == {0}


def test_a_take_is_flawed_where_no_part_sounds(song_chain):
    place = behind(song_chain, make_song(5), 2)
    silent = np.array([v.BAR, v.BAR], dtype=np.int32)
    assert place.flaw(silent) == "an empty bar"


def test_a_key_that_changes_at_the_end_goes_on(song_chain):
    seed = song(keys=table([(0, 0, 0), (3 * BAR, 2, 0)], KEY))
    assert behind(song_chain, seed, 2).key.tonic_name == "D"
