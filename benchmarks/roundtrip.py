"""Every tune of the collections, score to tokens to score."""

from benchmarks._inputs import tunes
from notegen.codecs.notes import decode, encode
from notegen.errors import NotegenError
from notegen.melody import GRID, melody
from notegen.score import NOTE, Score, rescale


def run(_: list[str]) -> dict[str, object]:
    """Count tunes that come back equal on the grid, and tunes that the grid holds exactly."""
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
