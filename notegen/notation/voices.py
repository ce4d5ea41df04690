"""Voices: the notes of a track as chords, and chords that overlap as voices."""

from typing import NamedTuple

MOST_VOICES = 4


class Block(NamedTuple):
    """Notes that begin and end together: times in ticks, and pitches in ascending order."""

    start: int
    stop: int
    pitches: tuple[int, ...]


def voices(notes: list[tuple[int, int, int]]) -> list[list[Block]]:
    """Divide notes into voices, in each of which one block follows the other.

    Where notes overlap, the higher voice is the first. Where more than `MOST_VOICES` would be
    needed, blocks end early.

    Parameters
    ----------
    notes : list of (start, stop, pitch)

    Examples
    --------
    >>> upper, lower = voices([(0, 4, 48), (0, 2, 60), (0, 2, 64), (2, 4, 62)])
    >>> [tuple(block) for block in upper], [tuple(block) for block in lower]
    ([(0, 2, (60, 64)), (2, 4, (62,))], [(0, 4, (48,))])
    """
    result: list[list[Block]] = []
    region: list[list[Block]] = []
    end = 0
    for block in _blocks(notes):
        if block.start >= end:
            _close(region, result)
            region = []
        _place(block, region)
        end = max(end, block.stop)
    _close(region, result)
    return result


def _blocks(notes: list[tuple[int, int, int]]) -> list[Block]:
    """Return blocks by start, high ones first; a second note of one pitch makes a block of its own."""
    groups: dict[tuple[int, int, int], list[int]] = {}
    seen: dict[tuple[int, int, int], int] = {}
    for note in notes:
        start, stop, pitch = note
        again = seen[note] = seen.get(note, -1) + 1
        groups.setdefault((start, stop, again), []).append(pitch)
    blocks = [Block(start, stop, tuple(sorted(pitches))) for (start, stop, _), pitches in groups.items()]
    return sorted(blocks, key=lambda block: (block.start, -block.pitches[-1], block.stop))


def _place(block: Block, region: list[list[Block]]) -> None:
    """Put a block into the free voice that was last nearest in pitch, or into a new one."""
    free = [voice for voice in region if voice[-1].stop <= block.start]
    if free:
        min(free, key=lambda voice: abs(voice[-1].pitches[-1] - block.pitches[-1])).append(block)
    elif len(region) < MOST_VOICES:
        region.append([block])
    else:
        _squeeze(block, region)


def _squeeze(block: Block, region: list[list[Block]]) -> None:
    """Put a block where there is no room: cut the one that ends next, or join one that begins with it."""
    earlier = [voice for voice in region if voice[-1].start < block.start]
    if earlier:
        voice = min(earlier, key=lambda voice: voice[-1].stop)
        voice[-1] = voice[-1]._replace(stop=block.start)
        voice.append(block)
    else:
        voice = min(region, key=lambda voice: abs(voice[-1].stop - block.stop))
        joined = tuple(sorted({*voice[-1].pitches, *block.pitches}))
        voice[-1] = voice[-1]._replace(pitches=joined)


def _close(region: list[list[Block]], result: list[list[Block]]) -> None:
    """Append the voices of a region to those of the track, the highest first."""
    for i, voice in enumerate(sorted(region, key=_height, reverse=True)):
        if i == len(result):
            result.append([])
        result[i] += voice


def _height(voice: list[Block]) -> float:
    return sum(block.pitches[-1] for block in voice) / len(voice)
