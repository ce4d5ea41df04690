import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.errors import RangeError
from notegen.keys import Key
from notegen.melody import melody


def test_every_id_is_its_kind_and_value():
    for token in range(v.SIZE):
        kind = v.TABLE[v.KIND[token]]
        assert 0 <= v.VALUE[token] < kind.size
        assert v.FIRST[kind.name] + v.VALUE[token] == token


def test_every_id_has_a_name_of_its_own():
    assert len({v.name(token) for token in range(v.SIZE)}) == v.SIZE


def test_padding_is_id_0_because_the_loss_leaves_0_out():
    assert v.PAD == 0


def test_the_bars_of_all_meters_are_whole_ticks_and_fit():
    for (numerator, denominator), length in zip(v.METERS, v.METER_LENGTH.tolist(), strict=True):
        assert length * denominator == v.WHOLE * numerator
        assert 0 < length <= v.LONGEST_BAR


def test_meters_and_their_tokens_are_inverse():
    for i, meter in enumerate(v.METERS):
        assert v.VALUE[v.meter_id(meter)] == i


@pytest.mark.parametrize("meter", [(9, 4), (3, 1), (1, 64), (0, 4), (4, 3)])
def test_a_meter_without_a_token_is_refused_by_its_name(meter):
    with pytest.raises(RangeError, match="{}/{}".format(*meter)):
        v.meter_id(meter)


def test_keys_and_their_tokens_are_inverse():
    for i, key in enumerate(v.KEYS):
        assert v.VALUE[v.key_id(key)] == i
        assert v.key_id(Key.parse(str(key))) == v.key_id(key)


def test_enharmonic_keys_share_a_token():
    assert v.key_id(Key.parse("C#")) == v.key_id(Key.parse("Db"))


def test_the_tonic_lies_between_a_below_and_g_sharp_above_c():
    tonics = [v.tonic(v.key_id(key)) for key in v.KEYS]
    assert sorted(set(tonics)) == list(range(-3, 9))
    assert all(tonic % 12 == key.tonic for tonic, key in zip(tonics, v.KEYS, strict=True))


def test_every_midi_pitch_has_a_token_in_every_key():
    for tonic in range(-3, 9):
        assert v.LOWEST - tonic >= 0
        assert v.LOWEST + 127 - tonic < v.PITCHES


def test_the_table_survives_json():
    assert json.loads(json.dumps(v.describe())) == v.describe()
    assert sum(size for _, size in v.describe()) == v.MELODY
    assert sum(size for _, size in v.describe(v.SIZE)) == v.SIZE


@given(st.integers(-40, 40), st.integers(0, 20))
def test_transposing_there_and_back_changes_nothing(tune, semitones, seed):
    ids = notes.encode(melody(tune(seed=seed)))
    moved = v.transpose(ids, semitones)
    assert np.array_equal(v.pitches(moved), v.pitches(ids) + semitones)
    assert np.array_equal(v.transpose(moved, -semitones), ids)


@given(st.integers(-12, 12))
def test_transposed_tokens_decode_to_the_transposed_score(tune, semitones):
    line = melody(tune(seed=3))
    moved = notes.decode(v.transpose(notes.encode(line), semitones))
    assert moved.notes["pitch"].tolist() == line.transpose(semitones).notes["pitch"].tolist()
    assert moved.keys.tolist() == line.transpose(semitones).keys.tolist()


@pytest.mark.parametrize("semitones", [-100, 100])
def test_transposing_beyond_midi_is_refused(tune, semitones):
    with pytest.raises(RangeError, match="range of MIDI"):
        v.transpose(notes.encode(melody(tune())), semitones)


@given(st.floats(1, 7_000_000))
def test_a_tempo_beyond_or_between_the_tokens_has_the_nearest(microseconds):
    found = v.VALUE[v.tempo_ids(np.array([microseconds]))[0]]
    away = np.abs(np.log(np.array(v.TEMPOS) * microseconds / 60_000_000))
    assert away[found] == pytest.approx(away.min())


def test_tempos_and_their_tokens_are_inverse():
    assert v.VALUE[v.tempo_ids(v.MICROSECONDS)].tolist() == list(range(len(v.TEMPOS)))


def test_the_ids_of_melodies_come_first():
    assert v.TABLE[v.KIND[v.MELODY - 1]].name == "release"
    assert v.FIRST["tempo"] == v.MELODY


def test_pitches_are_those_of_the_notes(tune):
    line = melody(tune())
    assert v.pitches(notes.encode(line)).tolist() == line.notes["pitch"].tolist()


@pytest.mark.parametrize(("pitch", "name"), [(60, "C4"), (0, "C-1"), (127, "G9"), (70, "Bb4")])
def test_pitch_names_count_octaves_from_middle_c(pitch, name):
    assert v.pitch_name(pitch) == name
