"""The documentation cannot drift: what the program offers is written down."""

from pathlib import Path

import click
import pytest
from notegen_cli.main import COMMANDS, program

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
DOCS = README + "".join(path.read_text() for path in sorted((ROOT / "docs").rglob("*.md")))
BENCHMARKS = sorted(path.stem for path in (ROOT / "benchmarks").glob("[!_]*.py"))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_has_help_and_stands_in_the_readme(name):
    command = program.get_command(click.Context(program), name)
    assert command.help
    assert f"notegen {name}" in README


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_stands_in_the_documentation(name):
    assert f"benchmarks {name}" in DOCS or f"benchmarks/{name}.py" in DOCS


def test_there_are_benchmarks_to_document():
    assert BENCHMARKS
