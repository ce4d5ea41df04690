"""The grammar of parts: which token may follow which.

`PartsGrammar` follows a batch of growing pieces, one array entry each, and says what each may go on with.
Whatever is drawn from the allowed tokens decodes, and there is one way alone to write a bar.
"""

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Mask
from notegen.codecs.vocabulary import INDEX, Ids

Rows = NDArray[np.int64] | int  # which pieces, and the values of their tokens: many of one kind, or one

_CHANGES = ("meter", "key", "tempo")
_NOTE = ("part", "velocity", "pitch", "drum")
_NEXT = ("position", *_NOTE, "bar", *_CHANGES, "end", "gap", "fill")

# What may stand behind a token, by kind; the grammar below narrows it.
_FOLLOWS = {
    "start": ("meter",),
    "meter": ("key", "tempo", "bar"),
    "key": ("tempo", "bar"),
    "tempo": ("part", "bar"),
    "program": ("part", "bar", "pickup", "gap"),
    "bar": _NEXT,
    "pickup": ("position",),
    "position": (*_NOTE, "bar", "key", "tempo", "gap"),  # the latter where it opens a pickup without notes
    "part": ("program", "velocity", "pitch", "drum"),
    "velocity": ("pitch", "drum"),
    "pitch": ("release",),
    "release": ("release", *_NEXT),
    "drum": _NEXT,
    "gap": ("gap", "bar", "fill"),
    "fill": ("bar",),
}
_ALLOWED = np.zeros((len(v.TABLE), v.SIZE), dtype=bool)  # (kind, id)
for _kind, _followers in _FOLLOWS.items():
    _ALLOWED[INDEX[_kind]] = np.isin(v.KIND, [INDEX[follower] for follower in _followers])


def _ids(kind: str) -> slice:
    """Return where the ids of a kind stand."""
    return slice(v.FIRST[kind], v.FIRST[kind] + v.TABLE[INDEX[kind]].size)


_POSITION, _PITCH, _RELEASE, _DRUM = map(_ids, ("position", "pitch", "release", "drum"))
_METERS, _TEMPO, _PART, _PROGRAM, _VELOCITY = map(_ids, ("meter", "tempo", "part", "program", "velocity"))
_SOUND = np.isin(v.KIND, [INDEX[name] for name in ("velocity", "pitch", "drum")])
_MAPS = np.isin(v.KIND, [INDEX[name] for name in _CHANGES])
_BETWEEN = np.isin(v.KIND, [INDEX[name] for name in ("bar", "key", "tempo", "gap")])
_TICKS = np.arange(v.LONGEST_BAR)
_ENDS = np.arange(v.LONGEST_RELEASE) + 1
_SEMITONES = np.arange(v.PITCHES) - v.LOWEST
_PITCHES = np.arange(128)
_PARTS = np.arange(v.PARTS)
_STEPS = np.arange(_VELOCITY.stop - _VELOCITY.start)
_WRITABLE = 3  # a pickup is a multiple of a thirty-second note, so that a meter stands for it
_NO_PITCH = 128

# What is again before `fill` as it was before the gap.
_KEPT = ("bars", "length", "next_length", "tonic", "part", "velocity", "sounding")


class PartsGrammar:
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
        Which bar of the piece the present one is, counted from 1; gaps are bars. Behind ``fill`` the missing
        bars have their own numbers.
    cursor : array of int, shape (batch,)
        The tick in the bar of the present onset.
    length, next_length : arrays of int, shape (batch,)
        The ticks of the bar, and of the bars to come.
    tonic : array of int, shape (batch,)
        The tonic in force, in semitones from C.
    declared : array of bool, shape (batch, 16)
        Which parts there are.
    drums : array of bool, shape (batch, 16)
        Which parts are drums.
    part : array of int, shape (batch,)
        The part of the next note; -1 before the first.
    velocity : array of int, shape (batch, 16)
        The step of each part's last velocity; -1 before the first.
    pitch : array of int, shape (batch,)
        The last MIDI pitch at this onset and of this part, or 128.
    end : array of int, shape (batch,)
        The tick, counted from the beginning of the bar, at which the last note ends.
    held : array of bool, shape (batch,)
        Whether the last token was the longest release, so that the note may last longer.
    sounding : array of int, shape (batch, 16, 128)
        For each part and MIDI pitch the tick, counted from the beginning of the bar, until which it sounds;
        silent at 0 and below.
    gaps, filled : arrays of int, shape (batch,)
        How many bars are missing, and how many of these have begun behind ``fill``.
    filling : array of bool, shape (batch,)
        Whether ``fill`` has come.

    Examples
    --------
    >>> grammar = PartsGrammar(1)
    >>> grammar.advance(np.array([v.START]))
    >>> np.unique(v.KIND[grammar.mask()[0]]).tolist() == [v.INDEX["meter"]]
    True
    """

    def __init__(self, batch: int) -> None:
        self.kind = np.full(batch, INDEX["pad"])
        self.bars, self.cursor, self.tonic, self.end, self.gaps, self.filled = (
            np.zeros(batch, dtype=np.int64) for _ in range(6)
        )
        self.length, self.next_length = (np.full(batch, v.WHOLE) for _ in range(2))
        self.drums, self.declared = (np.zeros((batch, v.PARTS), dtype=bool) for _ in range(2))
        self._naming = np.full(batch, -1)  # the last part that was declared
        self.part = np.full(batch, -1)
        self.velocity = np.full((batch, v.PARTS), -1)
        self.pitch = np.full(batch, _NO_PITCH)
        self.sounding = np.zeros((batch, v.PARTS, 128), dtype=np.int64)
        # the first bar is a pickup; the last token said where a pickup begins
        self.held, self.filling, self._short, self._opening = (np.zeros(batch, dtype=bool) for _ in range(4))
        self._said = np.full((batch, len(_CHANGES)), v.PAD)  # the tokens of meter, key and tempo in force
        self._kept: dict[str, NDArray[np.int64]] = {}  # how all was before the gap

    @classmethod
    def behind(cls, batch: int, ids: Ids) -> "PartsGrammar":
        """Return a batch of pieces that all begin with the same tokens, shape (tokens,)."""
        grammar = cls(1)
        for kind, value in zip(v.KIND[ids].tolist(), v.VALUE[ids].tolist(), strict=True):
            grammar.held[0] = grammar._opening[0] = False
            _STEPS_OF[kind](grammar, 0, value)
            grammar.kind[0] = kind
        for state in (vars(grammar), grammar._kept):
            for name, rows in state.items():
                if isinstance(rows, np.ndarray):
                    state[name] = np.repeat(rows, batch, axis=0)
        return grammar

    def advance(self, ids: Ids) -> None:
        """Take in one more token of each piece.

        Parameters
        ----------
        ids : array of int, shape (batch,)
        """
        kinds, values = v.KIND[ids], v.VALUE[ids]
        self.held[:] = self._opening[:] = False
        for kind in set(kinds.tolist()):
            rows = (kinds == kind).nonzero()[0]
            _STEPS_OF[kind](self, rows, values[rows])
        self.kind = kinds

    def _advance_other(self, rows: Rows, value: Rows) -> None:
        """Know nothing more: of padding, start and end."""

    def _advance_meter(self, rows: Rows, value: Rows) -> None:
        self.next_length[rows] = v.METER_LENGTH[value]
        self._said[rows, 0] = v.FIRST["meter"] + value

    def _advance_key(self, rows: Rows, value: Rows) -> None:
        self.tonic[rows] = (value + 3) % 12 - 3
        self._said[rows, 1] = v.FIRST["key"] + value

    def _advance_tempo(self, rows: Rows, value: Rows) -> None:
        self._said[rows, 2] = v.FIRST["tempo"] + value

    def _advance_program(self, rows: Rows, value: Rows) -> None:
        self.drums[rows, self._naming[rows]] = value == v.DRUMS
        self.declared[rows, self._naming[rows]] = True

    def _advance_bar(self, rows: Rows, _: Rows) -> None:
        begun = self.bars[rows] > 0
        gone = np.where(begun, self.length[rows], 0)
        self.sounding[rows] -= gone[..., None, None]
        self.end[rows] -= gone
        self.length[rows] = self.next_length[rows]
        self.bars[rows] += 1
        self.filled[rows] += self.filling[rows]
        self.cursor[rows] = 0
        self.pitch[rows] = _NO_PITCH

    def _advance_pickup(self, rows: Rows, value: Rows) -> None:
        self._short[rows] = True
        self._advance_bar(rows, value)

    def _advance_gap(self, rows: Rows, value: Rows) -> None:
        if not self._kept:
            self._kept = {name: getattr(self, name).copy() for name in _KEPT}
        first = np.atleast_1d(rows)[np.atleast_1d(self.gaps[rows] == 0)]
        for name, kept in self._kept.items():
            kept[first] = getattr(self, name)[first]
        self.gaps[rows] += 1
        self._advance_bar(rows, value)

    def _advance_fill(self, rows: Rows, _: Rows) -> None:
        self.filling[rows] = True
        for name, kept in self._kept.items():
            getattr(self, name)[rows] = kept[rows]

    def _advance_position(self, rows: Rows, value: Rows) -> None:
        self._opening[rows] = self.kind[rows] == INDEX["pickup"]
        self.cursor[rows] = value
        self.pitch[rows] = _NO_PITCH

    def _advance_part(self, rows: Rows, value: Rows) -> None:
        begun = self.bars[rows] > 0  # in the head it is declared alone
        self.part[rows] = np.where(begun, value, -1)
        self._naming[rows] = np.where(begun, self._naming[rows], value)
        self.pitch[rows] = _NO_PITCH

    def _advance_velocity(self, rows: Rows, value: Rows) -> None:
        self.velocity[rows, self.part[rows]] = value

    def _advance_pitch(self, rows: Rows, value: Rows) -> None:
        self.pitch[rows] = value - v.LOWEST + self.tonic[rows]

    def _advance_drum(self, rows: Rows, value: Rows) -> None:
        self.pitch[rows] = value
        self._sound(rows, self.cursor[rows] + v.DRUM_LENGTH)

    def _advance_release(self, rows: Rows, value: Rows) -> None:
        chained = self.kind[rows] == INDEX["release"]
        self._sound(rows, value + 1 + np.where(chained, self.end[rows], 0))
        self.held[rows] = value == v.LONGEST_RELEASE - 1

    def _sound(self, rows: Rows, end: Rows) -> None:
        place = rows, self.part[rows], self.pitch[rows]
        self.end[rows] = end
        self.sounding[place] = np.maximum(self.sounding[place], end)

    def mask(self) -> Mask:
        """Return which tokens may come next, shape (batch, vocabulary)."""
        mask: Mask = _ALLOWED[self.kind].copy()
        self._mask_head(mask)
        self._mask_parts(mask)
        self._mask_notes(mask)
        self._mask_pickups(mask)
        self._mask_gaps(mask)
        mask[np.arange(len(mask))[:, None], self._said] = False
        return mask

    def _mask_head(self, mask: Mask) -> None:
        """In the head stand meter, key and tempo, and each part with its program."""
        head = (self.bars == 0) & ~self.filling
        mask[~head, _PROGRAM] = False
        mask[~head & (self.kind == INDEX["tempo"]), _PART] = False
        if head.any():
            mask[head & (self.kind == INDEX["meter"]), _TEMPO] = False
            mask[head & (self.kind != INDEX["program"]), v.BAR] = False
            mask &= ~(head[:, None] & _SOUND)

    def _mask_parts(self, mask: Mask) -> None:
        """Parts stand in order, none twice at an onset; another one is named only where it differs."""
        part, naming = self.part[:, None], self._naming[:, None]
        here = (self.pitch == _NO_PITCH)[:, None] & (part != _PARTS) | (part < _PARTS)
        mask[:, _PART] &= np.where((self.bars == 0)[:, None], naming < _PARTS, here & self.declared)

    def _mask_notes(self, mask: Mask) -> None:
        """Allow notes whose part and loudness are told, from high to low; they end behind their onset."""
        rows = np.arange(len(mask))
        step, drum = self.velocity[rows, self.part], self.drums[rows, self.part]
        named = self.part >= 0
        mask[:, _VELOCITY] &= (named & (self.pitch > 0))[:, None] & (step[:, None] != _STEPS)
        told = named & (step >= 0)
        pitch = _SEMITONES + self.tonic[:, None]
        mask[:, _PITCH] &= (told & ~drum)[:, None] & (pitch >= 0) & (pitch < self.pitch[:, None])
        mask[:, _DRUM] &= (told & drum)[:, None] & (self.pitch[:, None] > _PITCHES)
        mask[:, _POSITION] &= (self.cursor[:, None] < _TICKS) & (self.length[:, None] > _TICKS)
        begun = (self.kind == INDEX["pitch"])[:, None] & (self.cursor[:, None] < _ENDS)
        mask[:, _RELEASE] &= self.held[:, None] | begun

    def _mask_pickups(self, mask: Mask) -> None:
        mask[self.next_length <= _WRITABLE, v.PICKUP] = False
        lengthens = self.length[:, None] < v.METER_LENGTH  # the first bar would have been a pickup
        mask[:, _METERS] &= ~((self.bars == 1)[:, None] & (self._short[:, None] | lengthens))
        plain = (self.kind == INDEX["position"]) & ~self._opening
        mask &= ~(plain[:, None] & _BETWEEN)
        pickup = self.kind == INDEX["pickup"]
        if pickup.any():
            left = self.next_length[pickup, None] - _TICKS
            mask[pickup, _POSITION] = (_TICKS > 0) & (left > 0) & (left % _WRITABLE == 0)
        opening = self._opening
        if opening.any():  # behind a pickup's place may stand the first note's own
            behind = (self.cursor[opening, None] < _TICKS) & (self.length[opening, None] > _TICKS)
            mask[opening, _POSITION] = behind

    def _mask_gaps(self, mask: Mask) -> None:
        """Gaps stand in one place; behind the last bar they are filled with as many bars, and no other."""
        missing, complete = self.gaps > 0, self.filled == self.gaps
        mask[missing & (self.kind != INDEX["gap"]) | self.filling, v.GAP] = False
        mask[~missing | self.filling, v.FILL] = False
        empty = self.kind == INDEX["bar"]  # ends a piece only where it was missing
        mask[missing & ~complete | empty & ~self.filling, v.END] = False
        mask[self.filling & complete, v.BAR] = False
        mask &= ~(self.filling[:, None] & _MAPS)


_STEPS_OF = [getattr(PartsGrammar, f"_advance_{kind.name}", PartsGrammar._advance_other) for kind in v.TABLE]
