"""A plan: a program made ready to run, native segments and the few lines of Python between them."""

from __future__ import annotations

import ctypes
import functools
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from ..errors import ChainruleError, DifferenceError, NonFiniteError
from ..graph.mode import run as run_gate
from ..kernels.threads import pool
from .arrange import Arrangement
from .flow import Op
from .looks import Delivery, Look, looking
from .records import Records
from .room import Arenas, Room
from .schedule import Python, schedule
from .state import adopt, aligned_empty, changed, versions
from .statistics import Summary


class Replay(NamedTuple):
    """The values of a step that was only looked at, by number, and the status that ended it early."""

    values: dict[int, np.ndarray]
    stopped: int | None


class Watched(NamedTuple):
    """Looks at values, by their numbers: copies, and what sums them up."""

    deliveries: Mapping[int, Delivery] = MappingProxyType({})
    summaries: Mapping[int, Summary] = MappingProxyType({})

    @property
    def looks(self) -> list[Look]:
        return [*self.deliveries.values(), *self.summaries.values()]

    @property
    def numbers(self) -> set[int]:
        """The values that are looked at."""
        return {*self.deliveries, *self.summaries}

    @property
    def copies(self) -> set[int]:
        """The numbers of the copies."""
        return {look.target for look in self.deliveries.values()}


NOBODY = Watched()
LARGE = 1 << 16
"""Bytes from which on memory comes fresh from the system, at the price of a page fault for each 4 KiB."""


def references(arrays: dict[int, np.ndarray], number: int) -> int:
    """How many references there are to an array of a dict, and to the one that it lies in, whose views hold that
    alone; those of this call included.
    """
    array, base = arrays[number], arrays[number].base
    return sys.getrefcount(array) + (0 if base is None else sys.getrefcount(base))


UNHELD = [references({0: make((1,), np.dtype(np.uint8))}, 0) for make in (np.empty, aligned_empty)]
"""References to an array that only the plan has, of its own or in another one; how many a call itself holds differs
between Pythons.
"""


HEADER = object.__basicsize__
"""Bytes of what every Python object begins with; of an array, where its numbers are follows at once."""


def direct(array: np.ndarray) -> int:
    """Where the numbers of an array begin: seven times as fast as asking the array."""
    return ctypes.c_void_p.from_address(id(array) + HEADER).value or 0


def asked(array: np.ndarray) -> int:
    """The same, on Pythons whose objects look different."""
    return int(array.__array_interface__["data"][0])


PROBE = np.empty(1)
KNOWN = sys.implementation.name == "cpython" and direct(PROBE) == asked(PROBE)
address_of = direct if KNOWN else asked


class Plan:
    """A program made ready to run: `run(arrays)` is one step.

    Panels of weights that the plan does not change are laid out again only when somebody changed the weights.
    extra:  values to be kept until the end of the step, beside what the step itself needs
    watched:  values that are looked at when they are made
    arenas:  memory that it shares with other plans, if nothing but kernels works there
    lock:   held during a call: addresses, arena and state serve one at a time
    peak:   bytes of the arena and of such panels, known before anything runs
    Raises ResourceError if there is not enough memory.
    """

    def __init__(
        self,
        made: Arrangement,
        extra: frozenset[int] = frozenset(),
        arenas: Arenas | None = None,
        watched: Watched = NOBODY,
    ) -> None:
        self.made, self.program, self.groups, self.watched = made, made.program, made.groups, watched
        steps = looking(schedule(made, extra | made.places(watched.numbers)), watched.looks)
        alone = extra or any(isinstance(step, Python) for step, _ in steps.steps)
        arenas = arenas or Arenas()
        if alone:
            arenas = Arenas(arenas.lock)
        self.lock = arenas.lock
        self.handed = [*dict.fromkeys(made.outputs.values()), *sorted(watched.copies)]
        self.room = Room(made, steps, extra, arenas, self.handed)
        self.records = Records(steps, self.room)
        self.schedule = steps
        self.rows, self.segments, self.peak = self.records.rows, self.records.segments, self.room.peak
        self.ahead = steps.ahead
        self._prepare_calls()

    def _prepare_calls(self) -> None:
        """What every call needs at hand."""
        room, patches, specs = self.room, self.records.patches, self.groups.flow.specs
        self._spare: dict[int, np.ndarray] = {}
        self._writes = [id(array) for array in room.targets.values()]
        packed = {row.task.reads[0] for row in self.rows[: self.ahead]}
        self._packed = [id(room.cells[number]) for number in sorted(packed)]
        self._seen: list[int] = []
        self._inputs = [(k, patches.get(n, [])) for k, n in enumerate(self.program.inputs)]
        self._made = [(n, specs[n].shape, specs[n].dtype, patches.get(n, [])) for n in self.handed]
        self.native = [
            s if isinstance(s, Python) else (self.records.address(s[0]), s[1] - s[0], s[0])
            for s in self.segments
        ]

    @functools.cached_property
    def makers(self) -> dict[int, list[int]]:
        """For each line of the program the groups that compute it, as they run: its parts, what it needs alone, and
        itself; not those that make it once more later on.
        """
        groups, place = self.groups, {k: n for n, k in enumerate(self.made.order)}
        found: dict[int, set[int]] = {}
        for k in place:
            for op in groups.groups[k].ops:
                found.setdefault(op.line, set()).add(k)
        made = dict[int, list[int]]()
        for number, line in enumerate(self.program.lines):
            ends = {groups.maker.get(groups.view(n).base, -1) for n in line.outputs} & place.keys()
            last = max((place[k] for k in ends), default=len(place))
            made[number] = sorted(
                {k for k in found.get(number, ()) if place[k] <= last} | ends, key=place.__getitem__
            )
        return made

    def run(self, arrays: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
        """One step on contiguous arrays; what it returns, by number.  State changes at the end, or not at all.

        Raises NonFiniteError if the guard held the step back, and what a gate raises for wrong input.
        """
        with self.lock:
            made = self.begin(arrays)
            # before, so that an interrupt right after the walk leaves no stale panels in other plans; and after,
            # for another thread that laid them out meanwhile
            changed(self._writes)
            stopped = self.walk(arrays, made)
            if stopped is not None:
                self.refuse(stopped, arrays, made)
            changed(self._writes)
        return made

    def begin(self, arrays: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
        """Fill in the addresses of this call; returns fresh arrays for what is returned."""
        table = self.records.arguments
        for cell, array in self.room.state:
            if cell.data is not array:
                adopt(cell, array)
        for k, patches in self._inputs:
            base = address_of(arrays[k])
            for slot, more in patches:
                table[slot] = base + more
        made = {}
        for number, shape, dtype, patches in self._made:
            made[number] = out = self._fresh(number, shape, dtype)
            base = address_of(out)
            for slot, more in patches:
                table[slot] = base + more
        return made

    def _fresh(self, number: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array for a result; a large one that nobody holds any more is used again, its pages are warm."""
        past = number in self.groups.past
        if number in self._spare and references(self._spare, number) == UNHELD[past]:
            return self._spare[number]
        out = (aligned_empty if past else np.empty)(shape, dtype)
        if out.nbytes >= LARGE and number not in self.watched.copies:
            self._spare[number] = out
        return out

    def walk(
        self, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray], times: Sequence[np.ndarray] = ()
    ) -> int | None:
        """Native segments and what stands between them; the status that ended the walk early.

        times:  for each of `native` where the nanoseconds before and after its records are noted
        """
        run = pool().run
        if self.ahead and (now := versions(self._packed)) != self._seen:
            run(self.records.address(0), self.ahead)
            self._seen = now
        for number, segment in enumerate(self.native):
            if isinstance(segment, Python):
                self._run_plain(segment.op, arrays, made)
                continue
            start, count, before = segment
            stopped = run(start, count, times[number].ctypes.data if times else None)
            if stopped >= 0:
                self.room.status[:] = 0
                return self.records.checks[before + stopped]
        return None

    def threads_used(self, arrays: Sequence[np.ndarray], steps: int = 10) -> int:
        """How many threads really took part in some steps, which are only looked at."""
        before = pool().ran()
        for _ in range(steps):
            self.replay(arrays)
        return max(1, sum(now > then for now, then in zip(pool().ran(), before, strict=True)))

    def replay(self, arrays: Sequence[np.ndarray]) -> Replay:
        """One step whose values stay and whose state is given back: for looking."""
        with self.lock:
            return self._replay(arrays)

    def _replay(self, arrays: Sequence[np.ndarray]) -> Replay:
        made = self.begin(arrays)
        before = {number: array.copy() for number, array in self.room.cells.items()}
        saved = [(array, array.copy()) for _, array in self.room.state]
        self.room.arena[:] = 255  # NaN: a value that no kernel stores is seen
        for out in made.values():
            out.reshape(-1).view(np.uint8)[:] = 255
        try:
            stopped = self.walk(arrays, made)
            late = {n for k in self.made.order[self.made.commit :] for n in self.groups.groups[k].makes()}
            values = {}
            for number in self.room.numbers():
                view = self.groups.view(number)
                if stopped is None or view.base not in late:
                    values[number] = np.array(self.room.array(view, arrays, made, before), order="C")
            return Replay(values, stopped)
        finally:
            for array, old in saved:
                np.copyto(array, old)

    def value(self, number: int, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> np.ndarray:
        """The numbers of a value of the program or the flow; of a cell, those that it has now."""
        return self.room.array(self.groups.view(number), arrays, made)

    def _run_plain(self, op: Op, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> None:
        """Let NumPy run a gate on the plan's memory; its errors are the user's."""
        for n, result in zip(op.outputs, self._forward(op, arrays, made), strict=True):
            if n in made or n in self.room.offsets:
                self.room.memory(n, arrays, made)[...] = result

    def _forward(
        self, op: Op, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]
    ) -> tuple[np.ndarray, ...]:
        """A gate's own forward on the plan's memory; what it raises says where the user applied it."""
        specs = self.groups.flow.specs
        given = tuple(self.value(n, arrays, made) for n in op.inputs)
        try:
            return run_gate(op.gate, given, tuple(specs[n] for n in op.outputs))
        except ChainruleError as error:
            place = self.program.lines[op.line].place
            raise error.at(place.layer, str(place)) from None

    def refuse(self, status: int, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> None:
        """A status byte was set: nothing is committed; say why."""
        if status:
            op = self.groups.groups[status - 1].ops[0]
            self._forward(op, arrays, made)
            came = f"input that the kernel of {op.gate.label} refuses and the gate takes"
            raise DifferenceError(
                self.program.name, came, "one answer", "check.compiled(step, …), and report this"
            )
        came = "a loss or a gradient that is not finite; no state was changed"
        raise NonFiniteError(self.program.name, came, "finite numbers", "check.blame(step, …) names the line")
