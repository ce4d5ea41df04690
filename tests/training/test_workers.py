"""Training on many machines, played by processes that reach each other on this one."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from made_tunes import make_tune

from notegen.corpus import Corpus
from notegen.errors import DataError, NotegenError, UsageError
from notegen.model.bundle import load
from notegen.model.network import NetworkConfig
from notegen.training import devices, engine, loop, workers
from notegen.training.checkpoint import Found
from notegen.training.material import Tokens
from notegen.training.recipe import Recipe
from notegen.training.train import train

RECIPE = {
    "embedding": 8, "units": 16, "dropout": 0.0, "batch": 4, "steps": 32, "rate": 0.02, "warmup": 5,
    "epochs": 2, "seed": 1,
}  # fmt: skip
HERE = Path(__file__)


def config(task, addresses=("a:1", "b:2")):
    return json.dumps({"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": task}})


# What a worker's process does: see `if __name__` below.


def work(jobs):
    """Train once for each job, and print what came of it as a line of JSON; exit with 1 if all failed."""
    said = [outcome(**job) for job in jobs]
    sys.exit(int(all("error" in each for each in said)))


def outcome(out, press=None, at=0, patience=devices.PATIENCE, processors=0, **changes):
    devices.PATIENCE = patience
    if processors:
        part_processor(processors)
    learn, calls = engine.Engine.learn, iter(range(1, 1000))

    def pressed(self, *given):
        if next(calls) == at:
            os.kill(os.getpid(), signal.Signals[press])
        return learn(self, *given)

    engine.Engine.learn = pressed
    loop.Trainer.CHECKPOINT_SECONDS = -1  # after every step
    corpus = Corpus.of("tunes", [(f"tune {seed}", make_tune(seed=seed, bars=6)) for seed in range(14)])
    said = {}
    try:
        said["curve"] = train(corpus, Recipe(**{**RECIPE, **changes}), out=out).provenance["curve"]
    except (NotegenError, KeyboardInterrupt) as error:
        said["error"], said["kind"] = str(error), type(error).__name__
    finally:
        engine.Engine.learn = learn
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()
    return said


def part_processor(count):
    """Let TensorFlow see several processors, as it sees graphics processors; after that, use one."""
    _, tf = devices.load(1)
    if count > 1:
        parts = [tf.config.LogicalDeviceConfiguration()] * count
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], parts)
    else:
        devices.strategy = tf.distribute.get_strategy


def start(*jobs, task=None, addresses=()):
    """Start a worker, or with no task one that is alone."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parents[1])}
    for name in ("TF_CONFIG", "TF_CPP_MIN_LOG_LEVEL"):  # the latter by other tests
        environment.pop(name, None)
    if task is not None:
        environment["TF_CONFIG"] = config(task, addresses)
    command = [sys.executable, str(HERE), json.dumps(jobs)]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process):
    """Return what a worker said of each job, what it wrote to standard error, and its exit code."""
    out, err = process.communicate(timeout=120)
    return [json.loads(line) for line in out.splitlines()], err, process.returncode


def free(count):
    """Return addresses at which nothing listens."""
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    addresses = [f"127.0.0.1:{each.getsockname()[1]}" for each in sockets]
    for each in sockets:
        each.close()
    return addresses


def together(*jobs):
    """Let two workers do jobs, each a pair of what the first and what the second does."""
    addresses = free(2)
    processes = [start(*(pair[task] for pair in jobs), task=task, addresses=addresses) for task in range(2)]
    try:
        return [ended(process) for process in processes]
    finally:
        for process in processes:
            process.kill()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("tensorflow", reason="the networks are trained with it")
    return tmp_path_factory.mktemp("workers")


@pytest.fixture(scope="module")
def killed(folder):
    """Two workers, of which the second is killed; and whether the first left a checkpoint."""
    first, second = (
        {"out": str(folder / "killed" / worker / "tunes.notegen"), "dropout": 0.3} for worker in "ab"
    )
    said = together((first, {**second, "press": "SIGKILL", "at": 8}))
    return said, (folder / "killed/a/tunes.notegen.checkpoint").exists()


@pytest.fixture(scope="module")
def pair(folder, killed):
    """Two workers that go on after one was killed; then train undisturbed; then the second is stopped by
    Ctrl-C; then they go on; then the second has other settings.
    """

    def both(name, **changes):
        return tuple({"out": str(folder / name / worker / "tunes.notegen"), **changes} for worker in "ab")

    assert killed
    first, second = both("stopped", dropout=0.3)
    return together(
        both("killed", dropout=0.3),
        both("whole"),
        (first, {**second, "press": "SIGINT", "at": 5}),
        (first, second),
        (both("other")[0], {**both("other")[1], "rate": 0.01}),
    )


@pytest.fixture(scope="module")
def alone(folder):
    """The same training in one process, on two devices and then on one: the curve of each."""
    jobs = [{"out": str(folder / f"alone{count}" / "tunes.notegen"), "processors": count} for count in (2, 1)]
    two, one = (np.array(said["curve"]) for said in ended(start(*jobs))[0])
    return one, two


def test_two_workers_learn_what_one_does(pair, alone, folder):
    for said, _, _ in pair:
        np.testing.assert_allclose(np.array(said[1]["curve"]), alone[0], rtol=1e-4)
    one, two = (load(folder / name / "tunes.notegen").weights for name in ("alone1", "whole/a"))
    for name in one:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-2, atol=2e-3)


def test_two_devices_of_one_machine_learn_what_one_does(alone):
    np.testing.assert_allclose(alone[1], alone[0], rtol=1e-4)


def test_the_chief_alone_writes(pair, folder):
    assert pair[0][2] == pair[1][2] == 0
    assert sorted(path.name for path in (folder / "whole" / "a").iterdir()) == ["tunes.csv", "tunes.notegen"]
    assert not (folder / "whole" / "b").exists()


def test_workers_say_nothing_of_their_talk(pair):
    assert [err for _, err, _ in pair] == ["", ""]


def test_ctrl_c_on_one_worker_stops_all(pair):
    assert [said[2]["kind"] for said, _, _ in pair] == ["KeyboardInterrupt"] * 2


def test_wherever_workers_were_stopped_they_go_on_to_the_same_weights(pair, folder):
    """One pair was killed, the other stopped by Ctrl-C three steps earlier."""
    for said, _, _ in pair:
        assert said[0]["curve"] == said[3]["curve"]
        assert said[0]["curve"] != said[1]["curve"]
    one, other = (load(folder / name / "a/tunes.notegen").weights for name in ("killed", "stopped"))
    assert all(np.array_equal(one[name], other[name]) for name in one)


def test_workers_with_other_settings_are_told_so(pair):
    for said, _, _ in pair:
        assert said[4]["kind"] == "UsageError"
        assert "has another corpus or other settings than 127.0.0.1:" in said[4]["error"]


def test_a_worker_that_is_killed_ends_the_others_with_a_sentence(killed):
    ((said, err, code), (_, _, second)), kept = killed
    assert (second, code, err) == (-signal.SIGKILL, 1, "")
    assert said[0]["kind"] == "DataError"
    assert "is gone, or cannot be reached; start all workers again" in said[0]["error"]
    assert kept


def test_a_worker_gives_up_waiting_for_the_others(folder):
    addresses = free(2)
    job = {"out": str(folder / "waiting" / "tunes.notegen"), "patience": 3}
    said, err, code = ended(start(job, task=1, addresses=addresses))
    assert (code, err) == (1, "")
    assert said[0]["kind"] == "DataError"
    assert f"could not meet {addresses[0]} within 3 seconds" in said[0]["error"]


# What needs no second process.


@pytest.mark.parametrize("said", [None, "", "{}", config(0, ["a:1"])])
def test_a_process_is_alone_unless_several_workers_are_named(monkeypatch, said):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if said is not None:
        monkeypatch.setenv("TF_CONFIG", said)
    assert workers.cluster() is None
    assert workers.is_chief()
    assert workers.others() == []
    assert workers.mine(6) == range(6)


def test_workers_know_who_they_are_and_what_they_read(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", config(1, ["a:1", "b:2", "c:3"]))
    assert workers.cluster() == (["a:1", "b:2", "c:3"], 1)
    assert not workers.is_chief()
    assert workers.others() == ["a:1", "c:3"]
    assert workers.mine(6) == range(2, 4)
    with pytest.raises(UsageError, match="4 rows cannot be shared evenly by 3 workers; choose a batch of 3"):
        workers.mine(4)


@pytest.mark.parametrize(
    "said",
    [
        "{", "[]", "7", '{"cluster": 7}', '{"cluster": {"worker": ["a:1", "b:2"]}}', config(2), config(-1),
        config("one"), config(0, ["a", "b"]), config(0, [1, 2]), config(None),
        '{"cluster": {"worker": ["a:1", "b:2"]}, "task": {"type": "ps", "index": 0}}',
        '{"cluster": {"worker": ["a:1"], "ps": ["b:2"]}, "task": {"type": "worker", "index": 0}}',
        '{"cluster": {"chief": ["a:1"]}, "task": {"type": "chief", "index": 0}}',
    ],
)  # fmt: skip
def test_a_tf_config_that_is_wrong_is_told(monkeypatch, said):
    monkeypatch.setenv("TF_CONFIG", said)
    with pytest.raises(UsageError, match="TF_CONFIG must be like"):
        workers.cluster()


def test_every_piece_is_read_by_the_workers_whose_rows_it_stands_in(monkeypatch):
    class Read(list):
        lengths = np.arange(5, 25)

        def __getitem__(self, i):
            self.append(i)
            return np.arange(5 + i, dtype=np.int32)

        def __len__(self):
            return 20

    read = []
    for task in range(2):
        monkeypatch.setenv("TF_CONFIG", config(task))
        pieces = Read()
        network = NetworkConfig(vocabulary=30, embedding=4, units=4, layers=1, dropout=0.0)
        material = Tokens(pieces, pieces, network, 1.0, "bits per thing")
        steps = material.learned(4, 8, np.random.default_rng(0))
        assert {step.inputs.shape for step in steps} == {(2, 8)}
        read.append({*list.__iter__(pieces)})
    assert read[0] | read[1] == set(range(20))
    assert not read[0] & read[1]


def test_what_the_chief_found_comes_to_all_as_it_is(monkeypatch):
    state = [np.float32([[-0.0, 1e-30]]), np.array(7), np.zeros((0, 3), np.float32)]
    found = Found({"epoch": 3, "best_bits": float("inf"), "rows": [[1, None]]}, state, {"a.b": state[0]}, "é")
    told = []

    def chief(array):
        told.append(array.copy())
        return array

    monkeypatch.setenv("TF_CONFIG", config(0))
    workers.shared(found, chief)
    monkeypatch.setenv("TF_CONFIG", config(1))
    place, arrays, best, news = workers.shared(None, lambda array: array + told.pop(0))
    assert (place, news) == (found.place, "é")
    assert best["a.b"].tobytes() == state[0].tobytes()
    assert [(each.dtype, each.shape, each.tobytes()) for each in arrays] == [
        (each.dtype, each.shape, each.tobytes()) for each in state
    ]
    assert workers.shared(None, lambda array: array) is None


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ("check alive failed, /job:worker/replica:0/task:1 is down", "worker b:2 is gone"),
        ("Error reported from /job:worker/task:1: crashed", "worker b:2 is gone"),
        ("from /job:worker/replica:0/task:0", "another worker is gone"),
        ("recvmsg:Connection reset by peer", "another worker is gone"),
        ("/job:worker/replica:0/task:9", "another worker is gone"),
    ],
)
def test_who_is_gone_is_named(monkeypatch, message, named):
    monkeypatch.setenv("TF_CONFIG", config(0))
    error = workers.gone(message)
    assert isinstance(error, DataError)
    assert str(error).startswith(named)


if __name__ == "__main__":
    work(json.loads(sys.argv[1]))
