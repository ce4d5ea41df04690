"""Checkpoints: the whole state of a training beside its bundle, kept so that nothing takes it away.

Two are kept: the newest, and under a name that ends in ".before" the one before it. Each is a safetensors
file with a checksum of all that it says.
"""

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from notegen.errors import DataError, UsageError
from notegen.files import replacing, sweep

Arrays = dict[str, NDArray[Any]]


class Found(NamedTuple):
    """What a checkpoint holds; `news` is a sentence for people if the newest one was damaged, else ""."""

    place: dict[str, Any]
    state: list[NDArray[Any]]
    best: Arrays
    news: str


class Checkpoint:
    """The state of a training beside the bundle that it will become.

    Parameters
    ----------
    path : Path
        The file of the newest, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.before = path.with_name(path.name + ".before")

    def save(
        self, identity: dict[str, Any], place: dict[str, Any], state: list[NDArray[Any]], best: Arrays
    ) -> None:
        """Write the state of a training; the newest checkpoint becomes the one before.

        Parameters
        ----------
        identity : dict
            What must be alike for another run to go on from here.
        place : dict
            Where the training stands.
        state : list of arrays
            All variables of the model and the optimiser.
        best : dict of arrays
            The weights that were best so far.

        Raises
        ------
        DataError
            If it cannot be written.
        """
        arrays = {f"state.{i:04}": np.asarray(array, order="C") for i, array in enumerate(state)}
        arrays |= {f"best.{name}": np.asarray(array, order="C") for name, array in best.items()}
        header = {"identity": json.dumps(identity, sort_keys=True), "place": json.dumps(place)}
        header["checksum"] = _checksum(header["identity"], header["place"], arrays)
        data = save_tensors(arrays, header)
        with replacing(self.path, force=True) as temporary:
            with temporary.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if self.path.exists():  # only now, so that at every moment one of the two names a whole file
                self.path.replace(self.before)

    def load(self, identity: dict[str, Any]) -> Found | None:
        """Return the newest checkpoint that is whole, or None if there is none.

        One that is damaged gives way to the one before it, which is the newest from then on.

        Raises
        ------
        UsageError
            If all are damaged, or the checkpoint is of another corpus or other settings.
        DataError
            If a file cannot be read or moved.
        """
        sweep(self.path)
        kept = self._kept()
        if not kept:
            return None
        whole = next(((path, *found) for path in kept if (found := _read(path))), None)
        if whole is None:
            raise UsageError(f"{self.path}: the checkpoint is damaged; begin anew with --restart")
        path, header, arrays = whole
        if header["identity"] != json.dumps(identity, sort_keys=True):
            raise UsageError(f"{path} is of another corpus or other settings; begin anew with --restart")
        news = ""
        if path != kept[0]:
            news = f"{self.path} is damaged; the training goes on from the checkpoint before it."
            with self._told():  # else the next save would put the damaged one in the place of the whole one
                path.replace(self.path)
        state = list(_under("state.", arrays).values())
        return Found(json.loads(header["place"]), state, _under("best.", arrays), news)

    def exists(self) -> bool:
        """Whether there is a checkpoint, be it whole or not."""
        return bool(self._kept())

    def remove(self) -> None:
        """Delete the checkpoints: the training is over.

        Raises
        ------
        DataError
            If they cannot be deleted.
        """
        sweep(self.path)
        with self._told():
            self.before.unlink(missing_ok=True)  # first, so that the older never stands alone
            self.path.unlink(missing_ok=True)

    def _kept(self) -> list[Path]:
        """Return the files that are there, the newest first."""
        with self._told():
            return [path for path in (self.path, self.before) if path.exists()]

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Turn errors of the file system into a sentence."""
        try:
            yield
        except OSError as error:
            raise DataError(f"{self.path}: cannot be used: {error.strerror}") from error


def _read(path: Path) -> tuple[dict[str, str], Arrays] | None:
    """Return the header and the arrays of a file, or None if it is damaged."""
    try:
        data = path.read_bytes()
        arrays = load_tensors(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])["__metadata__"]
        whole = header["checksum"] == _checksum(header["identity"], header["place"], arrays)
    except OSError as error:
        if error.errno == errno.EIO:  # a bad place on the disk is damage, a missing right is none
            return None
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except (SafetensorError, KeyError, TypeError, ValueError):
        return None
    return (header, arrays) if whole else None


def _checksum(identity: str, place: str, arrays: Arrays) -> str:
    """Return the SHA-256 of header and arrays, with their names, types and shapes."""
    digest = hashlib.sha256(json.dumps([identity, place]).encode())
    for name, array in sorted(arrays.items()):
        digest.update(f"{name} {array.dtype.name} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _under(prefix: str, arrays: Arrays) -> Arrays:
    """Return the arrays whose names begin so, sorted, under the rest of their names."""
    return {name.removeprefix(prefix): arrays[name] for name in sorted(arrays) if name.startswith(prefix)}
