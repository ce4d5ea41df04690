"""Takes as ABC text, drawn bar by bar.

The text that a model draws is read at each bar line. A bar that cannot be read, or that is too long, too
short or not as it was asked for, is drawn anew from the bar line before it: so words need no grammar of their
own, and a slip does not cost the whole take.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Mask
from notegen.codecs.vocabulary import Ids
from notegen.errors import FormatError
from notegen.formats import abc_words
from notegen.formats.abc_bars import Note, Place, read_bar, read_head
from notegen.formats.abc_codec import FIRST, Abc
from notegen.generation.sampling import Prompt, Taste, draw
from notegen.keys import Key
from notegen.model import predictor as predictors
from notegen.model.predictor import Predictor, State

MOST_TRIES = 24  # of a bar, before a take is given up
_LONGEST = 384  # ids of a bar
_END_OF_FIELD = "\n"
_FIELDS = 3  # that a tune begins with

Report = Callable[[int], None]  # how many takes are complete


@dataclass(frozen=True)
class Frame:
    """What is asked of the text.

    Parameters
    ----------
    bars : int
        How many bars are to be drawn, one that is begun included; of a free tune at most.
    place : Place, optional
        The bar line from which on the text counts; None for a tune from its head on.
    begun : int
        The ticks of the first bar that stand before the text; such a bar is to be given a note.
    pitches : array of bool, shape (128,), optional
        Which MIDI pitches may sound.
    meter, key : optional
        Of a tune from its head on.
    is_free : bool
        Whether a tune may begin with a pickup, change its meter and key, and end when it likes.
    """

    bars: int
    place: Place | None = None
    begun: int = 0
    pitches: Mask | None = None
    meter: tuple[int, int] | None = None
    key: Key | None = None
    is_free: bool = False


class Written(NamedTuple):
    """The text of one take.

    Parameters
    ----------
    ids : array of ids
        All that was accepted, without an end.
    place : Place, optional
        Where it ends; None if not even its head could be read.
    notes : list of Note
    nats : float
        The summed negative log-likelihood of the ids, less those that were not drawn.
    is_complete : bool
        Whether it has all bars that were asked for.
    redrawn : int
        How many bars were discarded for it.
    """

    ids: Ids
    place: Place | None
    notes: list[Note]
    nats: float
    is_complete: bool
    redrawn: int


@dataclass
class _Take:
    """One take while it is drawn: what was accepted, and behind it what was drawn since the bar line."""

    place: Place | None
    left: int  # bars to draw
    begun: int
    given: list[int]  # ids that a tune from its head on begins with
    forced: list[int]  # ids to come that are not drawn
    ids: list[int] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    nats: float = 0.0
    new: list[int] = field(default_factory=list)
    text: str = ""
    paid: float = 0.0
    tries: int = 0  # of this bar
    redrawn: int = 0
    is_alive: bool = True
    is_complete: bool = False


def write(
    model: Predictor,
    codec: Abc,
    prompt: Prompt,
    frame: Frame,
    takes: int,
    taste: Taste,
    rng: np.random.Generator,
    report: Report | None = None,
) -> list[Written]:
    """Draw a batch of takes that go on from a prompt.

    Parameters
    ----------
    report : callable, optional
        Told how many takes are complete, now and then.
    """
    given, allowed = _given(codec, frame), _allowed(codec, frame)
    batch = [_Take(frame.place, frame.bars, frame.begun, given, [*given]) for _ in range(takes)]
    state, heads = predictors.repeat(prompt.state, takes), np.repeat(prompt.last, takes)
    kept_state, kept_heads = state, heads
    while any(take.is_alive for take in batch):
        predicted, state = model.predict(heads[:, None], state)
        log_probabilities = predicted[:, 0]
        heads = draw(log_probabilities, _mask(batch, frame, allowed), taste, rng)
        accepted, refused = np.zeros(takes, dtype=bool), np.zeros(takes, dtype=bool)
        for i, take in enumerate(batch):
            if not take.is_alive:
                continue
            heads[i], cost = _next(take, heads[i], log_probabilities[i])
            verdict = _add(take, int(heads[i]), cost, codec, frame)
            accepted[i], refused[i] = verdict is True, verdict is False
        if accepted.any():
            kept_state, kept_heads = (
                _chosen(accepted, state, kept_state),
                np.where(accepted, heads, kept_heads),
            )
            if report:
                report(sum(not take.is_alive for take in batch))
        if refused.any():
            state, heads = _chosen(refused, kept_state, state), np.where(refused, kept_heads, heads)
    return [_written(take) for take in batch]


def _given(codec: Abc, frame: Frame) -> list[int]:
    """Return the ids that a tune from its head on is given."""
    if frame.place is not None or frame.meter is None:
        return []
    words = abc_words.head(frame.meter, frame.key or Key(0, 0))
    forced: list[int] = codec.spell(words if frame.key else words[:-1]).tolist()
    return forced


def _allowed(codec: Abc, frame: Frame) -> Mask:
    """Return which ids may stand in a text, shape (size,); "[" begins a change of meter or key."""
    allowed: Mask = np.ones(codec.size, dtype=bool)
    allowed[[v.PAD, v.START]] = False
    if not frame.is_free:
        allowed[FIRST:] = [not symbol.startswith("[") for symbol in codec.symbols]
    return allowed


def _mask(batch: list[_Take], frame: Frame, allowed: Mask) -> Mask:
    """Return what each take may draw: it ends in its last bar alone."""
    mask = np.tile(allowed, (len(batch), 1))
    for i, take in enumerate(batch):
        mask[i, v.END] = take.place is not None and (take.left <= 1 or (frame.is_free and bool(take.notes)))
    return mask


def _next(take: _Take, drawn: int, log_probabilities: NDArray[np.float64]) -> tuple[int, float]:
    """Return the id that a take goes on with and what it cost: the one drawn, or one that is given."""
    if take.forced:
        return take.forced.pop(0), 0.0
    return drawn, -float(log_probabilities[drawn])


def _add(take: _Take, token: int, cost: float, codec: Abc, frame: Frame) -> bool | None:
    """Add an id to a take; where it ends a bar or the head, say whether that can be read."""
    symbol = "" if token == v.END else codec.symbols[token - FIRST]
    take.new.append(token)
    take.text += symbol
    take.paid += cost
    if take.place is None:
        if symbol.endswith(_END_OF_FIELD):
            return _end_field(take, codec, frame)
    elif token == v.END or symbol == abc_words.LINE:
        return _end_bar(take, frame, is_last=token == v.END, cost=cost)
    return _refuse(take) if len(take.new) > _LONGEST else None


def _end_field(take: _Take, codec: Abc, frame: Frame) -> bool | None:
    """Read the head where its last field ends; behind the first, give what was asked for."""
    fields = take.text.count(_END_OF_FIELD)
    if fields == 1 and frame.key and not frame.meter:
        words = abc_words.head((4, 4), frame.key)[1:]
        take.forced = codec.spell(words).tolist()
    if fields < _FIELDS:
        return None
    try:
        place, _ = read_head(take.text)
    except FormatError:
        return _refuse(take)
    take.place = place if frame.is_free else place._replace(bars=1)  # no pickup
    return _accept(take)


def _end_bar(take: _Take, frame: Frame, *, is_last: bool, cost: float) -> bool:
    """Read a bar where it ends, and see whether it is as it was asked for."""
    assert take.place is not None
    text = take.text.removesuffix(abc_words.LINE)
    try:
        notes, place = read_bar(text, take.place, is_last=is_last, begun=take.begun)
    except FormatError:
        return _refuse(take)
    heard = [note.pitch for note in notes]
    strange = frame.pitches is not None and not frame.pitches[heard].all()
    if strange or (take.begun and not notes) or (is_last and not (take.notes or notes)):
        return _refuse(take)
    take.place, take.begun, take.left = place, 0, take.left - 1
    take.notes += notes
    if is_last or not take.left:
        take.is_alive, take.is_complete = False, True
        take.paid -= cost  # of the sign that ends the take
        take.new.pop()
    return _accept(take)


def _accept(take: _Take) -> bool:
    take.ids += take.new
    take.nats += take.paid
    take.new, take.text, take.paid, take.tries = [], "", 0.0, 0
    return True


def _refuse(take: _Take) -> bool:
    take.new, take.text, take.paid = [], "", 0.0
    take.tries, take.redrawn = take.tries + 1, take.redrawn + 1
    take.is_alive = take.tries < MOST_TRIES
    if take.place is None:
        take.forced = [*take.given]
    return False


def _chosen(rows: Mask, one: State, other: State) -> State:
    """Return a state whose given rows are of one state, and the rest of another."""
    return [np.where(rows.reshape(-1, *[1] * (a.ndim - 1)), a, b) for a, b in zip(one, other, strict=True)]


def _written(take: _Take) -> Written:
    ids = np.array(take.ids, dtype=np.int32)
    return Written(ids, take.place, take.notes, take.nats, take.is_complete, take.redrawn)
