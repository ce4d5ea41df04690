"""Phase reconstruction from true magnitudes, beside librosa's Griffin-Lim with momentum 0.99."""

import importlib.util
import io
import statistics
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from benchmarks._inputs import in_turn, ratio
from benchmarks.render import RESOLUTION, music
from notegen.audio import phase
from notegen.rendering.sound import encoded
from notegen.score import NOTE, Score, Track, table

RUNS = 3
RATE = 22_050
SECONDS = 10
FAST, FINE = 6, 22  # rounds, for about -26 and -30 dB
LEAST, MOST = 48, 300  # rounds of librosa; what needs more has no ratio
PROGRAMS = {"flute": (0, 73), "piano": (1, 0), "strings": (1, 48)}  # track of `music` and what plays it

Sounds = dict[str, NDArray[np.float32]]


def run(_: list[str]) -> dict[str, object]:
    """Reconstruct six sounds of ten seconds; figures are means over the sounds."""
    signals = sounds()
    for name, signal in signals.items():
        magnitude = np.abs(phase.stft(signal))
        found = (
            phase.convergence(magnitude, phase.reconstruct(magnitude, rounds=r, samples=len(signal)))
            for r in (FAST, FINE)
        )
        print(f"{name:10} {FAST} and {FINE} rounds:", " and ".join(f"{each:.1f} dB" for each in found))
    return measure(signals, FAST) | {"high_quality": measure(signals, FINE)}


def measure(signals: Sounds, rounds: int) -> dict[str, float | None]:
    """Return convergence, speed, and the speed over librosa's for the same convergence."""
    ours = every(signals, lambda m, n: phase.reconstruct(m, rounds=rounds, samples=n))
    reached = mean_convergence(signals, ours)
    tasks: dict[str, Callable[[], object]] = {"notegen": ours}
    if importlib.util.find_spec("librosa") is not None:
        peer = fewest(signals, reached)
        if peer is not None:
            tasks["librosa"] = librosa_task(signals, peer)
            print(f"librosa needs {peer} rounds for {reached:.1f} dB")
    taken = in_turn(tasks, RUNS)  # all is loaded and compiled by now
    return {
        "convergence_db": reached,
        "times_real_time": SECONDS * len(signals) / statistics.median(taken["notegen"]),
        "ratio_librosa": ratio(taken, "librosa", "notegen") if "librosa" in taken else None,
    }


def every(
    signals: Sounds, method: Callable[[NDArray[np.float32], int], NDArray[np.float32]]
) -> Callable[[], list[NDArray[np.float32]]]:
    """Return a task that reconstructs all signals from their magnitudes and lengths."""
    given = [(np.abs(phase.stft(signal)), len(signal)) for signal in signals.values()]
    return lambda: [method(magnitude, samples) for magnitude, samples in given]


def mean_convergence(signals: Sounds, task: Callable[[], list[NDArray[np.float32]]]) -> float:
    """Return the mean spectral convergence of what a task reconstructs, in decibels."""
    pairs = zip(signals.values(), task(), strict=True)
    return statistics.mean(phase.convergence(np.abs(phase.stft(true)), made) for true, made in pairs)


def librosa_task(signals: Sounds, rounds: int) -> Callable[[], list[NDArray[np.float32]]]:
    """Return librosa's reconstruction of all signals as a task."""
    import librosa

    def method(magnitude: NDArray[np.float32], samples: int) -> NDArray[np.float32]:
        made: NDArray[np.float32] = librosa.griffinlim(
            magnitude.T, n_iter=rounds, hop_length=512, length=samples, momentum=0.99, random_state=0
        )
        return made

    return every(signals, method)


def fewest(signals: Sounds, reached: float) -> int | None:
    """Return the fewest rounds, within a quarter, that take librosa to a convergence."""
    rounds = LEAST
    while rounds <= MOST:
        if mean_convergence(signals, librosa_task(signals, rounds)) <= reached:
            return rounds
        rounds = rounds * 5 // 4
    return None


def sounds() -> Sounds:
    """Return four rendered pieces, bursts of noise and a frequency-modulated tone; always the same."""
    piece = music()
    rows = piece.notes[piece.notes["onset"] < 2 * SECONDS * RESOLUTION]
    found = {"band": rendered(rows, piece.tracks)}
    for name, (track, program) in PROGRAMS.items():
        part = rows[rows["track"] == track]
        part["track"] = 0
        found[name] = rendered(part, (Track("", program, 0),))
    time = np.arange(SECONDS * RATE) / RATE
    bursts = 0.2 * np.random.default_rng(0).standard_normal(len(time)) * np.exp(-8 * (time % 0.5))
    bend = 3 * np.sin(2 * np.pi * 5 * time) + 2 * np.sin(2 * np.pi * 440 * time)
    tone = 0.3 * np.sin(2 * np.pi * 220 * time + bend) * (1 + np.sin(2 * np.pi * 3 * time))
    return found | {"noise": bursts.astype(np.float32), "fm": tone.astype(np.float32)}


def rendered(notes: NDArray[np.void], tracks: tuple[Track, ...]) -> NDArray[np.float32]:
    """Return ten seconds of notes as the built-in synthesizer plays them, in mono."""
    import soundfile
    from scipy.signal import resample_poly

    score = Score(notes=table(notes, NOTE), tracks=tracks, resolution=RESOLUTION)
    wave = soundfile.read(io.BytesIO(encoded(score, ".wav", engine="builtin")))[0]
    mono: NDArray[np.float32] = resample_poly(wave.mean(axis=1), 1, 2)[: SECONDS * RATE].astype(np.float32)
    return mono
