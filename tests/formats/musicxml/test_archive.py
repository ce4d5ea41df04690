"""Containers and XML: what is read, and what is refused before any music is looked at."""

import io
import tracemalloc
import zipfile

import pytest

from notegen.errors import EmptyError, FormatError, NotegenError
from notegen.formats.musicxml import archive

SCORE = '<score-partwise version="4.0"><part-list/></score-partwise>'
CONTAINER = """<?xml version="1.0"?>
<container><rootfiles>
  <rootfile full-path="{}" media-type="application/vnd.recordare.musicxml+xml"/>
</rootfiles></container>"""


def packed(members, method=zipfile.ZIP_DEFLATED):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return stream.getvalue()


def named(title):
    return SCORE.replace("<part-list/>", f"<movement-title>{title}</movement-title>")


def test_plain_and_compressed_files_are_told_apart_by_their_bytes():
    assert archive.read_tree(SCORE.encode()).tag == "score-partwise"
    assert archive.read_tree(packed({"a.xml": SCORE})).tag == "score-partwise"


def test_the_container_names_the_score():
    members = {"other.xml": named("other"), "score.xml": named("score")}
    assert archive.read_tree(packed(members)).findtext("movement-title") == "other"
    members["META-INF/container.xml"] = CONTAINER.format("score.xml")
    assert archive.read_tree(packed(members)).findtext("movement-title") == "score"


def test_of_an_opus_the_first_movement_is_read():
    scores = '<score x:href="two.xml"/><score x:href="one.xml"/>'
    opus = f'<opus xmlns:x="http://www.w3.org/1999/xlink">{scores}</opus>'
    members = {"all/opus.xml": opus, "all/one.xml": named("one"), "all/two.xml": named("two")}
    members["META-INF/container.xml"] = CONTAINER.format("all/opus.xml")
    assert archive.read_tree(packed(members)).findtext("movement-title") == "two"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "iso-8859-1"])
def test_the_encoding_is_the_one_that_the_file_declares(encoding):
    declared = encoding.removesuffix("-sig")
    data = f'<?xml version="1.0" encoding="{declared}"?>{named("Añes")}'.encode(encoding)
    assert archive.read_tree(data).findtext("movement-title") == "Añes"


@pytest.mark.parametrize(
    ("data", "error", "reason"),
    [
        (b" \n", EmptyError, "the file is empty"),
        (b"Dear reader,", FormatError, "the XML is damaged at line 1, column 0"),
        (SCORE[:-4].encode(), FormatError, "the XML is damaged at line 1"),
        (b'<?xml version="1.0" encoding="klingon"?><a/>', FormatError, "the XML is damaged"),
        (b"<html/>", FormatError, "no MusicXML score: its root is <html>"),
        (b"<score-timewise/>", FormatError, "save it as score-partwise"),
        (packed({}), FormatError, "there is no MusicXML in the compressed file"),
        (packed({"a.txt": "hello"}), FormatError, "there is no MusicXML in the compressed file"),
        (packed({"a.xml": "hello"}), FormatError, "the XML is damaged"),
        (packed({"a.xml": SCORE})[:40], FormatError, "the compressed MusicXML file is damaged"),
        (packed({"o.xml": "<opus/>"}), FormatError, "the compressed MusicXML file is damaged"),
    ],
    ids=range(11),  # archives hold the time at which they were made
)
def test_what_is_no_score_is_refused_with_the_reason(data, error, reason):
    with pytest.raises(error, match=reason):
        archive.read_tree(data)


def test_a_damaged_archive_is_refused():
    whole = packed({"META-INF/container.xml": CONTAINER.format("a.xml"), "a.xml": SCORE * 20})
    for at in range(len(whole)):
        try:
            archive.read_tree(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        except NotegenError as error:
            assert str(error) and "\n" not in str(error)


def peak(data):
    """Return the megabytes that it takes to refuse a file."""
    tracemalloc.start()
    with pytest.raises(FormatError):
        archive.read_tree(data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 1e6


def test_a_zip_bomb_is_not_unpacked():
    assert peak(packed({"a.xml": b" " * (65 << 20)})) < 5


def test_entities_that_multiply_are_stopped():
    entities = "".join(f'<!ENTITY e{i + 1} "{f"&e{i};" * 10}">' for i in range(9))
    bomb = f'<!DOCTYPE a [<!ENTITY e0 "{"ha" * 50}">{entities}]><score-partwise>&e9;</score-partwise>'
    assert peak(bomb.encode()) < 200


def test_external_entities_are_not_fetched(tmp_path):
    (tmp_path / "secret").write_text("secret")
    text = f'<!DOCTYPE a [<!ENTITY x SYSTEM "{(tmp_path / "secret").as_uri()}">]>' + named("&x;")
    with pytest.raises(FormatError, match="the XML is damaged"):
        archive.read_tree(text.encode())


def test_the_document_type_of_musicxml_is_accepted():
    doctype = (
        '<!DOCTYPE score-partwise PUBLIC "-//Recordare//DTD MusicXML 4.0 Partwise//EN" '
        '"http://www.musicxml.org/dtds/partwise.dtd">'
    )
    assert archive.read_tree((doctype + SCORE).encode()).tag == "score-partwise"
