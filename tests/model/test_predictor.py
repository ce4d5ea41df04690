import numpy as np

from notegen.model.predictor import join, log_softmax, repeat, take


def test_rows_of_a_state_are_repeated_chosen_and_joined():
    state = [np.array([[1.0], [2]]), np.array([object(), "x"], dtype=object)]
    twice = repeat(state, 2)
    assert twice[0][:, 0].tolist() == [1, 1, 2, 2]
    assert twice[1][0] is twice[1][1]
    chosen = take(twice, np.array([3, 0]))
    assert chosen[0][:, 0].tolist() == [2, 1]
    assert chosen[1].tolist() == ["x", state[1][0]]
    joined = join([state, chosen])
    assert joined[0][:, 0].tolist() == [1, 2, 2, 1]


def test_log_softmax_is_exact_where_a_softmax_would_overflow():
    found = log_softmax(np.array([1000.0, 1000, -1000], dtype=np.float32))
    np.testing.assert_allclose(found, [-np.log(2), -np.log(2), -2000 - np.log(2)])
