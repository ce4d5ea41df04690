"""The program through its entry point: in a process of its own where that matters, else in this one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from notegen_cli.main import COMMANDS, program

from notegen import __version__, formats

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

PROGRAM = Path(sys.executable).with_name("notegen")


@pytest.fixture
def seed_file(tmp_path, tune):
    tune((6, 8), bars=4).write(tmp_path / "jig.mid")
    return tmp_path / "jig.mid"


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.skipif(not PROGRAM.exists(), reason="the program is not installed beside this interpreter")
def test_the_installed_program_composes(seed_file, bundle_path):
    command = [PROGRAM, "compose", seed_file, "--model", bundle_path, "--bars", "2", "--seed", "1"]
    done = subprocess.run(command, cwd=seed_file.parent, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert names(seed_file.parent / "jig-takes") == [*(f"jig-{i}.mid" for i in range(1, 5)), "jig.json"]


@pytest.mark.skipif(not PROGRAM.exists(), reason="the program is not installed beside this interpreter")
def test_the_installed_program_fails_with_one_line(tmp_path):
    done = subprocess.run(
        [PROGRAM, "compose", "gone.mid"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.stderr + done.stdout


@pytest.mark.parametrize(
    "arguments", [[], *([name] for name in COMMANDS), ["corpus", "list"], ["corpus", "check"]], ids=str
)
def test_every_command_has_help(run, arguments):
    code, out, _ = run(*arguments, "--help")
    assert code == 0
    assert out.startswith("Usage: ")


def commands(group=program, path=()):
    """Return every command with its path, those of groups too."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


@pytest.mark.parametrize(
    ("path", "command"),
    list(commands()),
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_every_command_and_option_says_what_it_does(path, command):
    assert command.help, path
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, parameter.opts


def test_the_version_is_told(run):
    assert __version__ in run("--version")[1]


def test_composing_twice_takes_the_next_numbers(run, seed_file, bundle_path):
    for _ in range(2):
        code, out, err = run(
            "compose", seed_file, "--model", bundle_path, "--bars", 1, "--variations", 2, "--seed", 3
        )
        assert (code, err) == (0, "")
    takes = seed_file.parent / "jig-takes"
    assert names(takes) == ["jig-1.mid", "jig-2.mid", "jig-3.json", "jig-3.mid", "jig-4.mid", "jig.json"]
    assert (takes / "jig-1.mid").read_bytes() == (takes / "jig-3.mid").read_bytes()
    assert "jig-3.mid" in out


def test_the_output_says_what_was_read_and_made(run, seed_file, bundle_path):
    _, out, _ = run("compose", seed_file, "--model", bundle_path, "--bars", 2, "--variations", 1, "--seed", 3)
    assert "4 bars, 6/8, D major" in out
    assert "random seed 3" in out
    assert "bits per note" in out


def test_the_json_names_files_that_exist(run, seed_file, bundle_path):
    out = run(
        "compose", seed_file, "--model", bundle_path, "--bars", 2, "--json", "--output", "here", "--seed", 4
    )[1]
    said = json.loads(out)
    for take in said["takes"]:
        assert len(formats.read(Path(said["folder"]) / take["file"]).bars()) - 1 == 6
    assert json.loads(Path(said["sidecar"]).read_text())["seed"] == said["seed"] == 4


def test_only_the_new_bars_are_written_if_asked_for(run, seed_file, bundle_path):
    run(
        "compose",
        seed_file,
        "--model",
        bundle_path,
        "--bars",
        2,
        "--only-new",
        "--variations",
        1,
        "--seed",
        5,
    )
    assert len(formats.read("jig-takes/jig-1.mid").bars()) - 1 == 2


def test_a_tune_is_begun_without_a_seed(run, bundle_path):
    code, *_ = run(
        "compose", "--model", bundle_path, "--meter", "3/4", "--key", "Ador", "--key-lock", "--seed", 6
    )
    score = formats.read("tune-takes/tune-1.mid")
    assert code == 0
    assert score.meter_at(0) == (3, 4)
    assert len(score.bars()) - 1 == 8


USAGE = {
    "no command": [],
    "unknown command": ["improvise"],
    "unknown option": ["compose", "--speed", "3"],
    "bars that are no number": ["compose", "SEED", "--bars", "many"],
    "no bars": ["compose", "SEED", "--bars", "0"],
    "too many takes": ["compose", "SEED", "--variations", "1000"],
    "temperature": ["compose", "SEED", "--model", "MODEL", "--temperature", "0"],
    "top-p": ["compose", "SEED", "--model", "MODEL", "--top-p", "2"],
    "meter that is none": ["compose", "--meter", "waltz"],
    "meter beyond the codec": ["compose", "--model", "MODEL", "--meter", "9/4"],
    "key that is none": ["compose", "--key", "H"],
    "meter with a seed": ["compose", "SEED", "--meter", "3/4"],
    "key lock without a key": ["compose", "--model", "MODEL", "--key-lock"],
    "file in the folder's place": ["compose", "SEED", "--model", "MODEL", "--output", "SEED"],
    "train without a bundle": ["train", "."],
    "train without a corpus": ["train", "--output", "a.notegen"],
    "corpus without a folder": ["corpus", "check"],
}


@pytest.mark.parametrize("arguments", USAGE.values(), ids=USAGE)
def test_bad_usage_exits_with_2(run, seed_file, bundle_path, arguments):
    places = {"SEED": seed_file, "MODEL": bundle_path}
    code, out, err = run(*(places.get(argument, argument) for argument in arguments))
    assert code == 2
    assert err.strip() or not arguments
    assert "Traceback" not in out + err


DATA = {
    "missing seed": ["compose", "gone.mid", "--model", "MODEL"],
    "empty seed": ["compose", "empty.mid", "--model", "MODEL"],
    "seed that is no music": ["compose", "text.mid", "--model", "MODEL"],
    "truncated seed": ["compose", "cut.mid", "--model", "MODEL"],
    "folder as a seed": ["compose", ".", "--model", "MODEL"],
    "missing model": ["compose", "SEED", "--model", "gone"],
    "seed as a model": ["compose", "SEED", "--model", "SEED"],
    "shown model that is none": ["models", "text.mid"],
    "tokens of text": ["tokens", "text.mid"],
    "corpus that is missing": ["corpus", "check", "gone"],
    "corpus without a piece": ["train", "text.mid", "--output", "a.notegen"],
    "corpus of one piece": ["train", "SEED", "--output", "a.notegen"],
}


@pytest.mark.parametrize("arguments", DATA.values(), ids=DATA)
def test_bad_data_exits_with_1_and_one_line(run, seed_file, bundle_path, arguments):
    Path("empty.mid").touch()
    Path("text.mid").write_text("this is no music")
    Path("cut.mid").write_bytes(seed_file.read_bytes()[:101])
    before = names(Path())
    places = {"SEED": seed_file, "MODEL": bundle_path}
    code, _, err = run(*(places.get(argument, argument) for argument in arguments))
    assert code == 1
    lines = [line for line in err.splitlines() if not line.startswith("This is little to learn from")]
    assert len(lines) == 1
    assert lines[0].startswith("notegen: ")
    assert "mistake in notegen" not in err
    assert names(Path()) == before


def test_models_tells_of_a_bundle(run, bundle_path):
    code, out, _ = run("models", bundle_path)
    assert code == 0
    assert "LSTM 2 x 12" in out
    assert json.loads(run("models", bundle_path, "--json")[1])[0]["valid_bits_per_note"] == 9.0


def test_tokens_are_printed_a_bar_a_line(run, seed_file):
    code, out, _ = run("tokens", seed_file)
    lines = out.splitlines()
    assert code == 0
    assert lines[0].strip() == "start, meter 6/8, key D"
    assert [line.split(",")[0].split() for line in lines[1:5]] == [[str(i), "bar"] for i in range(1, 5)]


def test_the_corpus_report_names_every_refused_file(run, tune):
    for i in range(3):
        tune(seed=i).write(f"tunes/{i}.mid")
    Path("tunes/bad.mid").write_text("this is no music")
    code, out, _ = run("corpus", "check", "tunes")
    assert code == 0
    assert "4 pieces, 3 kept, 0 duplicates, 1 refused" in out
    assert "bad.mid" in out
    report = json.loads(run("corpus", "check", "tunes", "--json")[1])
    assert [Path(entry["name"]).name for entry in report["refused"]] == ["bad.mid"]


def test_a_model_is_trained_and_composes(run, tune):
    pytest.importorskip("tensorflow", reason="training is an extra")
    for i in range(14):
        tune(seed=i).write(f"tunes/{i}.mid")
    options = ["--units", 8, "--layers", 1, "--epochs", 1, "--batch", 7]
    code, out, _ = run("train", "tunes", "--output", "my.notegen", *options)
    assert code == 0
    assert "bits per note on the test pieces" in out
    assert run("compose", "tunes/0.mid", "--model", "my.notegen", "--bars", 1)[0] == 0
    assert run("train", "tunes", "--output", "my.notegen", *options)[0] == 2
