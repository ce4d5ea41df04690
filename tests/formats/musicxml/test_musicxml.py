import pytest
from musicxml_text import (
    FIRST,
    FOUR,
    KEY,
    METRONOME,
    START,
    STOP,
    C,
    D,
    E,
    F,
    G,
    attributes,
    backup,
    chord,
    decode,
    direction,
    ending,
    heard,
    meters,
    note,
    part,
    pitches,
    play,
    repeat,
    rest,
    voice,
    whole,
)

from notegen.keys import Key

# Notes.


def test_notes_rests_and_chords():
    score = play(FIRST + note("C4", 1) + rest(1) + chord(["E4", "C4", "G4"], 2), note("F#5", 3) + rest(1))
    assert heard(score) == [(0, 1, C), (2, 2, C), (2, 2, E), (2, 2, G), (4, 3, 78)]


def test_two_voices_begin_together():
    upper = note("E5", 2, voice(1)) + note("F5", 2, voice(1))
    lower = note("C4", 1, voice(2)) + "<forward><duration>2</duration></forward>" + note("D4", 1, voice(2))
    score = play(FIRST + upper + backup(4) + lower, whole("C4"))
    assert heard(score) == [(0, 1, C), (0, 2, 76), (2, 2, 77), (3, 1, D), (4, 4, C)]


def test_a_voice_that_stops_early_does_not_shorten_the_bar():
    score = play(FIRST + note("C4", 4, voice(1)) + backup(4) + note("E4", 1, voice(2)), whole("D4"))
    assert heard(score)[-1] == (4, 4, D)


def test_a_bar_that_ends_with_a_forward_is_whole():
    assert heard(play(FIRST + note("C4", 1) + "<forward><duration>3</duration></forward>", whole("D4"))) == [
        (0, 1, C),
        (4, 4, D),
    ]


def test_a_part_with_two_staves_is_one_track():
    staves = attributes(FOUR + "<staves>2</staves>")
    right = note("E5", 4, voice(1) + "<staff>1</staff>")
    left = note("C3", 2, voice(5) + "<staff>2</staff>") + note("G3", 2, voice(5) + "<staff>1</staff>")
    score = play(staves + right + backup(4) + left)
    assert len(score.tracks) == 1
    assert heard(score) == [(0, 2, 48), (0, 4, 76), (2, 2, 55)]


def test_divisions_may_change_between_bars_and_inside():
    finer, coarser = (attributes(f"<divisions>{n}</divisions>") for n in (4, 2))
    score = play(FIRST + whole("C4"), finer + note("D4", 8) + coarser + note("E4", 4), note("F4", 8))
    assert heard(score) == [(0, 4, C), (4, 2, D), (6, 2, E), (8, 4, F)]


def test_a_backup_leads_no_further_than_to_the_beginning_of_the_bar():
    assert heard(play(FIRST + note("C4", 2) + backup(5) + note("E4", 2))) == [(0, 2, C), (0, 2, E)]


def test_a_note_of_a_chord_may_be_shorter_than_the_chord():
    shorter = note("E4", 1).replace("<note>", "<note><chord/>")
    assert heard(play(FIRST + note("C4", 3) + shorter + note("D4", 1))) == [(0, 3, C), (0, 1, E), (3, 1, D)]


def test_grace_notes_with_chords_move_nothing():
    grace = chord(["D5", "F5"], 1).replace("<note>", "<note><grace/>")
    assert heard(play(FIRST + note("C4", 1) + grace + note("D4", 3))) == [(0, 1, C), (1, 3, D)]


def test_durations_may_be_fractions():
    score = play(FIRST + note("C4", 0.5) + note("D4", "1.25") + note("E4", 2.25))
    assert heard(score) == [(0, 0.5, C), (0.5, 1.25, D), (1.75, 2.25, E)]


@pytest.mark.parametrize("divisions", [6, 10080])
def test_tuplets_are_exact(divisions):
    unit = divisions // 3
    modified = (
        "<time-modification><actual-notes>3</actual-notes><normal-notes>2</normal-notes></time-modification>"
    )
    bar = attributes(f"<divisions>{divisions}</divisions>")
    bar += "".join(note(name, unit, f"<type>eighth</type>{modified}") for name in ("C4", "D4", "E4"))
    score = play(bar + note("F4", 3 * divisions))
    assert (score.resolution, score.notes["onset"].tolist()) == (480, [0, 160, 320, 480])


def test_the_resolution_grows_where_480_is_not_enough():
    bar = attributes("<divisions>7</divisions>") + note("C4", 1) + note("D4", 6) + note("E4", 21)
    score = play(bar)
    assert score.resolution == 3360
    assert score.notes["onset"].tolist() == [0, 480, 3360]


@pytest.mark.parametrize("divisions", [32749, 4001 * 11])
def test_times_that_no_resolution_holds_are_rounded(divisions):
    score = play(
        attributes(f"<divisions>{divisions}</divisions>") + note("C4", 1) + note("D4", divisions - 1)
    )
    assert score.resolution <= 0x7FFF
    assert score.end == score.resolution


def test_grace_notes_cues_chord_symbols_and_lyrics_are_left_out():
    grace = note("D5", 1).replace("<note>", "<note><grace/>").replace("<duration>1</duration>", "")
    cue = note("D5", 1).replace("<note>", "<note><cue/>")
    harmony = "<harmony><root><root-step>C</root-step></root><kind>major-seventh</kind></harmony>"
    words = "<lyric><text>la</text></lyric>"
    score = play(FIRST + harmony + grace + note("C4", 3, words) + cue, whole("D4"))
    assert heard(score) == [(0, 3, C), (4, 4, D)]


# Ties.


def test_a_tie_over_a_bar_line_makes_one_note():
    bars = (
        FIRST + rest(3) + note("C4", 1, START),
        note("C4", 4, STOP + START),
        note("C4", 1, STOP) + rest(3),
    )
    assert heard(play(*bars)) == [(3, 6, C)]


def test_of_a_chord_only_the_tied_note_goes_on():
    held = note("C4", 2, START) + note("E4", 2).replace("<note>", "<note><chord/>")
    again = note("E4", 2) + note("C4", 2, STOP).replace("<note>", "<note><chord/>")
    assert heard(play(FIRST + held + again)) == [(0, 4, C), (0, 2, E), (2, 2, E)]


def test_a_repeated_note_is_no_tie():
    assert heard(play(FIRST + note("C4", 2) + note("C4", 2))) == [(0, 2, C), (2, 2, C)]


@pytest.mark.parametrize("ties", [(START, ""), ("", STOP), (STOP, START)])
def test_a_tie_with_one_end_ties_nothing(ties):
    first, second = ties
    assert heard(play(FIRST + note("C4", 2, first) + note("C4", 2, second))) == [(0, 2, C), (2, 2, C)]


def test_a_tie_does_not_reach_over_a_rest():
    score = play(FIRST + note("C4", 1, START) + rest(1) + note("C4", 2, STOP))
    assert heard(score) == [(0, 1, C), (2, 2, C)]


def test_a_tie_may_change_its_voice():
    first = note("C4", 2, START + voice(1)) + note("E4", 2, voice(1))
    second = rest(2).replace("</note>", voice(2) + "</note>") + note("C4", 2, STOP + voice(2))
    assert heard(play(FIRST + first + backup(4) + second)) == [(0, 4, C), (2, 2, E)]


def test_a_tie_that_is_only_drawn_counts():
    start, stop = (f'<notations><tied type="{way}"/></notations>' for way in ("start", "stop"))
    assert heard(play(FIRST + note("C4", 2, start) + note("C4", 2, stop))) == [(0, 4, C)]


# Form.


def test_repeats_are_played_out():
    bars = (FIRST + whole("C4"), repeat("forward") + whole("D4"), whole("E4") + repeat("backward"))
    assert pitches(*bars) == [C, D, E, D, E]


def test_endings_are_played_in_their_turn():
    first = f'<barline location="left">{ending(1, "start")}</barline>'
    second = f'<barline location="left">{ending(2, "start")}</barline>'
    closed = f'<barline location="right">{ending(2, "discontinue")}</barline>'
    bars = (
        FIRST + whole("C4"),
        first + whole("D4") + repeat("backward", ending(1, "stop")),
        second + whole("E4") + closed,
        whole("F4"),
    )
    assert pitches(*bars) == [C, D, C, E, F]


@pytest.mark.parametrize(
    ("fine", "jump"),
    [
        (direction("<words>Fine</words>"), direction("<words>D.C. al Fine</words>")),
        (direction("<words>Fin</words>", '<sound fine="yes"/>'), '<sound dacapo="yes"/>'),
    ],
)
def test_a_da_capo_ends_at_the_fine(fine, jump):
    assert pitches(FIRST + whole("C4"), whole("D4") + fine, whole("E4") + jump) == [C, D, E, C, D]


@pytest.mark.parametrize(
    ("segno", "to_coda", "jump", "coda"),
    [
        ("<segno/>", "<coda/>", "<words>D.S. al Coda</words>", "<coda/>"),
        ("<segno/>", "<words>To Coda</words>", "<words>Dal Segno al Coda</words>", "<coda/>"),
    ],
)
def test_a_dal_segno_goes_on_at_the_coda(segno, to_coda, jump, coda):
    bars = (
        FIRST + whole("C4"),
        direction(segno) + whole("D4") + direction(to_coda),
        whole("E4") + direction(jump),
        direction(coda) + whole("F4"),
    )
    assert pitches(*bars) == [C, D, E, D, F]


def test_a_jump_that_one_part_names_is_taken_by_all():
    upper = part(FIRST + whole("C4"), whole("D4") + repeat("backward") + direction("<words>D.C.</words>"))
    lower = part(FIRST + whole("C3"), whole("D3"), name="P2")
    score = decode(upper, lower)
    assert [row["pitch"] for row in score.notes if row["track"] == 1] == [48, 50, 48, 50, 48, 50]


def test_a_tie_into_a_second_ending_leads_from_the_note_played_before():
    bars = (
        FIRST + note("C4", 2) + note("D4", 2, START),
        f'<barline location="left">{ending(1, "start")}</barline>'
        + note("D4", 4, STOP)
        + repeat("backward", ending(1, "stop")),
        f'<barline location="left">{ending(2, "start")}</barline>' + note("D4", 2, STOP) + note("E4", 2),
    )
    assert heard(play(*bars)) == [(0, 2, C), (2, 6, D), (8, 2, C), (10, 4, D), (14, 2, E)]


def test_after_a_repeat_the_first_meter_key_and_tempo_are_in_force_again():
    three = attributes("<time><beats>3</beats><beat-type>4</beat-type></time>" + KEY.format(2))
    score = play(
        attributes(FOUR + KEY.format(0)) + '<sound tempo="60"/>' + whole("C4"),
        three + '<sound tempo="120"/>' + note("D4", 3) + repeat("backward"),
    )
    quarter = score.resolution
    assert score.meters.tolist() == [
        (0, 4, 4),
        (4 * quarter, 3, 4),
        (7 * quarter, 4, 4),
        (11 * quarter, 3, 4),
    ]
    assert [score.key_at(tick * quarter).fifths for tick in (0, 4, 7, 11)] == [0, 2, 0, 2]
    assert [score.tempo_at(tick * quarter) for tick in (0, 4, 7, 11)] == [1000000, 500000] * 2


# Bars.


def test_a_pickup_is_a_first_meter_of_one_short_bar():
    assert meters("!" + FIRST + note("G4", 1), whole("C4"), whole("D4"), note("E4", 3)) == [
        (0, 1, 4),
        (1, 4, 4),
    ]


def test_a_part_that_rests_a_whole_bar_does_not_lengthen_the_pickup():
    silent = part("!" + FIRST + rest(4, ' measure="yes"'), whole("C3"), name="P2")
    score = decode(part("!" + FIRST + note("G4", 1), whole("C4")), silent)
    assert heard(score) == [(0, 1, G), (1, 4, C), (1, 4, 48)]


def test_a_direction_that_reaches_over_the_bar_line_does_not_lengthen_the_bar():
    late = direction("<dynamics><f/></dynamics>").replace("</direction>", "<offset>2</offset></direction>")
    score = play("!" + FIRST + note("G4", 1) + late, whole("C4"))
    assert heard(score) == [(0, 1, G), (1, 4, C)]


def test_a_bar_that_a_repeat_cuts_in_two_stays_one_bar():
    bars = (
        "!" + FIRST + note("G4", 1),
        repeat("forward") + whole("C4"),
        note("D4", 3) + repeat("backward"),
        "!" + note("G4", 1),
        whole("E4"),
        note("F4", 3),
    )
    assert meters(*bars) == [(0, 1, 4), (1, 4, 4), (5, 3, 4), (8, 4, 4)]


def test_an_odd_bar_becomes_a_meter_of_its_own():
    assert meters(FIRST + whole("C4"), note("D4", 5), whole("E4")) == [(0, 4, 4), (8, 1, 4), (9, 4, 4)]


def test_cut_time_and_changes_of_meter():
    cut = attributes(
        '<divisions>1</divisions><time symbol="cut"><beats>2</beats><beat-type>2</beat-type></time>'
    )
    six = attributes("<divisions>2</divisions><time><beats>6</beats><beat-type>8</beat-type></time>")
    assert meters(cut + whole("C4"), six + note("D4", 6)) == [(0, 2, 2), (4, 6, 8)]


@pytest.mark.parametrize(
    ("time", "meter"),
    [
        ("<beats>3+2</beats><beat-type>8</beat-type>", (5, 8)),
        ("<beats>3</beats><beat-type>8</beat-type><beats>2</beats><beat-type>4</beat-type>", (7, 8)),
    ],
)
def test_a_meter_that_is_a_sum_is_taken_whole(time, meter):
    numerator, denominator = meter
    bar = attributes(f"<divisions>{denominator // 4}</divisions><time>{time}</time>")
    assert meters(bar + note("C4", numerator)) == [(0, *meter)]


# Keys, tempos, loudness.


@pytest.mark.parametrize(
    ("fifths", "mode", "key"),
    [(2, "major", "D"), (-3, "minor", "Cm"), (1, "dorian", "Ador"), (0, "none", "C"), (-1, "aeolian", "Dm")],
)
def test_keys_keep_their_modes(fifths, mode, key):
    written = attributes(FOUR + f"<key><fifths>{fifths}</fifths><mode>{mode}</mode></key>")
    assert play(written + whole("C4")).key_at(0) == Key.parse(key)


@pytest.mark.parametrize(
    ("mark", "quarters"),
    [
        (direction(METRONOME.format("", "100")), 100),
        (direction(METRONOME.format("<beat-unit-dot/>", "60")), 90),
        (direction(METRONOME.format("", "ca. 72")), 72),
        (direction(METRONOME.format("", "60"), '<sound tempo="63"/>'), 63),
        (direction(METRONOME.format("", "lento")), 120),
        (direction("<words>Allegro</words>", '<sound tempo="140"/>'), 140),
        ('<sound tempo="50.5"/>', 50.5),
        ('<sound tempo="0"/>', 120),
    ],
)
def test_tempos_are_counted_in_quarters(mark, quarters):
    assert play(FIRST + mark + whole("C4")).tempo_at(0) == round(60e6 / quarters)


def test_a_tempo_stands_where_the_direction_stands():
    score = play(FIRST + note("C4", 1) + '<sound tempo="60"/>' + note("D4", 3))
    assert score.tempos.tolist() == [(score.resolution, 1000000)]


def test_loudness_is_the_mark_in_force_or_the_notes_own():
    soft = direction("<dynamics><p/></dynamics>")
    loud = direction("<dynamics><f/></dynamics>", '<sound dynamics="100"/>')
    score = play(
        FIRST + note("C4", 1) + soft + note("D4", 1) + loud + note("E4", 1) + note("F4", 1, dynamics=50)
    )
    assert score.notes["velocity"].tolist() == [80, 49, 90, 45]


def test_loudness_holds_for_other_voices_from_its_place_on():
    loud = direction("", '<sound dynamics="120"/>')
    upper = note("C5", 2, voice(1)) + loud + note("D5", 2, voice(1))
    score = play(FIRST + upper + backup(4) + note("C4", 2, voice(2)) + note("D4", 2, voice(2)))
    assert score.notes["velocity"].tolist() == [80, 80, 108, 108]
