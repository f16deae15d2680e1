"""Watching: values of a compiled step, delivered while it goes on compiled.

Nothing is decided anew: the finished groups get stores, so the numbers of the step are the same to the bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from ..errors import UsageError
from ..graph import near
from .arrange import Arrangement
from .looks import Look, delivery
from .plan import Plan, Replay, Watched
from .room import Arenas
from .statistics import Statistics, summary
from .values import values_of

L = TypeVar("L", bound=Look)


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
        if path in self._values:
            return self._values[path]
        alike = [known for known in self._values if known.replace("/", ".") == str(path).replace("/", ".")]
        if len(alike) != 1:
            hint = ", ".join(near(str(path), self._values)) or "run a step first"
            raise UsageError("watch", f"{path!r}, which was not seen", "a path that was watched", hint)
        return self._values[alike[0]]

    def __repr__(self) -> str:
        kind = "statistics" if self.statistics else "values"
        return f"Seen({kind} of {', '.join(self.patterns)}: {len(self)} paths, {len(self.steps)} steps)"

    def __contains__(self, path: object) -> bool:
        return path in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def due(self) -> int | None:
        """Count a call; its number if it is one to look at."""
        number, self.calls = self.calls, self.calls + 1
        return number if number % self.every == 0 else None

    def take(
        self, step: int, watched: Mapping[str, int], copy: Callable[[int], np.ndarray], plan: Plan
    ) -> None:
        """What there is to say of the step that just ran, or copies of its values."""
        self.steps.append(step)
        for path, number in watched.items():
            entry: Statistics | np.ndarray
            if not self.statistics:
                entry = copy(number)
            elif number in plan.watched.summaries:
                entry = plan.watched.summaries[number].found()
            else:
                entry = Statistics.of(copy(number))
            self._values.setdefault(path, []).append(entry)  # type: ignore[arg-type]


def kept(made: Arrangement) -> frozenset[int]:
    """Every value of every line, as far as the step computes it."""
    return frozenset(values_of(made.program, made).values())


def watching(
    made: Arrangement, copied: Iterable[int], summed: Iterable[int] = (), arenas: Arenas | None = None
) -> Plan:
    """The same groups as a plan that copies some values when they are made, and sums others up.

    What neither a copy nor a sum can be made of at once is kept until the end of the step.
    """
    summaries = {n: summary(made.groups, n) for n in sorted(summed)}
    left = [*copied, *(n for n, found in summaries.items() if found is None)]
    deliveries = {n: delivery(made.groups, n) for n in sorted({*left})}
    rest = [n for n, found in deliveries.items() if found is None]
    return Plan(made, made.places(rest), arenas, Watched(there(deliveries), there(summaries)))


def keeping(made: Arrangement, numbers: Iterable[int], arenas: Arenas | None = None) -> Plan:
    """The same groups as a plan that keeps values where they are until the end of the step."""
    return Plan(made, made.places(numbers), arenas)


def there(looks: Mapping[int, L | None]) -> dict[int, L]:
    """Those that there are."""
    return {n: look for n, look in looks.items() if look is not None}


def replay(
    made: Arrangement, arrays: Sequence[np.ndarray], arenas: Arenas | None = None
) -> tuple[Plan, Replay]:
    """One compiled step with every value kept, and all state as before."""
    plan = keeping(made, kept(made), arenas)
    return plan, plan.replay(arrays)
