"""How much of pieces stands in a training corpus."""

import pytest

from notegen.codecs import vocabulary as v
from notegen.corpus import Corpus
from notegen.corpus.originality import Index
from notegen.report.copying import originality


@pytest.fixture(scope="module")
def corpus(tune):
    return Corpus.of("made", [(f"{i}.mid", tune(bars=6, seed=i, title=f"Tune {i}")) for i in range(60)])


def test_a_planted_copy_is_found_with_its_title_in_any_key(corpus):
    index = Index.of(corpus.train)
    source = corpus.train[7]
    said = originality(index, [corpus.test[0].ids, v.transpose(source.ids, 3)], corpus.test)
    longest = said["longest"]["generated"]
    assert longest["title"] == source.title
    assert longest["piece"] == 2
    assert longest["notes"] == len(v.pitches(source.ids)) - 1
    assert said["runs"]["8"]["generated"] > said["runs"]["8"]["human"]


def test_where_nothing_is_shared_there_is_no_longest_run(corpus):
    still = corpus.test[0].ids[:6]  # a note alone follows no other
    said = originality(Index.of(corpus.train), [still], corpus.test)
    assert said["longest"]["generated"] is None
    assert said["runs"]["8"]["generated"] is None
    assert said["longest"]["human"]["of"] in {piece.title for piece in corpus.test}
