"""Compose: continue a seed, or begin a tune, in several takes."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits

from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus.originality import Run, human_longest
from notegen.errors import UsageError
from notegen.generation import judge
from notegen.generation.echo import Echo, echoes
from notegen.generation.pens import Pen, pen
from notegen.generation.places import Continuation, Opening
from notegen.generation.sampling import Draft, Taste
from notegen.generation.seam import Seam
from notegen.keys import Key
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle
from notegen.score import Score

_ROUNDS = 6  # how often flawed takes are drawn anew before the last ones are kept
MOST_BARS, MOST_TAKES = 1024, 256


@dataclass(frozen=True)
class Take:
    """One continuation.

    Parameters
    ----------
    score : Score
        The seed, and the new notes behind it.
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
    seam : int, optional
        The tick of `score` from which on it is new; None if all of it is.
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
    seam: int | None = None
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
    temperature: float = 1.0,
    top_p: float = 1.0,
    top_k: int = 0,
    seed: int | None = None,
    key_lock: bool = False,
    meter: tuple[int, int] | None = None,
    key: Key | None = None,
) -> list[Take]:
    """Continue a score, or begin a tune, in several takes.

    Parameters
    ----------
    model : Bundle or Ensemble
        A model with its memory as people have it, or an ensemble of one or two.
    score : Score, optional
        The seed, continued in its melody; a tune from nothing without it.
    bars : int
        Bars of new material; a bar that the seed leaves unfinished is filled besides.
    variations : int
        How many takes.
    temperature, top_p, top_k
        See `notegen.generation.sampling.Taste`.
    seed : int, optional
        The same number gives the same takes; one is drawn if it is missing.
    key_lock : bool
        Use the notes of the key's scale alone.
    meter, key : optional
        Of a tune from nothing; the model chooses what is not given.

    Returns
    -------
    list of Take
        Best first; `notegen.generation.judge` says what is best.

    Raises
    ------
    EmptyError
        If the seed has no melody.
    UsageError
        If an option is out of range.
    """
    ensemble = Ensemble.of(model)
    taste = Taste(temperature, top_p, top_k)
    _check(bars, variations, seed)
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
    place = Opening(meter, key) if score is None else Continuation(Seam.of(score))
    with threadpool_limits(1):  # a step is too small to share: two threads are slower than one
        draws = pen(ensemble.predictor, ensemble.codec, place, taste, bars, key_lock=key_lock)
        drafts, flaws, redrawn = _draw(draws, variations, seed)
    bits = [draft.nats / np.log(2) / max(1, note_count(draft.ids)) for draft in drafts]
    copied, copies = _compare(ensemble, place.before, drafts)
    heard = echoes(place.before, [draft.ids for draft in drafts])
    takes = []
    for i in judge.rank(bits, flaws, ensemble.human_bits, copies):
        whole, fresh = place.finish(drafts[i].ids)
        count = note_count(drafts[i].ids)
        made = bits[i], count, flaws[i], redrawn[i], seed, place.tick, copied[i], copies[i], heard[i]
        takes.append(Take(whole, fresh, *made))
    return takes


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
    run = model.index.longest(np.append(before, draft.ids), note_count(before))
    usual = human_longest(model.provenance.get("human_originality"), note_count(draft.ids))
    return run, run is not None and usual is not None and run.notes > usual
