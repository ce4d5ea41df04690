"""Short tunes that exercise the ABC standard 2.1, with the notes that its text asks for, written by hand.

Each note is "onset duration pitch" in quarter notes, with middle C as C4. Numbers in the names are
sections of the standard.
"""

from fractions import Fraction

import pytest

from notegen.formats import abc

TUNES = {
    "4.1 octaves": (
        "M:4/4\nL:1/4\nK:C\nC, C c c'|C,, B, b c''|]",
        "0 1 C3, 1 1 C4, 2 1 C5, 3 1 C6, 4 1 C2, 5 1 B3, 6 1 B5, 7 1 C7",
    ),
    "4.2 accidentals last through the bar, in every octave (11.3)": (
        "M:4/4\nL:1/4\nK:F\n^F F f B|F =B b _B|__E E ^^G G|]",
        "0 1 F#4, 1 1 F#4, 2 1 F#5, 3 1 Bb4, 4 1 F4, 5 1 B4, 6 1 B5, 7 1 Bb4, "
        "8 1 Ebb4, 9 1 Ebb4, 10 1 G##4, 11 1 G##4",
    ),
    "4.3 note lengths": (
        "M:4/4\nL:1/8\nK:C\nA2 A/ A/2 A// A/4 A3/2 A3/ z3/2|A8|]",
        "0 1 A4, 1 1/4 A4, 5/4 1/4 A4, 3/2 1/8 A4, 13/8 1/8 A4, 7/4 3/4 A4, 5/2 3/4 A4, 4 4 A4",
    ),
    "3.1.7 the unit is a sixteenth where the meter is below 3/4": (
        "M:2/4\nK:C\nc4 d4|e8|]",
        "0 1 C5, 1 1 D5, 2 2 E5",
    ),
    "3.1.7 the unit is an eighth from 3/4 on": (
        "M:3/4\nK:C\nc2 d2 e2|c3 d e2|]",
        "0 1 C5, 1 1 D5, 2 1 E5, 3 3/2 C5, 9/2 1/2 D5, 5 1 E5",
    ),
    "3.1.6 cut time, and free meter": (
        "M:C|\nL:1/4\nK:C\nC2 D2|[M:none]E F G A B|[M:C]c4|]",
        "0 2 C4, 2 2 D4, 4 1 E4, 5 1 F4, 6 1 G4, 7 1 A4, 8 1 B4, 9 4 C5",
    ),
    "4.4 broken rhythm": (
        "M:4/4\nL:1/8\nK:C\nA>B c<d e>>f g<<a|A2>B2 c>z d<{g}e|]",
        "0 3/4 A4, 3/4 1/4 B4, 1 1/4 C5, 5/4 3/4 D5, 2 7/8 E5, 23/8 1/8 F5, 3 1/8 G5, 25/8 7/8 A5, "
        "4 3/2 A4, 11/2 1/2 B4, 6 3/4 C5, 7 1/4 D5, 29/4 3/4 E5",
    ),
    "4.5 rests, seen and unseen, of bars and of beats": (
        "M:3/4\nL:1/4\nK:C\nC z D|x2 E|Z2|F3|X|G z/ A/ B|]",
        "0 1 C4, 2 1 D4, 5 1 E4, 12 3 F4, 18 1 G4, 39/2 1/2 A4, 20 1 B4",
    ),
    "4.8 repeats, of which the first needs no beginning": (
        "M:2/4\nL:1/4\nK:C\nC D:|E F::G A:||:B c:|d2|]",
        "0 1 C4, 1 1 D4, 2 1 C4, 3 1 D4, 4 1 E4, 5 1 F4, 6 1 E4, 7 1 F4, 8 1 G4, 9 1 A4, 10 1 G4, 11 1 A4, "
        "12 1 B4, 13 1 C5, 14 1 B4, 15 1 C5, 16 2 D5",
    ),
    "4.8 two colons play a section three times": (
        "M:2/4\nL:1/4\nK:C\n|::C D::|E2|]",
        "0 1 C4, 1 1 D4, 2 1 C4, 3 1 D4, 4 1 C4, 5 1 D4, 6 2 E4",
    ),
    "4.8 bar lines of any shape": (
        "M:2/4\nL:1/4\nK:C\n[|C D||E F.|G A-[|]A B|[|c d|]e f[|g a|]",
        "0 1 C4, 1 1 D4, 2 1 E4, 3 1 F4, 4 1 G4, 5 2 A4, 7 1 B4, 8 1 C5, 9 1 D5, 10 1 E5, 11 1 F5, "
        "12 1 G5, 13 1 A5",
    ),
    "4.9 first and second endings": (
        "M:2/4\nL:1/4\nK:C\nC D|1 E F:|2 G A||:B2|[1 c2:|[2 d2|]",
        "0 1 C4, 1 1 D4, 2 1 E4, 3 1 F4, 4 1 C4, 5 1 D4, 6 1 G4, 7 1 A4, 8 2 B4, 10 2 C5, 12 2 B4, 14 2 D5",
    ),
    "4.9 a second ending closed by a repeat sign": (
        "M:2/4\nL:1/4\nK:C\n|:C D|1 E2:|2 F2:|\n|:G2|1 A2:|2 B2:|",
        "0 1 C4, 1 1 D4, 2 2 E4, 4 1 C4, 5 1 D4, 6 2 F4, 8 2 G4, 10 2 A4, 12 2 G4, 14 2 B4",
    ),
    "4.10 lists and ranges of endings": (
        "M:2/4\nL:1/4\nK:C\n|:C2|[1,3 D2:|[2,4 E2:||:F2|[1-2 G2:|[3 A2|]",
        "0 2 C4, 2 2 D4, 4 2 C4, 6 2 E4, 8 2 C4, 10 2 D4, 12 2 C4, 14 2 E4, "
        "16 2 F4, 18 2 G4, 20 2 F4, 22 2 G4, 24 2 F4, 26 2 A4",
    ),
    "3.1.9 parts in the order that the header gives": (
        "M:2/4\nL:1/4\nP:A(AB)2 % as danced\nK:C\nP:A\nC2|D2:|\nP:B\n[M:3/4]E3|]",
        "0 2 C4, 2 2 D4, 4 2 C4, 6 2 D4, 8 2 C4, 10 2 D4, 12 2 C4, 14 2 D4, 16 3 E4, "
        "19 2 C4, 21 2 D4, 23 2 C4, 25 2 D4, 27 3 E4",
    ),
    "4.11 ties join, slurs do not": (
        "M:4/4\nL:1/4\nK:C\n(C C) D-D-|D2 (E F|F) G-G .(A|A).B- (B c)|]",
        "0 1 C4, 1 1 C4, 2 4 D4, 6 1 E4, 7 1 F4, 8 1 F4, 9 2 G4, 11 1 A4, 12 1 A4, 13 2 B4, 15 1 C5",
    ),
    "4.11 a tie carries its accidental over the bar line": (
        "M:4/4\nL:1/4\nK:G\n^c4-|c2 c2|_B4-|\nB>B =f2-|f f2 f|]",
        "0 6 C#5, 6 2 C5, 8 11/2 Bb4, 27/2 1/2 B4, 14 3 F5, 17 2 F#5, 19 1 F#5",
    ),
    "4.12 grace notes take no time": (
        "M:2/4\nL:1/4\nK:C\n{/g}C {gag}D|E{d}>{f}F|]",
        "0 1 C4, 1 1 D4, 2 3/2 E4, 7/2 1/2 F4",
    ),
    "4.13 tuplets in simple time": (
        "M:4/4\nL:1/8\nK:C\n(3ABc (3A2B2c2 d2|(5ABcde (6ABcdef (4ABcd A|]",
        "0 1/3 A4, 1/3 1/3 B4, 2/3 1/3 C5, 1 2/3 A4, 5/3 2/3 B4, 7/3 2/3 C5, 3 1 D5, "
        "4 1/5 A4, 21/5 1/5 B4, 22/5 1/5 C5, 23/5 1/5 D5, 24/5 1/5 E5, "
        "5 1/6 A4, 31/6 1/6 B4, 16/3 1/6 C5, 11/2 1/6 D5, 17/3 1/6 E5, 35/6 1/6 F5, "
        "6 3/8 A4, 51/8 3/8 B4, 27/4 3/8 C5, 57/8 3/8 D5, 15/2 1/2 A4",
    ),
    "4.13 tuplets in three quarters, which are no compound time": (
        "M:3/4\nL:1/8\nK:C\n(5ABcde A4|[M:6/8](5ABcde A3|]",
        "0 1/5 A4, 1/5 1/5 B4, 2/5 1/5 C5, 3/5 1/5 D5, 4/5 1/5 E5, 1 2 A4, "
        "3 3/10 A4, 33/10 3/10 B4, 18/5 3/10 C5, 39/10 3/10 D5, 21/5 3/10 E5, 9/2 3/2 A4",
    ),
    "4.13 tuplets in compound time": (
        "M:6/8\nL:1/8\nK:C\n(2AB A3|(4ABcd (5ABcde|]",
        "0 3/4 A4, 3/4 3/4 B4, 3/2 3/2 A4, 3 3/8 A4, 27/8 3/8 B4, 15/4 3/8 C5, 33/8 3/8 D5, "
        "9/2 3/10 A4, 24/5 3/10 B4, 51/10 3/10 C5, 27/5 3/10 D5, 57/10 3/10 E5",
    ),
    "4.13 tuplets that say what they hold": (
        "M:4/4\nL:1/8\nK:C\n(3:2:2c2e (3::2e2c ((3:2Bcd) A2|(3:2:4 A B/c/ d z2 (3zAz z2|]",
        "0 2/3 C5, 2/3 1/3 E5, 1 2/3 E5, 5/3 1/3 C5, 2 1/3 B4, 7/3 1/3 C5, 8/3 1/3 D5, 3 1 A4, "
        "4 1/3 A4, 13/3 1/6 B4, 9/2 1/6 C5, 14/3 1/3 D5, 19/3 1/3 A4",
    ),
    "4.14 to 4.16 decorations, named, short and redefined": (
        "M:4/4\nL:1/4\nU:W = !trill!\nK:C\n~C .D HE LF|MG OA PB Sc|Td ue vf !fermata!g|!p!C+trill+D WE JF|]",
        "0 1 C4, 1 1 D4, 2 1 E4, 3 1 F4, 4 1 G4, 5 1 A4, 6 1 B4, 7 1 C5, 8 1 D5, 9 1 E5, 10 1 F5, 11 1 G5, "
        "12 1 C4, 13 1 D4, 14 1 E4, 15 1 F4",
    ),
    "4.17 the length of a chord is that of its first note": (
        "M:4/4\nL:1/4\nK:C\n[CE]2 [C2G2] |[CE]>[DF] [D/F/]4|[C2E]D [^FA]F|]",
        "0 2 C4, 0 2 E4, 2 2 C4, 2 2 G4, 4 3/2 C4, 4 3/2 E4, 11/2 1/2 D4, 11/2 1/2 F4, 6 2 D4, 6 2 F4, "
        "8 2 C4, 8 2 E4, 10 1 D4, 11 1 F#4, 11 1 A4, 12 1 F#4",
    ),
    "4.11 and 4.17 ties of chords": (
        "M:4/4\nL:1/4\nK:C\n[CE]2-[CE]2|[C-E]2[CF]-|[DF]2|]",
        "0 4 C4, 0 4 E4, 4 3 C4, 4 2 E4, 6 3 F4, 7 2 D4",
    ),
    "4.18 and 4.19 chord symbols and annotations are not played": (
        'M:4/4\nL:1/4\nK:C\n"Am7/G"C "^up | | C"D "<(" E ">)"F|"@1,2 A"G4|]',
        "0 1 C4, 1 1 D4, 2 1 E4, 3 1 F4, 4 4 G4",
    ),
    "4.6 clefs and shifts by the octave": (
        "M:4/4\nL:1/4\nK:C clef=treble-8\nC D E F|[K:C clef=bass octave=1]C4|[K:C clef=treble]G4|]",
        "0 1 C3, 1 1 D3, 2 1 E3, 3 1 F3, 4 4 C5, 8 4 G4",
    ),
    "3.1.14 keys and modes": (
        "M:2/4\nL:1/4\nK:Ador\nF C|[K:G mixolydian]F B|[K:Ephr]F B|[K:F LYDIAN]B E|[K:Bloc]F C|[K:C#m]D G|"
        "[K:Eb major]E A|[K:Bbmin]G F|]",
        "0 1 F#4, 1 1 C4, 2 1 F4, 3 1 B4, 4 1 F4, 5 1 B4, 6 1 B4, 7 1 E4, 8 1 F4, 9 1 C4, "
        "10 1 D#4, 11 1 G#4, 12 1 Eb4, 13 1 Ab4, 14 1 Gb4, 15 1 F4",
    ),
    "3.1.14 keys with accidentals of their own": (
        "M:4/4\nL:1/4\nK:D =c\nF c c' G|[K:D exp _b _e ^f]B E F c|[K:Hp]f c g a|]",
        "0 1 F#4, 1 1 C5, 2 1 C6, 3 1 G4, 4 1 Bb4, 5 1 Eb4, 6 1 F#4, 7 1 C5, 8 1 F#5, "
        "9 1 C#5, 10 1 G5, 11 1 A5",
    ),
    "3.1.14 no key": (
        "M:2/4\nL:1/4\nK:\nF ^C|C B|[K:none]^F B|]",
        "0 1 F4, 1 1 C#4, 2 1 C4, 3 1 B4, 4 1 F#4, 5 1 B4",
    ),
    "3.2 meter, unit and key may change between lines and within them": (
        "M:4/4\nL:1/4\nK:C\nC D [L:1/8]E F G2|\nK:D\nM:3/4\nF2 c2 F2|[M:6/8][K:C]F3 c3|]",
        "0 1 C4, 1 1 D4, 2 1/2 E4, 5/2 1/2 F4, 3 1 G4, 4 1 F#4, 5 1 C#5, 6 1 F#4, 7 3/2 F4, 17/2 3/2 C5",
    ),
    "7 voices, declared in the header": (
        "M:4/4\nL:1/4\nV:T name=Top\nV:B clef=bass octave=-1\nK:C\nV:T\nc d e f|\nV:B\nC2 G2|\n"
        "[V:T]g4|]\n[V:B]C4|]",
        "0 1 C5, 1 1 D5, 2 1 E5, 3 1 F5, 4 4 G5, 0 2 C3, 2 2 G3, 4 4 C3",
    ),
    "7.4 overlay": (
        "M:4/4\nL:1/4\nK:C\nc d e f & C2 G2|g4 & z2 E2|a4|]",
        "0 1 C5, 1 1 D5, 2 1 E5, 3 1 F5, 4 4 G5, 8 4 A5, 0 2 C4, 2 2 G4, 6 2 E4",
    ),
    "6.1 lines, spaces, remarks and spacers": (
        "M:4/4\nL:1/4\nK:C\nC D \\\n% between\nE F|G y A`B``c|\\ % behind\n$c2 [r:C D] y2 d2|!\ne4|]",
        "0 1 C4, 1 1 D4, 2 1 E4, 3 1 F4, 4 1 G4, 5 1 A4, 6 1 B4, 7 1 C5, 8 2 C5, 10 2 D5, 12 4 E5",
    ),
    "3.2 and 5 fields and text in the tune body that are no music": (
        "M:4/4\nL:1/4\nK:C\nC D E F|\nw:a bad cab|\n+:e-gg\ns:!f! * * *\nT:A bad cab\nN:faded\n"
        "%%begintext\nA bad cab faced\n%%endtext\nG4|]\nW:A bad cab",
        "0 1 C4, 1 1 D4, 2 1 E4, 3 1 F4, 4 4 G4",
    ),
}

STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}


def written(text):
    """Return notes in words as (onset, duration, pitch)."""
    notes = []
    for note in text.split(", "):
        onset, duration, name = note.split()
        letter, signs, octave = name[0], name[1:-1], int(name[-1])
        pitch = 12 * (octave + 1) + STEPS[letter] + signs.count("#") - signs.count("b")
        notes.append((Fraction(onset), Fraction(duration), pitch))
    return sorted(notes)


@pytest.mark.parametrize("name", TUNES)
def test_a_tune_is_read_as_the_standard_says(name):
    text, notes = TUNES[name]
    (score,) = abc.read_book(f"X:1\nT:{name}\n{text}\n")
    quarter = score.resolution
    heard = [
        (Fraction(onset, quarter), Fraction(duration, quarter), pitch)
        for onset, duration, pitch, *_ in score.notes.tolist()
    ]
    assert sorted(heard) == written(notes)
