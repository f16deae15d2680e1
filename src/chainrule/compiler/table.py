"""A plan as a table: what runs, for which values, how much work it is, and how long it takes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from ..graph.paths import cell_path
from ..kernels.peak import peak
from ..kernels.threads import pool
from .flow import Flow, Op
from .plan import Plan
from .records import Row
from .room import bytes_of
from .sums import Products

WIDTH = 45
"""Columns for the paths."""


class Entry(NamedTuple):
    """One kernel of a plan.  bytes: read and written;  ms: median;  share: of the machine's measured peak."""

    kernel: str
    paths: tuple[str, ...]
    pieces: int
    flops: int
    bytes: int
    ms: float | None
    share: float | None


class Table(NamedTuple):
    """The kernels of a plan in order; prints itself."""

    name: str
    entries: list[Entry]
    peak_bytes: int
    plain: list[str]

    def __str__(self) -> str:
        timed = any(e.ms is not None for e in self.entries)
        head = f"{'kernel':<9} {'computes':<{WIDTH}} {'pieces':>6} {'MFLOP':>9} {'KB':>9}"
        lines = [head + (f" {'ms':>8} {'of peak':>8}" if timed else "")]
        lines += [row_of(entry, timed) for entry in self.entries]
        lines += [f"{'numpy':<9} {path}" for path in self.plain]
        total = sum(e.ms or 0.0 for e in self.entries)
        flops = sum(e.flops for e in self.entries) / 1e6
        foot = f"{len(self.entries)} kernels, {len(self.plain)} NumPy lines, {flops:,.1f} MFLOP, "
        foot += f"arena {self.peak_bytes / 1e6:,.2f} MB"
        if timed:
            foot += f", {total:.3f} ms (each with 1 µs of call)"
        return "\n".join([*(line.rstrip() for line in lines), foot])


def row_of(entry: Entry, timed: bool) -> str:
    """One printed line."""
    paths = ", ".join(entry.paths)
    if len(paths) > WIDTH:
        paths = paths[: WIDTH - 1] + "…"
    line = f"{entry.kernel:<9} {paths:<{WIDTH}} {entry.pieces:>6} {entry.flops / 1e6:>9.3f} {entry.bytes / 1e3:>9.1f}"
    if timed and entry.ms is not None:
        line += f" {entry.ms:>8.4f} {'' if entry.share is None else f'{entry.share:.0%}':>8}"
    return line.rstrip()


def table(plan: Plan, arrays: Sequence[np.ndarray] = (), *, repeats: int = 15) -> Table:
    """What a plan runs; with the step's arrays also how long each kernel takes, and its share of the peak.

    Timing runs the step on its own state, which is given back.
    """
    names = plan.program.names()
    seconds = timed(plan, arrays, repeats) if arrays or not plan.program.inputs else None
    entries = []
    for number, row in enumerate(plan.rows):
        ms = None if seconds is None else 1e3 * seconds[number]
        share = None
        if ms and row.task.name in ("product", "winograd"):
            share = row.task.flops / (ms / 1e3) / peak()
        specs = plan.groups.flow.specs
        touched = set(row.task.reads) | set(row.task.writes)
        size = sum(bytes_of(specs[n]) for n in touched)
        entries.append(
            Entry(row.task.name, paths(plan, row, names), row.task.pieces, row.task.flops, size, ms, share)
        )
    plain = [names[n] for s in plan.segments if not isinstance(s, tuple) for n in s.op.outputs if n in names]
    return Table(plan.program.name, entries, plan.peak, plain)


def paths(plan: Plan, row: Row, names: dict[int, str]) -> tuple[str, ...]:
    """The values of the program that a kernel computes: first those with a name of their own, the last before."""
    if row.task.name == "pack":
        return (names.get(row.task.reads[0], "part of a value"),)
    group = plan.groups.groups[row.group]
    made = [n for op in group.ops for n in op.outputs]
    cells = {n: f"{cell_path(cell, 0)}.new" for n, cell in plan.made.targets.items()}
    known = [name for n in reversed(made) if (name := names.get(n, cells.get(n)))]
    lines = [names[plan.program.lines[op.line].outputs[0]] for op in group.ops if op.line >= 0]
    lines += [names[n] for op in group.ops for n in summed(plan.groups.flow, op) if n in names]
    return tuple(sorted(dict.fromkeys([*known, *lines]), key=lambda name: ".back" in name))


def summed(flow: Flow, op: Op) -> Iterator[int]:
    """The products that a sum of products adds up."""
    pairs = set(zip(op.inputs[::2], op.inputs[1::2], strict=False))
    if isinstance(op.gate, Products):
        yield from (n for n, ops in flow.aside.items() if len(ops) == 1 and ops[0].inputs in pairs)


def timed(plan: Plan, arrays: Sequence[np.ndarray], repeats: int) -> list[float]:
    """The median seconds of each record, one by one in the order of the plan."""
    made = plan.begin(arrays)
    saved = [(array, array.copy()) for _, array in plan.room.state]
    places = [plan.records.address(row.record) for row in plan.rows]
    run = pool().run
    rounds = []
    try:
        for _ in range(repeats):
            plan.walk(arrays, made)  # the values that each kernel finds are those of a real step
            seconds = []
            for place in places:
                began = time.perf_counter()
                run(place, 1)
                seconds.append(time.perf_counter() - began)
            rounds.append(seconds)
    finally:
        for array, old in saved:
            np.copyto(array, old)
    return [float(m) for m in np.median(np.array(rounds).reshape(repeats, -1), axis=0)]
