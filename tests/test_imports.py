"""What an import costs: each check runs in a process of its own."""

import subprocess
import sys

import pytest

HEAVY = ("tensorflow", "keras", "music21", "scipy", "symusic", "matplotlib", "pretty_midi")


def loaded(code, *arguments, cwd=None):
    """Return which heavy modules a fresh interpreter has loaded after some code."""
    tail = f"\nimport sys\nprint([name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    command = [sys.executable, "-c", code + tail, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=cwd)
    return done.stderr.splitlines()[-1]


def test_importing_notegen_loads_nothing_heavy_and_no_numpy():
    assert loaded("import notegen, sys\nassert 'numpy' not in sys.modules") == "[]"


COMPOSE = """
from notegen_cli.main import main
try:
    main()
except SystemExit as done:
    assert not done.code, done.code
"""


@pytest.mark.parametrize("seed", [True, False], ids=["with a seed", "from nothing"])
def test_composing_loads_nothing_heavy(tmp_path, tune, bundle_path, seed):
    tune().write(tmp_path / "seed.mid")
    arguments = ["compose", *(["seed.mid"] if seed else []), "--model", bundle_path, "--bars", "1"]
    assert loaded(COMPOSE, *arguments, cwd=tmp_path) == "[]"
    assert list(tmp_path.glob("*-takes/*.mid"))


@pytest.mark.parametrize(
    "arguments", [["--help"], ["compose", "--help"], ["train", "--help"], ["corpus", "list"]], ids=str
)
def test_help_loads_nothing_heavy(arguments):
    assert loaded(COMPOSE, *arguments) == "[]"


def test_a_heavy_module_would_be_noticed():
    assert loaded("import symusic") == "['symusic']"


def test_every_public_name_can_be_used():
    code = "import notegen\nfor name in notegen.__all__: getattr(notegen, name)\n"
    assert loaded(code + "assert dir(notegen) == sorted(notegen.__all__)") == "[]"


def test_an_unknown_name_is_an_attribute_error():
    import notegen

    with pytest.raises(AttributeError, match="improvise"):
        _ = notegen.improvise
