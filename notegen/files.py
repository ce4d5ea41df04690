"""Reading files, and writing them so that nothing is lost and nothing is left half-written."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from glob import escape
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
    """Write a file whole or not at all; see `replacing`."""
    with replacing(path, force=force) as temporary:
        temporary.write_bytes(data)


def check_folder(folder: Path) -> None:
    """See that files can be written into a folder, before long work is done for them.

    Raises
    ------
    DataError
        If it is a file, or is not there and cannot be made, or cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: cannot be written to: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise DataError(f"{folder}: cannot be written to: you may not")


@contextmanager
def replacing(path: Path, *, force: bool = False) -> Iterator[Path]:
    """Give a temporary name in a file's folder to write to; it becomes the file if all goes well.

    Raises
    ------
    UsageError
        If the file exists and `force` is not set.
    DataError
        If the folder cannot be written to, or writing fails.
    """
    try:
        if path.exists() and not force:
            raise UsageError(f"{path} exists already; choose another name or use --force")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        os.close(handle)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror}") from error
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise DataError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def sweep(path: Path) -> None:
    """Delete what `replacing` had begun to write for a file when its process was killed."""
    for left in path.parent.glob(f".{escape(path.name)}.*"):
        with suppress(OSError):  # it only takes room: no reason to stop
            left.unlink()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
