"""Work done ahead by threads, while what is made already is used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextvars import copy_context
from typing import Any, TypeVar

T = TypeVar("T")

AHEAD = 2
"""Results for each thread that may wait to be taken."""


def prefetched(make: Callable[[int], T], numbers: range, workers: int) -> Iterator[T]:
    """Give make(number) for each number, in order, made by so many threads ahead of whoever takes them.

    What make raises is raised where that result would be taken.  When the iteration ends, at its end, by an error or
    because nobody goes on, the threads end too; each finishes what it is making.

    workers:  threads, ≥ 1; at most 2 results for each wait

    >>> list(prefetched(lambda number: number**2, range(5), workers=2))
    [0, 1, 4, 9, 16]
    """
    queue = _Queue(make, numbers, AHEAD * workers)
    threads = [
        threading.Thread(
            target=copy_context().run, args=(queue.work,), name=f"chainrule-data-{n}", daemon=True
        )
        for n in range(min(workers, len(numbers)))
    ]
    for thread in threads:
        thread.start()
    try:
        for position in range(len(numbers)):
            yield queue.take(position)
    finally:
        queue.stop()
        for thread in threads:
            thread.join()


class _Queue:
    """What is to be made, what was made, and how far both may be apart."""

    def __init__(self, make: Callable[[int], Any], numbers: range, room: int) -> None:
        self.make, self.numbers, self.room = make, numbers, room
        self.begun = self.taken = 0
        self.made: dict[int, tuple[Any, BaseException | None]] = {}
        self.stopped = False
        self.changed = threading.Condition()

    def work(self) -> None:
        """Make one after the other, until all are made or nobody wants them."""
        while (position := self._next()) is not None:
            made: tuple[Any, BaseException | None]
            try:
                made = self.make(self.numbers[position]), None
            except BaseException as error:
                made = None, error
            with self.changed:
                self.made[position] = made
                self.changed.notify_all()

    def _next(self) -> int | None:
        """The position of what is to be made, once there is room for it."""
        with self.changed:
            self.changed.wait_for(
                lambda: self.stopped or self.begun == len(self.numbers) or self.begun < self.taken + self.room
            )
            if self.stopped or self.begun == len(self.numbers):
                return None
            self.begun += 1
            return self.begun - 1

    def take(self, position: int) -> Any:
        """The result at a position; waits for it."""
        with self.changed:
            self.changed.wait_for(lambda: position in self.made)
            result, error = self.made.pop(position)
            self.taken = position + 1
            self.changed.notify_all()
        if error is not None:
            raise error
        return result

    def stop(self) -> None:
        """Nothing more is wanted."""
        with self.changed:
            self.stopped = True
            self.changed.notify_all()
