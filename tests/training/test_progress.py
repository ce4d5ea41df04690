"""Progress: the table of a training, and its speed by a clock that tests wind."""

import csv

import pytest

from notegen.errors import DataError
from notegen.training import progress
from notegen.training.progress import Speed, write_table

ROWS = [[1, 40, 2.4, 3.25, None], [1, 80, 4.6, 3.0, 5.123456], [2, 120, 7.0, 2.0, 4.0]]


def test_a_table_has_a_row_whenever_the_state_was_kept_and_a_figure_at_an_epochs_end(tmp_path):
    write_table(tmp_path / "tunes.csv", ROWS, "bits per note")
    assert (tmp_path / "tunes.csv").read_text() == (
        "epoch,updates,seconds,train_nats_per_token,valid_bits_per_note\n"
        "1,40,2,3.2500,\n"
        "1,80,5,3.0000,5.1235\n"
        "2,120,7,2.0000,4.0000\n"
    )


def test_a_table_replaces_the_one_before_and_leaves_nothing_else(tmp_path):
    (tmp_path / "tunes.csv").write_text("epoch,loss\n" * 99)
    write_table(tmp_path / "tunes.csv", ROWS[:1], "squared error")
    (row,) = csv.DictReader((tmp_path / "tunes.csv").read_text().splitlines())
    assert row["valid_squared_error"] == ""
    assert [path.name for path in tmp_path.iterdir()] == ["tunes.csv"]


def test_a_table_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "tunes.csv").mkdir()
    with pytest.raises(DataError, match=r"tunes\.csv: cannot be written"):
        write_table(tmp_path / "tunes.csv", ROWS, "bits per note")


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands at its one item until a test winds it."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_speed_is_tokens_by_seconds(clock):
    speed = Speed()
    for seconds, tokens in ((0.5, 200), (1.5, 600)):
        clock[0] += seconds
        speed.add(tokens)
    assert speed.tokens == pytest.approx(400)
    assert speed.step == pytest.approx(1)


def test_speed_is_that_of_the_last_steps(clock):
    speed = Speed()
    for seconds in [9.0] * 20 + [0.25] * 60:
        clock[0] += seconds
        speed.add(100)
    assert speed.tokens == pytest.approx(400)
    assert speed.step == pytest.approx(0.25)


def test_before_the_first_step_there_is_no_speed(clock):
    assert (Speed().tokens, Speed().step) == (0, 0)
    assert clock == [100.0]
