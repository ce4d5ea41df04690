"""A codebook: the few hundred frames that stand for all frames of a recording, found by k-means."""

import numpy as np
from numpy.typing import NDArray

SIZE = 256
_BATCH, _STEPS = 4096, 60
_ROUNDS = 8  # in which entries without frames are moved
_SAMPLE = 20  # frames for each entry, among which the first centroids are chosen
_CHUNK = 8192  # frames that are compared at a time

Frames = NDArray[np.float32]


def fit(frames: Frames, size: int = SIZE, seed: int = 0) -> Frames:
    """Return centroids of frames, by mini-batch k-means from k-means++.

    D. Sculley, "Web-scale k-means clustering", WWW 2010; D. Arthur and S. Vassilvitskii, "k-means++",
    SODA 2007.

    Parameters
    ----------
    frames : array of float32, shape (frames, bands)
    size : int
        Entries wanted.
    seed : int

    Returns
    -------
    array of float32, shape (entries, bands)
        `size` entries, or as many as there are different frames. To each belongs at least one frame.

    Examples
    --------
    >>> frames = np.array([[0, 0], [0, 2], [9, 9], [9, 9]], np.float32)
    >>> sorted(fit(frames, 2).round(1).tolist())
    [[0.0, 1.0], [9.0, 9.0]]
    """
    rng = np.random.default_rng(seed)
    sample = frames
    if len(frames) > _SAMPLE * size:
        sample = frames[np.sort(rng.choice(len(frames), _SAMPLE * size, replace=False))]
    centroids = _spread(sample, size, rng)
    counts = np.zeros(len(centroids))
    for _ in range(_STEPS):
        batch = frames if len(frames) <= _BATCH else frames[rng.integers(len(frames), size=_BATCH)]
        hits, sums = _gather(batch, assign(batch, centroids), len(centroids))
        counts += hits
        centroids += ((sums - hits[:, None] * centroids) / np.maximum(counts, 1)[:, None]).astype(np.float32)
    return _fill(frames, centroids)


def assign(frames: Frames, centroids: Frames) -> NDArray[np.int32]:
    """Return the index of the nearest centroid of each frame, shape (frames,)."""
    found = np.empty(len(frames), np.int32)
    half = (centroids**2).sum(axis=1) / 2
    for at in range(0, len(frames), _CHUNK):
        found[at : at + _CHUNK] = (half - frames[at : at + _CHUNK] @ centroids.T).argmin(axis=1)
    return found


def _spread(frames: Frames, size: int, rng: np.random.Generator) -> Frames:
    """Return frames far from one another: each drawn by its squared distance to those before."""
    chosen = [int(rng.integers(len(frames)))]
    distance = ((frames - frames[chosen[0]]) ** 2).sum(axis=1, dtype=np.float64)
    while len(chosen) < size and distance.any():
        reach = distance.cumsum()
        chosen.append(int(np.searchsorted(reach, rng.random() * reach[-1], side="right")))
        np.minimum(distance, ((frames - frames[chosen[-1]]) ** 2).sum(axis=1), out=distance)
    return frames[chosen].copy()


def _gather(frames: Frames, entries: NDArray[np.int32], size: int) -> tuple[NDArray[np.float64], Frames]:
    """Return how many frames each entry has, and their sums."""
    hits = np.bincount(entries, minlength=size)
    sums = np.zeros((size, frames.shape[1]), np.float32)
    starts = np.cumsum(hits) - hits
    used = hits > 0
    sums[used] = np.add.reduceat(frames[np.argsort(entries, kind="stable")], starts[used])
    return hits.astype(np.float64), sums


def _fill(frames: Frames, centroids: Frames) -> Frames:
    """Move entries that no frame belongs to onto the frames that are worst described; drop what is left."""
    for _ in range(_ROUNDS):
        entries = assign(frames, centroids)
        unused = np.flatnonzero(np.bincount(entries, minlength=len(centroids)) == 0)
        if not len(unused):
            return centroids
        error = ((frames - centroids[entries]) ** 2).sum(axis=1)
        centroids[unused] = frames[error.argsort(kind="stable")[-len(unused) :]]
    used: Frames = centroids[np.unique(assign(frames, centroids))]
    return used
