"""Stopping: Ctrl-C, and the signal by which a machine says that it is going down, wait for the step's end."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Stopping:
    """While it is entered, the first signal only sets `asked`; a second stops at once."""

    SIGNALS = (signal.SIGINT, signal.SIGTERM)

    def __init__(self) -> None:
        self.asked = self.at_once = False
        self.before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> "Stopping":
        if threading.current_thread() is threading.main_thread():
            self.before = {each: signal.signal(each, self._note) for each in self.SIGNALS}
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        for each, handler in self.before.items():
            signal.signal(each, handler)

    def _note(self, _number: int, _frame: FrameType | None) -> None:
        if self.asked:
            self.at_once = True
            raise KeyboardInterrupt
        self.asked = True

    def check(self) -> None:
        """Raise KeyboardInterrupt if stopping was asked for."""
        if self.asked:
            raise KeyboardInterrupt
