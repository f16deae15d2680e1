"""The records of a plan: tables in native memory that the driver walks, kernels compiled and addresses filled in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from ..kernels.language import engine, write
from ..kernels.language.driver import GUARD, RECORD_WORDS
from .room import Room
from .schedule import Check, Python, Schedule
from .tasks import Address, Argument, Kernel, Task

MOST_KNOWN = 8192
_addresses: dict[Kernel, int] = {}


def addresses_of(kernels: Iterable[Kernel]) -> dict[Kernel, int]:
    """Where the code of kernels is; equal descriptions are written down once, and their text is not kept."""
    if len(_addresses) > MOST_KNOWN:
        _addresses.clear()
    texts = {kernel: write(kernel) for kernel in dict.fromkeys(kernels) if kernel not in _addresses}
    loaded = engine().load(texts.values())
    _addresses.update((kernel, loaded[text.name]) for kernel, text in texts.items())
    return _addresses


class Row(NamedTuple):
    """One record of a plan, for people and tools: its task, the group it belongs to, its number among records."""

    task: Task
    group: int
    record: int


Segment = tuple[int, int] | Python
"""Records from, to; or a gate for NumPy."""


class Records:
    """The tables of a plan.

    segments:  what runs in one go;  checks: the status byte behind each record that looks at one
    patches:   for a value whose memory changes from call to call, the words that hold its address, and bytes on
    """

    def __init__(self, schedule: Schedule, room: Room) -> None:
        self.rows: list[Row] = []
        self.segments: list[Segment] = []
        self.patches: dict[int, list[tuple[int, int]]] = {}
        self.checks: dict[int, int] = {}
        self._room, self._words, self._table = room, list[int](), list[list[int]]()
        tasks = [step for step, _ in schedule.steps if isinstance(step, Task)]
        addresses = addresses_of(task.kernel for task in tasks)
        starts, begun = list[int](), schedule.ahead
        for step, group in schedule.steps:
            if isinstance(step, Python):
                self._end_segment(begun)
                begun = len(self._table)
                self.segments.append(step)
                continue
            starts.append(len(self._words))
            if isinstance(step, Task):
                self._add(step, group, addresses[step.kernel])
            else:
                self._look(step)
        if len(self._table) > begun or not self.segments:
            self.segments.append((begun, len(self._table)))
        self.arguments = np.array(self._words or [0], np.int64)
        self.table = np.array(self._table or [[0] * RECORD_WORDS], np.int64)
        for number, start in enumerate(starts):
            if number not in self.checks:
                self.table[number, 1] = self.arguments.ctypes.data + 8 * start

    def _end_segment(self, begun: int) -> None:
        if len(self._table) > begun:
            self.segments.append((begun, len(self._table)))

    def _add(self, task: Task, group: int, function: int) -> None:
        """The record of a kernel."""
        self.rows.append(Row(task, group, len(self._table)))
        self._table.append([function, 0, task.pieces, 0])
        for argument in task.arguments:
            self._words.append(self._word(argument, len(self._words)))

    def _look(self, check: Check) -> None:
        """The record that ends the walk if a status byte is set."""
        self.checks[len(self._table)] = check.status
        self._table.append([0, int(self._room.status.ctypes.data) + check.status, 0, GUARD])

    def _word(self, argument: Argument, slot: int) -> int:
        """An argument as a word; what changes from call to call is noted."""
        if not isinstance(argument, Address):
            return argument
        base = self._room.base(argument.base)
        if base is None:
            self.patches.setdefault(argument.base, []).append((slot, argument.bytes))
            return 0
        return base + argument.bytes

    def address(self, number: int) -> int:
        """Where a record lies, for the driver."""
        return int(self.table.ctypes.data) + 8 * RECORD_WORDS * number
