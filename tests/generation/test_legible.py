from dataclasses import replace

import numpy as np

from notegen.formats import abc_words
from notegen.generation.legible import legible
from notegen.generation.seam import Seam
from notegen.melody import melody
from notegen.score import NOTE, table


def played(score, seed=0):
    """Return a score as someone plays it, up to 25 ms early or late, and shorter than it is written."""
    rng = np.random.default_rng(seed)
    rows = score.notes.copy()
    rows["onset"] = np.maximum(0, rows["onset"] + rng.integers(-24, 25, len(rows)))
    rows["duration"] = rows["duration"] * rng.uniform(0.6, 1.0, len(rows))
    return replace(score, notes=table(rows, NOTE))


def read(score):
    """Return what `legible` makes of a seed, with the seam's own numbers."""
    seam = Seam.of(score)
    return seam, *legible(seam.line, seam.grid_bar, seam.tick, seam.length)


def test_what_was_written_stays_as_it_is(tune):
    seam, line, tick = read(tune(bars=6))
    assert line is seam.line
    assert tick == seam.tick


def test_what_was_played_is_written_as_it_was_meant(tune):
    for seed in range(5):
        score = tune(bars=6, seed=seed)
        _, line, tick = read(played(score, seed))
        assert tick == 0
        meant = melody(score).notes
        assert line.notes["onset"].tolist() == meant["onset"].tolist()
        assert line.notes["pitch"].tolist() == meant["pitch"].tolist()
        assert set("".join(abc_words.write(line, 6 * 96)).split("\n", 3)[3]) <= set(
            "ABCDEFGabcdefg',=^_z|23/-"
        )


def test_a_seam_inside_a_bar_comes_to_lie_on_a_sixteenth(tune):
    score = tune(bars=3)
    cut = score.notes[score.notes["onset"] < 2 * 1920 + 700]
    for seed in range(5):
        seam, line, tick = read(played(replace(score, notes=table(cut, NOTE)), seed))
        assert abs(tick - seam.tick) <= 3
        assert tick % 6 == 0
        assert line.end <= seam.grid_bar + tick
        assert (np.diff(line.notes["onset"]) > 0).all()
