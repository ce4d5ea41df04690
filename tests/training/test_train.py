"""Training: from a corpus to a bundle, and what may come between."""

import csv
import errno
import json
import math
import os
import pickle
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from made_tunes import write_tunes
from notegen_cli.main import main
from safetensors import safe_open

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.corpus import Corpus, lengths
from notegen.corpus.build import build
from notegen.corpus.originality import human
from notegen.errors import DataError, UsageError
from notegen.generation.compose import compose
from notegen.model.bundle import Bundle, load
from notegen.training import loop
from notegen.training import train as train_module
from notegen.training.checkpoint import Checkpoint
from notegen.training.engine import Engine
from notegen.training.loop import Trainer
from notegen.training.recipe import Recipe
from notegen.training.train import suggest, train, with_index

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

RECIPE = Recipe(embedding=8, units=16, layers=1, batch=4, steps=32, rate=0.02, warmup=5, epochs=2, seed=1)


@pytest.fixture(autouse=True, scope="module")
def _one_engine():
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


@pytest.fixture(autouse=True)
def _heeds_ctrl_c():
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
def trained(corpus, tmp_path_factory):
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


def test_the_loss_falls(trained):
    rows = table(trained[0])
    assert [int(row["epoch"]) for row in rows] == [1, 2]
    for column in ("train_nats_per_token", "valid_bits_per_note"):
        assert float(rows[1][column]) < float(rows[0][column])
    assert float(rows[0]["train_nats_per_token"]) < math.log(v.SIZE)


def test_the_bundle_is_written_with_figures_and_provenance(trained, corpus):
    folder, bundle, _ = trained
    assert sorted(path.name for path in folder.iterdir()) == ["tunes.csv", "tunes.notegen"]
    said = load(folder / "tunes.notegen").provenance
    assert said == bundle.provenance
    assert (said["corpus"], said["notice"], said["epochs"], said["finished"]) == ("tunes", "free", 2, True)
    assert said["pieces"] == {side: len(pieces) for side, pieces in corpus.sides.items()}
    assert said["recipe"]["units"] == RECIPE.units
    assert 0 < said["valid_bits_per_note"] < 30
    assert 0 < said["test_bits_per_note"] < 30


def test_the_stated_figure_is_that_of_the_validation(trained):
    rows = table(trained[0])
    best = min(float(row["valid_bits_per_note"]) for row in rows)
    assert trained[1].provenance["valid_bits_per_note"] == pytest.approx(best, rel=0.02)


def test_the_bundle_keeps_its_learning_curve(trained):
    rows = table(trained[0])
    kept = trained[1].provenance["curve"]
    assert [row[0] for row in kept] == [1, 2]
    assert [f"{row[1]:.4f}" for row in kept] == [row["train_nats_per_token"] for row in rows]
    assert [f"{row[2]:.4f}" for row in kept] == [row["valid_bits_per_note"] for row in rows]


def test_a_new_training_begins_a_new_log(trained, corpus, tmp_path):
    (tmp_path / "tunes.csv").write_text("epoch,updates,seconds,train,valid\n1,1,1,9.9,9.9\n")
    bundle = train(corpus, RECIPE, out=tmp_path / "tunes.notegen")
    assert bundle.provenance["curve"] == trained[1].provenance["curve"]


def test_the_bundle_knows_its_corpus_and_what_people_copy_from_it(trained, corpus):
    for number in (0, len(corpus.train) - 1):
        piece = corpus.train[number]
        run = trained[1].index.longest(piece.ids)
        assert run == (note_count(piece.ids) - 1, piece.name, piece.name, number, 1)
    figures = trained[1].provenance["human_originality"]
    assert figures == human(trained[1].index, corpus.valid)
    assert figures["runs"]["8"] < 0.5
    assert 0 < figures["longest"]["16"] < 16


def test_too_large_a_corpus_is_not_indexed_and_the_bundle_says_so(trained, corpus, monkeypatch):
    monkeypatch.setattr(train_module, "MOST_NOTES", 100)
    bare = with_index(replace(trained[1], provenance={"corpus": "tunes"}), corpus)
    assert bare.index is None
    assert bare.provenance == {"corpus": "tunes", "no_index": "the corpus has more than 100 notes"}


def test_an_index_can_be_added_later(trained, corpus, tmp_path):
    bare = replace(trained[1], index=None)
    with_index(bare, corpus).save(tmp_path / "later.notegen")
    assert (tmp_path / "later.notegen").read_bytes() == (trained[0] / "tunes.notegen").read_bytes()


def test_a_trained_model_composes(trained, tune):
    takes = compose(trained[1], tune(), bars=2, variations=2, seed=1)
    assert [take.notes > 0 for take in takes] == [True, True]


def test_reports_count_steps_and_end_an_epoch_with_its_figure(trained):
    reports = trained[2]
    ends = [report for report in reports if report.bits is not None]
    assert [report.epoch for report in ends] == [1, 2]
    assert all(report.seconds_left >= 0 and report.tokens_per_second > 0 for report in reports)
    first = [report.step for report in reports if report.epoch == 1]
    assert first == [*range(1, reports[0].steps + 1), reports[0].steps]
    assert ends[-1].seconds_left == 0
    assert ends[0].best == ends[0].bits
    assert {report.figure for report in reports} == {"bits per note"}
    assert news(reports) == []


@pytest.mark.usefixtures("often")
def test_whenever_the_state_is_kept_the_table_has_a_row(trained, corpus, out):
    bundle = train(corpus, RECIPE, out=out)
    rows = table(out.parent)
    ends = [row for row in rows if row["valid_bits_per_note"]]
    assert without_seconds(ends) == without_seconds(table(trained[0]))
    steps = [report.steps for report in trained[2] if report.bits is not None]
    assert [row["epoch"] for row in rows] == ["1"] * (steps[0] + 1) + ["2"] * (steps[1] + 1)
    updates = [int(row["updates"]) for row in rows]
    assert sorted(set(updates)) == list(range(1, sum(steps) + 1))
    assert updates == sorted(updates)
    assert_same(bundle, trained)


def the_calls(trained):
    """Each third call of a report, and those behind validation."""
    ends = [i for i, report in enumerate(trained[2], 1) if report.bits is not None]
    return sorted({*range(1, len(trained[2]) + 1, 3), *ends})


def test_a_training_that_was_stopped_anywhere_goes_on_to_the_same_end(corpus, trained, tmp_path):
    for call in the_calls(trained):
        out = tmp_path / f"{call}" / "tunes.notegen"
        stop(corpus, out, call)
        assert load(out).provenance["finished"] is False
        assert place(out)["updates"] == sum(report.bits is None for report in trained[2][:call])
        assert_same(train(corpus, RECIPE, out=out), trained)
        assert without_seconds(table(out.parent)) == without_seconds(table(trained[0]))
        assert_only_results(out.parent)


def test_a_training_that_is_stopped_time_and_again_comes_to_the_same_end(corpus, trained, out):
    for call in (2, 3, 1, 4):
        stop(corpus, out, call)
    assert_same(train(corpus, RECIPE, out=out), trained)


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_training_that_was_stopped_while_measuring_goes_on_to_the_same_end(
    corpus, trained, out, monkeypatch, epoch
):
    held_out = train_module._material(corpus, RECIPE).held_out(RECIPE.batch, RECIPE.steps)

    def measure(real):
        real()
        signal.raise_signal(signal.SIGINT)
        return math.nan

    with monkeypatch.context() as patch:
        at_call(patch, "loss", epoch * len(held_out) + 1, measure)
        with pytest.raises(KeyboardInterrupt):
            train(corpus, RECIPE, out=out)
    assert place(out)["epoch"] == epoch
    assert_same(train(corpus, RECIPE, out=out), trained)


def test_ctrl_c_lets_the_step_end(corpus, trained, out, monkeypatch):
    def learn(real):
        signal.raise_signal(signal.SIGINT)
        return real()

    with monkeypatch.context() as patch:
        at_call(patch, "learn", 3, learn)
        with pytest.raises(KeyboardInterrupt):
            train(corpus, RECIPE, out=out)
    assert place(out)["updates"] == 3
    assert load(out).provenance["finished"] is False
    assert_same(train(corpus, RECIPE, out=out), trained)


def test_a_second_ctrl_c_leaves_the_state_that_was_kept_before(corpus, trained, out, monkeypatch):
    def learn(_):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("it goes on")

    with monkeypatch.context() as patch:
        at_call(patch, "learn", 3, learn)
        with pytest.raises(KeyboardInterrupt):
            train(corpus, RECIPE, out=out)
    assert place(out)["updates"] == 0
    assert_same(train(corpus, RECIPE, out=out), trained)


KEEPING = """
import pickle, sys
from pathlib import Path
from notegen.training.loop import Trainer
from notegen.training.train import train

Trainer.CHECKPOINT_SECONDS = Trainer.FEW_SECONDS = -1
corpus, recipe = pickle.loads(Path(sys.argv[1]).read_bytes())
for out in sys.argv[2:]:
    train(corpus, recipe, out=out, report=lambda progress: print(progress.step, flush=True))
"""


def test_a_training_that_is_killed_goes_on_to_the_same_end(corpus, tmp_path):
    """The state is kept after every step, so that some kills meet it half written."""
    (tmp_path / "corpus").write_bytes(pickle.dumps((corpus, RECIPE)))

    def start(*names):
        arguments = [tmp_path / "corpus", *(tmp_path / name / "tunes.notegen" for name in names)]
        return subprocess.Popen(
            [sys.executable, "-c", KEEPING, *map(str, arguments)], stdout=subprocess.PIPE, text=True
        )

    for steps in (2, 4):
        with start("killed") as killed:
            for _ in range(steps):
                assert killed.stdout.readline()
            killed.send_signal(signal.SIGKILL)
        assert killed.returncode == -signal.SIGKILL
        assert place(tmp_path / "killed" / "tunes.notegen")["updates"] >= steps - 1
    with start("killed", "undisturbed") as last:
        last.communicate()
    assert last.returncode == 0
    folders = [tmp_path / name for name in ("killed", "undisturbed")]
    one, other = (load(folder / "tunes.notegen") for folder in folders)
    assert_same(one, (folders[1], other, []))
    assert without_seconds(table(folders[0])) == without_seconds(table(folders[1]))
    for folder in folders:
        assert_only_results(folder)


PROGRAM = """
import signal
from notegen_cli.main import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


def test_ctrl_c_ends_the_program_when_all_is_kept(tmp_path):
    write_tunes(tmp_path / "tunes", range(20))
    options = ["--units", "16", "--batch", "4", "--epochs", "100000"]
    command = [sys.executable, "-c", PROGRAM, "train", "tunes", "--output", "my.notegen", *options]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        while "epoch 1/100000" not in (line := program.stdout.readline()):
            assert line
        program.send_signal(signal.SIGINT)
        out, err = program.communicate(timeout=60)
    assert program.returncode == 130
    assert out.splitlines()[-1] == (
        "Stopped. my.notegen holds the best weights so far; the same command goes on from here."
    )
    assert err.count("\n") == 1  # that this is little to learn from
    assert load(tmp_path / "my.notegen").provenance["finished"] is False
    assert place(tmp_path / "my.notegen")["updates"] > 0


@pytest.mark.usefixtures("often")
def test_after_a_loss_that_is_no_number_it_goes_back_and_learns_more_slowly(
    corpus, trained, out, monkeypatch
):
    reports = []
    rates = at_call(monkeypatch, "learn", 4, lambda _: math.nan)
    bundle = train(corpus, RECIPE, out=out, report=reports.append)
    assert news(reports) == [
        "the loss was no number after 3 updates: gone back to 3, with half the learning rate"
    ]
    assert rates[4] == rates[3] / 2
    assert bundle.provenance["finished"] is True
    assert {row["updates"] for row in table(out.parent)} == {str(i) for i in range(1, len(trained[2]) - 1)}
    ends = [report for report in reports if report.bits is not None]
    assert ends[1].bits < ends[0].bits
    assert_only_results(out.parent)


def test_it_goes_back_as_far_as_the_state_was_kept(corpus, trained, out, monkeypatch):
    """Here to the beginning: the curve is that of a training with half the rate."""
    reports = []
    steps = trained[2][0].steps
    rates = at_call(monkeypatch, "learn", steps + 2, lambda _: math.nan)  # in the second epoch
    bundle = train(corpus, RECIPE, out=out, report=reports.append)
    half = train(corpus, replace(RECIPE, rate=RECIPE.rate / 2), out=out.with_name("half.notegen"))
    assert news(reports)[0].startswith(f"the loss was no number after {steps + 1} updates: gone back to 0,")
    assert rates[steps + 2] == rates[0] / 2
    assert bundle.provenance["curve"] == half.provenance["curve"]


def test_a_loss_that_is_never_a_number_is_told(corpus, out, monkeypatch):
    monkeypatch.setattr(Engine, "learn", lambda *_: math.nan)
    with pytest.raises(DataError, match=r"no number after 0 updates; train with a smaller .* than 0\.02$"):
        train(corpus, RECIPE, out=out)
    assert not out.exists()


def full(*_, **__):
    raise DataError("tunes.notegen.checkpoint: cannot be written: No space left on device")


@pytest.mark.usefixtures("often")
def test_where_there_is_no_room_for_its_state_a_training_goes_on(corpus, trained, out, monkeypatch):
    monkeypatch.setattr(Checkpoint, "save", full)
    reports = []
    assert_same(train(corpus, RECIPE, out=out, report=reports.append), trained)
    assert set(news(reports)) == {
        "tunes.notegen.checkpoint: cannot be written: No space left on device; "
        "the training goes on and tries again later"
    }
    assert_only_results(out.parent)


def test_where_the_table_cannot_be_written_a_training_goes_on(corpus, trained, out):
    out.with_suffix(".csv").mkdir()
    reports = []
    assert_same(train(corpus, RECIPE, out=out, report=reports.append), trained)
    assert news(reports)[0].endswith("the training goes on")


def test_a_bundle_for_which_there_was_no_room_is_written_by_the_next_call(corpus, trained, out, monkeypatch):
    def no_room(*_, **__):
        raise DataError(f"{out}: cannot be written: {os.strerror(errno.ENOSPC)}")

    with monkeypatch.context() as patch:
        patch.setattr(Bundle, "save", no_room)
        with pytest.raises(DataError, match="No space left"):
            train(corpus, RECIPE, out=out)
    monkeypatch.setattr(Engine, "learn", None)  # nothing is learned again
    assert_same(train(corpus, RECIPE, out=out), trained)
    assert_only_results(out.parent)


@pytest.mark.parametrize("how", ["torn", "changed"])
@pytest.mark.usefixtures("often")
def test_from_a_damaged_checkpoint_it_goes_on_by_way_of_the_one_before(corpus, trained, out, how):
    stop(corpus, out, 4)
    newest = out.with_name("tunes.notegen.checkpoint")
    data = bytearray(newest.read_bytes())
    data[-1000] ^= 1
    newest.write_bytes(data[:-500] if how == "torn" else data)
    reports = []
    assert_same(train(corpus, RECIPE, out=out, report=reports.append), trained)
    assert news(reports) == [f"{newest} is damaged; the training goes on from the checkpoint before it."]


@pytest.fixture
def built(tmp_path):
    """Tunes as a built corpus, in a folder that training happens in."""
    write_tunes(tmp_path / "tunes", range(20))
    build([tmp_path / "tunes"], tmp_path / "built", jobs=1)
    return tmp_path / "built"


@pytest.mark.usefixtures("often")
def test_shards_that_vanish_are_told_and_what_was_learned_is_kept(built, out, monkeypatch, capfd):
    monkeypatch.chdir(built.parent)
    shards = [path for path in built.rglob("*") if path.is_file() and "index" not in path.name]

    def learn(real):
        for path in shards:
            path.rename(f"{path}.away")
        return real()

    at_call(monkeypatch, "learn", 2, learn)
    options = ["--units", "16", "--batch", "4", "--epochs", "2"]
    monkeypatch.setattr(sys, "argv", ["notegen", "train", "built", "--output", out.name, *options])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 1
    told = capfd.readouterr().err.splitlines()
    assert told[-1].startswith("notegen: ")
    assert "cannot be read any more" in told[-1]
    assert place(out)["updates"] >= 2

    for path in shards:
        path.with_name(f"{path.name}.away").rename(path)
    with pytest.raises(SystemExit) as stopped:
        main()
    assert not stopped.value.code
    assert load(out).provenance["finished"] is True


@pytest.mark.usefixtures("built")
def test_a_built_corpus_is_learned_from_like_its_files(tmp_path):
    files, stored = (
        train(Corpus.open(tmp_path / name), RECIPE, out=tmp_path / name / "a.notegen")
        for name in ("tunes", "built")
    )
    assert stored.provenance["curve"] == files.provenance["curve"]
    for name, array in files.weights.items():
        assert array.tobytes() == stored.weights[name].tobytes()


def test_restart_forgets_what_was_learned(corpus, trained, out):
    stop(corpus, out, 5)
    other = replace(RECIPE, rate=0.001)
    train(corpus, other, out=out, restart=True)  # else it would be refused
    reports = []
    bundle = train(corpus, RECIPE, out=out, restart=True, report=reports.append)
    assert len(reports) == len(trained[2])
    assert_same(bundle, trained)
    assert_only_results(out.parent)


def test_force_replaces_a_finished_bundle_and_goes_on_with_one_that_is_not(corpus, trained, out):
    shutil.copy(trained[0] / "tunes.notegen", out)
    with pytest.raises(UsageError, match="exists already"):
        stop(corpus, out, 3)
    stop(corpus, out, 3, force=True)
    reports = []
    bundle = train(corpus, RECIPE, out=out, force=True, report=reports.append)
    assert len(reports) == len(trained[2]) - 3
    assert_same(bundle, trained)


def test_a_checkpoint_of_other_settings_is_refused(corpus, out):
    stop(corpus, out, 1)
    with pytest.raises(
        UsageError, match=r"tunes\.notegen\.checkpoint is of another corpus or other settings"
    ):
        train(corpus, replace(RECIPE, rate=0.01), out=out)


def test_too_small_a_corpus_is_refused(tune, tmp_path):
    small = Corpus.of("small", [("a", tune()), ("b", tune(seed=1)), ("c", tune().transpose(2))])
    with pytest.raises(DataError, match=r"small: training needs .*three different pieces, and there are 2"):
        train(small, RECIPE, out=tmp_path / "a.notegen")
    assert list(tmp_path.iterdir()) == []


def test_a_bundle_is_not_trained_over_without_force(corpus, trained):
    path = trained[0] / "tunes.notegen"
    before = path.read_bytes()
    with pytest.raises(UsageError, match="exists already"):
        train(corpus, RECIPE, out=path)
    assert path.read_bytes() == before


def test_a_small_corpus_gets_small_batches_and_many_passes(corpus):
    recipe = suggest(corpus)
    assert recipe.batch == 8
    assert 12 <= recipe.epochs <= 100


def test_a_tune_longer_than_a_rows_share_is_cut(corpus, tune):
    """Else it would be read to its end while the other rows are empty."""
    assert train_module._material(corpus, RECIPE).longest == 0
    short = [(f"tune {seed}", tune(seed=seed)) for seed in range(20)]
    long = [(f"long {seed}", tune(seed=seed, bars=200)) for seed in range(100, 104)]
    mixed = Corpus.of("mixed", [*short, *long])
    sizes, recipe = lengths(mixed.train), replace(RECIPE, batch=8)
    assert sizes.max() > 1000  # one of the long ones is learned from
    material = train_module._material(mixed, recipe)
    assert material.longest == sizes.sum() // 8
    steps = material.learned(8, 32, np.random.default_rng(0))
    assert len(steps) <= 2 * sizes.sum() / (8 * 32) + 1
