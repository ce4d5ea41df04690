"""notegen audio compose."""

import json
import sys
from pathlib import Path
from typing import Any

import click

from notegen.audio.recording import Recording
from notegen.audio.sound import Sound
from notegen.evaluation.sound import Figures
from notegen.generation import sound as library
from notegen.generation.sound_files import DECODERS, check_output, save
from notegen.model.bundle import Bundle, load
from notegen_cli.hearing import hear
from notegen_cli.live import Live

_STEADY = 30.0  # seconds; of less, a tempo is a guess


@click.command()
@click.argument("seed_file", metavar="SEED", type=click.Path(path_type=Path))
@click.option("--model", help="A model of recordings.  [default: one that is trained on SEED first]")
@click.option("--seconds", default=20.0, show_default=True, help="How much is new.")
@click.option("--variations", default=2, show_default=True, help="How many takes.")
@click.option("--temperature", default=0.9, show_default=True, help="Less is safer, more is wilder.")
@click.option("--seed", type=int, help="Random seed; the same number gives the same takes.")
@click.option(
    "--decoder",
    type=click.Choice(DECODERS),
    default="grains",
    show_default=True,
    help="Play grains of the recording itself, or make sound from the codebook alone.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="Folder for the takes.  [default: SEED-takes]"
)
@click.option("--force", is_flag=True, help="Write over files that exist.")
@click.option("--json", "as_json", is_flag=True, help="Print the sidecar as JSON.")
def command(
    seed_file: Path,
    model: str | None,
    output: Path | None,
    decoder: str,
    force: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Continue the recording SEED, a WAV, FLAC, Ogg or MP3 file, in several takes.

    Each take is the recording, sample for sample, and new sound behind it at the same rate. Without a
    model one is trained on the recording first, and kept beside the takes.
    """
    bundle = load(model) if model else None
    library.check(**options)
    folder = output or Path(f"{seed_file.stem}-takes")
    check_output(folder)
    sound = hear(seed_file)
    if not as_json:
        click.echo(f"{seed_file}: {_summary(sound)}")
    if bundle is None:
        bundle = _trained(sound, folder / f"{seed_file.stem}.notegen")
    takes = library.compose(bundle, sound, **options)
    paths, sidecar, figures = save(
        takes,
        sound,
        folder,
        model=bundle,
        seconds=options["seconds"],
        decoder=decoder,
        options={"temperature": options["temperature"], "model": bundle.name},
        force=force,
        progress=_show,
    )
    if sys.stderr.isatty():
        click.echo("\r\033[K", nl=False, err=True)
    said = json.loads(sidecar.read_bytes())
    if as_json:
        click.echo(json.dumps({**said, "folder": str(folder), "sidecar": str(sidecar)}))
        return
    drawn = "draws nothing: one take" if bundle.codec == "spectrum" else f"random seed {said['seed']}"
    click.echo(f"model {bundle.name}, {drawn}")
    for path, take, found in zip(paths, said["takes"], figures, strict=True):
        click.echo(f"  {path}  {_describe(take, found, options['seconds'])}")
    click.echo(f"how they were made: {sidecar}")


def _trained(sound: Sound, path: Path) -> Bundle:
    """Return the model that an earlier call kept, or train one on the recording itself."""
    from notegen.training.engine import require
    from notegen.training.sound import kept, train

    found = kept(path, sound)
    if found is not None:
        return found
    require()
    live = Live(quiet=True)
    try:
        return train([sound], out=path, test=False, force=True, report=live.show)
    finally:
        live.close()


def _summary(sound: Sound) -> str:
    recording: Recording = sound.recording
    minutes, seconds = divmod(round(recording.seconds), 60)
    channels = {1: "mono", 2: "stereo"}.get(recording.channels, f"{recording.channels} channels")
    tempo = sound.clock.tempo
    beat = f"{tempo:.0f} beats a minute" if tempo else "no clear beat"
    return f"{minutes}:{seconds:02}, {recording.rate} Hz, {channels}, {beat}"


def _describe(take: dict[str, Any], found: Figures, seconds: float) -> str:
    """Say in one line what a take is like beside the recording."""
    parts = [f"{seconds:g} s"]
    if "bits_per_frame" in take:
        parts.append(f"{take['bits_per_frame']:.2f} bits per frame")
    if "joins" in take:
        parts.append(f"{len(take['joins']) / seconds:.1f} joins a second")
        parts.append(f"at most {take['longest_run']:.1f} s of the recording in a row")
    parts.append(f"flux {found.flux_ratio:.2f}")
    if found.tempo and found.source_tempo and seconds >= _STEADY:
        parts.append(f"{found.tempo:.0f} beats a minute")
    if found.frozen:
        parts.append(f"stands still for {found.still:.0f} s")
    return ", ".join(parts)


def _show(done: int, total: int, path: Path) -> None:
    """Say on a terminal which take is being written, in a line that goes away again."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{done + 1} of {total}: {path.name}", nl=False, err=True)
