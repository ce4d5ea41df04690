"""The engine: the network, its optimiser and its state, behind a few verbs."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from notegen.errors import UsageError
from notegen.model import classic, network
from notegen.model.bundle import Config, MarkovConfig
from notegen.model.classic import ClassicConfig
from notegen.model.network import NetworkConfig
from notegen.training import devices, workers
from notegen.training.devices import require as require
from notegen.training.packing import Step

Arrays = dict[str, NDArray[Any]]
_FEWEST = 8  # rows of a part: as many numbers as the processor takes at a time
_BETAS, _EPSILON = (0.9, 0.999), 1e-7  # of Adam
_SOON = 9  # the weights are averaged over a ninth of the updates so far, if these are few


class Engine:
    """Keras and TensorFlow behind a few verbs: learn, measure, and give or take the state.

    On a processor the rows of a step are dealt out to its cores: each computes its part from the first layer
    to the gradient by itself, and none waits for the others after each small product. In the same way rows
    are dealt out to the workers (see `notegen.training.workers`) and to the graphics processors of each,
    which add up their gradients and then all take the same update.

    Parameters
    ----------
    config : NetworkConfig or ClassicConfig
    rows, time : int
        The shape of a step, with the rows of all workers.
    given : dict of arrays, optional
        Tables of the network that are not trained.
    clip : float
        Largest norm of the gradient.
    average : float
        How much of the averaged weights each update leaves as it was; 0 if they are not averaged.
    seed : int

    Raises
    ------
    UsageError
        If the rows cannot be shared evenly, or the model is not one for many workers.
    DataError
        If the other workers cannot be reached.
    """

    def __init__(
        self,
        config: Config,
        *,
        rows: int,
        time: int,
        given: Arrays | None = None,
        clip: float = 1.0,
        average: float = 0.0,
        seed: int = 0,
    ) -> None:
        assert not isinstance(config, MarkovConfig), "a Markov chain is counted"
        classical = isinstance(config, ClassicConfig)
        if classical and workers.cluster():
            raise UsageError("the classic model is trained on one machine; unset TF_CONFIG")
        self.config: NetworkConfig | ClassicConfig = config
        self.clip, self.average = clip, average
        self.rows, self.mine = rows, workers.mine(rows)
        keras, self.tf = devices.load(1 if classical else max(1, min(_cores(), len(self.mine) // _FEWEST)))
        self.strategy = self.tf.distribute.get_strategy() if classical else devices.strategy()
        self.devices = self.strategy.num_replicas_in_sync * len(self.mine) // rows  # of this worker
        workers.check_even(len(self.mine), self.devices, "devices")
        self.shape = len(self.mine) // self.devices, time  # of what a device computes
        self.full = rows if config.window else rows * time  # predictions; a thin last step weighs less
        whole = classical or self.tf.config.list_logical_devices("GPU")  # not dealt out to cores
        parts = 1 if whole else max(1, min(_cores() // self.devices, self.shape[0] // _FEWEST))
        self.sizes = [len(part) for part in np.array_split(np.arange(self.shape[0]), parts)]
        keras.utils.set_random_seed(seed)
        self.kind: Any = classic if classical else network
        with self._reaching(), self.strategy.scope():
            self.model = self.kind.build(config, network.fast_policy())
            network.give(self.model, given or {})
            self.moments, self.averages = [self._copies() for _ in _BETAS], self._copies() if average else []
        self.updates = 0
        self._tell_apart()
        self._learning, self._measured = self._forgotten(), self._forgotten()
        self._learn, self._loss, self._sum = self._compile()

    def _compile(self) -> tuple[Any, Any, Any]:
        """Return compiled what all devices do in a step to learn and to measure, and a sum over them."""
        tf, free = self.tf, isinstance(self.config, ClassicConfig)
        step = tuple(
            tf.TensorSpec((None,) * rank if free else self.shape, dtype)
            for dtype, rank in self.kind.SIGNATURE
        )
        states = [tf.TensorSpec((self.shape[0], width), tf.float32) for width in self.config.states()]

        def everywhere(function: Any, signature: Any) -> Any:
            return tf.function(
                lambda *given: self.strategy.run(function, given),
                input_signature=signature if self.devices == 1 else None,
                autograph=False,
            )

        return (
            everywhere(self._learn_here, [step, states, tf.TensorSpec((4,), tf.float32)]),
            everywhere(self._loss_here, [step, states]),
            everywhere(lambda array: self._summed(tf.identity(array)), None),
        )

    def _learn_here(self, step: Any, states: Any, numbers: Any) -> Any:
        """Take an update on one device; return the loss of all devices, and the state that is left here."""
        tf = self.tf
        totals, gradients, after = [], [], []
        for part, before in self._parts(step, states):
            with tf.GradientTape() as tape:
                total, left = self._forward(part, before, True)
                mean = total / self.full
            found = tape.gradient(mean, self._trained())
            gradients.append([tf.convert_to_tensor(each) for each in found])
            totals.append(total)
            after.append(left)
        added = [tf.add_n(each) for each in zip(*gradients, strict=True)]
        total, *added = self._summed([tf.add_n(totals), *added])
        clipped, norm = tf.clip_by_global_norm(added, self.clip)
        *rate_and_powers, share = tf.unstack(numbers)
        self._adam(clipped, *rate_and_powers)
        for variable, average in zip(self._trained(), self.averages, strict=False):
            tf.raw_ops.AssignAddVariableOp(resource=average.handle, value=share * (variable - average))
        return total + 0 * norm, self._joined(after)  # no number if the norm is none

    def _loss_here(self, step: Any, states: Any) -> Any:
        done = [self._forward(part, before, False) for part, before in self._parts(step, states)]
        return self._summed(self.tf.add_n([total for total, _ in done])), self._joined([e for _, e in done])

    def _forward(self, part: Any, states: Any, training: bool) -> Any:
        inputs, targets, *keeps = part
        out, *after = self.model([inputs, *keeps, *states], training=training)
        total, _ = self.kind.loss(out, targets, self.config)
        return total, [self.tf.cast(state, self.tf.float32) for state in after]

    def _summed(self, values: Any) -> Any:
        """Add up what all devices of all workers have; each gets the sum."""
        distribute = self.tf.distribute
        return distribute.get_replica_context().all_reduce(distribute.ReduceOp.SUM, values)

    def _parts(self, step: Any, states: Any) -> Any:
        """Return what each core reads, and the states that it begins from."""
        if len(self.sizes) == 1:
            return [(step, states)]
        cut = [self.tf.split(each, self.sizes) for each in (*step, *states)]
        return [(each[: len(step)], each[len(step) :]) for each in zip(*cut, strict=True)]

    def _joined(self, states: list[list[Any]]) -> list[Any]:
        """Return the states of all rows, from those of each part."""
        return [self.tf.concat(each, 0) for each in zip(*states, strict=True)]

    def _trained(self) -> list[Any]:
        return [variable.value for variable in self.model.trainable_variables]

    def _copies(self) -> list[Any]:
        """Return variables like those that are trained, of zeros."""
        return [self.tf.Variable(self.tf.zeros_like(each)) for each in self._trained()]

    def _adam(self, gradients: Any, rate: Any, *powers: Any) -> None:
        """Take an update as `keras.optimizers.Adam` does, of the variables of the device that asks."""
        for variable, m, v, gradient in zip(self._trained(), *self.moments, gradients, strict=True):
            self.tf.raw_ops.ResourceApplyAdam(
                var=variable.handle, m=m.handle, v=v.handle, beta1_power=powers[0], beta2_power=powers[1],
                lr=rate, beta1=_BETAS[0], beta2=_BETAS[1], epsilon=_EPSILON, grad=gradient,
            )  # fmt: skip

    def learn(self, step: Step, rate: float) -> float:
        """Take one update at a learning rate; the state is carried on from the step before.

        Parameters
        ----------
        step : Step
            This worker's rows.
        rate : float

        Returns
        -------
        float
            The summed loss of the step's targets in the rows of all workers, before the update: nats, of the
            classic model squared error a bin. It is no number if the gradient is none; the weights are of no
            use then.
        """
        self.updates += 1
        powers = [beta**self.updates for beta in _BETAS]
        share = 1 - min(self.average, self.updates / (self.updates + _SOON))
        numbers = np.array([rate, *powers, share], np.float32)
        with self._reaching():
            total, self._learning = self._learn(self._dealt(_arrays(step)), self._learning, numbers)
            return self._first(total)

    def loss(self, step: Step) -> float:
        """Return the summed loss of a step's targets; the state is carried on from the last such step."""
        with self._reaching():
            total, self._measured = self._loss(self._dealt(_arrays(step)), self._measured)
            return self._first(total)

    def sum(self, array: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the sum of what all workers give; each must ask at the same place in its doing."""
        if workers.cluster() is None:
            return array
        with self._reaching():
            given = self._on_devices(lambda device: array if device == 0 else np.zeros_like(array))
            total = self.strategy.experimental_local_results(self._sum(given))[0]
            return np.asarray(total)

    def agree(self, *wishes: bool) -> list[bool]:
        """Return of each wish whether any worker has it."""
        return [bool(count) for count in self.sum(np.array(wishes, np.int32))]

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Let the network have its averaged weights, to be measured or taken, if it has learned any."""
        trained = self.model.trainable_variables
        kept = [np.asarray(each) for each in trained]
        if self.updates:
            _assign(trained, self.averages)
        try:
            yield
        finally:
            _assign(trained, kept)

    def weights(self) -> Arrays:
        """Return the network's weights by name."""
        named: Arrays = self.kind.weights(self.model, self.config)
        return named

    def state(self) -> list[NDArray[Any]]:
        """Return every variable, how many updates were taken, and the state that `learn` carries on.

        That of all workers is gathered, so all must ask.
        """
        variables = [np.asarray(each) for each in self._variables()]
        return [*variables, np.array(self.updates), *(self._gathered(each) for each in self._learning)]

    def set_state(self, state: list[NDArray[Any]]) -> None:
        """Put back what `state` returned."""
        variables = self._variables()
        _assign(variables, state)
        self._tell_apart()
        self.updates = int(state[len(variables)])
        carried = [each[self.mine.start : self.mine.stop] for each in state[len(variables) + 1 :]]
        self._learning = list(self._dealt(carried))

    def _variables(self) -> list[Any]:
        return [*self.model.variables, *self.moments[0], *self.moments[1], *self.averages]

    def _gathered(self, carried: Any) -> NDArray[np.float32]:
        """Return a carried state of all workers' rows."""
        own = np.concatenate([np.asarray(e) for e in self.strategy.experimental_local_results(carried)])
        out = np.zeros((self.rows, own.shape[1]), np.float32)
        out[self.mine.start : self.mine.stop] = own
        return self.sum(out.view(np.int32)).view(np.float32)  # bit for bit

    def _tell_apart(self) -> None:
        """Let each device zero other values, where dropout is: their seeds begin alike."""
        for variable in self.model.variables:
            if variable.name == "seed_generator_state":
                alike = np.asarray(variable)
                for i, each in enumerate(self.strategy.experimental_local_results(variable.value)):
                    each.assign(alike + np.array([self.mine.start // self.shape[0] + i, 0], alike.dtype))

    def _forgotten(self) -> list[Any]:
        return list(self._dealt([np.zeros((len(self.mine), w), np.float32) for w in self.config.states()]))

    def _dealt(self, arrays: Any) -> Any:
        """Deal out the rows of this worker to its devices."""
        share = self.shape[0]
        if self.devices == 1:
            return arrays
        return self._on_devices(lambda i: tuple(each[i * share : (i + 1) * share] for each in arrays))

    def _on_devices(self, given: Callable[[int], Any]) -> Any:
        """Put on each device of this worker what a function gives for it."""
        if self.devices == 1:
            return given(0)
        return self.strategy.experimental_distribute_values_from_function(
            lambda at: self.tf.nest.map_structure(
                self.tf.convert_to_tensor, given(at.replica_id_in_sync_group % self.devices)
            )
        )

    def _first(self, total: Any) -> float:
        return float(self.strategy.experimental_local_results(total)[0])

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Say so if another worker is not there any more."""
        try:
            yield
        except self.tf.errors.OpError as error:
            if workers.cluster() is None:
                raise
            raise workers.gone(str(error)) from error


def _assign(variables: list[Any], values: list[Any]) -> None:
    """Give variables their values, as far as there are some."""
    for variable, value in zip(variables, values, strict=False):
        variable.assign(np.asarray(value))


def _arrays(step: Step) -> tuple[Any, ...]:
    return (step.inputs, step.targets) if step.keeps is None else (step.inputs, step.targets, step.keeps)


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
