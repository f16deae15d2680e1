"""ConvNets against PyTorch: training steps and inference."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from engine import TUNED
from pictures import CONVNETS, ConvNet
from turns import Worker, agree, turn

MODES = ("eager", "channels-last", "compile channels-last")
COMPARED = 20
"""Steps after which losses are compared."""
Figures = list[dict[str, Any]]


def convnets(*names: str) -> Figures:
    """Compiled training steps and inference of ConvNets against PyTorch 2.13.0 in each mode, two threads."""
    return [row for name in names or CONVNETS for verb in ("train", "look") for row in compared(name, verb)]


def compared(name: str, verb: str) -> Figures:
    """One network, one verb: medians over turns; then PyTorch's best mode with raised malloc thresholds."""
    network = CONVNETS[name]
    steps = network.steps if verb == "train" else network.look
    with tempfile.TemporaryDirectory() as folder:
        command = (name, verb, str(Path(folder) / "weights.npz"))
        workers = {"chainrule": Worker("convnets_chainrule.py", *command)}
        modes = {f"PyTorch, {mode}": Worker("convnets_torch.py", *command, mode) for mode in usable()}
        best = min(modes, key=lambda who: warmed(modes[who], steps))
        twin = Worker("convnets_torch.py", *command, best.removeprefix("PyTorch, "), **TUNED)
        workers |= modes | {f"{best}, malloc tuned": twin}
        for worker in (workers["chainrule"], twin):
            warmed(worker, steps)
        for _ in range(network.rounds):
            turn(list(workers.values()), steps)
        agree(workers, min(COMPARED, len(twin.losses)))
        if verb == "train":
            further({who: workers[who] for who in ("chainrule", best)})
        for worker in workers.values():
            worker.end()
    return rows(network, verb, workers)


def further(two: dict[str, Worker]) -> None:
    """Let two go on in turns until their losses can be compared; with all of VGG-16's it would take minutes."""
    while any(len(worker.losses) < COMPARED for worker in two.values()):
        turn(list(two.values()), 1, count=False)
    agree(two, COMPARED)


def usable() -> tuple[str, ...]:
    """The modes of PyTorch that work here: torch.compile needs a C++ compiler."""
    if shutil.which("g++"):
        return MODES
    print("no C++ compiler: torch.compile is left out", file=sys.stderr)
    return tuple(mode for mode in MODES if "compile" not in mode)


def warmed(worker: Worker, steps: int) -> float:
    """Run two turns that do not count; returns the least seconds of a step."""
    worker.run(2 * steps)
    least = min(worker.seconds)
    worker.seconds.clear()
    return least


def rows(network: ConvNet, verb: str, workers: dict[str, Worker]) -> Figures:
    """A row for each worker, with the ratio to chainrule's median."""
    medians = {who: statistics.median(worker.seconds) for who, worker in workers.items()}
    left = workers["chainrule"].facts["left"]
    note = f", {len(left)} gates in NumPy" if left else ""
    after = {who: min(COMPARED, len(worker.losses)) for who, worker in workers.items()}
    return [
        {
            "network": network.title,
            "": f"{verb}, {who}{note if who == 'chainrule' else ''}",
            "ms": round(1e3 * medians[who], 2),
            "least": round(1e3 * min(worker.seconds), 2),
            "times chainrule's": round(medians[who] / medians["chainrule"], 2),
            "loss or score": round(worker.losses[after[who] - 1], 4),
            "after": after[who],
        }
        for who, worker in workers.items()
    ]
