"""Seeds in words: what one is, and what becomes of it."""

from notegen.codecs.vocabulary import Ids
from notegen.corpus.world import World
from notegen.generation.accompany import Others
from notegen.generation.gap import Between
from notegen.generation.middle import Middle
from notegen.generation.places import behind
from notegen.generation.plan import Plan, title
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle
from notegen.score import Score


def going_on(score: Score, ensemble: Ensemble, tracks: str, others: Others) -> str:
    """Say what a seed is, and what of it goes on, and how."""
    model = ensemble.models[0]
    place = behind(model, score, 1, tracks, others)
    at = place.at
    bars = len(at.score.bars()) - 1
    text = f"{bars} bar{'s' * (bars != 1)}, {at.meter[0]}/{at.meter[1]}, {at.key.long_name}"
    if at.tick:
        text += ", the last bar unfinished"
    return _lines(text, _fates(score, f"continued by {model.name}", place.plan), model, place.before)


def anew(score: Score, ensemble: Ensemble, between: Between, tracks: str) -> str:
    """Say what a seed is, and which of its bars are written anew, and how."""
    model, (first, last) = ensemble.models[0], between
    place = Middle(model, score, between, tracks)
    meter, key = place.missing.meter, place.missing.key
    named = f"bar {first} is" if first == last else f"bars {first} to {last} are"
    text = f"{place.gap.of} bars, {meter[0]}/{meter[1]}, {key.long_name}; {named} written anew"
    fates = _fates(score, f"by {model.name}", place.plan)
    stay = [title(score, each) for each in sorted(set(score.notes["track"].tolist()) - place.gap.tracks)]
    fates += [f"stay as they are: {', '.join(stay)}"] if stay else []
    return _lines(text, fates, model, place.before)


def _lines(text: str, fates: list[str], model: Bundle, before: Ids) -> str:
    """Join what is to say, and what of the seed the model has hardly met."""
    world = World.parse(model.provenance.get("world"))
    strange = world.strange(before) if world else []
    last = [f"strange to {model.name}: {'; '.join(strange)}"] if strange else []
    return "\n  ".join([text, *fates, *last])


def _fates(score: Score, written: str, plan: Plan) -> list[str]:
    """Say what becomes of each track, if there are several."""
    if not plan.beside and len(plan.casting) == 1:
        return []
    named = {
        written: [title(score, track) for track in sorted(plan.casting)],
        "go on as they did": [title(score, each) for each, how in plan.beside.items() if how == "loop"],
        "held": [title(score, track) for track, how in plan.beside.items() if how == "hold"],
        "left empty": [title(score, track) for track, how in plan.beside.items() if how == "empty"],
    }
    return [f"{what}: {', '.join(tracks)}" for what, tracks in named.items() if tracks]
