"""The training loop: steps, validation, checkpoints, and a bundle at the end."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.errors import DataError, UsageError
from notegen.files import check_folder, sweep
from notegen.model.bundle import Bundle
from notegen.training import workers
from notegen.training.checkpoint import Checkpoint, Found
from notegen.training.engine import Engine
from notegen.training.material import Material
from notegen.training.packing import Step
from notegen.training.progress import Progress, Row, Speed, write_table
from notegen.training.recipe import Recipe
from notegen.training.stopping import Stopping


def checkpoint_of(path: Path, *, force: bool, restart: bool = False) -> Checkpoint | None:
    """Return the checkpoint beside a bundle that is to be written, or None if another worker writes it.

    Raises
    ------
    UsageError
        If the bundle exists, unless `force` or `restart` is set or its training is to be gone on with.
    DataError
        If its folder cannot be written to.
    """
    if not workers.is_chief():
        return None
    check_folder(path.parent)
    for left in (path, path.with_suffix(".csv")):
        sweep(left)  # what a killed training had begun to write
    checkpoint = Checkpoint(path.with_name(path.name + ".checkpoint"))
    if restart:
        checkpoint.remove()
    elif path.exists() and not force and not checkpoint.exists():
        raise UsageError(
            f"{path} exists already; choose another name, or train it anew with --force or --restart"
        )
    return checkpoint


_PLACE = (
    "epoch", "step", "updates", "seconds", "nats", "predictions", "worse", "best_bits", "halvings", "rows",
)  # fmt: skip  # what a checkpoint remembers of a trainer
_MOST_HALVINGS = 6  # of the learning rate, before a training is given up


class Trainer:
    """A network, its optimiser, and the place in the data where it stands.

    Of several workers (see `notegen.training.workers`) each has one. They take every step together, and
    each asks the same of its engine in the same order; the chief alone writes and reports.

    Parameters
    ----------
    material : Material
    recipe : Recipe
    checkpoint : Checkpoint, optional
        Where the state is kept; a training that was stopped goes on from there.
    log : Path, optional
        A CSV file of how the training goes: a row an epoch, and one whenever the state is kept.
    report : callable, optional
        Called with a `Progress` after every step.
    """

    CHECKPOINT_SECONDS = 120
    FEW_SECONDS = 10  # an epoch's end is no reason to write again so soon

    def __init__(
        self,
        material: Material,
        recipe: Recipe,
        checkpoint: Checkpoint | None = None,
        log: Path | None = None,
        report: Callable[[Progress], None] | None = None,
    ) -> None:
        self.material, self.recipe, self.config = material, recipe, material.config
        self.chief = workers.is_chief()
        self.checkpoint, self.log = (checkpoint, log) if self.chief else (None, None)
        self.report = report if report and self.chief else (lambda _: None)
        self.engine = Engine(
            self.config, rows=recipe.batch, time=recipe.steps, given=material.given,
            clip=recipe.clip, average=recipe.average, seed=recipe.seed,
        )  # fmt: skip
        settings = {"recipe": asdict(recipe), "config": asdict(self.config)}
        if workers.cluster():
            workers.check_alike([settings, self._plan()], self.engine.sum)
        self.identity = {**settings, "material": material.identity()} if self.checkpoint is not None else {}
        self.epoch = self.step = self.updates = self.predictions = self.worse = self.halvings = 0
        self.seconds = self.nats = 0.0
        self.best_bits = math.inf
        self.best: dict[str, NDArray[Any]] = {}
        self.rows: list[Row] = []
        self.news = ""
        self.stopping, self.speed, self.began, self.saved = Stopping(), Speed(), 0.0, 0.0
        if found := self._found():
            self._go_on(found)

    def run(self) -> None:
        """Train until the epochs are done or validation gets no better.

        Ctrl-C lets the step end, leaves a checkpoint behind and passes on as KeyboardInterrupt.

        Raises
        ------
        DataError
            If the loss is no number however small the learning rate.
        """
        self.began, self.saved = time.monotonic() - self.seconds, time.monotonic()
        with self.stopping:
            if not self.updates:
                self._save()
            try:
                while self.epoch < self.recipe.epochs and self.worse < self.recipe.patience:
                    self._run_epoch()
            except KeyboardInterrupt:
                if not self.stopping.at_once:  # else the step is half done
                    self._save()
                raise
            self._save()

    def run_to(self, write: Callable[[bool], Bundle]) -> Bundle:
        """Train, write the bundle by a function of whether it is finished, and delete the checkpoint.

        KeyboardInterrupt writes the best weights so far and passes on. A worker that is not the chief writes
        nothing, and returns a bundle of the same weights that knows of the curve alone.
        """
        try:
            self.run()
        except KeyboardInterrupt:
            if self.chief:
                write(False)
            raise
        if not self.chief:
            return Bundle(self.config, self.weights(), {"curve": self.curve()})
        bundle = write(True)
        if self.checkpoint is not None:
            self.checkpoint.remove()
        return bundle

    def curve(self) -> list[Row]:
        """Return of each epoch its number, nats a token learned from, and the figure on validation."""
        return [[epoch, nats, bits] for epoch, _, _, nats, bits in self.rows if bits is not None]

    def weights(self) -> dict[str, NDArray[Any]]:
        """Return the weights that were best on validation, or the present ones before the first."""
        return self.best or self.engine.weights()

    def _run_epoch(self) -> None:
        rng = np.random.default_rng([self.recipe.seed, self.epoch])
        steps = self.material.learned(self.recipe.batch, self.recipe.steps, rng)
        self.speed = Speed()
        while self.step < len(steps):
            epoch = self.epoch
            self._learn(steps[self.step], len(steps))
            self.report(self._progress(len(steps)))
            due = self._agree(self.CHECKPOINT_SECONDS)
            if self.epoch != epoch:  # it went back further than to this epoch's beginning
                return
            if due:
                self._save(row=True)
        with self.engine.averaged():
            bits = self.validate()
            self.worse = 0 if bits < self.best_bits else self.worse + 1
            if bits < self.best_bits:
                self.best_bits, self.best = bits, self.engine.weights()
        self.epoch, self.step = self.epoch + 1, 0
        self.rows.append([*self._row()[:-1], bits])
        self._tabulate()
        progress = self._progress(len(steps), bits)
        self.nats, self.predictions = 0.0, 0
        self.report(progress)  # last: it may stop the training
        if self._agree(self.FEW_SECONDS):
            self._save()

    def _learn(self, step: Step, steps: int) -> None:
        """Take an update, or go back to the last checkpoint if it came to nothing."""
        done = (self.epoch + self.step / steps) / self.recipe.epochs
        nats = self.engine.learn(step, self.recipe.rate_at(self.updates, done) / 2**self.halvings)
        if not math.isfinite(nats):
            self._go_back()
            return
        self.nats, self.predictions = self.nats + nats, self.predictions + step.predictions
        self.updates, self.step = self.updates + 1, self.step + 1
        self.seconds = time.monotonic() - self.began
        self.speed.add(step.predictions)

    def validate(self) -> float:
        """Return the material's figure, such as bits per note, on what is held out."""
        total = 0.0
        for step in self.material.held_out(self.recipe.batch, self.recipe.steps):
            total += self.engine.loss(step)
            self._agree()
        return total / self.material.divisor

    def _agree(self, seconds: float = math.inf) -> bool:
        """Return whether the chief kept the state longer ago; stop if any worker was asked to."""
        due = self.chief and time.monotonic() - self.saved > seconds
        stop, save = self.engine.agree(self.stopping.asked, due)
        if stop:
            raise KeyboardInterrupt
        return save

    def _progress(self, steps: int, bits: float | None = None) -> Progress:
        here, epochs_left = (steps, 0) if bits is not None else (self.step, 1)
        left = steps * (self.recipe.epochs - self.epoch) - here * epochs_left
        news, self.news = self.news, ""
        return Progress(
            self.epoch + epochs_left, self.recipe.epochs, here, steps, self.nats / max(1, self.predictions),
            self.speed.tokens, self.speed.step * left, bits, self.best_bits, self.material.figure, news,
        )  # fmt: skip

    def _row(self) -> Row:
        return [self.epoch, self.updates, self.seconds, self.nats / max(1, self.predictions), None]

    def _save(self, *, row: bool = False) -> None:
        """Keep the state; if there is no room for it, the last one stays and the training goes on."""
        if row:
            self.rows.append([self.epoch + 1, *self._row()[1:]])
            self._tabulate()
        state = self.engine.state()
        if self.checkpoint is not None:
            try:
                place = {name: getattr(self, name) for name in _PLACE}
                self.checkpoint.save(self.identity, place, state, self.best)
            except DataError as error:
                self.news = f"{error}; the training goes on and tries again later"
        self.saved = time.monotonic()

    def _tabulate(self) -> None:
        if self.log is not None:
            try:
                write_table(self.log, self.rows, self.material.figure)
            except DataError as error:
                self.news = f"{error}; the training goes on"

    def _plan(self) -> list[float]:
        """Return in figures what all workers must go through alike."""
        shape, rng = (self.recipe.batch, self.recipe.steps), np.random.default_rng(self.recipe.seed)
        passes = self.material.learned(*shape, rng), self.material.held_out(*shape)
        return [*map(len, passes), self.material.divisor]

    def _found(self) -> Found | None:
        """Return the last checkpoint; the chief reads it, and tells the others."""
        found = self.checkpoint.load(self.identity) if self.checkpoint is not None else None
        return workers.shared(found, self.engine.sum)

    def _go_on(self, found: Found) -> None:
        for name, value in found.place.items():
            setattr(self, name, value)
        self.best = found.best
        self.engine.set_state(found.state)
        self.news = found.news

    def _go_back(self) -> None:
        """Go back to the last checkpoint with half the learning rate."""
        halvings, at = self.halvings + 1, self.updates
        found = self._found()
        if found is None or halvings > _MOST_HALVINGS:
            raise DataError(
                f"the loss is no number after {at:,} updates; train with a smaller learning rate than "
                f"{self.recipe.rate:g}"
            )
        self._go_on(found)
        self.halvings = halvings
        self.began = time.monotonic() - self.seconds
        self.news = (
            f"the loss was no number after {at:,} updates: gone back to {self.updates:,}, "
            f"with half the learning rate"
        )
