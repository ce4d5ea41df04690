"""What a bundle says of where it comes from, how good it is, and what it was trained on."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import notegen
from notegen.codecs import parts
from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Corpus, Piece
from notegen.corpus.originality import MOST_NOTES, Index, human
from notegen.corpus.world import World
from notegen.evaluation.likelihood import evaluate
from notegen.model import habits, recall
from notegen.model.assemble import MEMORY, Ensemble, alone
from notegen.model.bundle import Bundle
from notegen.roles import Role, roles
from notegen.training.loop import Trainer

MOST_REMEMBERED = 200  # pieces that tell how much is repeated
_RARE = 0.1  # of the pieces: a part that fewer have is not counted on


def of_corpus(corpus: Corpus) -> dict[str, Any]:
    """Return what there is to say of a corpus, and when and by what it was read."""
    return {
        "corpus": corpus.name,
        "sources": list(corpus.sources),
        **({"test_every": corpus.test_every} if corpus.test_every else {}),
        "notice": corpus.notice,
        "pieces": {side: len(pieces) for side, pieces in corpus.sides.items()},
        "notes": corpus.notes,
        "duplicates_removed": len(corpus.duplicates),
        "notegen": notegen.__version__,
        "date": datetime.now(UTC).date().isoformat(),
    }


def of_training(trainer: Trainer, *, finished: bool) -> dict[str, Any]:
    """Return what there is to say of a training."""
    said: dict[str, Any] = {
        "recipe": asdict(trainer.recipe),
        "epochs": trainer.epoch,
        "minutes": round(trainer.seconds / 60, 1),
        "finished": finished,
        "curve": trainer.curve(),
    }
    if trainer.best:
        said["valid_bits_per_note"] = round(trainer.best_bits, 4)
    return said


def of_music(corpus: Corpus) -> dict[str, Any]:
    """Return what the training pieces of a corpus are like, for seeds to be compared with.

    ``world`` is a `notegen.corpus.world.World`; of a corpus of all tracks there are ``parts`` too: of each
    its `notegen.roles.Role`, and its commonest program.
    """
    pieces = [piece.ids for piece in _spread(corpus.train, MOST_REMEMBERED)]
    said: dict[str, Any] = {"world": asdict(World.of(pieces))}
    return said | {"parts": _parts(pieces)} if corpus.tracks == "all" else said


def _parts(pieces: list[Ids]) -> list[list[float]]:
    """Return the mean role of each part, and the program that it has most often."""
    found: dict[int, list[Role]] = {}
    programs: dict[int, Counter[int]] = {}
    for ids in pieces:
        score = parts.decode(ids)
        own = roles(score)
        for track, part in enumerate(parts.numbers(ids)):
            drums = score.tracks[track].is_drum
            programs.setdefault(part, Counter())[v.DRUMS if drums else score.tracks[track].program] += 1
            found.setdefault(part, []).extend([own[track]] if track in own else [])
    rows = []
    for part in takewhile(lambda part: programs[part].total() >= _RARE * len(pieces), sorted(programs)):
        mean = np.mean(found[part] or [Role(0, 1, 0)], axis=0).round(3).tolist()
        rows.append([*mean, programs[part].most_common(1)[0][0]])
    return rows


def bits_per_note(model: Bundle, pieces: Sequence[Piece], most: int, memory: float = 0.0) -> float:
    """Return what pieces cost under a model, or so many of them, evenly spread."""
    found: float = evaluate(Ensemble((model,), memory), _spread(pieces, most))["bits_per_note"]
    return round(found, 4)


def with_memory(bundle: Bundle, corpus: Corpus) -> Bundle:
    """Return a model that knows how pieces of a corpus repeat themselves, and what they cost with that.

    Its provenance gets ``habits`` (see `notegen.model.habits`), fitted to the validation pieces, and
    ``valid_bits_with_memory`` and ``test_bits_with_memory``; all of `MOST_REMEMBERED` pieces at most.
    """
    codec = Ensemble.of(bundle).codec
    pieces = [codec.encode(piece.ids) for piece in _spread(corpus.valid, MOST_REMEMBERED)]
    with threadpool_limits(1):  # a step is too small to share: two threads are slower than one
        found = habits.fit(recall.trials(alone(bundle), pieces, codec.bars), habits.FOLK)
    bundle = replace(bundle, provenance={**bundle.provenance, "habits": asdict(found)})
    figures = {
        f"{side}_bits_with_memory": bits_per_note(bundle, corpus.sides[side], MOST_REMEMBERED, MEMORY)
        for side in ("valid", "test")
    }
    return replace(bundle, provenance={**bundle.provenance, **figures})


def _spread(pieces: Sequence[Piece], most: int) -> list[Piece]:
    """Return so many pieces at most, evenly spread."""
    places = np.linspace(0, len(pieces) - 1, min(len(pieces), most)).astype(int)
    return [pieces[i] for i in places.tolist()]


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


def with_base(bundle: Bundle, base: Bundle) -> Bundle:
    """Return a model whose index covers what its base was trained on too, unless that would be too large.

    How much people copy is then what was found for the base: it was measured on more pieces.
    """
    if bundle.index is None or base.index is None:
        return bundle
    if len(bundle.index.order) + len(base.index.order) > MOST_NOTES:
        return bundle
    people = base.provenance.get("human_originality", bundle.provenance["human_originality"])
    index = base.index.joined(bundle.index)
    return replace(bundle, index=index, provenance={**bundle.provenance, "human_originality": people})
