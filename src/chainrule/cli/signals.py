"""Being told to stop: SIGTERM as an exception, as Python makes one of Ctrl-C; and patience until a step is done."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn


class Terminated(BaseException):
    """The process was asked to end (SIGTERM).  Like KeyboardInterrupt, no `except Exception` catches it."""


@contextmanager
def terminable() -> Iterator[None]:
    """Inside, SIGTERM raises Terminated, so that files are closed and half-written ones taken away."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def terminate(number: int, frame: FrameType | None) -> NoReturn:
    raise Terminated


REASONS: dict[int, type[BaseException]] = {signal.SIGINT: KeyboardInterrupt, signal.SIGTERM: Terminated}


class Patience:
    """Between `begin` and `end`, the first SIGINT or SIGTERM only asks to stop; the second is raised at once.

    told:  called when the first came, from the signal's handler

    >>> patience, reasons = Patience(), []
    >>> patience.begin(reasons.append)
    >>> signal.raise_signal(signal.SIGTERM)
    >>> patience.restore()
    >>> reasons
    [Terminated()]
    """

    def __init__(self, told: Callable[[], None] = lambda: None) -> None:
        self.told = told
        self._before: dict[int, Any] = {}
        self._reason: BaseException | None = None

    def begin(self, stop: Callable[[BaseException], None]) -> None:
        """From here on; stop: called with the exception that is to be raised when there is time for it."""
        if threading.current_thread() is not threading.main_thread():
            return

        def wait(number: int, frame: FrameType | None) -> None:
            first, reason = self._reason is None, REASONS[number]()
            self._reason = reason
            if not first:
                raise reason
            stop(reason)
            self.told()

        self._reason = None
        self._before = {number: signal.signal(number, wait) for number in REASONS}

    def end(self) -> None:
        """Until here; a signal that nobody has answered is raised."""
        self.restore()
        if self._reason is not None:
            raise self._reason

    def restore(self) -> None:
        """The handlers of before."""
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}
