"""Reading files, and writing them so that nothing is lost and nothing is left half-written."""

import os
import tempfile
from pathlib import Path

from notegen.errors import DataError, UsageError


def read(path: Path) -> bytes:
    """Read a file.

    Raises
    ------
    DataError
        If it cannot be read; the message begins with its path.
    """
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 (twice as fast as Path.read_bytes)
            return file.read()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def write_atomically(path: Path, data: bytes, *, force: bool = False) -> None:
    """Write a file under a temporary name in its folder, then give it its own.

    Raises
    ------
    UsageError
        If the file exists and `force` is not set.
    DataError
        If the folder cannot be written to.
    """
    try:
        if path.exists() and not force:
            raise UsageError(f"{path} exists already; choose another name or use --force")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except OSError as error:
        Path(temporary).unlink(missing_ok=True)
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
