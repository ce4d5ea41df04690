"""Compose: continue a seed, write some of its bars anew, or begin a tune, in several takes."""

from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus.intervals import line_notes
from notegen.corpus.originality import Run, human_longest
from notegen.errors import UsageError
from notegen.generation import judge
from notegen.generation.accompany import Others
from notegen.generation.echo import Echo
from notegen.generation.gap import Between
from notegen.generation.middle import Middle
from notegen.generation.pens import Pen, pen
from notegen.generation.places import Opening, Place, behind
from notegen.generation.plan import Names
from notegen.generation.rules import Rules
from notegen.generation.sampling import Draft, Taste
from notegen.keys import Key
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle
from notegen.score import Score, Span

_ROUNDS = 6  # how often flawed takes are drawn anew before the last ones are kept
MOST_BARS, MOST_TAKES = 1024, 256


@dataclass(frozen=True)
class Take:
    """One continuation, or one way to write some bars anew.

    Parameters
    ----------
    score : Score
        The seed, and the new notes behind it or in its middle.
    fresh : Score
        The new notes alone, from the bar line before them.
    bits_per_note : float
        What the new notes cost under the model.
    notes : int
        How many are new.
    flaw : str
        What is wrong with it, if all drawings were flawed.
    redrawn : int
        How many drawings were discarded for it.
    seed : int
        The random seed of all takes of the call.
    new : Span, optional
        What of `score` is new; None if all of it is.
    copied : Run, optional
        The longest run of new notes that stands in what the model was trained on, as far as the model
        tells.
    copies : bool
        Whether that run is longer than is usual in so many notes by people.
    echo : Echo, optional
        What it says again of its seed.
    """

    score: Score
    fresh: Score
    bits_per_note: float
    notes: int
    flaw: str
    redrawn: int
    seed: int
    new: Span | None = None
    copied: Run | None = None
    copies: bool = False
    echo: Echo | None = None

    @property
    def likeness(self) -> str:
        """What is copied, in words; empty if nothing is."""
        if self.copied is None:
            return ""
        plural = "s" * (self.copied.notes != 1)
        words = f'{self.copied.notes} note{plural} as in "{self.copied.title}"'
        return f"{words}, more than people copy" if self.copies else words


def compose(
    model: Bundle | Ensemble,
    score: Score | None = None,
    *,
    bars: int = 8,
    variations: int = 4,
    tracks: Names = "all",
    others: Others = "empty",
    between: Between | None = None,
    temperature: float = 1.0,
    top_p: float = 1.0,
    top_k: int = 0,
    seed: int | None = None,
    rules: Rules | None = None,
    key_lock: bool = False,
    meter: tuple[int, int] | None = None,
    key: Key | None = None,
) -> list[Take]:
    """Continue a score, write some of its bars anew, or begin a tune, in several takes.

    Parameters
    ----------
    model : Bundle or Ensemble
        A model with its memory as people have it, or an ensemble of one or two.
    score : Score, optional
        The seed; a tune from nothing without it.
    bars : int
        Bars of new material; a bar that the seed leaves unfinished is filled besides.
    variations : int
        How many takes.
    tracks : str or sequence of str
        Which tracks of the seed go on: "all", "melody", or their names or numbers from 1 on. Those that the
        model cannot continue, drums among them, go on as they did.
    others : str
        What the other tracks do: "loop", "hold" or "empty"; see `notegen.generation.accompany`.
    between : (int, int), optional
        Write the bars from the first of these numbers to the second anew, in place of `bars` behind the seed;
        see `notegen.generation.middle.Middle`.
    temperature, top_p, top_k
        See `notegen.generation.sampling.Taste`.
    seed : int, optional
        The same number gives the same takes; one is drawn if it is missing.
    rules : Rules, optional
        What new bars must keep to.
    key_lock : bool
        Use the notes of the scale of the seed's key alone.
    meter, key : optional
        Of a tune from nothing; the model chooses what is not given.

    Returns
    -------
    list of Take
        Best first; `notegen.generation.judge` says what is best.

    Raises
    ------
    EmptyError
        If the seed has no note but drums in these tracks.
    UsageError
        If an option is out of range, or rules contradict each other.
    """
    ensemble = Ensemble.of(model)
    taste = Taste(temperature, top_p, top_k)
    _check(bars, variations, seed)
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
    first = ensemble.models[0]
    if between is not None:
        place: Place = _middle(ensemble, score, between, tracks, others)
    elif score is not None:
        place = behind(first, score, bars, tracks, others)
    elif first.codec == "parts":
        raise UsageError(f"{first.name} continues seeds alone; for a tune from nothing take another model")
    else:
        place = Opening(meter, key, bars)
    rules = _rules(rules or Rules(), place, key_lock)
    with threadpool_limits(1):  # a step is too small to share: two threads are slower than one
        draws = pen(ensemble.predictor, ensemble.codec, place, taste, rules)
        drafts, flaws, redrawn = _draw(draws, variations, seed)
    bits = [draft.nats / np.log(2) / max(1, note_count(draft.ids)) for draft in drafts]
    copied, copies = _compare(ensemble, place.before, drafts)
    takes = []
    for i in judge.rank(bits, flaws, ensemble.human_bits, copies):
        ids = drafts[i].ids
        whole, fresh = place.finish(ids, np.random.default_rng([seed, i]))
        made = bits[i], note_count(ids), flaws[i], redrawn[i], seed, place.new, copied[i], copies[i]
        takes.append(Take(whole, fresh, *made, place.echo(ids)))
    return takes


def _middle(
    ensemble: Ensemble, score: Score | None, between: Between, tracks: Names, others: Others
) -> Middle:
    if score is None:
        raise UsageError("without a seed there are no bars to write between; name one")
    if others != "empty":
        raise UsageError("between bars of a seed all tracks that are not written anew stay as they are")
    return Middle(ensemble.models[0], score, between, tracks)


def _rules(rules: Rules, place: Place, key_lock: bool) -> Rules:
    """Return the rules with the key that takes are locked to."""
    if not key_lock:
        return rules
    key = place.key
    if key is None:
        raise UsageError("without a seed there is no scale to stay in: name a key too")
    return replace(rules, key=rules.key or key)


def _check(bars: int, variations: int, seed: int | None) -> None:
    if not 1 <= bars <= MOST_BARS:
        raise UsageError(f"{bars} bars were asked for; 1 to {MOST_BARS} are possible")
    if not 1 <= variations <= MOST_TAKES:
        raise UsageError(f"{variations} variations were asked for; 1 to {MOST_TAKES} are possible")
    if seed is not None and seed < 0:
        raise UsageError(f"the random seed is {seed}, but must not be negative")


def _draw(draws: Pen, takes: int, seed: int) -> tuple[list[Draft], list[str], list[int]]:
    """Draw takes, and draw flawed ones anew a few times."""
    rng = np.random.default_rng(seed)
    drafts: list[Draft] = [Draft(np.zeros(0, dtype=np.int32), 0.0)] * takes
    flaws, redrawn = ["not drawn yet"] * takes, [-1] * takes
    for _ in range(_ROUNDS):
        waiting = [i for i in range(takes) if flaws[i]]
        if not waiting:
            break
        for i, (draft, flaw) in zip(waiting, draws(len(waiting), rng), strict=True):
            drafts[i], flaws[i] = draft, flaw
            redrawn[i] += 1
    return drafts, flaws, redrawn


def _compare(ensemble: Ensemble, before: Ids, drafts: list[Draft]) -> tuple[list[Run | None], list[bool]]:
    """Return each take's longest run of a training corpus, and whether people copy less from that corpus."""
    found: list[tuple[Run | None, bool]] = [(None, False)] * len(drafts)
    for model in ensemble.models:
        others = [_compare_with(model, before, draft) for draft in drafts]
        found = [max(pair, key=_length) for pair in zip(found, others, strict=True)]
    return [run for run, _ in found], [copies for _, copies in found]


def _length(found: tuple[Run | None, bool]) -> tuple[bool, int]:
    run, copies = found
    return copies, run.notes if run else 0


def _compare_with(model: Bundle, before: Ids, draft: Draft) -> tuple[Run | None, bool]:
    if model.index is None:
        return None, False
    whole = np.append(before, draft.ids)
    run = model.index.longest(whole, line_notes(whole, len(before)))
    usual = human_longest(model.provenance.get("human_originality"), note_count(draft.ids))
    return run, run is not None and usual is not None and run.notes > usual
