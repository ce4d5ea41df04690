"""The codec of frames: tokens, places in the beat, and what a network of them is given."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made_frames import made_codebook

from notegen.audio import beats, frames
from notegen.audio.beats import PHASES
from notegen.audio.features import BANDS, FLOOR, levels_of
from notegen.audio.frames import PLACES, Clock, Span
from notegen.audio.recording import RATE
from notegen.model.ngram import NGram

BARS = (1, 2, 3, 4, 6, 8)
SILENT = Clock(np.zeros(0, np.int64), 1, 30)


def clock(bar=4, frames=500):
    """Return a beat each 21.5 frames: 120 a minute."""
    return Clock(np.round(np.arange(7, frames, 21.533)).astype(np.int64), bar, frames)


def test_the_clock_of_clicks_has_their_tempo(clicks):
    levels = levels_of([clicks(120)])
    found = Clock.of(levels)
    assert found.frames == len(levels)
    assert found.tempo == pytest.approx(120, rel=0.01)
    first = found.places()[found.beats]
    assert len(set(frames.in_bar(first) % PHASES)) == 1  # a beat begins at one place


def test_music_without_a_beat_is_at_place_0():
    noise = np.random.default_rng(0).standard_normal(5 * RATE).astype(np.float32)
    for found in (Clock.of(levels_of([noise])), SILENT, Clock(np.array([9]), 1, 30)):
        assert found.tempo is None
        places = found.places(7)
        assert places.dtype == np.int32
        assert places.tolist() == [0] * (found.frames + 7)


@pytest.mark.parametrize("bar", BARS)
def test_each_bar_has_places_of_its_own(bar):
    found = set(clock(bar).places(100).tolist())
    assert len(found) == bar * PHASES
    assert 1 <= min(found) <= max(found) < PLACES
    for other in set(BARS) - {bar}:
        assert not found & set(clock(other).places(100).tolist())


def test_every_place_is_used_by_some_bar():
    used = {0}.union(*(clock(bar).places().tolist() for bar in BARS))
    assert used == set(range(PLACES))


@pytest.mark.parametrize("bar", BARS)
def test_places_count_from_the_beginning_of_the_bar(bar):
    made = clock(bar)
    counted = frames.in_bar(made.places(200))
    assert np.array_equal(counted, beats.place(made.beats, bar, 700))


def test_the_places_behind_the_recording_go_on():
    made = clock()
    assert np.array_equal(made.places(90)[:500], made.places())
    onward = frames.in_bar(made.places(90)[499:])
    assert set(np.diff(onward) % (4 * PHASES)) <= {0, 1}


def test_tokens_count_from_1_and_name_the_nearest_entry():
    entries = made_codebook(9)
    found = frames.tokens(entries[::-1] + np.float32(0.5), entries)
    assert found.dtype == np.int32
    assert found.tolist() == list(range(9, 0, -1))


@given(st.lists(st.integers(1, 256), min_size=1, max_size=50), st.integers(0, PLACES - 50))
def test_an_id_holds_a_token_and_the_place_of_the_next_frame(drawn, first):
    tokens = np.array(drawn, np.int32)
    places = np.arange(first, first + len(tokens) + 1, dtype=np.int32) % PLACES
    made = frames.ids(tokens, places, 257)
    assert made.dtype == np.int32
    assert np.array_equal(made % 257, tokens)
    assert np.array_equal(made // 257, places[1:])


def test_the_codebook_comes_back_from_what_a_network_is_given():
    entries = np.random.default_rng(0).uniform(FLOOR, 0, (40, BANDS)).astype(np.float32)
    entries[0], entries[1] = FLOOR, 0
    given = frames.tables(entries, [np.arange(1, 40)])
    assert np.abs(given["embedding"]).max() == 1
    assert not given["embedding"][0].any()  # padding looks like nothing
    assert np.abs(frames.entries_of(given) - entries).max() < 0.02


def test_half_precision_holds_what_is_given_exactly():
    given = frames.tables(made_codebook(40), [np.arange(1, 40)])
    assert {name: table.shape for name, table in given.items()} == {
        "embedding": (41, BANDS),
        "places": (PLACES, 10),
        "prior": (41, 41),
    }
    for table in given.values():
        assert table.dtype == np.float32
        assert np.array_equal(table.astype(np.float16).astype(np.float32), table)


@pytest.fixture
def rows():
    rng = np.random.default_rng(4)
    return [rng.integers(1, 12, size).astype(np.int32) // 2 + 1 for size in (200, 2, 1, 90)]


def test_each_row_of_the_bigram_is_a_distribution(rows):
    found = frames.bigram(rows, 20)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, rtol=1e-5)
    assert np.isfinite(found).all()


def test_the_bigram_is_that_of_the_baseline(rows):
    """Of words that were seen, of those that never were, and of contexts that never were."""
    found, baseline = frames.bigram(rows, 20), NGram(rows, 2, 20)
    asked = np.random.default_rng(5).integers(1, 20, 300).astype(np.int32)
    np.testing.assert_allclose(-found[asked[:-1], asked[1:]], baseline.nats(asked, "witten-bell"), rtol=1e-5)


def test_pairs_are_counted_within_rows_alone():
    apart = frames.bigram([np.array([1, 2]), np.array([3, 4])], 5)
    together = frames.bigram([np.array([1, 2, 3, 4])], 5)
    assert apart[2, 3] < together[2, 3]
    assert apart[1, 2] > apart[1, 3]


def test_silence_at_either_end_does_not_sound():
    levels = np.full((30, BANDS), FLOOR, np.float32)
    levels[5, 3] = levels[20, 70] = -30
    levels[2, 0] = levels[27] = FLOOR + 3  # too faint
    assert frames.sounding(levels) == Span(5, 21)
    levels[[5, 20]] = FLOOR
    assert frames.sounding(levels) == Span(0, 30)


def test_the_distance_of_keys_is_in_decibels():
    level = made_codebook(1)
    some, other = frames.keys(level, np.array([9])), frames.keys(level + 3, np.array([9]))
    assert np.linalg.norm(some - other) == pytest.approx(3, rel=1e-4)


def test_keys_tell_the_place_but_less_than_the_sound():
    level = np.repeat(made_codebook(1), PLACES, axis=0)
    keys = frames.keys(level, np.arange(PLACES))
    assert keys.dtype == np.float32
    apart = np.linalg.norm(keys[:, None] - keys, axis=2)
    assert apart[17, 18:49].min() > 0  # in bars of two every place is another
    assert apart.max() < 4.5  # decibels


@pytest.mark.parametrize("bar", BARS)
def test_places_that_follow_one_another_look_alike_around_the_bar(bar):
    places = 1 + PHASES * sum(BARS[: BARS.index(bar)]) + np.arange(bar * PHASES)
    vectors = frames.place_vectors()[places]
    steps = np.linalg.norm(vectors - np.roll(vectors, 1, axis=0), axis=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), (5 if bar > 1 else 3) ** 0.5, rtol=1e-5)


def test_the_place_without_a_beat_looks_like_nothing_and_the_table_stays_as_it_is():
    assert not frames.place_vectors()[0].any()
    with pytest.raises(ValueError, match="read-only"):
        frames.place_vectors()[0] = 1


@given(st.integers(1, 30_000), st.booleans())
def test_every_frame_is_on_one_side(count, test):
    sides = frames.sections(count, test=test)
    spans = sorted(span for side in sides.values() for span in side)
    assert [span.start for span in spans] == [0, *(span.stop for span in spans[:-1])]
    assert spans[-1].stop == count
    assert all(span.stop > span.start for span in spans)
    for side in sides.values():  # neighbours are one span
        assert all(a.stop < b.start for a, b in pairwise(side))


@pytest.mark.parametrize("count", [320, 5000, 100_000])
def test_a_tenth_is_held_out_for_each_purpose(count):
    def share(side):
        return sum(stop - start for start, stop in side) / count

    tested, untested = (frames.sections(count, test=test) for test in (True, False))
    assert share(tested["valid"]) == share(untested["valid"]) == pytest.approx(0.1, abs=0.02)
    assert share(tested["test"]) == pytest.approx(0.1, abs=0.02)
    assert untested["test"] == []
    assert untested["train"][-1].stop == count


def test_sections_of_long_recordings_are_not_longer_than_512_frames():
    held = [span for name in ("valid", "test") for span in frames.sections(10**6, test=True)[name]]
    assert {stop - start for start, stop in held} <= {512, 10**6 % 512}
