"""Takes of models of ABC, which are told from those of models of notes by nothing but their codec."""

from dataclasses import replace

import numpy as np
import pytest
from made_text import BARS, SLIPS, chain, each

from notegen.codecs import notes
from notegen.codecs.grammar import accepts
from notegen.errors import UsageError
from notegen.formats import abc, abc_writer, midi
from notegen.generation.compose import compose
from notegen.keys import Key
from notegen.melody import GRID, melody
from notegen.model.assemble import Ensemble
from notegen.score import KEY, Score, table

EIGHTH = 240


def seed(bars=4, short=0):
    """Return a tune in 3/8 from a MIDI file, whose last bar lacks so many eighths."""
    pitches = np.random.default_rng(0).choice([60, 62, 64, 65, 67, 69], 3 * bars - short).tolist()
    rows = [(EIGHTH * i, EIGHTH, pitch) for i, pitch in enumerate(pitches)]
    score = Score.of(rows, meter=(3, 8), resolution=480, keys=table([(0, *Key.parse("C"))], KEY))
    return midi.decode(midi.encode(score))


def heard(score):
    """Return onset, duration and pitch of a score's notes on the grid."""
    rows = score.quantize(GRID).notes
    return set(zip(*(rows[name].tolist() for name in ("onset", "duration", "pitch")), strict=True))


@pytest.fixture(scope="module")
def model():
    return chain(SLIPS)


@pytest.mark.parametrize("short", [0, 1, 2])
def test_new_bars_stand_behind_the_seed(model, short):
    before = seed(short=short)
    for take in compose(model, before, bars=5, variations=3, seed=1):
        assert not take.flaw
        old = len(before.notes)
        assert take.score.notes[:old].tolist() == before.notes.tolist()
        onsets = take.score.notes["onset"][old:]
        assert onsets.tolist() == [before.end + EIGHTH * i for i in range(take.notes)]
        assert 12 < take.notes - short <= 15  # the last bar may be short
        assert take.score.end <= 9 * 3 * EIGHTH
        assert take.new == (before.end, None)


def test_bits_are_those_of_the_text_by_the_notes():
    takes = compose(Ensemble((chain(BARS),), memory=0), seed(), bars=4, variations=4, seed=3)
    for take in takes:
        lines = 3  # which had 8 chances of 10
        bits = take.notes * np.log2(3) - lines * np.log2(0.8)
        assert take.bits_per_note == pytest.approx(bits / take.notes, rel=1e-3)


def test_tunes_from_nothing_are_in_the_key_and_meter_that_were_asked_for():
    follows = BARS | {"K:Am\n": BARS["|"]}
    for take in compose(chain(follows), bars=4, variations=2, seed=1, meter=(3, 8), key=Key.parse("Am")):
        assert take.score.meter_at(0) == (3, 8)
        assert take.score.key_at(0) == Key.parse("Am")
        assert 10 <= take.notes <= 12
        assert accepts(notes.encode(melody(take.score)))
        assert take.new is None


def test_the_notes_of_the_scale_alone(model):
    sharp = BARS | each("cdC", {"^f": 3, "e": 1}) | {"^f": {"g": 1}}
    pitches = {
        pitch % 12
        for take in compose(chain(sharp), seed(), bars=3, seed=1, key_lock=True)
        for pitch in take.fresh.notes["pitch"].tolist()
    }
    assert 6 not in pitches
    with pytest.raises(UsageError, match="name a key"):
        compose(model, bars=3, key_lock=True)


def test_the_same_seed_gives_the_same_takes(model):
    one, again = (compose(model, seed(), bars=4, seed=5) for _ in range(2))
    assert [heard(take.score) for take in one] == [heard(take.score) for take in again]


def test_a_model_that_writes_nothing_readable_is_said_to():
    stuck = Ensemble((chain(BARS | each("gaE", {"^": 1}) | {"^": {"|": 1}}),), memory=0)
    for score in (seed(), seed(short=1)):
        before = len(score.notes)
        for take in compose(stuck, score, bars=2, variations=2, seed=1):
            assert (take.flaw, take.notes) == ("a bar that cannot be read", 0)
            assert len(take.score.notes) == before
            assert len(midi.decode(midi.encode(take.score)).notes) == before
    for take in compose(stuck, bars=2, variations=2, seed=1):
        assert (take.flaw, take.notes) == ("a bar that cannot be read", 0)
        midi.encode(take.score)


def test_a_head_that_cannot_be_read_is_said_to():
    headless = chain(BARS | {"L:1/8\n": {"L:1/8\n": 1}})
    for take in compose(headless, bars=2, variations=2, seed=1):
        assert take.flaw == "a bar that cannot be read"
        midi.encode(take.score)


def test_a_seed_that_was_played_is_continued_all_the_same(model):
    rng = np.random.default_rng(2)
    played = seed(bars=6)
    rows = played.notes.copy()
    rows["onset"] = np.maximum(0, rows["onset"] + rng.integers(-25, 25, len(rows)))
    rows["duration"] -= rng.integers(10, 90, len(rows))
    played = replace(played, notes=table(rows, rows.dtype), source=None)
    for take in compose(model, played, bars=4, variations=2, seed=1):
        assert not take.flaw
        assert take.notes >= 10
        assert (np.diff(take.score.notes["onset"]) > 0).all()


def test_takes_are_read_as_abc_by_abc2midi_and_music21(model, recwarn):
    from music21 import converter

    for take in compose(model, seed(short=1), bars=4, variations=3, seed=1):
        text = abc_writer.encode(take.score, take.new).decode()
        (again,) = abc.read_book(text)
        assert heard(again) == heard(take.score)
        flat = converter.parse(text, format="abc").flatten()
        assert [note.pitch.midi for note in flat.notes] == take.score.notes["pitch"].tolist()
    assert not recwarn.list
