import numpy as np
import pytest

from notegen.codecs.notes import encode
from notegen.melody import melody
from notegen.model.viewpoints import LONGEST, NONE, VIEWPOINTS, View, Viewpoint, notes_of
from notegen.score import KEY, Score, table

DEGREES = Viewpoint("degrees", "tonic", ("degree",))
ALPHABET = range(60, 73)


def piece(*notes, fifths=0, then=()):
    """Return tokens of (onset, duration, pitch) in quarters, in 2/4 and a major key; more keys may follow."""
    rows = [(24 * onset, 24 * duration, pitch) for onset, duration, pitch in notes]
    keys = table([(0, fifths, 0), *then], KEY)
    return encode(melody(Score.of(rows, meter=(2, 4), resolution=24, keys=keys)))


def line(*pitches, **options):
    """Return tokens of a melody in quarters."""
    return piece(*((place, 1, pitch) for place, pitch in enumerate(pitches)), **options)


@pytest.fixture(scope="module")
def tunes():
    """Tunes that wander about in G major, with quarters and halves."""
    rng = np.random.default_rng(0)
    scale, found = [60, 62, 64, 66, 67, 69, 71, 72], []
    for _ in range(12):
        step, clock, rows = 3, 0, []
        for _ in range(20):
            step = int(np.clip(step + rng.integers(-2, 3), 0, 7))
            rows.append((clock, 1 + int(rng.integers(2)), scale[step]))
            clock += rows[-1][1]
        found.append(piece(*rows, fifths=1))
    return found


def test_notes_on_paper():
    """A rest stands before the last note, which ends in the middle of the third bar of 2/4."""
    notes = notes_of([piece((0, 1, 67), (1, 1, 69), (2, 1, 64), (4, 1, 62), fifths=1), line(60, 62)])
    assert notes.pitch.tolist() == [67, 69, 64, 62, 60, 62]
    assert notes.degree.tolist() == [60, 62, 57, 55, 60, 62]
    assert notes.interval.tolist() == [NONE, 2, -5, -2, NONE, 2]
    assert notes.place.tolist() == [24, 0, 24, 24, 24, 0]
    assert notes.length.tolist() == [24, 24, 24, 0, 24, 24]
    assert notes.bar.tolist() == [48] * 6
    assert notes.number.tolist() == [0, 1, 2, 3, 0, 1]
    assert notes.piece.tolist() == [0, 0, 0, 0, 1, 1]


def test_the_short_term_on_paper():
    """C D C: of two notes one was C, one D; behind the C a D has followed. All in all, 13 + 11 degrees."""
    view = View(DEGREES, notes_of([line(60, 62, 60, 62)]), ALPHABET)
    said = np.exp(view.short_term().log_probabilities[3])
    width, kinds, c, d = 24, 2, 2, 1  # behind C D C
    anything = {60: (c + kinds / width) / (3 + kinds), 62: (d + kinds / width) / (3 + kinds)}
    behind_c = {60: anything[60] / 2, 62: (1 + anything[62]) / 2}  # once, and of one kind
    assert said[2] / said[0] == pytest.approx(behind_c[62] / behind_c[60])
    assert view.short_term().depth.tolist() == [0, 1, 1, 2]


def test_a_past_is_looked_for_as_far_as_it_goes():
    pitches = [60, 62, 64, 65, 67, 69, 71, 72, 66, 61, 60, 62, 64, 65, 67, 69, 71, 72, 66, 61]
    view = View(DEGREES, notes_of([line(*pitches)]), ALPHABET)
    short = view.short_term()
    assert short.depth[-1] == LONGEST + 1  # of nothing, and of one to LONGEST notes
    assert short.log_probabilities[-1].argmax() == 61 - 60


@pytest.mark.parametrize("viewpoint", VIEWPOINTS, ids=lambda viewpoint: viewpoint.name)
def test_nothing_of_a_note_is_known_before_it(tunes, viewpoint):
    """From the tenth note on all is different: onset, duration, pitch, key."""
    begun = [(clock, 1, 60 + 2 * (clock % 5)) for clock in range(9)]
    plain = piece(*begun, (9, 1, 64), (10, 1, 65), fifths=1)
    other = piece(*begun, (10, 2, 72), (13, 1, 61), (15, 2, 63), fifths=1, then=[(240, -3, 0)])
    found = []
    for tune in (plain, other):
        notes = notes_of([tune, *tunes])
        view = View(viewpoint, notes, ALPHABET)
        told = view.told_by(View(viewpoint, notes_of(tunes[:5]), ALPHABET))
        opinions = view.short_term(), view.long_term(notes.piece > 0), told
        found.append([opinion.of(np.arange(len(notes.piece)) <= 9) for opinion in opinions])
    for one, two in zip(*found, strict=True):
        np.testing.assert_array_equal(one.log_probabilities, two.log_probabilities)
        np.testing.assert_array_equal(one.depth, two.depth)


@pytest.mark.parametrize("viewpoint", VIEWPOINTS, ids=lambda viewpoint: viewpoint.name)
def test_an_opinion_is_a_distribution(tunes, viewpoint):
    notes = notes_of(tunes)
    view = View(viewpoint, notes, ALPHABET)
    for opinion in (view.short_term(), view.long_term(notes.piece < 9), view.told_by(view)):
        np.testing.assert_allclose(np.exp(opinion.log_probabilities).sum(axis=1), 1, rtol=1e-5)


def test_the_long_term_leaves_a_melody_itself_out(tunes):
    """A counted melody is told of by the others alone, as one that is not counted."""
    notes = notes_of(tunes)
    view = View(DEGREES, notes, ALPHABET)
    all_of_them = view.long_term(notes.piece >= 0)
    others = view.long_term(notes.piece != 4)
    own = notes.piece == 4
    np.testing.assert_array_equal(all_of_them.of(own).log_probabilities, others.of(own).log_probabilities)
    assert (all_of_them.of(~own).log_probabilities != others.of(~own).log_probabilities).any()


def test_the_long_term_of_others_is_what_a_corpus_of_them_tells(tunes):
    notes = notes_of(tunes)
    for viewpoint in VIEWPOINTS:
        view = View(viewpoint, notes, ALPHABET)
        own = notes.piece == 11
        long = view.long_term(~own).of(own)
        told = view.told_by(View(viewpoint, notes_of(tunes[:11]), ALPHABET)).of(own)
        np.testing.assert_array_equal(long.log_probabilities, told.log_probabilities)


def test_degrees_are_the_same_in_every_key():
    """A corpus in D tells of a melody in C as one in C does."""
    notes = notes_of([line(60, 64, 67, 60)])
    view = View(DEGREES, notes, ALPHABET)
    told = [
        view.told_by(
            View(DEGREES, notes_of([line(*(pitch + up for pitch in (60, 64, 67, 60)), fifths=key)]), ALPHABET)
        )
        for up, key in ((0, 0), (2, 2))
    ]
    np.testing.assert_array_equal(told[0].log_probabilities, told[1].log_probabilities)


def test_pitches_outside_the_alphabet_are_no_hindrance():
    view = View(Viewpoint("pitch", "nothing", ("pitch",)), notes_of([line(60, 62, 60)]), range(60, 63))
    low = View(Viewpoint("pitch", "nothing", ("pitch",)), notes_of([line(40, 62, 90)]), range(60, 63))
    assert np.isfinite(view.told_by(low).log_probabilities).all()
