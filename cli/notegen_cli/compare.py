"""notegen compare."""

import json
from dataclasses import asdict

import click
import numpy as np

from notegen.codecs.notes import note_count
from notegen.corpus.tracks import tracks_of
from notegen.errors import UsageError
from notegen.evaluation.likelihood import nats
from notegen.evaluation.paired import Standing, compare
from notegen.model.assemble import Ensemble
from notegen.model.bundle import load
from notegen.report.assess import CALLED, unseen
from notegen_cli.remembering import memory_option
from notegen_cli.sources import open_corpus, test_every_option
from notegen_cli.stages import Stages


@click.command()
@click.argument("models", metavar="MODEL...", nargs=-1, required=True)
@click.option(
    "--on", "sources", metavar="CORPUS", multiple=True, required=True, help="What to measure on; repeatable."
)
@test_every_option
@memory_option
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
def command(
    models: tuple[str, ...], sources: tuple[str, ...], test_every: int, memory: float, as_json: bool
) -> None:
    """Measure several models on the test side of one corpus, paired by tune.

    Tunes that stand in what one of them was trained on are left out. Differences are to
    the first model. Intervals hold 95 % of drawings of the tunes with replacement.
    """
    if len(set(models)) < 2:
        raise UsageError("a comparison needs two models at least")
    ensembles = {name: Ensemble((load(name),), memory) for name in models}
    bundles = [ensemble.models[0] for ensemble in ensembles.values()]
    tracks = {tracks_of(bundle.codec) for bundle in bundles}
    if len(tracks) > 1:
        raise UsageError("models of melodies and of all tracks cannot be compared: they read different notes")
    corpus = open_corpus(sources, tracks.pop(), test_every)
    rows = [piece.ids for piece in unseen(corpus, bundles)]
    notes = np.array([note_count(ids) for ids in rows])
    paid, called = {}, CALLED[corpus.tracks]
    with Stages() as stages:
        for name, ensemble in ensembles.items():
            stages.say(f"reading {len(rows)} {called} with {name}")
            paid[name] = nats(ensemble.predictor, rows, ensemble.codec)
    found = compare(paid, notes)
    if as_json:
        said = {
            "corpus": corpus.name,
            "side": "test",
            "memory": memory,
            "pieces": len(rows),
            "notes": int(notes.sum()),
        }
        click.echo(json.dumps({**said, "models": [asdict(each) for each in found]}))
    else:
        click.echo(f"{corpus.name}: {len(rows)} test {called}, {notes.sum():,} notes; 95 % intervals")
        click.echo(_table(found, called))


def _table(found: list[Standing], called: str) -> str:
    width = max(5, *(len(each.model) for each in found))
    lines = [f"  {'model':{width}}  bits per note                difference             better on"]
    for each in found:
        low, high = each.interval
        line = f"  {each.model:{width}}  {each.bits_per_note:6.3f} ({low:.3f} to {high:.3f})"
        if each.difference is not None:
            low, high = each.difference.interval
            line += f"   {each.difference.bits_per_note:+.3f} ({low:+.3f} to {high:+.3f})"
            line += f"   {each.difference.better:.0%} of the {called}"
        lines.append(line)
    return "\n".join(lines)
