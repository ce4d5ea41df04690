"""The grammar of melodies: which token may follow which.

`Grammar` follows a batch of growing pieces, one array entry each, and says what each may go on with.
Whatever is drawn from the allowed tokens decodes.
"""

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.vocabulary import INDEX, Ids

Mask = NDArray[np.bool_]

# What may stand behind a token, by kind; the grammar below narrows it by time.
_FOLLOWS = {
    "pad": (),
    "start": ("meter",),
    "end": (),
    "meter": ("key", "bar", "pickup"),
    "key": ("bar", "pickup"),
    "bar": ("position", "pitch", "bar", "meter", "key"),
    "pickup": ("position",),
    "position": ("pitch", "bar", "key"),  # the latter two where it opens a pickup without notes
    "pitch": ("release",),
    "release": ("release", "position", "pitch", "bar", "meter", "key", "end"),
}
_KIND = v.KIND[: v.MELODY]
_ALLOWED = np.zeros((len(v.TABLE), v.MELODY), dtype=bool)  # (kind, id)
for _kind, _followers in _FOLLOWS.items():
    for _follower in _followers:
        _ALLOWED[INDEX[_kind], INDEX[_follower] == _KIND] = True

_POSITION = slice(v.FIRST["position"], v.FIRST["position"] + v.LONGEST_BAR)
_PITCH = slice(v.FIRST["pitch"], v.FIRST["pitch"] + v.PITCHES)
_RELEASE = slice(v.FIRST["release"], v.FIRST["release"] + v.LONGEST_RELEASE)
_ENDS = np.arange(v.LONGEST_RELEASE) + 1
_SEMITONES = np.arange(v.PITCHES) - v.LOWEST
_METERS = INDEX["meter"] == _KIND
_BARS = np.isin(_KIND, [INDEX["bar"], INDEX["key"]])
_TICKS = np.arange(v.LONGEST_BAR)
_WRITABLE = 3  # a pickup is a multiple of a thirty-second note, so that a meter stands for it


class Grammar:
    """A batch of pieces under way.

    Parameters
    ----------
    batch : int
        How many pieces; all are empty, and wait for ``start``.

    Attributes
    ----------
    kind : array of int, shape (batch,)
        The kind of the last token, as an index into the table.
    bars : array of int, shape (batch,)
        How many bars have begun, a pickup included.
    cursor : array of int, shape (batch,)
        The tick in the bar where a note would begin by itself.
    length : array of int, shape (batch,)
        The ticks of the bar.
    next_length : array of int, shape (batch,)
        The ticks of the bars to come.
    tonic : array of int, shape (batch,)
        The tonic in force, in semitones from C.
    held : array of bool, shape (batch,)
        Whether the last token was the longest release, so that the note may last longer.

    Examples
    --------
    >>> grammar = Grammar(1)
    >>> grammar.advance(np.array([v.START]))
    >>> np.unique(v.KIND[: v.MELODY][grammar.mask()[0]]).tolist() == [v.INDEX["meter"]]
    True
    """

    def __init__(self, batch: int) -> None:
        self.kind = np.full(batch, INDEX["pad"])
        self.bars = np.zeros(batch, dtype=np.int64)
        self.cursor = np.zeros(batch, dtype=np.int64)
        self.length = np.full(batch, v.WHOLE)
        self.next_length = self.length.copy()
        self.tonic = np.zeros(batch, dtype=np.int64)
        self.held = np.zeros(batch, dtype=bool)
        self._keyed = np.zeros(batch, dtype=bool)
        self._short = np.zeros(batch, dtype=bool)  # the first bar is a pickup
        self._opening = np.zeros(batch, dtype=bool)  # the last token said where a pickup begins

    @classmethod
    def inside(cls, batch: int, last: int, cursor: int, length: int, key: int) -> "Grammar":
        """Return a batch of pieces inside a bar, which counts as their first.

        Parameters
        ----------
        last : int
            The last token.
        cursor, length : int
            The tick in the bar where the last note ends, and the bar's ticks.
        key : int
            The token of the key in force.
        """
        grammar = cls(batch)
        grammar.kind[:] = v.KIND[last]
        grammar.bars[:], grammar.cursor[:] = 1, cursor
        grammar.length[:] = grammar.next_length[:] = length
        grammar.held[:] = last == _RELEASE.stop - 1
        grammar.tonic[:] = v.tonic(key)
        grammar._keyed[:] = True
        return grammar

    def advance(self, ids: Ids) -> None:
        """Take in one more token of each piece.

        Parameters
        ----------
        ids : array of int, shape (batch,)
        """
        kind, value = v.KIND[ids], v.VALUE[ids]
        before = self.kind
        bar = (kind == INDEX["bar"]) | (kind == INDEX["pickup"])
        self.cursor = np.where(bar, np.maximum(self.cursor - self.length * (self.bars > 0), 0), self.cursor)
        meter = kind == INDEX["meter"]
        self.next_length = np.where(meter, v.METER_LENGTH[np.where(meter, value, 0)], self.next_length)
        self.length = np.where(bar, self.next_length, self.length)
        self.bars += bar
        self.cursor = np.where(kind == INDEX["position"], value, self.cursor)
        release = kind == INDEX["release"]
        chained = release & (before == INDEX["release"])
        self.cursor = np.where(release, value + 1 + np.where(chained, self.cursor, 0), self.cursor)
        self.held = release & (value == v.LONGEST_RELEASE - 1)
        self.tonic = np.where(kind == INDEX["key"], (value + 3) % 12 - 3, self.tonic)
        self._short |= kind == INDEX["pickup"]
        self._keyed |= kind == INDEX["key"]
        self._opening = (before == INDEX["pickup"]) & (kind == INDEX["position"])
        self.kind = kind

    def mask(self) -> Mask:
        """Return which tokens may come next, shape (batch, vocabulary)."""
        mask: Mask = _ALLOWED[self.kind].copy()
        sounding = self.kind == INDEX["pitch"]
        mask[:, _RELEASE] &= self.held[:, None] | sounding[:, None] & (self.cursor[:, None] < _ENDS)
        pitch = _SEMITONES + self.tonic[:, None]
        mask[:, _POSITION] &= (self.cursor[:, None] < _TICKS) & (self.length[:, None] > _TICKS)
        mask[:, _PITCH] &= (self.cursor < self.length)[:, None] & (pitch >= 0) & (pitch <= 127)
        headless = ~self._keyed
        if headless.any():
            mask[headless, v.BAR] = mask[headless, v.PICKUP] = False
        mask[self.bars > 0, v.PICKUP] = False
        self._mask_pickups(mask)
        return mask

    def _mask_pickups(self, mask: Mask) -> None:
        mask[self.next_length <= _WRITABLE, v.PICKUP] = False
        mask &= ~((self._short & (self.bars == 1))[:, None] & _METERS)
        plain = (self.kind == INDEX["position"]) & ~self._opening
        mask &= ~(plain[:, None] & _BARS)
        pickup = self.kind == INDEX["pickup"]
        if pickup.any():
            left = self.next_length[pickup, None] - _TICKS
            mask[pickup, _POSITION] = (_TICKS > 0) & (left > 0) & (left % _WRITABLE == 0)
        opening = self._opening
        if opening.any():  # behind a pickup's place may stand the first note's own
            behind = (self.cursor[opening, None] < _TICKS) & (self.length[opening, None] > _TICKS)
            mask[opening, _POSITION] = behind


def accepts(ids: Ids) -> bool:
    """Whether a row of tokens is a whole piece of the grammar."""
    grammar = Grammar(1)
    for i, token in enumerate(ids.tolist()):
        allowed = token == v.START if not i else bool(grammar.mask()[0, token])
        if not allowed:
            return False
        grammar.advance(np.array([token]))
    return bool(len(ids)) and int(ids[-1]) == v.END
