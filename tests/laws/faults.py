"""Faults to plant in gates, each with the law that must fail then.

A fault replaces one method of a gate's class for as long as a `with` block runs.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import graph, ops
from chainrule.errors import ChainruleError
from chainrule.graph import Elementwise, Gate, Reduction, Spec

from .laws import LAWS, floating, has_parts, has_slope, promised
from .rows import Row
from .table import TABLE

Wrap = Callable[[Any], Any]


@dataclass(frozen=True)
class Fault:
    """What is wrong, which method is replaced by what, and the law that must notice."""

    name: str
    method: str
    wrap: Wrap
    law: str


@contextmanager
def planted(gate: type[Gate], fault: Fault) -> Iterator[None]:
    """The gate with a fault in it."""
    own = fault.method in vars(gate)
    before = getattr(gate, fault.method)
    setattr(gate, fault.method, fault.wrap(before))
    try:
        yield
    finally:
        if own:
            setattr(gate, fault.method, before)
        else:
            delattr(gate, fault.method)


def outputs(change: Callable[[np.ndarray], Any]) -> Wrap:
    """A forward whose first output is changed."""

    def wrap(before: Any) -> Any:
        def compute(self: Gate, *arrays: np.ndarray) -> Any:
            made = before(self, *arrays)
            first, *rest = made if isinstance(made, tuple) else (made,)
            first = np.asarray(change(np.asarray(first)))
            return (first, *rest) if rest else first

        return compute

    return wrap


def inputs(change: Callable[..., Sequence[np.ndarray]]) -> Wrap:
    """A forward that does something with its inputs first."""
    return lambda before: lambda self, *arrays: before(self, *change(*arrays))


def gradients(position: int, change: Callable[[Any, Any], Any]) -> Wrap:
    """A backward whose gradient to one input is changed; `change` sees upstream too."""

    def wrap(before: Any) -> Any:
        def backward(self: Gate, upstream: Any, **kept: Any) -> Any:
            made = before(self, upstream, **kept)
            rules = list(made) if isinstance(made, tuple) else [made]
            rule = rules[position]
            rules[position] = change(rule() if callable(rule) else rule, upstream)
            return tuple(rules)

        return backward

    return wrap


def wrong(out: np.ndarray) -> np.ndarray:
    """Numbers off by one part in a hundred, masks and integers off by one in the first place."""
    if out.dtype.kind == "f":
        return (out * np.asarray(1.01, out.dtype)).astype(out.dtype)
    return turned(out)


def turned(out: np.ndarray) -> np.ndarray:
    """Another answer in the first place."""
    flat = out.ravel().copy()
    flat[:1] = ~flat[:1] if out.dtype.kind == "b" else flat[:1] + 1
    return flat.reshape(out.shape)


def scribble(*arrays: np.ndarray) -> Sequence[np.ndarray]:
    first = arrays[0].copy()
    arrays[0][...] = turned(arrays[0])
    return (first, *arrays[1:])


def by_memory(*arrays: np.ndarray) -> Sequence[np.ndarray]:
    """The arrays read in the order of their bytes."""
    return [a.ravel(order="K").reshape(a.shape) for a in arrays]


def not_small(*arrays: np.ndarray) -> Sequence[np.ndarray]:
    if any(n <= 1 for a in arrays for n in a.shape):
        raise ValueError("too small")
    return arrays


def hoard() -> Wrap:
    memo: list[Any] = []

    def wrap(before: Any) -> Any:
        def compute(self: Gate, *arrays: np.ndarray) -> Any:
            memo.append(arrays)
            return before(self, *arrays)

        return compute

    return wrap


def fickle() -> Wrap:
    """A forward that answers differently every time."""
    calls = itertools.count()

    def change(out: np.ndarray) -> np.ndarray:
        if out.dtype.kind == "f":
            return (out * (1 + next(calls) * 0.001)).astype(out.dtype)
        return turned(out) if next(calls) % 2 else out

    return outputs(change)


def half(out: np.ndarray) -> np.ndarray:
    """float32 by way of float16."""
    return out.astype(np.float16).astype(out.dtype) if out.dtype == np.float32 else out


def wide(out: np.ndarray) -> np.ndarray:
    return out.astype(np.float64)


def taller(before: Any) -> Any:
    """A spec with an axis too many."""

    def spec(self: Gate, *specs: Spec) -> Any:
        made = before(self, *specs)
        first, *rest = made if isinstance(made, tuple) else (made,)
        first = Spec((1, *first.shape), first.dtype)
        return (first, *rest) if rest else first

    return spec


def careless(before: Any) -> Any:
    """A spec that lets everything through."""

    def spec(self: Gate, *specs: Spec) -> Any:
        try:
            return before(self, *specs)
        except ChainruleError:
            return tuple(specs[0] for _ in self.outputs)

    return spec


def branching(before: Any) -> Any:
    """A formula that asks whether its value is true."""
    return lambda self, xp, x, *rest: before(self, xp, x, *rest) if x == 0 else before(self, xp, x, *rest)


def detached(gradient: Any, upstream: Any) -> Any:
    return None if gradient is None else gradient.detach()


def first_part(change: Callable[[Any], Any]) -> Wrap:
    """Parts whose first output is changed."""

    def wrap(before: Any) -> Any:
        def parts(self: Gate, *values: Any) -> Any:
            made = before(self, *values)
            return (change(made[0]), *made[1:]) if isinstance(made, tuple) else change(made)

        return parts

    return wrap


def tamed(value: Any) -> Any:
    """0 in the place of what is not finite."""
    huge = ops.greater(ops.abs(value), float(np.finfo(value.dtype).max))
    return ops.where(ops.logical_or(huge, ops.not_equal(value, value)), 0.0, value)


def part_faults() -> list[Fault]:
    """The faults that make sense in a gate's parts."""
    closed = lambda before: lambda self, *values: graph.apply(self, *values)  # noqa: E731
    return [
        Fault("parts give wrong numbers", "parts", first_part(lambda v: v * 1.01), "parts_are_the_whole"),
        Fault("parts lose the gradient", "parts", first_part(lambda v: v.detach()), "parts_are_the_whole"),
        Fault("the gate is its own part", "parts", closed, "parts_are_small"),
        Fault(
            "parts hide what is not finite",
            "parts",
            first_part(tamed),
            "parts_are_not_finite_where_the_whole_is_not",
        ),
    ]


def faults(row: Row) -> list[Fault]:
    """The faults that make sense in this gate."""
    gate, case = row.gate, row.cases[0]
    specs = promised(case.gate, case.make(np.float32))
    found = [
        Fault("forward gives wrong numbers", "compute", outputs(wrong), "forward_is_the_reference"),
        Fault("spec has an axis too many", "spec", taller, "spec_is_real"),
        Fault("spec lets everything through", "spec", careless, "bad_inputs_raise"),
        Fault("forward writes to its input", "compute", inputs(scribble), "inputs_are_never_written_to"),
        Fault("forward reads its input by memory", "compute", inputs(by_memory), "layout_does_not_matter"),
        Fault(
            "forward fails on few numbers",
            "compute",
            inputs(not_small),
            "sizes_zero_and_one_are_fine_or_refused",
        ),
        Fault("forward hoards its inputs", "compute", hoard(), "nothing_is_kept_but_what_backward_names"),
        Fault("forward changes its mind", "compute", fickle(), "traced_is_direct"),
        Fault("settings are not compared", "__eq__", lambda before: object.__eq__, "equality_is_by_settings"),
    ]
    if specs[0].floating and not hasattr(case.gate, "dtype"):
        found.append(Fault("forward widens float32", "compute", outputs(wide), "no_dtype_drift"))
    if specs[0].floating and row.name not in ("Sign", "Floor", "Astype"):
        found.append(
            Fault("forward computes in float16", "compute", outputs(half), "float32_is_near_float64")
        )
    if row.kernels:
        apart = Fault("forward is not what the kernel does", "compute", outputs(wrong), "compiled_is_plain")
        found.append(apart)
    if issubclass(gate, Elementwise):
        found.append(Fault("the formula branches", "forward", branching, "formula_is_closed"))
    if issubclass(gate, Reduction):
        found.append(Fault("the formula branches", "map", branching, "formula_is_closed"))
    if has_parts(row, case):
        found += part_faults()
    return found + slope_faults(row)


def slope_faults(row: Row) -> list[Fault]:
    """The faults that make sense in this gate's backward."""
    case = next((c for c in row.cases if has_slope(row, c) and floating(c, np.float64)), None)
    if case is None:
        return []
    if row.name in ("Sign", "Floor"):
        hand_on = gradients(0, lambda gradient, upstream: upstream)
        return [Fault("a gradient where there is none", "backward", hand_on, "first_slope")]
    found = []
    names = row.gate.inputs
    for position in case.differentiable:
        name = names[min(position, len(names) - 1)]
        changes = {
            f"gradient to {name} is 1 % too large": lambda g, up: None if g is None else g * 1.01,
            f"gradient to {name} has the wrong sign": lambda g, up: None if g is None else -g,
            f"gradient to {name} is dropped": lambda g, up: None,
        }
        for what, change in changes.items():
            found.append(Fault(what, "backward", gradients(position, change), "first_slope"))
        off = gradients(position, detached)
        found.append(Fault(f"gradient to {name} is off the graph", "backward", off, "second_slope"))
    return found


def caught(row: Row, fault: Fault) -> bool:
    """Whether the law of the fault fails on some case of the row."""
    law = LAWS[fault.law]
    with planted(row.gate, fault):
        for case in row.cases:
            if law.applies(row, case):
                try:
                    law.check(row, case)
                except Exception:
                    return True
    return False


def main(names: Sequence[str]) -> int:
    """Plant every fault in the gates named, in all for no names; print who caught it, 1 if nobody did."""
    unknown = [name for name in names if name not in TABLE]
    if unknown:
        print(f"no gate {', '.join(unknown)}; there are {', '.join(TABLE)}", file=sys.stderr)
        return 2
    start, missed, total = time.perf_counter(), 0, 0
    print(f"{'gate':<20} {'fault':<38} law that caught it")
    for row in (TABLE[name] for name in names or TABLE):
        for fault in faults(row):
            found = caught(row, fault)
            total, missed = total + 1, missed + (not found)
            print(f"{row.name:<20} {fault.name:<38} {fault.law if found else 'NOT CAUGHT'}")
    seconds = time.perf_counter() - start
    print(f"{total} faults in {len(names or TABLE)} gates, {missed} not caught, {seconds:.0f} s")
    return 1 if missed else 0
