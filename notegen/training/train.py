"""Train: from a corpus to a bundle."""

import math
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

import numpy as np

import notegen
from notegen.codecs import vocabulary as v
from notegen.corpus import Corpus, ids, lengths
from notegen.corpus.originality import MOST_NOTES, Index, human
from notegen.errors import DataError
from notegen.evaluation.likelihood import evaluate
from notegen.model.bundle import Bundle, load
from notegen.model.network import NetworkConfig
from notegen.training.augment import transposing
from notegen.training.loop import Trainer, checkpoint_of
from notegen.training.material import Tokens
from notegen.training.progress import Progress
from notegen.training.recipe import Recipe

FEW_NOTES = 20_000  # fewer are learned by heart before they are understood
_MOST_TESTED = 500  # pieces: in NumPy a large corpus would take hours
_UPDATES = 4_000  # what a default training aims at, however small the corpus


def train(
    corpus: Corpus,
    recipe: Recipe | None = None,
    *,
    out: str | PathLike[str],
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
    force : bool
        Replace it if it exists.
    restart : bool
        Replace it, and begin anew where there is a checkpoint.
    report : callable, optional
        Called with a `Progress` after every step.

    Raises
    ------
    DataError
        If the corpus has fewer than three different pieces, or the loss is no number however small the
        learning rate.
    UsageError
        If the file exists, or a checkpoint beside it is of another training.
    MissingExtraError
        If TensorFlow is not installed.
    """
    path = Path(out)
    checkpoint = checkpoint_of(path, force=force, restart=restart)
    if not (corpus.train and corpus.valid and corpus.test):
        count = len(corpus.pieces)
        raise DataError(f"{corpus.name}: training needs three different pieces, and there are {count}")
    recipe = recipe or suggest(corpus)
    material = _material(corpus, recipe)
    trainer = Trainer(material, recipe, checkpoint, path.with_suffix(".csv"), report)
    return trainer.run_to(lambda finished: _write(trainer, corpus, recipe, path, finished=finished))


def suggest(corpus: Corpus) -> Recipe:
    """Return a recipe for a corpus: small batches and many passes for a small one."""
    count = len(corpus.train)
    batch = 8 if count < 200 else 16 if count < 1000 else 32
    base = Recipe(batch=batch)
    updates = int(lengths(corpus.train).sum()) / (batch * base.steps)
    return replace(base, epochs=int(min(100, max(12, _UPDATES // max(1.0, updates)))))


def _material(corpus: Corpus, recipe: Recipe) -> Tokens:
    """Return the pieces as they are learned from; what is longer than a row's even share is cut."""
    config = NetworkConfig(v.SIZE, recipe.embedding, recipe.units, recipe.layers, recipe.dropout)
    divisor = math.log(2) * max(1, corpus.notes_of("valid"))
    sizes = lengths(corpus.train)
    share = max(recipe.steps, int(sizes.sum()) // recipe.batch)
    longest = share if sizes.max() > share else 0
    return Tokens(
        ids(corpus.train), ids(corpus.valid), config, divisor, "bits per note", transposing(), longest
    )


def _write(trainer: Trainer, corpus: Corpus, recipe: Recipe, path: Path, *, finished: bool) -> Bundle:
    """Write the best weights as a bundle, with the figures of exactly these weights."""
    provenance: dict[str, object] = {
        "corpus": corpus.name,
        "notice": corpus.notice,
        "pieces": {side: len(pieces) for side, pieces in corpus.sides.items()},
        "notes": corpus.notes,
        "duplicates_removed": len(corpus.duplicates),
        "recipe": asdict(recipe),
        "epochs": trainer.epoch,
        "minutes": round(trainer.seconds / 60, 1),
        "finished": finished,
        "curve": trainer.curve(),
        "notegen": notegen.__version__,
        "date": datetime.now(UTC).date().isoformat(),
    }
    draft = Bundle(trainer.config, trainer.weights())
    if trainer.best:
        provenance["valid_bits_per_note"] = round(trainer.best_bits, 4)
    if finished and trainer.best:
        draft.save(path, force=True)
        written = load(path)  # as it will be used: in half precision
        spread = np.linspace(0, len(corpus.test) - 1, min(len(corpus.test), _MOST_TESTED)).astype(int)
        found = evaluate(written, [corpus.test[i] for i in spread.tolist()])
        provenance["test_bits_per_note"] = round(found["bits_per_note"], 4)
    with_index(replace(draft, provenance=provenance), corpus).save(path, force=True)
    return load(path)


def with_index(bundle: Bundle, corpus: Corpus) -> Bundle:
    """Return a model that carries the index of its training corpus, and how much people copy from that.

    Its provenance gets ``human_originality`` (see `notegen.corpus.originality.human`) of the validation
    pieces. A corpus of more than `MOST_NOTES` gets no index, and ``no_index`` says why.
    """
    if corpus.notes_of("train") > MOST_NOTES:
        said: dict[str, object] = {"no_index": f"the corpus has more than {MOST_NOTES:,} notes"}
        return replace(bundle, index=None, provenance={**bundle.provenance, **said})
    index = Index.of(corpus.train)
    said = {"human_originality": human(index, corpus.valid)}
    return replace(bundle, index=index, provenance={**bundle.provenance, **said})
