"""What may come between a training and its end, and that it comes to the same end."""

import errno
import math
import os
import pickle
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
from made_trainings import (
    RECIPE,
    assert_only_results,
    assert_same,
    at_call,
    news,
    place,
    stop,
    table,
    without_seconds,
)
from made_tunes import write_tunes
from notegen_cli.main import main

from notegen.codecs.codec import Notes
from notegen.corpus import Corpus
from notegen.corpus.build import build
from notegen.errors import DataError
from notegen.model.bundle import Bundle, load
from notegen.training.checkpoint import Checkpoint
from notegen.training.engine import Engine
from notegen.training.pieces import material
from notegen.training.train import train

pytestmark = pytest.mark.usefixtures("one_engine", "heeds_ctrl_c")


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
    held_out = material(corpus, RECIPE, Notes()).held_out(RECIPE.batch, RECIPE.steps)

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
