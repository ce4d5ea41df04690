"""notegen compose."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from notegen import formats
from notegen.codecs.vocabulary import METER_ID
from notegen.errors import DataError, UsageError
from notegen.generation import compose as library
from notegen.generation.forms import check
from notegen.generation.save import save
from notegen.generation.seam import Seam
from notegen.keys import Key
from notegen.model.assemble import BLEND, MEMORY, Ensemble
from notegen.model.bundle import load
from notegen.score import Score

_FORMS = {
    "wav": "Also write sound.",
    "png": "Also write a piano roll.",
    "pdf": "Also write sheet music.",
    "musicxml": "Also write MusicXML.",
    "abc": "Also write ABC.",
    "sheet": "Also write a page with all takes: picture, score, sound, figures.",
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
    default=["folk"],
    show_default=True,
    metavar="NAME|PATH",
    help="A shipped model, or a bundle; two of them are blended.",
)
@click.option(
    "--bars",
    default=8,
    show_default=True,
    type=click.IntRange(1, library.MOST_BARS),
    help="Bars of new material.",
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
@click.option("--meter", callback=_meter, metavar="N/D", help="Meter of a tune from nothing, such as 6/8.")
@click.option("--key", callback=_key, help="Key of a tune from nothing, such as D, F#m or Ador.")
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

    Each take is the seed unchanged, followed by new bars in its tempo, meter, key and instrument.
    A seed with chords or several tracks is continued in its melody. Behind an ABC seed takes are
    written as ABC too.
    """
    chosen = {name for name in _FORMS if options.pop(name)}
    if seed_file is not None and seed_file.suffix.lower() == ".abc":
        chosen.add("abc")  # as it came
    forms = tuple(name for name in _FORMS if name in chosen)
    check(forms)
    if seed_file is not None and (options["meter"] or options["key"]):
        raise UsageError("--meter and --key are for tunes from nothing; a seed brings its own")
    if blend is not None and len(models) == 1:
        raise UsageError("--blend is for two models: name a second one with --model")
    blend = BLEND if blend is None else blend
    ensemble = Ensemble(tuple(load(name) for name in models), options.pop("memory"), blend)
    score = None if seed_file is None else formats.read(seed_file)
    try:
        if score is not None and not as_json:
            click.echo(f"{seed_file}: {_summary(score)}")
        takes = library.compose(ensemble, score, **options)
    except DataError as error:
        raise type(error)(f"{seed_file}: {error}" if seed_file else str(error)) from None
    stem = "tune" if seed_file is None else seed_file.stem
    settings = {**options, "seed": takes[0].seed, "only_new": only_new, "forms": list(forms)}
    settings["meter"] = "{}/{}".format(*options["meter"]) if options["meter"] else None
    settings["key"] = str(options["key"]) if options["key"] else None
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
        _print(takes, paths, sidecar, ensemble, options["bars"], forms)


def _show(done: int, total: int, path: Path) -> None:
    """Say on a terminal which form is being written, in a line that goes away again."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{done + 1} of {total}: {path.name}", nl=False, err=True)


def _summary(score: Score) -> str:
    """Say in one line what the seed is, and what of it is continued."""
    seam = Seam.of(score)
    bars = len(score.bars()) - 1
    text = f"{bars} bar{'s' * (bars != 1)}, {seam.meter[0]}/{seam.meter[1]}, {seam.key.long_name}"
    if seam.tick:
        text += ", the last bar unfinished"
    chords = len(seam.line.notes) < int((score.notes["track"] == seam.track).sum())
    if len(score.tracks) > 1:
        track = score.tracks[seam.track]
        name = f' "{track.name}"' if track.name else ""
        text += f"; only the melody, track {seam.track + 1}{name} of {len(score.tracks)}, is continued"
    elif chords:
        text += "; only the melody, its highest line, is continued"
    return text


def _print(
    takes: list[library.Take],
    paths: list[Path],
    sidecar: Path,
    ensemble: Ensemble,
    bars: int,
    forms: tuple[str, ...],
) -> None:
    plural = "s" * (len(ensemble.models) > 1)
    click.echo(f"model{plural} {ensemble.name}, random seed {takes[0].seed}")
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
