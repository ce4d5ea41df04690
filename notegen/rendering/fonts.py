"""Which sound font is played: the one that is named, the system's, or the small one of pretty_midi."""

import importlib.util
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from notegen.errors import DataError, UsageError

VARIABLE = "NOTEGEN_SOUNDFONT"
INSTALL = (
    "there is no sound font: on Debian and Ubuntu `sudo apt install fluid-soundfont-gm`, on macOS and "
    f"Windows `pip install pretty_midi`; or name a file with --soundfont or {VARIABLE}"
)
COMPRESSED = (".sf3",)

_PLACES = (
    "~/.local/share/soundfonts",
    "~/.local/share/sounds/sf2",
    "~/.local/share/sounds/sf3",
    "/usr/local/share/soundfonts",
    "/usr/local/share/sounds/sf2",
    "/usr/share/soundfonts",
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/opt/homebrew/share/soundfonts",
    "/opt/homebrew/share/fluid-synth/sf2",
    "/usr/local/share/fluid-synth/sf2",
    "C:/ProgramData/soundfonts",
)
_NAMES = ("MuseScore_General*", "FluidR3_GM*", "FluidR3Mono_GM*", "GeneralUser*", "default-GM*", "TimGM6mb*")


def choose(named: Path | None = None, *, compressed: bool) -> Path:
    """Return the sound font to play.

    Parameters
    ----------
    named : Path, optional
        What the user asks for; else the environment variable `NOTEGEN_SOUNDFONT`, else the best known
        General MIDI font of the system's folders, else the one that pretty_midi carries.
    compressed : bool
        Whether the synthesizer reads fonts with compressed samples (.sf3).

    Raises
    ------
    UsageError
        If there is none.
    DataError
        If the one that is named is no file that can be read.
    """
    told = named or os.environ.get(VARIABLE)
    if told:
        path = Path(told).expanduser()
        origin = "" if named else f" ({VARIABLE} names it)"
        if not path.is_file() or not os.access(path, os.R_OK):
            raise DataError(f"{path}: there is no sound font that can be read{origin}")
        return path
    for path in [*system(), *_carried()]:
        if compressed or path.resolve().suffix.lower() not in COMPRESSED:
            return path
    raise UsageError(INSTALL)


def system() -> Iterator[Path]:
    """Find the known General MIDI fonts in the system's folders, the best first."""
    folders = [Path(place).expanduser() for place in _PLACES if place[1] != ":" or sys.platform == "win32"]
    for name in _NAMES:
        for folder in folders:
            for path in sorted(folder.glob(name)) if folder.is_dir() else ():
                if path.suffix.lower() in (".sf2", *COMPRESSED) and os.access(path, os.R_OK):
                    yield path


def _carried() -> Iterator[Path]:
    """Find the sound font in pretty_midi's folder, without importing it."""
    found = importlib.util.find_spec("pretty_midi")
    if found is not None and found.origin is not None:
        path = Path(found.origin).with_name("TimGM6mb.sf2")
        if path.is_file():
            yield path
