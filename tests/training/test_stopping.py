"""Stopping: signals as a system sends them."""

import os
import signal
import threading

import pytest

from notegen.training.stopping import Stopping

SIGNALS = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture(autouse=True)
def _plain_handlers():
    """Ctrl-C is heeded also where tests run in the background; afterwards all is as it was."""
    before = {each: signal.signal(each, signal.default_int_handler) for each in SIGNALS}
    yield
    for each, handler in before.items():
        signal.signal(each, handler)


def send(which):
    os.kill(os.getpid(), which)


@pytest.mark.parametrize("which", SIGNALS)
def test_a_signal_waits_until_it_is_asked_for(which):
    with Stopping() as stopping:
        stopping.check()
        send(which)
        assert (stopping.asked, stopping.at_once) == (True, False)
        with pytest.raises(KeyboardInterrupt):
            stopping.check()


@pytest.mark.parametrize("second", SIGNALS)
def test_a_second_signal_stops_at_once(second):
    with Stopping() as stopping:
        send(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            send(second)
        assert stopping.at_once


def test_afterwards_signals_do_what_they_did_before():
    with pytest.raises(ZeroDivisionError), Stopping():
        raise ZeroDivisionError
    assert [signal.getsignal(each) for each in SIGNALS] == [signal.default_int_handler] * 2
    with pytest.raises(KeyboardInterrupt):
        send(signal.SIGINT)


def test_in_another_thread_signals_are_left_alone():
    """Python takes handlers from the main thread alone."""
    found = []

    def enter():
        with Stopping() as stopping:
            found.extend(signal.getsignal(each) for each in SIGNALS)
            stopping.check()

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [signal.default_int_handler] * 2
