"""Choosing a model for a seed: by what it is, and by what each model finds in it."""

from typing import NamedTuple

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.evaluation.likelihood import token_nats
from notegen.generation.places import behind
from notegen.generation.plan import Names, chosen
from notegen.model.assemble import alone
from notegen.model.bundle import Bundle, load, shipped
from notegen.roles import roles
from notegen.score import Score

MELODY = "folk"  # the model of a single line
_SINGLE = 1.1  # notes that begin together at most, on average, in a single line
_STRANGE = 2  # times as many bits per note as a model needs for its own kind of music: it does not fit
_HEARD = 240  # tokens of a seed's end that are asked about


class Choice(NamedTuple):
    """A model, and why it was taken."""

    model: Bundle
    reason: str


def choose(score: Score | None, tracks: Names = "all") -> Choice:
    """Take a shipped model for a seed, or for a tune from nothing.

    A single line goes to `MELODY`. Of the models of many parts to which the end of the seed is like music,
    that one is taken which finds it the likeliest; if there is none, its melody goes to `MELODY` after all.
    """
    if score is None:
        return Choice(load(MELODY), "a tune from nothing is a melody")
    wanted = chosen(score, tracks)
    pitched = [role for track, role in roles(score).items() if track in wanted]
    if len(pitched) <= 1 and all(role.voices <= _SINGLE for role in pitched):
        return Choice(load(MELODY), "the seed is a single line")
    several = [model for model in map(load, shipped()) if model.codec == "parts"]
    if not several:
        return Choice(load(MELODY), "there is no model of several parts, so its melody is continued")
    bits = np.array([_bits(model, score, tracks) for model in several])
    own = np.array([float(model.provenance.get("valid_bits_per_note", np.inf)) for model in several])
    strange = bits > _STRANGE * own
    found = ", ".join(f"{model.name} {each:.1f}" for model, each in zip(several, bits.tolist(), strict=True))
    if strange.all():
        reason = f"other models find the seed strange, in bits per note: {found}; so its melody is continued"
        return Choice(load(MELODY), reason)
    best = int(np.argmin(np.where(strange, np.inf, bits)))
    reason = f"bits per note of the seed: {found}"
    if bits[best] > bits.min():
        reason += f"; {several[int(np.argmin(bits))].name} finds it strange all the same"
    return Choice(several[best], reason)


def _bits(model: Bundle, score: Score, tracks: Names) -> float:
    """Return what the end of a seed costs a model, in bits per note.

    Velocities cost nothing, for not every model knows of them.
    """
    head, end = _end(behind(model, score, 1, tracks).before)
    (costs,) = token_nats(alone(model), [np.concatenate([head, end])])
    heard = np.where(v.KIND[end] == v.INDEX["velocity"], 0, costs[len(costs) - len(end) :])
    return float(heard.sum() / np.log(2) / max(1, note_count(end)))


def _end(ids: Ids) -> tuple[Ids, Ids]:
    """Return what stands before the first bar of a seed, and its last bars."""
    bars = np.flatnonzero((ids == v.BAR) | (ids == v.PICKUP))
    late = bars[bars >= len(ids) - _HEARD]
    return ids[: bars[0]], ids[(late[0] if len(late) else bars[-1]) :]
