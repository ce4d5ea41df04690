import math

import numpy as np
import pytest

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.corpus.scan import Piece
from notegen.evaluation.pitches import LEAST, MOST, pitch_baselines, pitch_nats, predictions
from notegen.keys import Key
from notegen.melody import melody
from notegen.model.network import NetworkConfig
from notegen.model.predictor import log_softmax
from notegen.model.runtime import Runtime

METER, ENDS = v.meter_id((4, 4)), v.FIRST["release"] - 1
C, D = v.key_id(Key.parse("C")), v.key_id(Key.parse("D"))


def pitch(above):
    """Return the token of a pitch so many semitones above the tonic; in C, of a MIDI pitch."""
    return v.FIRST["pitch"] + v.LOWEST + above


def place(tick):
    return v.FIRST["position"] + tick


def note(above, end=24):
    return [pitch(above), ENDS + end]


def row(*parts):
    """Return a piece in C that begins on a bar line, made of tokens and notes."""
    flat = [token for part in parts for token in (part if isinstance(part, list) else [part])]
    return np.array([v.START, METER, C, v.BAR, *flat, v.END])


class Table:
    """A model that looks at the last token alone: what follows it, by token or kind, and how likely."""

    def __init__(self, **follows):
        self._logits = np.full((v.MELODY, v.MELODY), -60.0, dtype=np.float32)
        plain = {"start": {METER: 1}, "meter": {C: 1}, "key": {v.BAR: 1}, "pitch": {ENDS + 24: 1}}
        for kind, likely in {**plain, **follows}.items():
            for token, probability in likely.items():
                self._logits[v.INDEX[kind] == v.KIND[: v.MELODY], token] = math.log(probability)

    def start(self, batch=1):
        return [np.zeros((batch, 1), np.float32)]

    def predict(self, ids, state):
        return log_softmax(self._logits[ids]), state


@pytest.fixture(scope="module")
def pieces(tune):
    """Pieces of several lengths, more than a batch of them; one begins with a pickup."""
    made = [tune(bars=1 + seed % 2, seed=seed) for seed in range(38)]
    return [notes.encode(melody(score)) for score in made] + [np.array(PICKUP), row(note(60), note(64))]


PICKUP = [v.START, METER, C, v.PICKUP, place(72), *note(60, 96), v.BAR, *note(64), *note(62, 48), v.END]


def test_a_pitch_may_come_at_once_or_behind_a_bar_line():
    """A quarter is the end, which is left out: of the rest, 2/3 are C and 1/3 is D."""
    model = Table(release={pitch(60): 0.5, v.BAR: 0.25, v.END: 0.25}, bar={pitch(62): 1})
    at_once = row(note(60), note(60))
    behind = row(note(60), v.BAR, note(62))
    _, second = predictions(model, [at_once])[0]
    assert (second[60], second[62]) == pytest.approx((2 / 3, 1 / 3))
    first, second = pitch_nats(model, [behind])[0]
    assert first == pytest.approx(-math.log(1e-26), rel=0.1)  # not what this model begins with
    assert second == pytest.approx(-math.log(1 / 3))


def test_a_pitch_that_both_ways_lead_to_has_the_sum_of_them():
    model = Table(release={pitch(60): 0.6, v.BAR: 0.4}, bar={pitch(60): 0.5, pitch(62): 0.5})
    assert pitch_nats(model, [row(note(60), note(60))])[0][1] == pytest.approx(-math.log(0.8))


def test_places_in_the_bar_are_summed_over():
    """Four places, each as likely as a bar line, and one behind it."""
    model = Table(
        release={v.BAR: 0.2, **{place(tick): 0.2 for tick in (30, 36, 42, 48)}},
        bar={place(12): 1},
        position={pitch(60): 0.75, pitch(67): 0.25},
    )
    np.testing.assert_allclose(predictions(model, [row(note(60), note(60))])[0][1][[60, 67]], [0.75, 0.25])


def test_a_key_that_may_begin_moves_the_pitches_above_its_tonic():
    model = Table(release={pitch(60): 0.5, D: 0.5}, key={v.BAR: 1}, bar={pitch(60): 1})
    assert predictions(model, [row(note(60), note(60))])[0][1][[60, 62]] == pytest.approx(0.5)


def test_behind_a_key_pitches_are_counted_from_its_tonic():
    model = Table(release={pitch(60): 0.75, pitch(64): 0.25}, bar={pitch(60): 1})
    piece = row(note(60), D, v.BAR, note(60), note(64))
    assert predictions(model, [piece])[0][2][[62, 66]] == pytest.approx([0.75, 0.25])
    assert pitch_nats(model, [piece])[0][2] == pytest.approx(-math.log(0.25))


def test_a_meter_may_begin_too():
    model = Table(
        release={v.meter_id((3, 4)): 1}, meter={v.BAR: 0.5, D: 0.5}, key={v.BAR: 1}, bar={pitch(60): 1}
    )
    assert predictions(model, [row(note(60), note(60))])[0][1][[60, 62]] == pytest.approx(0.5)


def test_of_the_first_note_meter_and_key_are_known_and_no_pickup():
    model = Table(key={v.BAR: 0.5, v.PICKUP: 0.5}, bar={pitch(60): 1}, pickup={place(72): 1})
    model._logits[place(72), pitch(67)] = 0.0
    with_pickup, without = predictions(model, [np.array(PICKUP), row(note(60))])
    np.testing.assert_array_equal(with_pickup[0], without[0])
    assert with_pickup[0][[60, 67]] == pytest.approx(0.5)


def test_a_tune_that_is_all_but_certain_to_end_is_taken_to_go_on():
    model = Table(release={v.END: 1 - 1e-6, v.BAR: 9e-7, pitch(60): 1e-7}, bar={pitch(62): 1})
    assert predictions(model, [row(note(60), note(60))])[0][1][[60, 62]] == pytest.approx(
        [0.1, 0.9], rel=1e-3
    )


def test_a_note_that_may_be_held_further_has_ended():
    model = Table(release={ENDS + 24: 0.9, pitch(62): 0.1})
    held = row([pitch(60), ENDS + v.LONGEST_RELEASE, ENDS + 24], note(62))
    assert pitch_nats(model, [held])[0][1] == pytest.approx(0, abs=1e-6)


def test_what_is_too_unlikely_is_not_followed():
    model = Table(release={pitch(60): 1 - LEAST / 2, v.BAR: LEAST / 2}, bar={pitch(62): 1})
    assert predictions(model, [row(note(60), note(60))])[0][1][62] < 1e-9


def test_of_many_ways_to_a_pitch_the_likeliest_are_followed():
    """Thirty places, of which the one that is likelier than the others leads to another pitch."""
    places = {place(tick): 0.02 for tick in range(29)}
    model = Table(release={**places, place(80): 0.42}, position={pitch(60): 1})
    model._logits[place(80)] = np.roll(model._logits[place(80)], 2)
    found = predictions(model, [row(note(60), note(60))])[0][1]
    others = 0.02 * (MOST - 1)
    assert found[[60, 62]] == pytest.approx([others / (others + 0.42), 0.42 / (others + 0.42)])


def test_a_model_that_never_comes_to_a_pitch_says_nothing():
    model = Table(release={v.BAR: 1}, bar={v.BAR: 1})
    model._logits[v.BAR, v.INDEX["pitch"] == v.KIND[: v.MELODY]] = -np.inf
    model._logits[:, v.INDEX["pitch"] == v.KIND[: v.MELODY]] = -np.inf
    np.testing.assert_allclose(predictions(model, [row(note(60), note(60))])[0], 1 / 128)


def test_a_uniform_model_pays_seven_bits_for_each_pitch(random_bundle, pieces):
    uniform = random_bundle(NetworkConfig(v.MELODY, embedding=2, units=2, layers=1), scale=0)
    found = pitch_nats(Runtime(uniform), pieces)
    assert [len(cost) for cost in found] == [notes.note_count(ids) for ids in pieces]
    np.testing.assert_allclose(np.concatenate(found), 7 * math.log(2))


def test_probabilities_add_up_to_1_over_the_pitches_of_midi(bundle, pieces):
    found = np.concatenate(predictions(Runtime(bundle), pieces))
    assert found.shape == (sum(map(notes.note_count, pieces)), 128)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert (found > 0).all()


@pytest.mark.parametrize(
    "other",
    [
        row(note(60), note(66)),
        row(note(60), note(64, 90)),
        row(note(60), place(48), note(64, 90)),
        row(note(60), v.BAR, note(64)),
        row(note(60), D, v.BAR, v.BAR, place(12), note(64)),
    ],
    ids=["another pitch", "longer", "after a rest", "in the next bar", "in another key"],
)
def test_nothing_of_the_note_itself_is_given(bundle, other):
    """Whatever the second note is and whenever it comes, what was said of it before is the same."""
    one, two = predictions(Runtime(bundle), [row(note(60), note(64)), other])
    np.testing.assert_allclose(one[:2], two[:2], rtol=1e-5)


def test_the_past_counts(bundle):
    one, two = predictions(Runtime(bundle), [row(note(60), note(64)), row(note(72, 96), note(64))])
    assert abs(one[1] - two[1]).max() > 1e-4


def test_a_piece_costs_the_same_alone_and_among_others(bundle, pieces):
    runtime = Runtime(bundle)
    together = pitch_nats(runtime, pieces)
    for ids, cost in list(zip(pieces, together, strict=True))[::7]:
        np.testing.assert_allclose(cost, pitch_nats(runtime, [ids])[0], rtol=1e-4)


def test_notes_are_predicted_in_any_number_at_a_time(bundle, pieces, monkeypatch):
    whole = pitch_nats(Runtime(bundle), pieces[:9])
    monkeypatch.setattr("notegen.evaluation.pitches._AT_ONCE", 5)
    for cost, expected in zip(pitch_nats(Runtime(bundle), pieces[:9]), whole, strict=True):
        np.testing.assert_allclose(cost, expected, rtol=1e-4)


def test_no_pieces_have_no_costs(bundle):
    assert pitch_nats(Runtime(bundle), []) == []


def melodies(*tunes, key=C):
    """Return pieces in a key of these MIDI pitches, each a bar of its own."""
    made = []
    for i, tune in enumerate(tunes):
        ids = [v.START, METER, key]
        for sounding in tune:
            ids += [v.BAR, *note(sounding - v.tonic(key))]
        made.append(Piece(str(i), "", np.array([*ids, v.END])))
    return made


def test_uniform_is_over_the_pitches_that_occur():
    sides = {"train": melodies([60, 62, 64]), "valid": melodies([60, 62]), "test": melodies([60, 72])}
    np.testing.assert_allclose(pitch_baselines(sides)["uniform"].costs, [np.log([4, 4])])


def test_every_pitch_of_the_test_side_is_paid_for():
    sides = {"train": melodies([60, 62] * 8), "valid": melodies([60, 62] * 4), "test": melodies([60, 62] * 3)}
    found = pitch_baselines(sides)
    assert list(found) == ["uniform", "order 1", "order 2", "n-gram"]
    assert all(baseline.costs[0].shape == (6,) for baseline in found.values())
    assert found["order 1"].costs[0].mean() < 0.2 * found["uniform"].costs[0].mean()


def test_order_2_remembers_what_order_1_does_not():
    """C D C E goes round: what follows C depends on what was before it."""
    tune = [60, 62, 60, 64] * 6
    found = pitch_baselines({side: melodies(tune) for side in ("train", "valid", "test")})
    assert found["order 2"].costs[0].mean() < 0.6 * found["order 1"].costs[0].mean()


def test_tunes_in_many_keys_are_counted_above_the_tonic():
    tune = np.array([60, 64, 67, 62, 71, 60] * 4)
    sides = {
        "train": [piece for i in range(3) for piece in melodies(tune + i, key=(C + i))],
        "valid": melodies(tune + 5, key=C + 5),
        "test": melodies(tune + 7, key=C + 7),
    }
    found = pitch_baselines(sides)
    assert found["n-gram"].text == "relative"
    assert found["n-gram"].costs[0].mean() < 0.5 * found["uniform"].costs[0].mean()


def test_tunes_whose_keys_mean_nothing_are_counted_as_they_are():
    tune = [60, 64, 67, 62, 71, 60] * 4
    sides = {
        side: [piece for key in (C, D, C + 4) for piece in melodies(tune, key=key)]
        for side in ("train", "valid", "test")
    }
    sides["valid"] = melodies(tune, key=C + 5)
    assert pitch_baselines(sides)["n-gram"].text == "absolute"
