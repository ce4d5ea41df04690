import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notegen.corpus import suffixes
from notegen.corpus.suffixes import GAP, LIMIT, UNKNOWN, longest_runs, suffix_array


def as_codes(values):
    return np.array(values, dtype=np.uint16)


def text_of(parts):
    """Return parts as a text, with gaps around each."""
    return as_codes([GAP, *(code for part in parts for code in [*part, GAP])])


PARTS = st.lists(st.lists(st.integers(1, 3), max_size=12), max_size=6)


@given(parts=PARTS)
def test_suffixes_stand_in_order(parts):
    text = text_of(parts)
    suffixes_ = [text[place:].tolist() for place in suffix_array(text)]
    assert suffixes_ == sorted(text[i:].tolist() for i in range(len(text)))


def longest_by_trial(parts, query, start):
    """Return the longest beginning of query[start:] that stands in a part."""
    size = 0
    while start + size < len(query) and any(
        part[i : i + size + 1] == query[start : start + size + 1] for part in parts for i in range(len(part))
    ):
        size += 1
    return size


@given(parts=PARTS, query=st.lists(st.integers(1, 4), max_size=20))
def test_the_longest_runs_are_those_that_trial_finds(parts, query):
    text = text_of(parts)
    lengths, places = longest_runs(text, suffix_array(text), as_codes(query))
    assert lengths.tolist() == [longest_by_trial(parts, query, i) for i in range(len(query))]
    for i, (length, place) in enumerate(zip(lengths.tolist(), places.tolist(), strict=True)):
        assert length == 0 or text[place : place + length].tolist() == query[i : i + length]


@pytest.mark.parametrize("size", [15, 16, 17, 32, 100])
def test_runs_may_be_longer_than_what_is_compared_at_a_time(size):
    part = (np.arange(size) % 7 + 1).tolist()
    text = text_of([[9, *part, 9], part[1:]])
    lengths, places = longest_runs(text, suffix_array(text), as_codes(part))
    assert lengths.tolist() == list(range(size, 0, -1))
    assert places[0] == 2


def test_what_no_text_has_ends_a_run():
    text = text_of([[1, 2, 3, 4]])
    lengths, _ = longest_runs(text, suffix_array(text), as_codes([1, 2, UNKNOWN, 4]))
    assert lengths.tolist() == [2, 1, 0, 1]


def test_a_run_is_not_followed_beyond_the_limit(monkeypatch):
    text = text_of([[1] * (LIMIT + 100)])
    lengths, _ = longest_runs(text, suffix_array(text), as_codes([1] * (LIMIT + 50)))
    assert lengths[:51].tolist() == [LIMIT] * 51
    assert lengths[-1] == 1
    monkeypatch.setattr(suffixes, "LIMIT", 4)
    text = text_of([[1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 6]])
    lengths, places = longest_runs(text, suffix_array(text), as_codes([1, 2, 3, 4, 6]))
    assert lengths.tolist() == [4, 4, 3, 2, 1]
    assert places[0] in (1, 8)


@given(parts=PARTS, query=st.lists(st.integers(1, 4), max_size=20), seed=st.integers(0, 99))
def test_a_wrong_order_gives_wrong_answers_and_no_error(parts, query, seed):
    text = text_of(parts)
    order = np.random.default_rng(seed).integers(0, len(text), len(text))
    lengths, places = longest_runs(text, order, as_codes(query))
    assert ((lengths >= 0) & (lengths <= LIMIT) & (places < len(text))).all()
