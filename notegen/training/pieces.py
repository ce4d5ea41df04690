"""A corpus as what is learned from: in the ids of a codec, and each source as often as is asked for."""

import math
from collections.abc import Sequence

import numpy as np

from notegen.codecs.codec import Codec
from notegen.codecs.vocabulary import Ids
from notegen.corpus import Corpus, ids, lengths
from notegen.corpus.tracks import NAMES, tracks_of
from notegen.errors import DataError, UsageError
from notegen.formats.abc_codec import Abc, learn
from notegen.model.bundle import MUSIC, Weights
from notegen.training.augment import transposing
from notegen.training.material import Remake, Repeats, Tokens, shares
from notegen.training.recipe import Recipe
from notegen.training.remake import remaking


def material(
    corpus: Corpus,
    recipe: Recipe,
    codec: Codec,
    *,
    repeats: float | Repeats = 1,
    start: Weights | None = None,
) -> Tokens:
    """Return the pieces of a corpus as they are learned from.

    What is longer than a row's even share is cut.

    Parameters
    ----------
    corpus : Corpus
    recipe : Recipe
    codec : Codec
        What the network reads.
    repeats, start
        See `Tokens`.
    """
    train: Sequence[Ids] = ids(corpus.train)
    valid: Sequence[Ids] = ids(corpus.valid)
    remake = None
    if isinstance(codec, Abc):
        train, valid, remake = _texts(codec, train, valid)
    elif codec.name == "parts":
        remake = remaking(train)
    sizes = lengths(train)
    share = max(recipe.steps, int(sizes.sum()) // recipe.batch)
    return Tokens(
        train,
        valid,
        config=recipe.network(codec.size),
        divisor=math.log(2) * max(1, corpus.notes_of("valid")),
        figure="bits per note",
        augment=None if remake else transposing(),
        longest=share if sizes.max() > share else 0,
        repeats=repeats,
        remake=remake,
        start=start or {},
    )


def _texts(codec: Codec, train: Sequence[Ids], valid: Sequence[Ids]) -> tuple[list[Ids], list[Ids], Remake]:
    """Return pieces as text, and what puts some of those to learn from in another key.

    That is done here because the text becomes longer or shorter by it.
    """
    texts, augment = [codec.encode(piece) for piece in train], transposing()

    def remake(piece: int, rng: np.random.Generator) -> Ids:
        notes = train[piece]
        moved = augment(notes, rng)
        return texts[piece] if moved is notes else codec.encode(moved)

    return texts, [codec.encode(piece) for piece in valid], remake


def codec_for(name: str | None, corpus: Corpus) -> Codec:
    """Return a codec by its name, with the symbols that the pieces to learn from have.

    Without a name it is that of the corpus' tokens: "notes", or "parts" of one of all tracks.

    Raises
    ------
    UsageError
        If there is none of that name, or it reads other tracks than the corpus has.
    """
    name = name or ("parts" if corpus.tracks == "all" else "notes")
    if name not in MUSIC:
        raise UsageError(f'there is no codec "{name}": it is one of {", ".join(MUSIC)}')
    check_tracks(name, corpus)
    return learn(name, ids(corpus.train))


def check_tracks(codec: str, corpus: Corpus) -> None:
    """See that a corpus has the tracks that a codec reads; UsageError if not."""
    if tracks_of(codec) != corpus.tracks:
        raise UsageError(
            f'{corpus.name} is a corpus of {NAMES[corpus.tracks]}, and the codec "{codec}" reads '
            f"{NAMES[tracks_of(codec)]}"
        )


def heard(corpus: Corpus, weights: Sequence[float]) -> Repeats:
    """Return how often each piece to learn from comes round, for the sources to have their shares.

    Raises
    ------
    UsageError
        If the weights do not fit the sources.
    DataError
        If a source has nothing to learn from.
    """
    check_weights(weights, len(corpus.sources))
    sources = np.array([piece.source for piece in corpus.train])
    for number, name in enumerate(corpus.sources):
        if number not in sources:
            raise DataError(f"{name}: there is nothing in it to learn from, and so no weight to give it")
    return shares(sources, lengths(corpus.train), weights)


def check_weights(weights: Sequence[float], sources: int) -> None:
    """See that there is one weight above zero for each of several sources; UsageError if not."""
    if sources < 2:
        raise UsageError("weights are for several sources, and there is one; a built corpus counts as one")
    if len(weights) != sources:
        raise UsageError(f"there are {sources} sources and {len(weights)} weights; give each source one")
    if not all(0 < weight < math.inf for weight in weights):
        raise UsageError("weights must be above zero; leave out what is not to be heard")
