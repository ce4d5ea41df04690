"""TensorFlow as it is set up: imported in silence, with its threads, its devices and the other workers."""

import importlib.util
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from notegen.errors import DataError, MissingExtraError, UsageError
from notegen.training import workers

PATIENCE = 300  # seconds to wait for the other workers
_LOOK = 10  # seconds after which a worker looks again whether the others are there
_TALKING = 6  # threads more, so that none that computes keeps the workers from talking


def require() -> None:
    """Check that training is possible, without the seconds that an import takes.

    Raises
    ------
    MissingExtraError
        If TensorFlow is not installed.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise MissingExtraError("training", "train")


def load(parts: int) -> tuple[Any, Any]:
    """Import Keras and TensorFlow without what the latter has to say of the machine.

    oneDNN's matrix products are asked for, which TensorFlow takes by itself on some processors alone. If
    cores have a part of the rows each, an operation is computed by one of them.
    """
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    require()
    with _silent():
        import keras
        import tensorflow as tf

        tf.config.list_physical_devices()
    if parts > 1:
        with suppress(RuntimeError):  # of a process in which TensorFlow works already
            tf.config.threading.set_intra_op_parallelism_threads(1)
            tf.config.threading.set_inter_op_parallelism_threads(parts + _TALKING * bool(workers.cluster()))
    return keras, tf


@cache
def strategy() -> Any:
    """Return how TensorFlow trains on the devices there are; the workers meet here, once a process."""
    import tensorflow as tf

    if found := workers.cluster():
        return _meet(found, tf)
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) == 1:
        return tf.distribute.get_strategy()
    return tf.distribute.MirroredStrategy([each.name for each in devices])


def _meet(cluster: workers.Cluster, tf: Any) -> Any:
    """Wait until all workers are there."""
    from tensorflow.python.distribute.collective_all_reduce_strategy import CollectiveAllReduceExtended
    from tensorflow.python.eager import context

    # Peers look after each other by themselves: a coordinator would wait for them for an hour, and take its
    # own end for everyone's.
    context.context().configure_coordination_service(service_type="")
    CollectiveAllReduceExtended._check_health_initial_timeout = PATIENCE
    CollectiveAllReduceExtended._check_health_interval = _LOOK
    tf.get_logger().setLevel("CRITICAL")  # what happens is said by us
    own = cluster.workers[cluster.task]
    try:
        with _silent(), _stopped_at_once():
            return tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        if "Timeout" not in str(error):
            raise UsageError(
                "with TF_CONFIG a training must come before all else that TensorFlow does in a process"
            ) from error
        raise DataError(
            f"worker {own} could not meet {' and '.join(workers.others())} within {PATIENCE} seconds; "
            "start all workers with the same command"
        ) from error
    except tf.errors.OpError as error:
        raise DataError(
            f"worker {own} cannot listen at its address: another program has the port, or it is no address "
            "of this machine"
        ) from error


@contextmanager
def _stopped_at_once() -> Iterator[None]:
    """Let Ctrl-C end the process, as native code waits without Python's ever hearing of it."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _silent() -> Iterator[None]:
    """Send what native code writes to standard error nowhere."""
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
