"""Random graphs for as long as one likes: `python -m tests.compiler.fuzz --minutes 10 --seed 0`.

Prints the seed of every difference between the compiled and the plain step, with the smallest program that
still shows it; exits with 1 if there was one.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections import Counter
from collections.abc import Sequence

import chainrule as cr

from .random_graphs import Learner, NoFit, Recipe, compared, drawn, minimal


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


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.compiler.fuzz", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0, help="how long to go on")
    parser.add_argument("--graphs", type=int, default=0, help="how many graphs to run instead")
    parser.add_argument("--seed", type=int, default=0, help="of the first graph; the next one's is one more")
    options = parser.parse_args(words)
    end, coverage, found, done = time.monotonic() + 60 * options.minutes, Counter[str](), 0, 0
    for seed in itertools.count(options.seed):
        if done == options.graphs if options.graphs else time.monotonic() > end:
            break
        try:
            recipe = drawn(seed)
        except NoFit:
            continue
        wrong = outcome(recipe, coverage)
        done += 1
        if wrong:
            found += 1
            report(recipe, wrong)
    print(f"{done} graphs, {found or 'no'} difference{'s' * (found > 1)}")
    for name, times in sorted(coverage.items()):
        print(f"  {name:<30} {times}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
