"""Codecs of music: what stands between note tokens and the ids that a model reads.

All music passes through note tokens (`notegen.codecs.vocabulary`): corpora, their split, originality and
takes. A model may read something else, such as the text of a tune; then a codec rewrites the tokens.
"""

from typing import NamedTuple, Protocol

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import Ids


class Codec(Protocol):
    """Rewrites note tokens as a model's ids, and back. 0 is padding, 1 begins and 2 ends a piece."""

    @property
    def name(self) -> str:
        """What bundles call it."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """What ids stand for in a text, from the third on; none of note tokens."""

    @property
    def size(self) -> int:
        """How many ids there are."""

    @property
    def bars(self) -> tuple[int, ...]:
        """The ids that begin a bar, or stand between two."""

    def encode(self, ids: Ids) -> Ids:
        """Turn the note tokens of a whole piece into ids, from start to end."""

    def decode(self, ids: Ids) -> Ids:
        """Turn ids back into the note tokens of a whole piece.

        Raises
        ------
        FormatError
            If they say no piece.
        """


class Notes(NamedTuple):
    """The codec "notes": the tokens themselves."""

    name: str = "notes"
    symbols: tuple[str, ...] = ()
    size: int = v.MELODY
    bars: tuple[int, ...] = (v.BAR, v.PICKUP)

    def encode(self, ids: Ids) -> Ids:
        """Return note tokens as they are."""
        return ids

    def decode(self, ids: Ids) -> Ids:
        """Return note tokens as they are."""
        return ids


class Parts(NamedTuple):
    """The codec "parts": the tokens of whole scores themselves."""

    name: str = "parts"
    symbols: tuple[str, ...] = ()
    size: int = v.SIZE
    bars: tuple[int, ...] = (v.BAR, v.PICKUP)

    def encode(self, ids: Ids) -> Ids:
        """Return note tokens as they are."""
        return ids

    def decode(self, ids: Ids) -> Ids:
        """Return note tokens as they are."""
        return ids
