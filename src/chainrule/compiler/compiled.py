"""`compile`: a step that is traced, planned and run as native code, and stays the step that was written."""

from __future__ import annotations

import functools
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, overload

import numpy as np

from ..errors import CompileError, SettingError, UsageError
from ..graph import GONE, Gate, Program, Ref, Value, trace
from ..graph.mode import DIRECT, mode
from ..words import many
from .arrange import is_plain
from .glass import Glass
from .inputs import as_example, kind_of
from .plan import Plan, Replay
from .ready import Ready, without_collections
from .room import Arenas
from .saved import save
from .table import Table, table
from .values import Values, about, matching
from .watch import Seen, replay

FALLBACKS = ("plain", "error")


class Compiled:
    """A compiled step; call it as the step itself.  See `compile`."""

    def __init__(self, function: Callable[..., Any], keep_gradients: bool, fallback: str) -> None:
        if not callable(function):
            came, hint = f"a {type(function).__name__}", "compile(step), and then step(images, labels)"
            raise SettingError("compile", came, "a function", hint)
        if fallback not in FALLBACKS:
            raise SettingError(
                "compile", f"fallback {fallback!r}", 'one of "plain", "error"', 'fallback="plain"'
            )
        functools.update_wrapper(self, function)
        self.function, self.keep_gradients, self.fallback = function, keep_gradients, fallback
        self.traces, self.arenas = 0, Arenas()
        self._ready: dict[tuple[Any, ...], list[Ready]] = {}
        self._plain = False
        self._last: Ready | None = None
        self._watches: list[Seen] = []
        self._before: dict[tuple[Any, ...], list[Ready]] = {}
        self.changed = ""

    def __call__(self, *arguments: Any) -> Any:
        """Run the step once: one native walk, from the arguments to the changed state.

        Raises NonFiniteError, with all state as before, if the loss or a gradient is not finite; TraceError if
        the step is not one fixed program; what the gates raise for wrong input.
        """
        ready, arrays = self._last, None
        if ready is not None and mode.get() is DIRECT:
            arrays = ready.taken(arguments)
        if ready is None or arrays is None:
            if self._plain or mode.get() is not DIRECT:
                return self.function(*arguments)
            try:
                ready = self.ready(*arguments)
                ready.plan  # noqa: B018  made here, where a missing compiler is still no harm
                self._last = ready
            except CompileError as error:
                if self.fallback == "error":
                    raise
                warnings.warn(f"{error}; this step runs plain", RuntimeWarning, stacklevel=2)
                self._plain = True
                return self.function(*arguments)
            arrays = ready.arrays(arguments)
        if self._watches:
            with self.arenas.lock:  # steps are counted, and values taken, in turns
                made = self._watched(ready, arrays)
        else:
            made = ready.plan.run(arrays)
        return self.returned(ready, made)

    def __repr__(self) -> str:
        plans = sum(len(known) for known in self._ready.values())
        return f"Compiled({getattr(self.function, '__name__', 'step')}, {many(plans, 'plan')})"

    def ready(self, *arguments: Any) -> Ready:
        """The plan for these arguments, made if there is none yet."""
        key = tuple(kind_of(x) for x in arguments)
        known = self._ready.get(key)
        if known is not None:
            for ready in known:
                if ready.holds():
                    return ready
        return self.prepare(key, arguments)

    def prepare(self, key: tuple[Any, ...], arguments: tuple[Any, ...]) -> Ready:
        """Trace and plan."""
        with without_collections():
            return self.traced(key, arguments)

    def traced(self, key: tuple[Any, ...], arguments: tuple[Any, ...]) -> Ready:
        """A new trace; its plan is that of the trace before if the programs are equal."""
        program = trace(self.function, *map(as_example, arguments), kind=Value.usual)
        self.traces += 1
        before = [ready for ready in self._before.get(key, []) if ready.holds()]
        same = next((ready for ready in before if not difference(ready.program, program)), None)
        if before and same is None:
            self.changed = difference(before[0].program, program)
        ready = same or Ready(program, self.keep_gradients, arguments, self.arenas)
        self._ready.setdefault(key, []).append(ready)
        return ready

    def returned(self, ready: Ready, made: dict[int, np.ndarray]) -> Any:
        """What the step returns, with fresh arrays; gradients are gone, or kept."""
        program, outputs = ready.program, ready.made.outputs
        if ready.keep_gradients:
            for parameter, number in program.gradients:
                parameter._grad = None if number is None else value_of(program, made[outputs[number]], number)
        else:
            for parameter, number in program.gradients:
                parameter._grad = None if number is None else GONE
        if ready.single is not None:
            return value_of(program, made[outputs[ready.single]], ready.single)
        return filled(program, program.output, lambda n: made[outputs[n]])

    def left_to_numpy(self, *arguments: Any) -> list[Gate]:
        """The gates for which there is no kernel: NumPy runs them between native segments."""
        made = self.ready(*arguments).made
        return [made.groups.groups[k].ops[0].gate for k in made.order if is_plain(made, k)]

    def retrace(self) -> None:
        """Trace anew at the next call, for Python numbers that changed; an equal program keeps its plan.

        `changed` then says which line is another one.
        """
        self._before, self._ready, self._last, self.changed = self._ready, {}, None, ""

    def program(self, *arguments: Any) -> Program:
        """The program for these arguments."""
        return self.ready(*arguments).program

    def plan(self, *arguments: Any) -> Glass:
        """The plan for these arguments, which can be asked: values, table, source, why, memory."""
        return self.ready(*arguments).plan

    def table(self, *arguments: Any) -> Table:
        """The kernels of the step for these arguments, with work, milliseconds and share of the peak."""
        ready = self.ready(*arguments)
        return table(ready.plan, ready.arrays(arguments))

    def values(self, *arguments: Any) -> Values:
        """Every value that can be watched, by path, with shape, gate and line; prints itself."""
        ready = self.ready(*arguments)
        return about(ready.program, ready.values)

    @contextmanager
    def watch(self, *patterns: str, every: int = 1, statistics: bool = False) -> Iterator[Seen]:
        """Inside, see values of every `every`-th step: `seen["linear1/relu"]`, one array for each of `seen.steps`.

        patterns:  paths as the printed program has them, "linear1/relu", "linear1.weight.grad"; * and ? match
        statistics:  min, max, mean, std, share of zeros and norm in the place of arrays
        The step stays compiled, and its results stay the same to the bit.  A parameter's own path gives its
        numbers after the step.  Raises UsageError for a pattern that matches nothing.
        """
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise SettingError("watch", f"every {every!r}", "a whole number ≥ 1", "every=10")
        if not patterns:
            raise UsageError("watch", "no path", "at least one", 'watch("*")')
        seen = Seen(patterns, every, statistics)
        for ready in (r for known in self._ready.values() for r in known):
            ready.matching(patterns)
        self._watches.append(seen)
        try:
            yield seen
        finally:
            self._watches = [other for other in self._watches if other is not seen]

    def _watched(self, ready: Ready, arrays: list[np.ndarray]) -> dict[int, np.ndarray]:
        """One step of which somebody sees values."""
        counted = [(seen, seen.due()) for seen in self._watches]
        due = [(seen, step, ready.matching(seen.patterns)) for seen, step in counted if step is not None]
        copied, summed = (
            frozenset(n for seen, _, watched in due if seen.statistics is wanted for n in watched.values())
            for wanted in (False, True)
        )
        plan = ready.watching(copied, summed) if due else ready.plan
        made, handed = plan.run(arrays), dict[int, np.ndarray]()

        def copy(number: int) -> np.ndarray:
            delivered = plan.watched.deliveries.get(number)
            if delivered is None:
                return np.array(plan.value(number, arrays, made), order="C")
            array = made.pop(delivered.target, None)
            return handed[number].copy() if array is None else handed.setdefault(number, array)

        for seen, step, watched in due:
            seen.take(step, watched, copy, plan)
        return made

    def replay(self, *arguments: Any) -> tuple[Plan, Replay]:
        """One compiled step with every value kept, and all state as before: for checks, and for blame."""
        ready = self.ready(*arguments)
        return replay(ready.made, ready.arrays(arguments), self.arenas)

    def save(self, batch: Any, path: str | os.PathLike[str], watch: str | Sequence[str] = ()) -> None:
        """Write the step down with all that it reads, as it would run now: `chainrule debug PATH` opens it anywhere.

        batch:  the arguments of a call, as a tuple; a single one may stand alone
        watch:  paths of values to keep in the file too, as the compiled step computes them; * and ? match
        The file (safetensors) holds program, arguments, state, random state among it, and these values; nothing that
        runs.  It is written whole or not at all, the same step gives the same bytes, and no state changes.
        Raises TraceError for a gate of your own, UsageError if nothing matches, what the trace raises, and FileError
        or ResourceError if the file cannot be written.

        >>> import os, tempfile
        >>> from chainrule import Tensor
        >>> w = Tensor([1.0, -2.0], name="w")
        >>> step = compile(lambda x: (w * x).sum())
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     step.save(np.ones(2, "float32"), os.path.join(folder, "step.safetensors"), watch="multiply")
        ...     os.listdir(folder)
        ['step.safetensors']
        """
        arguments = tuple(batch) if isinstance(batch, tuple | list) else (batch,)
        ready = self.ready(*arguments)
        arrays = ready.arrays(arguments)
        watched = matching(ready.values, (watch,) if isinstance(watch, str) else watch, "Compiled.save")
        with self.arenas.lock:  # another thread may learn meanwhile
            values = replay(ready.made, arrays, self.arenas)[1].values if watched else {}
            save(path, ready.program, arrays, {n: values[n] for n in watched.values() if n in values})


def difference(before: Program, after: Program) -> str:
    """The first line in which two programs differ, in words; "" where they are one."""
    at = differing(before, after)
    if at is not None:
        return differing_words(before, after, at)
    same = (
        before.specs == after.specs
        and before.inputs == after.inputs
        and [(n, id(c)) for n, c in before.cells.items()] == [(n, id(c)) for n, c in after.cells.items()]
        and [(id(c), n) for c, n in before.updates] == [(id(c), n) for c, n in after.updates]
        and [(id(c), n) for c, n in before.gradients] == [(id(c), n) for c, n in after.gradients]
        and before.output == after.output
        and before.constants.keys() == after.constants.keys()
        and all(a.tobytes() == after.constants[n].tobytes() for n, a in before.constants.items())
    )
    return "" if same else "what the step reads or returns is another"


def differing(before: Program, after: Program) -> int | None:
    """The place of the first line in which two programs differ; None where all lines are the same."""
    for k, (a, b) in enumerate(zip(before.lines, after.lines, strict=False)):
        alike = replace(a, origin=b.origin) == b
        if not alike or any(other_constant(before, after, n) for n in a.inputs):
            return k
    counts = len(before.lines), len(after.lines)
    return None if counts[0] == counts[1] else min(counts)


def differing_words(before: Program, after: Program, at: int) -> str:
    """What a line was, and what it is now."""
    if at < min(len(before.lines), len(after.lines)):
        old, new = (program.row(program.lines[at], program.names())[0] for program in (before, after))
        return f"{old} became {new} at {after.lines[at].place}"
    longer = max(before, after, key=lambda p: len(p.lines))
    line, word = longer.lines[at], "is new" if longer is after else "is gone"
    return f"{longer.row(line, longer.names())[0]} {word} at {line.place}"


def other_constant(before: Program, after: Program, number: int) -> bool:
    """Whether a value is written into one program otherwise than into the other."""
    a, b = before.constants.get(number), after.constants.get(number)
    return a is not b and (a is None or b is None or a.tobytes() != b.tobytes())


def value_of(program: Program, array: np.ndarray, number: int) -> Any:
    """A returned value: of the step's kind, in the shape the program says."""
    spec = program.specs[number]
    if array.shape != spec.shape:
        array = array.reshape(spec.shape)
    return program.kind.of(array, weak=spec.weak)


def filled(program: Program, output: Any, array: Callable[[int], np.ndarray]) -> Any:
    """The step's output with values in the places of references."""
    if isinstance(output, Ref):
        return value_of(program, array(output.number), output.number)
    if isinstance(output, tuple | list):
        return type(output)(filled(program, o, array) for o in output)
    if isinstance(output, dict):
        return {key: filled(program, o, array) for key, o in output.items()}
    return output


@overload
def compile(function: Callable[..., Any], *, keep_gradients: bool = ..., fallback: str = ...) -> Compiled: ...
@overload
def compile(
    *, keep_gradients: bool = ..., fallback: str = ...
) -> Callable[[Callable[..., Any]], Compiled]: ...


def compile(
    function: Callable[..., Any] | None = None, *, keep_gradients: bool = False, fallback: str = "plain"
) -> Any:
    """Make a step run as native code: a function of arrays that may learn, or only look.

    function:  called with arrays, tensors and plain Python values; traced once for each combination of their
               shapes and dtypes, of train and eval, of trained parameters
    keep_gradients:  leave `.grad` on the parameters, as the plain step does; else reading it raises
    fallback:  "plain" runs gate by gate, with a warning, where nothing can be compiled; "error" raises CompileError
    Raises SettingError for what is no function, and another fallback.
    Returns a function like the given one.  State changes together after the last gradient; a step whose loss or
    gradients are not finite raises NonFiniteError and changes nothing.

    >>> from chainrule import Tensor, optim
    >>> w = Tensor([1.0, -2.0], requires_grad=True)
    >>> optimizer = optim.SGD([w], lr=0.25)
    >>> @compile
    ... def step(x):
    ...     optimizer.zero_grad()
    ...     loss = (w * w * x).sum()
    ...     loss.backward()
    ...     optimizer.step()
    ...     return loss
    >>> step(np.ones(2, "float32")), w.numpy()
    (Tensor(5.), array([ 0.5, -1. ], dtype=float32))
    """
    if function is None:
        return lambda chosen: Compiled(chosen, keep_gradients, fallback)
    return Compiled(function, keep_gradients, fallback)
