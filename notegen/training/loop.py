"""The training loop: steps, validation, checkpoints, and a bundle at the end."""

import csv
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.errors import UsageError
from notegen.files import check_folder
from notegen.model.bundle import Bundle
from notegen.training.checkpoint import Checkpoint
from notegen.training.engine import Engine
from notegen.training.material import Material


@dataclass(frozen=True)
class Recipe:
    """How to train.

    Parameters
    ----------
    embedding, units, layers, dropout
        The network; see `notegen.model.network.NetworkConfig`.
    batch, steps : int
        Pieces a batch, and tokens through which errors are propagated back.
    rate : float
        Adam's learning rate at its peak; it rises over the first `warmup` updates and falls along a
        half cosine to a hundredth.
    clip : float
        Largest norm of the gradient.
    epochs, patience : int
        Passes over the corpus, and how many without a better validation end the training.
    seed : int
    """

    embedding: int = 128
    units: int = 256
    layers: int = 1
    dropout: float = 0.2
    batch: int = 32
    steps: int = 64
    rate: float = 3e-3
    warmup: int = 200
    clip: float = 1.0
    epochs: int = 30
    patience: int = 4
    seed: int = 0


def checkpoint_of(path: Path, *, force: bool) -> Checkpoint:
    """Return the checkpoint beside a bundle that is to be written.

    Raises
    ------
    UsageError
        If the bundle exists, unless `force` is set or its training is to be gone on with.
    DataError
        If its folder cannot be written to.
    """
    check_folder(path.parent)
    checkpoint = Checkpoint(path.with_name(path.name + ".checkpoint"))
    if path.exists() and not force and not checkpoint.path.exists():
        raise UsageError(f"{path} exists already; choose another name or use --force")
    return checkpoint


@dataclass
class Progress:
    """Where a training stands; `bits`, the validation, is None before the end of the epoch."""

    epoch: int
    epochs: int
    batch: int
    batches: int
    loss: float  # nats a token, a running mean
    tokens_per_second: float
    seconds_left: float
    bits: float | None = None
    best: float = float("inf")
    figure: str = ""  # what `bits` and `best` are, such as "bits per note"


_PLACE = ("epoch", "batch", "worse", "updates", "seconds", "best_bits")  # what a checkpoint remembers


class Trainer:
    """A network, its optimiser, and the place in the data where it stands.

    Parameters
    ----------
    material : Material
    recipe : Recipe
    checkpoint : Checkpoint, optional
        Where the state is kept; a training that was stopped goes on from there.
    log : Path, optional
        A CSV file that gains a row an epoch.
    report : callable, optional
        Called with a `Progress` after every batch.
    """

    CHECKPOINT_SECONDS = 120

    def __init__(
        self,
        material: Material,
        recipe: Recipe,
        checkpoint: Checkpoint | None = None,
        log: Path | None = None,
        report: Callable[[Progress], None] | None = None,
    ) -> None:
        self.material, self.recipe, self.checkpoint, self.log = material, recipe, checkpoint, log
        self.report = report or (lambda _: None)
        self.config = material.config
        self.engine = Engine(self.config, given=material.given, clip=recipe.clip, seed=recipe.seed)
        self.epoch = self.batch = self.worse = self.updates = 0
        self.seconds = 0.0
        self.best_bits = float("inf")
        self.best: dict[str, NDArray[Any]] = {}
        if checkpoint is not None:
            self._resume(checkpoint)

    def run(self) -> None:
        """Train until the epochs are done or validation gets no better.

        KeyboardInterrupt leaves a checkpoint behind and passes on.
        """
        try:
            while self.epoch < self.recipe.epochs and self.worse < self.recipe.patience:
                self._run_epoch()
        except KeyboardInterrupt:
            self._save()
            raise
        self._save()

    def run_to(self, write: Callable[[bool], Bundle]) -> Bundle:
        """Train, write the bundle by a function of whether it is finished, and delete the checkpoint.

        KeyboardInterrupt writes the best weights so far and passes on.
        """
        try:
            self.run()
        except KeyboardInterrupt:
            write(False)
            raise
        bundle = write(True)
        if self.checkpoint is not None:
            self.checkpoint.remove()
        return bundle

    def curve(self) -> list[list[float]]:
        """Return what the log says of each epoch: its number, nats a token learned from, and the figure."""
        if self.log is None or not self.log.exists():
            return []
        with self.log.open(newline="") as file:
            rows = list(csv.reader(file))[1:]
        return [[int(epoch), float(nats), float(figure)] for epoch, _, _, nats, figure in rows]

    def weights(self) -> dict[str, NDArray[Any]]:
        """Return the weights that were best on validation, or the present ones before the first."""
        return self.best or self.engine.weights()

    def _run_epoch(self) -> None:
        rng = np.random.default_rng([self.recipe.seed, self.epoch])
        order = self.material.batches(self.recipe.batch, rng)
        meter = _Meter(self, len(order))
        saved = time.monotonic()
        while self.batch < len(order):
            tokens = 0
            for step in self.material.steps(order[self.batch], self.recipe.steps):
                self.engine.rate(self._rate((self.epoch + self.batch / len(order)) / self.recipe.epochs))
                meter.loss(self.engine.learn(step))
                self.updates += 1
                tokens += step.predictions
            self.batch += 1
            self.report(meter.progress(tokens))
            if time.monotonic() - saved > self.CHECKPOINT_SECONDS:
                self._save()
                saved = time.monotonic()
        self.seconds += meter.seconds
        bits = self.validate()
        self.worse = 0 if bits < self.best_bits else self.worse + 1
        if bits < self.best_bits:
            self.best_bits, self.best = bits, self.engine.weights()
        self.epoch, self.batch = self.epoch + 1, 0
        self.report(meter.progress(0, bits))
        self._log(meter, bits)
        self._save()

    def validate(self) -> float:
        """Return the material's figure, such as bits per note, on what is held out."""
        total = sum(
            self.engine.loss(step)
            for batch in self.material.held_out(self.recipe.batch)
            for step in self.material.steps(batch, 512)
        )
        return total / self.material.divisor

    def _rate(self, done: float) -> float:
        rise = min(1.0, (self.updates + 1) / self.recipe.warmup)
        fall = 0.01 + 0.99 * 0.5 * (1 + np.cos(np.pi * min(1.0, done)))
        return float(self.recipe.rate * rise * fall)

    def _log(self, meter: "_Meter", bits: float) -> None:
        if self.log is None:
            return
        new = not self.log.exists()
        with self.log.open("a", newline="") as file:
            writer = csv.writer(file)
            if new:
                figure = self.material.figure.replace(" ", "_")
                writer.writerow(["epoch", "updates", "seconds", "train_nats_per_token", f"valid_{figure}"])
            writer.writerow(
                [self.epoch, self.updates, round(self.seconds), f"{meter.mean:.4f}", f"{bits:.4f}"]
            )

    def _save(self) -> None:
        if self.checkpoint is not None:
            place = {name: getattr(self, name) for name in _PLACE}
            self.checkpoint.save(self._identity(), place, self.engine.state(), self.best)

    def _resume(self, checkpoint: Checkpoint) -> None:
        found = checkpoint.load(self._identity())
        if found is None:
            if self.log is not None:
                self.log.unlink(missing_ok=True)  # of an earlier training of that name
            return
        place, state, self.best = found
        for name, value in place.items():
            setattr(self, name, value)
        self.engine.set_state(state)

    def _identity(self) -> dict[str, Any]:
        """Return what must be alike for a checkpoint to be gone on with."""
        return {
            "recipe": asdict(self.recipe),
            "config": asdict(self.config),
            "material": self.material.identity(),
        }


class _Meter:
    """Speed, mean loss and time left of an epoch."""

    def __init__(self, trainer: Trainer, total: int) -> None:
        self.trainer, self.total, self.begun = trainer, total, time.monotonic()
        self.first = trainer.batch
        self.tokens, self.losses = 0, [0.0, 0]

    def loss(self, value: float) -> None:
        self.losses[0] += value
        self.losses[1] += 1

    @property
    def mean(self) -> float:
        return self.losses[0] / max(1, self.losses[1])

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.begun

    def progress(self, tokens: int, bits: float | None = None) -> Progress:
        trainer = self.trainer
        self.tokens += tokens
        here = self.total if bits is not None else trainer.batch
        done = max(1, here - self.first)
        epochs_left = trainer.recipe.epochs - trainer.epoch - (bits is None)
        left = self.seconds / done * (self.total - here + self.total * epochs_left)
        epoch = trainer.epoch + (bits is None)
        return Progress(
            epoch, trainer.recipe.epochs, here, self.total, self.mean,
            self.tokens / max(1e-9, self.seconds), left, bits, trainer.best_bits, trainer.material.figure,
        )  # fmt: skip
