"""Fine-tuning: a model that was trained before learns a small corpus of its own.

It does not go all the way: between the base's weights and those that a training on the corpus comes to are
some that forget less, and are often better on the corpus too (Wortsman et al., Robust fine-tuning of
zero-shot models, 2022). How far to go is chosen on the validation pieces.
"""

from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from notegen.corpus import Corpus
from notegen.errors import UsageError
from notegen.formats.abc_codec import codec
from notegen.model.bundle import MUSIC, Bundle, Weights, load
from notegen.model.network import NetworkConfig
from notegen.training.loop import Trainer, checkpoint_of
from notegen.training.pieces import check_tracks, heard, material
from notegen.training.progress import Progress
from notegen.training.provenance import (
    bits_per_note,
    of_corpus,
    of_training,
    with_base,
    with_index,
    with_memory,
)
from notegen.training.recipe import Recipe
from notegen.training.train import check

_MOST_TESTED = 200  # pieces of a side
_SHARES = (0.4, 0.6, 0.8, 1.0)  # of the way
_KEPT = ("name", "sha256", "corpus", "sources", "base")  # of the base's provenance


def finetune(
    corpus: Corpus,
    base: Bundle,
    recipe: Recipe | None = None,
    *,
    out: str | PathLike[str],
    known: Corpus | None = None,
    weights: Sequence[float] | None = None,
    force: bool = False,
    restart: bool = False,
    report: Callable[[Progress], None] | None = None,
) -> Bundle:
    """Go on training a model on another corpus, and write what becomes of it as a bundle.

    It is written and goes on as by `notegen.training.train.train`. If no pass makes it better on the
    validation pieces of the corpus, the base's weights stay.

    Parameters
    ----------
    corpus : Corpus
    base : Bundle
        A network of music.
    recipe : Recipe, optional
        `suggest` chooses one if it is missing; its network must be the base's.
    out : path
        The bundle's file.
    known : Corpus, optional
        What the base was trained on, to be measured on as well.
    weights, force, restart, report
        See `notegen.training.train.train`.

    Returns
    -------
    Bundle
        Its provenance says under ``base`` where the base comes from, and under ``bits_per_note`` what test
        pieces cost ``before`` and ``after``: those of the ``corpus``, and of what is ``known``, at most 200
        of each; under ``share`` how far it went. Its index is of the tunes of both.

    Raises
    ------
    DataError, UsageError, MissingExtraError
        As by `notegen.training.train.train`, and UsageError if the base is no network of music or reads other
        tracks than the corpus has.
    """
    path = Path(out)
    checkpoint = checkpoint_of(path, force=force, restart=restart)
    check_tracks(base.codec, corpus)
    check(corpus)
    recipe = recipe or suggest(base)
    repeats = heard(corpus, weights) if weights else 1
    read = codec(base.codec, base.symbols)
    tokens = material(corpus, recipe, read, repeats=repeats, start=base.weights)
    trainer = Trainer(tokens, recipe, checkpoint, path.with_suffix(".csv"), report)
    if not trainer.updates:
        trainer.engine.kind.set_weights(trainer.engine.model, trainer.config, base.weights)
        trainer.best, trainer.best_bits = base.weights, trainer.validate()
    return trainer.run_to(lambda finished: _write(trainer, corpus, base, known, path, finished=finished))


def suggest(base: Bundle) -> Recipe:
    """Return a recipe for a model: its own network, small steps, and an end where it gets no better.

    Raises
    ------
    UsageError
        If it is no network of music.
    """
    base.expect(*MUSIC)
    if not isinstance(base.config, NetworkConfig):
        raise UsageError(f"{base.name or 'this model'} is a Markov chain, which learns nothing more")
    config = base.config
    own = {each.name: getattr(config, each.name) for each in fields(Recipe) if hasattr(config, each.name)}
    return Recipe(**own, batch=8, rate=1e-3, warmup=20, epochs=20, patience=3)


def _write(
    trainer: Trainer, corpus: Corpus, base: Bundle, known: Corpus | None, path: Path, *, finished: bool
) -> Bundle:
    """Write the best weights as a bundle, with figures of the base and of exactly these weights."""
    provenance = of_corpus(corpus) | of_training(trainer, finished=finished) | {"base": _origin(base)}
    notices = base.provenance.get("notice", ""), corpus.notice
    provenance["notice"] = " ".join(dict.fromkeys(filter(None, notices)))
    draft = replace(base, config=trainer.config, weights=trainer.weights(), provenance=provenance)
    if finished:
        draft = _part_of_the_way(base, draft, corpus)
        draft.save(path, force=True)
        figures = _figures(base, load(path), {"corpus": corpus} | ({"known": known} if known else {}))
        said = {"bits_per_note": figures, "test_bits_per_note": figures["after"]["corpus"]}
        draft = with_memory(replace(draft, provenance=draft.provenance | said), corpus)
    with_base(with_index(draft, corpus), base).save(path, force=True)
    return load(path)


def _part_of_the_way(base: Bundle, tuned: Bundle, corpus: Corpus) -> Bundle:
    """Return the model between a base and what was tuned that is best on validation."""
    models = [replace(tuned, weights=_between(base.weights, tuned.weights, share)) for share in _SHARES]
    bits = [bits_per_note(model, corpus.valid, _MOST_TESTED) for model in models]
    best = bits.index(min(bits))
    said = {"share": _SHARES[best], "valid_bits_per_note": bits[best]}
    return replace(models[best], provenance=tuned.provenance | said)


def _between(start: Weights, end: Weights, share: float) -> Weights:
    return {name: array + np.float32(share) * (end[name] - array) for name, array in start.items()}


def _origin(base: Bundle) -> dict[str, Any]:
    """Return where a base comes from, and what it was made from itself."""
    said = {**base.provenance, "name": Path(base.name).stem, "sha256": base.digest}
    return {name: said[name] for name in _KEPT if name in said}


def _figures(base: Bundle, tuned: Bundle, corpora: dict[str, Corpus]) -> dict[str, dict[str, float]]:
    """Return what the test pieces of corpora cost before and after."""
    return {
        when: {name: bits_per_note(model, each.test, _MOST_TESTED) for name, each in corpora.items()}
        for when, model in (("before", base), ("after", tuned))
    }
