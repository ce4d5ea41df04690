"""A small training, once a module, with an engine that is compiled once."""

import signal

import numpy as np
import pytest
from made_trainings import RECIPE

from notegen.corpus import Corpus
from notegen.training import loop
from notegen.training.engine import Engine
from notegen.training.loop import Trainer
from notegen.training.train import train


@pytest.fixture(scope="module")
def one_engine():
    """Compile an engine once: with its first state put back it is as good as a new one."""
    made = {}

    def engine(config, **rest):
        key = repr((config, rest))
        if key not in made:
            new = Engine(config, **rest)
            made[key] = new, [np.array(each) for each in new.state()]
        found, first = made[key]
        found.set_state(first)
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "Engine", engine)
        yield


@pytest.fixture
def heeds_ctrl_c():
    """Also where tests run in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module")
def corpus(tune):
    """Fourteen tunes; of as many, some are on each side."""
    return Corpus.of(
        "tunes", [(f"tune {seed}", tune(seed=seed, bars=6)) for seed in range(14)], notice="free"
    )


@pytest.fixture(scope="module")
def trained(corpus, one_engine, tmp_path_factory):  # noqa: ARG001 (it trains with that)
    """A whole training: its folder, its bundle and its reports."""
    folder, reports = tmp_path_factory.mktemp("trained"), []
    return folder, train(corpus, RECIPE, out=folder / "tunes.notegen", report=reports.append), reports


@pytest.fixture
def out(tmp_path):
    return tmp_path / "tunes.notegen"


@pytest.fixture
def often(monkeypatch):
    """Let the state be kept after every step."""
    monkeypatch.setattr(Trainer, "CHECKPOINT_SECONDS", -1)
    monkeypatch.setattr(Trainer, "FEW_SECONDS", -1)
