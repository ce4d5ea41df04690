import pytest

from notegen.notation import metre
from notegen.notation.metre import RESOLUTION, SMALLEST

METERS = [(n, d) for d in (1, 2, 4, 8, 16, 32) for n in range(1, 20)]
Q = RESOLUTION


@pytest.mark.parametrize("meter", METERS, ids=lambda meter: f"{meter[0]}/{meter[1]}")
def test_beats_and_cells_fill_the_bar(meter):
    length = metre.bar_length(meter)
    assert sum(metre.beats(meter)) == length
    assert sum(span.length for span in metre.top(meter)) == length
    assert length % metre.cell(meter) == 0


@pytest.mark.parametrize("meter", METERS, ids=lambda meter: f"{meter[0]}/{meter[1]}")
def test_every_64th_of_a_bar_is_a_joint_and_nothing_else_is(meter):
    joints = metre.joints(meter)
    assert sorted(joints) == list(range(0, metre.bar_length(meter) + 1, SMALLEST))
    assert [at for at, joint in sorted(joints.items()) if joint.depth == 0] == [0, metre.bar_length(meter)]


@pytest.mark.parametrize(
    ("meter", "quarters"),
    [
        ((4, 4), [0, 2, 4]),
        ((3, 4), [0, 1, 2, 3]),
        ((2, 2), [0, 2, 4]),
        ((6, 8), [0, 1.5, 3]),
        ((9, 8), [0, 1.5, 3, 4.5]),
        ((12, 8), [0, 3, 6]),
        ((7, 8), [0, 1, 2, 3.5]),
        ((5, 8), [0, 1, 2.5]),
        ((6, 4), [0, 3, 6]),
    ],
    ids=str,
)
def test_the_strongest_joints_are_those_a_conductor_shows(meter, quarters):
    strongest = [at / Q for at, joint in sorted(metre.joints(meter).items()) if joint.depth <= 1]
    assert strongest == quarters


def test_a_bar_of_one_beat_has_its_thirds_a_level_deeper():
    assert [span.length for span in metre.top((3, 8))] == [3 * Q // 2]
    assert [span.start for span in metre.parts(metre.top((3, 8))[0], (3, 8))] == [0, Q // 2, Q]


def test_a_joint_knows_the_shorter_part_beside_it():
    assert metre.joints((7, 8))[2 * Q].size == Q
    assert metre.joints((4, 4))[2 * Q].size == 2 * Q


@pytest.mark.parametrize(
    ("meter", "cell"), [((4, 4), Q), ((2, 2), Q), ((6, 8), Q // 2), ((7, 8), Q // 2), ((3, 16), Q // 4)]
)
def test_a_rhythm_has_one_division_in_a_quarter_or_in_a_third_of_a_beat(meter, cell):
    assert metre.cell(meter) == cell
