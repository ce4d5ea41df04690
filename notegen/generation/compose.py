"""Compose: continue a seed, or begin a tune, in several takes."""

from dataclasses import dataclass, replace

import numpy as np
from threadpoolctl import threadpool_limits

from notegen.codecs import vocabulary as v
from notegen.codecs.grammar import Grammar
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.corpus.originality import Run, human_longest
from notegen.errors import UsageError
from notegen.generation import judge
from notegen.generation.constraints import Constraints, Guide, pitch_classes
from notegen.generation.sampling import Draft, Prompt, Taste, read, sample
from notegen.generation.seam import Seam
from notegen.generation.sets import as_tune
from notegen.keys import Key
from notegen.model.bundle import Bundle
from notegen.model.runtime import Runtime
from notegen.score import NOTE, Score, Table, table

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

    @property
    def likeness(self) -> str:
        """What is copied, in words; empty if nothing is."""
        if self.copied is None:
            return ""
        plural = "s" * (self.copied.notes != 1)
        words = f'{self.copied.notes} note{plural} as in "{self.copied.title}"'
        return f"{words}, more than people copy" if self.copies else words


def compose(
    model: Bundle,
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
    model : Bundle
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
    model.expect("notes")
    taste = Taste(temperature, top_p, top_k)
    _check(bars, variations, seed)
    seed = int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed
    place = _Opening(meter, key) if score is None else _Continuation(Seam.of(score))
    constraints = place.constraints(bars, key_lock)
    with threadpool_limits(1):  # a step is too small to share: two threads are slower than one
        runtime = Runtime(model)
        drafts, flaws, redrawn = _draw(runtime, place, constraints, taste, variations, seed)
    bits = [draft.nats / np.log(2) / max(1, note_count(draft.ids)) for draft in drafts]
    human = float(model.provenance.get("valid_bits_per_note", 0.0))
    copied, copies = _compare(model, place.before, drafts)
    takes = []
    for i in judge.rank(bits, flaws, human, copies):
        whole, fresh = place.finish(drafts[i].ids)
        count = note_count(drafts[i].ids)
        made = bits[i], count, flaws[i], redrawn[i], seed, place.tick, copied[i], copies[i]
        takes.append(Take(whole, fresh, *made))
    return takes


def _check(bars: int, variations: int, seed: int | None) -> None:
    if not 1 <= bars <= MOST_BARS:
        raise UsageError(f"{bars} bars were asked for; 1 to {MOST_BARS} are possible")
    if not 1 <= variations <= MOST_TAKES:
        raise UsageError(f"{variations} variations were asked for; 1 to {MOST_TAKES} are possible")
    if seed is not None and seed < 0:
        raise UsageError(f"the random seed is {seed}, but must not be negative")


class _Continuation:
    """What `_draw` needs to know of a seed."""

    def __init__(self, seam: Seam) -> None:
        self.seam, self.forced, self.before = seam, seam.forced, seam.ids
        self.tick: int | None = seam.end

    def prompt(self, runtime: Runtime) -> Prompt:
        return read(runtime, self.before)

    def grammar(self, takes: int) -> Grammar:
        return self.seam.grammar(takes)

    def constraints(self, bars: int, key_lock: bool) -> Constraints:
        pitches = pitch_classes(self.seam.key.scale) if key_lock else None
        return Constraints(bars + 1, fill=int(self.seam.tick > 0), floor=self.seam.tick, pitches=pitches)

    def finish(self, ids: Ids) -> tuple[Score, Score]:
        notes = self.seam.notes(ids)
        return self.seam.score.join(notes), self._alone(notes)

    def _alone(self, notes: Table) -> Score:
        """Return the new notes from their bar line on, with the tempo, meter, key and program there."""
        score, bar = self.seam.score, self.seam.bar
        frame = score.cut(bar, max(score.end, bar) + 1)
        moved = notes.copy()
        moved["onset"] -= bar
        moved["track"] = 0
        changes = score.events[
            (score.events["track"] == self.seam.track) & (score.events["status"] & 0xF0 == 0xC0)
        ]
        track = score.tracks[self.seam.track]
        if len(changes):
            track = replace(track, program=int(changes["data1"][-1]))
        return replace(frame, notes=table(moved, NOTE), tracks=(track,), events=frame.events[:0])


class _Opening:
    """The same for a tune from nothing."""

    def __init__(self, meter: tuple[int, int] | None, key: Key | None) -> None:
        self.key = key
        self.tick: int | None = None
        self.before = np.array([v.START], dtype=np.int32)
        if meter is not None and meter not in v.METER_ID:
            raise UsageError(f"{meter[0]}/{meter[1]} is no meter that notegen knows: bars last up to 8/4")
        self.forced = np.array([] if meter is None else [v.meter_id(meter)], dtype=np.int32)

    def prompt(self, runtime: Runtime) -> Prompt:
        return read(runtime, self.before)

    def grammar(self, takes: int) -> Grammar:
        grammar = Grammar(takes)
        grammar.advance(np.full(takes, v.START))
        return grammar

    def constraints(self, bars: int, key_lock: bool) -> Constraints:
        if key_lock and self.key is None:
            raise UsageError("without a seed there is no scale to stay in: name a key too")
        pitches = pitch_classes(self.key.scale) if key_lock and self.key else None
        return Constraints(bars, pitches=pitches, key=self.key)

    def finish(self, ids: Ids) -> tuple[Score, Score]:
        tune = as_tune(np.append(self.before, ids))
        return tune, tune


def _draw(
    runtime: Runtime,
    place: "_Continuation | _Opening",
    constraints: Constraints,
    taste: Taste,
    takes: int,
    seed: int,
) -> tuple[list[Draft], list[str], list[int]]:
    """Draw takes, and draw flawed ones anew a few times."""
    rng = np.random.default_rng(seed)
    prompt = place.prompt(runtime)
    drafts: list[Draft] = [Draft(place.forced, 0.0)] * takes
    flaws, redrawn = ["not drawn yet"] * takes, [-1] * takes
    for _ in range(_ROUNDS):
        waiting = [i for i in range(takes) if flaws[i]]
        if not waiting:
            break
        guide = Guide(place.grammar(len(waiting)), constraints)
        drawn = sample(runtime, prompt, guide, taste, rng, place.forced)
        for i, draft in zip(waiting, drawn, strict=True):
            drafts[i], flaws[i] = draft, judge.flaw(draft.ids, place.before)
            redrawn[i] += 1
    return drafts, flaws, redrawn


def _compare(model: Bundle, before: Ids, drafts: list[Draft]) -> tuple[list[Run | None], list[bool]]:
    """Return each take's longest run of the training corpus, and whether people copy less."""
    if model.index is None:
        return [None] * len(drafts), [False] * len(drafts)
    first = note_count(before)
    runs = [model.index.longest(np.append(before, draft.ids), first) for draft in drafts]
    figures = model.provenance.get("human_originality")
    usual = [human_longest(figures, note_count(draft.ids)) for draft in drafts]
    copies = [
        run is not None and most is not None and run.notes > most
        for run, most in zip(runs, usual, strict=True)
    ]
    return runs, copies
