"""Run benchmarks by name, print a table of each, write all figures to results.json beside this file."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

from augment import augment
from checkpoint import checkpoint
from convnet_costs import convnet_compile, convnet_memory, convnet_threads
from convnet_kernels import convnet_kernels
from convnets import convnets
from convolutions import convolutions
from costs import call, compiling, threads
from course import course
from engine import engine
from estimators import estimators
from fashion import fashion
from glass import glass
from neighbours import METRICS, neighbours
from pictures import CONVNETS
from products import products
from rich import box
from rich.console import Console
from rich.table import Table
from turns import Worker, agree, alternate, run_json

HERE = Path(__file__).parent
WIDTH = 170
"""Columns of a table that is printed to a file."""
Figures = list[dict[str, Any]]


def step() -> Figures:
    """A plain training step of the small ConvNet on 3×32×32 at batch 128, against PyTorch's best."""
    with tempfile.TemporaryDirectory() as folder:
        weights = str(Path(folder) / "weights.npz")
        ours = Worker("step_chainrule.py", weights)
        peers = {layout: Worker("step_torch.py", weights, layout) for layout in ("eager", "channels-last")}
        alternate([ours, *peers.values()], rounds=10, steps=3)
    agree({"chainrule": ours, **peers}, after=20)
    times = {"chainrule, plain": ours} | {f"PyTorch {p.facts['version']}, {k}": p for k, p in peers.items()}
    best = min(statistics.median(p.seconds) for p in peers.values())
    return [
        {
            "what": name,
            "ms a step": round(1e3 * statistics.median(worker.seconds), 1),
            "least": round(1e3 * min(worker.seconds), 1),
            "of PyTorch's best": round(statistics.median(worker.seconds) / best, 2),
            "loss after 20": round(worker.losses[19], 4),
        }
        for name, worker in times.items()
    ]


def imports() -> Figures:
    """What importing costs, less bare Python: medians of 7 processes each, in turns."""
    codes = {"bare Python": "pass", "numpy": "import numpy", "chainrule": "import chainrule"}
    seconds: dict[str, list[float]] = {name: [] for name in codes}
    for _ in range(8):
        for name, code in codes.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            seconds[name].append(time.perf_counter() - began)
    medians = {name: statistics.median(times[1:]) for name, times in seconds.items()}
    return [{"what": n, "seconds more": round(m - medians["bare Python"], 3)} for n, m in medians.items()]


def memory() -> Figures:
    """How much a training process grows between steps 100 and 1,000 (two-layer network, and the small ConvNet)."""
    return [run_json("memory.py", model) for model in ("two-layer", "convnet")]


def accuracy() -> Figures:
    """`chainrule train` with seeds 0 to 4 on the embedded pictures: nothing else is chosen."""
    rows: Figures = []
    for seed in range(5):
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "-m", "chainrule", "train", "--seed", str(seed), "--json", "--quiet"]
            command += ["--out", f"{folder}/run"]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        rows.append({"seed": seed, "test accuracy": found["test_accuracy"], "seconds": found["seconds"]})
    mean = {k: round(statistics.mean(r[k] for r in rows), 4) for k in ("test accuracy", "seconds")}
    return [*rows, {"seed": "mean", **mean}]


BENCHMARKS: dict[str, Callable[..., Figures]] = {
    "step": step,
    "engine": engine,
    "convnets": convnets,
    "convnet-memory": convnet_memory,
    "convnet-compile": convnet_compile,
    "convnet-threads": convnet_threads,
    "convnet-kernels": convnet_kernels,
    "convolutions": convolutions,
    "course": course,
    "augment": augment,
    "glass": glass,
    "fashion": fashion,
    "estimators": estimators,
    "neighbours": neighbours,
    "products": products,
    "call": call,
    "compile": compiling,
    "threads": threads,
    "checkpoint": checkpoint,
    "import": imports,
    "memory": memory,
    "accuracy": accuracy,
}


def asked(words: list[str]) -> dict[str, list[str]]:
    """The benchmarks by name, each with the ConvNets that were named after it; all without a word.

    Raises SystemExit for other words.
    """
    found: dict[str, list[str]] = {}
    for word in words or BENCHMARKS:
        last = next(reversed(found), "")
        if word in BENCHMARKS:
            found[word] = []
        elif (
            word in METRICS
            and last == "neighbours"
            or word in CONVNETS
            and last.startswith(("conv", "glass"))
        ):
            found[last].append(word)
        else:
            raise SystemExit(f"no benchmark {word!r}; there are {', '.join(BENCHMARKS)}")
    return found


def merged(before: Figures, rows: Figures) -> Figures:
    """The rows, and those of networks that were not measured this time."""
    measured = {row.get("network") for row in rows}
    return [row for row in before if row.get("network") not in measured] + rows


def show(name: str, title: str, rows: Figures) -> None:
    """Print a table of figures: a line under each group of rows that begin alike."""
    columns = {key: [row.get(key) for row in rows] for row in rows for key in row}
    table = Table(box=box.HORIZONTALS)
    for key, values in columns.items():
        words = all(isinstance(v, str | None) for v in values)
        table.add_column(key, justify="left" if words else "right", no_wrap=words, vertical="bottom")
    cells = [spelled(values) for values in columns.values()]
    heads = cells[0]
    grouped = any(head in ("", before) for before, head in pairwise(heads))
    for number, (head, *others) in enumerate(zip(*cells, strict=True)):
        again = number > 0 and head in ("", heads[number - 1])
        if grouped and not again:
            table.add_section()
        table.add_row("" if again else head, *others)
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    console.print(f" {name}: {title}", style="italic", highlight=False, markup=False)
    console.print(table)


def spelled(values: list[Any]) -> list[str]:
    """The cells of a column: fractions with the same number of places."""
    places = max((len(repr(v).partition(".")[2]) for v in values if isinstance(v, float)), default=0)
    forms = {float: f",.{places}f", int: ",", str: ""}
    return ["" if v is None else format(v, forms[type(v)]) for v in values]


def main(words: list[str]) -> None:
    place = HERE / "results.json"
    results = json.loads(place.read_text()) if place.exists() else {}
    for name, networks in asked(words).items():
        rows = BENCHMARKS[name](*networks)
        show(name, (BENCHMARKS[name].__doc__ or "").splitlines()[0].rstrip("."), rows)
        figures = merged(results[name]["figures"], rows) if networks and name in results else rows
        results[name] = {"machine": f"{platform.machine()}, {os.cpu_count()} cores", "figures": figures}
        place.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
