"""Checkpoints: the whole state of a training in one file, written under another name first."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from notegen.errors import UsageError
from notegen.files import write_atomically

Arrays = dict[str, NDArray[Any]]


class Checkpoint:
    """The state of a training beside the bundle that it will become.

    Parameters
    ----------
    path : Path
        The file, which need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def save(
        self, identity: dict[str, Any], place: dict[str, Any], state: list[NDArray[Any]], best: Arrays
    ) -> None:
        """Write the state of a training.

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
        """
        arrays = {f"state.{i:04}": np.asarray(array, order="C") for i, array in enumerate(state)}
        arrays |= {f"best.{name}": np.asarray(array, order="C") for name, array in best.items()}
        header = {"identity": json.dumps(identity, sort_keys=True), "place": json.dumps(place)}
        write_atomically(self.path, save(arrays, header), force=True)

    def load(self, identity: dict[str, Any]) -> tuple[dict[str, Any], list[NDArray[Any]], Arrays] | None:
        """Return place, state and best weights, or None if there is no checkpoint.

        Raises
        ------
        UsageError
            If the checkpoint is damaged, or of another corpus or recipe.
        """
        if not self.path.exists():
            return None
        try:
            with safe_open(self.path, framework="numpy") as file:
                header = file.metadata() or {}
                arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (no mapping)
        except (SafetensorError, OSError) as error:
            raise UsageError(
                f"{self.path}: the checkpoint is damaged ({error}); delete it to begin anew"
            ) from error
        if header.get("identity") != json.dumps(identity, sort_keys=True):
            raise UsageError(f"{self.path} is of another corpus or other settings; delete it to begin anew")
        state = [arrays[name] for name in sorted(arrays) if name.startswith("state.")]
        best = {
            name.removeprefix("best."): array for name, array in arrays.items() if name.startswith("best.")
        }
        return json.loads(header["place"]), state, best

    def remove(self) -> None:
        """Delete the checkpoint: the training is over."""
        self.path.unlink(missing_ok=True)
