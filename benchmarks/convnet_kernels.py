"""Where the milliseconds of a ConvNet's compiled training step go: its kernels, the sums by kind, the floor."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from convnets_chainrule import first
from costs import seconds
from pictures import CONVNETS

import chainrule as cr
from chainrule.compiler.table import Entry, table
from chainrule.graph import Gate, Program, Spec
from chainrule.kernels.peak import measured_peak, peak
from chainrule.ops.conv import Conv2dInput, Conv2dWeight

RUNS, REPEATS, MOST = 3, 5, 10
"""Runs, steps of each, and how many kernels are shown."""


class Measured(NamedTuple):
    """A kernel, or several: milliseconds, floating-point operations, the machine's peak a second."""

    ms: float
    flops: float
    peak: float

    def row(self, network: str, kernel: str, computes: str) -> dict[str, Any]:
        """A row; a share of the peak where multiply-adds are what takes the time."""
        speed = self.flops / self.ms / 1e6 if self.flops and self.ms else None
        counted = speed is not None and kernel in ("product", "winograd", "floor")
        return {
            "network": network,
            "kernel": kernel,
            "computes": computes,
            "ms": round(self.ms, 3),
            "GFLOP/s": None if speed is None else round(speed, 1),
            "of peak": f"{1e9 * speed / self.peak:.0%}" if speed is not None and counted else "",
        }


def convnet_kernels(*names: str) -> list[dict[str, Any]]:
    """The ten most expensive kernels of a training step on two threads, sums by kind, and floors at the peak."""
    cr.set_threads(2)
    rows = [row for name in names or CONVNETS for row in kernels(name)]
    cr.set_threads(None)
    return rows


def kernels(name: str) -> Iterator[dict[str, Any]]:
    """One network: medians over runs, each with a peak of its own."""
    network, (step, *batch) = CONVNETS[name].title, first(name)
    step(*batch)
    runs, peaks, whole = [], [], []
    for _ in range(RUNS):
        measured_peak.cache_clear()
        peaks.append(peak())
        whole.append(seconds(step, *batch, times=REPEATS))
        runs.append(table(step.plan(*batch), batch, repeats=REPEATS).entries)
    top, entries = statistics.median(peaks), runs[0]
    ms = [statistics.median(entry.ms for entry in same) for same in zip(*runs, strict=True)]
    costly = sorted(range(len(entries)), key=lambda k: -ms[k])[:MOST]
    yield from (
        Measured(ms[k], entries[k].flops, top).row(network, entries[k].kernel, computes(entries[k]))
        for k in costly
    )
    yield from by_kind(network, entries, ms, top)
    yield Measured(sum(ms), 0, top).row(network, "all", f"{len(ms)} together, within the step")
    yield Measured(1e3 * statistics.median(whole), 0, top).row(network, "step", "as it is called")
    done = sum(e.flops for e in entries if e.kernel in ("product", "winograd"))
    for what, flops in (("these products", done), ("direct sums", direct(step.program(*batch)))):
        yield Measured(1e3 * flops / top, flops, top).row(network, "floor", f"{what} at the peak")


def computes(entry: Entry) -> str:
    """The first value that a kernel makes, and how many more there are."""
    head, *more = entry.paths or ("",)
    return f"{head} and {len(more)} more" if more else head


def by_kind(
    network: str, entries: Sequence[Entry], ms: Sequence[float], top: float
) -> Iterator[dict[str, Any]]:
    """The sums of the kernels of each kind, the largest first."""
    kinds: dict[str, list[int]] = {}
    for k, entry in enumerate(entries):
        kinds.setdefault(entry.kernel, []).append(k)
    for kind, them in sorted(kinds.items(), key=lambda item: -sum(ms[k] for k in item[1])):
        flops = sum(entries[k].flops for k in them) if kind in ("product", "winograd") else 0
        yield Measured(sum(ms[k] for k in them), flops, top).row(network, kind, f"{len(them)} together")


def direct(program: Program) -> int:
    """Floating-point operations of all convolutions and matrix products of a program, as they are defined."""
    return 2 * sum(
        multiply_adds(line.gate, *(program.specs[n] for n in line.inputs)) for line in program.lines
    )


def multiply_adds(gate: Gate, *specs: Spec) -> int:
    """How many products a gate sums; the gradients of a convolution as many as the convolution."""
    if isinstance(gate, Conv2dInput):
        y, w = specs
        return y.size * math.prod(w.shape[1:])
    if isinstance(gate, Conv2dWeight):
        x, y = specs
        return y.size * math.prod(gate.size) * x.shape[1] // gate.groups
    return gate.multiply_adds(*specs)
