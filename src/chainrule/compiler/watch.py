"""Watching: values of a compiled step, delivered while it goes on compiled.

Nothing is decided anew: the finished groups get stores, so the numbers of the step are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from ..errors import UsageError
from ..graph import Program, near, select
from .arrange import Arrangement
from .plan import Plan, Replay


class Statistics(NamedTuple):
    """What is said of a value without a copy of it.  zeros: the share of numbers that are 0."""

    min: float
    max: float
    mean: float
    std: float
    zeros: float
    norm: float

    @classmethod
    def of(cls, array: np.ndarray) -> Statistics:
        """The statistics of an array; NaN of nothing."""
        if array.size == 0:
            return cls(*[float("nan")] * 6)
        with np.errstate(all="ignore"):
            wide = array.astype(np.float64)
            return cls(
                float(wide.min()),
                float(wide.max()),
                float(wide.mean()),
                float(wide.std()),
                float((array == 0).mean()),
                float(np.sqrt((wide * wide).sum())),
            )

    def __str__(self) -> str:
        return " ".join(f"{name} {value:.4g}" for name, value in self._asdict().items())


class Seen(Mapping[str, list[np.ndarray] | list[Statistics]]):
    """What was watched: for each path a list, one entry for each step of `steps`.

    Every array is a copy, in the shape that the program says.
    """

    def __init__(self, patterns: Sequence[str], every: int, statistics: bool) -> None:
        self.patterns, self.every, self.statistics = tuple(patterns), every, statistics
        self.steps: list[int] = []
        self.calls = 0
        self._values: dict[str, list[np.ndarray] | list[Statistics]] = {}

    def __getitem__(self, path: str) -> list[np.ndarray] | list[Statistics]:
        if path not in self._values:
            hint = ", ".join(near(path, self._values)) or "run a step first"
            raise UsageError("watch", f"{path!r}, which was not seen", "a path that was watched", hint)
        return self._values[path]

    def __contains__(self, path: object) -> bool:
        return path in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def due(self) -> bool:
        """Count a call; whether it is one to look at."""
        self.calls += 1
        return (self.calls - 1) % self.every == 0

    def take(self, watched: Mapping[str, int], value: Callable[[int], np.ndarray]) -> None:
        """Copy the values of the step that just ran."""
        self.steps.append(self.calls - 1)
        for path, number in watched.items():
            array = value(number)
            entry = Statistics.of(array) if self.statistics else np.array(array, order="C")
            self._values.setdefault(path, []).append(entry)  # type: ignore[arg-type]


def matching(program: Program, made: Arrangement, patterns: Sequence[str]) -> dict[str, int]:
    """The values whose paths match: a path, or a pattern with * and ?; those that the step computes."""
    there = values_of(program, made)
    found: dict[str, int] = {}
    for pattern in patterns:
        found |= select(there, pattern, f"watch {program.name}")
    return found


def values_of(program: Program, made: Arrangement) -> dict[str, int]:
    """Every value that a plan computes or reads, by path, in the order of the program."""
    names = program.names()
    groups = made.groups
    alive = set(program.inputs) | set(program.cells) | set(groups.flow.constants)
    alive |= {n for number in made.order for n in groups.groups[number].makes()}
    return {
        name: number
        for number, name in sorted(names.items())
        if number not in program.constants and groups.view(number).base in alive
    }


def kept(made: Arrangement) -> frozenset[int]:
    """Every value of every line, as far as the step computes it."""
    return frozenset(values_of(made.program, made).values())


def watching(made: Arrangement, numbers: Sequence[int]) -> Plan:
    """The same groups as a plan that keeps these values until the end of the step."""
    groups = made.groups
    bases = {base for n in numbers for base in (groups.view(n).base, groups.memory(n))}
    return Plan(made, frozenset(b for b in bases if b in groups.maker))


def replay(made: Arrangement, arrays: Sequence[np.ndarray]) -> tuple[Plan, Replay]:
    """One compiled step with every value kept, and all state as before."""
    plan = watching(made, sorted(kept(made)))
    return plan, plan.replay(arrays)
