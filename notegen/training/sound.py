"""Train on recordings: from sound to a bundle."""

import hashlib
import math
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime
from os import PathLike
from pathlib import Path

import numpy as np

import notegen
from notegen.audio import codebook, frames, spectra
from notegen.audio.features import FRAME_RATE
from notegen.audio.frames import Span
from notegen.audio.sound import Sound
from notegen.errors import DataError, RangeError
from notegen.evaluation.frames import choose_say, evaluate
from notegen.model.bundle import Bundle, load
from notegen.model.classic import ClassicConfig
from notegen.model.network import NetworkConfig
from notegen.training.loop import Trainer, checkpoint_of
from notegen.training.material import Tokens
from notegen.training.progress import Progress
from notegen.training.recipe import Recipe
from notegen.training.windows import WindowMaterial

FEW_SECONDS = 20  # less is learned by heart
_PASS = 40_960  # frames: shorter recordings come round several times in a pass
_STRETCH = 512  # frames that are learned from in one go, with a state that is carried on

Report = Callable[[Progress], None]
Sides = dict[str, list[Span]]


def train(
    sounds: list[Sound],
    recipe: Recipe | None = None,
    *,
    out: str | PathLike[str],
    entries: int = codebook.SIZE,
    classic: bool = False,
    test: bool = True,
    force: bool = False,
    restart: bool = False,
    report: Report | None = None,
) -> Bundle:
    """Train a model on recordings and write its bundle.

    The same call goes on from the checkpoint beside the bundle if the training was stopped, however it was
    stopped, and comes to the same weights.
    KeyboardInterrupt writes the best weights so far and passes on. Of several workers only the first writes;
    the others get a bundle of the same weights that knows its curve alone.

    Parameters
    ----------
    sounds : list of Sound
    recipe : Recipe, optional
        `suggest` chooses one if it is missing.
    out : path
        The bundle's file.
    entries : int
        Size of the codebook.
    classic : bool
        Train the classic model, on spectra; see `notegen.model.classic`.
    test : bool
        Hold a tenth of each recording out to test with, beside the tenth to choose by.
    force : bool
        Replace the file if it exists.
    restart : bool
        Replace it, and begin anew where there is a checkpoint.
    report : callable, optional
        Called with a `Progress` after every step.

    Raises
    ------
    UsageError
        If the file exists, or a checkpoint beside it is of another training.
    MissingExtraError
        If TensorFlow is not installed.
    """
    path = Path(out)
    checkpoint = checkpoint_of(path, force=force, restart=restart)
    sides = [divided(sound, test=test) for sound in sounds]
    recipe = recipe or suggest(sides, classic=classic)
    material = _windows(sounds, sides, recipe) if classic else _tokens(sounds, sides, recipe, entries)
    log = (
        path.with_suffix(".csv") if test else None
    )  # without a test it is a step on the way to something else
    trainer = Trainer(material, recipe, checkpoint, log, report)
    return trainer.run_to(lambda finished: _write(trainer, sounds, sides, path, finished=finished))


def kept(path: Path, sound: Sound) -> Bundle | None:
    """Return the bundle of a path if it was trained to its end on just this recording, else None."""
    try:
        found = load(path)
    except DataError:
        return None
    said = found.provenance
    wanted = {"levels": _fingerprint([sound]), "finished": True, "notegen": notegen.__version__}
    return found if all(said.get(name) == value for name, value in wanted.items()) else None


def _fingerprint(sounds: list[Sound]) -> str:
    """Return a digest of what is learned from."""
    digest = hashlib.sha256()
    for sound in sounds:
        digest.update(sound.levels.tobytes())
    return digest.hexdigest()


def divided(sound: Sound, *, test: bool) -> Sides:
    """Divide a recording between its silent ends; what is very short is both learned from and chosen by.

    Raises
    ------
    RangeError
        If fewer than two frames sound.
    """
    first, last = sound.span
    sides = {
        name: [Span(first + start, first + stop) for start, stop in spans if stop - start > 1]
        for name, spans in frames.sections(last - first, test=test).items()
    }
    if not sides["train"]:
        raise RangeError(f"{sound.recording.path}: there is too little sound to learn from")
    return sides if sides["valid"] else {**sides, "valid": sides["train"]}


def suggest(sides: list[Sides], *, classic: bool = False) -> Recipe:
    """Return a recipe; of recordings up to a quarter of an hour, all take about as long."""
    if classic:
        return Recipe(units=128, layers=3, dropout=0.2, batch=64, rate=1e-3, warmup=20, average=0.0, epochs=4)
    recipe = Recipe(
        units=192, batch=16, steps=48, dropout=0.3, rate=5e-3, warmup=20, average=0.0, epochs=8, patience=3
    )
    return replace(recipe, epochs=max(4, min(8, round(8 * _PASS / _learned(sides)))))


def _learned(sides: list[Sides]) -> int:
    """Return how many frames there are to learn from."""
    return sum(stop - start for side in sides for start, stop in side["train"])


def _windows(sounds: list[Sound], sides: list[Sides], recipe: Recipe) -> WindowMaterial:
    """Lay the spectra of all recordings end to end."""
    found = [spectra.spectra(sound.recording).frames for sound in sounds]
    starts = np.cumsum([0, *map(len, found)]).tolist()
    train, valid = (
        [
            Span(start + span.start, start + span.stop)
            for start, side in zip(starts, sides, strict=False)
            for span in side[name]
        ]
        for name in ("train", "valid")
    )
    config = ClassicConfig(units=recipe.units, layers=recipe.layers, dropout=recipe.dropout)
    return WindowMaterial(np.concatenate(found) if len(found) > 1 else found[0], train, valid, config)


def _tokens(sounds: list[Sound], sides: list[Sides], recipe: Recipe, size: int) -> Tokens:
    learned = [
        s.levels[slice(*span)] for s, side in zip(sounds, sides, strict=True) for span in side["train"]
    ]
    entries = codebook.fit(np.concatenate(learned), size, recipe.seed)
    vocabulary = len(entries) + 1
    tokens = [frames.tokens(sound.levels, entries) for sound in sounds]
    ids = [
        frames.ids(row, sound.clock.places(1), vocabulary) for row, sound in zip(tokens, sounds, strict=True)
    ]
    train, valid = (
        [row[slice(*span)] for row, side in zip(ids, sides, strict=True) for span in side[name]]
        for name in ("train", "valid")
    )
    given = frames.tables(entries, [row % vocabulary for row in train])
    config = NetworkConfig(
        vocabulary, entries.shape[1], recipe.units, recipe.layers, recipe.dropout, frames.PLACES
    )
    divisor = math.log(2) * sum(len(row) - 1 for row in valid)
    repeats = max(1, _PASS // _learned(sides))
    return Tokens(train, valid, config, divisor, "bits per frame", None, _STRETCH, repeats, given)


def _write(
    trainer: Trainer, sounds: list[Sound], sides: list[Sides], path: Path, *, finished: bool
) -> Bundle:
    """Write the best weights as a bundle, with the figures of exactly these weights."""
    provenance: dict[str, object] = {
        "corpus": ", ".join(sound.recording.path.name for sound in sounds),
        "levels": _fingerprint(sounds),
        "seconds": round(sum(len(sound.levels) for sound in sounds) / FRAME_RATE, 1),
        "recipe": asdict(trainer.recipe),
        "epochs": trainer.epoch,
        "minutes": round(trainer.seconds / 60, 1),
        "finished": finished,
        "curve": trainer.curve(),
        "notegen": notegen.__version__,
        "date": datetime.now(UTC).date().isoformat(),
    }
    if isinstance(trainer.material, WindowMaterial):
        provenance["squared_error"] = {
            "network": round(trainer.best_bits, 4) if trainer.best else None,
            "copying": round(trainer.material.copying(), 4),
        }
        Bundle(trainer.config, trainer.weights(), provenance, "spectrum").save(path, force=True)
        return load(path)
    draft = Bundle(trainer.config, trainer.weights(), provenance, "frames")
    draft.save(path, force=True)
    written = load(path)  # as it will be used: in half precision
    provenance["memory"] = asdict(choose_say(written, sounds, sides))
    if finished and any(side["test"] for side in sides):
        figures = evaluate(replace(written, provenance=provenance), sounds, sides)
        provenance["test_bits_per_frame"] = {name: round(value, 4) for name, value in figures.items()}
    replace(draft, provenance=provenance).save(path, force=True)
    return load(path)
