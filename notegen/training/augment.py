"""Augmentation: pieces changed anew in each pass, so that what is rare is heard more often."""

import numpy as np

from notegen.codecs.vocabulary import Ids, pitches, transpose
from notegen.training.packing import Augment


def transposing(low: int = -5, high: int = 6, share: float = 0.3) -> Augment:
    """Return an augmentation that moves a share of the pieces by a random number of semitones.

    Tokens count pitches from the tonic, so most of what there is to learn is alike in all keys; what
    is moved teaches the rarer keys. A piece is moved less far where a pitch would leave the range of
    MIDI, and drums stay as they are.
    """

    def augment(ids: Ids, rng: np.random.Generator) -> Ids:
        if rng.random() >= share:
            return ids
        sounding = pitches(ids)
        if not len(sounding):
            return ids
        down, up = max(low, -int(sounding.min())), min(high, 127 - int(sounding.max()))
        return transpose(ids, int(rng.integers(down, up + 1)))

    return augment
