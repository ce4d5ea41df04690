import numpy as np
import pytest

from notegen.codecs.notes import encode
from notegen.errors import EmptyError
from notegen.evaluation import expectation
from notegen.evaluation.expectation import FOLDS, cross_validate, folds
from notegen.melody import melody
from notegen.model.viewpoints import VIEWPOINTS
from notegen.score import KEY, Score, table

SCALE = [60, 62, 64, 65, 67, 69, 71, 72]


@pytest.fixture(scope="module", autouse=True)
def two_viewpoints():
    """All of them take longer, and are tested one by one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(expectation, "VIEWPOINTS", (VIEWPOINTS[0], VIEWPOINTS[-2]))
        yield


def tunes(count, seed, repeats):
    """Return tunes of chance, of which each is one phrase of six notes, so many times."""
    generator, found = np.random.default_rng(seed), []
    for _ in range(count):
        pitches = np.tile(generator.choice(SCALE, 6), repeats).tolist()
        notes = [(24 * place, 24, pitch) for place, pitch in enumerate(pitches)]
        score = Score.of(notes, meter=(3, 4), resolution=24, keys=table([(0, 0, 0)], KEY))
        found.append(encode(melody(score)))
    return found


@pytest.fixture(scope="module")
def repeated():
    """Return the set, and what each note of it costs with a corpus of the same tunes beside it."""
    pieces = tunes(20, seed=0, repeats=4)
    return pieces, cross_validate(pieces, pieces)


def test_each_note_of_the_set_is_paid_for_in_each_part(repeated):
    _, nats = repeated
    names = {"pitch", "degrees and their places in bars"}
    names |= {"short-term", "long-term", "set alone", "corpus alone", "set and corpus"}
    assert set(nats) == names
    assert all(paid.shape == (20 * 24,) and (paid >= 0).all() for paid in nats.values())


def test_the_short_term_knows_what_repeats(repeated):
    """The first phrase is chance, of at least log 8 nats a note; the fourth has been heard three times."""
    _, nats = repeated
    paid = nats["short-term"].reshape(20, 4, 6).mean(axis=(0, 2))
    assert paid[0] > 1.8
    assert paid[3] < 0.3
    assert nats["long-term"].mean() > 1.8  # no tune tells of another
    assert nats["set alone"].reshape(20, 4, 6).mean(axis=(0, 2))[3] < 0.3


def test_a_corpus_tells_what_the_set_does_not(repeated):
    """It has the tunes themselves."""
    _, nats = repeated
    assert nats["corpus alone"].mean() < nats["set alone"].mean()
    assert nats["set and corpus"].mean() < nats["set alone"].mean()


def test_without_a_corpus_the_rest_is_the_same(repeated):
    pieces, nats = repeated
    alone = cross_validate(pieces)
    assert set(nats) - set(alone) == {"corpus alone", "set and corpus"}
    for name, paid in alone.items():
        np.testing.assert_array_equal(paid, nats[name])


def test_what_is_foretold_of_a_melody_does_not_hang_on_the_rest_of_its_fold(repeated):
    """A melody of the same fold is replaced; all others cost what they did."""
    pieces, _ = repeated
    mates = np.flatnonzero(folds(len(pieces)) == folds(len(pieces))[0])
    assert len(mates) == 2
    changed = list(pieces)
    changed[mates[1]] = tunes(1, seed=7, repeats=4)[0]
    one, two = (cross_validate(some)["set alone"].reshape(20, 24)[mates[0]] for some in (pieces, changed))
    np.testing.assert_allclose(one, two, rtol=1e-4)


def test_folds_are_of_one_size():
    assert np.bincount(folds(213)).tolist() == [22, 22, 22] + [21] * 7
    assert folds(213).max() == FOLDS - 1


def test_there_must_be_a_melody_for_each_fold():
    with pytest.raises(EmptyError, match="9 melodies"):
        cross_validate(tunes(9, seed=0, repeats=1))
