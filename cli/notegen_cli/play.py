"""notegen play."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from notegen import formats
from notegen.errors import DataError, UsageError
from notegen.rendering import sound

PLAYERS = (
    ("afplay",),  # macOS
    ("pw-play",),
    ("paplay",),
    ("aplay", "-q"),
    ("ffplay", "-nodisp", "-autoexit", "-loglevel", "quiet"),
    ("mpv", "--no-video", "--really-quiet"),
    ("play", "-q"),
)
_WAV_ONLY = {"aplay"}


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Play a MIDI, ABC, MusicXML or sound file through the system's player."""
    if file.suffix.lower() in sound.FORMATS:
        if not file.is_file():
            raise DataError(f"{file}: there is no such file")
        _play(file, player(file))
        return
    score = formats.read(file)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "sound.wav")
        chosen = player(path)  # before the work, not behind it
        try:
            sound.render(score, path)
        except DataError as error:
            raise type(error)(f"{file}: {error}") from None
        _play(path, chosen)


def player(path: Path) -> list[str]:
    """Return the command that plays a sound file; on Windows a WAV file needs none.

    Raises
    ------
    UsageError
        If the system has no player for it.
    """
    wav = path.suffix.lower() == ".wav"
    if sys.platform == "win32" and wav:
        return []
    for name, *options in PLAYERS:
        found = shutil.which(name)
        if found and (wav or name not in _WAV_ONLY):
            return [found, *options, str(path)]
    raise UsageError(
        "there is no player for sound here; install one (such as mpv or ffmpeg), or write a file with "
        "`notegen render` and open it elsewhere"
    )


def _play(path: Path, command: list[str]) -> None:
    """Play a sound file to its end, or until Ctrl-C."""
    if not command:
        import winsound

        # the stubs know winsound's names on Windows alone
        winsound.PlaySound(str(path), winsound.SND_FILENAME)  # type: ignore[attr-defined,unused-ignore]
        return
    done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise DataError(f"{Path(command[0]).name} could not play {path}; it ended with {done.returncode}")
