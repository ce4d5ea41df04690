"""Train: from a corpus to a bundle."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Any

from notegen.codecs.codec import Codec
from notegen.corpus import Corpus, ids, lengths
from notegen.errors import DataError
from notegen.model.bundle import Bundle, load
from notegen.training.keys import with_written_keys
from notegen.training.loop import Trainer, checkpoint_of
from notegen.training.pieces import codec_for, heard, material
from notegen.training.progress import Progress
from notegen.training.provenance import (
    bits_per_note,
    of_corpus,
    of_music,
    of_training,
    with_index,
    with_memory,
)
from notegen.training.recipe import Recipe

FEW_NOTES = 20_000  # fewer are learned by heart before they are understood
_MOST_TESTED = 500  # pieces: in NumPy a large corpus would take hours
_UPDATES = 4_000  # what a default training aims at, however small the corpus


def train(
    corpus: Corpus,
    recipe: Recipe | None = None,
    *,
    out: str | PathLike[str],
    codec: str | None = None,
    weights: Sequence[float] | None = None,
    force: bool = False,
    restart: bool = False,
    report: Callable[[Progress], None] | None = None,
) -> Bundle:
    """Train a model on a corpus and write its bundle.

    A checkpoint and a CSV log stand beside the bundle; the same call goes on from the checkpoint if
    the training was stopped, however it was stopped, and comes to the same weights. KeyboardInterrupt
    writes the best weights so far and passes on. Of several workers only the first writes; the others get a
    bundle of the same weights that knows its curve alone.

    Parameters
    ----------
    corpus : Corpus
    recipe : Recipe, optional
        `suggest` chooses one if it is missing.
    out : path
        The bundle's file.
    codec : str, optional
        What the model reads: "notes", or text: "abc-characters" or "abc-tokens"; of a corpus of all tracks,
        "parts". If not given, the tokens of the corpus.
    weights : sequence of float, optional
        The share of each of the corpus' sources in the tokens that are heard; only their proportions matter.
        A pass is as long as without them, and validation is on all.
    force : bool
        Replace it if it exists.
    restart : bool
        Replace it, and begin anew where there is a checkpoint.
    report : callable, optional
        Called with a `Progress` after every step.

    Raises
    ------
    DataError
        If the corpus has fewer than three different pieces, a source with a weight has nothing to learn from,
        or the loss is no number however small the learning rate.
    UsageError
        If the file exists, a checkpoint beside it is of another training, there is no such codec, it
        reads other tracks than the corpus has, or the weights do not fit the sources.
    MissingExtraError
        If TensorFlow is not installed.
    """
    path = Path(out)
    checkpoint = checkpoint_of(path, force=force, restart=restart)
    check(corpus)
    said = of_corpus(corpus) | of_music(corpus) | ({"weights": list(weights)} if weights else {})
    recipe, repeats = recipe or suggest(corpus), heard(corpus, weights) if weights else 1
    read = codec_for(codec, corpus)
    trainer = Trainer(
        material(corpus, recipe, read, repeats=repeats), recipe, checkpoint, path.with_suffix(".csv"), report
    )
    return trainer.run_to(lambda finished: _write(trainer, corpus, read, said, path, finished=finished))


def suggest(corpus: Corpus) -> Recipe:
    """Return a recipe for a corpus: small batches and many passes for a small one."""
    count = len(corpus.train)
    batch = 8 if count < 200 else 16 if count < 1000 else 32
    base = Recipe(batch=batch)
    updates = int(lengths(corpus.train).sum()) / (batch * base.steps)
    return replace(base, epochs=int(min(100, max(12, _UPDATES // max(1.0, updates)))))


def check(corpus: Corpus) -> None:
    """See that there is something to learn from, to choose by and to test with.

    Raises
    ------
    DataError
        If a side of the corpus is empty.
    """
    if not (corpus.train and corpus.valid and corpus.test):
        count = len(corpus.pieces)
        raise DataError(f"{corpus.name}: training needs three different pieces, and there are {count}")


def _write(
    trainer: Trainer, corpus: Corpus, codec: Codec, said: dict[str, Any], path: Path, *, finished: bool
) -> Bundle:
    """Write the best weights as a bundle, with the figures of exactly these weights."""
    provenance = said | of_training(trainer, finished=finished)
    draft = Bundle(trainer.config, trainer.weights(), provenance, codec.name, codec.symbols)
    if finished and trainer.best:
        draft = _measured(draft, corpus, path)
    with_index(draft, corpus).save(path, force=True)
    return load(path)


def _measured(draft: Bundle, corpus: Corpus, path: Path) -> Bundle:
    """Let a model expect keys as they are written, and say what the pieces that are held out cost it."""
    if draft.codec in ("notes", "parts"):
        draft = with_written_keys(draft, ids(corpus.train))
    draft.save(path, force=True)
    used = load(path)  # in half precision
    figures = {
        f"{side}_bits_per_note": bits_per_note(used, corpus.sides[side], _MOST_TESTED)
        for side in ("valid", "test")
    }
    return with_memory(replace(draft, provenance={**draft.provenance, **figures}), corpus)
