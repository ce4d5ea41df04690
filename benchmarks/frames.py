"""Bits per frame of held-out sound, beside n-grams, and for codebooks of other sizes."""

import tempfile
from pathlib import Path

from benchmarks._inputs import PROGRAM, program
from benchmarks._sounds import recordings
from notegen.model.bundle import load

SIZES = (64, 128, 256, 512)
COMPARED = ("mainzik-1p", "chorales")  # recordings that are trained on with every size
DEFAULT = 256


def run(_: list[str]) -> dict[str, object]:
    """Train on each recording with the usual codebook, and on two with other sizes."""
    result: dict[str, object] = {}
    print(
        "| recording | entries | frames | unigram | bigram | network | with memory | fewer than the bigram |"
    )
    with tempfile.TemporaryDirectory() as name:
        for title, path in recordings(Path(name)).items():
            for size in SIZES if title in COMPARED else (DEFAULT,):
                found = bits(path, Path(name, f"{title}-{size}.notegen"), size)
                fewer = 1 - found["memory"] / found["bigram"]
                cells = [f"{found[column]:.2f}" for column in ("unigram", "bigram", "network", "memory")]
                print(
                    f"| {title} | {size} | {found['frames']} | {' | '.join(cells)} | {fewer:.0%} |",
                    flush=True,
                )
                if size == DEFAULT:
                    result[title] = {**found, "fewer": round(fewer, 3)}
    return result


def bits(path: Path, bundle: Path, size: int) -> dict[str, float]:
    """Return what training on a recording says of the tenth that it held out."""
    program(PROGRAM, "audio", "train", str(path), "--entries", str(size), "--output", str(bundle))()
    found: dict[str, float] = load(bundle).provenance["test_bits_per_frame"]
    return found
