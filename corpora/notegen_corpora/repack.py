"""Compressed tar archives as zip archives, whose members can be read one by one."""

import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from notegen.formats import SUFFIXES


def repack(archive: Path, path: Path, report: Callable[[int, int], object]) -> None:
    """Write the music of a compressed tar archive into a zip archive.

    Nothing is unpacked onto the disk, so that names which a file system could not hold, or that lead
    out of the folder, do no harm.

    Parameters
    ----------
    archive : Path
    path : Path
        The zip archive to write.
    report : function of bytes read and bytes in all
    """
    size = archive.stat().st_size
    with (
        archive.open("rb") as raw,
        tarfile.open(fileobj=raw, mode="r|gz", encoding="utf-8", errors="replace") as tar,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed,
    ):
        while member := tar.next():
            is_music = member.isreg() and member.name.lower().endswith(SUFFIXES)
            content = tar.extractfile(member) if is_music else None
            if content is not None:
                info = zipfile.ZipInfo(member.name)  # dated 1980, so that the bytes do not depend on the day
                info.compress_type = zipfile.ZIP_DEFLATED
                packed.writestr(info, content.read(), compresslevel=1)
            tar.members = []  # type: ignore[attr-defined]  # every one would be kept in memory
            report(raw.tell(), size)
