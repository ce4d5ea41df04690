"""Forms: what a take can be written as besides MIDI."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from notegen import formats
from notegen.errors import MissingExtraError
from notegen.score import Score, Span

Writer = Callable[[Score, Path, Span | None, bool], dict[str, Any]]  # returns what the sidecar is to say


def _sound(score: Score, path: Path, _: Span | None, force: bool) -> dict[str, Any]:
    from notegen.rendering import sound

    sound.render(score, path, force=force)
    return {"sound": sound_source()}


def _picture(score: Score, path: Path, new: Span | None, force: bool) -> dict[str, Any]:
    from notegen.rendering import pianoroll
    from notegen.rendering.layout import Roll

    pianoroll.draw([Roll(score, path.stem, new)], path, force=force)
    return {}


def _pages(score: Score, path: Path, new: Span | None, force: bool) -> dict[str, Any]:
    from notegen.rendering import engrave

    engrave.engrave(score, path, new=new, force=force)
    return {}


def _notation(score: Score, path: Path, new: Span | None, force: bool) -> dict[str, Any]:
    formats.write(score, path, new=new, force=force)
    return {}


WRITERS: dict[str, Writer] = {
    "wav": _sound,
    "png": _picture,
    "pdf": _pages,
    "musicxml": _notation,
    "abc": _notation,
}


def sound_source() -> dict[str, str]:
    """Return what the sidecar says of the sound: the engine, and the sound font."""
    from notegen.rendering import fonts, sound

    engine = sound.engine_of("auto", sound.RATE)
    font = fonts.choose(compressed=engine == "fluidsynth")
    return {"engine": engine, "soundfont": font.resolve().name, "soundfont_sha256": sound.sha256(font)}


def check(forms: tuple[str, ...]) -> None:
    """Check that what the forms need is installed.

    Raises
    ------
    MissingExtraError
        If it is not.
    """
    if "pdf" in forms and not (find_spec("verovio") and find_spec("typst")):
        raise MissingExtraError("engraving", "engrave")
