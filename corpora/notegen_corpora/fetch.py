"""Fetching corpora: what was begun is continued, and only what was checked gets its name."""

import hashlib
import http.client
import json
import re
import shutil
import tarfile
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from notegen.errors import DataError
from notegen_corpora.recipes import Recipe, note, stated
from notegen_corpora.repack import repack

Report = Callable[[str, int, int], object]  # what is done, and of how many bytes how many

TIMEOUT = 60.0  # seconds in which a server has to say something
_BLOCK = 1 << 18


def fetch(recipe: Recipe, folder: Path, report: Report | None = None) -> Path:
    """Fetch a corpus into a folder as a zip archive; one that is there and whole is left alone.

    An interrupted download is continued by the next call if the server can do that and still has the
    same file. A tar archive is repacked (see `notegen_corpora.repack`).

    Parameters
    ----------
    recipe : Recipe
    folder : Path
        Usually `notegen_corpora.recipes.cache`; made if need be.
    report : function of a word and two numbers, optional
        Is told what is done (``downloading``, ``checking`` or ``repacking``), and of how many bytes how many.

    Returns
    -------
    Path
        The archive. Beside it, a JSON file tells where it came from.

    Raises
    ------
    DataError
        If the server cannot be reached, breaks off or sends something else than what was published; or if
        the folder has no room or cannot be written to.
    """
    report = report or _quiet
    path = folder / f"{recipe.name}.zip"
    part = folder / f"{recipe.name}.part"
    try:
        if _is_whole(recipe, path, report):
            return path
        folder.mkdir(parents=True, exist_ok=True)
        _check_room(recipe, part)
        if _length(part) != recipe.size:
            _download(recipe, part, report)
        _check(recipe, part, report)
        _keep(recipe, part, path, report)
    except OSError as error:
        raise DataError(f"{folder}: cannot be used: {error.strerror or error}") from error
    return path


def _is_whole(recipe: Recipe, path: Path, report: Report) -> bool:
    """Say whether a fetched archive is there, and as it was when it was fetched."""
    expected = stated(recipe, path)
    return expected is not None and _digest(path, report) == expected


def _check_room(recipe: Recipe, part: Path) -> None:
    """See that the disk has room for what is missing, and for repacking it."""
    needed = recipe.size - _length(part) + (recipe.size * 3 // 2 if recipe.is_tar else 0)
    free = shutil.disk_usage(part.parent).free
    if free < needed:
        raise DataError(
            f"{part.parent}: {free >> 20} MiB are free, and {needed >> 20} MiB are needed; "
            "make room, or name another folder with NOTEGEN_CACHE"
        )


def _download(recipe: Recipe, part: Path, report: Report) -> None:
    """Write what the server sends to the end of what is there, or from the beginning."""
    tag = part.with_suffix(".tag")  # what the server called the file when the download was begun
    done = _length(part) if tag.exists() else 0
    headers = {"User-Agent": "notegen", "Accept-Encoding": "identity"}
    if done:
        headers |= {"Range": f"bytes={done}-", "If-Range": tag.read_text(encoding="latin-1")}
    with _answer(recipe, headers) as answer:
        done = _start(recipe, answer)
        with part.open("r+b" if done else "wb", buffering=0) as file:
            file.seek(done)
            if not done:
                _remember(answer, tag)
            report("downloading", done, recipe.size)
            for block in _blocks(recipe, answer):
                done += len(block)
                if done > recipe.size:
                    break
                file.write(block)
                report("downloading", done, recipe.size)
    if done > recipe.size:
        _forget(part)
        raise DataError(_other(recipe, "is longer than"))
    if done < recipe.size:
        raise DataError(_broken(recipe))


def _answer(recipe: Recipe, headers: dict[str, str]) -> http.client.HTTPResponse:
    """Ask for the archive; a refused range is asked for again from the beginning."""
    host = urlsplit(recipe.address).hostname
    try:
        request = urllib.request.Request(recipe.address, headers=headers)
        answer: http.client.HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and "Range" in headers:
            return _answer(recipe, {k: v for k, v in headers.items() if k not in ("Range", "If-Range")})
        raise DataError(
            f"{host} answers {error.code} ({error.reason}); try again later, or see {recipe.home}"
        ) from error
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", None) or error
        raise DataError(f"{host} cannot be reached ({reason}); is this machine online?") from error
    return answer


def _start(recipe: Recipe, answer: http.client.HTTPResponse) -> int:
    """Return where in the file the answer begins, and see that the file is as long as was published."""
    part = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    start = int(part[1]) if part and answer.status == http.HTTPStatus.PARTIAL_CONTENT else 0
    length = answer.headers.get("Content-Length", "")
    if length.isdigit() and start + int(length) != recipe.size:
        raise DataError(_other(recipe, "is not as long as"))
    return start


def _remember(answer: http.client.HTTPResponse, tag: Path) -> None:
    """Note down what the server calls this version of the file; without that, nothing can be continued."""
    version = answer.headers.get("ETag", "")
    if not version or version.startswith("W/"):  # a weak one does not promise the same bytes
        version = answer.headers.get("Last-Modified", "")
    tag.unlink(missing_ok=True)
    if version:
        tag.write_text(version, encoding="latin-1")


def _blocks(recipe: Recipe, answer: http.client.HTTPResponse) -> Iterator[bytes]:
    try:
        while block := answer.read1(_BLOCK):
            yield block
    except (OSError, http.client.HTTPException) as error:
        raise DataError(_broken(recipe)) from error


def _check(recipe: Recipe, part: Path, report: Report) -> None:
    """Throw away a download that is not what was published."""
    if _digest(part, report) != recipe.sha256:
        _forget(part)
        raise DataError(_other(recipe, "has another SHA-256 than"))


def _keep(recipe: Recipe, part: Path, path: Path, report: Report) -> None:
    """Give a checked download its name, as a zip archive, and note down what it is."""
    source, sha256 = part, recipe.sha256
    packed = path.with_suffix(".repacked")
    try:
        if recipe.is_tar:
            repack(part, packed, lambda done, size: report("repacking", done, size))
            source, sha256 = packed, _digest(packed, report)
        said = {
            "name": recipe.name,
            "address": recipe.address,
            "fetched_sha256": recipe.sha256,
            "size": source.stat().st_size,
            "sha256": sha256,
        }
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(said, indent=2) + "\n", encoding="utf-8")
        draft.replace(note(path))
        source.replace(path)
    except (tarfile.TarError, EOFError) as error:
        raise DataError(f"{recipe.address}: the archive cannot be read: {error}") from error
    finally:
        packed.unlink(missing_ok=True)
    _forget(part)


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    part.with_suffix(".tag").unlink(missing_ok=True)


def _digest(path: Path, report: Report) -> str:
    size = _length(path)
    report("checking", 0, size)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    report("checking", size, size)
    return digest


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _broken(recipe: Recipe) -> str:
    host = urlsplit(recipe.address).hostname
    return f"{host} broke off; call the same command again to go on"


def _other(recipe: Recipe, how: str) -> str:
    return f"{recipe.address}: what is there {how} what was published; see {recipe.home}"


def _quiet(task: str, done: int, total: int) -> None:
    """Tell no one."""
