"""What the part list says of the instruments that play the parts."""

from collections.abc import Sequence
from typing import NamedTuple
from xml.etree.ElementTree import Element

from notegen.formats.musicxml.elements import number, text_of
from notegen.score import DRUM_CHANNEL, Track

_CHANNELS = [channel for channel in range(16) if channel != DRUM_CHANNEL]


class Instrument(NamedTuple):
    """A part's name and General MIDI program; percussion has drums: their pitches by their ids."""

    name: str
    program: int
    drums: dict[str | None, int] | None


def read_instrument(part: Element, listed: Element | None) -> Instrument:
    """Return the instrument of a part, of which `listed` is the entry in the part list."""
    listed = Element("score-part") if listed is None else listed
    entries = listed.findall("midi-instrument")
    drums = {
        entry.get("id"): drum for entry in entries if (drum := _midi(entry, "midi-unpitched")) is not None
    }
    percussion = bool(drums) or part.find("measure/note/unpitched") is not None
    percussion |= any(_midi(entry, "midi-channel") == DRUM_CHANNEL for entry in entries)
    name = text_of(listed.find("part-name"))
    if percussion:
        return Instrument(name, 0, drums)
    return Instrument(name, (_midi(entries[0], "midi-program") if entries else None) or 0, None)


def _midi(entry: Element, tag: str) -> int | None:
    """Return a number of MIDI, which MusicXML counts from 1, or None if there is none."""
    value = number(entry.find(tag))
    return int(value) - 1 if value is not None and 1 <= value <= 128 else None


def assign_channels(instruments: Sequence[Instrument]) -> tuple[Track, ...]:
    """Give parts channels of their own; where these do not suffice, programs share them."""
    many = sum(one.drums is None for one in instruments) > len(_CHANNELS)
    channels: dict[int, int] = {}  # by part or by program
    tracks = []
    for i, (name, program, drums) in enumerate(instruments):
        channel = DRUM_CHANNEL
        if drums is None:
            free = _CHANNELS[len(channels) % len(_CHANNELS)]
            channel = channels.setdefault(program if many else i, free)
        tracks.append(Track(name, program, channel))
    return tuple(tracks)
