"""The codecs "abc-characters" and "abc-tokens": note tokens as ABC text, and back.

A model reads the text character by character, as char-rnn does (Karpathy, 2015), or word by word, as folk-rnn
does (Sturm et al., Music Transcription Modelling and Composition Using Deep Learning, 2016). The symbols of
words hold all characters too: a word that the training corpus does not have is spelled.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from notegen.codecs import notes
from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Codec, Notes, Parts
from notegen.codecs.vocabulary import Ids
from notegen.errors import FormatError, RangeError
from notegen.formats import abc_bars, abc_words

CHARACTERS, TOKENS = "abc-characters", "abc-tokens"
ALPHABET = tuple(sorted({*"\n#'(,-/0123456789:=ABCDEFGKLM[]^_abcdefg|z", *"".join(map(str, v.KEYS))}))
FIRST = 3  # behind padding, start and end
_SHIFTS = range(-5, 7)  # semitones


@dataclass(frozen=True)
class Abc:
    r"""A codec of ABC text.

    Parameters
    ----------
    name : str
        "abc-characters" or "abc-tokens".
    symbols : tuple of str
        What the ids from the third on stand for; all characters are among them.

    Examples
    --------
    >>> piece = notes.encode(abc_bars.read("M:6/8\nL:1/8\nK:G\nGABc2d|e3"))
    >>> codec = Abc("abc-characters", ALPHABET)
    >>> codec.text(codec.encode(piece)[-10:])
    'GABc2d|e3'
    """

    name: str
    symbols: tuple[str, ...]

    @property
    def size(self) -> int:
        """How many ids there are."""
        return len(self.symbols) + FIRST

    @property
    def bars(self) -> tuple[int, ...]:
        """The id of the bar line."""
        return (self._ids[abc_words.LINE],)

    def encode(self, ids: Ids) -> Ids:
        """Turn the note tokens of a whole piece into the ids of its text, from start to end."""
        text = self.spell(abc_words.write(notes.decode(ids)))
        return np.concatenate([[v.START], text, [v.END]]).astype(np.int32)

    def decode(self, ids: Ids) -> Ids:
        """Turn the ids of a text back into note tokens.

        Raises
        ------
        FormatError
            If the text cannot be read.
        """
        line = abc_bars.read(self.text(ids))
        try:
            return notes.encode(line)
        except RangeError as error:
            raise FormatError(str(error)) from None

    def spell(self, words: Iterable[str]) -> Ids:
        """Return the ids of words: one each, or one for each of its characters."""
        ids: list[int] = []
        for word in words:
            known = self._ids.get(word)
            ids += [self._ids[each] for each in word] if known is None else [known]
        return np.array(ids, dtype=np.int32)

    def text(self, ids: Ids) -> str:
        """Return the text that ids stand for."""
        return "".join(self.symbols[i - FIRST] for i in ids.tolist() if i >= FIRST)

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {symbol: i for i, symbol in enumerate(self.symbols, start=FIRST)}


def codec(name: str, symbols: tuple[str, ...] = ()) -> Codec:
    """Return a codec by the name and the symbols that a bundle has."""
    plain: dict[str, Codec] = {"notes": Notes(), "parts": Parts()}
    return plain.get(name) or Abc(name, symbols)


def learn(name: str, pieces: Sequence[Ids]) -> Codec:
    """Return a codec whose symbols are found in a corpus.

    Words are sought in each piece as it stands, and in another key, a different one from piece to piece.
    """
    if name != TOKENS:
        return codec(name, ALPHABET)
    found = set(ALPHABET)
    for i, ids in enumerate(pieces):
        found.update(abc_words.write(notes.decode(ids)))
        with suppress(RangeError):
            found.update(abc_words.write(notes.decode(v.transpose(ids, _SHIFTS[i % len(_SHIFTS)]))))
    return codec(name, tuple(sorted(found)))
