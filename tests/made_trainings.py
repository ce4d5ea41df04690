"""A small training, and what may come between."""

import csv
import json

import pytest
from safetensors import safe_open

from notegen.training.engine import Engine
from notegen.training.recipe import Recipe
from notegen.training.train import train

RECIPE = Recipe(embedding=8, units=16, layers=1, batch=4, steps=32, rate=0.02, warmup=5, epochs=2, seed=1)


class StopAt:
    """A report callback that presses Ctrl-C at one of its calls."""

    def __init__(self, call):
        self.left = call

    def __call__(self, _):
        self.left -= 1
        if not self.left:
            raise KeyboardInterrupt


def at_call(monkeypatch, name, call, do):
    """Do something instead of one call of an engine's method; return the rates of all calls."""
    real, rates = getattr(Engine, name), []

    def method(self, step, *rate):
        rates.extend(rate)
        method.calls += 1
        if method.calls == call:
            return do(lambda: real(self, step, *rate))
        return real(self, step, *rate)

    method.calls = 0
    monkeypatch.setattr(Engine, name, method)
    return rates


def table(folder):
    return list(csv.DictReader((folder / "tunes.csv").read_text().splitlines()))


def without_seconds(rows):
    return [{**row, "seconds": ""} for row in rows]


def assert_same(bundle, trained):
    """Say that a training came to the same end, bit for bit, by the same way."""
    _, other, _ = trained
    assert (bundle.provenance["finished"], bundle.provenance["epochs"]) == (True, 2)
    for name, array in other.weights.items():
        assert array.tobytes() == bundle.weights[name].tobytes(), name
    for said in ("curve", "valid_bits_per_note", "test_bits_per_note"):
        assert bundle.provenance[said] == other.provenance[said]


def assert_only_results(folder):
    assert sorted(path.name for path in folder.iterdir()) == ["tunes.csv", "tunes.notegen"]


def stop(corpus, out, call, **rest):
    with pytest.raises(KeyboardInterrupt):
        train(corpus, RECIPE, out=out, report=StopAt(call), **rest)


def place(out):
    """Where the newest checkpoint says that the training stands."""
    with safe_open(f"{out}.checkpoint", "np") as file:
        return json.loads(file.metadata()["place"])


def news(reports):
    return [report.news for report in reports if report.news]
