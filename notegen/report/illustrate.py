"""An assessment as a page: its distributions drawn, and a few of the generated pieces chosen to be heard."""

import numpy as np

from notegen.codecs import vocabulary as v
from notegen.codecs.notes import note_count
from notegen.codecs.vocabulary import Ids
from notegen.evaluation.likelihood import token_nats
from notegen.evaluation.statistics import Comparison
from notegen.generation import judge
from notegen.generation.sets import as_tune
from notegen.model.assemble import Ensemble
from notegen.model.bundle import Bundle
from notegen.report import evaluation
from notegen.report.assess import Assessment
from notegen.report.continuing import Continued
from notegen.report.distributions import Bars, Distribution
from notegen.report.samples import Sample

HEARD = 3  # of the best, and of the worst
LONGEST = 48  # bars of a sample; what comes later is left out
LEAD = 4  # bars of a seed that are heard before what is new
_MATRIX = "transitions"


def page(assessment: Assessment, model: Bundle, command: str) -> str:
    """Return the page of an assessment.

    Parameters
    ----------
    assessment : Assessment
    model : Bundle
        The one that was measured.
    command : str
        What repeats it.
    """
    return evaluation.page(
        {**assessment.said, "command": command},
        curve=[tuple(row) for row in model.provenance.get("curve", [])],
        densities=[_density(each) for each in assessment.comparisons if each.values is not None],
        histograms=[_bars(each) for each in assessment.comparisons if each.feature.is_histogram],
        samples=_continued(assessment) if assessment.continued else _samples(assessment, model),
    )


def _density(comparison: Comparison) -> Distribution:
    assert comparison.values is not None
    return Distribution(comparison.feature.name, comparison.feature.unit, *comparison.values)


def _bars(comparison: Comparison) -> Bars:
    feature, test, generated = comparison.feature, comparison.real, comparison.generated
    if feature.name != _MATRIX:
        return Bars(feature.name, feature.bins, test, generated)
    side = round(len(feature.bins) ** 0.5)
    classes = [label.split()[1] for label in feature.bins[:side]]
    return Bars(feature.name, classes, test.reshape(side, side), generated.reshape(side, side))


def _samples(assessment: Assessment, model: Bundle) -> dict[str, list[Sample]]:
    """Return the best and the worst of the generated pieces, in the order in which takes are ranked."""
    numbers = [i for i, ids in enumerate(assessment.drawn) if note_count(ids)]
    drawn = [assessment.drawn[i] for i in numbers]
    ensemble = Ensemble((model,), assessment.said["memory"])
    costs = token_nats(ensemble.predictor, drawn, ensemble.codec)
    bits = [float(cost.sum() / np.log(2) / note_count(ids)) for cost, ids in zip(costs, drawn, strict=True)]
    flaws = [judge.flaw(ids[1:-1], np.array([v.START])) for ids in drawn]
    order = judge.rank(bits, flaws, assessment.said["bits_per_note"])
    heard = [_sample(numbers[i], drawn[i], bits[i], flaws[i]) for i in order[:HEARD]]
    worst = [_sample(numbers[i], drawn[i], bits[i], flaws[i]) for i in order[HEARD:][-HEARD:][::-1]]
    return {"nearest to human tunes": heard, "farthest from them": worst}


def _continued(assessment: Assessment) -> dict[str, list[Sample]]:
    """Return the best and the worst of the takes that continue test pieces, in the order of takes."""
    made = assessment.continued
    bits, flaws = [each.take.bits_per_note for each in made], [each.take.flaw for each in made]
    order = judge.rank(bits, flaws, assessment.said["bits_per_note"])
    heard, worst = order[:HEARD], order[HEARD:][-HEARD:][::-1]
    return {
        "nearest to how people go on": [of_continuation(made[i], i) for i in heard],
        "farthest from it": [of_continuation(made[i], i) for i in worst],
    }


def of_continuation(each: Continued, number: int) -> Sample:
    """Return a take that continues a piece, from the last bars of its seed on."""
    song, take = each.song, each.take
    lead = song.before.lines[-min(LEAD + 1, len(song.before.lines)) :]
    length = int(lead[-1] - lead[0])
    heard = take.score.cut(song.cut - length, song.cut + int(song.after.lines[-1]))
    line = f"{take.bits_per_note:.2f} bits per note, {take.notes} notes from bar {len(lead)} on"
    title = each.piece.title or each.piece.name
    return Sample(f"number {number + 1}: {title}", heard, line + (f", {take.flaw}" if take.flaw else ""))


def _sample(number: int, ids: Ids, bits: float, flaw: str) -> Sample:
    count, tune = note_count(ids), as_tune(ids)
    bars = tune.bars()
    bars = bars[np.searchsorted(bars, tune.notes["onset"][0], side="right") - 1 :]
    line = f"{bits:.2f} bits per note, {count} note{'s' * (count != 1)}" + (f", {flaw}" if flaw else "")
    if len(bars) > LONGEST + 1:
        tune = tune.cut(int(bars[0]), int(bars[LONGEST]))
        line += f"; {LONGEST} of {len(bars) - 1} bars"
    return Sample(f"number {number + 1}", tune, line)
