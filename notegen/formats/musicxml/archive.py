"""MusicXML files, plain or packed, to the XML tree inside."""

import io
import lzma
import posixpath
import re
import zipfile
import zlib
from xml.etree import ElementTree

from notegen.errors import EmptyError, FormatError

_LARGEST = 64 << 20  # bytes of text; the full score of a long symphony has half of that
_CONTAINER = "META-INF/container.xml"
_BAD_ZIP = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, RuntimeError, ValueError, KeyError,
)  # fmt: skip
_BAD_XML = (ElementTree.ParseError, ValueError, LookupError)


def read_tree(data: bytes) -> ElementTree.Element:
    """Return the root of a MusicXML score; what the bytes are decides, whatever the file is called.

    Of a collection of movements (an opus), the first is read. Entities that blow up are stopped by
    expat, and external ones are never fetched.

    Raises
    ------
    FormatError
        If the bytes are damaged, too large, or no score written part by part.
    """
    if not data.startswith(b"PK"):
        return _check(_parse(data))
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            name = _score_name(archive)
            root = _parse(_member(archive, name))
            if root.tag == "opus":
                href = next((value for score in root.iter("score") for value in score.attrib.values()), "")
                root = _parse(_member(archive, posixpath.join(posixpath.dirname(name), href)))
    except _BAD_ZIP as error:
        raise FormatError("the compressed MusicXML file is damaged") from error
    return _check(root)


def _score_name(archive: zipfile.ZipFile) -> str:
    """Return the member that the container names, or else the first that looks like a score."""
    names = archive.namelist()
    if _CONTAINER in names:
        for entry in _parse(_member(archive, _CONTAINER)).iter():
            path = entry.get("full-path") if entry.tag.endswith("rootfile") else None
            if path in names:
                return path
    for name in names:
        if name.lower().endswith((".musicxml", ".xml")) and not name.startswith("META-INF"):
            return name
    raise FormatError("there is no MusicXML in the compressed file")


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > _LARGEST:  # zipfile reads no more than it says
        raise FormatError(f"the compressed file unpacks to more than {_LARGEST >> 20} MiB")
    return archive.read(name)


def _parse(data: bytes) -> ElementTree.Element:
    if len(data) > _LARGEST:
        raise FormatError(f"the file has more than {_LARGEST >> 20} MiB")
    if not data.strip():
        raise EmptyError("the file is empty")
    try:
        return ElementTree.fromstring(data)
    except _BAD_XML as error:
        place = re.search(r"line \d+, column \d+", str(error))
        raise FormatError(f"the XML is damaged{f' at {place[0]}' if place else ''}") from error


def _check(root: ElementTree.Element) -> ElementTree.Element:
    if root.tag == "score-timewise":
        raise FormatError("the score is written bar by bar (score-timewise); save it as score-partwise")
    if root.tag != "score-partwise":
        raise FormatError(f"the file is XML, but no MusicXML score: its root is <{root.tag[:40]}>")
    return root
