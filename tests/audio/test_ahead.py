"""Reading ahead: the same blocks in the same order, errors included, and no thread is left behind."""

import threading
import time

import pytest

from notegen.audio.ahead import ahead
from notegen.errors import FormatError


def threads():
    """Return the threads that run, other than those that watch over the tests."""
    return set(threading.enumerate())


def until(holds, seconds=10.0):
    """Wait until something holds, and return whether it came to."""
    end = time.monotonic() + seconds
    while not holds() and time.monotonic() < end:
        time.sleep(0.001)
    return holds()


@pytest.mark.parametrize("count", [0, 1, 4, 5, 1000])
def test_blocks_come_in_order(count):
    assert list(ahead(iter(range(count)))) == list(range(count))


def test_slow_blocks_come_in_order():
    def slowly():
        for i in range(20):
            time.sleep(0.001 * (i % 3))
            yield i

    assert list(ahead(slowly())) == list(range(20))


def test_blocks_may_be_nothing_or_errors():
    """They are handed over as they are: only what is raised is raised."""
    blocks = [None, False, StopIteration, ValueError("a block")]
    assert list(ahead(iter(blocks))) == blocks


def test_blocks_are_made_while_the_first_is_worked_on():
    made = []
    blocks = ahead(made.append(i) or i for i in range(100))
    assert next(blocks) == 0
    assert until(lambda: len(made) >= 4)
    blocks.close()


def test_only_a_few_blocks_wait():
    made = []
    blocks = ahead(made.append(i) or i for i in range(1000))
    next(blocks)
    until(lambda: len(made) > 10, 0.2)
    assert len(made) <= 10
    blocks.close()


def test_blocks_are_made_in_another_thread():
    made = list(ahead(threading.get_ident() for _ in range(3)))
    assert len(set(made)) == 1
    assert made[0] != threading.get_ident()


def test_nothing_is_made_before_it_is_asked_for():
    before, made = threads(), []
    blocks = ahead(made.append(i) or i for i in range(3))
    assert (threads(), made) == (before, [])
    assert list(blocks) == [0, 1, 2]


@pytest.mark.parametrize("error", [FormatError("the file is damaged"), KeyboardInterrupt(), MemoryError()])
@pytest.mark.parametrize("good", [0, 3, 30])
def test_errors_pass_on_behind_the_blocks_before_them(error, good):
    def failing():
        yield from range(good)
        raise error

    found, before = [], threads()
    with pytest.raises(type(error)) as raised:
        for block in ahead(failing()):
            found.append(block)
    assert raised.value is error
    assert found == list(range(good))
    assert until(lambda: threads() == before)


def test_the_thread_ends_with_the_blocks():
    before = threads()
    assert len(list(ahead(iter(range(50))))) == 50
    assert until(lambda: threads() == before)


@pytest.mark.parametrize("taken", [1, 2, 20])
def test_closing_early_ends_the_thread(taken):
    before, closed = threads(), []

    def endless():
        try:
            while True:
                yield 0
        finally:
            closed.append(True)

    source = endless()
    blocks = ahead(source)
    for _ in range(taken):
        next(blocks)
    blocks.close()
    assert threads() == before
    source.close()  # nothing runs it any more: else this would raise
    assert closed == [True]


def test_an_error_in_what_works_on_the_blocks_ends_the_thread():
    before = threads()

    def work():
        for block in ahead(iter(range(1000))):
            if block == 3:
                raise ValueError("no room")

    with pytest.raises(ValueError, match="no room"):
        work()
    assert until(lambda: threads() == before)


def test_an_error_after_closing_is_not_heard():
    def failing():
        yield 0
        yield 1
        raise FormatError("too late")

    before, blocks = threads(), ahead(failing())
    assert next(blocks) == 0
    blocks.close()
    assert threads() == before
