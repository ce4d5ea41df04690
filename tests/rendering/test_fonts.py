from pathlib import Path

import pytest

from notegen.errors import DataError, UsageError
from notegen.rendering import fonts


@pytest.fixture
def places(tmp_path, monkeypatch):
    """Let two folders of the test be all that the system has; return them."""
    folders = [tmp_path / "own", tmp_path / "system"]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setattr(fonts, "_PLACES", tuple(map(str, folders)))
    monkeypatch.delenv(fonts.VARIABLE, raising=False)
    return folders


def touch(folder, *names):
    for name in names:
        (folder / name).write_bytes(b"")


def test_the_named_font_wins_then_the_variable(places, tmp_path, monkeypatch):
    touch(tmp_path, "a.sf2", "b.sf2")
    touch(places[1], "FluidR3_GM.sf2")
    monkeypatch.setenv(fonts.VARIABLE, str(tmp_path / "b.sf2"))
    assert fonts.choose(tmp_path / "a.sf2", compressed=False).name == "a.sf2"
    assert fonts.choose(compressed=False).name == "b.sf2"


def test_the_best_known_font_of_the_system_comes_next(places):
    touch(places[0], "default-GM.sf2", "Piano.sf2")
    touch(places[1], "FluidR3_GM.sf2", "MuseScore_General.sf2", "MuseScore_General_License.md")
    assert fonts.choose(compressed=False) == places[1] / "MuseScore_General.sf2"


def test_compressed_fonts_are_for_those_who_read_them(places):
    touch(places[0], "MuseScore_General.sf3")
    touch(places[1], "FluidR3_GM.sf2")
    (places[1] / "default-GM.sf2").symlink_to(places[0] / "MuseScore_General.sf3")
    assert fonts.choose(compressed=True).name == "MuseScore_General.sf3"
    assert fonts.choose(compressed=False).name == "FluidR3_GM.sf2"


@pytest.mark.usefixtures("places")
def test_the_last_resort_is_the_font_of_pretty_midi(timgm):
    assert fonts.choose(compressed=False) == timgm


@pytest.mark.usefixtures("places")
def test_no_font_at_all_is_told_with_what_to_install(monkeypatch):
    monkeypatch.setattr(fonts.importlib.util, "find_spec", lambda name: None)  # noqa: ARG005 (as it is called)
    with pytest.raises(UsageError, match=r"Debian.*macOS.*Windows"):
        fonts.choose(compressed=False)


@pytest.mark.usefixtures("places")
def test_a_named_font_that_is_missing_is_told(tmp_path, monkeypatch):
    with pytest.raises(DataError, match=r"gone\.sf2: there is no sound font that can be read$"):
        fonts.choose(tmp_path / "gone.sf2", compressed=False)
    monkeypatch.setenv(fonts.VARIABLE, "gone.sf2")
    with pytest.raises(DataError, match=rf"gone\.sf2.*{fonts.VARIABLE}"):
        fonts.choose(compressed=False)


def test_the_users_own_folder_is_searched(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / ".local/share/soundfonts"
    folder.mkdir(parents=True)
    touch(folder, "MuseScore_General.sf2")
    assert next(fonts.system()) == Path(folder, "MuseScore_General.sf2")
