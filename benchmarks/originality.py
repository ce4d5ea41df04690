"""How much of held-out tunes stands in the others of their collection, and what asking for it costs."""

import statistics
from collections.abc import Sequence
from time import perf_counter

import notegen_corpora
import numpy as np

from benchmarks._inputs import corpus, seconds
from notegen.corpus import Corpus, Piece
from notegen.corpus.originality import RUNS, Index, human, share

OTHERS = 900  # tunes that a random split looks for copies in
SPLITS = 5
SONGS = 400


def run(_: list[str]) -> dict[str, object]:
    """Measure shares under both splits for two collections; time the index of the shipped model's corpus."""
    shares: dict[str, dict[str, dict[int, float]]] = {}
    books = {name: Corpus.of(name, notegen_corpora.collection(name).scores()) for name in ("ryan", "oneill")}
    for name, tunes in books.items():
        drawn = [_random(tunes.pieces, seed) for seed in range(SPLITS)]
        shares[name] = {
            "at random": {n: statistics.mean(row[n] for row in drawn) for n in RUNS},
            "by versions": _shares(tunes.train, tunes.test),
        }
        spread = statistics.stdev(row[RUNS[0]] for row in drawn)
        print(f"{name}: {len(tunes.pieces)} tunes; held-out runs of {RUNS} notes that stand in others:")
        for split, row in shares[name].items():
            print(f"  split {split}:", *(f"{row[n]:.1%}" for n in RUNS))
        print(
            f"  from one random split to another {RUNS[0]} notes differ by {spread:.1%} (standard deviation)"
        )
    songs = sorted(books["oneill"].pieces, key=lambda piece: piece.name)[:SONGS]
    across = _shares(books["ryan"].pieces[:OTHERS], songs)
    print(
        f"the first {SONGS} of oneill, airs and songs, in {OTHERS} of ryan:",
        *(f"{across[n]:.1%}" for n in RUNS),
    )
    return {"shares": shares, "across": across, **_costs(corpus())}


def _random(pieces: Sequence[Piece], seed: int) -> dict[int, float]:
    order = np.random.default_rng(seed).permutation(len(pieces)).tolist()
    train, held_out = ([pieces[i] for i in part] for part in (order[:OTHERS], order[OTHERS:]))
    return _shares(train, held_out)


def _shares(train: Sequence[Piece], held_out: Sequence[Piece]) -> dict[int, float]:
    index = Index.of(train)
    lengths = [index.matches(piece.ids).lengths for piece in held_out]
    return {n: share(lengths, n) or 0.0 for n in RUNS}


def _costs(tunes: Corpus) -> dict[str, object]:
    """Time building an index, unpacking it, and asking it of four tunes; measure its size."""
    begun = perf_counter()
    index = Index.of(tunes.train)
    building = perf_counter() - begun
    loaded = Index.read(index.tensors())
    assert loaded is not None
    four = tunes.valid[:4]
    asking = [seconds(lambda: [loaded.longest(piece.ids) for piece in four]) for _ in range(9)]
    size = sum(array.nbytes for array in index.tensors().values())
    people = human(index, tunes.valid)
    print(f"the shipped model's corpus: {len(tunes.train)} tunes, built in {building:.1f} s, {size:,} bytes")
    print(
        f"four tunes: {1000 * asking[0]:.0f} ms at first, {1000 * statistics.median(asking[1:]):.0f} ms then"
    )
    print(f"people, of validation tunes: {people}")
    return {"build_s": building, "bytes": size, "four_ms": 1000 * asking[0], "human": people}
