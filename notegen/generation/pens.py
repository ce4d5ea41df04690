"""Pens: how takes are drawn, as note tokens or as ABC text; what comes of it are note tokens."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Codec
from notegen.codecs.vocabulary import Ids
from notegen.formats.abc_codec import Abc
from notegen.generation import judge, text
from notegen.generation.constraints import Guide
from notegen.generation.places import Continuation, Opening
from notegen.generation.sampling import Draft, Taste, read, sample
from notegen.model.predictor import Predictor


class Drawn(NamedTuple):
    """A draft in note tokens, and what is wrong with it; an empty text if nothing is."""

    draft: Draft
    flaw: str


Pen = Callable[[int, np.random.Generator], list[Drawn]]  # draws so many takes


def pen(
    model: Predictor,
    codec: Codec,
    place: Continuation | Opening,
    taste: Taste,
    bars: int,
    *,
    key_lock: bool,
) -> Pen:
    """Return a pen for takes of so many bars."""
    if isinstance(codec, Abc):
        return _text_pen(model, codec, place, taste, place.frame(bars, key_lock))
    constraints = place.constraints(bars, key_lock)
    prompt = read(model, place.before)

    def draw(takes: int, rng: np.random.Generator) -> list[Drawn]:
        guide = Guide(place.grammar(takes), constraints)
        drafts = sample(model, prompt, guide, taste, rng, place.forced)
        return [Drawn(draft, judge.flaw(draft.ids, place.before)) for draft in drafts]

    return draw


def _text_pen(
    model: Predictor, codec: Abc, place: Continuation | Opening, taste: Taste, frame: text.Frame
) -> Pen:
    before: Ids = np.append(v.START, codec.spell(place.words())).astype(np.int32)
    prompt = read(model, before)

    def draw(takes: int, rng: np.random.Generator) -> list[Drawn]:
        return [_drawn(each) for each in text.write(model, codec, prompt, frame, takes, taste, rng)]

    def _drawn(written: text.Written) -> Drawn:
        ids = place.tokens(written)
        flaw = judge.flaw(ids, place.before) if written.is_complete else "a bar that cannot be read"
        return Drawn(Draft(ids, written.nats), flaw)

    return draw
