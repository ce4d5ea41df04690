import numpy as np
import pytest

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.corpus import dedupe
from notegen.corpus.dedupe import content_hash, groups
from notegen.melody import melody


@pytest.fixture
def tokens(tune):
    return lambda seed, **options: notes.encode(melody(tune(bars=8, seed=seed, **options)))


def with_one_note_changed(ids):
    changed = ids.copy()
    changed[np.flatnonzero(v.KIND[ids] == v.INDEX["pitch"])[10]] += 1
    return changed


@pytest.mark.parametrize("semitones", range(-12, 13))
def test_the_hash_does_not_change_under_transposition(tokens, semitones):
    ids = tokens(1)
    assert content_hash(v.transpose(ids, semitones)) == content_hash(ids)


def test_the_hash_tells_other_notes_rhythms_and_meters_apart(tokens):
    ids = tokens(1)
    rhythm = ids.copy()
    rhythm[np.flatnonzero(v.KIND[ids] == v.INDEX["release"])[-1]] -= 1
    rows = [ids, with_one_note_changed(ids), rhythm, tokens(2), tokens(1, meter=(2, 2))]
    assert len({content_hash(row) for row in rows}) == len(rows)


def test_hashing_leaves_the_tokens_as_they_are(tokens):
    ids = tokens(1)
    before = ids.copy()
    content_hash(ids)
    assert np.array_equal(ids, before)


def test_versions_of_a_tune_form_a_group_in_whatever_key(tokens):
    ids = tokens(1)
    pieces = [tokens(2), ids, v.transpose(ids, 5), with_one_note_changed(ids), tokens(3)]
    assert groups(pieces).tolist() == [0, 1, 1, 1, 4]


def test_kinship_is_passed_on():
    """The middle tune shares half of its notes with either neighbour; the neighbours share nothing."""
    rng = np.random.default_rng(0)
    first, second = (v.FIRST["pitch"] + rng.integers(50, 80, 40) for _ in range(2))
    middle = np.concatenate([first[20:], second[:20]])
    assert groups([first, second]).tolist() == [0, 1]
    assert groups([first, second, middle]).tolist() == [0, 0, 0]


def test_an_excerpt_belongs_to_its_tune(tokens):
    ids = tokens(1)
    assert groups([ids, ids[: len(ids) // 2]]).tolist() == [0, 0]


def test_many_tunes_that_are_no_versions_of_one_another_stay_apart(tokens):
    assert groups([tokens(seed) for seed in range(60)]).tolist() == list(range(60))


def test_pieces_of_no_or_one_note_are_grouped_too():
    note = np.array([v.FIRST["pitch"] + 60])
    assert groups([]).tolist() == []
    assert len(groups([note[:0], note])) == 2


def versions_by_hand(pieces):
    """Return the groups by comparing each piece with each, run by run."""
    runs = []
    for ids in pieces:
        intervals = np.diff(v.pitches(ids)).tolist()
        size = min(dedupe.RUN, max(1, len(intervals)))
        runs.append({tuple(intervals[i : i + size]) for i in range(max(1, len(intervals) - size + 1))})
    found = list(range(len(pieces)))
    for second, of_second in enumerate(runs):
        for first, of_first in enumerate(runs[:second]):
            if len(of_first & of_second) >= dedupe.SHARE * min(len(of_first), len(of_second)):
                low, high = sorted((found[first], found[second]))
                found = [low if group == high else group for group in found]
    return found


@pytest.mark.parametrize(("at_once", "in_memory"), [(256, 1 << 15), (7, 64), (1, 1)])
def test_groups_are_the_same_however_little_memory_there_is(
    tokens, monkeypatch, tmp_path, at_once, in_memory
):
    monkeypatch.setattr(dedupe, "_AT_ONCE", at_once)
    monkeypatch.setattr(dedupe, "_IN_MEMORY", in_memory)
    rng = np.random.default_rng(0)
    pieces = [tokens(seed) for seed in range(30)]
    for i in rng.integers(30, size=30).tolist():
        start, stop = sorted(rng.integers(len(pieces[i]), size=2).tolist())
        pieces.append(np.concatenate([pieces[i][:5], pieces[i][start:stop]]))  # with its key, in any length
    expected = versions_by_hand(pieces)
    assert 25 < len(set(expected)) < 60
    assert dedupe.groups(iter(pieces), tmp_path).tolist() == expected
    assert not list(tmp_path.iterdir())


def test_a_run_that_very_many_pieces_have_is_no_sign_of_kinship():
    common = np.random.default_rng(0).integers(50, 80, 14)
    pieces = [v.FIRST["pitch"] + np.append(common, [20 + i, 30, 40, 30, 40]) for i in range(65)]
    assert len(set(groups(pieces).tolist())) == 65
    assert len(set(groups(pieces[:64]).tolist())) == 1
