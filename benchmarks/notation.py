"""Tunes and chorales through MusicXML and ABC and back."""

from collections.abc import Callable, Iterable
from importlib.util import find_spec
from pathlib import Path

from benchmarks._inputs import tunes
from notegen.formats import abc, abc_writer, musicxml, read
from notegen.formats.musicxml import writer
from notegen.melody import GRID
from notegen.score import Score

Named = tuple[str, Score]


def run(arguments: list[str]) -> dict[str, object]:
    """Count the pieces whose notes come back equal on the grid; so many tunes, and so many chorales."""
    wanted = [int(argument) for argument in arguments] or [500, 50]
    folk = [(name, score) for name, score in tunes() if isinstance(score, Score)]
    sources = {"tunes": _spread(folk, wanted[0]), "chorales": _spread(list(chorales()), wanted[-1])}
    result: dict[str, object] = {}
    for source, pieces in sources.items():
        result[source] = len(pieces)
        result[f"{source}_equal_musicxml"] = _count(pieces, lambda s: musicxml.decode(writer.encode(s)))
        result[f"{source}_equal_abc"] = _count(
            pieces, lambda s: abc.read_book(abc_writer.encode(s).decode())[0]
        )
    return result


def _spread(pieces: list[Named], wanted: int) -> list[Named]:
    return pieces[:: max(1, len(pieces) // wanted)][:wanted]


def chorales() -> Iterable[Named]:
    """Read the chorales of four parts that the installed music21 carries."""
    found = find_spec("music21")
    assert found is not None and found.origin is not None, (
        "music21 carries the chorales: install the extra train"
    )
    for path in sorted(Path(found.origin).with_name("corpus").joinpath("bach").glob("bwv*.mxl")):
        score = read(path)
        if len(score.tracks) == 4:
            yield path.name, score


def _count(pieces: list[Named], there_and_back: Callable[[Score], Score]) -> int:
    equal = 0
    for name, score in pieces:
        before, after = _notes(score), _notes(there_and_back(score))
        equal += before == after
        if before != after:
            print(f"{name}: {len(before - after)} of {len(before)} notes differ")
    return equal


def _notes(score: Score) -> set[tuple[int, ...]]:
    notes = score.quantize(GRID).notes
    return set(zip(*(notes[name].tolist() for name in ("onset", "duration", "pitch")), strict=True))
