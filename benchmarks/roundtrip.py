"""Every tune, score to tokens to score; or, with --parts FOLDER, whole scores of many parts."""

import time
from pathlib import Path

from benchmarks._inputs import tunes
from notegen import read
from notegen.arrange import arrange
from notegen.codecs import parts
from notegen.codecs.notes import decode, encode
from notegen.errors import NotegenError
from notegen.melody import GRID, melody
from notegen.score import NOTE, Score, rescale


def run(arguments: list[str]) -> dict[str, object]:
    """Count tunes that come back equal on the grid, and tunes that the grid holds exactly."""
    if arguments[:1] == ["--parts"]:
        return _whole([path for name in arguments[1:] for path in sorted(Path(name).rglob("*.m[ix][dl]"))])
    total = equal = exact = 0
    for name, score in tunes():
        total += 1
        try:
            if isinstance(score, NotegenError):
                raise score
            line = melody(score)
            back = decode(encode(line))
        except NotegenError as error:
            print(f"{name}: {error}")
            continue
        equal += _same(line, back)
        exact += _exact(score, line)
    print(f"{total} tunes, {equal} equal on the grid, {exact} held exactly by it")
    return {"tunes": total, "equal_on_grid": equal / total, "exact_share": exact / total}


def _same(line: Score, back: Score) -> bool:
    notes = all(
        (line.notes[name] == back.notes[name]).all()
        for name in NOTE.names[:3]
        if len(line.notes) == len(back.notes)
    )
    maps = line.meters.tolist() == back.meters.tolist() and line.keys.tolist() == back.keys.tolist()
    return len(line.notes) == len(back.notes) and notes and maps


def _exact(score: Score, line: Score) -> bool:
    """Whether the melody, moved back to the score's own ticks, is the score note by note."""
    if len(score.notes) != len(line.notes):
        return False
    times = (rescale(line.notes[name], GRID, score.resolution) for name in ("onset", "duration"))
    return all(
        (mine == theirs).all()
        for mine, theirs in zip(times, (score.notes["onset"], score.notes["duration"]), strict=True)
    )


def _whole(paths: list[Path]) -> dict[str, object]:
    """Count the files of many parts that come back exactly, with their maps, programs and loudness."""
    equal = notes = tokens = 0
    begun = time.perf_counter()
    for path in paths:
        try:
            score = arrange(read(path))
            ids = parts.encode(score)
            equal += _contents(parts.decode(ids)) == _contents(score)
        except NotegenError as error:
            print(f"{path}: {error}")
            continue
        notes += len(score.notes)
        tokens += len(ids)
    rate = len(paths) / (time.perf_counter() - begun)
    print(f"{len(paths)} files of {notes:,} notes, {equal} equal; {rate:.0f} files a second")
    return {"files": len(paths), "equal": equal, "tokens_per_note": tokens / notes, "files_per_second": rate}


def _contents(score: Score) -> object:
    maps = (score.notes, score.meters, score.keys, score.tempos)
    return [rows.tolist() for rows in maps], [(track.program, track.is_drum) for track in score.tracks]
