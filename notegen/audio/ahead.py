"""Reading ahead: the next blocks of sound are made while the present one is worked on."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Never, TypeVar

Block = TypeVar("Block")

_WAITING = 4  # blocks


def ahead(blocks: Iterator[Block]) -> Iterator[Block]:
    """Yield what an iterator yields, which runs in a thread of its own a few blocks ahead.

    Reading and decoding leave the interpreter to others. What the iterator raises is raised here. If this
    generator is closed early, the thread ends with its next block.

    Examples
    --------
    >>> list(ahead(iter("abc")))
    ['a', 'b', 'c']
    """
    made: queue.Queue[Callable[[], Block]] = queue.Queue(_WAITING)
    closed = threading.Event()

    def run() -> None:
        try:
            for block in blocks:
                made.put(partial(_given, block))
                if closed.is_set():
                    return
            made.put(_end)
        except BaseException as error:
            made.put(partial(_raised, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        while True:
            try:
                yield made.get()()
            except _EndError:
                return
    finally:
        closed.set()
        while thread.is_alive():
            with suppress(queue.Empty):
                made.get(timeout=0.01)


class _EndError(Exception):
    """There are no more blocks."""


def _given(block: Block) -> Block:
    return block


def _raised(error: BaseException) -> Never:
    raise error


def _end() -> Never:
    raise _EndError
