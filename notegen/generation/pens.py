"""Pens: how takes are drawn, as note tokens or as ABC text; what comes of it are note tokens."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.codec import Codec
from notegen.codecs.vocabulary import Ids
from notegen.errors import UsageError
from notegen.formats.abc_codec import Abc
from notegen.generation import text
from notegen.generation.constraints import Guide
from notegen.generation.middle import Middle
from notegen.generation.particles import PARTICLES, drafts, pick, weights
from notegen.generation.places import Continuation, Opening, Place
from notegen.generation.rules import Rules
from notegen.generation.sampling import Draft, Taste, read, sample
from notegen.model.predictor import Predictor

_LAST = 1e9  # nats: a flawed draft is taken where there is no other


class Drawn(NamedTuple):
    """A draft in note tokens, and what is wrong with it; an empty text if nothing is."""

    draft: Draft
    flaw: str


Pen = Callable[[int, np.random.Generator], list[Drawn]]  # draws so many takes


def pen(model: Predictor, codec: Codec, place: Place, taste: Taste, rules: Rules) -> Pen:
    """Return a pen for takes that begin at a place.

    Raises
    ------
    UsageError
        If a model of text is asked for rules that are kept by notes alone.
    """
    if isinstance(codec, Abc):
        assert isinstance(place, Continuation | Opening)  # nothing else is written as text
        return _text_pen(model, codec, place, taste, rules)
    if isinstance(place, Middle):
        return _middle_pen(model, place, taste, rules)
    constraints = place.constraints(rules)
    prompt = read(model, place.before)

    def draw(takes: int, rng: np.random.Generator) -> list[Drawn]:
        guide = Guide(place.grammar(takes), constraints)
        drafts = sample(model, prompt, guide, taste, rng, place.forced)
        return [Drawn(draft, place.flaw(draft.ids)) for draft in drafts]

    return draw


def _middle_pen(model: Predictor, place: Middle, taste: Taste, rules: Rules) -> Pen:
    """Return a pen for missing bars: each take is one of many drafts."""
    missing = place.missing
    prompt = read(model, missing.prompt)

    def draw(takes: int, rng: np.random.Generator) -> list[Drawn]:
        return [_one(rng) for _ in range(takes)]

    def _one(rng: np.random.Generator) -> Drawn:
        several = drafts(model, missing, prompt, PARTICLES, rng, rules, taste)
        ids = [draft.ids for draft in several]
        flaws = [place.flaw(each) for each in ids]
        flawed = np.array(list(map(bool, flaws)))
        best = pick(weights(model, missing, prompt, ids) - _LAST * flawed, rng)
        return Drawn(several[best], flaws[best])

    return draw


def _text_pen(model: Predictor, codec: Abc, place: Continuation | Opening, taste: Taste, rules: Rules) -> Pen:
    if replace(rules, key=None) != Rules():
        raise UsageError("a model of ABC text keeps to a key alone; for other rules take a model of notes")
    frame = place.frame(rules)
    before: Ids = np.append(v.START, codec.spell(place.words())).astype(np.int32)
    prompt = read(model, before)

    def draw(takes: int, rng: np.random.Generator) -> list[Drawn]:
        return [_drawn(each) for each in text.write(model, codec, prompt, frame, takes, taste, rng)]

    def _drawn(written: text.Written) -> Drawn:
        ids = place.tokens(written)
        flaw = place.flaw(ids) if written.is_complete else "a bar that cannot be read"
        return Drawn(Draft(ids, written.nats), flaw)

    return draw
