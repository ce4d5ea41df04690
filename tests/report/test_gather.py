"""What the page of a corpus shows, counted in its pieces."""

from notegen.corpus import Corpus
from notegen.report import corpus as pages
from notegen.report.gather import gather
from notegen.score import Score


def made(*durations):
    """Return a tune of C, E, G, C, … with durations in grid ticks."""
    rows, at = [], 0
    for i, duration in enumerate(durations):
        rows.append((at, duration, (60, 64, 67)[i % 3]))
        at += duration
    return Score.of(rows, resolution=24)


def test_notes_are_counted_by_pitch_and_by_value():
    found = gather(Corpus.of("x", [("a/b.abc#1 One", made(*[24] * 6, 12, 12, 36, 8, 8, 8, 48))]))
    assert found["pitches"] == {"60": 5, "64": 4, "67": 4}
    assert {value: count for value, count in found["durations"].items() if count} == {
        "1/12": 3,
        "1/8": 2,
        "1/4": 6,
        "3/8": 1,
        "1/2": 1,
    }
    assert found["lengths"] == {"bars": [3], "notes": [13]}


def test_sources_are_tunebooks_and_folders(tune):
    names = ("a/b.abc#1 One", "a/b.abc#2 Two", "c/x.mid")
    found = gather(Corpus.of("x", [(name, tune(seed=i)) for i, name in enumerate(names)]))
    assert found["sources"] == {"a/b.abc": 2, "c": 1}


def test_the_report_is_all_there_and_the_page_shows_it(tune):
    twice = Corpus.of(
        "x", [("a.mid", tune()), ("b.mid", tune(resolution=480).transpose(2)), ("c.mid", tune(bars=0))]
    )
    found = gather(twice)
    assert {name: found[name] for name in twice.report()} == twice.report()
    page = pages.page(found)
    for words in ("What is there twice", "the same notes as a.mid", "notes by pitch", "notes in a piece"):
        assert words in page
