"""MusicXML as text, put together from notes, bars and parts, and what is heard of it."""

from notegen.formats import musicxml

C, D, E, F, G = 60, 62, 64, 65, 67
FOUR = "<divisions>1</divisions><time><beats>4</beats><beat-type>4</beat-type></time>"
PART = '<score-part id="P1"><part-name>Flute</part-name></score-part>'


def note(name, duration, inside="", **attributes):
    """Write a note such as ``F#5``; `inside` is put between its duration and its end."""
    sharp = "<alter>1</alter>" if "#" in name else "<alter>-1</alter>" if "b" in name else ""
    head = "".join(f' {key}="{value}"' for key, value in attributes.items())
    return (
        f"<note{head}><pitch><step>{name[0]}</step>{sharp}<octave>{name[-1]}</octave></pitch>"
        f"<duration>{duration}</duration>{inside}</note>"
    )


def chord(names, duration, inside=""):
    first, *others = (note(name, duration, inside) for name in names)
    return first + "".join(other.replace("<note>", "<note><chord/>") for other in others)


def rest(duration, measure=""):
    return f"<note><rest{measure}/><duration>{duration}</duration></note>"


def voice(number):
    return f"<voice>{number}</voice>"


def backup(duration):
    return f"<backup><duration>{duration}</duration></backup>"


def attributes(inside):
    return f"<attributes>{inside}</attributes>"


def direction(inside, sound=""):
    return f"<direction><direction-type>{inside}</direction-type>{sound}</direction>"


def repeat(way, ending=""):
    location = "left" if way == "forward" else "right"
    return f'<barline location="{location}">{ending}<repeat direction="{way}"/></barline>'


def ending(number, kind):
    return f'<ending number="{number}" type="{kind}"/>'


def part(*bars, name="P1"):
    """Write a part; a bar that begins with an exclamation mark does not count (implicit)."""
    text = ""
    for i, bar in enumerate(bars):
        implicit = ' implicit="yes"' if bar.startswith("!") else ""
        text += f'<measure number="{i + 1}"{implicit}>{bar.removeprefix("!")}</measure>'
    return f'<part id="{name}">{text}</part>'


def file(*parts, listed=PART, head=""):
    text = f"{head}<part-list>{listed}</part-list>{''.join(parts)}"
    return f'<?xml version="1.0" encoding="UTF-8"?><score-partwise version="4.0">{text}</score-partwise>'


def decode(*parts, **rest_):
    return musicxml.decode(file(*parts, **rest_).encode())


def play(*bars, **rest_):
    return decode(part(*bars), **rest_)


def heard(score):
    """Return notes as (onset, duration, pitch), in quarters."""
    return [(row[0] / score.resolution, row[1] / score.resolution, row[2]) for row in score.notes.tolist()]


def pitches(*bars):
    return play(*bars).notes["pitch"].tolist()


def meters(*bars):
    score = play(*bars)
    return [(tick / score.resolution, *meter) for tick, *meter in score.meters.tolist()]


def whole(name):
    return note(name, 4)


FIRST = attributes(FOUR)
START, STOP = '<tie type="start"/>', '<tie type="stop"/>'
KEY = "<key><fifths>{}</fifths></key>"
METRONOME = "<metronome><beat-unit>quarter</beat-unit>{}<per-minute>{}</per-minute></metronome>"
