"""notegen train."""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, get_args

import click

from notegen.corpus import Corpus
from notegen.corpus.tracks import Tracks, tracks_of
from notegen.errors import NotegenError, UsageError
from notegen.model.bundle import MOST_ORDER, MUSIC, Bundle, load
from notegen.model.network import MOST_WINDOW, Unit
from notegen_cli.grouped import Grouped
from notegen_cli.sources import open_corpus, test_every_option, tracks_option
from notegen_cli.training import trained

_NETWORK = ("unit", "layers", "units", "embedding", "tied", "forget_bias", "scheme", "window")
_LEARNING = ("dropout", "recurrent_dropout", "batch", "rate", "epochs", "seed")
_WINDOW = 40  # tokens, as courses have it
_SHARE = click.FloatRange(0, 1, max_open=True)


def _weights(_: click.Context, __: click.Parameter, value: str | None) -> list[float] | None:
    try:
        return None if value is None else [float(each) for each in value.split(",")]
    except ValueError:
        raise click.BadParameter(f'"{value}" is no list of numbers: write for example 3,1') from None


@click.command(
    cls=Grouped,
    groups={
        "What the model reads and is": ("tracks", "codec", *_NETWORK, "markov"),
        "How it learns": _LEARNING,
    },
)
@click.argument("sources", metavar="PATH|NAME...", nargs=-1, required=True)
@click.option(
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The bundle to write, such as tunes.notegen.",
)
@click.option(
    "--from", "base", metavar="NAME|PATH", help="Go on with this model, and let it learn a few tunes more."
)
@click.option(
    "--weights",
    callback=_weights,
    metavar="N,N...",
    help="How much is heard of each source, in tokens: with 3,1 three times as much of the first.",
)
@tracks_option
@test_every_option
@click.option("--force", is_flag=True, help="Replace the bundle if it exists.")
@click.option("--restart", is_flag=True, help="Begin anew, whatever stands there.")
@click.option(
    "--codec",
    type=click.Choice(MUSIC),
    help="Note events, or ABC by character or token.  [default: notes; with --tracks all, parts]",
)
@click.option("--unit", type=click.Choice(get_args(Unit)), help="The kind of layer.  [default: lstm]")
@click.option("--layers", type=click.IntRange(1), help="How many layers.")
@click.option("--units", type=click.IntRange(1), help="Width of each layer.")
@click.option("--embedding", type=click.IntRange(0), help="Width of a token's vector; 0 for one-hot.")
@click.option(
    "--tied/--untied",
    default=None,
    help="Predict with the embedding, or with a matrix of its own.  [default: tied]",
)
@click.option("--forget-bias", type=float, help="What the forget gates of an LSTM begin with.  [default: 1]")
@click.option(
    "--scheme",
    type=click.Choice(["stream", "window"]),
    help="Predict after every token, or one token from a window.  [default: stream]",
)
@click.option("--window", type=click.IntRange(1, MOST_WINDOW), help="Tokens of a window.  [default: 40]")
@click.option(
    "--markov",
    type=click.IntRange(0, MOST_ORDER),
    metavar="N",
    help="No network: a Markov chain that looks back at N tokens, counted in a second.",
)
@click.option("--dropout", type=_SHARE, help="Share of values zeroed while training.")
@click.option("--recurrent-dropout", type=_SHARE, help="Share of the recurrent weights zeroed.")
@click.option("--batch", type=click.IntRange(1), help="Rows of pieces that are learned from side by side.")
@click.option("--rate", type=click.FloatRange(0, min_open=True), help="Learning rate at its peak.")
@click.option("--epochs", type=click.IntRange(1), help="Passes over the corpus, at most.")
@click.option("--seed", type=click.IntRange(0), help="Random seed.")
def command(
    sources: tuple[str, ...],
    output: Path,
    base: str | None,
    weights: list[float] | None,
    tracks: Tracks | None,
    test_every: int,
    codec: str | None,
    markov: int | None,
    force: bool,
    restart: bool,
    **settings: Any,
) -> None:
    """Train a model on folders, archives and files, built corpora, or public collections.

    All settings have sensible defaults for the size of the corpus. A training that was stopped, by whatever,
    goes on with the same command. Beside the bundle stand a table of how it went (CSV) and its learning
    curve (SVG). With --from the model is measured before and after, on the new tunes and on those it knew.
    """
    from notegen.training.pieces import check_weights

    chosen = {name: value for name, value in settings.items() if value is not None}
    heard = Sources(sources, tracks, test_every)
    if markov is not None:
        _refuse("--markov", "a chain is counted, not trained", chosen | {"from": base, "weights": weights})
        _count(heard, markov, output, codec, force=force or restart)
        return
    if base:
        own = {name: chosen.get(name) for name in _NETWORK}
        why = "the network, its codec and what it reads are those of the model"
        _refuse("--from", why, own | {"codec": codec, "tracks": tracks})
    if weights:
        check_weights(weights, len(sources))
    recipe = _recipe(chosen)
    options = {"out": output, "weights": weights, "force": force, "restart": restart}
    if base:
        _tune(heard, base, recipe, options)
    else:
        _train(heard, recipe, {**options, "codec": codec})


def _refuse(option: str, why: str, others: dict[str, Any]) -> None:
    """Refuse what is given beside an option that it does not go with."""
    for name, value in others.items():
        if value is not None:
            raise UsageError(f"--{name.replace('_', '-')} does not go with {option}: {why}")


def _recipe(chosen: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of a recipe that were chosen; UsageError if they do not go together."""
    from notegen.training.recipe import Recipe

    found = {name: value for name, value in chosen.items() if name != "scheme"}
    if chosen.get("scheme") == "window":
        found.setdefault("window", _WINDOW)
    elif "window" in found:
        raise UsageError("--window goes with --scheme window")
    if "forget_bias" in found and found.get("unit", "lstm") != "lstm":
        raise UsageError("--forget-bias goes with --unit lstm; other units forget without one")
    if found.get("tied") and found.get("embedding") == 0:
        raise UsageError("--tied does not go with --embedding 0: there is no embedding to predict with")
    Recipe(**found).network(2)  # so that what no network can be is told before anything is read
    return found


class Sources(NamedTuple):
    """What is to be learned from, as it was asked for."""

    paths: tuple[str, ...]
    tracks: Tracks | None
    test_every: int


def _opened(sources: Sources) -> Corpus:
    """Open what is to be learned from, and say what it is."""
    corpus = open_corpus(*sources)
    sides = ", ".join(f"{len(pieces)} to {side}" for side, pieces in corpus.sides.items())
    click.echo(f"{corpus.name}: {corpus.notes:,} notes; pieces: {sides}; {len(corpus.refused)} refused")
    if corpus.notice:
        click.echo(f"terms: {corpus.notice}")
    return corpus


def _train(sources: Sources, chosen: dict[str, Any], options: dict[str, Any]) -> None:
    """Train a new network."""
    from notegen.training.engine import require
    from notegen.training.train import FEW_NOTES, suggest, train

    require()
    corpus = _opened(sources)
    if corpus.notes < FEW_NOTES:
        click.echo(
            f"This is little to learn from: below {FEW_NOTES:,} notes a model mostly learns by heart.",
            err=True,
        )
    recipe = replace(suggest(corpus), **chosen)
    bundle = trained(
        lambda report: train(corpus, recipe, report=report, **options), options["out"], "bits per note"
    )
    if bundle:
        _say(options["out"], bundle)


def _tune(sources: Sources, base: str, chosen: dict[str, Any], options: dict[str, Any]) -> None:
    """Train a network further."""
    from notegen.training.engine import require
    from notegen.training.finetune import finetune, suggest

    require()
    model = load(base)
    recipe = replace(suggest(model), **chosen)
    corpus, known = _opened(sources._replace(tracks=tracks_of(model.codec))), _known(model)
    bundle = trained(
        lambda report: finetune(corpus, model, recipe, known=known, report=report, **options),
        options["out"],
        "bits per note",
    )
    if bundle:
        _say_before_and_after(options["out"], bundle)


def _count(sources: Sources, order: int, output: Path, codec: str | None, *, force: bool) -> None:
    """Count a Markov chain."""
    from notegen.training.chain import count

    _say(output, count(_opened(sources), order, out=output, codec=codec, force=force))


def _known(base: Bundle) -> Corpus | None:
    """Open what a model was trained on, if it is still there."""
    sources = base.provenance.get("sources", ())
    try:
        if not sources:
            raise UsageError("it does not say where its tunes are")
        return open_corpus(tuple(sources), tracks_of(base.codec), base.provenance.get("test_every", 0))
    except NotegenError as error:
        click.echo(f"what {base.name} was trained on cannot be measured: {error}", err=True)
        return None


def _say(output: Path, bundle: Bundle) -> None:
    bits, memory = (bundle.provenance[f"test_bits_{figure}"] for figure in ("per_note", "with_memory"))
    click.echo(f"{output}: {bits:.3f} bits per note on the test pieces, {memory:.3f} with memory")


def _say_before_and_after(output: Path, bundle: Bundle) -> None:
    said = bundle.provenance
    titles = {"corpus": said["corpus"], "known": said["base"]["corpus"]}
    before, after = said["bits_per_note"]["before"], said["bits_per_note"]["after"]
    click.echo(f"{output}: bits per note on the test pieces, before and after")
    for name in before:
        click.echo(f"  {before[name]:.3f}  {after[name]:.3f}  {titles[name]}")
