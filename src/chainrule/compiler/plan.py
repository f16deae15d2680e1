"""A plan: records in native memory, an arena, and the few lines of Python between native segments."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from ..errors import ChainruleError, DifferenceError, NonFiniteError, ResourceError
from ..graph import Spec, Value
from ..graph.mode import run as run_gate
from ..kernels.language import Written, engine, write
from ..kernels.language.driver import GUARD, RECORD_WORDS
from ..kernels.threads import pool
from . import memory
from .arrange import Arrangement, is_plain, status_of
from .flow import Op
from .fuse import LOOP, PRODUCT
from .products import product_tasks
from .state import adopt, aligned_empty, changed, owned, versions
from .tasks import STATUS, Address, Task, Wanted, loop_tasks
from .views import View


class Row(NamedTuple):
    """One record of a plan, for people and tools: its task, the group it belongs to, its number among records."""

    task: Task
    group: int
    record: int


class Replay(NamedTuple):
    """The values of a step that was only looked at, by number, and the status that ended it early."""

    values: dict[int, np.ndarray]
    stopped: int | None


@dataclass
class Python:
    """A gate that NumPy runs between two native segments."""

    op: Op


Segment = tuple[int, int] | Python
"""Records from, to; or a gate for NumPy."""

LARGE = 1 << 16
"""Bytes from which on memory comes fresh from the system, at the price of a page fault for each 4 KiB."""


def references(arrays: dict[int, np.ndarray], number: int) -> int:
    """How many references there are to an array of a dict, those of this call included."""
    array = arrays[number]
    return sys.getrefcount(array)


UNHELD = references({0: np.empty(0)}, 0)
"""References to an array that only the plan has; how many a call itself holds differs between Pythons."""

_written: dict[Any, Written] = {}


def written(kernel: Callable[..., None]) -> Written:
    """The text of a kernel; equal descriptions are written once."""
    if kernel not in _written:
        if len(_written) > 8192:
            _written.clear()
        _written[kernel] = write(kernel)
    return _written[kernel]


class Plan:
    """A program made ready to run: `run(arrays)` is one step.

    Panels of weights that the plan does not change are laid out again only when somebody changed the weights.
    extra:  values to be kept until the end of the step, beside what the step itself needs
    peak:   bytes of the arena and of such panels, known before anything runs
    Raises ResourceError if there is not enough memory.
    """

    def __init__(self, made: Arrangement, extra: frozenset[int] = frozenset()) -> None:
        self.made, self.program, self.groups = made, made.program, made.groups
        self.extra = extra
        self._lock = threading.RLock()  # addresses and arena serve one call at a time
        self.rows: list[Row] = []
        self.segments: list[Segment] = []
        self._build(Wanted(frozenset(self._stored() | extra), frozenset(made.guarded)))

    # --- building ---------------------------------------------------------------------------------------

    def _stored(self) -> set[int]:
        """What other groups read, what is returned, what is committed."""
        groups = self.groups
        read = set()
        for number, group in enumerate(groups.groups):
            for op in group.ops:
                bases = (groups.view(n).base for n in op.inputs)
                read |= {b for b in bases if groups.maker.get(b) != number}
        return read | set(self.made.outputs.values()) | set(self.made.targets)

    def _build(self, wanted: Wanted) -> None:
        steps = list(self._steps(wanted))
        ahead = [step for step in steps if self._lasts(step[0])]
        steps = [*ahead, *(step for step in steps if not self._lasts(step[0]))]
        self._ahead = len(ahead)
        self._give_memory(steps)
        self._write_records(steps)

    def _lasts(self, step: Task | Python | int) -> bool:
        """Whether a task's result stays right from step to step: panels of state that this plan does not change."""
        if not isinstance(step, Task) or step.name != "pack" or step.reads[0] not in self.program.cells:
            return False
        cell = self.program.cells[step.reads[0]]
        return all(cell is not target for target in self.made.targets.values())

    def _steps(self, wanted: Wanted) -> Iterator[tuple[Task | Python | int, int]]:
        """Tasks, gates for NumPy, and checks of a status byte, in order, with their groups."""
        packs: set[int] = set()
        guarded = bool(self.made.guarded)
        for place, number in enumerate(self.made.order):
            if place == self.made.commit and guarded:
                yield 0, -1
            group = self.groups.groups[number]
            if is_plain(self.made, number):
                yield Python(group.ops[0]), number
                continue
            if group.kind == LOOP:
                tasks = loop_tasks(self.groups, group, wanted)
            elif group.kind == PRODUCT:
                tasks = product_tasks(self.groups, group, wanted, packs)
            else:
                tasks = self.made.single[number] or []
            for task in tasks:
                yield task, number
                if task.guard is not None:
                    yield status_of(number), number

    def _give_memory(self, steps: Sequence[tuple[Task | Python | int, int]]) -> None:
        """Place every value that no one else holds in the arena; state, constants and results lie elsewhere."""
        groups, flow = self.groups, self.groups.flow
        elsewhere = set(self.program.inputs) | set(self.program.cells) | set(flow.constants)
        elsewhere |= set(self.made.outputs.values()) | set(self.made.targets)
        kept = {n for step, _ in steps[: self._ahead] for n in step.writes}  # type: ignore[union-attr]
        elsewhere |= kept
        first: dict[int, int] = {}
        last: dict[int, int] = {}
        for place, (step, _) in enumerate(steps):
            for n in touched(groups, step):
                if n not in elsewhere:
                    first.setdefault(n, place)
                    last[n] = len(steps) if n in self.extra else place
        lives = [memory.Life(n, bytes_of(flow.specs[n]), first[n], last[n]) for n in sorted(first)]
        self._offsets, size = memory.place(lives)
        self.peak = size + sum(bytes_of(flow.specs[n]) for n in kept)
        try:
            self._arena = aligned_empty((size,), np.dtype(np.uint8))
            self._kept = {n: aligned_empty(flow.specs[n].shape, flow.specs[n].dtype) for n in sorted(kept)}
        except MemoryError:
            came = f"a plan that needs {self.peak / 1e6:,.0f} MB for the values of one step"
            raise ResourceError(
                f"compile {self.program.name}", came, "that much free memory", "a smaller batch"
            ) from None
        self._status = np.zeros(len(groups.groups) + 1, np.uint8)
        self._cells = {number: owned(cell) for number, cell in self.program.cells.items()}
        self._targets = {value: owned(cell) for value, cell in self.made.targets.items()}
        self._constants = {n: np.ascontiguousarray(a).reshape(a.shape) for n, a in flow.constants.items()}
        self.state = [
            (cell, owned(cell))
            for cell in distinct([*self.program.cells.values(), *self.made.targets.values()])
        ]

    def _base(self, number: int) -> int | None:
        """The address of a value's memory; None for what changes from call to call."""
        if number == STATUS:
            return int(self._status.ctypes.data)
        for place in (self._targets, self._cells, self._constants, self._kept):
            if number in place:
                return int(place[number].ctypes.data)
        if number in self._offsets:
            return int(self._arena.ctypes.data) + self._offsets[number]
        return None

    def _write_records(self, steps: Sequence[tuple[Task | Python | int, int]]) -> None:
        """Compile the kernels, and fill in the tables that the driver walks."""
        kernels = {id(step): written(step.kernel) for step, _ in steps if isinstance(step, Task)}
        addresses = engine().load(kernels.values())
        arguments: list[int] = []
        records: list[list[int]] = []
        starts: list[int] = []
        self._patches: dict[int, list[tuple[int, int]]] = {}
        begun = self._ahead
        for step, group in steps:
            if isinstance(step, Python):
                if len(records) > begun:
                    self.segments.append((begun, len(records)))
                begun = len(records)
                self.segments.append(step)
                continue
            starts.append(len(arguments))
            if isinstance(step, Task):
                self.rows.append(Row(step, group, len(records)))
                records.append([addresses[kernels[id(step)].name], 0, step.pieces, 0])
                for argument in step.arguments:
                    arguments.append(self._word(argument, len(arguments)))
            else:
                records.append([0, step, 0, GUARD])
        if len(records) > begun or not self.segments:
            self.segments.append((begun, len(records)))
        self._arguments = np.array(arguments or [0], np.int64)
        self._records = np.array(records or [[0] * RECORD_WORDS], np.int64)
        for number, start in enumerate(starts):
            if self._records[number, 3] == GUARD:
                self._records[number, 1] += self._status.ctypes.data
            else:
                self._records[number, 1] = self._arguments.ctypes.data + 8 * start
        self._checks = {number: row[1] for number, row in enumerate(records) if row[3] == GUARD}
        self._prepare_calls()

    def _word(self, argument: int | Address, slot: int) -> int:
        """An argument as a word; what changes from call to call is noted."""
        if not isinstance(argument, Address):
            return argument
        base = self._base(argument.base)
        if base is None:
            self._patches.setdefault(argument.base, []).append((slot, argument.bytes))
            return 0
        return base + argument.bytes

    def _prepare_calls(self) -> None:
        """What every call needs at hand."""
        self._spare: dict[int, np.ndarray] = {}
        self._writes = [id(array) for array in self._targets.values()]
        packed = {row.task.reads[0] for row in self.rows[: self._ahead]}
        self._packed = [id(self._cells[number]) for number in sorted(packed)]
        self._seen: list[int] = []
        flow = self.groups.flow
        self._inputs = [(k, self._patches.get(n, [])) for k, n in enumerate(self.program.inputs)]
        self._made: list[tuple[int, tuple[int, ...], np.dtype, list[tuple[int, int]]]] = []
        for base in dict.fromkeys(self.made.outputs.values()):
            spec = flow.specs[base]
            self._made.append((base, spec.shape, spec.dtype, self._patches.get(base, [])))
        self._native = [
            (self.record_address(s[0]), s[1] - s[0], s[0]) if isinstance(s, tuple) else s
            for s in self.segments
        ]

    # --- running ----------------------------------------------------------------------------------------

    def run(self, arrays: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
        """One step on contiguous arrays; what it returns, by number.  State changes at the end, or not at all.

        Raises NonFiniteError if the guard held the step back, and what a gate raises for wrong input.
        """
        with self._lock:
            made = self.begin(arrays)
            # before, so that an interrupt right after the walk leaves no stale panels in other plans; and after,
            # for another thread that laid them out meanwhile
            changed(self._writes)
            stopped = self.walk(arrays, made)
            if stopped is not None:
                self._refuse(stopped, arrays, made)
            changed(self._writes)
        return made

    def begin(self, arrays: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
        """Fill in the addresses of this call; returns fresh arrays for what is returned."""
        table = self._arguments
        for cell, array in self.state:
            if cell.data is not array:
                adopt(cell, array)
        for k, patches in self._inputs:
            base = arrays[k].__array_interface__["data"][0]
            for slot, more in patches:
                table[slot] = base + more
        made = {}
        for number, shape, dtype, patches in self._made:
            made[number] = out = self._fresh(number, shape, dtype)
            base = out.__array_interface__["data"][0]
            for slot, more in patches:
                table[slot] = base + more
        return made

    def _fresh(self, number: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
        """An array for a result; a large one that nobody holds any more is used again, its pages are warm."""
        if number in self._spare and references(self._spare, number) == UNHELD:
            return self._spare[number]
        out = np.empty(shape, dtype)
        if out.nbytes >= LARGE:
            self._spare[number] = out
        return out

    def walk(self, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> int | None:
        """Native segments and what stands between them; the status that ended the walk early."""
        run = pool().run
        if self._ahead and (now := versions(self._packed)) != self._seen:
            run(self.record_address(0), self._ahead)
            self._seen = now
        for segment in self._native:
            if isinstance(segment, Python):
                self._run_plain(segment.op, arrays, made)
                continue
            start, count, before = segment
            stopped = run(start, count)
            if stopped >= 0:
                self._status[:] = 0
                return int(self._checks[before + stopped])
        return None

    def threads_used(self, arrays: Sequence[np.ndarray], steps: int = 10) -> int:
        """How many threads really took part in some steps, which are only looked at."""
        before = pool().ran()
        for _ in range(steps):
            self.replay(arrays)
        return max(1, sum(now > then for now, then in zip(pool().ran(), before, strict=True)))

    def record_address(self, number: int) -> int:
        """Where a record lies, for the driver."""
        return int(self._records.ctypes.data) + 8 * RECORD_WORDS * number

    def replay(self, arrays: Sequence[np.ndarray]) -> Replay:
        """One step whose values stay and whose state is given back: for looking."""
        made = self.begin(arrays)
        before = {number: array.copy() for number, array in self._cells.items()}
        saved = [(array, array.copy()) for _, array in self.state]
        self._arena[:] = 255  # NaN: a value that no kernel stores is seen
        for out in made.values():
            out.reshape(-1).view(np.uint8)[:] = 255
        try:
            stopped = self.walk(arrays, made)
            late = {n for k in self.made.order[self.made.commit :] for n in self.groups.groups[k].makes()}
            values = {}
            for number in self.numbers():
                view = self.groups.view(number)
                if stopped is None or view.base not in late:
                    values[number] = np.array(self.array(view, arrays, made, before), order="C")
            return Replay(values, stopped)
        finally:
            for array, old in saved:
                np.copyto(array, old)

    def numbers(self) -> list[int]:
        """The program's values that this plan has memory for."""
        flow = self.groups.flow
        known = set(self.program.inputs) | set(self._cells) | set(flow.constants) | set(self._offsets)
        known |= set(self.made.outputs.values()) | set(self._targets)
        groups = self.groups
        return [n for n in range(len(self.program.specs)) if groups.place(groups.view(n)).base in known]

    def array(
        self,
        view: View,
        arrays: Sequence[np.ndarray],
        made: dict[int, np.ndarray],
        before: Mapping[int, np.ndarray] = MappingProxyType({}),
    ) -> np.ndarray:
        """The numbers of a view while, or right after, the step ran; `before`: state as the step found it."""
        view = self.groups.place(view)
        base = before.get(view.base)
        base = (self.memory(view.base, arrays, made) if base is None else base).reshape(-1)
        strides = tuple(s * base.itemsize for s in view.strides)
        return np.lib.stride_tricks.as_strided(base[view.offset :], view.shape, strides)

    def memory(self, number: int, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> np.ndarray:
        """The array that holds a value."""
        if number in made:
            return made[number]
        if number in self.program.inputs:
            return arrays[self.program.inputs.index(number)]
        for place in (self._targets, self._cells, self._constants):
            if number in place:
                return place[number]
        spec = self.groups.flow.specs[number]
        start = self._offsets[number]
        return self._arena[start : start + bytes_of(spec)].view(spec.dtype)[: spec.size].reshape(spec.shape)

    def value(self, number: int, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> np.ndarray:
        """The numbers of a value of the program or the flow; of a cell, those that it has now."""
        return self.array(self.groups.view(number), arrays, made)

    def before(self, numbers: Iterable[int]) -> dict[int, np.ndarray]:
        """Copies of the cells that some values only look at in another way, taken before a step."""
        bases = {self.groups.view(n).base for n in numbers if n not in self._cells}
        return {n: np.array(self.program.cells[n].data) for n in bases if n in self._cells}

    def _run_plain(self, op: Op, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> None:
        """Let NumPy run a gate on the plan's memory; its errors are the user's."""
        for n, result in zip(op.outputs, self._forward(op, arrays, made), strict=True):
            if n in made or n in self._offsets:
                self.memory(n, arrays, made)[...] = result

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

    def _refuse(self, status: int, arrays: Sequence[np.ndarray], made: dict[int, np.ndarray]) -> None:
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


def touched(groups: Any, step: Task | Python | int) -> tuple[int, ...]:
    """The values whose memory a step reads or writes."""
    if isinstance(step, Task):
        return (*step.reads, *step.writes)
    if isinstance(step, Python):
        return (*(groups.view(n).base for n in step.op.inputs), *step.op.outputs)
    return ()


def bytes_of(spec: Spec) -> int:
    return spec.size * spec.dtype.itemsize


def distinct(cells: Sequence[Value]) -> list[Value]:
    """Each cell once, by identity."""
    return list({id(cell): cell for cell in cells}.values())
