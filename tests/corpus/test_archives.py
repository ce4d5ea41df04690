import io
import zipfile
import zlib

import pytest

from notegen.corpus.archives import Member, members, unpack
from notegen.errors import DataError, FormatError

TEXT = b"so much of music " * 5000


@pytest.fixture(params=[zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def archive(request, tmp_path):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", request.param) as file:
        file.writestr("one", TEXT)
        file.writestr("folder/", "")
        file.writestr("folder/two", b"")
        file.writestr("ü", b"three")
    return path


def content(path):
    return {member.name: unpack(path, member) for member in members(path)}


def test_members_are_unpacked(archive):
    assert content(archive) == {"one": TEXT, "folder/two": b"", "ü": b"three"}
    assert [(member.name, member.size, member.crc) for member in members(archive)] == [
        ("one", len(TEXT), zlib.crc32(TEXT)),
        ("folder/two", 0, 0),
        ("ü", 5, zlib.crc32(b"three")),
    ]


def test_what_stands_before_an_archive_does_not_matter(archive):
    archive.write_bytes(b"#!/bin/sh\n" + archive.read_bytes())
    assert content(archive)["one"] == TEXT


def test_a_member_whose_size_is_told_behind_it_is_unpacked(tmp_path):
    class Pipe(io.RawIOBase):  # it cannot go back to write the size down
        def __init__(self):
            self.data = b""

        def writable(self):
            return True

        def write(self, data):
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("one", TEXT)
    (tmp_path / "a.zip").write_bytes(pipe.data)
    assert content(tmp_path / "a.zip") == {"one": TEXT}


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_of_members_of_one_name_the_last_counts(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        file.writestr("one", b"old")
        file.writestr("one", b"new")
    assert content(tmp_path / "a.zip") == {"one": b"new"}


def test_an_archive_that_breaks_off_anywhere_is_told(archive):
    data = archive.read_bytes()
    for size in range(0, len(data), max(1, len(data) // 50)):
        archive.write_bytes(data[:size])
        with pytest.raises(FormatError, match="the zip archive is damaged"):
            members(archive)


def test_wrong_bytes_are_told_and_do_no_harm(archive):
    data, listed = archive.read_bytes(), members(archive)
    outcomes = set()
    for at in range(0, len(data), max(1, len(data) // 200)):
        archive.write_bytes(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :])
        try:
            outcomes.add(unpack(archive, listed[0]) == TEXT)
        except DataError as error:
            outcomes.add(str(error))
    assert False not in outcomes and "its bytes in the zip archive are damaged" in outcomes


def test_a_member_that_holds_more_than_it_says_is_not_unpacked_whole(archive):
    one = members(archive)[0]
    with pytest.raises(FormatError, match="damaged"):
        unpack(archive, one._replace(size=100))
    with pytest.raises(FormatError, match="damaged"):
        unpack(archive, one._replace(size=2 * len(TEXT)))


def test_locked_and_uncommonly_packed_members_are_told(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_BZIP2) as file:
        file.writestr("one", TEXT)
    (one,) = members(tmp_path / "a.zip")
    with pytest.raises(DataError, match="packed in an uncommon way"):
        unpack(tmp_path / "a.zip", one)
    data = bytearray((tmp_path / "a.zip").read_bytes())
    data[6] |= 1  # the flag of encryption
    (tmp_path / "a.zip").write_bytes(data)
    with pytest.raises(DataError, match="locked with a password"):
        unpack(tmp_path / "a.zip", one)


def test_an_archive_that_is_gone_is_told(tmp_path):
    for read in (members, lambda path: unpack(path, Member("one", 1, 0, 0))):
        with pytest.raises(DataError, match="cannot be read: No such file"):
            read(tmp_path / "gone.zip")
