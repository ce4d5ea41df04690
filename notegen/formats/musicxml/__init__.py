"""MusicXML, plain and compressed, to scores; `notegen.formats.musicxml.writer` is the way back."""

from notegen.errors import EmptyError
from notegen.formats.musicxml import repeats
from notegen.formats.musicxml.archive import read_tree
from notegen.formats.musicxml.elements import text_of
from notegen.formats.musicxml.instruments import assign_channels, read_instrument
from notegen.formats.musicxml.parts import read_part
from notegen.formats.musicxml.play import play
from notegen.formats.musicxml.signs import read_signs
from notegen.score import Score


def decode(data: bytes) -> Score:
    """Read the bytes of a MusicXML file, plain or compressed.

    Pitches are those that sound. Repeats, endings and jumps are played out, tied notes are one, and
    grace notes and cues are left out. A part is a track, however many staves it has.

    Raises
    ------
    FormatError
        If the bytes are damaged or no such file.
    EmptyError
        If there are no notes.
    """
    root = read_tree(data)
    listed = {entry.get("id"): entry for entry in root.iterfind("part-list/score-part")}
    written = root.findall("part")
    instruments = [read_instrument(part, listed.get(part.get("id"))) for part in written]
    parts = [read_part(part, one.drums) for part, one in zip(written, instruments, strict=True)]
    if not any(part.notes for part in parts):
        raise EmptyError("the piece has no notes")
    title = text_of(root.find("movement-title")) or text_of(root.find("work/work-title"))
    return play(parts, assign_channels(instruments), repeats.order(read_signs(root)), title)
