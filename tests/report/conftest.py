"""Invented figures, as `notegen evaluate` and `notegen corpus check` say them."""

from html.parser import HTMLParser
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from notegen.rendering import sound
from notegen.report.distributions import Bars, Distribution
from notegen.report.samples import Sample

NASTY = '<script>alert("x")</script>&'
CLASSES = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "G♯", "A", "B♭", "B")
FEATURES = (
    ("pitch count", "pitches", 12.1, 11.8, 0.91),
    ("range", "semitones", 17.2, 16.1, 0.88),
    ("mean interval", "semitones", 2.61, 2.75, 0.79),
    ("pitch-class entropy", "bits", 2.71, 2.66, 0.93),
    ("mean inter-onset interval", "quarters", 0.55, 0.53, 0.9),
    ("groove consistency", "", 0.97, 0.98, 0.7),
    ("scale consistency", "", 0.98, 0.97, 0.86),
    ("empty-beat rate", "", 0.0, 0.0, None),
)


def shares(seed, *shape):
    made = np.random.default_rng(seed).random(shape) ** 3
    return made / made.sum()


def make_said(tunes=188):
    bits = np.sort(np.random.default_rng(0).normal(2.9, 0.45, tunes))[::-1].tolist()
    parts = {"pitch": 1.62, "rhythm": 0.99, "bars": 0.3}
    return {
        "model": "folk",
        "sha256": "9f" * 32,
        "command": "notegen evaluate folk ryan --report folk.html",
        "corpus": "Ryan's Mammoth Collection",
        "side": "test",
        "pieces": tunes,
        "notes": 30_643,
        "tokens": 80_000,
        "bits_per_note": 2.91,
        "nats_per_token": 0.9,
        "perplexity": 2.46,
        "parts": parts,
        "bits_per_pitch": None,
        "baselines": {
            "uniform": {"bits_per_note": 21.3, "parts": {"pitch": 8.0, "rhythm": 10.3, "bars": 3.0}},
            "order 1": {"bits_per_note": 5.86, "parts": {"pitch": 2.9, "rhythm": 2.2, "bars": 0.76}},
            "n-gram": {
                "bits_per_note": 3.75,
                "parts": {"pitch": 2.11, "rhythm": 1.22, "bars": 0.42},
                "order": 7,
                "smoothing": "kneser-ney",
            },
        },
        "tunes": [
            {"name": f"ryan/a.abc#{i}", "title": f"Tune {i}", "notes": 100 + i, "bits_per_note": value}
            for i, value in enumerate(bits)
        ],
        "statistics": {
            "pieces": 200,
            "seed": 0,
            "features": [
                {
                    "feature": feature,
                    "unit": unit,
                    "test": test,
                    "generated": generated,
                    "overlap": overlap,
                    "kl": None if overlap is None else (1 - overlap) / 3,
                    "ceiling": {"overlap": 0.97, "kl": 0.01},
                    "floor": {"overlap": 0.4, "kl": 0.9},
                }
                for feature, unit, test, generated, overlap in FEATURES
            ],
        },
        "originality": {
            "runs": {
                n: {"generated": 0.21 / k**2, "human": 0.15 / k}
                for k, n in enumerate(("8", "12", "16", "24"), 1)
            },
            "longest": {
                "generated": {"notes": 40, "title": "The Flowers of Edinburgh", "piece": 17},
                "human": {"notes": 60, "title": "Miss McLeod's Reel", "of": "Mrs McLeod's"},
            },
        },
        "warnings": ["Three of the test tunes are shorter than 8 bars."],
    }


def make_report():
    meters = {"4/4": 412, "6/8": 230, "2/4": 166, "9/8": 60, "3/4": 31, "12/8": 14}
    keys = {"D": 300, "G": 260, "A": 120, "Em": 60, "Ador": 44, "Bm": 30, "F": 25, "Dmix": 20, "Bb": 12}
    rng = np.random.default_rng(1)
    pitches = np.bincount(np.clip(rng.normal(74, 5, 9000), 55, 93).astype(int))
    short = [f"its melody has {n} notes; 8 are the least to learn from" for n in (3, 5, 5)]
    return {
        "name": "ryan, tunes",
        "pieces": 1059,
        "kept": 913,
        "notes": 151_204,
        "tokens": 402_118,
        "bars": 24_010,
        "groups": 871,
        "meters": meters,
        "keys": keys,
        "pitch_range": ["G3", "A6"],
        "sides": {"train": 821, "valid": 44, "test": 48},
        "refused": [
            *({"name": f"tunes/s{i}.mid", "reason": reason} for i, reason in enumerate(short)),
            {"name": "tunes/broken.mid", "reason": "the file ends within a track"},
        ],
        "duplicates": [
            {
                "name": f"ryan/b.abc#{i}",
                "title": f"Reel {i}",
                "reason": f"the same notes as {'ryan/b.abc' if i % 3 else 'tunes.zip/jigs/a.mid'}",
                "of": f"ryan/b.abc#{i + 500}" if i % 3 else "tunes.zip/jigs/a.mid",
            }
            for i in range(142)
        ],
        "notice": "In the public domain.",
        "sources": {"ryan": 700, "tunes.zip/jigs": 120, "tunes": 93},
        "lengths": {
            "bars": rng.choice([16, 16, 24, 32, 32, 32, 48], 913).tolist(),
            "notes": rng.gamma(8, 21, 913).astype(int).tolist(),
        },
        "pitches": {str(pitch): int(count) for pitch, count in enumerate(pitches) if count},
        "durations": {
            "1/32": 40,
            "1/16": 4200,
            "1/12": 160,
            "1/8": 90_210,
            "1/4": 20_100,
            "3/8": 4100,
            "1/2": 900,
        },
    }


def make_densities():
    grid = np.linspace(-4, 10, 200)
    return [
        Distribution(
            feature, unit, grid, np.exp(-((grid - 3) ** 2) / 2), np.exp(-((grid - 3.6) ** 2) / 1.4) * 1.2
        )
        for feature, unit, *_ in FEATURES[:4]
    ]


def make_histograms():
    intervals = [str(i) for i in range(-12, 13)]
    values = ["1/16", "1/12", "1/8", "1/6", "3/16", "1/4", "3/8", "1/2", "3/4", "1"]
    return [
        Bars("pitch classes", CLASSES, shares(1, 12), shares(2, 12)),
        Bars("melodic intervals", intervals, shares(3, 25), shares(4, 25)),
        Bars("durations", values, shares(5, 10), shares(6, 10)),
        Bars("pitch-class transitions", CLASSES, shares(7, 12, 12), shares(8, 12, 12)),
    ]


VOID = {"meta", "link", "img", "br", "hr", "input"}  # elements that have no end


class Page(HTMLParser):
    """A parsed page: its elements as (tag, attributes), and the text inside each; tags must balance."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self._open = [], [], []
        self.feed(text)
        self.close()
        assert not self._open

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self._open.append(len(self.elements))
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_data(self, data):
        for each in self._open:
            self.texts[each] += data

    def handle_endtag(self, tag):
        assert self.elements[self._open.pop()][0] == tag

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self, tag):
        return [text for (name, _), text in zip(self.elements, self.texts, strict=True) if name == tag]

    def row(self, first):
        """Return the cells of the table row that begins so."""
        (found,) = [row for row in self.rows() if row[0].startswith(first)]
        return found

    def rows(self):
        """Return the cells of all table rows."""
        rows = []
        for (tag, _), text in zip(self.elements, self.texts, strict=True):
            if tag == "tr":
                rows.append([])
            elif tag in ("th", "td"):
                rows[-1].append(text)
        return rows


CURVE = [(1, 2.1077, 4.3708), (2, 1.2961, 3.717), (3, 1.1421, 3.6053), (4, 1.0814, 3.2888), (5, 1.1, 3.31)]


@pytest.fixture
def parsed():
    return Page


@pytest.fixture
def nasty():
    return NASTY


@pytest.fixture
def said():
    return make_said()


@pytest.fixture
def report():
    return make_report()


@pytest.fixture
def drawn():
    """Return all that an evaluation shows beside what it says, but for the samples."""
    return {"curve": CURVE, "densities": make_densities(), "histograms": make_histograms()}


@pytest.fixture
def groups(tune):
    """Return samples as a page takes them."""
    jig = Sample("Jig", tune((6, 8), bars=16, seed=3), "2.10 bits per note, 70 notes")
    return {"The best": [jig], "The worst": [Sample(NASTY, tune(bars=12, seed=4))]}


@pytest.fixture
def silent(monkeypatch):
    """Spare the time that sound takes."""
    monkeypatch.setattr(sound, "encoded", lambda score, suffix, **options: suffix.encode())  # noqa: ARG005


@pytest.fixture(scope="session", autouse=True)
def _small_font():
    """Play with the font that pretty_midi carries, as other fonts take long to load."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "NOTEGEN_SOUNDFONT", str(Path(find_spec("pretty_midi").origin).with_name("TimGM6mb.sf2"))
        )
        yield
