"""Random graphs for as long as one likes: `python -m tests.compiler.fuzz --minutes 10 --seed 0`.

Prints the seed of every difference between the compiled and the plain step, with the smallest program that
still shows it; exits with 1 if there was one.  Every thousand graphs run in a process of their own: what was
compiled stays in memory for the life of its process.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import chainrule as cr

from .random_graphs import Learner, NoFit, Recipe, compared, drawn, minimal

ROOT = str(Path(__file__).parents[2])
EACH = 1000
"""Graphs in one process."""


def outcome(recipe: Recipe, coverage: Counter[str] | None = None) -> str:
    """What differs, or the error that one of the executions raised."""
    try:
        return compared(recipe, coverage)
    except Exception as error:
        return f"{type(error).__name__}: {error}"


def report(recipe: Recipe, wrong: str) -> None:
    """The difference, and the smallest recipe and program that show it."""
    print(f"seed {recipe.seed}: {wrong}")
    kind = wrong.partition(":")[0].split(", ")[-1]
    small = minimal(recipe, lambda other: kind.split(" ")[0] in outcome(other))
    learner = Learner(small)
    print(small, cr.trace(learner.step, *learner.arrays(0)), outcome(small), sep="\n", flush=True)


class Round(NamedTuple):
    """What a stretch of seeds gave: the seed that comes next, graphs, differences, and what was met."""

    seed: int
    graphs: int
    found: int
    coverage: Counter[str]


def run(first: int, graphs: int, seconds: float) -> Round:
    """So many graphs from a seed on, or as many as the time allows."""
    end, coverage, found, done, seed = time.monotonic() + seconds, Counter[str](), 0, 0, first
    while done < graphs and time.monotonic() < end:
        seed += 1
        try:
            recipe = drawn(seed - 1)
        except NoFit:
            continue
        wrong = outcome(recipe, coverage)
        done += 1
        if wrong:
            found += 1
            report(recipe, wrong)
    return Round(seed, done, found, coverage)


def rounds(seed: int, graphs: int, seconds: float) -> Iterator[Round]:
    """One stretch after the other, each in a process of its own, until the graphs or the time are used up."""
    if ROOT not in sys.path:  # the children find this module where they are told to look
        sys.path.append(ROOT)
    end = time.monotonic() + seconds
    context = multiprocessing.get_context("spawn")
    while graphs > 0 and (left := end - time.monotonic()) > 0:
        with ProcessPoolExecutor(1, mp_context=context) as child:
            made = child.submit(run, seed, min(graphs, EACH), left).result()
        yield made
        seed, graphs = made.seed, graphs - made.graphs


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.compiler.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to go on")
    parser.add_argument("--graphs", type=int, default=0, help="how many graphs to run instead")
    parser.add_argument("--seed", type=int, default=0, help="of the first graph; the next one's is one more")
    options = parser.parse_args(words)
    limit = (options.graphs, math.inf) if options.graphs else (sys.maxsize, 60 * options.minutes)
    made = list(rounds(options.seed, *limit))
    done, found = sum(r.graphs for r in made), sum(r.found for r in made)
    print(f"{done} graphs, {found or 'no'} difference{'s' * (found > 1)}")
    for name, times in sorted(sum((r.coverage for r in made), Counter[str]()).items()):
        print(f"  {name:<30} {times}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
