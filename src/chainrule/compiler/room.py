"""The memory of a plan: one arena for what comes and goes; state, constants and panels beside it."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from ..errors import ResourceError
from ..graph import Spec, Value
from . import memory
from .arrange import Arrangement
from .schedule import Schedule, touched
from .state import aligned_empty, owned
from .tasks import STATUS
from .views import View


class Arenas:
    """Memory in which plans take turns: what comes and goes in a step leaves nothing there for the next one.

    lock:  held by the plan whose turn it is, also by those of the same step that have memory of their own
    """

    def __init__(self, lock: Any = None) -> None:
        self.lock = lock or threading.RLock()
        self._largest = np.empty(0, np.uint8)

    def lend(self, size: int) -> np.ndarray:
        """So many bytes, which other plans are given too.  Raises MemoryError if there are not so many."""
        if self._largest.nbytes < size:
            self._largest = aligned_empty((size,), np.dtype(np.uint8))
        return self._largest[:size]


class Room:
    """Where every value of a plan lies, but for arguments and results, which change from call to call.

    peak:     bytes of the arena and of the panels that are kept
    lives, offsets:  of values in the arena, and their places;  kept: panels that stay from step to step
    status:   a byte for the guard and one for each group
    handed:   values in arrays that are handed out
    cells, targets: the arrays of state that is read, and written;  state: all cells with their arrays
    Raises ResourceError if there is not enough memory.
    """

    def __init__(
        self,
        made: Arrangement,
        schedule: Schedule,
        extra: frozenset[int],
        arenas: Arenas,
        handed: Collection[int],
    ) -> None:
        self.made, self.program, self.groups, self.handed = made, made.program, made.groups, handed
        specs, kept = self.groups.flow.specs, sorted(schedule.kept())
        self.lives = self._lives(schedule, extra)
        self.offsets, size = memory.place(self.lives)
        self.peak = size + sum(bytes_of(specs[n]) for n in kept)
        try:
            self.arena = arenas.lend(size)
            self.kept = {n: aligned_empty(specs[n].shape, specs[n].dtype) for n in kept}
        except MemoryError:
            came = f"a plan that needs {self.peak / 1e6:,.0f} MB for the values of one step"
            raise ResourceError(
                f"compile {self.program.name}", came, "that much free memory", "a smaller batch"
            ) from None
        self.status = np.zeros(len(self.groups.groups) + 1, np.uint8)
        self.cells = {number: owned(cell) for number, cell in self.program.cells.items()}
        self.targets = {value: owned(cell) for value, cell in made.targets.items()}
        constants = self.groups.flow.constants
        self.constants = {n: np.ascontiguousarray(a).reshape(a.shape) for n, a in constants.items()}
        cells = distinct([*self.program.cells.values(), *made.targets.values()])
        self.state = [(cell, owned(cell)) for cell in cells]

    def _lives(self, schedule: Schedule, extra: frozenset[int]) -> list[memory.Life]:
        """From when to when each value of the arena is needed; those of `extra` to the end."""
        flow = self.groups.flow
        elsewhere = set(self.program.inputs) | set(self.program.cells) | set(flow.constants)
        elsewhere |= set(self.handed) | set(self.made.targets) | schedule.kept()
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for place, (step, _) in enumerate(schedule.steps):
            for n in touched(self.groups, step):
                if n not in elsewhere:
                    first.setdefault(n, place)
                    last[n] = len(schedule.steps) if n in extra else place
        return [memory.Life(n, bytes_of(flow.specs[n]), first[n], last[n]) for n in sorted(first)]

    def base(self, number: int) -> int | None:
        """The address of a value's memory; None for what changes from call to call."""
        if number == STATUS:
            return int(self.status.ctypes.data)
        for place in (self.targets, self.cells, self.constants, self.kept):
            if number in place:
                return int(place[number].ctypes.data)
        if number in self.offsets:
            return int(self.arena.ctypes.data) + self.offsets[number]
        return None

    def numbers(self) -> list[int]:
        """The program's values that there is memory for."""
        known = {*self.program.inputs, *self.cells, *self.groups.flow.constants, *self.offsets}
        known |= {*self.made.outputs.values(), *self.targets}
        groups = self.groups
        return [n for n in range(len(self.program.specs)) if groups.memory(n) in known]

    def memory(self, number: int, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> np.ndarray:
        """The array that holds a value, given the arguments and results of a call."""
        if number in made:
            return made[number]
        if number in self.program.inputs:
            return arrays[self.program.inputs.index(number)]
        for place in (self.targets, self.cells, self.constants):
            if number in place:
                return place[number]
        spec = self.groups.flow.specs[number]
        if not spec.size:  # no task touches it
            return np.zeros(spec.shape, spec.dtype)
        start = self.offsets[number]
        return self.arena[start : start + bytes_of(spec)].view(spec.dtype)[: spec.size].reshape(spec.shape)

    def array(
        self,
        view: View,
        arrays: Sequence[np.ndarray],
        made: dict[int, np.ndarray],
        before: Mapping[int, np.ndarray] = MappingProxyType({}),
    ) -> np.ndarray:
        """The numbers of a view while, or right after, the step ran; `before`: state as the step found it."""
        home, placed = self.groups.homes.get(view.base), self.groups.place(view)
        if home is not None and placed is view:  # at home its elements lie in no even steps
            whole = np.ascontiguousarray(self.array(home, arrays, made, before)).reshape(-1)
            strides = tuple(s * whole.itemsize for s in view.strides)
            return np.lib.stride_tricks.as_strided(whole[view.offset :], view.shape, strides)
        view = placed
        base = before.get(view.base)
        base = (self.memory(view.base, arrays, made) if base is None else base).reshape(-1)
        strides = tuple(s * base.itemsize for s in view.strides)
        return np.lib.stride_tricks.as_strided(base[view.offset :], view.shape, strides)


def bytes_of(spec: Spec) -> int:
    return spec.size * spec.dtype.itemsize


def distinct(cells: Sequence[Value]) -> list[Value]:
    """Each cell once, by identity."""
    return list({id(cell): cell for cell in cells}.values())
