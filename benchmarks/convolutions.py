"""3×3 convolutions alone, one by one: the direct sum and Winograd's algorithm in chainrule, and PyTorch."""

from __future__ import annotations

import statistics
from math import sqrt
from typing import Any

import numpy as np
from engine import TUNED
from layers import LAYERS, TURNS, Case, cases
from pictures import CONVNETS
from turns import Worker, turn

from chainrule.compiler.last import winograd_pays
from chainrule.graph import Spec
from chainrule.ops.conv import Conv2d

NEAR = 1e-3
"""How far results may be apart, in the size that so many random terms sum up to."""


def convolutions(*names: str) -> list[dict[str, Any]]:
    """3×3 layers alone, the direct sum, Winograd's algorithm and PyTorch's channels-last kernel in turns.

    GFLOP/s are those of the direct sum, however the result is found.
    """
    networks = [name for name in names or LAYERS if name in LAYERS]
    workers = {
        "direct": Worker("convolutions_chainrule.py", "direct", *networks),
        "Winograd": Worker("convolutions_chainrule.py", "winograd", *networks),
        "PyTorch": Worker("convolutions_torch.py", *networks, **TUNED),
    }
    rows = []
    for case in cases(networks):
        able = {who: worker for who, worker in workers.items() if who != "Winograd" or case.tiled}
        rows.append(row(case, able))
    for worker in workers.values():
        worker.end()
    return rows


def row(case: Case, workers: dict[str, Worker]) -> dict[str, Any]:
    """Medians over turns, of which the first does not count."""
    for number in range(TURNS):
        turn(list(workers.values()), case.steps, count=number > 0)
    agree(case, {who: worker.losses[-1] for who, worker in workers.items()})
    ms = {who: 1e3 * statistics.median(worker.seconds) for who, worker in workers.items()}
    for worker in workers.values():
        worker.seconds.clear()
    found = {"network": CONVNETS[case.network].title, "layer": str(case), "": case.way}
    found |= {f"{who}, ms": rounded(ms.get(who)) for who in ("direct", "Winograd", "PyTorch")}
    speeds = {who: case.flops / taken / 1e6 for who, taken in ms.items()}
    found |= {f"{who}, GFLOP/s": rounded(speeds.get(who), 0) for who in ("direct", "Winograd", "PyTorch")}
    times = ms["direct"] / ms["Winograd"] if "Winograd" in ms else None
    return {**found, "times": rounded(times), "plan": chosen(case)}


def rounded(number: float | None, places: int = 2) -> float | int | None:
    """A number with so many places, if there is one."""
    return None if number is None else round(number, places) if places else round(number)


def agree(case: Case, numbers: dict[str, float]) -> None:
    """Stop unless all found the same."""
    first, *others = numbers.values()
    if any(abs(first - other) > NEAR * sqrt(case.terms) for other in others):
        raise SystemExit(f"{case.network} {case} {case.way}: {numbers}")


def chosen(case: Case) -> str:
    """What a plan takes by itself."""
    channels, filters, size = case.channels, case.filters, case.made
    if case.way == "to pictures":
        channels, filters, size = filters, channels, case.size
    single = np.dtype(np.float32)
    made = Spec((case.batch, size, size, filters), single)
    pays = winograd_pays(Conv2d(), Spec((3, 3, channels, filters), single), made)
    return "Winograd" if case.tiled and pays else "direct"
