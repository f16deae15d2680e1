"""A plan as a table: what runs, for which values, how much work it is, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..errors import UsageError
from ..graph import PHASES
from ..graph.paths import cell_path
from ..kernels.peak import bandwidth, peak
from . import clock
from .flow import Flow, Op
from .plan import Plan
from .records import Row
from .sums import Products

WIDTH = 36
"""Columns for the paths."""
STEP = "step"
"""What belongs to no layer: the loss, the optimizer's own numbers."""
WITH_PRODUCTS = ("product", "convolve", "winograd")
"""Kernels whose work is products."""


class Entry(NamedTuple):
    """One kernel of a plan.

    layer:  that of the first value that it computes, or `STEP`;  phase: forward, backward or update
    flops:  products and sums of its products;  bytes: that it reads and writes;  ms: see `clock`
    share:  of the machine's measured peak, for products;  bandwidth: of its memory's measured one, more than 1 where
    values come from caches
    """

    layer: str
    phase: str
    kernel: str
    paths: tuple[str, ...]
    pieces: int
    flops: int
    bytes: int
    ms: float | None
    share: float | None
    bandwidth: float | None


class Layer(NamedTuple):
    """What a layer costs.

    ms: of each phase;  flops, bytes: of all
    share, bandwidth: of the measured peak, and of the measured bandwidth, over all its time
    """

    layer: str
    ms: dict[str, float]
    flops: int
    bytes: int
    share: float
    bandwidth: float

    @property
    def total(self) -> float:
        """Milliseconds of all phases."""
        return sum(self.ms.values())


class Table(NamedTuple):
    """The kernels of a plan in order; prints itself.

    order:  the layers as the program has them
    ms:     a whole step, what Python does around kernels included; None where nothing was timed
    """

    name: str
    entries: list[Entry]
    peak_bytes: int
    plain: list[str]
    order: tuple[str, ...]
    ms: float | None

    def layers(self) -> list[Layer]:
        """The same by layers, in the order of the network; a kernel counts to the layer that it begins with.

        Raises UsageError for a table without times.
        """
        if self.ms is None:
            raise UsageError("Table.layers", "a table without times", "one with", "step.table(*batch)")
        there = {entry.layer for entry in self.entries}
        return [self.layer(name) for name in (*self.order, STEP) if name in there]

    def layer(self, name: str) -> Layer:
        """One of them."""
        own = [e for e in self.entries if e.layer == name]
        ms = {phase: sum(e.ms or 0.0 for e in own if e.phase == phase) for phase in PHASES}
        flops, moved = sum(e.flops for e in own), sum(e.bytes for e in own)
        seconds = sum(ms.values()) / 1e3 or float("inf")
        return Layer(name, ms, flops, moved, flops / seconds / peak(), moved / seconds / bandwidth())

    def __str__(self) -> str:
        timed = self.ms is not None
        head = f"{'kernel':<9} {'computes':<{WIDTH}} {'pieces':>6} {'MFLOP':>9} {'KB':>9}"
        lines = [head + (f" {'ms':>8} {'of peak':>7} {'of memory':>9}" if timed else "")]
        lines += [row_of(entry, timed) for entry in self.entries]
        lines += [f"{'numpy':<9} {path}" for path in self.plain]
        total = sum(e.ms or 0.0 for e in self.entries)
        flops = sum(e.flops for e in self.entries) / 1e6
        foot = f"{len(self.entries)} kernels, {len(self.plain)} NumPy lines, {flops:,.1f} MFLOP, "
        foot += f"arena {self.peak_bytes / 1e6:,.2f} MB"
        if self.ms is not None:
            foot += f", {total:.3f} of {self.ms:.3f} ms"
        return "\n".join([*(line.rstrip() for line in lines), foot])


def row_of(entry: Entry, timed: bool) -> str:
    """One printed line."""
    paths = ", ".join(entry.paths)
    if len(paths) > WIDTH:
        paths = paths[: WIDTH - 1] + "…"
    line = f"{entry.kernel:<9} {paths:<{WIDTH}} {entry.pieces:>6} {entry.flops / 1e6:>9.3f} {entry.bytes / 1e3:>9.1f}"
    if timed and entry.ms is not None:
        line += f" {entry.ms:>8.4f} {percent(entry.share):>7} {percent(entry.bandwidth):>9}"
    return line.rstrip()


def percent(share: float | None) -> str:
    """
    >>> percent(0.256), percent(None)
    ('26%', '')
    """
    return "" if share is None else f"{share:.0%}"


def table(plan: Plan, arrays: Sequence[np.ndarray] = (), *, repeats: int = 15) -> Table:
    """What a plan runs; with the step's arrays also how long each kernel takes, and its share of the peak, on
    systems with a clock for it (Linux, macOS).

    Timing runs the step on its own state, which is given back.
    """
    names = plan.program.names()
    given = bool(arrays) or not plan.program.inputs
    times = clock.clocked(plan, arrays, repeats) if given and clock.there() else None
    lines = (line for line in plan.program.lines if line.place.layer)
    layers = dict.fromkeys(layer_of(names[n]) for line in lines for n in line.outputs)
    entries = []
    for row in plan.rows:
        ms = None if times is None else 1e3 * times.records[row.record]
        share = moved = None
        size = moved_by(plan, row)
        known, task = paths(plan, row, names), row.task
        if ms:
            share = task.flops / (ms / 1e3) / peak() if task.name in WITH_PRODUCTS else None
            moved = size / (ms / 1e3) / bandwidth()
        layer = next((name for name in map(layer_of, known) if name in layers), STEP)
        where = layer, phase_of(plan, row)
        entries.append(Entry(*where, task.name, known, task.pieces, task.flops, size, ms, share, moved))
    plain = [names[n] for s in plan.segments if not isinstance(s, tuple) for n in s.op.outputs if n in names]
    ms = None if times is None else 1e3 * times.step
    return Table(plan.program.name, entries, plan.peak, plain, tuple(layers), ms)


def moved_by(plan: Plan, row: Row) -> int:
    """The bytes that a kernel reads and writes: of each value as much as its group looks at."""
    if row.task.moved is not None:
        return row.task.moved
    groups, specs = plan.groups, plan.groups.flow.specs
    seen: dict[int, int] = {}
    for op in groups.groups[row.group].ops:
        for view in (groups.place(groups.view(n)) for n in (*op.inputs, *op.outputs)):
            seen[view.base] = max(seen.get(view.base, 0), view.there)
    touched = {*row.task.reads, *row.task.writes}
    return sum(min(specs[n].size, seen.get(n, specs[n].size)) * specs[n].dtype.itemsize for n in touched)


def phase_of(plan: Plan, row: Row) -> str:
    """The phase of the first line that a kernel computes."""
    lines = [op.line for op in plan.groups.groups[row.group].ops if op.line >= 0]
    return plan.program.lines[lines[0]].phase if lines else "update"


def layer_of(path: str) -> str:
    """The layer that a value belongs to.

    >>> layer_of("conv2/relu.grad"), layer_of("conv2.weight.grad"), layer_of("loss")
    ('conv2', 'conv2', 'loss')
    >>> layer_of("optimizer/conv2.weight/velocity.new"), layer_of("optimizer/multiply:3")
    ('conv2', 'optimizer')
    """
    head, _, rest = path.partition("/")
    if head == "optimizer" and "/" in rest:
        head, rest = rest.partition("/")[0], ""
    if rest:
        return head
    parts = head.split(".")
    return ".".join(parts[: -2 if parts[-1] in ("grad", "new", "back") else -1] or parts[:1])


def paths(plan: Plan, row: Row, names: dict[int, str]) -> tuple[str, ...]:
    """The values of the program that a kernel computes: first those with a name of their own, the last before; of one
    that only copies, what it copies.
    """
    copied = (names.get(next(iter(row.task.reads), -1), "part of a value"),)
    if row.task.name == "pack":
        return copied
    group = plan.groups.groups[row.group]
    made = [n for op in group.ops for n in op.outputs]
    cells = {n: f"{cell_path(cell, 0)}.new" for n, cell in plan.made.targets.items()}
    known = [name for n in reversed(made) if (name := names.get(n, cells.get(n)))]
    lines = [names[plan.program.lines[op.line].outputs[0]] for op in group.ops if op.line >= 0]
    lines += [names[n] for op in group.ops for n in summed(plan.groups.flow, op) if n in names]
    return tuple(sorted(dict.fromkeys([*known, *lines]), key=lambda name: ".back" in name)) or copied


def summed(flow: Flow, op: Op) -> Iterator[int]:
    """The products that a sum of products adds up."""
    pairs = set(zip(op.inputs[::2], op.inputs[1::2], strict=False))
    if isinstance(op.gate, Products):
        yield from (n for n, ops in flow.aside.items() if len(ops) == 1 and ops[0].inputs in pairs)
