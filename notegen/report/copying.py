"""How much of what a model writes, and of what people wrote, stands in a training corpus."""

from collections.abc import Sequence
from typing import Any

from notegen.codecs.vocabulary import Ids
from notegen.corpus.originality import RUNS, Index, share
from notegen.corpus.scan import Piece


def originality(index: Index, drawn: list[Ids], test: Sequence[Piece]) -> dict[str, Any]:
    """Say how much of drawn pieces, and of held-out ones by people, stands in a training corpus.

    Returns
    -------
    dict
        ``runs``: for each length the shares of both sets; ``longest``: the longest run of both.
    """
    sets = {"generated": drawn, "human": [piece.ids for piece in test]}
    lengths = {name: [index.matches(ids).lengths for ids in rows] for name, rows in sets.items()}
    return {
        "runs": {str(n): {name: share(found, n) for name, found in lengths.items()} for n in RUNS},
        "longest": {
            "generated": _longest(index, drawn, [{"piece": i + 1} for i in range(len(drawn))]),
            "human": _longest(index, sets["human"], [{"of": piece.title or piece.name} for piece in test]),
        },
    }


def _longest(index: Index, rows: list[Ids], whose: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Say which of some pieces has the longest run of the corpus, and of which piece."""
    found = [(run, who) for run, who in zip(map(index.longest, rows), whose, strict=True) if run]
    if not found:
        return None
    run, who = max(found, key=lambda each: each[0].notes)
    return {"notes": run.notes, "title": run.title or run.name, **who}
