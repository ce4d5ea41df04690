"""A fixture that all tests of commands share: the program, called through its real entry point."""

import sys

import pytest
from notegen_cli.main import main


@pytest.fixture
def run(monkeypatch, capfd, tmp_path):
    """Return a function that runs the program in a fresh folder: exit code, output and errors."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["notegen", *map(str, arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as stopped:
            main()
        return stopped.value.code or 0, *capfd.readouterr()

    return call
