"""notegen compose."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from notegen import formats
from notegen.chords import parse_chords
from notegen.codecs.vocabulary import METER_ID
from notegen.errors import DataError, UsageError
from notegen.generation import compose as library
from notegen.generation.accompany import OTHERS
from notegen.generation.choice import choose
from notegen.generation.forms import check
from notegen.generation.gap import parse_between
from notegen.generation.rules import Rules, parse_density, parse_span
from notegen.generation.save import save
from notegen.keys import Key
from notegen.model.assemble import BLEND, MEMORY, Ensemble
from notegen.model.bundle import load
from notegen.score import Score
from notegen_cli import seeds

_FORMS = {
    "wav": "Also write sound.",
    "png": "Also write a piano roll.",
    "pdf": "Also write sheet music.",
    "musicxml": "Also write MusicXML.",
    "abc": "Also write ABC.",
    "sheet": "Also write a page with all takes: picture, score, sound, figures.",
}


_RULES = {  # options, and what the library calls them
    "key": "key",
    "span": "span",
    "max_voices": "voices",
    "chords": "chords",
    "density": "density",
    "end": "end",
}


def _meter(_: click.Context, __: click.Parameter, value: str | None) -> tuple[int, int] | None:
    if value is None:
        return None
    numbers = value.split("/")
    if len(numbers) != 2 or not all(number.isdigit() for number in numbers):
        raise click.BadParameter(f'"{value}" is not a meter: write for example 6/8')
    meter = int(numbers[0]), int(numbers[1])
    if meter not in METER_ID:
        raise click.BadParameter(f"{value} is no meter that notegen knows: bars last up to 8/4")
    return meter


def _key(_: click.Context, __: click.Parameter, value: str | None) -> Key | None:
    return None if value is None else Key.parse(value)


def _parsed(parse: Callable[[str], Any]) -> Callable[..., Any]:
    """Return what reads an option's text, if there is one."""
    return lambda _context, _option, value: None if value is None else parse(value)


def _forms(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each form that takes can have besides MIDI."""
    for name, text in reversed(_FORMS.items()):
        command = click.option(f"--{name}", is_flag=True, help=text)(command)
    return command


@click.command()
@click.argument("seed_file", metavar="[SEED]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--model",
    "models",
    multiple=True,
    metavar="auto|NAME|PATH",
    help="A shipped model, or a bundle; two of them are blended.  [default: auto, what fits the seed]",
)
@click.option(
    "--tracks",
    default="all",
    show_default=True,
    metavar="all|melody|NAME,...",
    help="Which tracks go on, by name or number.",
)
@click.option(
    "--others",
    default="empty",
    show_default=True,
    type=click.Choice(OTHERS),
    help="What the other tracks do: repeat their last bars, hold their last notes, or nothing.",
)
@click.option(
    "--bars",
    default=8,
    show_default=True,
    type=click.IntRange(1, library.MOST_BARS),
    help="Bars of new material.",
)
@click.option(
    "--between",
    callback=_parsed(parse_between),
    metavar="FIRST:LAST",
    help="Write these bars of the seed anew instead; tracks not named in --tracks stay.",
)
@click.option(
    "--variations", default=4, show_default=True, type=click.IntRange(1, library.MOST_TAKES), help="Takes."
)
@click.option(
    "--memory",
    default=MEMORY,
    show_default=True,
    type=click.FloatRange(0, 1),
    help="How much the seed is to come again: 0 by chance alone, 1 all the time.",
)
@click.option(
    "--blend", type=click.FloatRange(0, 1), help="How much the second model has to say.  [default: 0.5]"
)
@click.option("--temperature", default=1.0, show_default=True, help="Below 1 safer, above 1 wilder.")
@click.option(
    "--top-p", default=1.0, show_default=True, help="Draw from the likeliest tokens of this probability."
)
@click.option("--top-k", default=0, help="Draw from so many likeliest tokens.  [default: all]")
@click.option("--seed", type=click.IntRange(0), help="Random seed; the same seed gives the same takes.")
@click.option("--key-lock", is_flag=True, help="Stay in the scale of the seed's key.")
@click.option("--key", callback=_key, help="Stay in the scale of a key, such as D, F#m or Ador.")
@click.option(
    "--range", "span", callback=_parsed(parse_span), metavar="LOW:HIGH", help="Such as C3:A5 or 48:81."
)
@click.option("--max-voices", type=click.IntRange(1), help="Notes that sound together, over all tracks.")
@click.option(
    "--chords",
    callback=_parsed(parse_chords),
    metavar='"C G/2 Am/2 F"',
    help="Notes on the beat belong to these chords: one a bar, or /BEATS.",
)
@click.option(
    "--density",
    callback=_parsed(parse_density),
    metavar="LEAST:MOST",
    help="Notes that begin in each bar, over all tracks.",
)
@click.option("--end", is_flag=True, help="Come to a close in the last bar.")
@click.option("--meter", callback=_meter, metavar="N/D", help="Meter of a tune from nothing, such as 6/8.")
@_forms
@click.option("--only-new", is_flag=True, help="Write the new bars without the seed before them.")
@click.option(
    "--output",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder for the takes.  [default: SEED-takes]",
)
@click.option("--force", is_flag=True, help="Write over takes that exist.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(
    seed_file: Path | None,
    models: tuple[str, ...],
    blend: float | None,
    output: Path | None,
    only_new: bool,
    force: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Continue SEED, a MIDI, ABC, MusicXML or Humdrum file, in several takes; or begin a tune.

    Each take is the seed unchanged, followed by new bars in its tempo, meter, key and instruments; or, with
    --between, the seed with some of its bars written anew so that they lead from what is before them to what
    is behind. Tracks that the model cannot continue, such as drums, go on as they did. Behind an ABC seed
    takes are written as ABC too.
    """
    chosen = {name for name in _FORMS if options.pop(name)}
    if seed_file is not None and seed_file.suffix.lower() == ".abc":
        chosen.add("abc")  # as it came
    forms = tuple(name for name in _FORMS if name in chosen)
    check(forms)
    if seed_file is not None and options["meter"]:
        raise UsageError("--meter is for tunes from nothing; a seed brings its own")
    if options["between"]:
        _check_between(seed_file)
        first, last = options["between"]
        options["bars"] = max(1, last - first + 1)
    if blend is not None and len(models) < 2:
        raise UsageError("--blend is for two models: name a second one with --model")
    asked = {name: options.pop(name) for name in _RULES}
    rules = Rules(**{_RULES[name]: value for name, value in asked.items()})
    blend = BLEND if blend is None else blend
    score = None if seed_file is None else formats.read(seed_file)
    try:
        ensemble, reason = _ensemble(models, score, options["tracks"], options.pop("memory"), blend)
        if score is not None and not as_json:
            click.echo(f"{seed_file}: {_summary(score, ensemble, options)}")
        takes = library.compose(ensemble, score, rules=rules, key=asked["key"], **options)
    except DataError as error:
        raise type(error)(f"{seed_file}: {error}" if seed_file else str(error)) from None
    stem = "tune" if seed_file is None else seed_file.stem
    settings = {**options, **_plain(asked), "seed": takes[0].seed, "only_new": only_new, "forms": list(forms)}
    settings["meter"] = "{}/{}".format(*options["meter"]) if options["meter"] else None
    folder = output or Path(f"{stem}-takes")
    paths, sidecar = save(
        takes,
        folder,
        stem,
        model=ensemble,
        source=seed_file,
        options=settings,
        forms=forms,
        only_new=only_new,
        force=force,
        progress=_show,
    )
    if forms and sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)
    if as_json:
        said = json.loads(sidecar.read_bytes())
        click.echo(json.dumps({**said, "folder": str(folder), "sidecar": str(sidecar)}))
    else:
        _print(takes, paths, sidecar, ensemble, reason, options["bars"], forms)


def _check_between(seed_file: Path | None) -> None:
    """See that nothing is asked that bars between others cannot have."""
    if seed_file is None:
        raise UsageError("--between writes bars of a seed anew; name one")
    context = click.get_current_context()
    for name in ("bars", "others"):
        if context.get_parameter_source(name) is click.core.ParameterSource.COMMANDLINE:
            raise UsageError(f"--{name} is for what comes behind a seed, and does not go with --between")


def _show(done: int, total: int, path: Path) -> None:
    """Say on a terminal which form is being written, in a line that goes away again."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{done + 1} of {total}: {path.name}", nl=False, err=True)


def _ensemble(
    models: tuple[str, ...], score: Score | None, tracks: str, memory: float, blend: float
) -> tuple[Ensemble, str]:
    """Return the models that are asked, and why they were taken if nobody named them."""
    if "auto" in models and len(models) > 1:
        raise UsageError("auto chooses one model by itself; name no other beside it")
    if models and models != ("auto",):
        return Ensemble(tuple(load(name) for name in models), memory, blend), ""
    choice = choose(score, tracks)
    return Ensemble((choice.model,), memory), choice.reason


def _plain(asked: dict[str, Any]) -> dict[str, Any]:
    """Return rules as plain values."""
    said = {**asked, "key": asked["key"] and str(asked["key"])}
    if asked["chords"]:
        said["chords"] = " ".join(map(str, asked["chords"]))
    return said


def _summary(score: Score, ensemble: Ensemble, options: dict[str, Any]) -> str:
    if options["between"]:
        return seeds.anew(score, ensemble, options["between"], options["tracks"])
    return seeds.going_on(score, ensemble, options["tracks"], options["others"])


def _print(
    takes: list[library.Take],
    paths: list[Path],
    sidecar: Path,
    ensemble: Ensemble,
    reason: str,
    bars: int,
    forms: tuple[str, ...],
) -> None:
    plural = "s" * (len(ensemble.models) > 1)
    why = f" ({reason})" * bool(reason)
    click.echo(f"model{plural} {ensemble.name}{why}, random seed {takes[0].seed}")
    for take, path in zip(takes, paths, strict=True):
        line = f"  {path}  {bars} bars, {take.notes} notes, {take.bits_per_note:.2f} bits per note"
        if take.redrawn:
            line += f", drawn anew {take.redrawn} time{'s' * (take.redrawn != 1)}"
        if take.flaw:
            line += f", still {take.flaw}"
        if take.echo:
            line += f", {take.echo}"
        if take.likeness:
            line += f", {take.likeness}"
        click.echo(line)
    beside = [f".{form}" for form in forms if form != "sheet"]
    if beside:
        click.echo(f"beside each: {', '.join(beside)}")
    if "sheet" in forms:
        click.echo(f"all on one page: {sidecar.with_suffix('.html')}")
    human = ensemble.human_bits
    known = f"human tunes have {human:.2f} bits per note; " if human else ""
    click.echo(f"best first ({known}how they were made: {sidecar})")
