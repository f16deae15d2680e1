"""What a compiled ConvNet costs beside its arithmetic: memory, the first call; and what a second thread gives."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from arena import arena
from convnets_chainrule import first
from costs import first_calls
from pictures import CONVNETS
from resident import peak
from turns import Worker, run_json, turn

import chainrule as cr
from chainrule.kernels.peak import measured_peak as registers

Figures = list[dict[str, Any]]
LAYOUTS = ("eager", "channels-last")
ROUNDS = 12


def convnet_memory(*names: str) -> Figures:
    """MiB that 10 training steps of ConvNets hold at most beyond the imports, and where chainrule's lie."""
    return [row for name in names or ("convnet", "resnet20", "alexnet") for row in held(name)]


def held(name: str) -> Figures:
    """One network: each framework in a process of its own, one after the other; then the arena of the plan."""
    with tempfile.TemporaryDirectory() as folder:
        command = (name, "hold", str(Path(folder) / "weights.npz"))
        found = {"chainrule": grown(Worker("convnets_chainrule.py", *command))}
        for mode in LAYOUTS:
            found[f"PyTorch, {mode}"] = grown(Worker("convnets_torch.py", *command, mode))
        with np.load(command[-1]) as arrays:
            state = 3 * sum(array.nbytes for array in arrays.values()) / 2**20
    base = found["chainrule"] - state
    rows: Figures = [
        {
            "": who,
            "MiB": round(mib, 1),
            "beyond weights, gradients, velocity": round(mib - state, 1),
            "chainrule's share": round(base / (mib - state), 2),
        }
        for who, mib in found.items()
    ]
    step, images, labels = first(name)
    rows[1:1] = [{"": f"  {what}", "MiB": mib} for what, mib in arena(step.plan(images, labels)).items()]
    return [{"network": CONVNETS[name].title} | row for row in rows]


def grown(worker: Worker) -> float:
    """MiB that a worker holds at most in 10 steps, beyond its imports."""
    worker.run(10)
    found = peak(worker.process.pid)
    worker.end()
    return found - worker.facts["imported"]


def convnet_compile(*names: str) -> Figures:
    """The first call of a ConvNet's step, itself included: nothing cached, then cached; kernels that it compiles."""
    return [
        {"network": CONVNETS[name].title}
        | first_calls("convnets_chainrule", name)
        | run_json("compile_chainrule.py", name, CHAINRULE_CACHE="")
        for name in names or CONVNETS
    ]


def convnet_threads(*names: str) -> Figures:
    """A ConvNet's training step on one thread and on two, in turns; and what a second thread gives at best."""
    return [*(both(name) for name in names or ("convnet",)), ceiling()]


def both(name: str) -> dict[str, Any]:
    """One network on one thread and on two; the losses are the same to the bit, or there is no figure."""
    network = CONVNETS[name]
    with tempfile.TemporaryDirectory() as folder:
        command = ("convnets_chainrule.py", name, "train", str(Path(folder) / "weights.npz"))
        one, two = (Worker(*command, CHAINRULE_THREADS=count) for count in "12")
        for number in range(ROUNDS + 1):
            turn([one, two], network.steps, count=number > 0)
        for worker in (one, two):
            worker.end()
    if one.losses != two.losses:
        raise SystemExit(f"{name}: one thread and two differ: {one.losses} and {two.losses}")
    taken = [1e3 * statistics.median(worker.seconds) for worker in (one, two)]
    return compared(network.title, "ms a step", *taken, taken[0] / taken[1])


def ceiling() -> dict[str, Any]:
    """Multiply-adds in registers, which share nothing but the processor."""
    found: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(ROUNDS):
        for count, speeds in found.items():
            cr.set_threads(count)
            registers.cache_clear()
            speeds.append(registers(count) / 1e9)
    cr.set_threads(None)
    one, two = (statistics.median(speeds) for speeds in found.values())
    return compared("multiply-adds in registers", "GFLOP/s", one, two, two / one)


def compared(network: str, what: str, one: float, two: float, times: float) -> dict[str, Any]:
    """A row."""
    figures = {"1 thread": round(one, 1), "2 threads": round(two, 1), "times": round(times, 2)}
    return {"network": network, "": what, **figures}
