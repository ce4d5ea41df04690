"""MIDI files to token ids on one core, beside MidiTok's REMI and beside symusic's bare parsing."""

import itertools
import os
import statistics
from collections.abc import Callable
from pathlib import Path

from benchmarks._inputs import in_turn, midi_folder, ratio
from notegen.corpus.sources import Source, read_sources

FILES, RUNS = 1000, 7
PEER_FILES = 200  # of the slow peer, whose rate does not depend on their number


def run(_: list[str]) -> dict[str, object]:
    """Time the folder of the collections written as MIDI, turn by turn."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with midi_folder() as all_paths:
        paths = all_paths[:: max(1, len(all_paths) // FILES)][:FILES]
        tasks: dict[str, Callable[[], object]] = {
            "notegen": lambda: list(read_sources(map(Source, paths))),
            "parse": lambda: _parse(paths),
        }
        peer = _miditok(paths[:: FILES // PEER_FILES])
        if peer is not None:
            tasks["miditok"] = peer
        in_turn(tasks, 1)
        taken = in_turn(tasks, RUNS)
    for name, times in taken.items():
        count = PEER_FILES if name == "miditok" else len(paths)
        print(f"{name:10} {count / statistics.median(times):8.0f} files/s, median of {RUNS}")
    scale = PEER_FILES / len(paths)
    return {
        "files_per_s": len(paths) / statistics.median(taken["notegen"]),
        "ratio_miditok": ratio(taken, "miditok", "notegen") / scale if peer is not None else None,
        "ratio_parse": ratio(taken, "parse", "notegen"),
    }


def _parse(paths: list[Path]) -> None:
    from symusic import Score

    for path in paths:
        for track in Score(path).tracks:
            track.notes.numpy()


def _miditok(paths: list[Path]) -> Callable[[], object] | None:
    """Return a task that tokenizes with REMI at half notegen's resolution, with meters."""
    try:
        from miditok import REMI, TokenizerConfig
    except ImportError:
        return None
    tokenizer = REMI(TokenizerConfig(use_time_signatures=True, beat_res={(0, 12): 12}))

    def tokenize() -> list[object]:
        found = (tokenizer(path) for path in paths)
        return list(itertools.chain(*(out if isinstance(out, list) else [out] for out in found)))

    return tokenize
